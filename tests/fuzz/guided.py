"""One target under atheris: `python -m tests.fuzz.guided TARGET [options of libFuzzer] [corpus folders]`."""

from __future__ import annotations

import contextlib
import io
import sys

import atheris

# atheris names each module that it instruments
with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["contract_tests"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    law = TARGETS[sys.argv.pop(1)].law
    atheris.Setup(sys.argv, law)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
