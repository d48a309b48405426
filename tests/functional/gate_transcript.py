"""Write the transcript of a gate run that the documentation shows.

    python -m tests.functional.gate_transcript doc/source/user/tempest-gate.txt

A real Keystone and Placement, a real workspace; the second run passes a proxy that takes a property away.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from tests.functional.tempest_lab import NEWEST, Proxy, Workspace, cloud, install, without_generation

SOME = r"v1_(9|39).test_(usages|media_types)"


def transcript() -> str:
    """The commands and what they print, without what is this machine's or this run's alone."""
    environment = install(NEWEST)
    with cloud("placement") as started, tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        workspace = Workspace(folder, environment)
        keystone = started["keystone"].url
        placement = started["placement"].url
        proxy = Proxy(placement)
        shown: list[str] = []

        def run(*arguments: str, status: int = 0) -> None:
            out = workspace.command("tempest", *arguments, status=status)
            words = " ".join(f"'{word}'" if re.search(r"[(|*]", word) else word for word in arguments)
            shown.extend([f"$ tempest {words}", out.rstrip(), ""])

        given = {"services": "placement", "microversions": "1.9,1.39", "releases": "placement:16.0.0"}
        try:
            shown.append("# tempest.conf: record_directory = recordings")
            workspace.configure(keystone, **given, record_directory=str(folder / "recordings"))
            run("run", "--list-tests", "--regex", SOME)
            run("run", "--regex", SOME, "--concurrency", "2")
            shown.append("# after a change to the service; tempest.conf: baseline = recordings")
            proxy.change = without_generation
            endpoints = f"placement:{proxy.url}"
            workspace.configure(keystone, **given, baseline=str(folder / "recordings"), endpoints=endpoints)
            run("run", "--regex", SOME, "--concurrency", "2", status=1)
        finally:
            proxy.close()
        text = "\n".join(shown)
        for url, port in ((placement, "8778"), (proxy.url, "8778"), (keystone, "5000")):
            text = text.replace(url, f"http://127.0.0.1:{port}")
    text = re.sub(r"/\S*/contract_tests/scenarios/", "scenarios/", text).replace(str(folder), ".")
    # Tempest prints each failure once more at the end.
    text = re.sub(r"=+\nFailed \d+ tests - output below:.*?(?==+\nTotals)", "", text, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).rstrip() + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(transcript())
