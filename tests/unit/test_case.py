"""One case: its calls in order, what is saved, polled, skipped and cleaned up."""

from __future__ import annotations

import unittest
from typing import Any

from contract_tests.checks.rules import word
from contract_tests.errors import Miss, RecordingError, Refused, SecretFound, Unreachable, UsageError
from contract_tests.execution.case import run_case
from contract_tests.model.case import Case, CaseResult, Outcome
from contract_tests.model.finding import Finding, Mark
from contract_tests.model.scenario import Scenario
from tests.unit.building import SERVICE, Transport, answer, case_at, deployment, scenario

LIFE = """
    calls:
      - name: create
        POST: /things
        save: {id: $.id}
        expect: {status: 201}
      - name: show
        GET: /things/${id}
        expect: {status: 200, json: {$.id: "${id}"}}
      - name: list
        GET: /things
        expect: {status: 200}
    cleanup:
      - DELETE: /things/${id}
        expect: {status: 204}
      - name: sweep
        DELETE: /things
        expect: {status: 204}
    """

GOOD: dict[str, Any] = {
    "POST /things": answer(201, {"id": 7}),
    "GET /things/7": answer(200, {"id": 7}),
    "GET /things": answer(200, []),
    "DELETE /things/7": answer(204),
    "DELETE /things": answer(204),
}
NEEDS = "needs 'id', which call 'create' should have saved"


class Clock:
    """Time that passes only by sleeping, and a little with each look."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class CaseCase(unittest.TestCase):
    def run_one(self, text: str | Scenario, answers: Any, version: str = "1.0", **options: Any) -> CaseResult:
        one = scenario(text) if isinstance(text, str) else text
        at_close = options.pop("at_close", ())
        self.transport = Transport(answers, at_close=at_close)
        place = deployment(one.service)
        return run_case(case_at(one, version), self.transport, place, **{"sleep": None, **options})

    def calls(self, result: CaseResult) -> dict[str, str]:
        """Call -> its outcome, with the reason or the first finding."""
        found = {}
        for call in result.calls:
            why = call.reason or (word(call.findings[0]) if call.findings else "")
            found[call.name] = f"{call.outcome.value}{f': {why}' if why else ''}"
        return found


class TestOrder(CaseCase):
    def test_all_is_well(self) -> None:
        result = self.run_one(LIFE, GOOD)
        self.assertEqual((Outcome.PASSED, "", 5), (result.outcome, result.reason, result.count))
        self.assertEqual(
            ["POST /things", "GET /things/7", "GET /things", "DELETE /things/7", "DELETE /things"],
            self.transport.sent,
        )
        self.assertEqual({"passed"}, set(self.calls(result).values()))
        self.assertEqual(("toy/what@1.0", "toy 1.0.0"), (result.id, result.target))
        self.assertEqual(1, self.transport.closed)

    def test_calls_that_passed_keep_no_answer(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "GET /things": answer(500)})
        kept = {call.name: call.request is not None for call in result.calls}
        self.assertEqual(
            {"create": False, "show": False, "list": True, "cleanup 1": False, "sweep": False}, kept
        )
        response = result.calls[2].response
        assert response is not None
        self.assertEqual(500, response.status)

    def test_a_skipped_case_opens_nothing(self) -> None:
        one = scenario(LIFE)
        transport = Transport(GOOD)
        case = Case(scenario=one, skip="for a reason")
        result = run_case(case, transport, deployment(one.service))
        self.assertEqual((Outcome.SKIPPED, "for a reason", ()), (result.outcome, result.reason, result.calls))
        self.assertEqual(0, transport.closed)

    def test_the_observer_is_told_of_each_answer(self) -> None:
        seen = []
        self.run_one(
            LIFE,
            GOOD,
            observe=lambda call, request, response, variables: seen.append(
                (call.name, response.status, variables.get("id"))
            ),
        )
        self.assertEqual(
            [
                ("create", 201, None),
                ("show", 200, 7),
                ("list", 200, 7),
                ("cleanup 1", 204, 7),
                ("sweep", 204, 7),
            ],
            seen,
        )


class TestFailure(CaseCase):
    def test_later_calls_run_unless_they_need_what_was_not_saved(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "POST /things": answer(500)})
        self.assertEqual(Outcome.FAILED, result.outcome)
        self.assertEqual(
            {
                "create": "failed: expected status 201, got 500",
                "show": f"skipped: {NEEDS}",
                "list": "passed",
                "cleanup 1": f"skipped: {NEEDS}",
                "sweep": "passed",
            },
            self.calls(result),
        )
        self.assertEqual(["POST /things", "GET /things", "DELETE /things"], self.transport.sent)

    def test_a_failed_call_still_saves_what_it_has(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "POST /things": answer(200, {"id": 7})})
        self.assertEqual("passed", self.calls(result)["show"])

    def test_an_expectation_that_needs_a_lost_variable_is_not_sent(self) -> None:
        text = """
            calls:
              - {name: one, GET: /one, save: {id: $.id}, expect: {status: 200}}
              - {name: two, GET: /two, expect: {status: 200, json: {$.id: "${id}"}}}
            """
        result = self.run_one(text, {"GET /one": answer(200, {}), "GET /two": answer(200, {"id": 1})})
        self.assertEqual("skipped: needs 'id', which call 'one' should have saved", self.calls(result)["two"])
        self.assertEqual(["GET /one"], self.transport.sent)

    def test_a_variable_of_a_call_that_is_skipped(self) -> None:
        text = """
            calls:
              - name: one
                GET: /one
                requires: {extensions: [tags]}
                save: {id: $.id}
                expect: {status: 200}
              - {name: two, GET: "/two/${id}", expect: {status: 200}}
              - {name: three, GET: /three, expect: {status: 200}}
            """
        result = self.run_one(text, {"GET /three": answer(200)})
        self.assertEqual("skipped: needs 'id', which call 'one' should have saved", self.calls(result)["two"])
        self.assertEqual(Outcome.PASSED, result.outcome)

    def test_where_every_call_is_skipped_the_case_is(self) -> None:
        text = """
            calls:
              - {name: one, GET: /one, requires: {extensions: [tags]}, expect: {status: 200}}
            cleanup:
              - {DELETE: /one}
            """
        result = self.run_one(text, {"DELETE /one": answer(204)})
        self.assertEqual((Outcome.SKIPPED, "every call of it is skipped"), (result.outcome, result.reason))
        self.assertEqual(
            "skipped: needs the extension tags, which toy 1.0.0 lacks", self.calls(result)["one"]
        )


class TestUnreachable(CaseCase):
    def test_the_rest_is_skipped_but_the_cleanup_is_tried(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "GET /things/7": Unreachable("nobody answers")})
        self.assertEqual(Outcome.ERROR, result.outcome)
        self.assertEqual(
            {
                "create": "passed",
                "show": "error: nobody answers",
                "list": "skipped: call 'show' could not be made",
                "cleanup 1": "passed",
                "sweep": "passed",
            },
            self.calls(result),
        )

    def test_the_cleanup_may_be_unreachable_too(self) -> None:
        result = self.run_one(LIFE, lambda request: Unreachable("nobody answers"))
        self.assertEqual("error: nobody answers", self.calls(result)["sweep"])
        self.assertEqual(Outcome.ERROR, result.outcome)

    def test_credentials_that_are_refused(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "POST /things": UsageError("refused the credentials")})
        self.assertEqual("error: refused the credentials", self.calls(result)["create"])
        self.assertEqual("skipped: call 'create' could not be made", self.calls(result)["list"])

    def test_one_request_that_is_refused(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "GET /things/7": Refused("another host")})
        self.assertEqual(
            ("error: another host", "passed"), (self.calls(result)["show"], self.calls(result)["list"])
        )

    def test_findings_count_more_than_errors(self) -> None:
        result = self.run_one(
            LIFE, {**GOOD, "GET /things/7": answer(500), "GET /things": Unreachable("gone")}
        )
        self.assertEqual(Outcome.FAILED, result.outcome)

    def test_nothing_can_be_opened(self) -> None:
        one = scenario(LIFE)
        for error in (Unreachable("no"), Miss("no"), RecordingError("no")):

            class Closed(Transport):
                def open(self, case: Case | None = None, error: Exception = error) -> Any:
                    raise error

            result = run_case(case_at(one), Closed({}), deployment(one.service))
            self.assertEqual((Outcome.ERROR, "no", ()), (result.outcome, result.reason, result.calls))


class TestRecordings(CaseCase):
    def test_a_miss_ends_one_call(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "GET /things/7": Miss("not recorded")})
        self.assertEqual(Outcome.ERROR, result.outcome)
        self.assertEqual(
            ("error: not recorded", "passed"), (self.calls(result)["show"], self.calls(result)["list"])
        )

    def test_a_damaged_recording_ends_one_call(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "GET /things/7": RecordingError("c.yaml: damaged")})
        self.assertEqual(
            ("error: c.yaml: damaged", "passed"), (self.calls(result)["show"], self.calls(result)["list"])
        )
        self.assertEqual(Outcome.ERROR, result.outcome)

    def test_what_shows_at_the_end(self) -> None:
        left = Finding(rule="recording-unused", mark=Mark(), where="GET /x")
        result = self.run_one(LIFE, GOOD, at_close=(left,))
        self.assertEqual(Outcome.FAILED, result.outcome)
        self.assertEqual("failed: recorded, but never asked for: GET /x", self.calls(result)["the recording"])

    def test_a_cassette_that_cannot_be_written(self) -> None:
        for error in (SecretFound("c.yaml: a secret"), OSError("c.yaml: a secret")):
            result = self.run_one(LIFE, GOOD, at_close=error)
            self.assertEqual((Outcome.ERROR, "c.yaml: a secret"), (result.outcome, result.reason))


class TestMistakesOfOurs(CaseCase):
    MISTAKE = (
        r"^a mistake in contract-tests itself, please report it: "
        r"ZeroDivisionError: (division by zero|oops) \(\w+\.py:\d+\)$"
    )

    def test_in_a_call(self) -> None:
        result = self.run_one(LIFE, {**GOOD, "GET /things/7": ZeroDivisionError("oops")})
        self.assertEqual(Outcome.ERROR, result.outcome)
        self.assertRegex(result.calls[1].reason, self.MISTAKE)
        self.assertEqual(("passed", "passed"), (self.calls(result)["list"], self.calls(result)["sweep"]))
        self.assertEqual(1, self.transport.abandoned, "a recorder must not write what came to no proper end")

    def test_in_an_observer(self) -> None:
        result = self.run_one(LIFE, GOOD, observe=lambda *arguments: 1 / 0)
        self.assertRegex(result.calls[0].reason, self.MISTAKE)

    def test_at_the_beginning_and_at_the_end(self) -> None:
        one = scenario(LIFE)

        class Broken(Transport):
            def open(self, case: Case | None = None) -> Any:
                raise ZeroDivisionError("oops")

        result = run_case(case_at(one), Broken({}), deployment(one.service))
        self.assertRegex(result.reason, self.MISTAKE)
        result = self.run_one(LIFE, GOOD, at_close=ZeroDivisionError("oops"))
        self.assertEqual(Outcome.ERROR, result.outcome)
        self.assertRegex(result.reason, self.MISTAKE)


class TestInterrupt(CaseCase):
    def test_the_cleanup_runs_and_nothing_is_written(self) -> None:
        with self.assertRaises(KeyboardInterrupt):
            self.run_one(LIFE, {**GOOD, "GET /things/7": KeyboardInterrupt()})
        self.assertEqual(
            ["POST /things", "GET /things/7", "DELETE /things/7", "DELETE /things"], self.transport.sent
        )
        self.assertEqual((1, 1), (self.transport.abandoned, self.transport.closed))

    def test_a_second_one_ends_the_cleanup(self) -> None:
        answers = {**GOOD, "GET /things/7": KeyboardInterrupt(), "DELETE /things/7": KeyboardInterrupt()}
        with self.assertRaises(KeyboardInterrupt):
            self.run_one(LIFE, answers)
        self.assertNotIn("DELETE /things", self.transport.sent)
        self.assertEqual(1, self.transport.closed)


class TestSave(CaseCase):
    def save(self, save: str, response: Any) -> tuple[str, list[str]]:
        """The outcome, and what a later call sends with the variable."""
        text = f"""
            vars: {{name: "t.ings"}}
            calls:
              - name: one
                GET: /one
                save: {{it: {save}}}
                expect: {{status: 200}}
              - name: two
                POST: /two/${{name}}
                json: {{it: "${{it}}"}}
                expect: {{status: 200}}
            """
        result = self.run_one(text, {"GET /one": response, "POST /two/t.ings": answer(200)})
        bodies = [(request.body or b"").decode() for request in self.transport.requests[1:]]
        return self.calls(result)["one"], bodies

    def test_a_json_path(self) -> None:
        for value, sent in ((7, "7"), ("7", '"7"'), (None, "null"), ([1], "[1]"), (False, "false")):
            self.assertEqual(("passed", [f'{{"it": {sent}}}']), self.save("$.id", answer(200, {"id": value})))
        self.assertEqual(
            ("passed", ['{"it": ["a", "b"]}']), self.save('"$[*].n"', answer(200, [{"n": "a"}, {"n": "b"}]))
        )

    def test_a_json_path_that_finds_nothing(self) -> None:
        for response in (answer(200, {}), answer(200), answer(200, b"no", content_type="text/plain")):
            outcome, sent = self.save("$.id", response)
            self.assertIn("nothing to save as 'it': there is nothing at $.id", outcome)
            self.assertEqual([], sent)

    def test_a_header(self) -> None:
        response = answer(200, Location="http://x/things/7")
        self.assertEqual(
            ("passed", ['{"it": "http://x/things/7"}']), self.save("{header: location}", response)
        )

    def test_a_part_of_a_header(self) -> None:
        response = answer(200, Location="http://x/things/7")
        for pattern, sent in (("([^/]+)$", "7"), ("things/.$", "things/7"), ("/${name}/(.+)", "7")):
            self.assertEqual(
                ("passed", [f'{{"it": "{sent}"}}']),
                self.save(f"{{header: location, match: '{pattern}'}}", response),
            )

    def test_a_header_that_does_not_have_it(self) -> None:
        self.assertIn("there is no header location", self.save("{header: location}", answer(200))[0])
        self.assertIn(
            "the header location does not match /x(y)/",
            self.save("{header: location, match: 'x(y)'}", answer(200, Location="z"))[0],
        )


class TestPoll(CaseCase):
    TEXT = """
        calls:
          - name: wait
            GET: /it
            poll: {until: {json: {$.state: done}}, every: 1s, for: 3s}
            save: {size: $.size}
            expect: {status: 200, json: {$.state: done}}
          - name: use
            GET: /it/${size}
            expect: {status: 200}
        """
    BUSY = answer(200, {"state": "busy"})
    DONE = answer(200, {"state": "done", "size": 3})

    def wait(self, *answers: Any, **options: Any) -> CaseResult:
        return self.run_one(self.TEXT, {"GET /it": [*answers], "GET /it/3": answer(200)}, **options)

    def test_at_once(self) -> None:
        clock = Clock()
        result = self.wait(self.DONE, sleep=clock.sleep, clock=clock)
        self.assertEqual((Outcome.PASSED, []), (result.outcome, clock.slept))

    def test_live_it_waits_between_two_tries(self) -> None:
        clock = Clock()
        result = self.wait(self.BUSY, self.BUSY, self.DONE, sleep=clock.sleep, clock=clock)
        self.assertEqual((Outcome.PASSED, [1.0, 1.0], 4), (result.outcome, clock.slept, result.count))

    def test_live_it_ends_in_time(self) -> None:
        clock = Clock()
        result = self.wait(self.BUSY, sleep=clock.sleep, clock=clock)
        self.assertEqual([1.0, 1.0, 1.0], clock.slept)
        self.assertEqual(
            ["poll-timeout", "json", "save"], [finding.rule for finding in result.calls[0].findings]
        )
        self.assertEqual(
            'not as `until` says after 4 tries: {"state": "busy"}', word(result.calls[0].findings[0])
        )
        self.assertEqual("skipped", result.calls[1].outcome.value)

    def test_a_slow_service_gets_fewer_tries(self) -> None:
        clock = Clock()

        def slow(request: Any) -> Any:
            clock.now += 1.5
            return self.BUSY

        result = self.run_one(self.TEXT, slow, sleep=clock.sleep, clock=clock)
        self.assertEqual(2, result.count)

    def test_a_replay_neither_sleeps_nor_looks_at_the_clock(self) -> None:
        clock = Clock()

        def slow(request: Any) -> Any:
            clock.now += 1000
            return answers.pop(0)

        answers = [self.BUSY, self.BUSY, self.BUSY, self.DONE, answer(200)]
        result = self.run_one(self.TEXT, slow, clock=clock)
        self.assertEqual(Outcome.PASSED, result.outcome)

    def test_a_recording_that_ends_before(self) -> None:
        answers = {"GET /it": [self.BUSY, Miss("recorded once"), Miss("recorded once")]}
        result = self.run_one(self.TEXT, answers)
        self.assertEqual(
            'not as `until` says after 1 try: {"state": "busy"}', word(result.calls[0].findings[0])
        )

    def test_it_becomes_unreachable(self) -> None:
        result = self.wait(self.BUSY, Unreachable("gone"))
        self.assertEqual(
            {"wait": "error: gone", "use": "skipped: call 'wait' could not be made"}, self.calls(result)
        )

    def test_until_looks_at_status_headers_and_text_too(self) -> None:
        for until, response in (
            ("status: 200", answer(200)),
            ("headers: {x-done: yes}", answer(200, X_Done="yes")),
            ("text: {contains: done}", answer(200, b"it is done", content_type="text/plain")),
        ):
            text = f"""
                calls:
                  - name: wait
                    GET: /it
                    poll: {{until: {{{until}}}, every: 1s, for: 3s}}
                    expect: {{status: [200, 503]}}
                """
            result = self.run_one(text, {"GET /it": [answer(503), answer(503), response]})
            self.assertEqual((Outcome.PASSED, 3), (result.outcome, result.count), until)


class TestVersionOfACall(CaseCase):
    PROFILE = SERVICE + "protocol: {probe: {GET: /}, echo: success, vary: none}\n"

    def test_a_call_that_asks_for_something_else_is_not_held_to_the_echo(self) -> None:
        text = """
            calls:
              - {name: one, GET: /one, expect: {status: 200}}
              - {name: two, GET: /two, microversion: none, expect: {status: 200}}
            """
        one = scenario(text, self.PROFILE)
        result = self.run_one(one, {"GET /one": answer(200), "GET /two": answer(200)}, "1.3")
        self.assertEqual(
            {"one": "failed: expected the version header Toy-Version: 1.3, got nothing", "two": "passed"},
            self.calls(result),
        )


if __name__ == "__main__":
    unittest.main()
