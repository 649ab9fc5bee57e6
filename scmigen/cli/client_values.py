"""The commands of ``scmigen client`` for supplies, performance domains and sensors."""

from scmigen.cli.client_options import ID, Options, agent_command, number_up_to, voting
from scmigen.cli.client_text import or_unknown, table
from scmigen.cli.declare import Group, argument
from scmigen.cli.problems import UsageError
from scmigen.client import Client
from scmigen.data import asdict
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.units import unit

_MICROVOLT = number_up_to(0x7FFF_FFFF, -0x8000_0000)
_SUPPLY = "voltage domain"
_STATES = {True: "on", False: "off", None: "?"}


@agent_command(
    help="List the voltage domains that the agent can see; levels in uV.",
)
def voltage_list(options: Options) -> None:
    with options.connected() as platform:
        domains = platform.voltage_domains()
    rows = [("ID", "NAME", "STATE", "LEVEL")]
    rows += [(str(it.id), it.name, _STATES[it.on], or_unknown(it.level)) for it in domains]
    options.show([asdict(item) for item in domains], *table(rows))


@agent_command(
    argument("number", "ID", read=ID),
    argument("microvolts", "[UV]", read=_MICROVOLT, required=False),
    help="Print the level of a supply in uV; with UV, first set it to that, one of its levels.",
    words_with_dash=True,  # a level may be negative
)
def voltage_level(options: Options, number: int, microvolts: int | None) -> None:
    with options.connected() as platform:
        if microvolts is not None:
            with options.setting(platform, Protocol.VOLTAGE, number):
                platform.set_voltage_level(number, microvolts)
        level = platform.voltage_level(number)
    options.show({"id": number, "level": level}, str(level))


@agent_command(
    help="List the performance domains that the agent can see.",
)
def performance_list(options: Options) -> None:
    with options.connected() as platform:
        domains = platform.performance_domains()
    rows: list[tuple[str, ...]] = [("ID", "NAME", "LEVEL", "MIN", "MAX")]
    rows += [
        (str(it.id), it.name, *map(or_unknown, (it.level, it.minimum, it.maximum)))
        for it in domains
    ]
    options.show([asdict(item) for item in domains], *table(rows))


@agent_command(
    argument("number", "ID", read=ID),
    argument("value", "[LEVEL]", read=ID, required=False),
    help="Print the level of a domain; with LEVEL, first set that, within its limits.",
)
def performance_level(options: Options, number: int, value: int | None) -> None:
    with options.connected() as platform:
        if value is not None:
            with options.setting(platform, Protocol.PERFORMANCE, number):
                platform.set_performance_level(number, value)
        level = platform.performance_level(number)
    options.show({"id": number, "level": level}, str(level))


@agent_command(
    argument("number", "ID", read=ID),
    argument("limits", "[MIN MAX]", read=ID, many=True),
    help="Print the lowest and the highest level of a domain, as PERFORMANCE_LIMITS_GET has them; "
    "with MIN and MAX, first vote for those.",
    holds=True,
)
def performance_limits(options: Options, number: int, limits: tuple[int, ...]) -> None:
    if len(limits) not in (0, 2):
        raise UsageError("give both limits, MIN and MAX, or none")
    with options.connected() as platform:
        if limits:
            with options.setting(platform, Protocol.PERFORMANCE, number):
                platform.set_performance_limits(number, *limits)
        minimum, maximum = platform.performance_limits(number)
        found = {"id": number, "minimum": minimum, "maximum": maximum}
        options.show(found, f"{minimum} {maximum}")
        options.keep(platform)


@agent_command(
    help="List the sensors that the agent can see. READING has a value for each axis, in UNIT.",
)
def sensor_list(options: Options) -> None:
    with options.connected() as platform:
        sensors = list(platform.sensors())
    rows = [("ID", "NAME", "READING", "UNIT")]
    for it in sensors:
        reading = "?" if it.reading is None else " ".join(map(str, it.reading))
        rows.append((str(it.id), it.name, reading, unit(it.type, it.exponent)))
    options.show([asdict(item) for item in sensors], *table(rows))


@agent_command(
    argument("number", "ID", read=ID),
    help="Print the reading of a sensor, a value for each axis.",
)
def sensor_read(options: Options, number: int) -> None:
    with options.connected() as platform:
        reading = platform.sensor_reading(number)
    options.show({"id": number, "reading": reading}, " ".join(map(str, reading)))


voltage = Group(
    "Supplies.",
    {
        "level": voltage_level,
        "list": voltage_list,
        "off": voting("off", "Vote for a supply to be off.", _SUPPLY, Client.enable_supply),
        "on": voting("on", "Vote for a supply to be on.", _SUPPLY, Client.enable_supply),
    },
)
performance = Group(
    "Performance domains.",
    {"level": performance_level, "limits": performance_limits, "list": performance_list},
)
sensor = Group("Sensors.", {"list": sensor_list, "read": sensor_read})
