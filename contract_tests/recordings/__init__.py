"""Recordings: cassettes in vcrpy's format, with what was asked, and without secrets."""
