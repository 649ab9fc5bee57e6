"""What the options of ``scmigen serve`` mean for a platform: values by agent, URLs, memory."""

from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from scmigen import runtime
from scmigen.addresses import AddressError, parse, quoted
from scmigen.cli.problems import UsageError
from scmigen.hints import Final, TypeVar
from scmigen.server import Agent, Server
from scmigen.server.fastchannels import IDLE, PERIOD, Window
from scmigen.server.transports import UrlError
from scmigen.server.transports.address import Address

#: The longest interval between looks at FastChannels, in µs.
_LONGEST_IDLE: Final = 1_000_000
_Value = TypeVar("_Value")


def by_agent(
    platform: runtime.Runtime,
    option: str,
    wanted: tuple[str, ...],
    parse: Callable[[str], _Value | None],
    known: Callable[[str], str],
) -> tuple[_Value | None, dict[int, _Value]]:
    """The values of an ``option``, ``[AGENT=]VALUE``: that of all agents, if it has one, and those
    of single agents by id. Raises `UsageError`."""
    default, found = None, {}
    ids = {agent.name: agent.id for agent in platform.agents}
    for item in wanted:
        name, equals, text = item.rpartition("=")
        value = parse(text)
        if value is None:
            raise UsageError(f"--{option} {item}: unknown {option} {text!r}; {known(text)}")
        if not equals:
            default = value
        elif name in ids:
            found[ids[name]] = value
        else:
            raise UsageError(f"--{option} {item}: {unknown_agent(name, ids)}")
    return default, found


#: Options that give an agent memory, and what is in it.
FASTCHANNEL: Final = "--fastchannel"
TELEMETRY: Final = "--telemetry"
_HELD: Final = {FASTCHANNEL: "FastChannels", TELEMETRY: "telemetry"}


def unknown_agent(name: str, known: Iterable[str]) -> str:
    return f"unknown agent {name!r}; {near_of(name, list(known))}"


def near_of(word: str, known: Collection[str]) -> str:
    """What may be meant by a word that is none of those that are known, and which these are."""
    close = get_close_matches(word, known, 1)
    told = f"known: {', '.join(known)}"
    return f"did you mean {close[0]}? {told}" if close else told


def endpoints(server: Server, listen: tuple[str, ...], directory: Path | None) -> dict[Agent, str]:
    """Agent → URL, from ``--listen`` and ``--directory``. Raises `UsageError`."""
    if not listen and directory is None:
        raise UsageError("nowhere to listen: give --listen AGENT=URL or --directory DIR")
    found: dict[Agent, str] = {}
    for item in listen:
        name, _, url = item.partition("=")
        agent = server.agent(name)
        if agent is None:
            known = [agent.name for agent in server.agents.values()]
            raise UsageError(f"--listen {item}: {unknown_agent(name, known)}")
        if agent in found:
            raise UsageError(f"--listen {item}: {agent.name} already has a URL")
        if url in found.values():
            raise UsageError(f"--listen {item}: another agent already has this URL")
        found[agent] = url
    if directory is not None:
        for agent in server.agents.values():
            if agent not in found:
                found[agent] = f"unix:{quoted(str(directory / _file_name(agent)))}"
    return found


#: What the names of files may have besides letters and digits: ``ospm@scmi-3``.
_PLAIN = str.maketrans("", "", "-_@")


def _file_name(agent: Agent) -> str:
    """``NAME.sock``, with the id in place of a name that is not a plain file name."""
    plain_name = agent.name.translate(_PLAIN).isalnum()
    return f"{agent.name if plain_name else agent.id}.sock"


def windows(
    platform: runtime.Runtime,
    option: str,
    able: Sequence[runtime.Agent],
    wanted: tuple[tuple[str, Window], ...],
) -> dict[int, Window]:
    """The memory of each agent that an ``option`` gives it, by id; an agent that is not named is
    the only one of those that are ``able`` to use it. Raises `UsageError`."""
    found: dict[int, Window] = {}
    ids = {agent.name: agent.id for agent in platform.agents}
    for name, window in wanted:
        if not name and len(able) != 1:
            names = ", ".join(agent.name for agent in able) or "none"
            raise UsageError(
                f"{option} {window.path}: each agent has a file of its own; give "
                f"AGENT={window.path}:{window.address:#x}:{window.size:#x}. Agents with "
                f"{_HELD[option]}: {names}"
            )
        if name and name not in ids:
            raise UsageError(f"{option} {name}={window.path}: {unknown_agent(name, ids)}")
        number = ids[name] if name else able[0].id
        if number in found:
            raise UsageError(f"{option}: two files for {name or able[0].name}")
        found[number] = window
    return found


def window(text: str, option: str = FASTCHANNEL) -> tuple[str, Window]:
    """Parse ``[AGENT=]FILE:ADDR:SIZE[,idle=MS]``: the agent, if it is named, and its memory. Only
    FastChannels have an interval. Raises `UsageError`."""
    try:
        head, address, size = text.rsplit(":", 2)
        agent, equals, name = head.partition("=")
        if not equals:
            agent, name = "", head
        size, comma, more = size.partition(",")
        key, _, value = more.partition("=")
        if comma and (key != "idle" or option != FASTCHANNEL):
            raise ValueError  # noqa: TRY301 - said below
        idle = int(value) * 1000 if comma else IDLE
        found = Window(Path(name), int(address, 0), int(size, 0), idle)
    except ValueError:
        raise UsageError(
            f"{option} {text}: give FILE:ADDR:SIZE, such as /dev/shm/scmi:0x10000000:0x1000"
            f"{', and ,idle=MS if wanted' if option == FASTCHANNEL else ''}"
        ) from None
    if not PERIOD <= found.idle <= _LONGEST_IDLE:
        raise UsageError(
            f"{option} {text}: idle= must be {PERIOD // 1000} to {_LONGEST_IDLE // 1000} ms"
        )
    if not name or found.address < 0 or found.address % 8 or not 0 < found.size <= 1 << 30:
        raise UsageError(f"{option} {text}: ADDR must be a multiple of 8, and SIZE 1 to 0x40000000")
    if found.address + found.size > 1 << 64:
        raise UsageError(f"{option} {text}: addresses have 64 bits; this ends past them")
    return agent, found


def control_address(url: str) -> Address:
    """The address of ``--control``. Raises `UsageError`."""
    scheme, _, rest = url.partition(":")
    if scheme != "unix":
        raise UsageError(f"--control {url}: give unix:PATH")
    try:
        path, options = parse(scheme, rest)
        return Address.of(path, options)
    except (AddressError, UrlError) as problem:
        raise UsageError(f"--control {url}: {problem}") from None
