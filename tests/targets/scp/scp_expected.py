"""What the compiled tables must say of a platform, line by line as the walker prints it.

Written from SCP-firmware's rules and the model, without the emitter: its id spaces, its permission
bits and its order of modules are worked out here a second time, in another way.
"""

import json
from collections.abc import Iterator
from typing import Any

from scmigen.assignment.assignment import Agent
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import options_of
from scmigen.targets.scp import SCP

#: Kind → message → the operation that opens it; none: any. Of clocks, later ones than 0x7 are
#: not asked for.
OPENS = {
    Kind.POWER: {3: None, 4: "state", 5: "read", 6: "read"},
    Kind.CLOCK: {3: None, 4: "read", 5: "rate", 6: "read", 7: "state"},
    Kind.RESET: {3: None, 4: "reset", 5: "reset"},
    Kind.PERFORMANCE: {
        3: None,
        4: "read",
        5: "limits",
        6: "read",
        7: "level",
        **dict.fromkeys((8, 9, 10, 11), "read"),
    },
    Kind.SENSOR: {3: None, 4: "read", 5: "config", 6: "read"},
    Kind.VOLTAGE: {3: None, 4: "read", 5: "state", 6: "read", 7: "level", 8: "read"},
}
PROTOCOL = {
    Kind.POWER: 0x11,
    Kind.PERFORMANCE: 0x13,
    Kind.CLOCK: 0x14,
    Kind.SENSOR: 0x15,
    Kind.RESET: 0x16,
    Kind.VOLTAGE: 0x17,
}
#: Level in µV of a supply that says none.
ASSUMED_VOLTAGE = 1_000_000
AGENT_TYPES = {"psci": 0, "hypervisor": 1, "ospm": 2}
#: Roles that have business with the power of the system.
SYSTEM_ROLES = ("ospm", "psci", "hypervisor", "vm")
#: Ids the walker asks about.
ASKED = 320


def _hex(name: str) -> str:
    return f" name={name.encode().hex()}"


class Expected:
    """The lines for one platform; ``modules`` are those of its Firmware.cmake."""

    def __init__(self, platform: Platform, modules: list[str]) -> None:
        self.platform = platform
        self.options: Any = options_of(platform, SCP)
        self.module = {name: index for index, name in enumerate(modules)}
        self.newer = self.options.version != "2.14"
        self.views = platform.numbering is Numbering.PER_AGENT
        self.agents = sorted(platform.agents, key=lambda agent: agent.id)
        self._grants: dict[tuple[int, Kind], dict[int, Grant]] = {}
        for grant in platform.all_grants:
            known = self._grants.setdefault((grant.agent.id, grant.resource.kind), {})
            known[grant.id] = grant

    def element(self, module: str, index: int) -> str:
        return f"element:{self.module[module]}:{index}"

    def lines(self) -> list[str]:
        found = [*self.common(), *self.permissions()]
        for kind, lines in (
            (Kind.CLOCK, self.clocks),
            (Kind.POWER, self.domains),
            (Kind.RESET, self.resets),
            (Kind.VOLTAGE, self.voltages),
            (Kind.SENSOR, self.sensors),
            (Kind.PERFORMANCE, self.performance),
        ):
            if self.platform.resources.get(kind):
                found += [*lines()]
        if self.performance_domains() and not self.platform.resources.get(Kind.CLOCK):
            found += [*self.clocks()]
        found += [*self.system_power(), *self.fast_channels(), *self.timer(), *self.powercaps()]
        return found

    def performance_domains(self) -> list[Resource]:
        return [found for _, found in sorted(self.numbered(Kind.PERFORMANCE).items())]

    def points(self, resource: Resource) -> list[tuple[int, int, int]]:
        """(level, mV, kHz) ascending: voltages rounded up, and no two alike; no level of 0."""
        assumed = self.platform.options.clock_rate // 1000
        known: dict[int, tuple[int | None, int]] = {}
        for point in resource.facts.points:
            frequency = next((rate // 1000 for rate in point.rates if rate), 0)
            level = frequency if point.level is None else point.level
            known[level] = point.voltage, frequency or level
        known = known or {assumed: (None, assumed)}
        known.pop(0, None)
        found: list[tuple[int, int, int]] = []
        for level, (microvolts, frequency) in sorted(known.items()):
            wanted = ((microvolts or ASSUMED_VOLTAGE) + 999) // 1000
            while wanted in [voltage for _, voltage, _ in found]:
                wanted += 1
            found.append((level, wanted, frequency))
        return found

    def sustained(self, resource: Resource) -> int:
        """The last of `points` that the tree does not mark with turbo-mode, if there is one."""
        turbo = {p.level or p.rates[0] // 1000 for p in resource.facts.points if p.turbo}
        levels = [level for level, _, _ in self.points(resource)]
        lasting = [level for level in levels if level not in turbo]
        return levels.index(lasting[-1]) if lasting else len(levels) - 1

    def own_clocks(self) -> list[Resource]:
        """The performance domains whose clock no agent knows: each has one of its own."""
        domains = self.performance_domains()
        return [domain for domain in domains if self.clock_of(domain) is None]

    def clock_of(self, domain: Resource) -> int | None:
        """The number of the clock that a domain alone sets."""
        numbers = self.numbered(Kind.CLOCK)
        found = [n for n, clock in numbers.items() if clock.key == domain.facts.clock]
        return found[0] if found else None

    def setter(self, kind: Kind, resource: Resource | None) -> Resource | None:
        """The domain that sets a clock or a supply."""
        for domain in self.performance_domains():
            key = domain.facts.clock if kind is Kind.CLOCK else domain.facts.supply
            if resource is not None and key == resource.key:
                return domain
        return None

    def latency(self, domain: Resource) -> int:
        """The longest one of the points in µs."""
        points = [point.latency or 0 for point in domain.facts.points]
        return min(max(points, default=0) + 999, 65_535_000) // 1000

    def numbered(self, kind: Kind) -> dict[int, Resource]:
        return {resource.number: resource for resource in self.platform.resources.get(kind, ())}

    def size(self, kind: Kind) -> int:
        return max(self.numbered(kind), default=-1) + 1

    def elements(self, kind: Kind) -> int:
        """Elements of the module: the domain above all, and clocks that no agent is shown."""
        more = len(self.own_clocks()) if kind is Kind.CLOCK else int(kind is Kind.POWER)
        return self.size(kind) + more

    def grants(self, agent_id: int, kind: Kind) -> dict[int, Grant]:
        return self._grants.get((agent_id, kind), {})

    def common(self) -> Iterator[str]:
        kinds = [kind for kind in OPENS if self.platform.resources.get(kind)]
        options = self.platform.options
        more = bool(self.system_agents()) + bool(self.cap_users())
        yield f"protocols {len(kinds) + more}"
        yield from (f"vendor{_hex(name)}" for name in (options.vendor, options.sub_vendor))
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
            boot = (resource.facts.boot if resource else None) or rates[0]
            domain = self.setter(Kind.CLOCK, resource)
            if domain is not None:
                scaled = [1000 * frequency for _, _, frequency in self.points(domain)]
                rates, boot = (*given, *scaled), scaled[self.sustained(domain)]
            listed = " ".join(map(str, sorted({*rates, boot})))
            yield f"rates {number} boot={boot} {listed}"
        for index, domain in enumerate(self.own_clocks()):
            number = self.size(Kind.CLOCK) + index
            yield (
                f"clock {number} driver=element:{mock}:{number} api=api:{mock}:0 pd=none "
                f"parent=unset{_hex(f'perf-{domain.short_name}')}"
            )
            rates = [1000 * frequency for _, _, frequency in self.points(domain)]
            listed = " ".join(map(str, sorted(set(rates))))
            yield f"rates {number} boot={rates[self.sustained(domain)]} {listed}"
        for row, number in enumerate(self.kept_on(Kind.CLOCK)):
            yield f"scmi-clock 0 {row} is={self.element('clock', number)} on=1"
        for agent in self.agents:
            grants = self.grants(agent.id, Kind.CLOCK)
            for row, number in self.table(grants):
                on = row in grants and self.has_vote(grants[row])
                yield f"scmi-clock {agent.id} {row} is={self.element('clock', number)} on={int(on)}"

    def table(self, grants: dict[int, Grant]) -> Iterator[tuple[int, int]]:
        """Id of the agent → number of the element: of its first grant where it has none."""
        if not grants:
            return
        for row in range(max(grants) + 1):
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
            driver = f"driver=element:{mock}:{number} api=api:{mock}:0"
            if last and self.system_agents():
                system = self.module["system-power"]
                driver = f"driver=module:{system} api=api:{system}:0"
            yield f"domain {number} {facts} {driver} states={'2' if last else '13'}{_hex(name)}"
            kept = number in self.kept_on(Kind.POWER)
            on = last or kept or (resource and resource.facts.on)
            yield f"ppu {number} type={4 if last else 2} on={int(bool(on))}"
        yield from self.domain_views(size)
        yield from self.votes(size)

    def view(self, agent_id: int) -> list[int | None]:
        """The power domains that an agent with numbers of its own has, by these; none: a hole."""
        grants = self.grants(agent_id, Kind.POWER)
        return [
            grants[number].resource.number if number in grants else None
            for number in range(max(grants, default=-1) + 1)
        ]

    def domain_views(self, size: int) -> Iterator[str]:
        if self.views:
            for agent in self.agents:
                for number, domain in enumerate(self.view(agent.id)):
                    # The domain above all is denied to everybody.
                    found = size if domain is None else domain
                    yield f"scmi-domain {agent.id} {number} is={found}"

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

    def voltages(self) -> Iterator[str]:
        resources = self.numbered(Kind.VOLTAGE)
        mock = self.module["mock-voltage-domain"]
        for number in range(self.size(Kind.VOLTAGE)):
            resource = resources.get(number)
            name = resource.short_name if resource else f"reserved-{number}"
            yield (f"voltage {number} driver=element:{mock}:{number} api=api:{mock}:0{_hex(name)}")
            given = resource.facts.voltages if resource else ()
            levels = sorted(set(given)) or [ASSUMED_VOLTAGE]
            step = resource.facts.step if resource else None
            if step:
                # The lowest, the highest and the step (mod_voltage_domain.h): type 1.
                levels = [levels[0], levels[-1], step]
            boot, domain = levels[0], self.setter(Kind.VOLTAGE, resource)
            if domain is not None:
                asked = [p.voltage for p in domain.facts.points if p.voltage is not None]
                if not step or any((v - levels[0]) % step for v in asked):
                    levels, step = sorted({*given, *asked}) or levels, None
                at = {p.level or p.rates[0] // 1000: p.voltage for p in domain.facts.points}
                level = self.points(domain)[self.sustained(domain)][0]
                boot = at.get(level) or boot
            on = number in self.kept_on(Kind.VOLTAGE) or (resource and resource.facts.on)
            yield (
                f"levels {number} mode={int(bool(on))} type={int(bool(step))} "
                f"boot={boot} alarm=none response=none "
                f"alarm-api=none response-api=none {' '.join(map(str, levels))}"
            )
        for agent in self.agents:
            for row, number in self.table(self.grants(agent.id, Kind.VOLTAGE)):
                is_element = self.element("voltage-domain", number)
                yield f"scmi-voltage {agent.id} {row} is={is_element}"

    def sensors(self) -> Iterator[str]:
        """Temperatures in thousandths of a degree; type 0 where there is no sensor."""
        resources, mock = self.numbered(Kind.SENSOR), self.module["reg-sensor"]
        trips = self.options.trip_points
        protocol = self.module["scmi-sensor"]
        events = f"notification=module:{protocol} trip-point=api:{protocol}:1"
        yield f"sensors {events if trips else 'notification=none trip-point=none'}"
        for number in range(self.size(Kind.SENSOR)):
            resource = resources.get(number)
            facts = "type=2 multiplier=-3" if resource else "type=0 multiplier=0"
            name = resource.short_name if resource else f"reserved-{number}"
            count = max(1, self.trips_of(resource)) if trips else 0
            yield (
                f"sensor {number} {facts} interval=0 points={count} "
                f"driver=element:{mock}:{number} api=api:{mock}:0{_hex(name)}"
            )

    def trips_of(self, sensor: Resource | None) -> int:
        """Trips of the thermal zones that read a sensor; none for a number without one."""
        zones = [
            use.consumer
            for use in self.platform.inventory.uses
            if sensor is not None and use.key == sensor.key and use.prop == "thermal-sensors"
        ]
        return sum(len(zone.children["trips"].children) for zone in zones)

    def system_agents(self) -> set[int]:
        """The agents that may use system power; none where there is no power domain."""
        if not self.platform.resources.get(Kind.POWER):
            return set()
        return {agent.id for agent in self.agents if agent.role in SYSTEM_ROLES}

    def system_power(self) -> Iterator[str]:
        if not self.system_agents():
            return
        systop, mock = self.size(Kind.POWER), self.module["mock-ppu"]
        yield (
            f"system-power wakes=0 initial=1 extra=0 driver=module:{self.module['mock-system']} "
            f"api=api:{self.module['mock-system']}:0 controller=element:{mock}:{systop} "
            f"controller-api=api:{mock}:0 states=01000000"
        )
        full = all(a.role == "psci" for a in self.agents if a.id in self.system_agents())
        yield (
            f"scmi-system-power view={int(full)} state=1 timeout={1000000 if self.newer else 1000} "
            f"wakes={self.element('power-domain', systop)} "
            f"alarm=sub-element:{self.module['timer']}:0:0"
        )

    def fast_owners(self) -> dict[int, int]:
        """Number of each performance domain that one agent controls alone → that agent."""
        found = {}
        for number in self.numbered(Kind.PERFORMANCE):
            held = [
                (agent.id, grants[number].boot)
                for agent in self.agents
                if number in (grants := self.grants(agent.id, Kind.PERFORMANCE))
                and {"level", "limits"} & set(grants[number].boot)
            ]
            if len(held) == 1 and {"level", "limits", "read"} <= set(held[0][1]):
                found[number] = held[0][0]
        return found

    def fast_places(self) -> dict[int, int]:
        """Number of each domain with fast channels → how far into the memory they begin."""
        owners, places, at = self.fast_owners(), {}, 0
        for agent in sorted(set(owners.values())):
            at = -(-at // 4096) * 4096
            for number in sorted(n for n, owner in owners.items() if owner == agent):
                places[number], at = at, at + 24
        return places

    def fast_channels(self) -> Iterator[str]:
        options = self.options.fast_channels
        if options is None:
            return
        alarm = int(bool(self.system_agents()))
        yield (
            f"fast-channels rate={options.rate_limit} limit={options.rate_limit} "
            f"alarm=sub-element:{self.module['timer']}:0:{alarm}"
        )
        places, driver = self.fast_places(), self.module["fch-polled"]
        base = self.platform.inventory.tree.node(options.memory).cells("reg")[-2]
        first, transport = 2 * len(self.agents), self.module["transport"]
        for index, number in enumerate(sorted(places)):
            for word, (start, size) in enumerate(((0, 4), (4, 8), (12, 4), (16, 8))):
                channel = 4 * index + word
                yield f"fast-channel {channel} at={base + places[number] + start:x} size={size}"
                yield (
                    f"fast-transport {first + channel} transport=2 "
                    f"driver=element:{driver}:{channel} api=api:{driver}:0"
                )
        for number in range(self.size(Kind.PERFORMANCE)):
            index = sorted(places).index(number) if number in places else 0
            names = " ".join(
                f"is=element:{transport}:{first + 4 * index + word} api=api:{transport}:3"
                for word in range(4)
            )
            yield f"fast-domain {number} has={int(number in places)} {names}"

    def timer(self) -> Iterator[str]:
        alarms = bool(self.system_agents()) + bool(self.options.fast_channels)
        if alarms:
            yield f"timer alarms={alarms} driver={self.element('mock-timer', 0)} irq=2"

    def performance(self) -> Iterator[str]:
        resources = self.numbered(Kind.PERFORMANCE)
        domains, size = self.performance_domains(), self.size(Kind.PERFORMANCE)
        yield f"performance {size} statistics=0 approximate=0 plugins=0"
        for index, domain in enumerate(domains):
            yield self.supply(index, domain)
        for number in range(size):
            like = resources.get(number, domains[0])
            index, points = domains.index(like), self.points(like)
            powers = {
                point.level or point.rates[0] // 1000: ((point.power or 0) + 999) // 1000
                for point in like.facts.points
            }
            name = like.short_name if number in resources else f"reserved-{number}"
            yield f"perf-domain {number} statistics=0 group=unset"
            clock = self.clock_of(like)
            if clock is None:
                clock = self.size(Kind.CLOCK) + self.own_clocks().index(like)
            yield (
                f"dvfs {number} supply={self.element('psu', index)} "
                f"clock={self.element('clock', clock)} retry=0 "
                f"latency={self.latency(like)} boot={self.sustained(like)} "
                f"{' '.join('/'.join(map(str, (*p, powers.get(p[0], 0)))) for p in points)}"
                f"{_hex(name)}"
            )
            yield from self.limits(number, [level for level, _, _ in points])
        yield f"limit 1 {size} 1-1 refused"
        yield "limit 0 0 1-1 refused"
        yield f"limit {len(self.agents) + 1} 0 1-1 refused"

    def supply(self, index: int, domain: Resource) -> str:
        """A supply that agents know, too, is that voltage domain; the others are only mV."""
        boot = self.points(domain)[self.sustained(domain)][1]
        name = _hex(domain.short_name)
        known = {found.key: number for number, found in self.numbered(Kind.VOLTAGE).items()}
        if not any(each.facts.supply in known for each in self.performance_domains()):
            mock = self.module["mock-psu"]
            driver = f"driver=element:{mock}:{index} api=api:{mock}:0"
            return f"supply {index} {driver} on=1 boot={boot} alarm=none response=none{name}"
        mock, number = self.module["mock-supply"], known.get(domain.facts.supply)
        meant = "none" if number is None else self.element("mock-voltage-domain", number)
        given = {p.level or p.rates[0] // 1000: p.voltage or 0 for p in domain.facts.points}
        levels = " ".join(f"{mv}/{given.get(level, 0)}" for level, mv, _ in self.points(domain))
        driver = f"driver=element:{mock}:{index} api=api:{mock}:0"
        return f"supply {index} {driver} is={meant} boot={boot} {levels}{name}"

    def limits(self, domain: int, levels: list[int]) -> Iterator[str]:
        """The highest minimum and the lowest maximum of all agents; the maximum is the stronger."""
        low, high = levels[0], levels[-1]
        held: dict[int, tuple[int, int]] = {}
        asked = [
            (agent.id, *span) for agent in self.agents for span in self.spans(agent.id, levels)
        ]
        for agent, least, most in [*asked, (1, low, high)]:
            if most > high:
                yield f"limit {agent} {domain} {least}-{most} {least}-{most}"
                continue
            held[agent] = least, most
            maximum = min(limit for _, limit in held.values())
            minimum = min(max(limit for limit, _ in held.values()), maximum)
            yield f"limit {agent} {domain} {least}-{most} {minimum}-{maximum}"

    @staticmethod
    def spans(agent_id: int, levels: list[int]) -> list[tuple[int, int]]:
        low, high = levels[0], levels[-1]
        pairs = [pair for level in levels for pair in ((level, high), (low, level))]
        last = levels[agent_id % len(levels)]
        return [*pairs, (low, high + 1), (last, last)]

    def extra(self) -> dict[str, Any]:
        given = self.platform.options.extra
        return json.loads(given.json) if given is not None and self.newer else {}

    def cap_grants(self, agent: Agent) -> dict[int, list[str]]:
        said = self.extra().get("agents", {}).get(agent.name, {}).get("grants", {})
        return {grant["id"]: grant["operations"] for grant in said.get("powercap", ())}

    def cap_users(self) -> set[int]:
        return {agent.id for agent in self.agents if any(self.cap_grants(agent).values())}

    def powercaps(self) -> Iterator[str]:
        """A number in a gap is a cap of one value; nobody may send anything about it."""
        if not self.cap_users():
            return
        given = {cap["id"]: (name, cap) for name, cap in self.extra()["powercaps"].items()}
        none = {"minimum_cap": 1, "maximum_cap": 1, "unit": "abstract"}
        size = max(given) + 1
        for number in range(size):
            name, cap = given.get(number, (f"reserved-{number}", none))
            low, high = cap.get("minimum_pai", 1), cap.get("maximum_pai", 1)
            # The module shifts 1 to where 2, milliwatt, is read.
            unit = {"abstract": 0, "mW": 1}[cap["unit"]]
            yield (
                f"powercap {number} {cap['minimum_cap']}-{cap['maximum_cap']}/"
                f"{cap.get('cap_step', 1)} interval={int(low < high)} "
                f"sustainable={cap.get('sustainable_power', 0)} "
                f"parent={cap.get('parent', 0xFFFF_FFFF)} unit={unit} notifies=0/0 "
                f"is={self.element('power-capping', number)}{_hex(name)}"
            )
            mock = self.element("mock-power", number)
            api = f"api:{self.module['mock-power']}"
            limiter = f" limiter={mock} api={api}:2" if self.options.version == "2.16" else ""
            yield (
                f"cap {number}{limiter} measures={mock} api={api}:0 notifies={mock} "
                f"of=other:7:{self.module['mock-power']} controls={mock} api={api}:1{_hex(name)}"
            )
            yield (
                f"mock-power {number} {low}-{high}/{cap.get('pai_step', 1)} "
                f"interval={cap.get('pai', low)} power={cap.get('readings', [0])[0]}"
            )
            yield f"pid {number} point={0xFFFF_FFFF} on=0 output=0-{0xFFFF_FFFF}"
        opens = {3: None, 4: "read", 5: "config", 6: "read", 7: "config", 9: "read"}
        for agent in range(len(self.agents) + 2):
            grants = (
                self.cap_grants(self.agents[agent - 1]) if 0 < agent <= len(self.agents) else {}
            )
            for message in range(3, 14):
                said = ""
                for number in range(size):
                    held = grants.get(number, ())
                    needed = opens.get(message, "nothing")
                    said += "y" if (held if needed is None else needed in held) else "."
                yield f"cap-message {agent} {message:x} {said}{'n' * 4}"

    def permissions(self) -> Iterator[str]:
        yield f"permissions agents={len(self.agents)} devices=0"
        for kind, messages in OPENS.items():
            if self.platform.resources.get(kind):
                count = self.elements(kind)
                yield f"copies {kind} {len(messages)} {count // 16 + 1}"
        for agent_id in range(1, len(self.agents) + 2):
            known = agent_id <= len(self.agents)
            open_kinds = [
                kind for kind in OPENS if any(g.boot for g in self.grants(agent_id, kind).values())
            ]
            protocols = {0x10, *(PROTOCOL[kind] for kind in open_kinds)} if known else set()
            protocols |= {0x12} if agent_id in self.system_agents() else set()
            protocols |= {0x18} if agent_id in self.cap_users() else set()
            for protocol in range(0x10, 0x1A):
                yield f"protocol {agent_id} {protocol:x} {int(protocol in protocols)}"
            for message in range(3, 12):
                if known:
                    # NOTIFY_ERRORS crashes the firmware; what changes permissions cannot be denied.
                    yield f"base {agent_id} {message:x} {int(message != 8)}"
            for kind, messages in OPENS.items():
                for message in range(3, 12):
                    unchecked = 0
                    if kind in open_kinds and message not in messages:
                        viewed = self.views and kind is Kind.POWER
                        unchecked = len(self.view(agent_id)) if viewed else ASKED
                    said = "".join(
                        "y"
                        if number < unchecked or self.allows(agent_id, kind, message, number)
                        else "."
                        for number in range(ASKED)
                    )
                    yield f"message {agent_id} {PROTOCOL[kind]:x} {message:x} {said}"

    def allows(self, agent_id: int, kind: Kind, message: int, number: int) -> bool:
        if kind is Kind.SENSOR and message == 3:
            # Where to begin with describing: anywhere, for an agent that has a sensor at all.
            has_one = any(grant.boot for grant in self.grants(agent_id, kind).values())
            return has_one and number < self.size(kind)
        grant = self.grants(agent_id, kind).get(number)
        if grant is None or message not in OPENS[kind]:
            return False
        needed = OPENS[kind][message]
        return bool(grant.boot) if needed is None else needed in grant.boot
