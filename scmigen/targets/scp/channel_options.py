"""What the agents file says of channels: ``channels`` → agent → channel → its settings."""

from __future__ import annotations  # evaluated where somebody gives an option

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.given import shown
from scmigen.assignment.words import did_you_mean
from scmigen.data import fields
from scmigen.diagnostics import Diagnostic
from scmigen.hints import Annotated, Any, Literal
from scmigen.model.platform import Platform
from scmigen.patterns import pattern
from scmigen.targets.base import Group, Meta, Options
from scmigen.targets.options import OPTION_UNUSED, OUTPUT_OPTION
from scmigen.targets.scp.tree_channels import tree_channels

#: A C expression that can neither end an initialiser nor begin a comment.
EXPRESSION = r"(?!.*(?:/\*|\*/|//))[A-Za-z0-9_ (),|&<>*+~/.-]+"
#: Stands for every agent, and below an agent for each of its channels.
ALL = "*"
#: What a channel is called: its direction, and what tells it from others of that direction.
_WORD = pattern(r"(?:a2p|p2a)(?: [a-z0-9]+(?:-[a-z0-9]+)*)?")
_NUMBER = r"0[xX][0-9A-Fa-f]{1,16}|[0-9]{1,20}"


def _like(pattern: str, description: str) -> Meta:
    return Meta(pattern=pattern, description=description)


_Value = Annotated[str, _like(rf"{_NUMBER}|= *{EXPRESSION}", "a number, or = EXPRESSION in C")]
_Slot = Annotated[str, _like(rf"none|{_NUMBER}|= *{EXPRESSION}", "a number, = EXPRESSION, or none")]
_Memory = Annotated[
    str, _like(rf"= *{EXPRESSION}|(?!=)[^\x00-\x1f]+", "a node, a number, or = EXPRESSION in C")
]
_Index = Annotated[
    str, _like(r"[0-9]{1,4}|(?:= *)?[A-Za-z_][A-Za-z0-9_]*", "a number or an enumerator")
]


class ChannelOptions(Group):
    """One channel, or several by `ALL`; what is not given has the default, or is of the tree.

    ``index`` is that of its service: a number, or the product's enumerator. ``name``: what
    BASE_DISCOVER_AGENT tells the agent that asks there. ``memory``: a label, path or name of a
    node, a number, or ``= EXPRESSION``; ``size`` in bytes. ``module``, ``api`` and ``element`` are
    the doorbell's, ``slot`` is its sub-element, or ``none``. ``power_domain``: the one that the
    memory is there with, as the index of its element or a whole identifier. ``ready``: when the
    service tells the product's modules that it is. ``headers``: where the names in expressions
    come from. ``in_band``: the doorbell itself carries messages, and there is no shared memory.
    ``left_out``: the firmware does not have a channel of the tree.
    """

    index: _Index | None = None
    name: Annotated[str, Meta(min_length=1, max_length=63)] | None = None
    memory: _Memory | None = None
    size: _Value | None = None
    module: (
        Annotated[str, _like(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", "as in SCP_MODULES: mhu2")] | None
    ) = None
    api: Annotated[str, _like(EXPRESSION, "a C expression")] | None = None
    element: _Value | None = None
    slot: _Slot | None = None
    power_domain: _Value | None = None
    secure: bool | None = None
    init_mailbox: bool | None = None
    ready: Literal["start", "mailbox"] | None = None
    in_band: bool | None = None
    headers: tuple[Annotated[str, _like(r"[A-Za-z0-9_]+\.h", "a file: acme_scmi.h")], ...] = ()
    left_out: bool | None = None


#: Agent → channel → settings.
Channels = Mapping[str, Mapping[str, ChannelOptions]]


def settings(channels: Channels, agent: str, word: str) -> ChannelOptions:
    """The settings of a channel: its own, then those of the agent, then those of all agents.

    Headers are those of all of them.
    """
    pairs = [(who, what) for who in (agent, ALL) for what in (word, ALL)]
    layers = [channels[who][what] for who, what in pairs if what in channels.get(who, {})]
    found: dict[str, Any] = {}
    for layer in layers:
        for name in fields(ChannelOptions):
            value = getattr(layer, name)
            if value is not None:
                found.setdefault(name, value)
    headers = dict.fromkeys(header for layer in layers for header in layer.headers)
    return ChannelOptions(**{**found, "headers": tuple(headers)})


def expression(text: str) -> str:
    """A number or ``= EXPRESSION`` as C has it."""
    return text.removeprefix("=").strip()


def check_channels(
    options: Options, channels: Channels, platforms: Sequence[Platform]
) -> Iterator[Diagnostic]:
    """Agents that do not exist, channels that are called something else than channels are, and
    settings for channels that nobody has."""
    agents = [agent.name for platform in platforms for agent in platform.agents]
    had = _channels_of(platforms)
    for agent, words in channels.items():
        if agent != ALL and agent not in agents:
            yield OUTPUT_OPTION.error(
                f"no agent {shown(agent)}",
                options.at("channels", agent),
                hint=did_you_mean(agent, agents),
            )
        for word in words:
            if word != ALL and not _WORD.fullmatch(word):
                yield OUTPUT_OPTION.error(
                    f"{shown(word)} is not a channel",
                    options.at("channels", agent, word),
                    hint="a2p (from the agent to the platform) or p2a, and a word after it where "
                    "there are several: a2p performance",
                )
            elif word != ALL and platforms and _is_unused(channels, agent, word, had):
                yield OPTION_UNUSED.warning(
                    f"no agent has a channel {word}"
                    if agent == ALL
                    else f"the tree has no channel {word} of {agent} that could be left out",
                    options.at("channels", agent, word),
                )


def _channels_of(platforms: Sequence[Platform]) -> Mapping[str, set[str]]:
    """Agent → the channels that it has without the options."""
    found: dict[str, set[str]] = {}
    for platform in platforms:
        for agent in platform.agents:
            words = {"a2p", *tree_channels(platform, agent)}
            found.setdefault(agent.name, set()).update(words)
    return found


def _is_unused(channels: Channels, agent: str, word: str, had: Mapping[str, set[str]]) -> bool:
    """Whether settings are of a channel of all agents that none has, or leave out what is not."""
    if agent == ALL:
        return not any(word in {*words, *channels.get(name, {})} for name, words in had.items())
    return channels[agent][word].left_out is True and word not in had.get(agent, {word})
