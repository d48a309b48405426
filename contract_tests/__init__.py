"""Contracts of versioned HTTP APIs, held over microversions, releases and deployments."""

__version__ = "0.1.0"
