"""The configuration tables of a linked SCP-firmware, read back from its ELF file.

Tables made by a function when the firmware starts (`FWK_MODULE_DYNAMIC_ELEMENTS`) are read where
the function's file has one table of elements, as most just return that; else they are unknown.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from targets.scp.elf_image import LONGEST, ElfError, Image, Place, Unit

#: What `fwk_id_t` says it is, by the four lowest bits.
_NONE, _MODULE, _ELEMENT, _SUB_ELEMENT, _API = 1, 2, 3, 4, 5
_STATIC, _DYNAMIC = 1, 2
_SERVICES = "scmi_notification_table"
#: Protocol → member with its bits, member with its counters, last message that has any.
_TABLES = {
    0x11: ("scmi_pd_perms", "pd_counters", 0x6),
    0x13: ("scmi_perf_perms", "perf_counters", 0xB),
    0x14: ("scmi_clock_perms", "clock_counters", 0x7),
    0x15: ("scmi_sensor_perms", "sensor_counters", 0x6),
    0x16: ("scmi_reset_domain_perms", "reset_domain_counters", 0x5),
    0x17: ("scmi_voltd_perms", "voltd_counters", 0x8),
}
#: Bits of a word of permissions, as a shift.
_SHIFT = 4
_ADDRESSED = "MOD_TRANSPORT_CHANNEL_TRANSPORT_TYPE_OUT_BAND"


@dataclass(frozen=True, slots=True)
class Id:
    """A ``fwk_id_t``: 0 in a field that nobody set, `none`, or something of a module."""

    value: int

    @property
    def is_unset(self) -> bool:
        return self.value & 0xF == 0

    @property
    def is_none(self) -> bool:
        return self.value & 0xF in (0, _NONE)

    @property
    def module(self) -> int:
        return self.value >> 4 & 0xFF

    @property
    def element(self) -> int | None:
        """The element, also of a sub-element."""
        kinds = (_ELEMENT, _SUB_ELEMENT)
        return self.value >> 12 & 0xFFF if self.value & 0xF in kinds else None

    @property
    def sub_element(self) -> int | None:
        return self.value >> 24 & 0xFF if self.value & 0xF == _SUB_ELEMENT else None

    @property
    def api(self) -> int | None:
        return self.value >> 12 & 0xF if self.value & 0xF == _API else None


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a module; ``data`` is where its configuration is."""

    name: str
    sub_elements: int
    data: int


@dataclass(frozen=True, slots=True)
class Agent:
    id: int
    type: int
    name: str


@dataclass(frozen=True, slots=True)
class Service:
    index: int
    name: str
    agent: int
    transport: Id
    api: Id
    init: Id
    p2a: Id


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of `transport`; ``type`` is the enumerator of how it carries messages."""

    index: int
    name: str
    type: str
    completer: bool
    address: int
    size: int
    policies: int
    pd_source: Id
    driver: Id
    driver_api: Id


@dataclass(frozen=True, slots=True)
class Row:
    """What an agent's own number of a clock, reset or supply stands for."""

    element: Id
    starts_enabled: bool = False


@dataclass(frozen=True, slots=True)
class Permissions:
    """Which messages the tables let an agent send; rows are agents from 1 on."""

    agents: int
    protocol_count: int
    protocols: tuple[int, ...]
    messages: tuple[tuple[int, ...], ...]
    words: Mapping[int, tuple[int, Sequence[int]]] = field(default_factory=dict)

    def protocol(self, agent: int, protocol: int) -> bool:
        """Whether an agent has a protocol at all."""
        index, row = protocol - 0x10, agent - 1
        if not self.protocols:
            return True
        inside = 0 <= row < self.agents and index < self.protocol_count
        return inside and not self.protocols[row] >> index & 1

    def message(self, agent: int, protocol: int, message: int, resource: int = 0) -> bool:
        """Whether an agent may send a message about a resource: protocol, message, resource."""
        if agent == 0:
            return True
        if not self.protocol(agent, protocol):
            return False
        if message < 3:
            return True
        index = protocol - 0x10
        if protocol == 0x10 and message != 8:
            return True
        bit = 0 if protocol == 0x10 else message - 3
        if self.messages and self.messages[agent - 1][index] >> bit & 1:
            return False
        if protocol not in self.words or message > _TABLES[protocol][2]:
            return True
        count, words = self.words[protocol]
        if resource >= count:
            return False
        length, rows = (count >> _SHIFT) + 1, _TABLES[protocol][2] - 2
        at = ((agent - 1) * rows + message - 3) * length + (resource >> _SHIFT)
        return not words[at] >> (resource & 15) & 1


class Firmware:
    """The tables of one firmware."""

    def __init__(self, image: Image) -> None:
        self.image = image

    def _config(self, module: str) -> tuple[Unit, Place]:
        unit = self.image.unit(f"config_{module}")
        return unit, unit.variables[f"config_{module}"]

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """The modules by their index, as the C files spell them."""
        unit, _ = self._config("scmi")
        for values in unit.enums.values():
            named = {name: value for name, value in values.items() if _is_module(name)}
            if "FWK_MODULE_IDX_SCMI" in named:
                inverse = {value: name for name, value in named.items()}
                return tuple(
                    inverse[i].removeprefix("FWK_MODULE_IDX_").lower() for i in range(len(inverse))
                )
        raise ElfError("config_scmi.c does not know the indices of modules")

    def has(self, module: str) -> bool:
        return module in self.modules

    def elements(self, module: str) -> tuple[Element, ...] | None:
        """The elements of a module; none where a function makes them and its file says not what."""
        try:
            unit, config = self._config(module)
        except ElfError:
            return None
        made = config["elements"]
        how = made["type"].value
        if how == _STATIC:
            return tuple(self._walk(unit, made["table"].value))
        if how != _DYNAMIC:
            return ()
        found = [place for place in unit.variables.values() if _is_table(place)]
        if len(found) != 1:
            return None
        try:
            return tuple(self._walk(unit, found[0].address))
        except ElfError:
            # Only a part of the table, which the function completes.
            return None

    def _walk(self, unit: Unit, address: int) -> Iterator[Element]:
        """Elements end at the first one without a name."""
        for _ in range(LONGEST):
            row = unit.struct("fwk_element", address)
            name = row["name"].text
            if name is None:
                return
            yield Element(name, row["sub_element_count"].value, row["data"].value)
            address += row.size
        raise ElfError(f"the table of elements in {unit.source} has no end")

    def enumerations(self) -> Mapping[str, Mapping[str, int]]:
        """The enumerations of the files with tables, and of the modules that subscribe."""
        found: dict[str, Mapping[str, int]] = {}
        for unit in self.image.units:
            if re.search(r"config_\w+\.c$", unit.source) or _SERVICES in unit.variables:
                for tag, values in unit.enums.items():
                    found.setdefault(tag, values)
        return found

    @cached_property
    def agents(self) -> tuple[Agent, ...]:
        """The agents of the Base protocol; row 0 is the platform's and is not read."""
        unit, config = self._config("scmi")
        scmi = unit.struct("mod_scmi_config", config["data"].value)
        rows = (
            (i, scmi["agent_table"].points_to(i)) for i in range(1, scmi["agent_count"].value + 1)
        )
        return tuple(Agent(i, row["type"].value, row["name"].text or "") for i, row in rows)

    @cached_property
    def services(self) -> tuple[Service, ...]:
        unit, _ = self._config("scmi")
        found = []
        for index, element in enumerate(self.elements("scmi") or ()):
            row = unit.struct("mod_scmi_service_config", element.data)
            ids = ("transport_id", "transport_api_id", "transport_notification_init_id")
            found.append(
                Service(
                    index,
                    element.name,
                    row["scmi_agent_id"].value,
                    *(_id(row[name]) for name in ids),
                    _id(row["scmi_p2a_id"]),
                )
            )
        return tuple(found)

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        unit, _ = self._config("transport")
        types = _inverse(unit, "MOD_TRANSPORT_CHANNEL_TRANSPORT_TYPE_NONE")
        ends = _inverse(unit, "MOD_TRANSPORT_CHANNEL_TYPE_COMPLETER")
        found = []
        for index, element in enumerate(self.elements("transport") or ()):
            row = unit.struct("mod_transport_channel_config", element.data)
            kind = types[row["transport_type"].value]
            addressed = kind == _ADDRESSED
            found.append(
                Channel(
                    index,
                    element.name,
                    kind,
                    ends[row["channel_type"].value].endswith("_COMPLETER"),
                    row["out_band_mailbox_address"].value if addressed else 0,
                    row["out_band_mailbox_size"].value if addressed else 0,
                    row["policies"].value,
                    _id(row["pd_source_id"]),
                    _id(row["driver_id"]),
                    _id(row["driver_api_id"]),
                )
            )
        return tuple(found)

    def rows(self, module: str) -> Mapping[int, tuple[Row, ...]]:
        """Agent → its table of `scmi_clock`, `scmi_reset_domain` or `scmi_voltage_domain`."""
        unit, config = self._config(module)
        short = {"scmi_voltage_domain": "scmi_voltd"}.get(module, module)
        tag = next(f"mod_{n}_config" for n in (module, short) if unit.has_struct(f"mod_{n}_config"))
        scmi = unit.struct(tag, config["data"].value)
        found = {}
        if unit.has_struct(f"mod_{module}_agent_config"):
            # SCP-firmware 2025-11: an element for each agent's clocks.
            each = (element.data for element in self.elements(module) or ())
            tables = [unit.struct(f"mod_{module}_agent_config", data) for data in each]
        else:
            count = scmi["agent_count"].value
            tables = [scmi["agent_table"].points_to(agent) for agent in range(count)]
        for agent, table in enumerate(tables):
            names = ("agent_device_count", "device_count", "agent_domain_count", "domain_count")
            (count,) = (table[name].value for name in names if name in table)
            places = [table["device_table"].points_to(i) for i in range(count)]
            found[agent] = tuple(
                Row(
                    _id(place["element_id"]),
                    "starts_enabled" in place and bool(place["starts_enabled"].value),
                )
                for place in places
            )
        return found

    def power_views(self) -> Mapping[int, tuple[int, ...]] | None:
        """Agent → the power domains that it has by its numbers; none: all have the same."""
        unit, config = self._config("scmi_power_domain")
        if not unit.has_struct("mod_scmi_pd_agent_config"):
            return None
        scmi = unit.struct("mod_scmi_pd_config", config["data"].value)
        found = {}
        for agent in (0, *(each.id for each in self.agents)):
            table = scmi["agent_config_table"].points_to(agent)
            count = table["domain_count"].value
            found[agent] = tuple(table["domains"].points_to(i).value for i in range(count))
        return found

    @property
    def performance_domains(self) -> int:
        unit, config = self._config("scmi_perf")
        scmi = unit.struct("mod_scmi_perf_config", config["data"].value)
        return int(scmi["perf_doms_count"].value)

    def power_parents(self) -> tuple[int, ...]:
        """The parent of each power domain."""
        unit, _ = self._config("power_domain")
        return tuple(
            unit.struct("mod_power_domain_element_config", element.data)["parent_idx"].value
            for element in self.elements("power_domain") or ()
        )

    @cached_property
    def permissions(self) -> Permissions | None:
        """None without the module: then every agent may do everything."""
        if not self.has("resource_perms"):
            return None
        unit, config = self._config("resource_perms")
        perms = unit.struct("mod_res_resource_perms_config", config["data"].value)
        tables = unit.struct("mod_res_agent_permission", perms["agent_permissions"].value)
        agents = perms["agent_count"].value
        protocols = tables["agent_protocol_permissions"]
        messages = tables["agent_msg_permissions"]
        words = {}
        for protocol, (bits, counters, last) in _TABLES.items():
            if bits not in tables or not (address := tables[bits].value):
                continue
            count = perms[counters]["count"].value
            size = agents * (last - 2) * ((count >> _SHIFT) + 1)
            words[protocol] = count, unit.scalars(16, address, size)
        return Permissions(
            agents,
            perms["protocol_count"].value,
            tuple(protocols.points_to(i)["protocols"].value for i in range(agents))
            if protocols.value
            else (),
            tuple(
                tuple(unit.scalars(16, messages.points_to(i)["messages"].address, 9))
                for i in range(agents)
            )
            if messages.value
            else (),
            words,
        )

    def subscriptions(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The services whose start a module of the product waits for, with the module's file."""
        for unit in self.image.units:
            place = unit.variables.get(_SERVICES)
            if place is not None:
                yield unit.source, tuple(item.value for item in place.items())


def _is_module(name: str) -> bool:
    return name.startswith("FWK_MODULE_IDX_") and name != "FWK_MODULE_IDX_COUNT"


def _is_table(place: Place) -> bool:
    if place.die.tag != "DW_TAG_array_type" or not place.length:
        return False
    return place.items()[0].tag == "fwk_element"


def _id(place: Place) -> Id:
    return Id(place["value"].value)


def _inverse(unit: Unit, member: str) -> Mapping[int, str]:
    """Value → enumerator, of the enumeration that has a member."""
    for values in unit.enums.values():
        if member in values:
            return {value: name for name, value in values.items()}
    raise ElfError(f"{unit.source} does not know {member}")
