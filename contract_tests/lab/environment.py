"""Environments of services: a release and the dependencies of its day, installed once into a cache."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from contract_tests.errors import ContractTestsError
from contract_tests.model.recipe import Recipe

Say = Callable[[str], None]
_IN_USE = "in-use"


class Unavailable(ContractTestsError):
    """This release cannot be had on this machine; the message says what is missing, and how to get it."""


class LabError(ContractTestsError):
    """Something in the lab did not work; the message names the log."""


def cache() -> Path:
    """Where the lab keeps environments and prepared files: $CONTRACT_TESTS_CACHE, else below ~/.cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("CONTRACT_TESTS_CACHE") or Path(home) / "contract-tests")


def need_cache() -> None:
    """LabError where the lab's cache cannot be written."""
    folder = cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise LabError(
            f"the lab's cache {folder} cannot be written ({error.strerror}); "
            "name another folder with CONTRACT_TESTS_CACHE"
        ) from None


def digest(*parts: object) -> str:
    """A short name for what `parts` say."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:10]


def place(recipe: Recipe) -> Path:
    """The folder of a recipe's environment, there or not."""
    what = digest(recipe.series.python, recipe.series.before, sorted(recipe.requires))
    return cache() / "environments" / f"{recipe.distribution}-{recipe.release}-{what}"


def installed(recipe: Recipe) -> bool:
    return (place(recipe) / "installed").exists()


def find_uv() -> list[str]:
    """uv, as a command; Unavailable where it is not installed."""
    beside = Path(sys.executable).with_name("uv")
    if beside.exists():
        return [str(beside)]
    found = shutil.which("uv")
    if found:
        return [found]
    raise Unavailable("uv is not installed: pip install 'contract-tests[lab]'")


def find_python(version: str) -> str:
    """An interpreter of a minor version: pyenv's, one that is installed beside the one that runs this, the
    system's, or one that uv knows; else Unavailable.
    """
    folders = [Path(root) / "versions" for root in [os.environ.get("PYENV_ROOT")] if root]
    candidates = [
        str(path / "bin" / "python")
        for folder in (*folders, Path(sys.base_prefix).parent)
        for path in sorted(folder.glob(f"{version}.*"), reverse=True)
    ]
    candidates += filter(None, [shutil.which(f"python{version}")])
    for candidate in candidates:
        with contextlib.suppress(OSError):
            if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
                return candidate
    found = subprocess.run(
        [*find_uv(), "python", "find", version], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        return found.stdout.strip()
    raise Unavailable(
        f"there is no Python {version} on this machine: "
        f"pyenv install {version}, or uv python install {version}"
    )


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else works on `path` meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder is in use meanwhile, or until this process ends."""
    with (folder / _IN_USE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_held(folder: Path) -> bool:
    """Whether a process uses the folder."""
    try:
        with (folder / _IN_USE).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def install(recipe: Recipe, say: Say) -> Path:
    """The environment's folder, made where it is not there yet; Unavailable, LabError with the log's name."""
    folder = place(recipe)
    if installed(recipe):
        return folder
    with locked(folder):
        if installed(recipe):
            return folder
        python = find_python(recipe.series.python)
        say(
            f"installing {recipe.distribution} {recipe.release} "
            f"(Python {recipe.series.python}, dependencies up to {recipe.series.before})"
        )
        log = folder.with_name(folder.name + ".log")
        uv = [*find_uv(), "--no-progress"]
        with log.open("w") as out:
            _run([*uv, "venv", "--clear", "--python", python, str(folder)], out, log)
            _run(
                [
                    *uv, "pip", "install", "--python", str(folder / "bin" / "python"),
                    "--exclude-newer", recipe.series.before,
                    # A point release may be younger than the dependencies of its series' day.
                    "--exclude-newer-package", f"{recipe.distribution}=2099-01-01",
                    f"{recipe.distribution}=={recipe.release}", "waitress", "setuptools<81", *recipe.requires,
                ],
                out, log,
            )  # fmt: skip
        (folder / "installed").touch()
    return folder


def _run(command: list[str], out: object, log: Path) -> None:
    environ = {**os.environ, "UV_PYTHON_DOWNLOADS": os.environ.get("UV_PYTHON_DOWNLOADS", "never")}
    done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=environ, check=False)  # type: ignore[call-overload]
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
        raise LabError(f"{' '.join(command[:4])} … failed, see {log}\n{tail}")
