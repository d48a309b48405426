"""Fronts: the same cases, started from where people already work. Each is thin over plan and runner."""
