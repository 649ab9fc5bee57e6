"""The commands of ``scmigen client`` for clocks."""

from scmigen.cli.client_options import ID, U64, Options, agent_command, voting
from scmigen.cli.client_text import or_unknown, table, topology_lines
from scmigen.cli.declare import Group, argument
from scmigen.client import Client
from scmigen.data import asdict
from scmigen.scmi.protocols import Protocol


@agent_command(
    help="List the clocks that the agent can see.",
)
def clock_list(options: Options) -> None:
    with options.connected() as platform:
        clocks = platform.clocks()
    rows = [("ID", "NAME", "STATE", "RATE")]
    rows += [
        (str(item.id), item.name, "on" if item.enabled else "off", or_unknown(item.rate))
        for item in clocks
    ]
    options.show([asdict(item) for item in clocks], *table(rows))


@agent_command(
    argument("number", "ID", read=ID),
    argument("hertz", "[HZ]", read=U64, required=False),
    help="Print the rate of a clock in Hz; with HZ, first set the supported rate nearest to it. "
    "Outside of the clock's range the server refuses, and possible says what there is.",
)
def clock_rate(options: Options, number: int, hertz: int | None) -> None:
    with options.connected() as platform:
        if hertz is not None:
            with options.setting(platform, Protocol.CLOCK, number):
                platform.set_clock_rate(number, hertz)
        rate = platform.clock_rate(number)
    options.show({"id": number, "rate": rate}, str(rate))


@agent_command(
    help="Print what feeds each clock that the agent can see, as scmigen check --topology reads "
    "it.",
)
def clock_topology(options: Options) -> None:
    # Few ask for what feeds what.
    from scmigen.client.dump import clock_topology as topology_of

    with options.connected() as platform:
        found = topology_of(platform)
    options.show(found, *topology_lines(found))


clock = Group(
    "Clocks.",
    {
        "list": clock_list,
        "off": voting("off", "Vote for a clock to stop.", "clock", Client.enable_clock),
        "on": voting("on", "Vote for a clock to run.", "clock", Client.enable_clock),
        "rate": clock_rate,
        "topology": clock_topology,
    },
)
