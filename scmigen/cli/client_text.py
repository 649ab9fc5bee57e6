"""The text output of ``scmigen client``, as lines. Names come from the platform: every line is
escaped when it is printed (`plain`)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scmigen.escape import plain
from scmigen.hints import Any


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows of text in columns, a line each."""
    escaped = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*escaped, strict=True)]
    for row in escaped:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def or_unknown(value: object) -> str:
    """``?`` for ``None``."""
    return "?" if value is None else str(value)


def possible_values(parts: Sequence[Mapping[str, Any]], key: str | None) -> str:
    """The values in all parts of a list of rates or levels: the field ``key``, or the first one of
    each entry. Bit 12 of the flags says a range."""
    entries = [entry for part in parts for entry in part["entries"]]
    values = [entry[key] if key else next(iter(entry.values())) for entry in entries]
    if values and parts[0].get("flags", 0) >> 12 & 1:
        lowest, highest, step = values
        return f"possible: {lowest} to {highest} in steps of {step}"
    return f"possible: {', '.join(map(str, values))}"


def switched(on: bool) -> str:
    """What a vote has done: what is voted off may go on for other agents."""
    return "on" if on else "voted off"


def dump_lines(value: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """The plain data of `scmigen.client.dump` as indented lines."""
    indent = "  " * depth
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            yield f"{indent}{key}:"
            for entry in item:
                rest = {k: v for k, v in entry.items() if k not in ("id", "name", "what")}
                what = f"{entry['what']} " if "what" in entry else ""
                parts = [f"{k} {_short(v)}" for k, v in rest.items()]
                line = f"{indent}  {what}{entry['id']} {entry['name']}: {', '.join(parts)}"
                yield line.rstrip(": ")
        elif isinstance(item, dict):
            yield f"{indent}{key}:"
            yield from dump_lines(item, depth + 1)
        else:
            yield f"{indent}{key}: {_short(item)}"


def topology_lines(clocks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What feeds what as lines of a path and a value: ``scmi/clock/12/parent:3``."""
    for clock in clocks:
        said = {"id": clock["id"], "name": clock["name"], "state": int(clock["enabled"])}
        said |= {"parent": clock["parent"]} if "parent" in clock else {}
        if clock.get("parents"):
            said["possible_parents"] = " ".join(map(str, clock["parents"]))
        for file, value in said.items():
            yield f"scmi/clock/{clock['id']}/{file}:{value}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return "[" + " ".join(map(_short, value)) + "]"
    return str(value)


def reply_lines(reply: Mapping[str, Any]) -> list[str]:
    """The fields of a reply, one per line, and its entries, one per line."""
    lines = [f"{key}: {value}" for key, value in reply.items() if key != "entries"]
    lines += [
        "  " + " ".join(f"{key}={value}" for key, value in entry.items())
        for entry in reply.get("entries", ())
    ]
    return lines
