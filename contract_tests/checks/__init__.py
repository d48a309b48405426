"""What a response must be: one generator of findings for each thing that a scenario can expect."""
