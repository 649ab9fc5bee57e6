"""The JSON Schema of agents files, made of the keys that their readers know.

A key without an entry in one of the tables here is a `KeyError` as soon as the schema is made.
Keys of other tools are accepted as in the reader; any other key is not, though the reader only
warns of it. What an output, ``extra`` or a selector means is left to the compiler.
"""

import re
from collections.abc import Collection, Mapping

from scmigen.assignment.assume_file import GIVES, HIGHEST
from scmigen.assignment.elements_file import ENUMERATOR, NAME
from scmigen.assignment.elements_file import KEYS as ELEMENT
from scmigen.assignment.foreign import SEVERITIES
from scmigen.assignment.lookup import KINDS, SWITCHED
from scmigen.assignment.platform_file import KEYS
from scmigen.assignment.policies_file import AGENTS as POLICY_AGENTS
from scmigen.assignment.policies_file import FORMS as POLICIES
from scmigen.assignment.policies_file import KEYS as POLICY
from scmigen.assignment.policies_file import TARGETS as POLICY_TARGETS
from scmigen.assignment.said import MAX_ELEMENT
from scmigen.assignment.values import CLASSES, FORMER_KEYS, MAX_VENDOR, TRANSPORTS
from scmigen.assignment.vocabulary import (
    ASSUME,
    CHECK,
    DOMAIN,
    ENTRY,
    FILE,
    FLAGS,
    OPP,
    POINT,
    SCMI,
    TRANSPORT,
    Vocabulary,
)
from scmigen.assignment.waivers_file import KEYS as WAIVER
from scmigen.assignment.waivers_file import WAIVABLE
from scmigen.assignment.words import NUMBERS
from scmigen.runtime import MAX_AGENTS, MAX_GRACE, Role, SystemPower
from scmigen.scmi.clients import PATTERN
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind, Profile
from scmigen.version import format_of

_Schema = Mapping[str, object]

_TEXT: _Schema = {"type": "string"}
_FLAG: _Schema = {"enum": [True, False, "true", "false"]}
_OBJECT: _Schema = {"type": "object"}
#: Releases that YAML reads as numbers; a beta is a text.
_RELEASES = [float(profile) for profile in Profile if profile.replace(".", "").isdigit()]
_REASON: _Schema = {"type": "string", "pattern": r"\S"}


def agents_schema(checks: Collection[str], outputs: Collection[str]) -> _Schema:
    """The JSON Schema (2020-12) of agents files; ``checks`` and ``outputs`` are those there are."""
    check = _ours(
        CHECK,
        {
            "severity": ({"enum": list(SEVERITIES)}, "What its findings are from now on."),
            "reason": (_REASON, "Why; it is printed with them."),
        },
    )
    of_outputs = {name: _about(_OBJECT, f"Options of the output {name}.") for name in outputs}
    file = {
        "format": ({"enum": [format_of("agents")]}, "The format of the file; also without it."),
        "domains": (
            _domains(),
            "The domains, by name; most are agents. Without it the board keeps the agents it has.",
        ),
        "platform": (_platform(), "What only the integrator of the platform knows."),
        "checks": (
            {**_map({**check, "required": [*CHECK]}), "propertyNames": {"enum": list(checks)}},
            "Severity overrides, each with a reason.",
        ),
        "waivers": (_list(_waiver(checks)), "Findings that are right as they are."),
        "policies": (_list(_policy()), "What has to hold of who may do what."),
        "outputs": (
            {"type": "object", "properties": of_outputs, "additionalProperties": False},
            "Options of outputs.",
        ),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "scmigen agents file",
        **_shared(FILE, file),
        "$defs": {"domain": _domain(), "access": _access(), "flags": _flags()},
    }


def _domains() -> _Schema:
    return _map({"$ref": "#/$defs/domain"})


def _domain() -> _Schema:
    parts = {
        "compatible": (_some(_TEXT), "One or several; includes openamp,domain-v1, or is left out."),
        "id": (_number(), "The id of the domain; not always that of the agent."),
        "scmi": (_scmi(), "The agent, as SCMI has it."),
        "default": (_FLAG, "Whether it is the one agent with every device that no entry names."),
        "access": (_list({"$ref": "#/$defs/access"}), "The agent's devices."),
        "access-implicit-default": (
            {"$ref": "#/$defs/flags"},
            "Flags of entries of access that have none.",
        ),
        "grant": (_list(_grant()), "What the agent may do beyond what its devices need."),
        "domains": (_domains(), "Domains inside this one."),
        "parent": (
            _TEXT,
            "The domain around this one, where it is described elsewhere; /domains: none.",
        ),
    }
    return _shared(DOMAIN, parts)


def _scmi() -> _Schema:
    transport = {
        "type": ({"enum": list(TRANSPORTS)}, "The kind of channel."),
        "smc-id": (_number(), "The SMC or HVC function id."),
        "shmem": (_TEXT, "The shared memory, by label or path."),
        "channel": (_number(), "The channel number of OP-TEE."),
    }
    parts = {
        "id": (
            _number(1, MAX_AGENTS),
            "The SCMI agent id: 1, 2, 3, … without gaps; 0 is the platform.",
        ),
        "role": (
            {"enum": [role.value for role in Role]},
            "Decides the agent's rights on protocols; other by default.",
        ),
        "profile": (
            {"anyOf": [{"enum": _RELEASES}, {"type": "string", "pattern": PATTERN}]},
            "The SCMI release that the agent speaks (3.1), or the program it is (linux-6.6); the "
            "newest release by default.",
        ),
        "transport": (
            {**_ours(TRANSPORT, transport), "required": ["type"]},
            "The agent's channel.",
        ),
        "permissions": (
            _FLAG,
            "Whether the agent may change permissions; by default, only a hypervisor may.",
        ),
        "system-power": (
            {"enum": [word.value for word in SystemPower]},
            "What the agent may do with the power of the system: nothing, be told that it goes "
            "down, or set it, too; by its role unless given.",
        ),
        "needs": (
            {"anyOf": [_needs(), _list(_needs())]},
            "What its drivers do with clocks and supplies: a table by name or as a file, none, "
            "single drivers, or several of these; by its role the newest table for Linux.",
        ),
    }
    return _ours(SCMI, parts)


def _needs() -> _Schema:
    """A table of drivers, or what single drivers do: compatible → clock or supply → operations."""
    clock = _list({"enum": [word.value for word in OPERATIONS[Kind.CLOCK]]})
    supply = _list({"enum": [word.value for word in OPERATIONS[Kind.VOLTAGE]]})
    driver = {
        "type": "object",
        "patternProperties": {"-supply$": supply, "^(?!.*-supply$)": clock},
        "additionalProperties": False,
    }
    return {"anyOf": [_TEXT, _map(driver)]}


def _access() -> _Schema:
    flags: _Schema = {"$ref": "#/$defs/flags"}
    spliced = _list({"anyOf": [{"$ref": "#/$defs/access"}, _list({"$ref": "#/$defs/access"})]})
    parts = {
        "dev": (_some(_TEXT), 'The device: "&label", a path, a node name or a pattern.'),
        "flags": ({"anyOf": [flags, _list(flags)]}, "How the agent has the device."),
        "<<+": (spliced, "Entries in place of this one."),
    }
    return {**_shared(ENTRY, parts), "anyOf": [{"required": ["dev"]}, {"required": ["<<+"]}]}


def _flags() -> _Schema:
    shared = "Whether other agents may have the device too."
    parts = {
        "shared": (_FLAG, shared),
        "timeshare": (_FLAG, shared),
        "assignable": (_list(_TEXT), "Agents that the device may be given to at run time."),
    }
    return {"anyOf": [_shared(FLAGS, parts), _number()]}


def _grant() -> _Schema:
    """One resource, or numbers of a protocol or all of it, and operations on these."""
    operations = {
        kind: _list({"enum": [operation.value for operation in OPERATIONS[kind]]}) for kind in Kind
    }
    each = []
    for kind in Kind:
        of_kind: dict[str, _Schema] = {kind.value: _TEXT, "operations": operations[kind]}
        resource = _closed({**of_kind, "reason": _REASON})
        each.append({**resource, "required": [*of_kind]})
    for kind in ELEMENT:
        named = {"protocol": {"const": kind.value}, "id": _numbers()}
        grant = _closed({**named, "operations": operations[kind], "reason": _REASON})
        each.append({**grant, "required": ["protocol"]})
    return {"oneOf": each}


def _numbers() -> _Schema:
    """A number, a text of numbers and ranges, or a list of these."""
    each: list[_Schema] = [
        {"type": "integer", "minimum": 0, "maximum": MAX_ELEMENT},
        {"type": "string", "pattern": f"^{NUMBERS}$"},
    ]
    return {"anyOf": [*each, _list({"anyOf": each})]}


def _elements() -> _Schema:
    """The elements of each protocol: by number, or as a list."""
    name: _Schema = {"type": "string", "pattern": f"^{NAME.pattern}$"}
    enumerator: _Schema = {"type": "string", "pattern": f"^{ENUMERATOR.pattern}$"}
    found: dict[str, tuple[_Schema, str]] = {}
    for kind, keys in ELEMENT.items():
        parts = {"name": name, "enumerator": enumerator}
        parts |= {key: value for key, value in _values(kind).items() if key in keys}
        element = {"type": "object", "properties": parts, "additionalProperties": False}
        each: _Schema = {"anyOf": [element, name, {"type": "null"}]}
        by_number = {
            "type": "object",
            "patternProperties": {f"^{NUMBERS}$": each},
            "additionalProperties": False,
        }
        shape = {"anyOf": [by_number, _list(each)]}
        found[kind.value] = (
            shape,
            f"What the firmware has of {kind}, by number, or from 0 as a list.",
        )
    return _ours(tuple(found), found)


def _platform() -> _Schema:
    vendor: _Schema = {"type": "string", "maxLength": MAX_VENDOR, "pattern": "^[ -~]*$"}
    owner = {"oneOf": [_closed({word: _TEXT, "agent": _TEXT}) for word in KINDS]}
    kept = {"oneOf": [_closed({word: _TEXT}) for word in SWITCHED]}
    assume = {
        "clock-rate": (_number(1), "The rate in Hz of clocks without one in the tree."),
        "values": (_list(_assumed()), "Rates and levels that the tree does not have."),
    }
    bins = {
        "table": (_TEXT, "The OPP table, by label or path."),
        "name": (_TEXT, "The name in opp-microvolt-NAME."),
        "supported-hw": (
            {**_list(_number()), "minItems": 1},
            "The words of the chip that the masks of opp-supported-hw are for.",
        ),
    }
    parts = {
        **{
            word: (
                _list(_TEXT),
                f"Providers that are {word}, whatever the rules say, with what is below.",
            )
            for word in CLASSES
        },
        "devices": (
            _list(_TEXT),
            "Devices that the platform keeps, such as a bus with nothing but PMICs.",
        ),
        "owners": (
            _list(owner),
            "The agents that alone may set rate, parent or level, or assert the reset.",
        ),
        "always-on": (
            _list(kept),
            "What the platform keeps on, whatever agents ask for, with what it depends on.",
        ),
        "elements": (_elements(), "What the firmware has and no provider of the tree names."),
        "assume": (_ours(ASSUME, assume), "What holds where the tree is silent."),
        "opp": (
            _list({**_ours(OPP, bins), "required": ["table"]}),
            "The chip that is there, where OPP tables are for several.",
        ),
        "vendor": (vendor, "The vendor that the server reports; at most 15 characters."),
        "sub-vendor": (vendor, "The sub-vendor, likewise."),
        "system-power": (
            _closed({"grace": _number(0, MAX_GRACE)}),
            "grace: milliseconds that agents have between the notification of a graceful shutdown "
            "or reset and that.",
        ),
        "extra": (
            _OBJECT,
            "Facts that no tree has, in the form of runtime.json, names in place of lists.",
        ),
        **{word: ({}, "Belongs to outputs.") for word in FORMER_KEYS},
    }
    return _ours(KEYS, parts)


def _assumed() -> _Schema:
    """Rates or levels of resources of one kind."""
    return {
        "oneOf": [
            _closed({kind.value: _TEXT, key: value})
            for kind in GIVES
            for key, value in _values(kind).items()
        ]
    }


def _values(kind: Kind) -> Mapping[str, _Schema]:
    """The keys that give rates or levels of a kind."""
    number = _number(1, HIGHEST[Kind.CLOCK])
    point = {**_closed(dict.fromkeys(POINT, number)), "required": ["frequency"]}
    numbers, points = _list(number), _list({"anyOf": [number, point]})
    shapes = {
        "range": {**numbers, "minItems": 3, "maxItems": 3},
        "step": _number(1, HIGHEST[Kind.VOLTAGE]),
    }
    every = points if kind is Kind.PERFORMANCE else numbers
    return {key: shapes.get(key, every) for key in GIVES.get(kind, ())}


def _waiver(checks: Collection[str]) -> _Schema:
    parts: dict[str, tuple[_Schema, str]] = {
        "check": ({"enum": list(checks)}, "The check of the finding."),
        "resource": (_some(_TEXT), "All resources that it is about: kind, provider and cells."),
        "device": (_some(_TEXT), "All devices that it is about, by label or path."),
        "agent": (_some(_TEXT), "All agents that it is about."),
        "message": (_TEXT, "The whole message of a finding that is about nothing of these."),
        "severity": ({"enum": list(WAIVABLE)}, "The highest severity that is waived."),
        "reason": (_REASON, "Why the finding is right here."),
        "until": (
            {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
            "The last day on which it is waived.",
        ),
    }
    subjects = [{"required": [word]} for word in ("resource", "device", "agent", "message")]
    return {**_ours(WAIVER, parts), "required": ["check", "reason"], "anyOf": subjects}


def _policy() -> _Schema:
    target = {"oneOf": [{"required": ["affects"]}, {"required": ["on"]}]}
    forms: dict[str, tuple[_Schema, str]] = {
        "isolated": ({**_list(_TEXT), "minItems": 2}, "None affects a device of another."),
        "reason": (_REASON, "Why it has to be so."),
    }
    says = {"never": "These agents do not.", "only": "Nobody but these agents does."}
    for form, word in POLICY_AGENTS.items():
        parts: dict[str, tuple[_Schema, str]] = {
            word: (_some(_TEXT), "One agent or several."),
            "affects": (_some(_TEXT), "Devices by label, path or pattern, and those inside."),
            "on": (_some(_TEXT), "Resources: provider and cells, or * for all of its cells."),
            "operation": (_some({"enum": list(Operation)}), "One or several; else any change."),
        }
        whole = {**_ours((word, *POLICY_TARGETS), parts), "required": [word], **target}
        forms[form] = (whole, says[form])
    one = [{"required": [form]} for form in POLICIES]
    return {**_ours(POLICY, forms), "required": ["reason"], "oneOf": one}


def _about(schema: _Schema, text: str) -> _Schema:
    return {"description": text, **schema}


def _closed(properties: Mapping[str, _Schema]) -> _Schema:
    """A mapping with just these keys."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [*properties],
        "additionalProperties": False,
    }


def _ours(keys: Collection[str], parts: Mapping[str, tuple[_Schema, str]]) -> _Schema:
    """A mapping that is scmigen's own."""
    return {
        "type": "object",
        "properties": {key: _about(*parts[key]) for key in keys},
        "additionalProperties": False,
    }


def _shared(words: Vocabulary, parts: Mapping[str, tuple[_Schema, str]]) -> _Schema:
    """A mapping that other tools write to as well."""
    passed = "|".join(map(re.escape, sorted(words.passed)))
    theirs = rf"^(?!scmigen,|scmi,)([^!]*,|#|({passed})(!|$))"
    return {**_ours(words.ours, parts), "patternProperties": {theirs: True}}


def _map(each: _Schema) -> _Schema:
    return {"type": "object", "additionalProperties": each}


def _list(each: _Schema) -> _Schema:
    return {"type": "array", "items": each}


def _some(each: _Schema) -> _Schema:
    """One, or a list."""
    return {"anyOf": [each, _list(each)]}


def _number(lowest: int = 0, highest: int = 0xFFFF_FFFF) -> _Schema:
    return {
        "anyOf": [
            {"type": "integer", "minimum": lowest, "maximum": highest},
            {"type": "string", "pattern": "^(0[xX][0-9a-fA-F_]+|[0-9_]+)$"},
        ]
    }
