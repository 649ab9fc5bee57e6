"""Small platforms, built by hand, so that these tests depend on no earlier stage."""

from collections.abc import Mapping
from dataclasses import fields, replace

from scmigen.assignment.assignment import Agent, Assignment, PlatformOptions
from scmigen.assignment.given import Given, Outputs
from scmigen.assignment.roles import ROLES
from scmigen.bindings.facts import OperatingPoint, ResourceFacts, ResourceKey, Use
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.references import References
from scmigen.bindings.running import NO_TOPOLOGY
from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position
from scmigen.model.ownership import Owners
from scmigen.model.platform import Device, Grant, Platform, Resource
from scmigen.runtime import Numbering, Role
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import Made, make

STATE, RATE, PARENT, READ, RESET, LEVEL, LIMITS, CONFIG = (
    Operation.STATE,
    Operation.RATE,
    Operation.PARENT,
    Operation.READ,
    Operation.RESET,
    Operation.LEVEL,
    Operation.LIMITS,
    Operation.CONFIG,
)


class Board:
    """Collects agents, resources and grants; `platform` makes the model of them."""

    def __init__(self, name: str = "board", numbering: Numbering = Numbering.SHARED) -> None:
        self.name = name
        self.numbering = numbering
        self.root = DraftNode("", None, Position("board.dts", 1, 1))
        self.soc = self.child(self.root, "soc")
        self.agents: list[Agent] = []
        self.resources: dict[Kind, list[Resource]] = {}
        self.grants: list[Grant] = []
        self.uses: list[Use] = []
        self.devices: list[Device] = []
        self.reserved: dict[Kind, tuple[int, ...]] = {}

    @staticmethod
    def child(parent: DraftNode, name: str) -> DraftNode:
        node = DraftNode(name, parent, Position("board.dts", 10, 2))
        parent.children[name] = node
        return node

    def node(self, name: str) -> DraftNode:
        return self.soc.children.get(name) or self.child(self.soc, name)

    def agent(self, name: str, role: Role = Role.OSPM, permissions: bool = False) -> Agent:
        power = ROLES[role].system_power
        number = len(self.agents) + 1
        agent = Agent(number, name, role, permissions=permissions, system_power=power)
        self.agents.append(agent)
        return agent

    def resource(
        self,
        kind: Kind,
        number: int,
        name: str,
        *,
        assumed: tuple[str, ...] = (),
        provider: str | None = None,
        **facts: object,
    ) -> Resource:
        node = self.node(provider or f"{kind}-controller@1000")
        key = ResourceKey(kind, node.path, (number,))
        resource = Resource(
            key,
            number,
            name,
            name[:15],
            node,
            ResourceFacts(**facts),  # type: ignore[arg-type]
            assumed,
        )
        self.resources.setdefault(kind, []).append(resource)
        return resource

    def grant(
        self,
        agent: Agent,
        resource: Resource,
        *operations: Operation,
        number: int | None = None,
        boot: frozenset[Operation] | None = None,
    ) -> None:
        use = Use(
            self.node(f"device-{resource.kind}@{resource.number:x}"),
            resource.key,
            {Kind.POWER: "power-domains", Kind.RESET: "resets"}.get(resource.kind, "clocks"),
            0,
            frozenset(operations),
        )
        self.uses.append(use)
        as_id = resource.number if number is None else number
        allowed = frozenset(operations)
        at_boot = allowed if boot is None else boot
        self.grants.append(Grant(agent, resource, as_id, allowed, at_boot, (use,)))

    def device(self, name: str, number: int | None, *uses: Use) -> None:
        self.devices.append(Device(self.node(name), number, (), (), uses, name=name))

    def _inventory(self) -> Inventory:
        """What the tables read of an inventory; all else is empty."""
        tree = DeviceTree(self.root, "board.dts")
        known: dict[str, object] = {
            "tree": tree,
            "references": References(tree),
            "uses": tuple(self.uses),
            "providers": {},
            "facts": {},
            "topology": NO_TOPOLOGY,
        }
        return Inventory(**{f.name: known.get(f.name, ()) for f in fields(Inventory)})

    def platform(self, options: PlatformOptions | None = None, **scp: object) -> Platform:
        """The platform; ``scp`` are options of the output scp."""
        inventory, options = self._inventory(), options or PlatformOptions({}, {}, {})
        made = Platform(
            name=self.name,
            numbering=self.numbering,
            inventory=inventory,
            providers={},
            owners=Owners(Assignment(tuple(self.agents), (), (), options), inventory),
            options=options,
            agents=tuple(self.agents),
            resources={kind: tuple(found) for kind, found in self.resources.items()},
            all_grants=tuple(self.grants),
            devices=tuple(self.devices),
            reserved=self.reserved,
            own=frozenset(
                use.key
                for device in self.devices
                if device.number is None
                for use in device.uses
                if STATE in use.needs
            ),
        )
        return with_options(made, **scp)


def given(value: object) -> Given:
    """A plain value as an agents file would give it."""
    if isinstance(value, Mapping):
        return Given({str(key): given(item) for key, item in value.items()})
    if isinstance(value, list):
        return Given(tuple(map(given, value)))
    return Given(str(value).lower() if isinstance(value, bool) else str(value))


def with_options(platform: Platform, **options: object) -> Platform:
    """The platform with options of the output scp, besides or in place of those it has."""
    before = platform.options.outputs.given
    entries = dict(before[0].entries["scp"].entries) if before else {}
    entries |= {name.replace("_", "-"): given(value) for name, value in options.items()}
    outputs = Outputs((Given({"scp": Given(entries)}),))
    return replace(platform, options=replace(platform.options, outputs=outputs))


def emit(platform: Platform) -> Made:
    """The output scp of a platform: its files and its diagnostics."""
    return make(platform, "scp")


def one_agent() -> Platform:
    """One agent that has all of everything: 16 clocks, a domain, a reset."""
    board = Board("one-agent")
    linux = board.agent("linux")
    for number in range(16):
        clock = board.resource(Kind.CLOCK, number, f"clk{number}", rates=(24_000_000,))
        board.grant(linux, clock, STATE, RATE, READ)
    board.grant(linux, board.resource(Kind.POWER, 0, "gpu"), STATE, READ)
    board.grant(linux, board.resource(Kind.RESET, 0, "spi"), RESET)
    return board.platform()


def two_agents() -> Platform:
    """Two agents with shared clocks, holes, reserved numbers, and what is on at boot."""
    board = Board("two-agents")
    linux = board.agent("linux")
    optee = board.agent("optee", Role.SECURE)
    board.reserved = {Kind.CLOCK: (3,), Kind.POWER: (1,), Kind.RESET: (40,)}
    rates = (100_000_000, 24_000_000, 48_000_000)
    clocks = {
        number: board.resource(Kind.CLOCK, number, f"ck_{number}", rates=rates)
        for number in (0, 1, 2, 5, 6, 17, 18)
    }
    bus = board.resource(Kind.CLOCK, 9, "bus", rates=(200_000_000,), always_on=True)
    console = board.resource(Kind.CLOCK, 10, "console", rates=(1_843_200,), on=True)
    unknown = board.resource(Kind.CLOCK, 20, "unknown", assumed=("rate",))
    board.resource(Kind.CLOCK, 21, "nobodys", rates=(32_768,))
    board.grant(linux, clocks[0], STATE, RATE, READ)
    board.grant(linux, clocks[1], READ)
    board.grant(linux, clocks[2], STATE, READ)
    board.grant(linux, clocks[17], STATE)
    board.grant(linux, bus, STATE, READ)
    board.grant(linux, console, STATE, READ)
    board.grant(linux, unknown, STATE, READ)
    board.grant(optee, clocks[2], STATE, READ)
    board.grant(optee, clocks[6], STATE, RATE, READ)
    board.grant(optee, console, READ)
    board.grant(optee, clocks[1], STATE, READ, boot=frozenset())  # with an assignable device
    board.grant(optee, clocks[17], STATE, READ, boot=frozenset({READ}))
    domains = {
        0: board.resource(Kind.POWER, 0, "gpu"),
        2: board.resource(Kind.POWER, 2, "noc", always_on=True),
        3: board.resource(Kind.POWER, 3, "display", on=True),
    }
    board.grant(linux, domains[0], STATE, READ)
    board.grant(linux, domains[2], STATE, READ)
    board.grant(linux, domains[3], STATE, READ)
    board.grant(optee, domains[0], STATE, READ)
    board.grant(optee, domains[3], READ)
    resets = {number: board.resource(Kind.RESET, number, f"rst-{number}") for number in (0, 1, 32)}
    board.grant(linux, resets[0], RESET)
    board.grant(linux, resets[32], RESET)
    board.device("device-clock@0", 0, board.uses[0])
    board.device("device-clock@6", 1)
    watchdog = board.node("wdt@0")
    needs = frozenset({STATE, READ})
    aon = board.resource(Kind.POWER, 4, "aon", on=True)
    board.grant(linux, aon, STATE, READ)
    board.device(
        "wdt@0",
        None,
        Use(watchdog, clocks[18].key, "clocks", 0, needs),
        Use(watchdog, aon.key, "power-domains", 0, needs),
    )
    return board.platform()


def five_agents() -> Platform:
    """Five agents numbered each on its own, one of them without any grant."""
    board = Board("five-agents", Numbering.PER_AGENT)
    roles = (Role.OSPM, Role.PSCI, Role.HYPERVISOR, Role.SECURE, Role.VM)
    agents = [board.agent(f"agent {role}", role) for role in roles]
    clocks = [board.resource(Kind.CLOCK, n, f"pll{n}", rates=(1000 + n,)) for n in range(300)]
    resets = [board.resource(Kind.RESET, n, f"r{n}") for n in range(200)]
    for index, agent in enumerate(agents[:4]):
        for number in range(60):
            clock = clocks[299 - 4 * number - index]
            if number != 7:  # a number that this agent had to give up
                board.grant(agent, clock, STATE, *((READ,) if number % 2 else ()), number=number)
        for number in range(31 + index):
            board.grant(agent, resets[5 * number + index], RESET, number=number)
    return board.platform()


def views() -> Platform:
    """Power domains by numbers of each agent's own: shared ones, a hole, one that may only read."""
    board = Board("views", Numbering.PER_AGENT)
    linux, vm = board.agent("linux"), board.agent("vm", Role.VM)
    board.agent("idle", Role.VM)
    domains = [board.resource(Kind.POWER, number, f"pd{number}") for number in range(20)]
    for number, domain in enumerate((7, 0, 19, 3)):
        board.grant(linux, domains[domain], STATE, READ, number=number)
    for number, domain in ((0, 3), (2, 5), (4, 18)):
        board.grant(
            vm, domains[domain], *((READ,) if domain == 18 else (STATE, READ)), number=number
        )
    board.grant(vm, board.resource(Kind.CLOCK, 3, "ck", rates=(1000,)), STATE, number=0)
    return board.platform()


def no_resets() -> Platform:
    """Only clocks and power domains: the reset protocol has no file at all."""
    board = Board("no-resets")
    linux = board.agent("linux")
    board.agent("vm", Role.VM)
    board.grant(linux, board.resource(Kind.CLOCK, 4, "uart", rates=(7,)), READ)
    for number in range(31):
        domain = board.resource(Kind.POWER, number, f"pd{number}")
        board.grant(linux, domain, *((STATE, READ) if number % 3 else (READ,)))
    return board.platform()


def hostile() -> Platform:
    """Names that try to get out of a comment, a string or an identifier."""
    board = Board('x */ int a; /* \n#error\\\n"')
    evil = board.agent('*/"); #error " ??/', Role.OTHER)
    same = board.agent("a-b")
    other = board.agent("a_b")
    names = ('"', "\\", "*/", "/*", "count", "COUNT", "systop", "é", "a b", "a-b", "a_b", "%s")
    for number, name in enumerate(names):
        clock = board.resource(Kind.CLOCK, number, name, rates=(9,), provider=f'c*/"\n{name}@1')
        domain = board.resource(Kind.POWER, number, name, provider=f"p\\{name}??/@1")
        reset = board.resource(Kind.RESET, number, name)
        for agent in (evil, same, other)[: 1 + number % 3]:
            board.grant(agent, clock, STATE)
            board.grant(agent, domain, READ)
            board.grant(agent, reset, RESET)
    board.device("*/", 0)
    board.device("/*", 1)
    return board.platform(PlatformOptions({}, {}, {}, vendor='v"\n', sub_vendor="??/"))


def divided(platform: Platform, count: int) -> Platform:
    """The platform of one agent with ``count`` agents, who share some of its resources.

    Each further agent has a smaller part of them, and of supplies it may only read.
    """
    first = platform.agents[0]
    power = ROLES[Role.VM].system_power
    others = [Agent(n, f"agent{n}", Role.VM, system_power=power) for n in range(2, count + 1)]
    agents = [first, *others]
    grants = []
    for agent in agents:
        for index, grant in enumerate(platform.all_grants):
            if index % agent.id:
                continue
            operations = grant.operations
            if agent is not first and grant.resource.kind is Kind.VOLTAGE:
                operations = operations & {READ}
            elif agent is not first:
                operations = operations - {RATE} if index % 2 else operations
            if operations:
                grants.append(
                    replace(grant, agent=agent, operations=operations, boot=operations & grant.boot)
                )
    return replace(platform, agents=tuple(agents), all_grants=tuple(grants))


def points(*triples: tuple[int, int | None, int | None]) -> tuple[OperatingPoint, ...]:
    """Operating points of (MHz, mV, level)."""
    return tuple(
        OperatingPoint((mhz * 1_000_000,), None if mv is None else mv * 1000, level)
        for mhz, mv, level in triples
    )


def all_kinds() -> Platform:
    """Every kind of resource, with holes, for three agents."""
    board = Board("all-kinds")
    linux = board.agent("linux")
    board.agent("psci", Role.PSCI)
    vm = board.agent("vm", Role.VM)
    board.reserved = {Kind.PERFORMANCE: (1,), Kind.SENSOR: (0,), Kind.VOLTAGE: (2,)}
    for number in range(3):
        board.grant(linux, board.resource(Kind.POWER, number, f"pd{number}"), STATE, READ)
        clock = board.resource(Kind.CLOCK, number, f"ck{number}", rates=(24_000_000, 12_000_000))
        board.grant(linux, clock, STATE, RATE, READ)
        board.grant(linux, board.resource(Kind.RESET, number, f"rst{number}"), RESET)
    levels = points((1000, 900, None), (500, 800, None), (1500, 1000, None))
    big = board.resource(Kind.PERFORMANCE, 0, "big", points=levels)
    slow, middle, fast = points((200, 750, 3), (400, 760, 7), (800, None, 9))
    # mW in the tables, rounded up.
    gpu_points = (slow._replace(power=42_362), middle._replace(power=1), fast._replace(turbo=True))
    gpu = board.resource(Kind.PERFORMANCE, 2, "gpu", points=gpu_points)
    little = board.resource(Kind.PERFORMANCE, 17, "little")
    board.grant(linux, big, LEVEL, LIMITS, READ)
    board.grant(vm, big, LIMITS, READ)
    board.grant(linux, gpu, READ)
    board.grant(vm, gpu, LEVEL, LIMITS, READ)
    board.grant(linux, little, LIMITS)
    for number, agent in ((1, linux), (2, vm), (16, linux)):
        sensor = board.resource(Kind.SENSOR, number, f"temp{number}")
        board.grant(agent, sensor, READ, *((CONFIG,) if number == 1 else ()))
    vdd = board.resource(Kind.VOLTAGE, 0, "vdd", voltages=(1_100_000, 900_000), on=True)
    vio = board.resource(Kind.VOLTAGE, 1, "vio")
    usb = board.resource(Kind.VOLTAGE, 4, "usb", voltages=(5_000_000,))
    board.grant(linux, vdd, STATE, LEVEL, READ)
    board.grant(vm, vdd, READ)
    board.grant(linux, vio, READ)
    board.grant(vm, usb, STATE, READ)
    return board.platform()


def only_performance() -> Platform:
    """Performance domains alone: there are clocks, but nobody is shown any."""
    board = Board("only-performance")
    linux = board.agent("linux")
    for number in range(16):
        cpu = board.resource(Kind.PERFORMANCE, number, f"cpu{number}", points=points((1, 1, None)))
        board.grant(linux, cpu, *((LEVEL, READ) if number % 2 else (LIMITS, READ)))
    return board.platform()


def fast() -> Platform:
    """Fast channels of two agents, a domain that two control, and trip points of sensors."""
    board = Board("fast")
    linux, vm = board.agent("linux"), board.agent("vm", Role.VM)
    board.agent("hypervisor", Role.HYPERVISOR)
    names = {0: linux, 1: vm, 3: linux, 4: vm}
    for number, agent in names.items():
        domain = board.resource(
            Kind.PERFORMANCE, number, f"dom{number}", points=points((1, 1, None), (2, 2, None))
        )
        board.grant(agent, domain, LEVEL, LIMITS, READ)
        board.grant(vm if agent is linux else linux, domain, READ)
    both = board.resource(Kind.PERFORMANCE, 5, "both", points=points((1, 1, None)))
    board.grant(linux, both, LEVEL, LIMITS, READ)
    board.grant(vm, both, LIMITS, READ)
    board.grant(linux, board.resource(Kind.POWER, 0, "gpu"), STATE, READ)
    board.grant(linux, board.resource(Kind.RESET, 0, "spi"), RESET)
    for number, trips in enumerate(((85_000, 95_000, -5_000), (), (70_000,))):
        sensor = board.resource(Kind.SENSOR, number, f"temp{number}")
        board.grant(linux, sensor, READ, CONFIG)
        zone = board.node(f"zone{number}")
        board.uses.append(Use(zone, sensor.key, "thermal-sensors", 0, frozenset({READ, CONFIG})))
        above = board.child(zone, "trips")
        for trip, temperature in enumerate(trips):
            node = board.child(above, f"trip{trip}")
            put(node, "temperature", cells(temperature & 0xFFFF_FFFF))
            put(node, "hysteresis", cells(2_000))
            put(node, "type", b"passive\0")
    return board.platform(trip_points=True, fast_channels={"memory": memory(board).path})


def memory(board: Board, address: int = 0x8000_0000, size: int = 0x2000) -> DraftNode:
    """Reserved memory of a board."""
    holder = board.root.children.get("reserved-memory") or board.child(
        board.root, "reserved-memory"
    )
    put(holder, "#address-cells", cells(1))
    put(holder, "#size-cells", cells(1))
    put(holder, "ranges", b"")
    node = board.child(holder, f"memory@{address:x}")
    put(node, "reg", cells(address, size))
    return node


def put(node: DraftNode, name: str, value: bytes) -> None:
    node.properties[name] = Property(name, value)


def cells(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def ranges() -> Platform:
    """A clock and a supply with ranges, and what the tree asks of them."""
    board = Board("ranges")
    linux = board.agent("linux")
    rates = (1_000_000, 6_000_000, 9_000_000)
    clock = board.resource(Kind.CLOCK, 0, "ck", rates=rates, step=500_000, boot=6_000_000)
    levels = (700_000, 725_000, 900_000)
    supply = board.resource(Kind.VOLTAGE, 0, "vdd", voltages=levels, step=12_500)
    board.grant(linux, clock, STATE, RATE, READ)
    board.grant(linux, supply, STATE, LEVEL, READ)
    return board.platform()


def scaled() -> Platform:
    """A domain that sets a clock and a supply that agents know, one that sets ranges, and one whose
    clock is not served."""
    board = Board("scaled")
    linux = board.agent("linux")
    vm = board.agent("vm", Role.VM)
    board.resource(Kind.CLOCK, 0, "uart", rates=(24_000_000,))
    clock = board.resource(Kind.CLOCK, 2, "gpu", rates=(100_000_000,))
    supply = board.resource(Kind.VOLTAGE, 1, "vdd-gpu", voltages=(700_000, 900_000))
    fine = board.resource(
        Kind.CLOCK, 3, "npu", rates=(1_000_000, 900_000_000), step=1_000_000, boot=100_000_000
    )
    buck = board.resource(Kind.VOLTAGE, 2, "vdd-npu", voltages=(600_000, 1_000_000), step=12_500)
    levels = points((300, 812, None), (600, 850, None), (800, 900, None))
    first, second, third = (
        point._replace(latency=latency, turbo=latency == 1)
        for point, latency in zip(levels, (250_001, 40, 1), strict=True)
    )
    board.resource(
        Kind.PERFORMANCE,
        0,
        "gpu",
        points=(first, second, third),
        clock=clock.key,
        supply=supply.key,
    )
    second_levels = points((200, 700, None), (500, 725, None))
    board.resource(
        Kind.PERFORMANCE, 2, "npu", points=second_levels, clock=fine.key, supply=buck.key
    )
    board.resource(Kind.PERFORMANCE, 3, "dsp", points=points((400, 800, None)))
    for domain in board.resources[Kind.PERFORMANCE]:
        board.grant(linux, domain, LEVEL, LIMITS, READ)
    board.grant(linux, clock, STATE, READ)
    board.grant(vm, clock, READ)
    board.grant(linux, fine, STATE, READ)
    board.grant(linux, supply, READ)
    board.grant(linux, buck, READ)
    return board.platform()


BOARDS = {
    board.__name__: board
    for board in (
        one_agent,
        two_agents,
        five_agents,
        no_resets,
        hostile,
        all_kinds,
        only_performance,
        fast,
        ranges,
        scaled,
        views,
    )
}
#: Those that have every table between them.
COMPLETE = ("all_kinds", "fast")
