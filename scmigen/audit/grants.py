"""``scmigen-grants-1``: the form that every other description becomes, as JSON."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from scmigen.audit.base import Audit, Reader, begins_with
from scmigen.audit.json_places import MAX_PLACED, Places, place_of_fault
from scmigen.diagnostics import Finding, InputError
from scmigen.inputs import read_bytes
from scmigen.runtime import Served, decode_served
from scmigen.runtime.words import ConfigurationError
from scmigen.scmi.protocols import Kind

GRANTS_INVALID = Finding(
    "grants-invalid",
    "A description of a server is not one that scmigen reads.",
    "Correct it; docs/reference/audit.md has the form.",
    switchable=False,
)


def _read(path: Path) -> Audit:
    data, file = read_bytes(path), str(path)
    try:
        served = decode_served(data)
    except ConfigurationError as wrong:
        where = place_of_fault(data, file, str(wrong), getattr(wrong, "way", ()))
        raise InputError([GRANTS_INVALID.error(str(wrong), where)]) from None
    return Audit(placed(served, data, file), files=(file,))


def placed(
    served: Served, data: bytes, file: str, keys: Mapping[Kind, tuple[str, ...]] | None = None
) -> Served:
    """A description in which each agent, grant and resource that does not say where it is has its
    place in the JSON ``data``, unless that is very large. ``keys``: the ways to the resources of
    each kind there, which are those of this form if it is None. Where rows say that they are from
    elsewhere, so are the resources."""
    if len(data) > MAX_PLACED:
        return served
    places = Places(data, file)

    def source(said: str | None, *way: str | int) -> str:
        return said or str(places.of(way))

    agents = []
    for index, agent in enumerate(served.agents):
        found = {
            kind: tuple(
                structs.replace(row, source=source(row.source, "agents", index, "grants", kind, at))
                for at, row in enumerate(rows)
            )
            for kind, rows in agent.grants.items()
        }
        where = source(agent.source, "agents", index)
        agents.append(structs.replace(agent, grants=found, source=where))
    rows = (row for agent in served.agents for found in agent.grants.values() for row in found)
    if any(row.source for row in rows):
        return structs.replace(served, agents=tuple(agents))
    ways = keys or {kind: ("resources", kind) for kind in served.resources}
    resources = {
        kind: tuple(
            structs.replace(one, source=source(one.source, *ways[kind], at))
            for at, one in enumerate(found)
        )
        for kind, found in served.resources.items()
    }
    return structs.replace(served, agents=tuple(agents), resources=resources)


READER = Reader(
    name="grants",
    about="what each agent may do, as JSON of the format scmigen-grants-1",
    recognises=lambda path: begins_with(path, b'"scmigen-grants-'),
    read=_read,
    findings=(GRANTS_INVALID,),
)
