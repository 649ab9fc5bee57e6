"""What the compiled tables must say of a platform, line by line as the walker prints it.

Written from SCP-firmware's rules and the model, without the emitter: its id spaces, its permission
bits and its order of modules are worked out here a second time, in another way.
"""

from collections.abc import Iterator

from scmigen.model.platform import Grant, Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: Kind → message → the operation that opens it; none: any. Clock protocol 1.0 ends at 0x7.
OPENS = {
    Kind.POWER: {3: None, 4: "state", 5: "read", 6: "read"},
    Kind.CLOCK: {3: None, 4: "read", 5: "rate", 6: "read", 7: "state"},
    Kind.RESET: {3: None, 4: "reset", 5: "reset"},
}
PROTOCOL = {Kind.POWER: 0x11, Kind.CLOCK: 0x14, Kind.RESET: 0x16}
AGENT_TYPES = {"psci": 0, "ospm": 2}
#: Ids the walker asks about.
ASKED = 320


def _hex(name: str) -> str:
    return f" name={name.encode().hex()}"


class Expected:
    """The lines for one platform; ``modules`` are those of its Firmware.cmake."""

    def __init__(self, platform: Platform, modules: list[str]) -> None:
        self.platform = platform
        self.module = {name: index for index, name in enumerate(modules)}
        self.agents = sorted(platform.agents, key=lambda agent: agent.id)

    def element(self, module: str, index: int) -> str:
        return f"element:{self.module[module]}:{index}"

    def lines(self) -> list[str]:
        found = [*self.common(), *self.permissions()]
        for kind, lines in (
            (Kind.CLOCK, self.clocks),
            (Kind.POWER, self.domains),
            (Kind.RESET, self.resets),
        ):
            if self.platform.resources.get(kind):
                found += [*lines()]
        return found

    def numbered(self, kind: Kind) -> dict[int, Resource]:
        return {resource.number: resource for resource in self.platform.resources.get(kind, ())}

    def size(self, kind: Kind) -> int:
        return max(self.numbered(kind)) + 1

    def grants(self, agent_id: int, kind: Kind) -> dict[int, Grant]:
        return {
            grant.id: grant
            for grant in self.platform.grants
            if grant.agent.id == agent_id and grant.resource.kind is kind
        }

    def common(self) -> Iterator[str]:
        kinds = [kind for kind in OPENS if self.platform.resources.get(kind)]
        options = self.platform.options
        yield f"protocols {len(kinds)}"
        yield f"vendor{_hex(options.vendor)}{_hex(options.sub_vendor)}"
        scmi, transport = self.module["scmi"], self.module["transport"]
        for agent in self.agents:
            name = _hex(agent.name)
            yield f"agent {agent.id} type={AGENT_TYPES.get(agent.role, 3)}{name}"
            a2p, p2a = 2 * agent.id - 2, 2 * agent.id - 1
            policies = 3 if agent.role == "secure" else 2
            for index, answers in ((a2p, f"element:{scmi}:{p2a}"), (p2a, "none")):
                yield (
                    f"service {index} agent={agent.id} transport=element:{transport}:{index} "
                    f"api=api:{transport}:1 init=none p2a={answers}{name}"
                )
                yield (
                    f"channel {index} transport=0 type={int(index == a2p)} size=128 "
                    f"policies={policies} pd=unset "
                    f"driver={self.element('mock-doorbell', index)} "
                    f"api=api:{self.module['mock-doorbell']}:0 "
                    f"rings={self.element('transport', index)}"
                )

    def clocks(self) -> Iterator[str]:
        resources, mock = self.numbered(Kind.CLOCK), self.module["mock-clock"]
        for number in range(self.size(Kind.CLOCK)):
            resource = resources.get(number)
            yield (
                f"clock {number} driver=element:{mock}:{number} api=api:{mock}:0 pd=none "
                f"parent=unset{_hex(resource.short_name if resource else f'reserved-{number}')}"
            )
            given = resource.facts.rates if resource else ()
            rates = given or (self.platform.options.clock_rate,)
            listed = " ".join(map(str, sorted(rates)))
            yield f"rates {number} boot={rates[0]} {listed}"
        for row, number in enumerate(self.kept_on(Kind.CLOCK)):
            yield f"scmi-clock 0 {row} is={self.element('clock', number)} on=1"
        for agent in self.agents:
            grants = self.grants(agent.id, Kind.CLOCK)
            for row, number in self.table(grants):
                on = row in grants and self.has_vote(grants[row])
                yield f"scmi-clock {agent.id} {row} is={self.element('clock', number)} on={int(on)}"

    def table(self, grants: dict[int, Grant]) -> Iterator[tuple[int, int]]:
        """Id of the agent → number of the element."""
        if not grants:
            return
        for row in range(max(grants) + 1):
            if self.platform.numbering is Numbering.SHARED:
                yield row, row
            else:
                yield row, grants.get(row, grants[min(grants)]).resource.number

    @staticmethod
    def has_vote(grant: Grant) -> bool:
        """A vote that stands at boot: one that can be taken back, or for what is always on."""
        facts = grant.resource.facts
        if facts.always_on:
            return bool(grant.boot)
        return facts.on and Operation.STATE in grant.boot

    def kept_on(self, kind: Kind) -> list[int]:
        own = [d for d in self.platform.devices if d.number is None]
        keys = {u.key for d in own for u in d.uses if Operation.STATE in u.needs}
        return [
            number
            for number, resource in sorted(self.numbered(kind).items())
            if resource.facts.always_on or resource.key in keys
        ]

    def domains(self) -> Iterator[str]:
        resources, mock = self.numbered(Kind.POWER), self.module["mock-ppu"]
        size = self.size(Kind.POWER)
        for number in range(size + 1):
            resource, last = resources.get(number), number == size
            name = "SYSTOP" if last else resource.short_name if resource else f"reserved-{number}"
            facts = "type=4 parent=none" if last else "type=2 parent=last"
            yield (
                f"domain {number} {facts} driver=element:{mock}:{number} api=api:{mock}:0 "
                f"states={'2' if last else '13'}{_hex(name)}"
            )
            kept = number in self.kept_on(Kind.POWER)
            on = last or kept or (resource and resource.facts.on)
            yield f"ppu {number} type={4 if last else 2} on={int(bool(on))}"
        yield from self.votes(size)

    def votes(self, size: int) -> Iterator[str]:
        """Each agent takes each domain, then they leave it in the opposite order."""
        count, on, off = len(self.agents), "0", "40000000"
        kept = self.kept_on(Kind.POWER)
        for domain in range(size):
            for agent in range(1, count + 1):
                yield f"vote {agent} {domain} {on} on"
            yield f"vote 1 {domain} {on} on"
            for agent in range(count, 0, -1):
                held = agent > 1 or domain in kept
                yield f"vote {agent} {domain} {off} {'stays' if held else 'off'}"
            yield f"vote 1 {domain} 5 refused"
        yield f"vote 1 {size} {on} refused"
        yield f"vote 0 0 {on} refused"
        yield f"vote {count + 1} 0 {on} refused"

    def resets(self) -> Iterator[str]:
        resources, mock = self.numbered(Kind.RESET), self.module["mock-reset"]
        yield f"reset-module notification=other:7:{self.module['reset-domain']}"
        for number in range(self.size(Kind.RESET)):
            resource = resources.get(number)
            yield (
                f"reset {number} modes=13 capabilities=1 latency={0xFFFFFFFF} "
                f"driver=element:{mock}:{number} api=api:{mock}:0 "
                f"reports={self.element('reset-domain', number)}"
                f"{_hex(resource.short_name if resource else f'reserved-{number}')}"
            )
        for agent in self.agents:
            for row, number in self.table(self.grants(agent.id, Kind.RESET)):
                yield f"scmi-reset {agent.id} {row} is={self.element('reset-domain', number)}"

    def permissions(self) -> Iterator[str]:
        yield f"permissions agents={len(self.agents)} devices=0"
        for kind, messages in OPENS.items():
            if self.platform.resources.get(kind):
                count = self.size(kind) + (kind is Kind.POWER)
                yield f"copies {kind} {len(messages)} {count // 16 + 1}"
        for agent_id in range(1, len(self.agents) + 2):
            known = agent_id <= len(self.agents)
            open_kinds = [
                kind for kind in OPENS if any(g.boot for g in self.grants(agent_id, kind).values())
            ]
            protocols = {0x10, *(PROTOCOL[kind] for kind in open_kinds)} if known else set()
            for protocol in range(0x10, 0x1A):
                yield f"protocol {agent_id} {protocol:x} {int(protocol in protocols)}"
            for kind, messages in OPENS.items():
                for message in range(3, 8):
                    open_to_all = kind in open_kinds and message not in messages
                    said = "".join(
                        "y" if open_to_all or self.allows(agent_id, kind, message, number) else "."
                        for number in range(ASKED)
                    )
                    yield f"message {agent_id} {PROTOCOL[kind]:x} {message:x} {said}"

    def allows(self, agent_id: int, kind: Kind, message: int, number: int) -> bool:
        grant = self.grants(agent_id, kind).get(number)
        if grant is None or message not in OPENS[kind]:
            return False
        needed = OPENS[kind][message]
        return bool(grant.boot) if needed is None else needed in grant.boot
