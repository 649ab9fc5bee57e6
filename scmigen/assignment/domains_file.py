"""``domains`` of an agents file: execution domains of a system device tree as YAML.

System Device Tree specification, chapters 3 and 7. A domain is an agent if it has ``scmi``,
``default``, ``grant`` or an entry of ``access``, or if it is nothing but an ``id`` from 1 to 255.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial

from scmigen.assignment.assignment import COMPATIBLE, HandGrant
from scmigen.assignment.elements_file import read_numbered, reason_of
from scmigen.assignment.findings import AGENT_PROFILE, DEVICE_UNKNOWN, DOMAIN_PASSED_OVER
from scmigen.assignment.given import shown
from scmigen.assignment.located import Located, said
from scmigen.assignment.lookup import KINDS, Lookup, kind_of, texts
from scmigen.assignment.needs_file import read_needs
from scmigen.assignment.said import OUTERMOST, AgentSaid, ClaimSaid, NumberedGrant, Said
from scmigen.assignment.values import TRANSPORTS
from scmigen.assignment.vocabulary import DOMAIN, ENTRY, FLAGS, GRANT, SCMI, SIMILAR, TRANSPORT
from scmigen.data import replace
from scmigen.diagnostics import Position
from scmigen.runtime import MAX_AGENTS, Role, SystemPower
from scmigen.scmi.clients import later, near, profile_of
from scmigen.scmi.operations import OPERATIONS, Operation, with_implied
from scmigen.scmi.protocols import Kind, Profile

#: A bound on what patterns expand to.
MAX_CLAIMS = 100_000

#: The only keys of a domain that is an agent by its id alone.
_BARE = frozenset({"compatible", "id", "access", "domains", "parent"})
#: Bit 0 of flags that are a number.
_SHARED = 1


class DomainsReader:
    """Reads the domains of agents files against one tree."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.agents: list[AgentSaid] = []
        self.claims: list[ClaimSaid] = []
        self.grants: list[HandGrant] = []
        self.by_number: list[NumberedGrant] = []
        self.named: list[Said[str]] = []
        self.places: list[Position | None] = []

    def domains(self, where: Located, around: str | None = None) -> None:
        """Read a mapping of domains, and the domains inside each."""
        for name, domain in where.mapping("domains").items():
            inner = self._domain(name, domain, around)
            if inner is not None:
                self.domains(inner, name)

    def _domain(self, name: str, domain: Located, around: str | None) -> Located | None:
        """Read one domain; returns the domains inside it."""
        self.places.append(domain.position)
        parts = domain.shared_mapping(f"domain {name}", DOMAIN)
        parent = _parent(parts)
        if around is not None:
            # A second answer beside ``parent``, to be compared with it.
            self.agents.append(
                AgentSaid(name, domain.position, parent=domain.said(around), is_agent=False)
            )
        if not self._is_execution_domain(name, parts, domain):
            other = AgentSaid(name, domain.position, parent=parent, is_agent=False, is_domain=True)
            self.agents.append(other)
            return parts.get("domains")
        found = AgentSaid(
            name,
            domain.position,
            domain_id=said(parts, "id", lambda where: where.number("id")),
            default=said(parts, "default", lambda where: where.flag("default")),
            parent=parent,
            is_domain=True,
        )
        found = replace(found, is_agent=_is_agent(parts, found.domain_id, domain))
        if "scmi" in parts:
            found = self._scmi(found, parts["scmi"])
        self.agents.append(found)
        implicit = parts.get("access-implicit-default")
        for entry in parts["access"].items("access") if "access" in parts else ():
            self._access(name, entry, implicit)
        for entry in parts["grant"].items("grant") if "grant" in parts else ():
            self._grant(name, entry)
        return parts.get("domains")

    def _is_execution_domain(self, name: str, parts: dict[str, Located], domain: Located) -> bool:
        """Whether ``compatible`` names one, or is missing; reports domains that are passed over."""
        if "compatible" not in parts:
            return True
        words = [text for _, text in texts(parts["compatible"], "compatible")]
        if not words or COMPATIBLE in words:
            return True
        ours = {"scmi", "default", "grant"} & parts.keys()
        if ours or any(map(_nearly_compatible, words)):
            parts["compatible"].wrong(
                f"compatible cannot be {', '.join(map(repr, words))}", f"did you mean {COMPATIBLE}?"
            )
        else:
            self._lookup.problems.add(
                DOMAIN_PASSED_OVER.warning(
                    f"domain {name} is passed over, since its compatible is not {COMPATIBLE}",
                    domain.position,
                    hint=f"write compatible: {COMPATIBLE} if its devices are to be assigned",
                )
            )
        return False

    def _scmi(self, found: AgentSaid, scmi: Located) -> AgentSaid:
        parts = scmi.mapping(f"scmi of {found.name}", SCMI)
        word = said(parts, "role", lambda where: where.choice("role", tuple(Role)))
        power = said(
            parts, "system-power", lambda where: where.choice("system-power", tuple(SystemPower))
        )
        found = replace(
            found,
            id=said(parts, "id", lambda where: where.number("id", 1, MAX_AGENTS)),
            role=Said(Role(word.value), word.position) if word else None,
            profile=said(parts, "profile", _profile),
            permissions=said(parts, "permissions", lambda where: where.flag("permissions")),
            system_power=Said(SystemPower(power.value), power.position) if power else None,
            needs=said(parts, "needs", partial(read_needs, found.name)),
        )
        return self._transport(found, parts["transport"]) if "transport" in parts else found

    def _transport(self, found: AgentSaid, where: Located) -> AgentSaid:
        parts = where.mapping("transport", TRANSPORT)
        if "type" not in parts:
            where.lacks("a transport needs a type", hint="one of: " + ", ".join(TRANSPORTS))
        shmem = said(parts, "shmem", lambda item: item.text("shmem"))
        return replace(
            found,
            transport=said(parts, "type", lambda item: item.choice("type", TRANSPORTS)),
            smc_id=said(parts, "smc-id", lambda item: item.number("smc-id")),
            channel=said(parts, "channel", lambda item: item.number("channel")),
            shmem=Said(self._lookup.shared_memory(shmem.value), shmem.position) if shmem else None,
        )

    def _access(self, agent: str, entry: Located, implicit: Located | None) -> None:
        parts = entry.shared_mapping("an access entry", ENTRY)
        spliced = parts.get("<<+")
        for part in _spliced(spliced) if spliced is not None else ():
            self._access(agent, part, implicit)
        if "dev" not in parts:
            if spliced is None:
                entry.lacks("an access entry needs dev", hint='write - dev: "&label"')
            return
        devices = list(texts(parts["dev"], "dev"))
        flags = parts.get("flags", implicit)
        each = [flags] * len(devices)
        if flags is not None and flags.is_list:
            each = list(flags.items("flags"))
            if len(each) != len(devices):
                flags.wrong(f"there are {len(each)} flags for {len(devices)} devices")
                return
        for (where, text), own in zip(devices, each, strict=True):
            shared, assignable = self._flags(own)
            shared = shared or Said(False, where.position)
            self.claim(agent, where, text, shared, assignable or Said((), where.position))

    def _flags(
        self, where: Located | None
    ) -> tuple[Said[bool] | None, Said[tuple[str, ...]] | None]:
        """Whether an entry is shared, and whom it may be assigned to at run time."""
        if where is None:
            return None, None
        if not where.is_mapping:
            number = where.number("flags")
            return where.said(number is not None and bool(number & _SHARED)), None
        parts = where.shared_mapping("flags", FLAGS)
        shared = said(parts, "shared", lambda item: item.flag("shared"))
        timeshare = said(parts, "timeshare", lambda item: item.flag("timeshare"))
        if shared and timeshare and shared.value != timeshare.value:
            parts["timeshare"].wrong("timeshare and shared mean the same, but differ here")
        assignable = None
        if "assignable" in parts:
            assignable = parts["assignable"].said(tuple(self._agents(parts["assignable"])))
        return shared or timeshare, assignable

    def _agents(self, where: Located) -> Iterator[str]:
        for item in where.items("assignable"):
            name = item.text("an agent's name")
            if name is not None:
                self.named.append(Said(name, item.position))
                yield name

    def claim(
        self,
        agent: str | None,
        where: Located,
        text: str,
        shared: Said[bool] | None = None,
        assignable: Said[tuple[str, ...]] | None = None,
    ) -> None:
        """Give the nodes that ``text`` selects to ``agent``, or to the platform (``None``)."""
        found = self._lookup.nodes(text, where, DEVICE_UNKNOWN)
        if len(self.claims) + len(found.nodes) > MAX_CLAIMS:
            where.wrong(f"the patterns match more than {MAX_CLAIMS} times")
            return
        self.claims.extend(
            ClaimSaid(agent, node, found.exact, where.position, shared, assignable)
            for node in found.nodes
        )

    def _grant(self, agent: str, entry: Located) -> None:
        parts = entry.mapping("a grant", (*KINDS, *GRANT))
        if "protocol" in parts:
            self._by_number(agent, parts, entry)
            return
        if "id" in parts:
            parts["id"].wrong("id belongs to protocol: KIND", "write {protocol: power, id: …}")
            return
        word = kind_of(parts, entry)
        if word is None:
            return
        key = self._lookup.resource(parts[word], word)
        known = tuple(operation.value for operation in OPERATIONS[Kind(word)])
        if "operations" not in parts:
            entry.lacks("a grant needs operations", hint="of " + ", ".join(known))
            return
        parts["operations"].some("operations", f"of {', '.join(known)}")
        items = parts["operations"].items("operations")
        chosen = [item.choice(f"an operation on a {word}", known) for item in items]
        operations = with_implied(Operation(text) for text in chosen if text)
        if key is not None and operations:
            self.grants.append(
                HandGrant(agent, key, operations, entry.position, reason=reason_of(parts))
            )

    def _by_number(self, agent: str, parts: dict[str, Located], entry: Located) -> None:
        """A grant by protocol, and by number where it is not on the whole protocol."""
        named = [word for word in KINDS if word in parts]
        if named:
            parts[named[0]].wrong(f"a grant with protocol names no {named[0]}", "write two grants")
        found = read_numbered(agent, parts, entry)
        if found is not None:
            self.by_number.append(found)


def _is_agent(parts: dict[str, Located], number: Said[int] | None, domain: Located) -> bool:
    if not {"scmi", "default", "grant"}.isdisjoint(parts):
        return True
    access = parts.get("access")
    if access is not None and access.is_list and next(access.items("access"), None) is not None:
        return True
    plain = number is not None and 1 <= number.value <= MAX_AGENTS
    return plain and domain.keys() <= _BARE


def _profile(where: Located) -> Profile | None:
    text = where.text("profile")
    found = None if text is None else profile_of(text)
    if text is not None and found is None:
        where.wrong(f"profile cannot be {shown(text)}", near(text))
    note = None if text is None else later(text)
    if note is not None:
        where.problems.add(AGENT_PROFILE.note(note, where.position))
    return found


def _parent(parts: dict[str, Located]) -> Said[str] | None:
    """The domain that ``parent`` names, by name or path, or that there is none."""
    found = said(parts, "parent", lambda where: where.text("parent"))
    if found is None:
        return None
    name = found.value.strip("/").rpartition("/")[2].partition("@")[0]
    return Said(OUTERMOST if name == "domains" else name, found.position)


def _nearly_compatible(word: str) -> bool:
    if word.startswith(f"{COMPATIBLE},"):
        return False
    return COMPATIBLE.startswith(word) or bool(get_close_matches(word, [COMPATIBLE], 1, SIMILAR))


def _spliced(where: Located) -> Iterator[Located]:
    """The entries of a list, and of lists inside it."""
    for item in where.items("<<+"):
        if item.is_list:
            yield from _spliced(item)
        else:
            yield item
