"""The levels of agents: for every grant the lowest that opens it, and the rows that a user adds."""

from collections.abc import Iterable, Iterator

from scmigen.assignment.assignment import Agent
from scmigen.bindings.imx_own import Asked, asked_of
from scmigen.bindings.imx_pins import Pin, pins_of
from scmigen.data import Data, replace
from scmigen.diagnostics import InputError
from scmigen.imx_sm.levels import (
    LEVELS,
    NUMBERED,
    PROTOCOL_OF,
    PROTOCOLS,
    UNCHECKED,
    WHOLE,
    Level,
    allowed,
    least,
)
from scmigen.imx_sm.resources import Resources, read_resources
from scmigen.model.platform import Grant, Platform
from scmigen.model.protocol_grants import Right
from scmigen.scmi.operations import OPERATIONS
from scmigen.targets.common.kept import kept
from scmigen.targets.common.paths import folder_of
from scmigen.targets.imx_sm.options import ImxSmAgent, ImxSmOptions

#: Without the sources of imx-sm, what is called by its number.
_OWN = "DTS_SM_"
_SAID = ImxSmAgent()
#: How many controls a device has: those of the board are numbered behind them.
_CONTROLS = "DEV_SM_NUM_CTRL"


class Cell(Data):
    """A level for a resource. ``name`` in full: ``DEV_SM_CLK_CAN1``; ``grant``, ``pin`` or
    ``asked``: what it is for; ``why`` in words for whole protocols; none of them where only a user
    says it."""

    protocol: str
    name: str
    number: int | None
    level: Level
    grant: Grant | None = None
    pin: Pin | None = None
    why: str = ""
    asked: Asked | None = None

    @property
    def index(self) -> str:
        """How the header writes the place: a macro, a number, or nothing for whole protocols."""
        if self.protocol in WHOLE:
            return ""
        if self.protocol in NUMBERED:
            return f"[{self.name.rpartition('_')[2]}]"
        return f"[{self.name}]"


class Section(Data):
    """An agent as imx-sm has it. ``closed``: what lines above the rows may have opened of it."""

    agent: Agent
    name: str
    number: int
    said: ImxSmAgent
    cells: tuple[Cell, ...]
    closed: tuple[Cell, ...] = ()


class Tables(Data):
    """``resources``: those of the headers, if they are named. ``own``: names that only these files
    have, and their numbers. ``unnamed``, ``pinless``, ``nameless``: grants on numbers, pins, and
    what nodes ask of NXP's own protocols, that the headers do not have. ``unknown``: rows that name
    no resource."""

    sections: tuple[Section, ...]
    resources: Resources | None
    own: tuple[tuple[str, int], ...]
    unnamed: tuple[Grant, ...]
    pinless: tuple[Pin, ...]
    nameless: tuple[Asked, ...]
    unknown: tuple[tuple[Section, str], ...]


def resources_of(options: ImxSmOptions) -> Resources | None:
    """The resources that the headers of the named sources have. Raises `InputError`."""
    if options.tree is None or options.soc is None:
        return None
    at = options.at("tree")
    return read_resources(folder_of(options.tree, at), options.soc, options.board, at)


def files_read(options: ImxSmOptions) -> Iterator[str]:
    """The headers that are read."""
    try:
        resources = resources_of(options)
    except InputError:
        return
    if resources is not None:
        yield from resources.files


@kept
def tables(platform: Platform, options: ImxSmOptions) -> Tables:
    """The sections of all agents. Raises `InputError` where the sources cannot be read."""
    resources = resources_of(options)
    unnamed: list[Grant] = []
    unknown: list[tuple[Section, str]] = []
    pinless: list[Pin] = []
    nameless: list[Asked] = []
    pins = _by_agent(platform)
    sections = []
    numbers = numbers_of(platform, options)
    for agent, number in zip(platform.agents, numbers, strict=True):
        said = options.agents.get(agent.name, _SAID)
        cells = {cell.name: cell for cell in _granted(platform, agent, options, resources, unnamed)}
        cells |= {cell.name: cell for cell in _rights(platform, agent, numbers)}
        cells |= {cell.name: cell for cell in _pins(pins.get(agent.id, ()), resources, pinless)}
        cells |= {c.name: c for c in _asked(platform, agent, resources, nameless)}
        section = Section(agent, said.name or agent.name, number, said, ())
        for row, word in said.rows.items():
            name = full_name(row, resources)
            if name is None:
                unknown.append((section, row))
                continue
            known = cells.get(name)
            cells[name] = _said_cell(name, LEVELS[word], known, resources)
        ordered = tuple(sorted(cells.values(), key=_order))
        closed = tuple(_closed(ordered, resources)) if said.form == "rows" and resources else ()
        sections.append(replace(section, cells=ordered, closed=closed))
    own = {
        (cell.name, cell.number)
        for section in sections
        for cell in section.cells
        if cell.name.startswith(_OWN) and cell.number is not None
    }
    return Tables(
        tuple(sections),
        resources,
        tuple(sorted(own)),
        tuple(unnamed),
        tuple(dict.fromkeys(pinless)),
        tuple(dict.fromkeys(nameless)),
        tuple(unknown),
    )


def _order(cell: Cell) -> tuple[int, int, str]:
    return PROTOCOLS.index(cell.protocol), -1 if cell.number is None else cell.number, cell.name


#: What grants and the tree's pins govern; levels of other protocols are the user's.
_GOVERNED = (*PROTOCOL_OF.values(), "daisy")


def _closed(cells: Iterable[Cell], resources: Resources) -> Iterator[Cell]:
    """Every other resource, with ``none``; another name of a resource of ``cells``, with the level
    that it has there, as the tool knows resources by their names alone."""
    named = {cell.name for cell in cells}
    levels = {(cell.protocol, cell.number): cell.level for cell in cells}
    for protocol in _GOVERNED:
        ids = resources.ids[protocol]
        for name, number in sorted(ids.items(), key=lambda one: (one[1], one[0])):
            if name not in named:
                yield Cell(protocol, name, number, levels.get((protocol, number), Level.NONE))


def protocol_of(name: str) -> str | None:
    """The protocol word of a resource's full name."""
    word = name.partition("_SM_")[2].partition("_")[0].lower()
    return word if word in PROTOCOLS else None


def full_name(row: str, resources: Resources | None) -> str | None:
    """The full name of a resource as a user writes it; None where there is none such."""
    row = f"{row}_0" if row.lower() in WHOLE else row
    name = row if "_SM_" in row else f"DEV_SM_{row}"
    if protocol_of(name) is None or (resources is not None and not resources.known(name)):
        return None
    return name


def _said_cell(name: str, level: Level, known: Cell | None, resources: Resources | None) -> Cell:
    number = resources.id_of(name) if resources else None
    if known is not None:
        return replace(known, level=level, why="")
    return Cell(protocol_of(name) or "", name, number, level)


def _granted(
    platform: Platform,
    agent: Agent,
    options: ImxSmOptions,
    resources: Resources | None,
    unnamed: list[Grant],
) -> Iterator[Cell]:
    for kind, protocol in PROTOCOL_OF.items():
        for grant in platform.grants_of(agent, kind):
            name: str | None = f"{_OWN}{protocol.upper()}_{grant.id}"
            if resources is not None:
                name = resources.names.get((protocol, grant.id))
            if name is None:
                unnamed.append(grant)
            elif (level := level_of(grant, options)) is not Level.NONE:
                yield Cell(protocol, name, grant.id, level, grant)


def _by_agent(platform: Platform) -> dict[int, list[Pin]]:
    """The pins of the nodes that an agent has at boot."""
    found: dict[int, list[Pin]] = {}
    if platform.instance is not None:
        for pin in pins_of(platform.inventory, platform.instance):
            for agent in platform.owners.of(pin.node).agents:
                found.setdefault(agent.id, []).append(pin)
    return found


def _pins(pins: Iterable[Pin], resources: Resources | None, pinless: list[Pin]) -> Iterator[Cell]:
    """A pin and its daisy chain are set by one message, which needs both."""
    for pin in pins:
        for protocol, number in (("pin", pin.number), ("daisy", pin.daisy)):
            if number is None:
                continue
            name: str | None = f"{_OWN}{protocol.upper()}_{number}"
            if resources is not None:
                name = resources.names.get((protocol, number))
            if name is None:
                pinless.append(pin)
            else:
                yield Cell(protocol, name, number, Level.EXCLUSIVE, pin=pin)


#: What opens each kind of resource of NXP's own protocols to be set. Telling of one needs `NOTIFY`.
_SETS = Level.EXCLUSIVE


def _asked(
    platform: Platform, agent: Agent, resources: Resources | None, nameless: list[Asked]
) -> Iterator[Cell]:
    """What protocol nodes of the agent ask for of NXP's own protocols."""
    instance = platform.instance
    for each in () if instance is None else asked_of(instance):
        if agent not in platform.owners.of(each.node).agents:
            continue
        behind = resources.number(_CONTROLS) if resources is not None and each.boards else 0
        number = None if behind is None else behind + each.number
        name: str | None = f"{_OWN}{each.kind.upper()}_{number}"
        if resources is not None:
            name = None if number is None else resources.names.get((each.kind, number))
        elif each.boards:
            name = None
        if name is None:
            nameless.append(each)
        else:
            level = _SETS if each.sets else Level.NOTIFY
            yield Cell(each.kind, name, number, level, asked=each)


def level_of(grant: Grant, options: ImxSmOptions) -> Level:
    """The lowest level for what is granted at boot, or that of everything where that is asked."""
    kind = grant.kind
    checked = frozenset(OPERATIONS[kind]) - frozenset(UNCHECKED[kind])
    if options.full == "all" and checked <= grant.boot:
        return Level.ALL
    return least(kind, grant.boot)


def wider(grant: Grant) -> tuple[str, ...]:
    """What the level of a grant opens besides."""
    opened = allowed(grant.kind, least(grant.kind, grant.boot))
    return tuple(one for one in opened if one not in grant.boot)


def numbers_of(platform: Platform, options: ImxSmOptions) -> tuple[int, ...]:
    """The numbers of the agents' sections: those that are said, else the places of the agents."""
    said = [options.agents.get(agent.name, _SAID).number for agent in platform.agents]
    return tuple(place if number is None else number for place, number in enumerate(said))


def _rights(platform: Platform, agent: Agent, numbers: tuple[int, ...]) -> Iterator[Cell]:
    """The state of the system, and the permissions of all agents."""
    for grant in platform.protocol_grants:
        if grant.agent != agent:
            continue
        if grant.right is Right.SYSTEM_POWER:
            level = Level.PRIV if "state" in grant.operations else Level.NOTIFY
            yield Cell("sys", "DEV_SM_SYS_0", None, level, why=grant.because)
        else:
            for number in numbers:
                name = f"DEV_SM_BASE_{number}"
                yield Cell("base", name, number, Level.PRIV, why=grant.because)
