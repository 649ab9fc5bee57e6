"""Device-tree headers: the SCMI numbers under names, in the manner of ``dt-bindings``.

Every number has the name that follows from its SCMI name, which a source and its blob share: a tree
that includes the header keeps its meaning whichever of them the board was read from. Where the
board's source calls the resource by a macro, that name comes in addition, so that ``<&rcc
CK_BUS_UART4>`` becomes ``<&scmi_clk SCMI_CLK_CK_BUS_UART4>`` by a search and replace.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scmigen.bindings.facts import ResourceKey
from scmigen.model.platform import Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import BEYOND_TREES, Kind
from scmigen.targets.common.ctext import Enumerators, identifier, notice, plain
from scmigen.targets.common.files import File
from scmigen.targets.common.names import origin_of, telling
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.common.templates import render

_PREFIX = {
    Kind.POWER: "SCMI_PD",
    Kind.PERFORMANCE: "SCMI_PERF",
    Kind.CLOCK: "SCMI_CLK",
    Kind.SENSOR: "SCMI_SENSOR",
    Kind.RESET: "SCMI_RST",
    Kind.VOLTAGE: "SCMI_VOLTD",
} | {kind: f"SCMI_{kind.name}" for kind in BEYOND_TREES}


#: Longest name that becomes a define; trees include these, so that it stays as it is.
_LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class _Section:
    """The names of one kind: (name, number, where from); ``others``: (macro's name, number)."""

    title: str
    macros: tuple[tuple[str, int, str], ...]
    others: tuple[tuple[str, int], ...]


def headers(platform: Platform, options: NoticeOptions) -> tuple[File, ...]:
    """One header for all agents; with `per-agent` numbering one for each, since numbers differ."""
    if platform.numbering is Numbering.SHARED:
        return (
            _header(f"{_stem(platform.name)}.h", list(_shared(platform)), "every agent", options),
        )
    return tuple(
        _header(
            f"{_stem(platform.name)}-{_stem(agent.name)}.h",
            [
                _section(
                    platform, kind, [(g.id, g.resource) for g in platform.grants_of(agent, kind)]
                )
                for kind in Kind
                if platform.grants_of(agent, kind)
            ],
            f"the agent {agent.name}",
            options,
        )
        for agent in platform.agents
    )


def _stem(name: str) -> str:
    return identifier(name).lower().replace("_", "-") or "scmi"


def _shared(platform: Platform) -> Iterator[_Section]:
    for kind in Kind:
        if platform.resources[kind]:
            yield _section(platform, kind, [(r.number, r) for r in platform.resources[kind]])


def _section(platform: Platform, kind: Kind, resources: list[tuple[int, Resource]]) -> _Section:
    names = Enumerators(_PREFIX[kind], longest=_LONGEST_NAME)
    first = [
        names.name(number, resource.name, resource.short_name) for number, resource in resources
    ]
    macros = tuple(
        (name, number, plain(origin_of(platform, resource)))
        for name, (number, resource) in zip(first, resources, strict=True)
    )
    return _Section(
        str(kind), macros, tuple(_others(kind, telling(platform), frozenset(first), resources))
    )


def _others(
    kind: Kind,
    macros: Mapping[ResourceKey, str],
    taken: frozenset[str],
    resources: list[tuple[int, Resource]],
) -> Iterator[tuple[str, int]]:
    """The macros of the board's source that are not already the name of something."""
    for number, resource in resources:
        macro = macros.get(resource.key)
        if macro is not None:
            name = f"{_PREFIX[kind]}_{identifier(macro)}"
            if name not in taken:
                yield name, number


def _header(name: str, sections: list[_Section], whom: str, options: NoticeOptions) -> File:
    text = render(
        "headers/dt-bindings.h.j2",
        guard=f"_DT_BINDINGS_SCMI_{identifier(name)}_",
        sections=sections,
        whom=plain(whom),
        license=options.license,
        copyright=None if options.copyright is None else notice(options.copyright, " * "),
    )
    return File(f"dt-bindings/scmi/{name}", text)
