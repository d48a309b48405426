"""Consumers of events: they render results and know nothing of how these came about."""
