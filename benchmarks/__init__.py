"""Benchmarks: `python -m benchmarks replay`, `reading` or `startup`. Each prints what it measured, and how."""
