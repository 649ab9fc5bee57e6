"""Agents files in other forms: readers of other packages, the group ``scmigen.sources``.

A reader is chosen by the ending of the file's name; YAML needs none. It returns what the file says
(`scmigen.assignment.said.SourceSaid`), with ``None`` where it is silent: comparing sources and
filling in defaults is not its task.
"""

from collections.abc import Callable, Iterator
from pathlib import PurePath

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.said import AgentSaid, PlatformSaid, Said, SourceSaid
from scmigen.assignment.values import CLASSES, FORMER_KEYS, TRANSPORTS, is_vendor
from scmigen.data import Data, replace
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import (
    Diagnostic,
    Finding,
    InputError,
    Position,
    Severity,
    has_errors,
)
from scmigen.hints import TYPE_CHECKING
from scmigen.plugin_types import mistyped
from scmigen.plugins import (
    PluginError,
    described,
    entry_points_of,
    guarded,
    load,
    package_of,
    unusable,
)
from scmigen.runtime import MAX_AGENTS, MAX_GRACE, MAX_RESOURCES
from scmigen.scmi.operations import OPERATIONS
from scmigen.tuples import NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: The group of entry points.
GROUP = "scmigen.sources"

SOURCE_UNLOADABLE = Finding(
    "source-unloadable",
    "A reader of agents files of another package cannot be loaded, or fails.",
    "Repair, update or uninstall the package that the message names.",
    switchable=False,
)

#: The severities of overrides, as in an agents file.
SEVERITIES = ("off", "note", "warning", "error")

_HINT = "it must name a scmigen.Source"
_TAKEN = "uninstall one of the packages, or give the file another ending"
_WORD = 0xFFFF_FFFF
_YAML = ("", ".yaml", ".yml")


class Source(Data):
    """A reader of agents files whose names end in ``suffix``, such as ``".toml"``.

    ``read`` is given the text, the name for positions, and the board, and raises `InputError` with
    everything that is wrong.
    """

    suffix: str
    read: Callable[[str, str, DeviceTree], SourceSaid]


class Reader(NamedTuple):
    """A source, and the package it is of."""

    source: Source
    package: str


def reader_of(name: str) -> Reader | None:
    """The reader of another package for a file; ``None``: it is YAML.

    Raises `InputError` if it cannot be loaded, or if there are two.
    """
    suffix = PurePath(name).suffix
    if suffix in _YAML:
        return None
    readers, problems = _readers(suffix)
    if len(readers) > 1:
        first = described(readers[0][0])
        reason = f"there is a reader of {suffix} already: {first}"
        problems = [unusable(point, SOURCE_UNLOADABLE, reason, _TAKEN) for point, _ in readers[1:]]
    elif readers:
        ((point, source),) = readers
        return Reader(source, package_of(point))
    if problems:
        raise InputError(problems)
    return None


def rivals(name: str) -> tuple[Diagnostic, ...]:
    """A warning for each reader of another package that is passed over, since a file is YAML."""
    suffix = PurePath(name).suffix
    if suffix not in _YAML:
        return ()
    what = f"files that end in {suffix}" if suffix else "files without an ending"
    reason = f"{what} are read as YAML by scmigen itself"
    hint = "have its authors choose another ending"
    return tuple(
        replace(unusable(point, SOURCE_UNLOADABLE, reason, hint), severity=Severity.WARNING)
        for point, _ in _readers(suffix)[0]
    )


def _readers(suffix: str) -> "tuple[list[tuple[EntryPoint, Source]], list[Diagnostic]]":
    """The sources for an ending, and all that cannot be used: one of those might be for it."""
    readers: list[tuple[EntryPoint, Source]] = []
    problems: list[Diagnostic] = []
    for point in entry_points_of(GROUP):
        try:
            found = load(point, SOURCE_UNLOADABLE, _HINT)
        except InputError as problem:
            problems.extend(problem.diagnostics)
            continue
        reason = _unusable(found)
        if reason or not isinstance(found, Source):
            problems.append(unusable(point, SOURCE_UNLOADABLE, reason, _HINT))
        elif found.suffix == suffix:
            readers.append((point, found))
    return readers, problems


def _unusable(found: object) -> str:
    """Why an object cannot be used as a source; empty if it can."""
    if not isinstance(found, Source):
        return f"it is {type(found).__name__!r}, not a Source"
    wrong = mistyped(found, Source, "it")
    if wrong is None and PurePath(f"a{found.suffix}").suffix != found.suffix:
        return f"its suffix {found.suffix!r} is not the last ending of a name, such as '.toml'"
    return wrong or ""


def read_foreign(reader: Reader, text: str, name: str, tree: DeviceTree) -> SourceSaid:
    """Read a file. Raises `InputError`, also for a reader that fails in other ways."""
    whose = f"its reader{f' of {reader.package}' if reader.package else ''}"
    read = reader.source.read
    try:
        said, problems = guarded(lambda: _outcome(reader.source, text, name, tree), read)
    except PluginError as problem:
        message = f"{whose} failed with {problem}"
        raise InputError([SOURCE_UNLOADABLE.error(message, Position(name))]) from problem
    if problems:
        raise InputError(problems)
    if isinstance(said, str):
        raise InputError([SOURCE_UNLOADABLE.error(f"{whose} returned {said}", Position(name))])
    return said


def _outcome(
    source: Source, text: str, name: str, tree: DeviceTree
) -> tuple[SourceSaid | str, tuple[Diagnostic, ...]]:
    """What a reader says, or what is wrong with that; and the problems that it raised."""
    try:
        said = source.read(text, name, tree)
    except InputError as problem:
        wrong = mistyped(problem.diagnostics, tuple[Diagnostic, ...], "its diagnostics")
        if wrong or not has_errors(problem.diagnostics):
            raise TypeError(wrong or "InputError without an error") from problem
        return "", problem.diagnostics
    if not isinstance(said, SourceSaid):
        return f"{type(said).__name__!r}, not SourceSaid", ()
    wrong = mistyped(said, SourceSaid, "SourceSaid") or next(_out_of_range(said, tree), None)
    if wrong:
        return f"what cannot be used: {wrong.removeprefix('SourceSaid.')}", ()
    return replace(said, named=(*said.named, *_named(said))), ()


def _named(said: SourceSaid) -> Iterator[Said[str]]:
    """The agents that entries name: some source must describe each of them."""
    own = {agent.name for agent in said.agents} | {name.value for name in said.named}
    for place in (
        *(Said(claim.agent, claim.position) for claim in said.claims if claim.agent is not None),
        *(
            Said(name, claim.assignable.position)
            for claim in said.claims
            if claim.assignable is not None
            for name in claim.assignable.value
        ),
        *(Said(grant.agent, grant.position) for grant in said.grants),
        *(Said(owner.agent, owner.position) for owner in said.platform.owners),
        *(Said(tree.agent, said.position) for tree in said.trees),
    ):
        if place.value not in own:
            own.add(place.value)
            yield place


def _out_of_range(said: SourceSaid, tree: DeviceTree) -> Iterator[str]:
    """Values of the right type that no agents file could have."""
    for index, agent in enumerate(said.agents):
        for what, wrong in _ranges(agent):
            yield f"agents[{index}].{what} cannot be {wrong!r}"
        if said.numbered and agent.id is None:
            yield f"agents[{index}].id cannot be None where agents are numbered"
    for index, claim in enumerate(said.claims):
        if tree.node(claim.node.path) is not claim.node:
            yield f"claims[{index}].node is not a node of the board"
    for index, grant in enumerate(said.grants):
        for what, wrong in _wrong_grant(grant, tree):
            yield f"grants[{index}].{what} cannot be {wrong!r}"
    for index, switch in enumerate(said.switches):
        if switch.severity not in SEVERITIES:
            yield f"switches[{index}].severity cannot be {switch.severity!r}"
    for what, wrong in _wrong_options(said.platform):
        yield f"platform.{what} cannot be {wrong!r}"


def _wrong_grant(grant: HandGrant, tree: DeviceTree) -> Iterator[tuple[str, object]]:
    key = grant.key
    if tree.node(key.provider) is None:
        yield "key.provider", key.provider
    if not all(0 <= cell <= _WORD for cell in key.cells):
        yield "key.cells", key.cells
    known = OPERATIONS.get(key.kind, ())
    others = sorted(operation.value for operation in grant.operations if operation not in known)
    if others:
        yield "operations", others[0]
    if grant.number is not None and not 0 <= grant.number < MAX_RESOURCES:
        yield "number", grant.number
    if grant.name is not None and not grant.name.isprintable():
        yield "name", grant.name


def _wrong_options(options: PlatformSaid) -> Iterator[tuple[str, object]]:
    for path, said in options.classes.items():
        if said.value not in CLASSES:
            yield f"classes[{path!r}]", said.value
    rate = options.clock_rate
    if rate is not None and not 1 <= rate.value <= _WORD:
        yield "clock_rate", rate.value
    if options.grace is not None and not 0 <= options.grace.value <= MAX_GRACE:
        yield "grace", options.grace.value
    for what, text in (("vendor", options.vendor), ("sub_vendor", options.sub_vendor)):
        if text is not None and not is_vendor(text.value):
            yield what, text.value
    for file in options.outputs.former:
        yield from (("outputs.former", key) for key in file.entries if key not in FORMER_KEYS)


def _ranges(agent: AgentSaid) -> Iterator[tuple[str, object]]:
    """The fields of an agent that have values out of their range."""
    bounds = {"id": (1, MAX_AGENTS), "domain_id": (0, _WORD)}
    bounds |= {"smc_id": (0, _WORD), "channel": (0, _WORD)}
    for what, (low, high) in bounds.items():
        number: Said[int] | None = getattr(agent, what)
        if number is not None and not low <= number.value <= high:
            yield what, number.value
    if agent.transport is not None and agent.transport.value not in TRANSPORTS:
        yield "transport", agent.transport.value
