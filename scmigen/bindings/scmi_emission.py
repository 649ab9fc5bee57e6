"""The SCMI node of a tree, as edits (Linux ``Bindings/firmware/arm,scmi.yaml``).

A tree that has an SCMI node keeps it, with its labels and what else is in it; another one gets
``/firmware/scmi``.
"""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.bindings.dialects import LINUX, Dialect
from scmigen.bindings.facts import ScmiInstance
from scmigen.bindings.references import read_list
from scmigen.bindings.regulators import CONSTRAINTS, UNSWITCHED
from scmigen.bindings.scmi_nodes import PROVIDES, REGULATORS
from scmigen.bindings.status import Status
from scmigen.bindings.transports import (
    CHANNEL_DETAILS,
    CHANNEL_PROPERTIES,
    PART_OF,
    TIMEOUT,
    Part,
    ScmiTransport,
)
from scmigen.data import Data
from scmigen.devicetree.edits import (
    AddNode,
    DeleteProperty,
    Edit,
    Entry,
    Raw,
    SetProperty,
    Strings,
    Value,
    cells,
    free_label,
)
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.protocols import Protocol
from scmigen.tuples import NamedTuple

_FIRMWARE = "/firmware"
#: Protocol → the label of its node, as Linux' trees have them.
LABELS: Mapping[int, str] = {
    Protocol.POWER: "scmi_pd",
    Protocol.SYSTEM: "scmi_sys",
    Protocol.PERFORMANCE: "scmi_perf",
    Protocol.CLOCK: "scmi_clk",
    Protocol.SENSOR: "scmi_sensor",
    Protocol.RESET: "scmi_rst",
    Protocol.VOLTAGE: "scmi_volt",
}
#: What a protocol is for, where no reference to it says so.
_NOTES: Mapping[int, str] = {Protocol.SYSTEM: "system power, as the role of the agent has it"}
#: What the label of the regulator that stands for one of the board begins with.
_OF_NATIVE = "scmi_"
#: What other labels of nodes below a protocol's begin with; the id follows.
_NUMBERED: Mapping[int, str] = {Protocol.POWER: "scmi_pd_", Protocol.VOLTAGE: "scmi_reg_"}
_BY_CLOCKS, _BY_DOMAINS = "#clock-cells", "#power-domain-cells"


class MadeLabel(NamedTuple):
    """What a label of a tree that was made means: a protocol's node or, with ``id`` or ``native``
    (the label of a regulator of the board), a node below that."""

    protocol: int
    id: str | None = None
    native: str | None = None


class Regulator(Data):
    """A voltage domain for the tree: its id and name, and the regulator it stands for, if any.

    ``switches``: the agent may switch it, so that what is always on is the agent's to see to.
    """

    id: int
    name: str
    native: Node | None
    switches: bool = True


class Channel(Data):
    """How the agent reaches its server: the transport, and of each property that it has the value.

    ``missing`` are properties that the transport needs and of which nothing is known.
    """

    transport: ScmiTransport
    values: Mapping[str, Value]

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not known, in words."""
        lacking = (name for name in self.transport.needs if name not in self.values)
        return tuple(lacking)


def made_label(label: str) -> MadeLabel | None:
    """What a label would mean if it is one that this module gives; None if it is none of these."""
    for number, wanted in LABELS.items():
        if label == wanted:
            return MadeLabel(number)
    for number, wanted in _NUMBERED.items():
        digits = label.removeprefix(wanted)
        if digits != label and digits.isdecimal():
            return MadeLabel(number, id=digits)
    native = label.removeprefix(_OF_NATIVE)
    return MadeLabel(Protocol.VOLTAGE, native=native) if native != label else None


def channel(
    transport: ScmiTransport,
    smc_id: int | None,
    number: int | None,
    shmem: Iterable[Node],
    mailboxes: Iterable[Entry],
) -> Channel:
    """A channel of what is known of it."""
    known: dict[Part, Value] = {}
    if smc_id is not None:
        known[Part.SMC_ID] = cells(smc_id)
    if number is not None:
        known[Part.NUMBER] = cells(number)
    memory, boxes = tuple(Entry(node.path) for node in shmem), tuple(mailboxes)
    if memory:
        known[Part.MEMORY] = memory
    if boxes:
        known[Part.MAILBOX] = boxes
    values = {
        name: known[part]
        for name, part in PART_OF.items()
        if part in known and (name in transport.needs or part is Part.MEMORY)
    }
    return Channel(transport, values if transport.has_memory else {})


class ScmiNode:
    """The SCMI node that a tree has or gets: where its parts are, and the edits that make them.

    ``dialect``: of what reads it.
    """

    def __init__(
        self, tree: DeviceTree, instance: ScmiInstance | None, dialect: Dialect = LINUX
    ) -> None:
        self._tree = tree
        self._instance = instance
        self._dialect = dialect
        self.path = instance.node.path if instance is not None else _free_path(tree)
        self._labels: dict[str, str] = {}
        self._taken = set(tree.labels)
        self._regulators: dict[int, str] = {}

    @property
    def by_clocks(self) -> bool:
        """Whether performance domains are referred to as clocks are."""
        node = self._protocol(Protocol.PERFORMANCE)
        return node is not None and _BY_CLOCKS in node

    def protocol(self, number: int) -> str:
        """The path of the node of a protocol."""
        node = self._protocol(number)
        return node.path if node is not None else f"{self.path}/protocol@{number:x}"

    def domain(self, number: int) -> str:
        """The path of the node of a power domain, where such have nodes."""
        return f"{self.protocol(Protocol.POWER)}/domain@{number:x}"

    def regulator(self, number: int) -> str:
        """The path of the node of a voltage domain."""
        node = self._old_regulators().get(number)
        if node is not None:
            return node.path
        return f"{self.protocol(Protocol.VOLTAGE)}/{REGULATORS}/regulator@{number:x}"

    def _protocol(self, number: int) -> Node | None:
        return None if self._instance is None else self._instance.protocols.get(number)

    def _old_regulators(self) -> dict[int, Node]:
        node = self._protocol(Protocol.VOLTAGE)
        holder = node.children.get(REGULATORS) if node is not None else None
        children = holder.children.values() if holder is not None else ()
        return {number: each for each in children if (number := each.cell("reg")) is not None}

    # --- edits

    def edits(
        self,
        channel: Channel | None,
        timeout: int | None,
        protocols: Iterable[int],
        regulators: Iterable[Regulator],
        others: bool,
        domains: Iterable[int] = (),
    ) -> Iterator[Edit]:
        """The edits for an agent with these protocols, voltage domains, and power domains.

        ``channel`` is None where the node has the agent's channel already. ``timeout`` is how long
        it waits, in ms, if not as long as the transport says. ``others``: the node is that of
        other agents, so that what this one does not have is disabled.
        """
        wanted = sorted(set(protocols) & self._dialect.protocols.keys())
        yield from self._node(channel, timeout)
        yield from self._translated(channel)
        for number in wanted:
            if self._protocol(number) is None:
                yield from self._add_protocol(number)
        if Protocol.VOLTAGE in wanted:
            yield from self._add_regulators(tuple(regulators), others)
        if Protocol.POWER in wanted and self._dialect.domain is not None:
            yield from self._add_domains(tuple(domains), self._dialect.domain)
        if others and self._instance is not None:
            for number, node in self._instance.protocols.items():
                yield from _without_channel(node)
                if number not in wanted and number != Protocol.BASE:
                    yield SetProperty(node.path, "status", Strings(("disabled",)))

    def _node(self, channel: Channel | None, timeout: int | None) -> Iterator[Edit]:
        if self._instance is None:
            if self._tree.node(_FIRMWARE) is None:
                yield AddNode(_FIRMWARE)
            yield AddNode(self.path, self._label("scmi"))
        if channel is not None:
            yield from self._channel(channel)
            timeout = timeout or channel.transport.timeout
        if timeout is not None and self._dialect.allows(TIMEOUT):
            yield SetProperty(self.path, TIMEOUT, cells(timeout))
        if self._instance is None:
            yield SetProperty(self.path, "#address-cells", cells(1))
            yield SetProperty(self.path, "#size-cells", cells(0))

    def _channel(self, channel: Channel) -> Iterator[Edit]:
        if self._instance is not None:
            node = self._instance.node
            for name in (*CHANNEL_PROPERTIES, *CHANNEL_DETAILS):
                if name in node and name not in channel.values:
                    yield DeleteProperty(node.path, name)
        yield SetProperty(self.path, "compatible", Strings((channel.transport.compatible,)))
        for name, value in _first_channel(channel.values, self._dialect).items():
            yield SetProperty(self.path, name, value)

    def _add_protocol(self, number: int) -> Iterator[Edit]:
        path = self.protocol(number)
        label = self._label(LABELS.get(number, f"scmi_{number:x}"))
        yield AddNode(path, label, _NOTES.get(number, ""))
        compatible = self._dialect.protocols.get(number)
        if compatible is not None:
            yield SetProperty(path, "compatible", Strings((compatible,)))
        yield SetProperty(path, "reg", cells(number))
        provides = PROVIDES.get(Protocol(number), ())
        if number == Protocol.PERFORMANCE:
            provides = (_BY_DOMAINS,)
        for name in provides:
            yield SetProperty(path, name, cells(1))

    def _add_regulators(self, regulators: tuple[Regulator, ...], others: bool) -> Iterator[Edit]:
        old = self._old_regulators()
        holder = f"{self.protocol(Protocol.VOLTAGE)}/{REGULATORS}"
        if self._tree.node(holder) is None:
            yield AddNode(holder)
            yield SetProperty(holder, "#address-cells", cells(1))
            yield SetProperty(holder, "#size-cells", cells(0))
        for item in regulators:
            if item.id not in old:
                yield from self._add_regulator(item)
        wanted = {item.id for item in regulators}
        for number, node in old.items() if others else ():
            if number not in wanted and Status.of(node).is_okay:
                yield SetProperty(node.path, "status", Strings(("disabled",)))

    def _add_regulator(self, item: Regulator) -> Iterator[Edit]:
        path = self.regulator(item.id)
        label = None if item.native is None else self._tree.label_of.get(item.native.path)
        yield AddNode(
            path,
            self._label(
                f"{_OF_NATIVE}{label}" if label else f"{_NUMBERED[Protocol.VOLTAGE]}{item.id}"
            ),
        )
        yield SetProperty(path, "reg", cells(item.id))
        yield SetProperty(path, "regulator-name", Strings((item.name,)))
        constraints = CONSTRAINTS if item.switches else UNSWITCHED
        native = item.native.properties if item.native is not None else {}
        for name in constraints:
            if name in self._dialect.unread:
                continue
            found = native.get(name)
            if found is not None and len(found.value) % 4 == 0:
                numbers = found.cells()
                yield SetProperty(path, name, cells(*numbers) if numbers else ())

    def _add_domains(self, domains: tuple[int, ...], compatible: str) -> Iterator[Edit]:
        path = self.protocol(Protocol.POWER)
        yield SetProperty(path, "#address-cells", cells(1))
        yield SetProperty(path, "#size-cells", cells(0))
        for number in domains:
            domain = self.domain(number)
            if self._tree.node(domain) is None:
                yield AddNode(domain, self._label(f"{_NUMBERED[Protocol.POWER]}{number}"))
            yield SetProperty(domain, "compatible", Strings((compatible,)))
            yield SetProperty(domain, "reg", cells(number))
            yield SetProperty(domain, _BY_DOMAINS, cells(0))

    # --- what is there already, in the words of another system

    def _translated(self, channel: Channel | None) -> Iterator[Edit]:
        dialect = self._dialect
        for name, wanted in self._named(channel):
            for node in self._tree.nodes:
                if wanted in node.strings("compatible"):
                    yield SetProperty(self.path, name, (Entry(node.path),))
                    break
        if self._instance is None:
            return
        node = self._instance.node
        if channel is None and dialect.mailbox_names:
            yield from self._one_channel(node)
        for number, protocol in self._instance.protocols.items():
            compatible = dialect.protocols.get(number)
            if compatible is not None:
                yield SetProperty(protocol.path, "compatible", Strings((compatible,)))
            yield from self._without_unknown(protocol, protocol=True)
        yield from self._without_unknown(node)
        for regulator in self._old_regulators().values():
            for name in sorted(dialect.unread & regulator.properties.keys()):
                yield DeleteProperty(regulator.path, name)

    def _named(self, channel: Channel | None) -> Iterator[tuple[str, str]]:
        """The nodes that the SCMI node must name: property, compatible."""
        transport = channel.transport if channel is not None else None
        if transport is None and self._instance is not None:
            transport = self._instance.transport
        found = self._dialect.references.get(transport.compatible) if transport else None
        if found is not None:
            yield found

    def lacking(self, channel: Channel | None) -> tuple[str, ...]:
        """The properties of those nodes that the tree does not have."""
        known = {text for node in self._tree.nodes for text in node.strings("compatible")}
        return tuple(name for name, wanted in self._named(channel) if wanted not in known)

    def _without_unknown(self, node: Node, *, protocol: bool = False) -> Iterator[Edit]:
        for name in node.properties:
            if not self._dialect.allows(name, protocol=protocol):
                yield DeleteProperty(node.path, name)

    def _one_channel(self, node: Node) -> Iterator[Edit]:
        """The first channel of a node that may have two."""
        values: dict[str, Value] = {}
        for name, count in (("shmem", lambda _: 0), ("mboxes", "#mbox-cells")):
            entries = read_list(self._tree, node, name, count).entries
            if entries:
                values[name] = tuple(Entry(e.provider.path, e.cells) for e in entries)
        for name, value in _first_channel(values, self._dialect).items():
            yield SetProperty(node.path, name, value)

    def _label(self, wanted: str) -> str:
        if wanted not in self._labels:
            self._labels[wanted] = free_label(self._taken, wanted)
            self._taken.add(self._labels[wanted])
        return self._labels[wanted]


def _entries(values: Mapping[str, Value], name: str) -> tuple[Entry, ...]:
    value = values.get(name, ())
    return () if isinstance(value, Strings | Raw) else value


def _first_channel(values: Mapping[str, Value], dialect: Dialect) -> Mapping[str, Value]:
    """A channel as a system has it that knows the one to the platform only, and names it.

    Of two shared memories the second is the platform's, and so are the mailboxes behind the first
    one then, or behind two if there are more (Linux ``Bindings/firmware/arm,scmi.yaml``: tx, rx; or
    tx, tx_reply, rx, rx_reply).
    """
    if not dialect.mailbox_names:
        return values
    shmem, boxes = _entries(values, "shmem"), _entries(values, "mboxes")
    if len(shmem) > 1:
        boxes = boxes[: 1 if len(boxes) == 2 else 2]
    found = {**values}
    if shmem:
        found["shmem"] = shmem[:1]
    if boxes:
        found["mboxes"] = boxes
        found["mbox-names"] = Strings(dialect.mailbox_names[: len(boxes)])
    return found


def _without_channel(protocol: Node) -> Iterator[Edit]:
    """A protocol of other agents has their channel, if it has one of its own."""
    for name in (*CHANNEL_PROPERTIES, *CHANNEL_DETAILS):
        if name in protocol:
            yield DeleteProperty(protocol.path, name)


def _free_path(tree: DeviceTree) -> str:
    """Where an SCMI node can be added; the binding numbers several."""
    path = f"{_FIRMWARE}/scmi"
    number = 0
    while tree.node(path) is not None:
        number += 1
        path = f"{_FIRMWARE}/scmi-{number}"
    return path
