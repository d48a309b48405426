"""The lab with services that need no installing: what it starts, keeps, shows when it fails, and ends."""

import contextlib
import io
import os
import sys
import tempfile
import textwrap
import time
import unittest
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from unittest import mock

from contract_tests.errors import LoadError
from contract_tests.lab import environment, launcher
from contract_tests.lab.environment import LabError, Unavailable
from contract_tests.loading.config import SHIPPED, Places
from contract_tests.loading.library import Library
from contract_tests.model.recipe import Recipe, Series, Serve

HELLO = """
import os, sys
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    made = open(os.path.join(os.getcwd(), "made")).read()
    words = [made, *sys.argv[1:], os.environ.get("WORD", "")]
    return ["|".join([environ["SCRIPT_NAME"], environ["PATH_INFO"], " ".join(words).strip()]).encode()]
"""


def recipe(**changes: object) -> Recipe:
    """A deployment of a service that stands in this file."""
    base = Recipe(
        name="hello",
        service="hello",
        release="1.0",
        series=Series(name="one", python="3", before="2026-01-01"),
        distribution="hello",
        files={"app.py": HELLO, "made.in": "made of ${release}"},
        prepare=((sys.executable, "-c", "open('made','w').write(open('made.in').read()); print('once')"),),
        keep=("made",),
        serve=Serve(script="${state}/app.py", arguments=("one", "${port}")),
        identities={"admin": {"token": "token of ${release}"}, "none": {"none": True}},
    )
    return replace(base, **changes)


class InACache(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = Path(folder.name)
        self.said: list[str] = []
        environ = mock.patch.dict(os.environ, {"CONTRACT_TESTS_CACHE": str(self.cache)})
        environ.start()
        self.addCleanup(environ.stop)
        fake = self.cache / "environment"
        (fake / "lib" / "python3" / "site-packages").mkdir(parents=True)
        (fake / "bin").mkdir()
        (fake / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (fake / "bin" / "python").chmod(0o755)
        install = mock.patch.object(launcher, "install", lambda recipe, say: fake)
        install.start()
        self.addCleanup(install.stop)

    def start(self, one: Recipe, **others: Recipe) -> contextlib.AbstractContextManager[launcher.Started]:
        return launcher.running(one, others, self.said.append)

    def get(self, url: str) -> str:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return str(answer.read().decode())


class Running(InACache):
    def test_it_serves_and_ends_and_leaves_nothing(self) -> None:
        with self.start(recipe()) as started:
            self.assertEqual(
                f"|/x|made of 1.0 one {started.url.rpartition(':')[2]}", self.get(started.url + "/x")
            )
            self.assertEqual({"hello": started.url}, dict(started.target.endpoints))
            self.assertEqual({"token": "token of 1.0"}, dict(started.target.identities["admin"].values))
            self.assertTrue(started.state.is_dir())
        with self.assertRaises(urllib.error.URLError):
            self.get(started.url)
        self.assertEqual([], list((self.cache / "runs").iterdir()))

    def test_what_is_prepared_is_prepared_once(self) -> None:
        for _ in range(2):
            with self.start(recipe()) as started:
                self.assertIn("made of 1.0", self.get(started.url))
        self.assertEqual(1, self.said.count("preparing hello 1.0 (once)"))
        with self.start(recipe(files={"app.py": HELLO, "made.in": "made otherwise"})) as started:
            self.assertIn("made otherwise", self.get(started.url))
        self.assertEqual(2, self.said.count("preparing hello 1.0 (once)"))

    def test_two_at_once_do_not_meet(self) -> None:
        with self.start(recipe()) as one, self.start(recipe(environ={"WORD": "other"})) as two:
            self.assertNotEqual(one.url, two.url)
            self.assertNotEqual(one.state, two.state)
            self.assertNotIn("other", self.get(one.url))
            self.assertIn("other", self.get(two.url))

    def test_a_prefix_and_what_it_stands_on(self) -> None:
        below = recipe(name="below")
        serve = Serve(script="${state}/app.py", arguments=("${below_url}",), path="/base")
        with self.start(recipe(serve=serve, needs={"below": "1.0"}), **{"below@1.0": below}) as one:
            self.assertRegex(
                self.get(one.url + "/base/x"), r"^/base\|/x\|made of 1.0 http://127\.0\.0\.1:\d+$"
            )
            self.assertEqual(one.url + "/base", one.target.endpoints["hello"])

    def test_a_command_with_a_server_of_its_own(self) -> None:
        command = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "${port}")
        with self.start(recipe(serve=Serve(command=command))) as started:
            self.assertIn("made.in", self.get(started.url))

    def test_it_listens_on_loopback_only(self) -> None:
        with self.start(recipe()) as started:
            self.assertTrue(started.url.startswith("http://127.0.0.1:"))


class Failing(InACache):
    def fails(self, one: Recipe) -> str:
        with self.assertRaises(LabError) as caught, self.start(one):
            self.fail("it runs")
        return str(caught.exception)

    def test_a_command_that_fails_names_its_log_which_stays(self) -> None:
        text = self.fails(recipe(start=((sys.executable, "-c", "print('the reason'); raise SystemExit(3)"),)))
        self.assertIn("ended with 3; see ", text)
        self.assertIn("the reason", text)
        log = Path(text.split("see ")[1].splitlines()[0])
        self.assertIn("the reason", log.read_text())

    def test_what_is_to_be_kept_or_run_and_is_not_there(self) -> None:
        for one, place in (
            (recipe(keep=("nothing",)), r"/nothing"),
            (recipe(start=(("/nowhere/command",),)), r"/nowhere/command"),
        ):
            with self.subTest(place):
                text = self.fails(replace(one, origin=Path("hello.yaml")))
                self.assertRegex(text, rf"^hello\.yaml: .*{place}: No such file or directory$")

    def test_a_server_that_ends(self) -> None:
        text = self.fails(recipe(files={"app.py": "raise SystemExit('no such thing')", "made.in": ""}))
        self.assertRegex(text, r"^hello 1\.0 ended with 1 before it answered; see .*\n(.*\n)*no such thing")

    def test_a_script_that_is_not_there(self) -> None:
        one = recipe(serve=Serve(script="nothing.py"), origin=self.cache / "hello.yaml")
        self.assertEqual(
            f"{self.cache}/hello.yaml: there is no script {self.cache}/support/nothing.py, "
            "nor one of the lab's own",
            self.fails(one),
        )

    def test_a_server_that_does_not_answer(self) -> None:
        sleeper = Serve(command=(sys.executable, "-c", "import time; time.sleep(60)"), timeout=0.3)
        self.assertRegex(
            self.fails(recipe(serve=sleeper)),
            r"^hello 1\.0 did not answer at 127\.0\.0\.1:\d+ within 0 s; see ",
        )

    def test_a_port_that_is_taken(self) -> None:
        with self.start(recipe()) as started:
            port = int(started.url.rpartition(":")[2])
            with (
                self.assertRaises(LabError) as caught,
                launcher.running(recipe(), {}, self.said.append, port=port),
            ):
                self.fail("it runs")
            self.assertEqual(
                f"--port {port}: Address already in use; choose another one, or none", str(caught.exception)
            )

    def test_an_interrupted_start_leaves_nothing(self) -> None:
        with self.assertRaises(KeyboardInterrupt), self.start(recipe()) as started:
            raise KeyboardInterrupt
        self.assertFalse(started.state.exists())
        for _ in range(600):
            try:
                self.get(started.url)
            except OSError:
                return
            time.sleep(0.1)
        self.fail("it still answers")


class Environment(unittest.TestCase):
    def test_a_python_that_is_not_there(self) -> None:
        with (
            mock.patch.object(environment, "find_uv", lambda: [sys.executable, "-c", "raise SystemExit(1)"]),
            self.assertRaises(Unavailable) as caught,
        ):
            environment.find_python("2.99")
        self.assertEqual(
            "there is no Python 2.99 on this machine: pyenv install 2.99, or uv python install 2.99",
            str(caught.exception),
        )

    def test_a_python_of_pyenvs_or_beside_the_one_that_runs(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        python = folder / "versions" / "2.99.1" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        with mock.patch.dict(environment.os.environ, {"PYENV_ROOT": str(folder)}):
            self.assertEqual(str(python), environment.find_python("2.99"))
        with mock.patch.object(environment.sys, "base_prefix", str(folder / "versions" / "3.99.0")):
            self.assertEqual(str(python), environment.find_python("2.99"))

    def test_uv_that_is_not_there(self) -> None:
        with (
            mock.patch.object(environment.shutil, "which", lambda name: None),
            mock.patch.object(environment.sys, "executable", "/nowhere/python"),
            self.assertRaises(Unavailable) as caught,
        ):
            environment.find_uv()
        self.assertEqual("uv is not installed: pip install 'contract-tests[lab]'", str(caught.exception))


PROJECT = {
    "contract-tests.yaml": "scenarios: [scenarios]\nservices: [services]\ndeployments: [deployments]\n",
    "services/hello.yaml": "service: hello\ntitle: Hello\nversion: {dialect: none}\n",
    "deployments/hello.yaml": (
        "deployment: hello\nservice: hello\ntitle: Hello\ndistribution: hello\nreleases: {1.0: stein}\n"
        "files:\n  made: hello\n  app.py: |\n" + textwrap.indent(HELLO.strip(), "    ") + "\n"
        'serve: {script: "${state}/app.py"}\n'
    ),
    "scenarios/one.yaml": (
        "scenario: one\nid: 5b8c1f0a-6d3e-4f52-9a47-0e1d2c3b4a59\nservice: hello\n"
        "calls: [{name: look, GET: /, expect: {status: 200}}]\n"
    ),
    "elsewhere/other.yaml": (
        "scenario: other\nid: 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d\nservice: hello\n"
        "calls: [{name: look, GET: /, expect: {status: 204}}]\n"
    ),
}


class Run(InACache):
    """`lab run` of a deployment of one's own."""

    def setUp(self) -> None:
        super().setUp()
        self.project = self.cache / "project"
        for name, text in PROJECT.items():
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            (self.project / name).write_text(text)
        self.config = ("--config", str(self.project / "contract-tests.yaml"))

    def command(self, *arguments: str) -> tuple[int, str]:
        from contract_tests.cli.main import main

        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            config = self.config if arguments[0] != "clean" else ()
            status = main(["lab", arguments[0], *config, *arguments[1:]])
        return status, out.getvalue()

    def test_the_run_takes_scenarios_from_where_the_command_line_says(self) -> None:
        from contract_tests.cli.main import main

        project, config = self.project, self.config
        for places, status, told in (
            (config, 0, "1 case: 1 passed"),
            ((*config, "--scenarios", str(project / "elsewhere")), 1, "expected status 204, got 200"),
        ):
            with self.subTest(places), contextlib.redirect_stderr(io.StringIO()) as said:
                found = main(["lab", "run", "hello", "--jobs", "2", *places])
                log = (self.cache / "runs" / "hello-1.0.out").read_text()
                self.assertEqual(status, found, said.getvalue() + log)
                self.assertIn(told, log)

    def test_recordings_go_where_the_project_has_them(self) -> None:
        with (self.project / "contract-tests.yaml").open("a") as config:
            config.write("recordings: [recorded]\n")
        status, said = self.command("record", "hello")
        self.assertEqual(0, status, said)
        self.assertTrue((self.project / "recorded" / "hello" / "1.0" / "recording.yaml").exists())

    def test_the_log_of_a_service_whose_run_was_not_right_is_kept(self) -> None:
        log = self.cache / "runs" / "hello-1.0.hello.log"
        self.assertEqual(0, self.command("run", "hello")[0])
        self.assertFalse(log.exists())
        status, said = self.command("run", "hello", "--scenarios", str(self.project / "elsewhere"))
        self.assertEqual(1, status)
        self.assertIn(f"hello 1.0: the log of hello: {log}\n", said)
        self.assertTrue(log.exists())

    def test_a_mistake_in_the_options_of_the_run_is_told_before_anything_starts(self) -> None:
        status, said = self.command("run", "hello", "--", "--microversion", "every")
        self.assertEqual(2, status)
        self.assertIn("No such option '--microversion'", said)
        self.assertNotIn("starting", said)

    def test_clean_leaves_alone_what_runs(self) -> None:
        with self.start(recipe()) as started:
            status, said = self.command("clean", "--all")
            self.assertEqual(0, status, said)
            self.assertIn(f"{started.state.name} is running, left alone\n", said)
            self.assertNotIn(f"removing {started.state}", said)
            self.assertIn("made of 1.0", self.get(started.url))
            left = self.cache / "runs" / "hello-1.0-left"
            left.mkdir()
            (self.cache / "runs" / "hello-1.0.out").touch()
            self.command("clean")
            self.assertEqual([started.state], list((self.cache / "runs").iterdir()))
        self.assertEqual(0, self.command("clean", "--all")[0])
        self.assertEqual([], [*(self.cache / "runs").iterdir()])

    def test_a_service_that_has_no_file(self) -> None:
        (self.project / "services" / "hello.yaml").unlink()
        status, said = self.command("run", "hello")
        self.assertEqual(2, status)
        self.assertIn("hello is of 'hello', and there is no such service file; known here: barbican", said)

    def test_where_every_release_is_skipped_nothing_could_run(self) -> None:
        def install(recipe: Recipe, say: object) -> Path:
            raise Unavailable("there is no Python 2.99 on this machine")

        with mock.patch.object(launcher, "install", install):
            self.assertEqual(
                (3, "hello 1.0: skipped: there is no Python 2.99 on this machine\n"),
                self.command("run", "hello"),
            )

    def test_a_cache_that_cannot_be_written(self) -> None:
        (self.cache / "file").touch()
        place = self.cache / "file" / "cache"
        with mock.patch.dict(os.environ, {"CONTRACT_TESTS_CACHE": str(place)}):
            for words in (("run", "hello"), ("up", "hello")):
                self.assertEqual(
                    (
                        3,
                        f"contract-tests: the lab's cache {place} cannot be written (Not a directory); "
                        "name another folder with CONTRACT_TESTS_CACHE\n",
                    ),
                    self.command(*words),
                )


class Deployments(unittest.TestCase):
    """The shipped deployment files, and files with mistakes."""

    def read(self, text: str) -> Library:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "mine.yaml").write_text(text)
        library = Library(Places(deployments=(Path(folder.name),)).with_shipped())
        self.found = library.deployments()
        return library

    GOOD = (
        "deployment: mine\nservice: mine\ntitle: my own\ndistribution: mine\n"
        'releases: {1.0.0: stein, 2.0.0: "2026.2"}\nserve: {wsgi: "mine:app"}\n'
    )

    def test_every_shipped_release_has_a_recipe(self) -> None:
        library = Library(Places().with_shipped())
        found = library.deployments()
        library.raise_problems()
        self.assertEqual(16, len(found["placement"].recipes))
        for one in found.values():
            for release, made in one.recipes.items():
                self.assertEqual(release, made.release)
                for name, below in made.needs.items():
                    self.assertIn(below, found[name].recipes)

    def test_an_overlay_holds_from_its_release_on(self) -> None:
        found = Library(Places().with_shipped()).deployments()["placement"].recipes
        self.assertEqual(
            [(), ("SQLAlchemy<2",), ()], [found[release].requires for release in ("8.0.0", "9.0.0", "10.0.1")]
        )
        self.assertEqual(["3.12", "3.13"], [found[release].series.python for release in ("14.0.0", "15.0.0")])

    def test_a_project_adds_its_own(self) -> None:
        self.read(self.GOOD).raise_problems()
        self.assertEqual("3.6", self.found["mine"].recipes["1.0.0"].series.python)
        self.assertIn("placement", self.found)

    def test_mistakes_are_load_errors(self) -> None:
        for more, message in (
            ("files: {a: '${nothing}'}\n", "the variable 'nothing' has no value here"),
            ("prepared: []\n", "unknown key 'prepared' in the deployment file"),
            ("python: [3]\n", "'python' of the deployment file must be text, not a list"),
            ("needs: {placemnt: 16.0.0}\n", "there is no deployment 'placemnt' [unknown-deployment]"),
            ("needs: {placement: 16}\n", "there is no release 16 of placement [unknown-release]"),
            ("needs: {mine: 1.0.0}\n", "mine needs mine [needs-itself]"),
        ):
            with self.subTest(message=message), self.assertRaises(LoadError) as caught:
                self.read(self.GOOD + more).raise_problems()
            self.assertIn(message, str(caught.exception))
        with self.assertRaises(LoadError) as caught:
            self.read(self.GOOD.replace("stein", "steen")).raise_problems()
        self.assertIn("there is no series 'steen'", str(caught.exception))

    def test_check_reads_deployments_and_series(self) -> None:
        from contract_tests.cli.main import main

        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()) as said:
            Path(folder, "mine.yaml").write_text(self.GOOD.replace("serve:", "sreve:"))
            Path(folder, "series.yaml").write_text("series: {own: {pithon: '3.12'}}\n")
            for words in ([folder], ["--deployments", folder]):
                with self.subTest(words):
                    self.assertEqual(2, main(["check", *words]))
                    self.assertIn(
                        "mine.yaml:6:1: unknown key 'sreve' in the deployment file", said.getvalue()
                    )
                    self.assertIn("series.yaml:1:16: unknown key 'pithon'", said.getvalue())
                    said.truncate(said.seek(0))
            Path(folder, "mine.yaml").write_text(self.GOOD)
            Path(folder, "series.yaml").unlink()
            with contextlib.redirect_stdout(io.StringIO()):
                self.assertEqual(0, main(["check", folder]), said.getvalue())


class Commands(unittest.TestCase):
    def run_command(self, *arguments: str) -> tuple[int, str]:
        from contract_tests.cli.main import main

        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = main(["lab", *arguments])
        return status, out.getvalue()

    def test_an_unknown_deployment_and_an_unknown_release(self) -> None:
        self.assertEqual(
            (2, "contract-tests: there is no deployment 'placemnt'; did you mean 'placement'?\n"),
            self.run_command("run", "placemnt"),
        )
        status, text = self.run_command("up", "placement", "99.0.0")
        self.assertEqual(2, status)
        self.assertIn("release 99.0.0 of placement is not known; known: 1.0.0, 2.0.1,", text)
        status, text = self.run_command("run", "placement", "all", "99.0.0")
        self.assertEqual(2, status)
        self.assertRegex(text, "release 99.0.0 of placement is not known; .*, 16.0.0, all\n$")
        status, text = self.run_command("up", "placement", "all")
        self.assertEqual(2, status)
        self.assertRegex(text, "release all of placement is not known; .*, 16.0.0\n$")

    def test_an_identity_is_written_with_all_that_it_has(self) -> None:
        from contract_tests.cli.lab_command import _written
        from contract_tests.model.target import IdentitySpec

        password = {"username": "u", "password": "p"}
        for spec, written in (
            (IdentitySpec(kind="none"), True),
            (IdentitySpec(kind="token", values={"token": "t"}), "t"),
            (IdentitySpec(kind="password", values=password), password),
        ):
            self.assertEqual(written, _written(spec))

    def test_down_says_what_it_would_end(self) -> None:
        with (
            tempfile.TemporaryDirectory() as cache,
            mock.patch.dict(os.environ, {"CONTRACT_TESTS_CACHE": cache}),
        ):
            Path(cache, "up").mkdir()
            gone = 2**22 + 1  # above the kernel's largest process id
            for name in (f"one-1.0-{gone}", f"one-more-1.0-{gone}"):
                Path(cache, "up", f"{name}.yaml").touch()
            self.assertEqual(
                (
                    2,
                    "contract-tests: lab down: say which deployment, or --all; "
                    "up now: one-1.0, one-more-1.0\n",
                ),
                self.run_command("down"),
            )
            self.assertEqual((0, "ended one-1.0\n"), self.run_command("down", "one"))
            self.assertEqual(
                (0, "nothing of that is up; up now: one-more-1.0\n"), self.run_command("down", "one", "1.0")
            )
            self.assertEqual((0, "ended one-more-1.0\n"), self.run_command("down", "--all"))
            self.assertEqual((0, "nothing of that is up; up now: nothing\n"), self.run_command("down", "one"))

    def test_list_names_every_release(self) -> None:
        status, text = self.run_command("list")
        self.assertEqual(0, status)
        self.assertRegex(
            text, r"placement: Placement on SQLite, tokens without Keystone\n    1\.0\.0 +stein "
        )
        self.assertTrue((SHIPPED / "deployments" / "placement.yaml").exists())

    def test_list_says_what_is_missing(self) -> None:
        def missing(*_: str) -> list[str]:
            raise Unavailable("uv is not installed")

        with (
            tempfile.TemporaryDirectory() as cache,
            mock.patch.dict(os.environ, {"CONTRACT_TESTS_CACHE": cache}),
            mock.patch.object(environment, "find_uv", missing),
            mock.patch.object(environment, "find_python", missing),
        ):
            status, text = self.run_command("list")
        self.assertEqual(0, status)
        self.assertRegex(text, r"\n    1\.0\.0 +stein +needs uv and Python 3\.6, not here\n")
        self.assertIn("\nmissing: uv is not installed\n", text)


if __name__ == "__main__":
    unittest.main()
