"""Files of faults: TOML with a table ``[[fault]]`` for each. The first fault that fits a message,
and whose turn it is, hits it."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache

from scmigen import runtime
from scmigen.hints import Any, Final
from scmigen.scmi import events, messages
from scmigen.scmi.layouts import HEADER_SIZE, STATUS_SIZE, Layout, MessageType, header
from scmigen.scmi.protocols import KIND_OF, Protocol
from scmigen.scmi.status import Status
from scmigen.server.faults import Fault, Match

#: The most bytes of a file, and of the payload of a changed response.
MAX_SIZE: Final = 1 << 17
_LONGEST: Final = 1024
_DAY: Final = 86_400_000_000

_TEXT: Final = {"type": "string", "minLength": 1}
_NAME: Final = {"anyOf": [_TEXT, {"type": "integer", "minimum": 0}]}
_FLAG: Final = {"type": "boolean"}
#: The name of a fault, which is no number.
_WORD: Final = r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}$"


def _number(least: int, most: int = _DAY) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


#: Key → what it means, and the JSON Schema of its value.
_KEYS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "agent": ("The agent, by name or id.", _NAME),
    "message": (
        "The messages, by name or pattern (CLOCK_*): commands, delayed responses, notifications. "
        "Those that every protocol has are clock.PROTOCOL_VERSION and so on.",
        {"anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": _TEXT}]},
    ),
    "resource": ("Only those about this resource: its name, or the agent's id of it.", _NAME),
    "status": (
        "The status to answer with; the message is not carried out.",
        {"anyOf": [{"enum": [status.name for status in Status]}, _number(-(1 << 31), -1)]},
    ),
    "drop": ("No response is sent.", _FLAG),
    "duplicate": ("The response is sent twice.", _FLAG),
    "delay": ("The response is sent so many µs later.", _number(1)),
    "length": (
        "The payload of the response is cut, or filled with zeroes, to so many bytes; the status "
        "is the first four.",
        _number(0, _LONGEST),
    ),
    "after": ("The first so many messages are let pass.", _number(0)),
    "every": ("Of the others, each so many-th is hit.", _number(1)),
    "count": ("So many are hit at most.", _number(1)),
    "for": ("None is hit later than so many µs after the first.", _number(1)),
    "name": (
        "What the control address calls it, and others of the same name; without one it is its "
        "number in the file.",
        {"type": "string", "pattern": _WORD},
    ),
    "off": ("It does not happen until the control address switches it on.", _FLAG),
}
_REQUIRED: Final = ("agent", "message")
_EFFECTS: Final = ("status", "drop", "duplicate", "delay", "length")
#: The messages that every protocol has.
_COMMON: Final = (
    messages.VERSION,
    messages.ATTRIBUTES,
    messages.MESSAGE_ATTRIBUTES,
    messages.NEGOTIATE,
)


class FaultsError(Exception):
    """What is wrong with a file of faults: one line for each problem, with the line of the table
    where it is known (``12: fault 2: …``)."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def faults_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of a file of faults."""
    properties = {name: {"description": about, **form} for name, (about, form) in _KEYS.items()}
    fault = {
        "type": "object",
        "additionalProperties": False,
        "required": list(_REQUIRED),
        "anyOf": [{"required": [name]} for name in _EFFECTS],
        "properties": properties,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "scmigen faults file",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "fault": {
                "description": "A fault; the first that fits a message, and whose turn it is, "
                "hits it.",
                "type": "array",
                "items": fault,
            }
        },
    }


def read_faults(text: str, configuration: runtime.Runtime) -> tuple[Fault, ...]:
    """The faults of a file, for agents of ``configuration``. Raises `FaultsError`."""
    if len(text) > MAX_SIZE:
        raise FaultsError([f"the file is longer than {MAX_SIZE} bytes"])
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise FaultsError([f"not TOML: {problem}"]) from None
    problems = [
        f"unknown key {key!r}: the file has [[fault]] tables only" for key in data if key != "fault"
    ]
    tables = data.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FaultsError([*problems, "fault is not a list of tables: write [[fault]]"])
    found = []
    places = _places(text, len(tables))
    for number, (place, table) in enumerate(zip(places, tables, strict=True), 1):
        wrong = list(_wrong(table))
        formed = {key: value for key, value in table.items() if _is_formed(key, value)}
        fault = _fault(formed, str(number), configuration, wrong.append)
        if fault is not None:
            found.append(fault)
        problems += [f"{place}: {each}" for each in wrong]
    if problems:
        raise FaultsError(problems)
    return tuple(found)


def _places(text: str, count: int) -> list[str]:
    """Where each fault is: the line of its header, if each has one, and its number."""
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if re.match(r"\s*\[\[\s*fault\s*\]\]", line)
    ]
    if len(lines) != count:
        return [f"fault {number}" for number in range(1, count + 1)]
    return [f"{line}: fault {number}" for number, line in enumerate(lines, 1)]


def _wrong(table: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the form of a fault."""
    for key, value in table.items():
        if key not in _KEYS:
            yield f"unknown key {key!r}{_like(key, _KEYS)}"
        elif not _is_formed(key, value):
            yield f"{key} = {value!r}: {_wanted(_KEYS[key][1])}"
    for key in _REQUIRED:
        if key not in table:
            yield f"{key} is missing"
    effects = [key for key in _EFFECTS if table.get(key, False) is not False]
    if not effects:
        yield f"nothing would happen: give one of {', '.join(_EFFECTS)}"
    if "drop" in effects and len(set(effects) - {"drop", "status"}) > 0:
        yield "drop leaves no response for duplicate, delay or length"


def _is_formed(key: str, value: Any) -> bool:
    return key in _KEYS and _has_form(value, _KEYS[key][1])


def _has_form(value: Any, form: Mapping[str, Any]) -> bool:
    """Whether ``value`` has a form, of those in `_KEYS`."""
    if "anyOf" in form:
        return any(_has_form(value, each) for each in form["anyOf"])
    if "enum" in form:
        return value in form["enum"]
    kind = form["type"]
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        least, most = form["minimum"], form.get("maximum", _DAY)
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    if kind == "array":
        return isinstance(value, list) and bool(value) and all(isinstance(it, str) for it in value)
    return isinstance(value, str) and bool(re.fullmatch(form.get("pattern", r"(?s:.+)"), value))


def _wanted(form: Mapping[str, Any]) -> str:
    """What a form is, in words."""
    if "anyOf" in form:
        return " or ".join(_wanted(each) for each in form["anyOf"])
    if "enum" in form:
        return "one of " + ", ".join(form["enum"])
    if form["type"] == "integer":
        return f"a number of {form['minimum']} to {form.get('maximum', _DAY)}"
    if "pattern" in form:
        return "a word of letters, digits, _, . and -, at most 63, that begins with a letter"
    return {"boolean": "true or false", "array": "a list of names", "string": "a name"}[
        form["type"]
    ]


def _like(word: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else ""


@cache
def _named() -> Mapping[str, tuple[Match, Protocol, bool]]:
    """Name → the message (with the place of its resource, 0 without one), its protocol, and whether
    a status can be given to it."""
    found: dict[str, tuple[Match, Protocol, bool]] = {}

    def add(protocol: Protocol, name: str, number: int, kind: int, layout: Layout) -> None:
        start = HEADER_SIZE + (STATUS_SIZE if kind == MessageType.DELAYED else 0)
        # what is in front of it are words
        place = 0 if layout.subject is None else start + 4 * layout.subject
        match = Match(header(protocol, number, kind=kind), place)
        found[name] = (match, protocol, kind != MessageType.NOTIFICATION)

    for protocol in Protocol:
        for row in messages.rows(protocol):
            name = f"{protocol.name}.{row.name}" if row.id in _COMMON else row.name
            add(protocol, name, row.id, MessageType.COMMAND, row.request)
        for row in events.delayed_rows(protocol):
            add(protocol, row.name, row.id, MessageType.DELAYED, row.reply)
        for row in events.notification_rows(protocol):
            add(protocol, row.name, row.id, MessageType.NOTIFICATION, row.reply)
    return found


def _fault(
    table: Mapping[str, Any],
    number: str,
    configuration: runtime.Runtime,
    wrong: Callable[[str], None],
) -> Fault | None:
    """A fault whose values have the right form, called by its ``number`` if it has no name; none
    without an agent and a message. What is wrong with its names is told."""
    agent = _agent(table["agent"], configuration, wrong) if "agent" in table else None
    if "message" not in table:
        return None
    matches = tuple(_matches(table, agent, configuration, wrong))
    if agent is None:
        return None
    status = table.get("status")
    return Fault(
        agent.id,
        matches,
        Status[status] if isinstance(status, str) else status,
        table.get("length"),
        table.get("delay", 0),
        table.get("duplicate", False),
        table.get("drop", False),
        table.get("after", 0),
        table.get("every", 1),
        table.get("count"),
        table.get("for"),
        table.get("name", number),
        _about(table),
        table.get("off", False),
    )


def _about(table: Mapping[str, Any]) -> str:
    """What a fault does, in words of its keys: ``linux CLOCK_RATE_SET: status=BUSY every=2``."""
    messages = table["message"] if isinstance(table["message"], list) else [table["message"]]
    about = f" {table['resource']}" if "resource" in table else ""
    told = (*_EFFECTS, "after", "every", "count", "for")
    rest = (key for key in told if table.get(key, False) is not False)
    effects = " ".join(key if table[key] is True else f"{key}={table[key]}" for key in rest)
    return f"{table['agent']} {','.join(messages)}{about}: {effects}"


def _agent(
    wanted: str | int, configuration: runtime.Runtime, wrong: Callable[[str], None]
) -> runtime.Agent | None:
    for agent in configuration.agents:
        if wanted in (agent.name, agent.id):
            return agent
    known = ", ".join(agent.name for agent in configuration.agents)
    wrong(f"unknown agent {wanted!r}; known: {known}")
    return None


def _matches(
    table: Mapping[str, Any],
    agent: runtime.Agent | None,
    configuration: runtime.Runtime,
    wrong: Callable[[str], None],
) -> Iterator[Match]:
    patterns = table["message"] if isinstance(table["message"], list) else [table["message"]]
    known, resource, about = _named(), table.get("resource"), False
    for pattern in patterns:
        fitting = [name for name in known if fnmatchcase(name, pattern.upper())]
        if not fitting:
            wrong(f"unknown message {pattern!r}{_like(pattern.upper(), known)}")
        for match, protocol, has_status in map(known.__getitem__, fitting):
            if "status" in table and not has_status:
                continue
            if resource is None:
                yield match
            elif match.offset and agent:
                numbers = _numbers(resource, protocol, agent, configuration)
                about = about or bool(numbers)
                for number in numbers:
                    yield Match(match.key, match.offset, number)
        if fitting and "status" in table and not any(known[name][2] for name in fitting):
            wrong(f"{pattern} is a notification, which has no status")
        about = about or not fitting
    if resource is not None and agent and not about:
        wrong(f"no such message of {agent.name} is about a resource {resource!r}")


def _numbers(
    resource: str | int, protocol: Protocol, agent: runtime.Agent, configuration: runtime.Runtime
) -> list[int]:
    """The agent's ids of a resource."""
    kind = KIND_OF.get(protocol)
    if kind is None:
        return []
    if isinstance(resource, int):
        return [resource]
    names = {item.id: item.name for item in configuration.resources(kind)}
    return [
        grant.id for grant in agent.grants.get(kind, ()) if names.get(grant.resource) == resource
    ]
