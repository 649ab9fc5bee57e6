"""What must hold between the tables of a linked SCP-firmware, its enumerations, and the model.

``python -m targets.scp.elf_rules FIRMWARE.elf [runtime.json]`` in ``tests`` prints what the tables
say and what is wrong; it exits with 1 if anything is.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

from targets.scp.elf_image import ElfError, Image
from targets.scp.elf_tables import Channel, Firmware, Id, Service
from targets.scp.scp_expected import OPENS, PROTOCOL

from scmigen import runtime
from scmigen.scmi.protocols import Kind

#: Protocol modules with tables of agents → the HAL module of their elements.
_VIEWS = {
    Kind.CLOCK: ("scmi_clock", "clock"),
    Kind.RESET: ("scmi_reset_domain", "reset_domain"),
    Kind.VOLTAGE: ("scmi_voltage_domain", "voltage_domain"),
}
#: Protocol modules whose numbers are the elements of a HAL module.
_PHYSICAL = {
    Kind.POWER: ("scmi_power_domain", "power_domain"),
    Kind.PERFORMANCE: ("scmi_perf", "dvfs"),
    Kind.SENSOR: ("scmi_sensor", "sensor"),
}
#: Header of a mailbox, as SCP-firmware counts it.
_HEADER = 32
_INIT_MAILBOX = 1 << 1
_OUT_BAND = "OUT_BAND"
_SERVICE_ENUMERATOR = re.compile(r"\w*SCMI_SERVICE_IDX_(?P<name>\w+)")
#: Ids beyond the last resource that must be denied, too.
_BEYOND = (0, 1, 2, 15, 16, 255, 256, 4095, 65535, 65536)


def findings(firmware: Firmware) -> Iterator[str]:
    """What is wrong in the tables alone, one sentence each."""
    yield from service_findings(firmware)
    yield from channel_findings(firmware)
    yield from subscription_findings(firmware)
    yield from enumerator_findings(firmware)
    yield from view_findings(firmware)
    yield from counter_findings(firmware)


def service_findings(firmware: Firmware) -> Iterator[str]:
    """Each service has an agent and a channel of its own, and a way back that leads back."""
    transport = firmware.modules.index("transport")
    used = Counter(s.transport.element for s in firmware.services)
    agents = {agent.id for agent in firmware.agents}
    for service in firmware.services:
        says = f"service {service.index} ({service.name})"
        channel = _channel(firmware, service.transport)
        if service.agent not in agents:
            yield f"{says}: there is no agent {service.agent}"
        if service.transport.module != transport or channel is None:
            yield f"{says}: its transport is no channel"
            continue
        if used[channel.index] > 1:
            yield f"{says}: channel {channel.index} has another service, too"
        if channel.type.endswith("FAST_CHANNELS"):
            yield f"{says}: channel {channel.index} is a fast channel"
        if service.init.is_unset:
            yield f"{says}: the notification of its transport is unset, not none"
        yield from _way_back(firmware, service, channel)
    claimed = set(used)
    for channel in firmware.channels:
        if channel.index not in claimed and not channel.type.endswith("FAST_CHANNELS"):
            yield f"channel {channel.index} ({channel.name}) has no service"


def _way_back(firmware: Firmware, service: Service, channel: Channel) -> Iterator[str]:
    """Notifications go to a service of the same agent, whose channel the platform begins."""
    says = f"service {service.index} ({service.name})"
    if service.p2a.is_none:
        return
    if not channel.completer:
        yield f"{says}: a channel to the agent has notifications sent elsewhere"
    index = service.p2a.element
    if service.p2a.module != firmware.modules.index("scmi") or index is None:
        yield f"{says}: its notifications go to no service"
    elif index >= len(firmware.services):
        yield f"{says}: its notifications go to service {index}, and there is none"
    else:
        back = firmware.services[index]
        if back.agent != service.agent:
            yield f"{says}: its notifications go to agent {back.agent}"
        there = _channel(firmware, back.transport)
        if there is not None and there.completer:
            yield f"{says}: its notifications go to a channel that the agent begins"


def _channel(firmware: Firmware, transport: Id) -> Channel | None:
    index = transport.element
    known = index is not None and index < len(firmware.channels)
    return firmware.channels[index] if known and index is not None else None


def channel_findings(firmware: Firmware) -> Iterator[str]:
    """Mailboxes with room for a message, apart from each other, with a doorbell that exists."""
    taken: dict[Id, Channel] = {}
    boxed = [c for c in firmware.channels if c.type.endswith(_OUT_BAND)]
    for channel in firmware.channels:
        says = f"channel {channel.index} ({channel.name})"
        yield from (f"{says}: {what}" for what in _driver_findings(firmware, channel))
        if channel in boxed:
            yield from (f"{says}: {what}" for what in _mailbox_findings(firmware, channel))
        if other := taken.get(channel.driver):
            yield f"{says}: the doorbell of channel {other.index} ({other.name})"
        taken.setdefault(channel.driver, channel)
    for left, right in combinations(boxed, 2):
        if left.address < right.address + right.size and right.address < left.address + left.size:
            yield f"channels {left.index} and {right.index} share a mailbox"


def _driver_findings(firmware: Firmware, channel: Channel) -> Iterator[str]:
    driver = channel.driver
    if driver.element is None or driver.module >= len(firmware.modules):
        yield "no doorbell"
        return
    module = firmware.modules[driver.module]
    elements = firmware.elements(module)
    if elements is None:
        return
    if driver.element >= len(elements):
        yield f"{module} has {len(elements)} elements, and no {driver.element}"
    elif (slot := driver.sub_element) is not None:
        slots = elements[driver.element].sub_elements
        if slot >= slots:
            yield f"element {driver.element} of {module} has {slots} slots, and no {slot}"
    if channel.driver_api.module != driver.module:
        yield f"the interface of {module} is another module's"


def _mailbox_findings(firmware: Firmware, channel: Channel) -> Iterator[str]:
    if channel.address == 0 or channel.address % 4:
        yield f"no mailbox can be at {channel.address:#x}"
    if channel.size <= _HEADER:
        yield f"a mailbox of {channel.size} bytes holds no message"
    if not channel.policies & _INIT_MAILBOX and channel.completer:
        yield "its mailbox is never initialised"
    source = channel.pd_source
    if source.is_unset:
        return
    domains = _count(firmware, "power_domain")
    if source.element is None or firmware.modules[source.module] != "power_domain":
        yield "its power domain is no element of power_domain"
    elif domains is not None and source.element >= domains:
        yield f"there are {domains} power domains, and no {source.element}"


def subscription_findings(firmware: Firmware) -> Iterator[str]:
    """Modules that wait for services wait for those there are, and are there when they start."""
    scmi = firmware.modules.index("scmi")
    for source, services in firmware.subscriptions():
        module = Path(source).stem.removeprefix("mod_")
        late = module in firmware.modules and firmware.modules.index(module) > scmi
        for index in services:
            if index >= len(firmware.services):
                yield f"{source} waits for service {index}, and there is none"
            elif late and firmware.services[index].init.is_none:
                yield f"{source} is told of service {index} before it begins to listen"
            elif not _is_told_of_mailbox(firmware, firmware.services[index]):
                yield f"{source} is never told of service {index}: its mailbox is there before"


def _is_told_of_mailbox(firmware: Firmware, service: Service) -> bool:
    """Whether a service that waits for its mailbox hears of it: one that is always there is told
    of when `transport` starts, before `scmi` does."""
    channel = _channel(firmware, service.transport)
    early = firmware.modules.index("transport") < firmware.modules.index("scmi")
    return service.init.is_none or not early or channel is None or not channel.pd_source.is_none


def enumerator_findings(firmware: Firmware) -> Iterator[str]:
    """Services are those that the product's own enumeration names at their indices."""
    for values in firmware.enumerations().values():
        for enumerator, index in values.items():
            found = _SERVICE_ENUMERATOR.fullmatch(enumerator)
            if found is None:
                continue
            name = found["name"]
            if name in ("COUNT", "SCMI_SERVICE_COUNT"):
                if index != len(firmware.services):
                    yield f"{enumerator} is {index}, and there are {len(firmware.services)}"
            elif index >= len(firmware.services):
                yield f"{enumerator} is {index}, and there is no such service"
            else:
                yield from _role_findings(firmware, enumerator, name, firmware.services[index])


def _role_findings(
    firmware: Firmware, enumerator: str, name: str, service: Service
) -> Iterator[str]:
    """The agent and the direction that the name of an enumerator says."""
    words = name.split("_")
    agent = next((a for a in firmware.agents if a.id == service.agent), None)
    known = {a.name.upper() for a in firmware.agents}
    said = known & set(words)
    if agent is not None and said and agent.name.upper() not in said:
        yield f"{enumerator} is service {service.index}, which is {agent.name}'s"
    channel = _channel(firmware, service.transport)
    for word, completer in (("A2P", True), ("P2A", False)):
        if channel is not None and word in words and channel.completer is not completer:
            yield f"{enumerator} is service {service.index}, whose channel goes the other way"


def _count(firmware: Firmware, module: str) -> int | None:
    elements = firmware.elements(module) if firmware.has(module) else ()
    return None if elements is None else len(elements)


def view_findings(firmware: Firmware) -> Iterator[str]:
    """Rows of agents name elements that exist."""
    for kind, (module, hal) in _VIEWS.items():
        if not firmware.has(module):
            continue
        total = _count(firmware, hal)
        for agent, rows in firmware.rows(module).items():
            for number, row in enumerate(rows):
                says = f"{kind} {number} of agent {agent}"
                if row.element.element is None or firmware.modules[row.element.module] != hal:
                    yield f"{says} is no element of {hal}"
                elif total is not None and row.element.element >= total:
                    yield f"{says} is element {row.element.element} of {total}"
    yield from _power_views(firmware)
    if firmware.has("scmi_perf"):
        levels, domains = _count(firmware, "dvfs"), firmware.performance_domains
        if levels is not None and levels != domains:
            yield f"scmi_perf has {domains} domains, dvfs {levels}"


def _power_views(firmware: Firmware) -> Iterator[str]:
    """Power domains that agents have by numbers of their own exist."""
    total = _count(firmware, "power_domain")
    views = firmware.power_views() if firmware.has("scmi_power_domain") else None
    for agent, view in (views or {}).items():
        for number, domain in enumerate(view):
            if total is not None and domain >= total:
                yield f"power {number} of agent {agent} is element {domain} of {total}"


def counter_findings(firmware: Firmware) -> Iterator[str]:
    """Permissions have a bit for each number, and a row for each agent."""
    permissions = firmware.permissions
    if permissions is None:
        yield "resource_perms is no module of the firmware: everything is allowed"
        return
    if permissions.agents != len(firmware.agents):
        yield f"permissions have {permissions.agents} rows for {len(firmware.agents)} agents"
    for kind, (module, _) in _VIEWS.items():
        if not firmware.has(module):
            continue
        longest = max((len(rows) for rows in firmware.rows(module).values()), default=0)
        yield from _counter(firmware, kind, longest)


def _counter(firmware: Firmware, kind: Kind, needed: int) -> Iterator[str]:
    permissions = firmware.permissions
    if permissions is None or PROTOCOL[kind] not in permissions.words:
        return
    count, _ = permissions.words[PROTOCOL[kind]]
    if count < needed:
        yield f"permissions of {kind} have {count} numbers, and there are {needed}"


def model_findings(firmware: Firmware, platform: runtime.Runtime) -> Iterator[str]:
    """The firmware lets each agent send what the runtime configuration grants, and no more."""
    named = {agent.id: agent.name for agent in firmware.agents}
    for agent in platform.agents:
        if named.get(agent.id) != agent.name[:15]:
            yield f"agent {agent.id} is {named.get(agent.id)}, not {agent.name}"
    permissions = firmware.permissions
    if permissions is None:
        return
    for agent in platform.agents:
        for kind, messages in OPENS.items():
            granted = _granted(agent, kind)
            yield from _matrix(firmware, agent, kind, messages, granted)


def _granted(agent: runtime.Agent, kind: Kind) -> Mapping[int, frozenset[str]]:
    """The agent's number → the operations that it has of it."""
    return {grant.id: frozenset(map(str, grant.operations)) for grant in agent.grants.get(kind, ())}


def _matrix(
    firmware: Firmware,
    agent: runtime.Agent,
    kind: Kind,
    messages: Mapping[int, str | None],
    granted: Mapping[int, frozenset[str]],
) -> Iterator[str]:
    permissions, protocol = firmware.permissions, PROTOCOL[kind]
    if permissions is None:
        return
    module = (_VIEWS | _PHYSICAL)[kind][0]
    if not firmware.has(module):
        if any(granted.values()):
            yield f"{agent.name} is granted {kind}, and {module} is no module of the firmware"
        return
    if permissions.protocol(agent.id, protocol) != any(granted.values()):
        yield f"{agent.name}: protocol {protocol:#x} is {_word(not any(granted.values()))}"
    last = max(granted, default=-1)
    views = firmware.power_views() if kind is Kind.POWER else None
    view = None if views is None else views.get(agent.id, ())
    total = _numbers(firmware, kind) if view is None else len(view)
    if total is not None and last >= total:
        yield f"{agent.name} is granted {kind} {last}, and there are {total}"
    for number in sorted({*range(last + 1), *(last + more for more in _BEYOND[1:])}):
        operations = granted.get(number, frozenset())
        for message, needed in messages.items():
            wanted = bool(operations) if needed is None else needed in operations
            if kind is Kind.SENSOR and message == 3:
                # Describing begins anywhere for an agent that has a sensor at all.
                continue
            if view is None:
                asked = permissions.message(agent.id, protocol, message, number)
            else:
                # Beyond its view a check refuses the number before the permissions are asked.
                asked = number < len(view) and permissions.message(
                    agent.id, protocol, message, view[number]
                )
            if kind is Kind.SENSOR and message in (4, 5) and not asked:
                # Trip points may be left out.
                continue
            if asked != wanted:
                yield (
                    f"{agent.name}: message {message:#x} of {kind} {number} is {_word(not wanted)}"
                )


def _numbers(firmware: Firmware, kind: Kind) -> int | None:
    """How many numbers there are of a kind that has the same ones for all agents."""
    total = _count(firmware, _PHYSICAL[kind][1]) if kind in _PHYSICAL else None
    # The domain above all others is not shown to agents.
    return total - 1 if total is not None and kind is Kind.POWER else total


def _word(allowed: bool) -> str:
    return "allowed" if allowed else "denied"


def report(firmware: Firmware) -> Iterator[str]:
    """The tables in words, a line each."""
    for index, module in enumerate(firmware.modules):
        elements = firmware.elements(module)
        count = "made when it starts" if elements is None else f"{len(elements)} elements"
        yield f"module {index} {module}: {count}"
    for agent in firmware.agents:
        yield f"agent {agent.id} {agent.name}: type {agent.type}"
    names = _service_names(firmware)
    for service in firmware.services:
        yield (
            f"service {service.index} {names.get(service.index, '-')} ({service.name}): "
            f"agent {service.agent}, channel {service.transport.element}, "
            f"notifications {_number(service.p2a)}"
        )
    for channel in firmware.channels:
        way = "A2P" if channel.completer else "P2A"
        boxed = channel.type.endswith(_OUT_BAND)
        where = f"{way} {channel.address:#x}+{channel.size}" if boxed else "fast channel"
        yield (
            f"channel {channel.index} ({channel.name}): {where}, policies {channel.policies}, "
            f"doorbell {_driver(firmware, channel.driver)}, domain {_number(channel.pd_source)}"
        )
    for source, services in firmware.subscriptions():
        yield f"{Path(source).name} waits for services {', '.join(map(str, services))}"
    for kind, (module, hal) in _VIEWS.items():
        if firmware.has(module):
            elements = firmware.elements(hal)
            for agent, rows in firmware.rows(module).items():
                for number, row in enumerate(rows):
                    index = row.element.element
                    known = elements is not None and index is not None and index < len(elements)
                    name = elements[index].name if known and elements and index is not None else "?"
                    yield f"{kind} {number} of agent {agent}: element {index} ({name})"


def _service_names(firmware: Firmware) -> Mapping[int, str]:
    return {
        index: enumerator
        for values in firmware.enumerations().values()
        for enumerator, index in values.items()
        if _SERVICE_ENUMERATOR.fullmatch(enumerator) and not enumerator.endswith("COUNT")
    }


def _number(element: Id) -> str:
    return "none" if element.is_none else str(element.element)


def _driver(firmware: Firmware, driver: Id) -> str:
    slot = "" if driver.sub_element is None else f".{driver.sub_element}"
    return f"{firmware.modules[driver.module]} {driver.element}{slot}"


def main(arguments: list[str]) -> int:
    path, *models = arguments
    try:
        return _judge(path, models)
    except (ElfError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1


def _judge(path: str, models: list[str]) -> int:
    firmware = Firmware(Image(Path(path)))
    print("\n".join(report(firmware)))
    found = list(findings(firmware))
    for model in models:
        found += model_findings(firmware, runtime.decode(Path(model).read_bytes()))
    print("\n".join(f"wrong: {what}" for what in found) or "nothing is wrong")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
