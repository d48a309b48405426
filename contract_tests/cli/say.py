"""What commands print. Whatever of it others wrote, no terminal and no CI system obeys it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from contract_tests.reporters.harmless import harmless, harmless_json


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print lines of a text."""
    click.echo(harmless(text), err=err, nl=nl)


def say_json(document: Any, mask: Callable[[str], str] = str) -> None:
    """Print a document for programs, which then read it as it is."""
    click.echo(harmless_json(mask(json.dumps(document, indent=1, default=str))))
