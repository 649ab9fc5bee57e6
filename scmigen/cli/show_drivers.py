"""``scmigen show drivers``: what the tables of drivers say of every clock and supply of a board."""

from collections.abc import Iterator

from scmigen.assignment.assignment import Agent
from scmigen.bindings.consumers import driver_entry
from scmigen.bindings.driver_tables import DriverNeed, DriverTable, Entry, LookedUp
from scmigen.bindings.facts import Use
from scmigen.bindings.node_kinds import is_cpu
from scmigen.cli.subjects import identity
from scmigen.cli.why_device import driver_plain
from scmigen.cli.why_not import Because, by_usual_table, not_granted
from scmigen.diagnostics import position_to_dict
from scmigen.hints import Any
from scmigen.model.closure import of_devices
from scmigen.model.platform import Model
from scmigen.scmi.operations import OPERATIONS, Operation, ordered
from scmigen.tuples import NamedTuple

#: What is said of drivers that set nothing, that no table has or could have, and that never take
#: the entry.
_NOTHING, _UNKNOWN, _NO_TABLE, _NEVER = "nothing", "unknown", "no table", "never"

COLUMNS = (
    "agent",
    "device",
    "entry",
    "compatible",
    "operations",
    "certainty",
    "by",
    "table",
    "granted",
    "because",
)


class DriverRow(NamedTuple):
    """What the ``tables`` of an agent say of one entry of a device.

    ``need``: one thing that the driver does, if it does any. ``granted``: what of that the agent
    may do with the resource, for whatever reason. ``because``: the reasons why not all of it.
    """

    agent: Agent
    use: Use
    entry: Entry
    tables: tuple[DriverTable, ...]
    told: LookedUp
    need: DriverNeed | None
    granted: tuple[Operation, ...]
    because: tuple[Because, ...]


def driver_rows(model: Model) -> Iterator[DriverRow]:
    """A row for each clock and supply of an agent's device, and for each thing that its driver does
    with it, in the order of the tree.

    What feeds a provider of the platform, or one that has nothing to control, is no driver's of an
    agent, and CPUs have a domain, if anything scales them.
    """
    for use in of_devices(model.inventory.uses, model.providers):
        entry = driver_entry(use)
        if entry is None:
            continue
        for agent in model.owners.of(use.consumer).all_agents:
            tables, told = model.drivers.tables(agent), model.drivers.look_up(agent, use)
            if told.compatible is None and is_cpu(use.consumer):
                continue
            because = () if told.needs else _by_others(model, agent, use)
            row = DriverRow(agent, use, entry, tables, told, None, (), because)
            yield from (_needing(model, row, need) for need in told.needs)
            if not told.needs:
                yield row


def _needing(model: Model, row: DriverRow, need: DriverNeed) -> DriverRow:
    kind, use = row.use.key.kind, row.use
    lacking = {
        word: item.because
        for operation in need.operations
        for item in not_granted(model, row.agent, use.key, operation)
        for word in item.operations
    }
    granted = ordered(kind, need.operations.difference(lacking))
    reasons = (one for word in ordered(kind, lacking) for one in _own(lacking[word], use))
    return row._replace(need=need, granted=granted, because=tuple(dict.fromkeys(reasons)))


def _own(because: tuple[Because, ...], use: Use) -> tuple[Because, ...]:
    """Of the reasons those that are about an entry, where any of them are."""
    return tuple(one for one in because if one.position == use.position) or because


def _by_others(model: Model, agent: Agent, use: Use) -> tuple[Because, ...]:
    """What the usual table of the agent's role says of a driver that its own does not know."""
    found = (by_usual_table(model, agent, operation, use) for operation in OPERATIONS[use.key.kind])
    return tuple(Because(_UNKNOWN, text) for text in found if text)


def cells(row: DriverRow) -> tuple[object, ...]:
    """A row as text, in the order of `COLUMNS`."""
    kind, known, need = row.use.key.kind, row.told.compatible, row.need
    unknown = _UNKNOWN if row.tables else _NO_TABLE
    said: tuple[object, ...] = (unknown if known is None else _NOTHING, "", "", "", "")
    if need is not None:
        words = " ".join(ordered(kind, need.operations))
        granted = " ".join(row.granted) or "no"
        by = need.source or need.position
        said = words, need.certainty, by, need.table, "yes" if granted == words else granted
    elif row.told.never:
        said = _NOTHING, _NEVER, row.told.never, "", ""
    return (
        row.agent.name,
        row.use.consumer.path,
        row.entry.key,
        known or row.entry.compatibles[0],
        *said,
        "; ".join(
            one.text if one.position == row.use.position else str(one) for one in row.because
        ),
    )


def plain(model: Model, row: DriverRow) -> dict[str, Any]:
    """A row as JSON."""
    use, need = row.use, row.need
    said = None
    if need is not None:
        said = {"operations": ordered(use.key.kind, need.operations), **driver_plain(need)}
    return {
        "agent": row.agent.name,
        "device": use.consumer.path,
        "entry": row.entry.key,
        "property": use.prop,
        "index": use.index,
        "position": position_to_dict(use.position),
        "compatible": row.told.compatible,
        "tables": [table.name for table in row.tables],
        "compatibles": row.entry.compatibles,
        **identity(model, use.key),
        "driver": said,
        "never": row.told.never or None,
        "granted": row.granted,
        "because": [one.plain() for one in row.because],
    }
