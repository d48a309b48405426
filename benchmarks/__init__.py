"""Benchmarks: `python -m benchmarks replay`, `reading` or `startup`. Each says what it measured, and how."""
