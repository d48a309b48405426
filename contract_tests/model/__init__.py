"""Values only, no I/O: what the harness talks about. Everything here is immutable."""
