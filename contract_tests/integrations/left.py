"""What a test runner did not get to: the listed tests of which its subunit stream does not tell the end.

    stestr list > planned
    stestr last --subunit | python -m contract_tests.integrations.left planned > left
    stestr run --load-list left

A worker that is killed tells nothing of what it still had to run, and neither stestr nor Tempest, which is
stestr, says so. Without a list, what the stream itself says exists is meant, as that of
`contract-tests run --subunit` does. Standard output is a list for `--load-list`; what ran, what did not, and
why, goes to standard error. The exit status is 0 where nothing is left, 1 where something is, 2 for an error.
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from contract_tests.errors import UsageError
from contract_tests.reporters.harmless import printable
from contract_tests.reporters.words import plural

_ENDED = frozenset(("success", "fail", "skip", "xfail", "uxsuccess"))
_BEGAN = "inprogress"


def main(arguments: Sequence[str], stream: BinaryIO) -> int:
    """Tell what the run in `stream` (subunit v2) left of the list in the file `arguments[0]`, if any."""
    try:
        if len(arguments) > 1:
            raise UsageError("expected one argument at most, a file with what `stestr list` prints")
        last = _last_status(stream)
        planned = _listed(Path(arguments[0])) if arguments else list(last)
    except UsageError as error:
        sys.stderr.write(f"contract_tests.integrations.left: {error}\n")
        return 2
    left = [test for test in planned if last.get(test) not in _ENDED]
    sys.stdout.writelines(f"{test}\n" for test in left)
    sys.stderr.writelines(f"{line}\n" for line in _told(planned, last))
    return 1 if left else 0


def _listed(path: Path) -> list[str]:
    """The ids in a list: the lines that are a dotted name; others are a runner's talk."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    tests = [line for line in lines if "." in line.partition("[")[0] and " " not in line.partition("[")[0]]
    if not tests:
        raise UsageError(f"{path}: no test is in it; expected what `stestr list` prints")
    return list(dict.fromkeys(tests))


def _last_status(stream: BinaryIO) -> dict[str, str]:
    """The last status of each test of a subunit v2 stream; UsageError where it has none."""
    try:
        from subunit import ByteStreamToStreamResult
        from testtools import StreamResult
    except ImportError:
        raise UsageError("it needs python-subunit (pip install contract-tests[subunit])") from None
    last: dict[str, str] = {}

    class Reader(StreamResult):
        def status(self, test_id: Any = None, test_status: Any = None, *_: Any, **__: Any) -> None:
            if test_id is not None and test_status is not None:
                last[test_id] = test_status

    ByteStreamToStreamResult(stream, non_subunit_name="what else a worker wrote").run(Reader())
    if not last:
        raise UsageError("standard input tells of no test; expected what `stestr last --subunit` writes")
    return last


def _told(planned: Sequence[str], last: Mapping[str, str]) -> Iterator[str]:
    counts = collections.Counter(last[test] for test in planned if last.get(test) in _ENDED)
    ran = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    yield f"{plural(len(planned), 'test')} listed, {counts.total()} ran{f': {ran}' if ran else ''}"
    for test in planned:
        if last.get(test) == _BEGAN:
            yield f"cut off: {printable(test)} began, and the process that ran it ended in the middle of it"
    never = sum(test not in last or last[test] not in {*_ENDED, _BEGAN} for test in planned)
    if never:
        yield f"{plural(never, 'test')} never began: the worker ended before, or the run was stopped"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.buffer))
