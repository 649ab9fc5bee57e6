"""Every finding, derived from the modules that define them and from checks of other packages."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from scmigen.checks.registry import CHECKS, plugins
from scmigen.diagnostics import Finding
from scmigen.resources import shipped
from scmigen.targets.registry import loadable

#: Packages that report diagnostics about boards.
_PACKAGES = (
    "devicetree",
    "bindings",
    "assignment",
    "model",
    "checks",
    "targets",
    "audit",
    "migration",
    "inputs",
    "pipeline",
    "project",
    "topology",
    "imx_sm",
)


def _modules(name: str) -> Iterator[ModuleType]:
    module = importlib.import_module(name)
    yield module
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
        yield importlib.import_module(found.name)


@cache
def _defined() -> dict[str, Finding]:
    """The checks, and what the modules of the other stages define."""
    known: dict[str, Finding] = {check.id: check for check in CHECKS}
    for package in _PACKAGES:
        for module in _modules(f"scmigen.{package}"):
            for value in vars(module).values():
                if isinstance(value, Finding):
                    known.setdefault(value.id, value)
    return known


def findings() -> dict[str, Finding]:
    """All findings by id: the checks, those of the other stages, the checks of other packages."""
    known = dict(_defined())
    for target in loadable():
        for finding in target.all_findings:
            known.setdefault(finding.id, finding)
    for check in plugins().checks:
        known.setdefault(check.id, check)
    return known


#: What the examples take for granted.
_GIVEN = "&clk, &rst and &pd are controllers of the SoC, &rail is a supply from 0.7 V to 0.9 V."


def example(name: str) -> str | None:
    """A board that a check reports and the nearest it accepts; ``None`` for other ids."""
    if name not in findings():
        return None
    path = shipped("templates") / "explain" / f"{name}.txt"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def in_full(name: str) -> str:
    """What one of `findings` is about, what to do, and the example where there is one."""
    said = findings()[name]
    shown = example(name)
    given = (
        f"\n{_GIVEN}\n" if shown is not None and re.search(r"&(clk|rst|pd|rail)\b", shown) else ""
    )
    advice = said.advice
    if said.on_request:
        advice += f" It is reported with -W {name}, or where checks of an agents file names it."
    return "\n".join((said.about, advice, "" if shown is None else f"\n{shown}{given}"))


def switchable() -> tuple[str, ...]:
    """The ids that the user may override, sorted: findings in input that can be read."""
    return tuple(sorted(item.id for item in findings().values() if item.switchable))
