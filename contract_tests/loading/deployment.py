"""Deployment files -> recipes: one for each release, overlays by release merged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_tests.loading.grammar import (
    BOOLEAN,
    DURATION,
    INTEGER,
    NAME,
    PATH,
    SLUG,
    TEXT,
    WORD,
    Anything,
    Field,
    ListOf,
    MapOf,
    Shape,
    seconds,
)
from contract_tests.loading.schema import merge_patch, versions_of
from contract_tests.loading.shapes import IDENTITY
from contract_tests.loading.source import MapNode, Source, nearest, plain, walk_templates
from contract_tests.model.microversion import ORDERS
from contract_tests.model.recipe import Deployments, Recipe, Series, Serve
from contract_tests.model.template import Template, TemplateError, compile_text

_COMMANDS = ListOf(ListOf(TEXT, least=1))

SERVE = Shape(
    {
        "wsgi": Field(TEXT, "module:callable, with () where it is a factory"),
        "script": Field(TEXT, "a file of the support folder that defines `application`"),
        "command": Field(ListOf(TEXT, least=1), "a program with a server of its own"),
        "arguments": Field(ListOf(TEXT), "sys.argv[1:] of wsgi or script"),
        "path": Field(PATH, "a prefix under which the application is mounted"),
        "ready": Field(PATH, "the path that shows that it answers"),
        "threads": Field(INTEGER, "threads of the server (1: SQLite has one writer)"),
        "timeout": Field(DURATION, "how long to wait until it answers (600s)"),
    },
    exactly_one=(("serve", "way to serve", ("wsgi", "script", "command")),),
)
_COPY = Shape(
    {
        "from": Field(TEXT, "the file that it comes from", required=True),
        "replace": Field(MapOf(TEXT), "text -> what comes in its place"),
    }
)

DEPLOYMENT = Shape(
    {
        "deployment": Field(SLUG, "its name; the file's too", required=True),
        "service": Field(SLUG, "the service that it is a deployment of", required=True),
        "title": Field(TEXT, "what it is, in a line", required=True),
        "distribution": Field(TEXT, "the distribution that is installed", required=True),
        "releases": Field(MapOf(TEXT, least=1), "release -> series, oldest first", required=True),
        "python": Field(TEXT, "the Python, where it is not the series'"),
        "before": Field(TEXT, "the last day of its dependencies, where it is not the series'"),
        "requires": Field(ListOf(TEXT), "further requirements"),
        "files": Field(MapOf(Anything()), "file in its folder -> content, as a template"),
        "copies": Field(MapOf(_COPY), "file in its folder -> a file that it is made from"),
        "folders": Field(ListOf(TEXT), "folders to make in its folder"),
        "environ": Field(MapOf(TEXT), "environment variables"),
        "prepare": Field(_COMMANDS, "commands whose results are kept for the next start"),
        "keep": Field(ListOf(TEXT), "the files that those commands make"),
        "start": Field(_COMMANDS, "commands before each start"),
        "serve": Field(SERVE, "how it is served", required=True),
        "endpoint": Field(TEXT, "the base URL for scenarios (${url})"),
        "identities": Field(MapOf(IDENTITY, key=NAME), "role -> how it proves who it is"),
        "proofs": Field(
            MapOf(IDENTITY, key=NAME), "role -> how it proves who it is here, and not at what it stands on"
        ),
        "needs": Field(
            MapOf(TEXT), "deployments that it stands on -> their releases; what two of them need is one"
        ),
        "extensions": Field(
            ListOf(TEXT), "what it can do that another deployment of the service cannot, for `requires`"
        ),
        "variant": Field(
            WORD,
            "what follows the release in the name of its recordings, where another deployment has it too",
        ),
        "twice": Field(BOOLEAN, "true where two recordings of it differ in more than the service file says"),
        "since": Field(MapOf(Anything()), "release -> what changes then (RFC 7396)"),
    },
    doc="How a service of any release is started",
    name="the deployment file",
)
SERIES = Shape(
    {
        "series": Field(
            MapOf(
                Shape(
                    {
                        "python": Field(TEXT, "the Python that it runs on", required=True),
                        "before": Field(TEXT, "the last day of its dependencies", required=True),
                    }
                )
            ),
            "series -> its Python and day",
            required=True,
        )
    },
    name="the series file",
)

_FIXED = ("state", "bin", "etc", "packages", "support", "port", "url", "release", "series", "origin")


def read_series(source: Source) -> dict[str, Series]:
    """The series in a file, by name; problems in `source` where anything in it is wrong."""
    if source.root is None or not SERIES.check(source, source.root, "the series file"):
        return {}
    return {
        key.text: Series(name=key.text, python=node.get("python").text, before=node.get("before").text)
        for key, node in source.root.get("series").entries
    }


def read_deployments(source: Source, path: Path, series: Mapping[str, Series]) -> Deployments | None:
    """All recipes of a deployment file; None (and problems in `source`) where anything in it is wrong."""
    root = source.root
    if root is None or not DEPLOYMENT.check(source, root, "the deployment file"):
        return None
    if root.get("deployment").text != path.stem:
        source.problem(
            root.get("deployment"),
            "bad-file-name",
            f"the file is named '{path.stem}', the deployment '{root.get('deployment').text}'",
            "give both one name",
        )
    order = ORDERS["semantic"]
    overlays = versions_of(source, root.get("since"), order) if root.get("since") is not None else []
    base = MapNode(root.mark, root.length, tuple(entry for entry in root.entries if entry[0].text != "since"))
    recipes: dict[str, Recipe] = {}
    for key, name in root.get("releases").entries:
        try:
            release = order.parse(key.text)
        except ValueError as error:
            source.problem(key, "bad-release", str(error))
            continue
        if name.text not in series:
            source.problem(
                name, "unknown-series", f"there is no series '{name.text}'", f"known: {', '.join(series)}"
            )
            continue
        node = base
        for _, since, overlay in overlays:
            if since <= release:
                node = merge_patch(node, overlay)
        if not DEPLOYMENT.check(source, node, "the deployment file"):
            return None
        _check_variables(source, node)
        recipes[key.text] = _recipe(node, key.text, series[name.text], path)
    if source.problems:
        return None
    return Deployments(
        name=path.stem,
        service=root.get("service").text,
        title=root.get("title").text,
        recipes=recipes,
        default=list(recipes)[-1],
    )


def check_needs(sources: Mapping[str, Source], found: Mapping[str, Deployments]) -> None:
    """Problems for what a deployment stands on that is not there, or that stands on it; all by name."""
    for name, one in found.items():
        node = sources[name].root.get("needs") or sources[name].root.get("deployment")
        wrong = {
            problem for recipe in one.recipes.values() if (problem := _wrong_need(found, recipe, (name,)))
        }
        for rule, message, hint in sorted(wrong):
            sources[name].problem(node, rule, message, hint)


def _wrong_need(
    found: Mapping[str, Deployments], recipe: Recipe, above: tuple[str, ...]
) -> tuple[str, str, str] | None:
    for name, release in recipe.needs.items():
        if name in above:
            return ("needs-itself", f"{' needs '.join((*above, name))}", "a deployment stands on others")
        if name not in found:
            return ("unknown-deployment", f"there is no deployment '{name}'", nearest(name, found))
        below = found[name].recipes
        if release not in below:
            return (
                "unknown-release", f"there is no release {release} of {name}", f"known: {', '.join(below)}"
            )  # fmt: skip
        if wrong := _wrong_need(found, below[release], (*above, name)):
            return wrong
    return None


def _check_variables(source: Source, node: MapNode) -> None:
    needs = plain(node.get("needs")) if node.get("needs") is not None else {}
    known = {*_FIXED, *(f"{name.replace('-', '_')}_url" for name in needs)}
    for scalar in walk_templates(node):
        try:
            compiled = compile_text(scalar.text)
        except TemplateError as error:
            source.problem(scalar, "bad-template", str(error))
            continue
        for name in compiled.variables if isinstance(compiled, Template) else ():
            if name not in known:
                source.problem(
                    scalar,
                    "undefined-variable",
                    f"the variable '{name}' has no value here",
                    f"known: {', '.join(sorted(known))}",
                )


def _recipe(node: MapNode, release: str, series: Series, path: Path) -> Recipe:
    values: dict[str, Any] = plain(node)
    serve = values["serve"]
    own = Series(
        name=series.name,
        python=_text(node, "python") or series.python,
        before=_text(node, "before") or series.before,
    )
    return Recipe(
        name=values["deployment"],
        service=values["service"],
        release=release,
        series=own,
        distribution=values["distribution"],
        requires=tuple(map(str, values.get("requires", ()))),
        files=values.get("files", {}),
        copies={
            name: (copy["from"], tuple(copy.get("replace", {}).items()))
            for name, copy in values.get("copies", {}).items()
        },
        folders=tuple(values.get("folders", ())),
        environ={name: str(value) for name, value in values.get("environ", {}).items()},
        prepare=_commands(values.get("prepare", ())),
        keep=tuple(values.get("keep", ())),
        start=_commands(values.get("start", ())),
        serve=Serve(
            wsgi=serve.get("wsgi", ""),
            script=serve.get("script", ""),
            command=tuple(map(str, serve.get("command", ()))),
            arguments=tuple(map(str, serve.get("arguments", ()))),
            path=serve.get("path", ""),
            ready=serve.get("ready", "/"),
            threads=serve.get("threads", 1),
            timeout=seconds(serve["timeout"]) if "timeout" in serve else 600.0,
        ),
        endpoint=values.get("endpoint", "${url}"),
        identities=values.get("identities", {}),
        proofs=values.get("proofs", {}),
        needs={name: _text(node.get("needs"), name) for name in values.get("needs", {})},
        extensions=tuple(values.get("extensions", ())),
        variant=_text(node, "variant"),
        twice=values.get("twice", False),
        origin=path,
    )


def _commands(commands: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(str, command)) for command in commands)


def _text(node: MapNode, key: str) -> str:
    value = node.get(key)
    return value.text if value is not None else ""
