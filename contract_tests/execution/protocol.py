"""The microversion protocol as a scenario: made from a service's `protocol:`, run like any other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from contract_tests.model.finding import Mark
from contract_tests.model.matcher import Matcher
from contract_tests.model.microversion import MicroversionRange
from contract_tests.model.scenario import Call, CallHistory, Expectation, Scenario
from contract_tests.model.service import Probe, Profile, Service
from contract_tests.model.template import compile_text

_SPACE = uuid.UUID("5d3b0d0e-5a7a-4a3e-9c2f-6f0f3f3f9b11")
SLUG = "microversion_protocol"


def protocol_scenario(service: Service) -> Scenario | None:
    """The scenario that tries a service's microversion protocol, or None where its file tells no profile.

    It runs once, at the service's oldest microversion, and holds what section "protocol" of the service
    file says: no header means the minimum, `latest` the maximum; what is below, above, malformed or
    another service's is refused or ignored as told (API-SIG, Microversion Specification).
    """
    profile = service.profile
    if profile is None or service.minimum is None:
        return None
    mark = Mark(path=service.origin, line=1, column=1)
    return Scenario(
        name=f"the microversion protocol of {service.title}",
        id=str(uuid.uuid5(_SPACE, service.name)),
        slug=SLUG,
        mark=mark,
        service=service,
        range=MicroversionRange(low=service.minimum, high=service.minimum),
        tags=frozenset({"protocol"}),
        calls=tuple(
            CallHistory(name=call.name, mark=mark, stages=((None, call),))
            for call in _calls(service, profile, mark)
        ),
    )


def _calls(service: Service, profile: Profile, mark: Mark) -> Iterator[Call]:
    if profile.absent:
        yield _call(
            service, profile, mark, "no version is asked for", Probe(send="none", means=profile.absent)
        )
    yield _call(
        service,
        profile,
        mark,
        "the oldest is asked for",
        Probe(send="${min_microversion}", means="${min_microversion}"),
    )
    yield _call(
        service,
        profile,
        mark,
        "the newest is asked for",
        Probe(send="${max_microversion}", means="${max_microversion}"),
    )
    if profile.latest:
        means = "${max_microversion}" if profile.latest < 400 else ""
        yield _call(
            service,
            profile,
            mark,
            "latest is asked for",
            Probe(send="latest", status=profile.latest, means=means),
        )
    if profile.below is not None:
        yield _call(service, profile, mark, f"{profile.below.send} is below the range", profile.below)
    if profile.above is not None:
        yield _call(service, profile, mark, f"{profile.above.send} is above the range", profile.above)
    for probe in profile.malformed:
        yield _call(service, profile, mark, f"{probe.send} is no version", probe)
    if profile.other_service is not None:
        probe = profile.other_service
        yield _call(service, profile, mark, f"{probe.send} is another service's", probe)


def _call(service: Service, profile: Profile, mark: Mark, name: str, probe: Probe) -> Call:
    dialect = service.dialect
    other = probe is profile.other_service
    headers = ((dialect.carriers[0].name, probe.send),) if other and dialect.carriers else ()
    told = probe.means if probe.status < 400 else probe.send
    echoed = probe.echo if probe.echo is not None else bool(probe.means) and profile.echo != "none"
    checked = probe.echo is not None or (bool(probe.means) and profile.echo != "none")
    expected = []
    for carrier in dialect.carriers if checked else ():
        text = compile_text(carrier.form.replace("{}", told))
        expected.append(
            (
                carrier.name,
                Matcher(operator="equals", operand=text, mark=mark)
                if echoed
                else Matcher(operator="absent", operand=True, mark=mark),
            )
        )
    return Call(
        name=name,
        mark=mark,
        method=profile.method,
        target=compile_text(profile.path),
        headers=headers,
        role=profile.role,
        microversion="none" if other else compile_text(probe.send),
        expect=Expectation(status=(probe.status,), headers=tuple(expected)),
        asked=uuid.uuid5(_SPACE, repr((profile.method, profile.path, profile.role, probe.send, other))).hex[
            :12
        ],
    )
