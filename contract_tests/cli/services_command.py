"""contract-tests services"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from contract_tests.cli.options import places_options
from contract_tests.cli.say import say

if TYPE_CHECKING:
    from contract_tests.loading.config import Places


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@places_options
def command(places: Places) -> int:
    """List the services that are known: their version dialect, range, operations and file."""
    from contract_tests.loading.library import Library
    from contract_tests.model.dialect import KINDS
    from contract_tests.reporters.words import plural

    library = Library(places)
    services = [library.service(name) for name in library.service_names()]
    library.raise_problems()
    for service in filter(None, services):
        scope = f" {service.range}" if service.has_microversions else ""
        say(f"{service.name}: {service.title}")
        say(f"    {service.dialect.kind}{scope} ({KINDS[service.dialect.kind]})")
        profile = "a protocol profile" if service.profile else "no protocol profile"
        say(f"    {plural(len(service.operations), 'operation')}, {profile}, {service.origin}")
    return 0
