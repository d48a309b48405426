"""A Tempest plugin that runs the scenarios of contract-tests as Tempest tests."""

__version__ = "0.1.0"
