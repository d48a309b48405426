"""The unit tests. hypothesis tries the same inputs in every run, and takes the time that it needs."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tests", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")
