"""The lab: real services of any release, installed, started and ended on this machine, from data."""
