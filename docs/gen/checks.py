"""The reference of checks, from the findings that the code defines and from their examples."""

import functools
import inspect
import re
import sys
from collections.abc import Iterator

from text import block, paragraphs, words

from scmigen.checks.check import Check
from scmigen.diagnostics import Finding
from scmigen.explain import findings, in_full

#: Package → heading, in the order of the page. Checks have the headings of their modules.
_HEADINGS = {
    "checks": "",
    "assignment": "Agents and their devices",
    "bindings": "References",
    "devicetree": "Device trees",
    "model": "Lock files",
    "targets": "Outputs",
    "pipeline": "Servers and configurations",
    "project": "Project files",
    "inputs": "Files that are read",
}


def checks() -> str:
    """Every finding: what it is about, what helps, and an example where there is one."""
    groups: dict[tuple[int, str], list[Finding]] = {}
    for _, finding in sorted(findings().items()):
        groups.setdefault(_group(finding), []).append(finding)
    parts: list[str] = []
    for (_, heading), members in sorted(groups.items()):
        parts.append(f"## {heading}")
        for finding in members:
            parts += _full(finding)
    return paragraphs(parts)


def _full(finding: Finding) -> Iterator[str]:
    about, advice, *shown = in_full(finding.id).split("\n", 2)
    fixed = "" if finding.switchable else ", cannot be overridden"
    yield f"### {finding.id}"
    yield f"*{finding.severity.word}{fixed}*: {words(about)} {words(advice)}"
    yield block("text", shown[0].strip("\n")) if shown and shown[0].strip() else ""


def _group(finding: Finding) -> tuple[int, str]:
    """Where the finding stands: the place of its package, and the heading."""
    module = _module(finding)
    package = module.split(".")[1]
    title = re.split(r"[:,.]", inspect.getdoc(sys.modules[module]) or "")[0]
    return list(_HEADINGS).index(package), _HEADINGS[package] or words(title)


def _module(finding: Finding) -> str:
    if isinstance(finding, Check):
        run = finding.run
        return (run.func if isinstance(run, functools.partial) else run).__module__
    for package in _HEADINGS:
        for name in sorted(sys.modules):
            if f"{name}.".startswith(f"scmigen.{package}.") and any(
                value is finding for value in vars(sys.modules[name]).values()
            ):
                return name
    return "scmigen.targets"  # those of limits are made by their target
