"""Contracts of versioned HTTP APIs, held over microversions, releases and deployments."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("contract-tests")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0"
