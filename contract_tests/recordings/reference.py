"""PyYAML's reading of a cassette: the reference for what stock vcrpy means by it.

vcrpy has such a loader too, but only its later releases' is safe, and importing vcrpy patches nothing yet
costs as much as a replay. Like that one, this constructs plain values, and the few tags that vcrpy writes
for a request body that was a file or an iterator.
"""

from __future__ import annotations

from typing import Any

import yaml

from contract_tests.errors import RecordingError
from contract_tests.recordings.cassette import AGAIN

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 50
_PYTHON = "tag:yaml.org,2002:python/"


class _Loader(_Base):  # type: ignore[misc]
    """Plain values, and a key that stands twice in a mapping is refused."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in getattr(node, "value", ()):
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _text(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _items(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


def _file(loader: Any, node: Any) -> bytes:
    """A file-like body: vcrpy stores the state of its BytesIO, the content first."""
    state = loader.construct_mapping(node, deep=True).get("state") or [b""]
    return _joined(state[:1] if isinstance(state, (list, tuple)) else [])


def _iterator(loader: Any, node: Any) -> bytes:
    """An iterator body: vcrpy stores the chunks, as the argument of `iter`."""
    args = loader.construct_mapping(node, deep=True).get("args") or [[]]
    return _joined(args[0] if isinstance(args, (list, tuple)) else [])


def _joined(chunks: Any) -> bytes:
    if not isinstance(chunks, (list, tuple)) or not all(isinstance(chunk, (str, bytes)) for chunk in chunks):
        raise yaml.constructor.ConstructorError(None, None, "a body that is no text and no bytes", None)
    return b"".join(chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks)


_Loader.add_constructor(_PYTHON + "str", _text)
_Loader.add_constructor(_PYTHON + "unicode", _text)
_Loader.add_constructor(_PYTHON + "tuple", _items)
_Loader.add_constructor(_PYTHON + "object/new:_io.BytesIO", _file)
_Loader.add_constructor(_PYTHON + "object/apply:builtins.iter", _iterator)


def load(text: str, path: str) -> Any:
    """The document's plain values; RecordingError with file and line where it is no such YAML."""
    try:
        _shallow(text, path)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark is not None else path
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise RecordingError(f"{place}: expected a cassette's YAML: {problem}; {AGAIN}") from None
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        # PyYAML's constructors take it that a value is of its tag: !!timestamp x, !!bool x, !!int ''.
        text = f"a value is not of its tag ({' '.join(str(error).split()) or type(error).__name__})"
        raise RecordingError(f"{path}: expected a cassette's YAML: {text}; {AGAIN}") from None


def _shallow(text: str, path: str) -> None:
    """RecordingError where it is nested deeper than any cassette: libyaml's loader would crash Python."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise RecordingError(f"{path}: expected a cassette's YAML, nested too deep; {AGAIN}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
