"""The commands of ``scmigen client`` for power domains and resets."""

from scmigen.cli.client_options import ID, Options, agent_command, vote
from scmigen.cli.client_text import table
from scmigen.cli.declare import Group, argument
from scmigen.cli.values import OneOf
from scmigen.client import Client
from scmigen.data import asdict


@agent_command(
    help="List the power domains that the agent can see.",
)
def power_list(options: Options) -> None:
    with options.connected() as platform:
        domains = platform.power_domains()
    states = {True: "on", False: "off", None: "?"}
    rows = [("ID", "NAME", "STATE")]
    rows += [(str(item.id), item.name, states[item.on]) for item in domains]
    options.show([asdict(item) for item in domains], *table(rows))


@agent_command(
    argument("number", "ID", read=ID),
    help="Print the state of a power domain.",
)
def power_get(options: Options, number: int) -> None:
    with options.connected() as platform:
        state = platform.power_state(number)
    name = {0: "on", 0x4000_0000: "off"}.get(state, f"{state:#x}")
    options.show({"id": number, "state": state}, name)


@agent_command(
    argument("number", "ID", read=ID),
    argument("state", read=OneOf("on", "off")),
    help="Vote for a power domain to be on or off.",
    holds=True,
)
def power_set(options: Options, number: int, state: str) -> None:
    vote(options, number, state == "on", "power domain", Client.set_power)


@agent_command(
    argument("target", "list|ID"),
    help="List the reset domains that the agent can see, or reset one of them.",
)
def reset(options: Options, target: str) -> None:
    if target == "list":
        with options.connected() as platform:
            domains = platform.reset_domains()
        rows = [("ID", "NAME", "LATENCY")]
        rows += [
            (str(d.id), d.name, "?" if d.latency is None else f"{d.latency} us") for d in domains
        ]
        options.show([asdict(item) for item in domains], *table(rows))
        return
    number = ID(target)
    with options.connected() as platform:
        platform.reset(number)
    options.show({"id": number}, f"reset domain {number}: done")


power = Group("Power domains.", {"get": power_get, "list": power_list, "set": power_set})
