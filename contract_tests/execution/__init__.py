"""From scenarios to cases to results: plan, run, events."""
