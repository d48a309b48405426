"""Rules of statuses. The first that matches a fact is its rule."""

from __future__ import annotations

from contract_tests.comparison.facts import Fact
from contract_tests.comparison.rule import (
    ADDS,
    BREAK,
    BREAKS,
    BUMP,
    INFO,
    OK,
    REMOVES,
    REVIEW,
    STATUS,
    TELLS,
    Rule,
    by_context,
    codes,
)


def _auth(fact: Fact) -> bool:
    """Whether it is about who may: 401 with 403, and either with a success."""
    denied = [code in (401, 403) for code in (fact.old, fact.new)]
    return all(denied) or (any(denied) and min(fact.old, fact.new) < 400)


STATUS_RULES: tuple[Rule, ...] = (
    Rule(
        id="input-accepted-to-refused",
        kinds=("input",),
        when=codes("2xx", "3xx|4xx"),
        verdicts=REMOVES,
        source="P, AI",
        message="an input that was accepted is refused ({detail}): " + STATUS,
    ),
    Rule(
        id="input-refused-to-accepted",
        kinds=("input",),
        verdicts=ADDS,
        source="P; frozen: AI, NV",
        message="an input that was refused is accepted ({detail}): " + STATUS,
    ),
    Rule(
        id="status-throttled",
        kinds=("status",),
        when=codes("*", "413|429"),
        verdicts=TELLS,
        source="J",
        message="throttled: " + STATUS,
    ),
    Rule(
        id="status-auth",
        kinds=("status",),
        when=_auth,
        verdicts=by_context(REVIEW, REVIEW, REVIEW),
        source="J",
        message="who may do this changed: " + STATUS,
    ),
    Rule(
        id="version-not-offered",
        kinds=("status",),
        when=codes("2xx", "406"),
        verdicts=REMOVES,
        source="MVS, AI",
        message="this version is not offered any more: " + STATUS,
    ),
    Rule(
        id="url-removed",
        kinds=("status",),
        when=codes("2xx", "404|410"),
        verdicts=REMOVES,
        source="AI; 410: NH 2.36",
        message="what this URL named is gone: " + STATUS,
    ),
    Rule(
        id="url-added",
        kinds=("status",),
        when=codes("404", "2xx"),
        verdicts=ADDS,
        source="AI",
        message="this URL was not there: " + STATUS,
    ),
    Rule(
        id="method-added",
        kinds=("status",),
        when=codes("405", "2xx"),
        verdicts=ADDS,
        source="AI; P: J",
        message="this method was not there: " + STATUS,
    ),
    Rule(
        id="status-success-to-client-error",
        kinds=("status",),
        when=codes("2xx", "4xx"),
        verdicts=REMOVES,
        source="P, AI",
        message="a success became an error: " + STATUS,
    ),
    Rule(
        id="status-success-to-server-error",
        kinds=("status",),
        when=codes("2xx|3xx", "5xx"),
        verdicts=by_context(BREAK, BREAK, BREAK),
        source="P; adjacent: J",
        message="a success became a failure of the service: " + STATUS,
    ),
    Rule(
        id="status-501-to-400",
        kinds=("status",),
        when=codes("501", "400"),
        verdicts=by_context(OK, BREAK, BUMP),
        source="NV",
        message="not implemented became a bad request: " + STATUS,
    ),
    Rule(
        id="status-server-to-client-error",
        kinds=("status",),
        when=codes("5xx", "4xx"),
        verdicts=by_context(OK, OK, OK),
        source="AI",
        message="a failure of the service became an error that tells the client: " + STATUS,
    ),
    Rule(
        id="status-server-error-to-success",
        kinds=("status",),
        when=codes("5xx", "2xx|3xx"),
        verdicts=by_context(OK, OK, OK),
        source="P, AI",
        message="a failure of the service was mended: " + STATUS,
    ),
    Rule(
        id="status-server-error-changed",
        kinds=("status",),
        when=codes("5xx", "5xx"),
        verdicts=by_context(OK, INFO, INFO),
        source="NV",
        message="another failure of the service: " + STATUS,
    ),
    Rule(
        id="status-client-to-server-error",
        kinds=("status",),
        when=codes("4xx", "5xx"),
        verdicts=by_context(BREAK, BREAK, BREAK),
        source="RC; verdict: J",
        message="an error of the client became a failure of the service: " + STATUS,
    ),
    Rule(
        id="status-client-error-to-success",
        kinds=("status",),
        when=codes("4xx", "2xx"),
        verdicts=ADDS,
        source="P; frozen: AI, NV",
        message="an error became a success: " + STATUS,
    ),
    Rule(
        id="status-client-error-implied",
        kinds=("status",),
        when=codes("4xx", "400|403|404|415"),
        verdicts=by_context(OK, REVIEW, OK, BREAK),
        source="NV",
        message="another error, of those that every operation may give: " + STATUS,
    ),
    Rule(
        id="status-client-error-changed",
        kinds=("status",),
        when=codes("4xx", "4xx"),
        verdicts=ADDS,
        source="AI; P",
        message="another error: " + STATUS,
    ),
    Rule(
        id="status-success-code",
        kinds=("status",),
        when=codes("2xx", "2xx"),
        verdicts=BREAKS,
        source="P, AI",
        message="another success: " + STATUS,
    ),
    Rule(
        id="status-redirect",
        kinds=("status",),
        verdicts=BREAKS,
        source="J",
        message="a redirect came, went or changed: " + STATUS,
    ),
)
