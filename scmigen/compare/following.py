"""The states that SCP-firmware's modules hold after each message, worked out from its replies.

Votes for clocks and their rates (mod_scmi_clock.c, mod_mock_clock.c), levels and limits
(mod_scmi_perf.c, with the policy that is emitted), states of power domains (the same).
"""

from collections.abc import Sequence

from scmigen import runtime
from scmigen.compare.tables import Tables
from scmigen.scmi.protocols import KIND_OF, Kind, Protocol

#: The payload's words that name the resource of a message; the first one elsewhere.
SUBJECTS = {(0x11, 0x4): 1, (0x14, 0x5): 1}


class Follower:
    """The states of a firmware with these tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.votes: set[tuple[int, int]] = set()
        self.counts: dict[int, int] = {}
        self.stopped: set[int] = set()
        self.rates: dict[int, int] = {}
        self.voltages: dict[int, int] = {}
        self.supplied: set[int] = set()
        self.levels: dict[int, tuple[int, int, int]] = {}
        self.asked: dict[tuple[int, int], tuple[int, int]] = {}
        self.wanted: set[tuple[int, int]] = set()
        self.powered: set[int] = set()
        #: What holds another state than in the first server, after a lasting difference.
        self.split: set[tuple[Kind, int]] = set()
        self._votes_at_boot()
        self._values_at_boot()

    def _votes_at_boot(self) -> None:
        tables = self.tables
        for agent in tables.agents:
            for number, grant in tables.grants(agent, Kind.CLOCK).items():
                if tables.has_vote(agent, Kind.CLOCK, grant):
                    self.votes.add((agent, number))
                    self._count(grant.resource, 1)
            for number, grant in tables.grants(agent, Kind.POWER).items():
                if tables.has_vote(agent, Kind.POWER, grant):
                    self.wanted.add((agent, number))
        for number in tables.kept_on(Kind.CLOCK):
            self._count(number, 1)
        for number in tables.kept_on(Kind.POWER):
            self.wanted.add((0, number))
            self.powered.add(number)

    def _values_at_boot(self) -> None:
        about = self.tables.configuration
        self.powered |= {domain.id for domain in about.power_domains if domain.enabled}
        self.rates = {clock.id: clock.rate for clock in about.clocks}
        self._clocks = {domain.id: domain.clock for domain in about.performance_domains}
        kept = self.tables.kept_on(Kind.VOLTAGE)
        self.supplied = {it.id for it in about.voltage_domains if it.enabled or it.id in kept}
        for domain in about.performance_domains:
            known = self.known(domain.id)
            self.levels[domain.id] = self._sustained(domain), known[0], known[-1]

    def _sustained(self, domain: runtime.PerformanceDomain) -> int:
        known = self.known(domain.id)
        level = domain.levels[domain.sustained].level
        return level if level in known else known[-1]

    def _count(self, number: int, change: int) -> None:
        self.counts[number] = self.counts.get(number, 0) + change

    def element(self, agent: int, protocol: int, number: int) -> tuple[Kind, int] | None:
        """The element that an id of an agent means."""
        kind = KIND_OF.get(Protocol(protocol)) if protocol in set(Protocol) else None
        grant = None if kind is None else self.tables.grants(agent, kind).get(number)
        return None if grant is None or kind is None else (kind, grant.resource)

    def follow(self, agent: int, protocol: int, message: int, words: Sequence[int]) -> None:
        """A message was answered with SUCCESS."""
        place = SUBJECTS.get((protocol, message), 0)
        found = self.element(agent, protocol, words[place])
        if found is None:
            return
        number = found[1]
        match protocol, message:
            case 0x14, 0x7:
                self._clock(agent, words[0], number, bool(words[1] & 1))
            case 0x14, 0x5:
                self.rates[number] = words[2] | words[3] << 32
            case 0x17, 0x5:
                (self.supplied.add if words[1] & 0xFF == 7 else self.supplied.discard)(number)
            case 0x17, 0x7:
                self.voltages[number] = words[2]
            case 0x11, 0x4:
                self._power(agent, number, words[2] == 0)
            case 0x13, 0x5:
                self._limits(agent, number, words[1], words[2])
            case 0x13, 0x7:
                _, low, high = self.levels[number]
                if words[1] in self.known(number):
                    level = self._reached(number, self.clipped(number, words[1]))
                    self.levels[number] = level, low, high

    def _clock(self, agent: int, own: int, element: int, on: bool) -> None:
        if on == ((agent, own) in self.votes):
            return
        self.votes ^= {(agent, own)}
        before = self.counts.get(element, 0)
        self._count(element, 1 if on else -1)
        if before == 0 and on:
            self.stopped.discard(element)
        if before == 1 and not on:
            self.stopped.add(element)

    def _power(self, agent: int, number: int, on: bool) -> None:
        (self.wanted.add if on else self.wanted.discard)((agent, number))
        if on:
            self.powered.add(number)
        elif not any(domain == number for _, domain in self.wanted):
            self.powered.discard(number)

    def _limits(self, agent: int, number: int, maximum: int, minimum: int) -> None:
        level = self.levels[number][0]
        self.asked[number, agent] = minimum, maximum
        held = [limits for (domain, _), limits in self.asked.items() if domain == number]
        high = min(limit for _, limit in held)
        low = min(max(limit for limit, _ in held), high)
        self.levels[number] = self._reached(number, min(max(level, low), high)), low, high

    def _reached(self, number: int, level: int) -> int:
        """The level that a domain is at after a request, which was answered before: a clock that
        is off takes no rate, and the domain stays where it was."""
        clock = self._clocks[number]
        if clock is None:
            return level
        if clock in self.stopped:
            return self.levels[number][0]
        for known, _, kilohertz in self.tables.points(number):
            if known == level:
                self.rates[clock] = 1000 * kilohertz
        return level

    def known(self, number: int) -> list[int]:
        """The levels of a performance domain, ascending."""
        return [level for level, _, _ in self.tables.points(number)] or [0]

    def clipped(self, number: int, level: int) -> int:
        """The level that find_opp_for_level makes of one above the limits: the next one below."""
        known = self.known(number)
        place = known.index(level)
        return known[place - 1] if level > self.levels[number][2] and place else level

    def names(
        self, agent: int, protocol: int, number: int, words: Sequence[int]
    ) -> dict[str, object]:
        """What the expressions may know of the state of the resource that a message names."""
        found = self.element(agent, protocol, number)
        element = -1 if found is None else found[1]
        level, low, high, fits = 0, 0, 0, False
        if found is not None and found[0] is Kind.PERFORMANCE:
            level, low, high = self.levels[element]
            known = words[1] in self.known(element)
            fits = known and low <= self.clipped(element, words[1]) <= high
        return {
            "voted": int((agent, number) in self.votes),
            "stopped": element in self.stopped,
            "rate": self.rates.get(element, 0),
            "mode": 7 if element in self.supplied else 0,
            "voltage": self.voltages.get(element, 0),
            "level": level,
            "low": low,
            "high": high,
            "fits": fits,
            "power": 0 if element in self.powered else 0x4000_0000,
            "split": found in self.split,
        }
