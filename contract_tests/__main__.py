"""python -m contract_tests"""

from contract_tests.cli.main import entry

entry()
