"""Overlays: facts that no tree has (latencies, trip points, power caps) merged in.

An overlay is JSON in the form of the configuration, with one difference: a list of things that have
names is an object, name → what differs. Other values take the place of what is there (RFC 7396):

    {"clocks": {"uart": {"latency": 2000, "asynchronous": true}},
     "powercaps": {"soc": {"id": 0, "node": "", "minimum_cap": 1000, "maximum_cap": 9000}},
     "agents": {"linux": {"grants": {"powercap": [
         {"id": 0, "resource": 0, "operations": ["config", "read"]}]}}}}

A name that is not there is added, and needs all that such a thing must have.
"""

from typing import Any, Final

import msgspec

from scmigen.runtime.reading import from_json
from scmigen.runtime.words import ConfigurationError

#: Objects in objects; hostile JSON is deeper.
_DEPTH: Final = 20


def overlay(data: bytes, extra: bytes) -> bytes:
    """The JSON ``data`` with ``extra`` merged into it. Raises `ConfigurationError`."""
    base, over = from_json(data), from_json(extra)
    if not isinstance(base, dict) or not isinstance(over, dict):
        raise ConfigurationError("a runtime configuration and its overlay are JSON objects")
    return msgspec.json.encode(_merged(base, over, 0))


def _merged(base: Any, over: Any, depth: int) -> Any:
    if depth > _DEPTH:
        raise ConfigurationError("the overlay is nested too deeply")
    if not isinstance(over, dict):
        return over
    if isinstance(base, list) and all(isinstance(item, dict) for item in base):
        return _by_name(base, over, depth)
    found = dict(base) if isinstance(base, dict) else {}
    for key, value in over.items():
        known = found.get(key, [] if depth == 0 else None)
        found[key] = _merged(known, value, depth + 1)
    return found


def _by_name(base: list[dict[str, Any]], over: dict[str, Any], depth: int) -> list[Any]:
    """A list of named things with those of ``over``; sorted by id where all have one."""
    found = {str(item.get("name")): item for item in base}
    for name, fields in over.items():
        found[name] = _merged(found.get(name, {"name": name}), fields, depth + 1)
    items = list(found.values())
    if len(found) != len(base) and all(_has_id(item) for item in items):
        items.sort(key=lambda item: item["id"])
    return items


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), int)
