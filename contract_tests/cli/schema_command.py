"""contract-tests schema"""

from __future__ import annotations

import json

import click

KINDS = ("scenario", "schema", "service", "targets", "config")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("kind", type=click.Choice(KINDS))
def command(kind: str) -> int:
    """Print the JSON Schema of a kind of file, for an editor that completes and checks YAML.

    \b
    With the YAML language server, as the first line of a scenario:
      # yaml-language-server: $schema=PATH/contract_tests/editor/scenario.json
    """
    from contract_tests.loading.editor import editor_schema

    click.echo(json.dumps(editor_schema(kind), indent=2))
    return 0
