"""The reference of files, from their JSON Schemas."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from text import code, paragraphs, table, words

from scmigen.assignment.schema import agents_schema
from scmigen.explain import switchable
from scmigen.project.schema import project_schema
from scmigen.runtime import json_schema
from scmigen.scmi.operations import OPERATIONS
from scmigen.server.faults_file import faults_schema
from scmigen.targets.registry import names

_Schema = Mapping[str, Any]

#: More words than these are told by how many there are.
_MOST = 12


def agents_domain() -> str:
    """The keys of a domain of an agents file."""
    return _keys(_agents()["$defs"]["domain"])


def agents_platform() -> str:
    """The keys of ``platform`` of an agents file."""
    former = _agents()["properties"]["platform"]["properties"]
    kept = {key: value for key, value in former.items() if value["description"] != _MOVED}
    return _keys({"properties": kept})


_MOVED = "Belongs to outputs."


def faults() -> str:
    """The keys of a fault."""
    schema = json.loads(json.dumps(faults_schema()))
    return _keys(schema["properties"]["fault"]["items"])


def operations() -> str:
    """The operations of each kind of resource."""
    rows = ([code(kind), code(" ".join(words))] for kind, words in OPERATIONS.items())
    return table(("kind", "operations"), rows)


def project_board() -> str:
    """The keys of a board of a project file."""
    schema = json.loads(json.dumps(project_schema()))
    return _keys(schema["properties"]["board"]["additionalProperties"])


def runtime() -> str:
    """Every type of the runtime configuration."""
    types = json.loads(json_schema())["$defs"]
    return paragraphs(part for name, each in types.items() for part in _type(name, each))


def _agents() -> _Schema:
    schema: _Schema = json.loads(json.dumps(agents_schema(switchable(), names())))
    return schema


def _type(name: str, schema: _Schema) -> Iterator[str]:
    yield f"## {name}"
    yield words(schema["description"])
    if "enum" in schema:
        yield ", ".join(code(word) for word in schema["enum"])
        return
    needed = schema.get("required", ())
    rows = (
        [code(key), _value(value), _default(value, key in needed)]
        for key, value in schema["properties"].items()
    )
    yield table(("field", "value", "default"), rows)


def _default(schema: _Schema, needed: bool) -> str:
    return "required" if needed else code(json.dumps(schema.get("default")))


def _keys(schema: _Schema) -> str:
    return table(("key", "value", "meaning"), _rows(schema, ""))


def _rows(schema: _Schema, above: str) -> Iterator[list[str]]:
    """A row for each key, those of mappings inside below them."""
    for key, value in schema.get("properties", {}).items():
        inside = list(_rows(value, f"{above}{key}."))
        if inside:
            yield from inside
        else:
            yield [code(above + key), _value(value), words(value.get("description", ""))]


def _value(schema: _Schema) -> str:
    """What a value may be, in a few words."""
    if "oneOf" in schema:
        return _one_key_of(schema["oneOf"])
    if "anyOf" in schema:
        # A number may be written as a text, so that it can be hexadecimal.
        forms = [each for each in schema["anyOf"] if "pattern" not in each]
        return " or ".join(dict.fromkeys(_value(each) for each in forms))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name[0].isupper() else name
    if "enum" in schema:
        return _words(schema["enum"])
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            forms = [_value(each) for each in schema["prefixItems"]]
            return f"list of {len(forms)}: {' and '.join(dict.fromkeys(forms))}"
        case "array":
            return f"list of {_value(schema['items'])}"
        case "integer":
            return f"number{_bounds(schema)}"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"mapping to {_value(schema['additionalProperties'])}"
        case "object":
            return " and ".join(code(key) for key in schema.get("properties", ())) or "mapping"
        case "boolean":
            return "`true` or `false`"
        case "null":
            return "nothing"
        case kind:
            return str(kind)


def _one_key_of(mappings: list[_Schema]) -> str:
    """Mappings that differ in one key."""
    all_keys = [set(each["properties"]) for each in mappings]
    common = set.intersection(*all_keys)
    keys = dict.fromkeys(key for each in mappings for key in each["properties"])
    own = [code(key) for key in keys if key not in common]
    return f"{', '.join(own[:-1])} or {own[-1]}, and {', '.join(map(code, sorted(common)))}"


def _words(known: list[Any]) -> str:
    if known[:2] == [True, False]:
        return "`true` or `false`"
    shown = ", ".join(code(word) for word in known[:_MOST])
    return shown if len(known) <= _MOST else f"one of {len(known)} words"


def _bounds(schema: _Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f" from {low}" if low is not None else ""
