"""Recorded traffic: cassettes in vcrpy's format, their manifest, redaction, matching, staleness.

    text ── reader ──> Cassette ── matching ──> the recorded answer, or a Miss
    interactions ── steady ── redaction ── gate ── emitter ──> text ── files ──> cassette

A recording is a folder: `<service>/<release>/recording.yaml` (the manifest) and beside it one cassette a
case, `<scenario>/<microversion>.yaml`. Stock vcrpy replays such a cassette, and a cassette that stock
vcrpy made is read here.
"""
