"""The agents file: system-device-tree domains as YAML, and what only the platform knows."""

import json
from collections.abc import Collection, Sequence

from scmigen.assignment.agents import check_agents
from scmigen.assignment.assignment import (
    COMPATIBLE,
    Agent,
    Assignment,
    Claim,
    Extra,
    FastChannelOptions,
    HandGrant,
    Owner,
    PlatformOptions,
    Switch,
    Target,
)
from scmigen.assignment.findings import (
    AGENTS_FILE,
    DEVICE_UNKNOWN,
    GLOB_UNMATCHED,
    PROVIDER_UNKNOWN,
    RESOURCE_UNKNOWN,
)
from scmigen.assignment.located import Located, parse
from scmigen.assignment.nesting import within_parents
from scmigen.assignment.select import Selection, Selector, is_glob, resource_key
from scmigen.bindings.facts import ResourceKey
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position, has_errors
from scmigen.runtime import MAX_AGENTS, Role, Transport
from scmigen.scmi.operations import OPERATIONS, Operation, with_implied
from scmigen.scmi.protocols import Kind

_DOMAIN_KEYS = (
    "compatible",
    "id",
    "scmi",
    "default",
    "access",
    "access-implicit-default",
    "grant",
    "domains",
)
#: What system device trees say of a domain, and what is nothing to SCMI.
_OTHER_DOMAIN_KEYS = frozenset({"cpus", "memory", "sram", "os,type", "firewallconf"})
_PLATFORM_KEYS = (
    "managed",
    "fixed",
    "local",
    "devices",
    "owners",
    "drivers",
    "assume",
    "vendor",
    "sub-vendor",
    "target",
    "extra",
    "trip-points",
    "fast-channels",
)
_KINDS = tuple(kind.value for kind in Kind)
SEVERITIES = ("off", "note", "warning", "error")
TRANSPORTS = ("smc", "mailbox", "virtio", "optee", "unix")

#: Reading stops after so many problems: each may look through the whole tree for a hint.
MAX_PROBLEMS = 100

#: A bound on what patterns expand to.
MAX_CLAIMS = 100_000


class _Reader:
    """Reads agents files against one tree; everything found wrong is in ``problems``."""

    def __init__(self, tree: DeviceTree) -> None:
        self.problems: list[Diagnostic] = []
        self.selector = Selector(tree)
        self.agents: list[Agent] = []
        self.claims: list[Claim] = []
        self.grants: list[HandGrant] = []
        self.owners: list[Owner] = []
        self.classes: dict[str, dict[str, Position | None]] = {
            "managed": {},
            "fixed": {},
            "local": {},
        }
        self.drivers: dict[str, dict[str, object]] = {}
        self.clock_rate = 100_000_000
        self.vendor = "scmigen"
        self.sub_vendor = ""
        self.target = Target.HOST
        self.extra: Extra | None = None
        self.trip_points = False
        self.fast_channels: FastChannelOptions | None = None
        self.named: list[tuple[Located, str]] = []
        self.switches: list[Switch] = []

    def file(self, text: str, name: str) -> None:
        """Read one file."""
        top = parse(text, name, self.problems)
        if top is None:
            return
        parts = top.mapping("an agents file", ("domains", "platform", "checks"))
        if "domains" in parts:
            self._domains(parts["domains"], None)
        if "platform" in parts:
            self._platform(parts["platform"])
        for check, switch in parts["checks"].mapping("checks").items() if "checks" in parts else ():
            self._switch(check, switch)

    def _switch(self, check: str, where: Located) -> None:
        parts = where.mapping(f"check {check}", ("severity", "reason"))
        severity = None
        if "severity" in parts:
            severity = parts["severity"].choice("severity", SEVERITIES)
        else:
            where.lacks(f"check {check} needs a severity", "one of: " + ", ".join(SEVERITIES))
        reason = parts["reason"].text("reason") if "reason" in parts else ""
        if reason is not None and not reason.strip():
            where.lacks(f"check {check} needs a reason", 'write reason: "why this is right here"')
        elif severity and reason:
            self.switches.append(Switch(check, severity, reason, where.position))

    def _domains(self, where: Located, around: str | None) -> None:
        """The domains of a mapping, and those inside each."""
        for name, domain in where.mapping("domains").items():
            inner = self._domain(name, domain, around)
            if inner is not None:
                self._domains(inner, name)

    def _domain(self, name: str, domain: Located, around: str | None) -> Located | None:
        """Read a domain; the result are the domains inside it."""
        parts = domain.mapping(f"domain {name}", _DOMAIN_KEYS, _OTHER_DOMAIN_KEYS)
        if "compatible" in parts:
            parts["compatible"].choice("compatible", (COMPATIBLE,))
        number = parts["id"].number("id", 1, MAX_AGENTS) if "id" in parts else None
        if number is None:
            if "id" not in parts:
                domain.lacks(
                    f"domain {name} has no id", hint="ids are 1, 2, 3, … (0 is the platform)"
                )
            number = 0
        role, transport, permissions = self._scmi(name, parts.get("scmi"))
        default = parts["default"].flag("default") if "default" in parts else False
        self.agents.append(
            Agent(number, name, role, transport, permissions, default, domain.position, around)
        )
        implicit = parts.get("access-implicit-default")
        for entry in parts["access"].items("access") if "access" in parts else ():
            self._access(name, entry, implicit)
        for entry in parts["grant"].items("grant") if "grant" in parts else ():
            self._grant(name, entry)
        return parts.get("domains")

    def _scmi(self, name: str, scmi: Located | None) -> tuple[Role, Transport | None, bool]:
        if scmi is None:
            return Role.OTHER, None, False
        parts = scmi.mapping(f"scmi of {name}", ("role", "transport", "permissions"))
        word = parts["role"].choice("role", tuple(Role)) if "role" in parts else None
        role = Role(word) if word else Role.OTHER
        permissions = role is Role.HYPERVISOR
        if "permissions" in parts:
            permissions = parts["permissions"].flag("permissions")
        transport = self._transport(parts["transport"]) if "transport" in parts else None
        return role, transport, permissions

    def _transport(self, where: Located) -> Transport | None:
        parts = where.mapping("transport", ("type", "smc-id", "shmem", "channel"))
        if "type" not in parts:
            where.lacks("a transport needs a type", hint="one of: " + ", ".join(TRANSPORTS))
            return None
        kind = parts["type"].choice("type", TRANSPORTS)
        return Transport(
            type=kind or "unix",
            smc_id=parts["smc-id"].number("smc-id") if "smc-id" in parts else None,
            shmem=parts["shmem"].text("shmem") if "shmem" in parts else None,
            channel=parts["channel"].number("channel") if "channel" in parts else None,
        )

    def _access(self, agent: str, entry: Located, implicit: Located | None) -> None:
        parts = entry.mapping("an access entry", ("dev", "flags"))
        if "dev" not in parts:
            entry.lacks("an access entry needs dev", hint='write - dev: "&label"')
            return
        flags = {}
        said = parts.get("flags", implicit)
        if said is not None:
            flags = said.mapping("flags", ("shared", "assignable"))
        shared = flags["shared"].flag("shared") if "shared" in flags else False
        assignable: list[str] = []
        for item in flags["assignable"].items("assignable") if "assignable" in flags else ():
            other = item.text("an agent's name")
            if other is not None:
                assignable.append(other)
                self.named.append((item, other))
        self._claim(agent, parts["dev"], shared, tuple(assignable))

    def _claim(
        self, agent: str | None, where: Located, shared: bool, assignable: tuple[str, ...]
    ) -> None:
        text = where.text("dev")
        if text is None:
            return
        found = self._select(text, where, DEVICE_UNKNOWN)
        if len(self.claims) + len(found.nodes) > MAX_CLAIMS:
            where.wrong(f"the patterns match more than {MAX_CLAIMS} times")
            return
        for node in found.nodes:
            self.claims.append(Claim(agent, node, found.exact, where.position, shared, assignable))

    def _select(self, text: str, where: Located, finding: Finding) -> Selection:
        """What a selector means; a wrong one is reported as ``finding``."""
        self._bound()
        found = self.selector.select(text)
        if not found.problem and not found.nodes:
            self.problems.append(GLOB_UNMATCHED.warning(f"{text} matches no node", where.position))
        return self._checked(found, where, finding)

    def _bound(self) -> None:
        """Stop where there are many problems."""
        if len(self.problems) >= MAX_PROBLEMS:
            raise InputError(self.problems)

    def _checked(self, found: Selection, where: Located, finding: Finding) -> Selection:
        if found.problem:
            self.problems.append(finding.error(found.problem, where.position, hint=found.hint))
        return found

    def _resource(self, where: Located, word: str) -> ResourceKey | None:
        text = where.text(word)
        if text is None:
            return None
        self._bound()
        found, cells = self.selector.resource(text)
        if any(map(is_glob, text.split()[:1])):
            found = Selection((), False, f"{text} is a pattern; name one provider")
        nodes = self._checked(found, where, RESOURCE_UNKNOWN).nodes
        return resource_key(Kind(word), nodes[0], cells) if nodes else None

    def _kind_of(self, parts: dict[str, Located], entry: Located) -> str | None:
        words = [word for word in _KINDS if word in parts]
        if len(words) == 1:
            return words[0]
        entry.lacks("name one resource", hint="one of: " + ", ".join(_KINDS))
        return None

    def _grant(self, agent: str, entry: Located) -> None:
        parts = entry.mapping("a grant", (*_KINDS, "operations"))
        word = self._kind_of(parts, entry)
        if word is None:
            return
        key = self._resource(parts[word], word)
        known = tuple(operation.value for operation in OPERATIONS[Kind(word)])
        if "operations" not in parts:
            entry.lacks("a grant needs operations", hint="of " + ", ".join(known))
            return
        items = parts["operations"].items("operations")
        chosen = [item.choice(f"an operation on a {word}", known) for item in items]
        operations = with_implied(Operation(text) for text in chosen if text)
        if key is not None and operations:
            self.grants.append(HandGrant(agent, key, operations, entry.position))

    def _platform(self, where: Located) -> None:
        parts = where.mapping("platform", _PLATFORM_KEYS)
        for word, found in self.classes.items():
            for item in parts[word].items(word) if word in parts else ():
                self._class(item, word, found)
        for item in parts["devices"].items("devices") if "devices" in parts else ():
            self._claim(None, item, False, ())
        for item in parts["owners"].items("owners") if "owners" in parts else ():
            self._owner(item)
        if "drivers" in parts:
            for name, driver in parts["drivers"].mapping("drivers").items():
                plain = driver.plain()
                if isinstance(plain, dict):
                    self.drivers[name] = plain
                else:
                    driver.wrong(f"driver {name} must be a mapping")
        if "assume" in parts:
            assumed = parts["assume"].mapping("assume", ("clock-rate",))
            if "clock-rate" in assumed:
                rate = assumed["clock-rate"].number("clock-rate", 1, 0xFFFF_FFFF)
                self.clock_rate = rate or self.clock_rate
        if "extra" in parts:
            self._extra(parts["extra"])
        self._called(parts)

    def _called(self, parts: dict[str, Located]) -> None:
        """What the server calls itself, and what its SCP-firmware tables are for."""
        if "vendor" in parts:
            self.vendor = self._vendor(parts["vendor"], "vendor")
        if "sub-vendor" in parts:
            self.sub_vendor = self._vendor(parts["sub-vendor"], "sub-vendor")
        self._firmware(parts)

    def _firmware(self, parts: dict[str, Located]) -> None:
        """What is for the SCP-firmware tables alone."""
        target = parts["target"].choice("target", tuple(Target)) if "target" in parts else None
        self.target = Target(target) if target else self.target
        if "trip-points" in parts:
            self.trip_points = parts["trip-points"].flag("trip-points")
        if "fast-channels" in parts:
            self.fast_channels = self._fast_channels(parts["fast-channels"])

    def _fast_channels(self, where: Located) -> FastChannelOptions | None:
        """Where fast channels are in memory; the firmware looks at them every 4 ms at most."""
        parts = where.mapping("fast-channels", ("memory", "firmware-address", "rate-limit"))
        text = parts["memory"].text("memory") if "memory" in parts else None
        if text is None:
            if "memory" not in parts:
                where.lacks("fast-channels needs a memory", hint='write memory: "&label"')
            return None
        nodes = self._select(text, parts["memory"], DEVICE_UNKNOWN).nodes
        address = parts.get("firmware-address")
        rate = parts.get("rate-limit")
        limit = rate.number("rate-limit", 4000, 0xF_FFFF) if rate else 4000
        if len(nodes) != 1:
            if nodes:
                parts["memory"].wrong(f"{text} matches {len(nodes)} nodes; name one memory")
            return None
        return FastChannelOptions(
            nodes[0],
            address.number("firmware-address", 1, (1 << 64) - 1) if address else None,
            limit or 4000,
            where.position,
        )

    def _extra(self, where: Located) -> None:
        """What no tree says; whether it fits is known when the rest is."""
        if self.extra is not None:
            where.wrong("platform.extra is given twice", f"first at {self.extra.position}")
        if where.mapping("extra"):
            self.extra = Extra(json.dumps(where.data()).encode(), where.position)

    def _vendor(self, where: Located, what: str) -> str:
        text = where.text(what) or ""
        if len(text) > 15 or not text.isascii() or not text.isprintable():
            where.wrong(f"{what} must have at most 15 ASCII characters")
            return ""
        return text

    def _class(self, item: Located, word: str, found: dict[str, Position | None]) -> None:
        text = item.text("a provider")
        if text is None:
            return
        for node in self._select(text, item, PROVIDER_UNKNOWN).nodes:
            for other, paths in self.classes.items():
                if other != word and node.path in paths:
                    item.wrong(f"{node.path} is {other} already", f"at {paths[node.path]}")
            found[node.path] = item.position

    def _owner(self, entry: Located) -> None:
        parts = entry.mapping("an owner", (*_KINDS, "agent"))
        word = self._kind_of(parts, entry)
        if word is None:
            return
        key = self._resource(parts[word], word)
        if "agent" not in parts:
            entry.lacks("an owner needs an agent", hint="agent: NAME")
            return
        agent = parts["agent"].text("agent")
        if agent is not None and key is not None:
            for first in self.owners:
                if first.key == key:
                    entry.wrong(f"{key.kind} {key} has an owner already", f"at {first.position}")
            self.named.append((parts["agent"], agent))
            self.owners.append(Owner(agent, key, entry.position))

    def finish(self, others: Collection[str] | None) -> Assignment:
        """The assignment, once all files are read; raises `InputError` where anything is wrong."""
        self.problems.extend(check_agents(self.agents, others is None))
        claims = within_parents(self.agents, self.claims, self.problems)
        known = {agent.name for agent in self.agents}.union(others or ())
        for where, name in self.named:
            if name not in known:
                where.choice("agent", sorted(known))
        if has_errors(self.problems):
            raise InputError(self.problems)
        return Assignment(
            agents=tuple(sorted(self.agents, key=lambda agent: agent.id)),
            claims=claims,
            grants=tuple(self.grants),
            options=PlatformOptions(
                **self.classes,
                owners=tuple(self.owners),
                drivers=self.drivers,
                clock_rate=self.clock_rate,
                vendor=self.vendor,
                sub_vendor=self.sub_vendor,
                target=self.target,
                extra=self.extra,
                trip_points=self.trip_points,
                fast_channels=self.fast_channels,
            ),
            diagnostics=tuple(self.problems),
            switches=tuple(self.switches),
        )


def read_agents(
    files: Sequence[tuple[str, str]], tree: DeviceTree, others: Collection[str] | None = None
) -> Assignment:
    """The assignment that agents files (name, text) make of a tree.

    ``others`` are agents that other sources describe, where there are some: these files may then
    name them, and need not describe all. Raises `InputError` with everything that is wrong in any
    of the files.
    """
    reader = _Reader(tree)
    for name, text in files:
        reader.file(text, name)
    if not reader.agents and not others and not has_errors(reader.problems):
        where = Position(files[0][0]) if files else None
        reader.problems.append(
            AGENTS_FILE.error("no agent is described", where, hint="add a domain under domains:")
        )
    return reader.finish(others)
