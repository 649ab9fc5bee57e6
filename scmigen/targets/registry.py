"""All targets by name: those of this package, and those that other packages bring.

A target is imported when it is first asked for. Another package offers one by an entry point::

    [project.entry-points."scmigen.targets"]
    acme = "acme_scmi:TARGET"
"""

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module

from scmigen.assignment.words import did_you_mean
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Finding, InputError, Severity
from scmigen.hints import TYPE_CHECKING, Any
from scmigen.patterns import pattern
from scmigen.plugins import (
    PluginError,
    described,
    entry_points_of,
    guarded,
    load,
    package_of,
    unusable,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

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
    "trees": "scmigen.targets.trees:TARGET",
    "consumer": "scmigen.targets.consumer:TARGET",
    "hvisor": "scmigen.targets.hvisor:TARGET",
    "optee-msg": "scmigen.targets.scmi_msg:OPTEE_MSG",
    "tfa-msg": "scmigen.targets.scmi_msg:TFA_MSG",
    "optee-server": "scmigen.targets.optee_server:TARGET",
    "ids": "scmigen.targets.ids:TARGET",
    "bpmp": "scmigen.targets.bpmp:TARGET",
    "imx-sm": "scmigen.targets.imx_sm:TARGET",
    "xen": "scmigen.targets.xen:TARGET",
    "certificate": "scmigen.targets.certificate:TARGET",
    "evidence": "scmigen.targets.certificate.evidence:TARGET",
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
    point, *others = _outside()[name]
    if others:
        reason = f"there is an output {name} already: {described(point)}"
        raise InputError([unusable(each, TARGET_UNLOADABLE, reason, _TAKEN) for each in others])
    return _load(point)


def rivals(wanted: Collection[str]) -> tuple[Diagnostic, ...]:
    """Targets of other packages with the name of one of ``wanted`` that is of this package."""
    return tuple(
        replace(
            unusable(point, TARGET_UNLOADABLE, f"{point.name} is an output of scmigen", _OURS),
            severity=Severity.WARNING,
        )
        for point in entry_points_of(GROUP)
        if point.name in BUILT_IN and point.name in wanted
    )


def package(name: str) -> str:
    """Name and version of the package of another package's target; empty if not known."""
    return package_of(_outside()[name][0])


def loadable() -> "Iterator[Target[Any]]":
    """All targets but those that cannot be loaded."""
    for name in names():
        try:
            yield find(name)
        except InputError:
            continue


def _outside() -> "Mapping[str, list[EntryPoint]]":
    """The entry points by name; the names of this package are not theirs to take."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points_of(GROUP):
        if point.name not in BUILT_IN:
            found.setdefault(point.name, []).append(point)
    return found


_HINT = "it must name a scmigen.targets.base.Target of the same name: docs/reference/targets.md"
_TAKEN = "uninstall one of the packages, or have its authors rename their output"

_OURS = "scmigen makes its own; have the authors rename theirs"

#: The name is also that of a folder, and ``--emit`` splits at commas.
_NAME = pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def _load(point: "EntryPoint") -> "Target[Any]":
    from scmigen.targets.base import Target  # only what makes an output needs it

    found = load(point, TARGET_UNLOADABLE, _HINT)
    if not isinstance(found, Target):
        reason: str | None = f"it is {type(found).__name__!r}, not a Target"
    else:
        reason = _wrong(found, point.name)
        if reason is None:
            return found
    raise InputError([unusable(point, TARGET_UNLOADABLE, reason or "", _HINT)])


def _wrong(target: "Target[Any]", name: str) -> str | None:
    """Why a target of another package cannot be used."""
    from scmigen.plugin_types import mistyped
    from scmigen.targets.base import Target
    from scmigen.targets.options import unsupported

    if target.name != name:
        return f"its target is called {target.name!r}"
    if not _NAME.fullmatch(name):
        return f"{name!r} is not a name of letters, digits, dots, hyphens and underscores"
    try:
        return guarded(
            lambda: mistyped(target, Target, "it") or unsupported(target.options), target.options
        )
    except PluginError as problem:
        return f"its options failed with {problem}"
