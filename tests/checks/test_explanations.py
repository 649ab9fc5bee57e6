"""Every finding of the package is in the registry, and explained in two sentences."""

import ast
import importlib
from functools import cache
from pathlib import Path

import pytest

import scmigen
from scmigen.diagnostics import Finding, Severity
from scmigen.explain import findings

PACKAGE = Path(scmigen.__file__).parent


@cache
def calls() -> tuple[ast.Call, ...]:
    """All calls in the source."""
    return tuple(
        node
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )


def defined() -> list[str]:
    """The ids that the source defines as literals, by a ``Finding`` or a ``@check``."""
    return [
        node.args[0].value
        for node in calls()
        if isinstance(node.func, ast.Name)
        and node.func.id in ("Finding", "check")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def test_every_defined_finding_is_in_the_registry() -> None:
    ids = defined()
    assert len(ids) > 80
    assert sorted(set(ids) - findings().keys()) == []


def test_an_id_is_defined_once() -> None:
    ids = defined()
    assert sorted({name for name in ids if ids.count(name) > 1}) == []


@pytest.mark.parametrize("name", sorted(findings()))
def test_a_finding_is_explained_in_two_short_sentences(name: str) -> None:
    finding = findings()[name]
    for text in (finding.about, finding.advice):
        assert text[0].isupper() or text.startswith("scmigen ")
        assert text.endswith(".")
        assert "\n" not in text
        assert len(text) <= 120


def declared() -> dict[str, Finding]:
    """The findings by the names that modules have for them."""
    modules = [
        importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
        for package in ("bindings", "assignment", "model", "checks", "targets")
        for path in (PACKAGE / package).rglob("*.py")
    ]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Finding)
    }


def test_the_severity_listed_is_the_gravest_that_is_reported() -> None:
    known = declared()
    used: dict[str, set[Severity]] = {}
    for call in calls():
        match call.func:
            case ast.Attribute(ast.Name(name), "error" | "warning" | "note" as word):
                used.setdefault(name, set()).add(Severity[word.upper()])
    found = {name: max(used[name]) for name in used.keys() & known.keys()}
    assert len(found) > 60
    assert {name: known[name].severity for name in found} == found
