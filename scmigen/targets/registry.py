"""All targets by name: those of this package, and those that other packages bring.

A target is imported when it is first asked for. Another package offers one by an entry point::

    [project.entry-points."scmigen.targets"]
    acme = "acme_scmi:TARGET"
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from scmigen.assignment.words import did_you_mean
from scmigen.diagnostics import Finding, InputError
from scmigen.plugins import entry_points_of, load, unusable

if TYPE_CHECKING:
    from scmigen.targets.base import Target

#: The group of entry points.
GROUP = "scmigen.targets"

#: The targets of this package: name → module and variable.
BUILT_IN: Mapping[str, str] = {
    "scp": "scmigen.targets.scp:SCP",
    "scp-product": "scmigen.targets.scp:PRODUCT",
    "scp-optee": "scmigen.targets.scp:OPTEE",
    "runtime": "scmigen.targets.runtime:TARGET",
    "permissions": "scmigen.targets.permissions:TARGET",
    "headers": "scmigen.targets.headers:TARGET",
}

#: The outputs of ``scmigen build`` without ``--emit``.
DEFAULT = ("scp", "runtime", "permissions", "headers")

TARGET_UNLOADABLE = Finding(
    "target-unloadable",
    "An output of another package cannot be loaded.",
    "Repair, update or uninstall the package that the message names.",
    switchable=False,
)


def names() -> tuple[str, ...]:
    """The names of all targets, those of this package first."""
    return (*BUILT_IN, *sorted(_outside()))


def is_built_in(name: str) -> bool:
    """Whether the target is part of this package."""
    return name in BUILT_IN


def exists(name: str) -> bool:
    """Whether there is a target of that name; entry points are read only where need be."""
    return name in BUILT_IN or name in _outside()


def unknown_hint(name: str) -> str | None:
    """The nearest names, for a target that does not exist."""
    return did_you_mean(name, names())


def find(name: str) -> "Target[Any]":
    """The target of that name, which `exists`. Raises `InputError` if it cannot be loaded."""
    if name in BUILT_IN:
        module, _, variable = BUILT_IN[name].partition(":")
        target: Target[Any] = getattr(import_module(module), variable)
        return target
    return _load(_outside()[name])


def loadable() -> "Iterator[Target[Any]]":
    """All targets but those that cannot be loaded."""
    for name in names():
        try:
            yield find(name)
        except InputError:
            continue


def _outside() -> Mapping[str, Any]:
    """The entry points by name; the names of this package are not theirs to take."""
    return {point.name: point for point in entry_points_of(GROUP) if point.name not in BUILT_IN}


_HINT = "it must name a scmigen.targets.base.Target of the same name: docs/targets.md"


def _load(point: Any) -> "Target[Any]":
    from scmigen.targets.base import Target  # only what makes an output needs it

    found = load(point, TARGET_UNLOADABLE, _HINT)
    reason = ""
    if not isinstance(found, Target):
        reason = f"it is {type(found).__name__!r}, not a Target"
    elif found.name != point.name:
        reason = f"its target is called {found.name!r}"
    else:
        return found
    raise InputError([unusable(point, TARGET_UNLOADABLE, reason, _HINT)])
