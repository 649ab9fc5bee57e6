"""What imx-sm cannot express, and where its names and ours differ."""

import re
from collections.abc import Iterator

from scmigen.assignment.words import did_you_mean
from scmigen.bindings.imx_pins import Pin
from scmigen.data import replace
from scmigen.diagnostics import (
    Diagnostic,
    Finding,
    InputError,
    Position,
    Related,
    Severity,
    counted,
)
from scmigen.imx_sm.levels import PROTOCOL_OF, Level, least
from scmigen.model.platform import Grant, Platform
from scmigen.patterns import pattern
from scmigen.scmi.operations import ordered
from scmigen.targets.common.names import written
from scmigen.targets.imx_sm.cells import Cell, Section, Tables, full_name, tables, wider
from scmigen.targets.imx_sm.options import NAME, ImxSmOptions
from scmigen.targets.limits import title, where

IMX_SM_IDS = Finding(
    "imx-sm-ids",
    "The tree has no SCMI node, so that its numbers are not those of imx-sm.",
    "Numbers of imx-sm are fixed by the device: use the tree that Linux boots with on it.",
)
IMX_SM_AGENT = Finding(
    "imx-sm-agent",
    "An agent has a name that imx-sm cannot hold, or two agents have one number.",
    "Say it: outputs: {imx-sm: {agents: {AGENT: {name: AP-NS, number: 2}}}}.",
)
IMX_SM_UNNAMED = Finding(
    "imx-sm-unnamed",
    "An agent is granted a number that the device of imx-sm does not have.",
    "Correct the number in the tree, or soc and board of the output.",
)
IMX_SM_RENAMED = Finding(
    "imx-sm-renamed",
    "The tree and imx-sm have different names for a number.",
    "See which of the two lists has moved; a later name is only a rename.",
    Severity.WARNING,
)
IMX_SM_PIN = Finding(
    "imx-sm-pin",
    "Nodes of two agents ask for one pin, or for one daisy chain.",
    "Give both nodes to one agent, or take the pin from one of them.",
    Severity.WARNING,
)
IMX_SM_ROW = Finding(
    "imx-sm-row",
    "A row that the agents file adds names no resource, or opens less than is granted.",
    "Correct its name, or raise the level.",
)
IMX_SM_WIDER = Finding(
    "imx-sm-wider",
    "The lowest level of imx-sm that opens a grant opens more than is granted.",
    "There is no level between; grant the rest as well, if that is right.",
    Severity.WARNING,
)
IMX_SM_ASSIGNABLE = Finding(
    "imx-sm-assignable",
    "A device can be given to an agent at run time; imx-sm gives resources at boot alone.",
    "Give it to one agent; what opens later is left out of the output.",
    Severity.WARNING,
)
FINDINGS = (
    IMX_SM_IDS,
    IMX_SM_AGENT,
    IMX_SM_UNNAMED,
    IMX_SM_RENAMED,
    IMX_SM_PIN,
    IMX_SM_ROW,
    IMX_SM_WIDER,
    IMX_SM_ASSIGNABLE,
)

#: What headers for device trees put before a name: ``IMX95_CLK_CAN1``, ``IMX95_PD_GPU``.
_VENDOR = pattern(r"^(?:IMX|MX)[0-9]+[A-Z]?_")


def check(platform: Platform, options: ImxSmOptions) -> Iterator[Diagnostic]:
    """Everything in which the board and imx-sm do not fit."""
    if platform.instance is None:
        yield IMX_SM_IDS.error(
            "the tree has no SCMI node: the numbers of its resources are scmigen's, and imx-sm has "
            "its own",
            hint="take the tree of a board with imx-sm, which has /firmware/scmi",
        )
        return
    try:
        made = tables(platform, options)
    except InputError as problem:
        yield from problem.diagnostics
        return
    yield from _agents(made, options)
    yield from _unnamed(made, options)
    yield from _pins(made, options)
    yield from _asked(made, options)
    yield from _rows(made, options)
    yield from _renamed(platform, made)
    yield from _wider(platform)
    yield from _assignable(platform)


def _agents(made: Tables, options: ImxSmOptions) -> Iterator[Diagnostic]:
    numbers: dict[int, Section] = {}
    for section in made.sections:
        at = options.at("agents", section.agent.name) or section.agent.position
        if not re.fullmatch(NAME, section.name):
            yield IMX_SM_AGENT.error(
                f"{section.name!r} is no name for imx-sm: it takes 1 to 15 letters, digits, dots, "
                "hyphens and underscores",
                at,
                hint=f"outputs: {{imx-sm: {{agents: {{{section.agent.name}: {{name: AP-NS}}}}}}}}",
            )
        first = numbers.setdefault(section.number, section)
        if first is not section:
            yield IMX_SM_AGENT.error(
                f"{section.agent.name} is agent {section.number}, as {first.agent.name} is", at
            )


def _unnamed(made: Tables, options: ImxSmOptions) -> Iterator[Diagnostic]:
    for grant in made.unnamed:
        ids = made.resources.ids[PROTOCOL_OF[grant.kind]].values() if made.resources else ()
        yield IMX_SM_UNNAMED.error(
            f"{options.soc} has no {title(grant.kind)} {grant.id} ({grant.name}), which "
            f"{grant.agent.name} is granted",
            where(grant.resource),
            hint=f"its numbers go up to {max(ids)}" if ids else "it has none of them",
        )


def _pins(made: Tables, options: ImxSmOptions) -> Iterator[Diagnostic]:
    """Pins that the device lacks, and pins of two agents, where the last request counts."""
    for pin in made.pinless:
        yield IMX_SM_UNNAMED.error(
            f"{options.soc} has no pin {pin.number}, or no daisy chain {pin.daisy}, which "
            f"{pin.node.path} asks for",
            pin.position,
        )
    first: dict[str, tuple[Section, Pin]] = {}
    for section in made.sections:
        for cell in section.cells:
            if cell.pin is not None:
                other, pin = first.setdefault(cell.name, (section, cell.pin))
                if other is not section:
                    yield _pin_of_two(cell, (other, pin), (section, cell.pin))


def _asked(made: Tables, options: ImxSmOptions) -> Iterator[Diagnostic]:
    """What nodes ask of NXP's own protocols, and the headers do not have."""
    unread = [each for each in made.nameless if each.boards and options.board is None]
    for each in made.nameless:
        if each not in unread:
            yield IMX_SM_UNNAMED.error(
                f"{options.soc} has no {each.kind} {each.number}{' of its board' * each.boards},"
                f" which {each.node.path} asks for",
                each.position,
            )
    if unread:
        yield IMX_SM_UNNAMED.note(
            f"{counted(len(unread), 'control')} of the board, which {unread[0].node.path} asks for,"
            f" {'is' if len(unread) == 1 else 'are'} left out: their numbers begin behind those of"
            " the device, which headers tell",
            unread[0].position,
            hint="outputs: {imx-sm: {tree: ../imx-sm, soc: MIMX95, board: mcimx95evk}}",
        )


def _pin_of_two(cell: Cell, *both: tuple[Section, Pin]) -> Diagnostic:
    names = [section.agent.name for section, _ in both]
    return IMX_SM_PIN.warning(
        f"{cell.protocol} {cell.number} is set by {' and '.join(names)}: the last request counts",
        both[-1][1].position,
        [Related(f"{s.agent.name}: {pin.node.path}", pin.position) for s, pin in both],
        "give both devices to one agent",
    ).about(nodes=[pin.node.path for _, pin in both], agents=names)


def _rows(made: Tables, options: ImxSmOptions) -> Iterator[Diagnostic]:
    for section, row in made.unknown:
        known: set[str] = set()
        if made.resources is not None:
            known = {n.removeprefix("DEV_SM_") for ids in made.resources.ids.values() for n in ids}
        yield IMX_SM_ROW.error(
            f"{row} is no resource of {options.soc or 'imx-sm'}",
            options.at("agents", section.agent.name, "rows", row),
            hint=did_you_mean(row, known),
        )
    for section in made.sections:
        given = {full_name(row, made.resources): row for row in section.said.rows}
        for cell in section.cells:
            if cell.grant is None or cell.name not in given:
                continue
            yield from _row(section, cell, options.at("agents", section.agent.name, "rows",
                                                      given[cell.name]))  # fmt: skip


def _row(section: Section, cell: Cell, at: Position | None) -> Iterator[Diagnostic]:
    """A row that opens less than is granted; none is a word for leaving it out."""
    grant = cell.grant
    assert grant is not None
    needed = least(grant.kind, grant.boot)
    if cell.level >= needed:
        return
    words = ", ".join(ordered(grant.kind, grant.boot))
    if cell.level is Level.NONE:
        yield IMX_SM_ROW.note(
            f"{section.agent.name} is granted {words} on {cell.name}, and none leaves it out", at
        )
    else:
        yield IMX_SM_ROW.error(
            f"{cell.level.word} does not open what {section.agent.name} is granted of "
            f"{cell.name}: {words}",
            at,
            hint=f"{needed.word} is the lowest level that does; none leaves it out",
        )


def _same(macro: str, name: str) -> bool:
    """Whether two names are of one resource: the macro may lack the beginning of imx-sm's name, or
    have its words in another order."""
    wanted = _VENDOR.sub("", macro.split()[0])
    ours = name.partition("_SM_")[2]
    return ours.endswith(wanted.partition("_")[2] or wanted) or (
        sorted(ours.split("_")) == sorted(wanted.split("_"))
    )


def _renamed(platform: Platform, made: Tables) -> Iterator[Diagnostic]:
    """One warning for the board: numbers whose macro in the source is another name."""
    seen: dict[tuple[str, int], Grant] = {}
    for section in made.sections if made.resources is not None else ():
        for cell in section.cells:
            if cell.grant is not None and cell.number is not None:
                seen.setdefault((cell.name, cell.number), cell.grant)
    found = [
        (macro, name, grant)
        for (name, _), grant in seen.items()
        if (macro := written(platform, grant.resource)) and not _same(macro, name)
    ]
    if found:
        macro, name, grant = found[0]
        warning = IMX_SM_RENAMED.warning(
            f"{grant.kind} {grant.id} is {macro} in the tree and {name} in imx-sm"
            + (f"; {counted(len(found) - 1, 'more differs', 'more differ')}" if found[1:] else ""),
            where(grant.resource),
            [
                Related(f"{grant.kind} {grant.id}: {macro}, {name}", where(grant.resource))
                for macro, name, grant in found[1:]
            ],
            "where the numbers have moved, a device gets the clock of another one",
        )
        yield replace(warning, whole=True)


def _wider(platform: Platform) -> Iterator[Diagnostic]:
    """One warning for each kind and what is opened besides."""
    found: dict[tuple[str, ...], list[Grant]] = {}
    for grant in platform.grants():
        if grant.kind in PROTOCOL_OF and (more := wider(grant)):
            level = least(grant.kind, grant.boot).word
            found.setdefault((title(grant.kind), level, *more), []).append(grant)
    for (kind, level, *besides), grants in found.items():
        yield IMX_SM_WIDER.warning(
            f"{level} is the lowest level of imx-sm for {counted(len(grants), 'grant')} of a "
            f"{kind}, and opens {' and '.join(besides)}, too",
            where(grants[0].resource),
            [
                Related(
                    f"{grant.agent.name}: {', '.join(ordered(grant.kind, grant.boot))} on "
                    f"{grant.kind} {grant.id} ({grant.name})",
                    where(grant.resource),
                )
                for grant in grants
            ],
        )


def _assignable(platform: Platform) -> Iterator[Diagnostic]:
    found = [g for g in platform.grants() if g.kind in PROTOCOL_OF and g.operations != g.boot]
    if found:
        yield IMX_SM_ASSIGNABLE.warning(
            f"{counted(len(found), 'grant')} would open when a device is given to "
            f"{', '.join(dict.fromkeys(g.agent.name for g in found))}: imx-sm cannot give it",
            where(found[0].resource),
            [Related(f"{g.agent.name}: {g.kind} {g.id} ({g.name})", where(g.resource))
             for g in found],
            "give the device to one agent, or the grant to both",
        )  # fmt: skip
