"""Every case is a test: a class for each service at a microversion, a method for each scenario.

The classes stand in this module's globals as if they had been written here, because `stestr run -n`,
--failing and --load-list find tests by their names.
"""

from __future__ import annotations

import unittest

try:
    from contract_tests_tempest_plugin.testing import tests_of_configuration

    globals().update({made.__name__: made for made in tests_of_configuration(__name__)})
except Exception as error:  # an installation that does not fit: Tempest's other tests must still be found
    _problem = f"{type(error).__name__}: {error}"

    class Broken(unittest.TestCase):
        def test_installation(self) -> None:
            self.fail(f"contract-tests-tempest-plugin cannot be used as it is installed: {_problem}")
