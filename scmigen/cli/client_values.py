"""The commands of ``scmigen client`` for supplies, performance domains and sensors."""

import click

from scmigen.cli.client_options import ID, Options, agent_command, holding, number_up_to, voting
from scmigen.cli.client_text import or_unknown, table
from scmigen.client import Client
from scmigen.data import asdict
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.units import unit

_MICROVOLT = number_up_to(0x7FFF_FFFF, -0x8000_0000)
_STATES = {True: "on", False: "off", None: "?"}


@click.group(help="Supplies.")
def voltage() -> None:
    pass


@voltage.command("list", help="List the voltage domains that the agent can see; levels in uV.")
@agent_command
def voltage_list(options: Options) -> None:
    with options.connected() as platform:
        domains = platform.voltage_domains()
    rows = [("ID", "NAME", "STATE", "LEVEL")]
    rows += [(str(it.id), it.name, _STATES[it.on], or_unknown(it.level)) for it in domains]
    options.show([asdict(item) for item in domains], *table(rows))


@voltage.command(
    "level",
    help="Print the level of a supply in uV; with UV, first set it to that, one of its levels.",
    context_settings={"ignore_unknown_options": True},  # a level may be negative
)
@click.argument("number", metavar="ID", type=ID)
@click.argument("microvolts", metavar="[UV]", type=_MICROVOLT, required=False)
@agent_command
def voltage_level(options: Options, number: int, microvolts: int | None) -> None:
    with options.connected() as platform:
        if microvolts is not None:
            with options.setting(platform, Protocol.VOLTAGE, number):
                platform.set_voltage_level(number, microvolts)
        level = platform.voltage_level(number)
    options.show({"id": number, "level": level}, str(level))


voting(voltage, "on", "Vote for a supply to be on.", "voltage domain", Client.enable_supply)
voting(voltage, "off", "Vote for a supply to be off.", "voltage domain", Client.enable_supply)


@click.group(help="Performance domains.")
def performance() -> None:
    pass


@performance.command("list", help="List the performance domains that the agent can see.")
@agent_command
def performance_list(options: Options) -> None:
    with options.connected() as platform:
        domains = platform.performance_domains()
    rows: list[tuple[str, ...]] = [("ID", "NAME", "LEVEL", "MIN", "MAX")]
    rows += [
        (str(it.id), it.name, *map(or_unknown, (it.level, it.minimum, it.maximum)))
        for it in domains
    ]
    options.show([asdict(item) for item in domains], *table(rows))


@performance.command(
    "level",
    help="Print the level of a domain; with LEVEL, first set that, within its limits.",
)
@click.argument("number", metavar="ID", type=ID)
@click.argument("value", metavar="[LEVEL]", type=ID, required=False)
@agent_command
def performance_level(options: Options, number: int, value: int | None) -> None:
    with options.connected() as platform:
        if value is not None:
            with options.setting(platform, Protocol.PERFORMANCE, number):
                platform.set_performance_level(number, value)
        level = platform.performance_level(number)
    options.show({"id": number, "level": level}, str(level))


@performance.command(
    "limits",
    help="Print the lowest and the highest level of a domain, as PERFORMANCE_LIMITS_GET has them; "
    "with MIN and MAX, first vote for those.",
)
@click.argument("number", metavar="ID", type=ID)
@click.argument("limits", metavar="[MIN MAX]", type=ID, nargs=-1)
@agent_command
@holding
def performance_limits(options: Options, number: int, limits: tuple[int, ...]) -> None:
    if len(limits) not in (0, 2):
        raise click.UsageError("give both limits, MIN and MAX, or none")
    with options.connected() as platform:
        if limits:
            with options.setting(platform, Protocol.PERFORMANCE, number):
                platform.set_performance_limits(number, *limits)
        minimum, maximum = platform.performance_limits(number)
        found = {"id": number, "minimum": minimum, "maximum": maximum}
        options.show(found, f"{minimum} {maximum}")
        options.keep(platform)


@click.group(help="Sensors.")
def sensor() -> None:
    pass


@sensor.command(
    "list",
    help="List the sensors that the agent can see. READING has a value for each axis, in UNIT.",
)
@agent_command
def sensor_list(options: Options) -> None:
    with options.connected() as platform:
        sensors = list(platform.sensors())
    rows = [("ID", "NAME", "READING", "UNIT")]
    for it in sensors:
        reading = "?" if it.reading is None else " ".join(map(str, it.reading))
        rows.append((str(it.id), it.name, reading, unit(it.type, it.exponent)))
    options.show([asdict(item) for item in sensors], *table(rows))


@sensor.command("read", help="Print the reading of a sensor, a value for each axis.")
@click.argument("number", metavar="ID", type=ID)
@agent_command
def sensor_read(options: Options, number: int) -> None:
    with options.connected() as platform:
        reading = platform.sensor_reading(number)
    options.show({"id": number, "reading": reading}, " ".join(map(str, reading)))
