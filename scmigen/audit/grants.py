"""``scmigen-grants-1``: the form that every other description becomes, as JSON."""

from pathlib import Path

from msgspec import structs

from scmigen.audit.base import Audit, Reader, begins_with
from scmigen.audit.json_places import MAX_PLACED, Places, place_of_fault
from scmigen.diagnostics import Finding, InputError
from scmigen.inputs import read_bytes
from scmigen.runtime import Served, decode_served
from scmigen.runtime.checks import ConfigurationError

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


def placed(served: Served, data: bytes, file: str) -> Served:
    """A description in which each agent and grant that does not say where it is has its place in
    the JSON ``data``, unless that is very large."""
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
    return structs.replace(served, agents=tuple(agents))


READER = Reader(
    name="grants",
    about="what each agent may do, as JSON of the format scmigen-grants-1",
    recognises=lambda path: begins_with(path, b'"scmigen-grants-'),
    read=_read,
    findings=(GRANTS_INVALID,),
)
