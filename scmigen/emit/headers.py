"""Device-tree headers: the SCMI numbers under names, in the manner of ``dt-bindings``."""

from collections.abc import Iterator
from dataclasses import dataclass

from scmigen.emit.ctext import Enumerators, identifier, plain
from scmigen.emit.files import File
from scmigen.emit.templates import render
from scmigen.model.platform import Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind

_PREFIX = {
    Kind.POWER: "SCMI_PD",
    Kind.PERFORMANCE: "SCMI_PERF",
    Kind.CLOCK: "SCMI_CLK",
    Kind.SENSOR: "SCMI_SENSOR",
    Kind.RESET: "SCMI_RST",
    Kind.VOLTAGE: "SCMI_VOLTD",
}


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    macros: tuple[tuple[str, int, str], ...]


def emit(platform: Platform) -> tuple[File, ...]:
    """One header for all agents; with `per-agent` numbering one for each, since numbers differ."""
    if platform.numbering is Numbering.SHARED:
        return (_header(f"{_stem(platform.name)}.h", list(_shared(platform)), "every agent"),)
    return tuple(
        _header(
            f"{_stem(platform.name)}-{_stem(agent.name)}.h",
            [
                _section(kind, [(g.id, g.resource) for g in platform.grants_of(agent, kind)])
                for kind in Kind
                if platform.grants_of(agent, kind)
            ],
            f"the agent {agent.name}",
        )
        for agent in platform.agents
    )


def _stem(name: str) -> str:
    return identifier(name).lower().replace("_", "-") or "scmi"


def _shared(platform: Platform) -> Iterator[_Section]:
    for kind in Kind:
        if platform.resources[kind]:
            yield _section(kind, [(r.number, r) for r in platform.resources[kind]])


def _section(kind: Kind, resources: list[tuple[int, Resource]]) -> _Section:
    names = Enumerators(_PREFIX[kind])
    macros = tuple(
        (names.name(number, resource.name, resource.short_name), number, plain(str(resource.key)))
        for number, resource in resources
    )
    return _Section(str(kind), macros)


def _header(name: str, sections: list[_Section], whom: str) -> File:
    guard = f"_DT_BINDINGS_SCMI_{identifier(name)}_"
    return File(
        f"dt-bindings/scmi/{name}",
        render("headers/dt-bindings.h.j2", guard=guard, sections=sections, whom=plain(whom)),
    )
