"""The benchmark `reading`: how fast cassettes are read, and by what, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
import yaml12
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from benchmarks.measure import machine, middle, print_table, spread
from contract_tests.recordings.reader import parse_cassette
from contract_tests.recordings.recording import cassettes_in, find_recordings

READERS: dict[str, Callable[[str], Any]] = {
    "contract-tests' reader": lambda text: parse_cassette(text, "cassette.yaml"),
    "py-yaml12 alone": yaml12.parse_yaml,
    "PyYAML CSafeLoader alone": lambda text: yaml.load(text, Loader=yaml.CSafeLoader),
    "vcrpy's reader": lambda text: deserialize(text, yamlserializer),
}


def reading(recordings: Path, runs: int) -> None:
    paths = [path for one in find_recordings(recordings) for path in cassettes_in(one.path)]
    texts = [path.read_text() for path in paths]
    count = sum(len(parse_cassette(text, "cassette.yaml").entries) for text in texts)
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(runs):
        for name, read in READERS.items():
            started = time.process_time()
            for text in texts:
                read(text)
            seconds[name].append(time.process_time() - started)
    size = sum(map(len, texts)) / 1e6
    print(f"{machine()}; {len(texts)} cassettes, {count:,} interactions, {size:.1f} MB; {runs} runs")
    slowest = max(map(middle, seconds.values()))
    rows = [
        (name, spread(own), f"{count / middle(own):,.0f}", f"{slowest / middle(own):.1f}")
        for name, own in seconds.items()
    ]
    print_table(("", "CPU s", "interactions/s", "ratio"), rows)
