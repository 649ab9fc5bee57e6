"""``scmigen serve``: the reference server on sockets, shared memory and virtual machines."""

import gc
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from scmigen import runtime
from scmigen.scmi.protocols import KIND_OF, Profile
from scmigen.scmi.text import plain
from scmigen.server import Agent, Server
from scmigen.server.backend import Backend, BackendError, load
from scmigen.server.fastchannels import FastChannelError, FastChannels
from scmigen.server.log import Log
from scmigen.server.port import Trace
from scmigen.server.service import Service
from scmigen.server.transports import TransportError, UrlError


@dataclass(frozen=True, slots=True)
class _Options:
    """What was asked for; a reload starts from it again."""

    configuration: Path
    extra: tuple[Path, ...]
    listen: tuple[str, ...]
    directory: Path | None
    profiles: tuple[str, ...]
    fastchannel: tuple[Path, int, int] | None


def _served(agent: Agent, url: str) -> str:
    """The line that says what an agent gets: ``linux (agent 1) at URL: base 2.1, clock 3.0 …``."""
    parts = []
    for protocol in agent.protocols:
        version = agent.versions[protocol]
        text = f"{protocol.name.lower()} {version >> 16}.{version & 0xFFFF}"
        if protocol in KIND_OF:
            text += f" ({len(agent.views[KIND_OF[protocol]].operations)})"
        parts.append(text)
    permissions = ", may change permissions" if agent.configuration.permissions else ""
    return plain(f"{agent.name} (agent {agent.id}) at {url}: {', '.join(parts)}{permissions}")


def _configuration(options: _Options) -> runtime.Runtime:
    """The platform to serve. Raises `click.ClickException`."""
    path = options.configuration
    try:
        data = path.read_bytes()
        for path in options.extra:
            data = runtime.overlay(data, path.read_bytes())
        return runtime.decode(data)
    except OSError as problem:
        raise click.ClickException(f"{path}: {problem.strerror}") from None
    except runtime.ConfigurationError as problem:
        raise click.ClickException(f"{path}: {plain(str(problem))}") from None


def _profiles(
    platform: runtime.Runtime, wanted: tuple[str, ...]
) -> tuple[Profile, dict[int, Profile]]:
    """The profile of all, and those of single agents by id. Raises `click.UsageError`."""
    default, found = Profile.V3_2, {}
    ids = {agent.name: agent.id for agent in platform.agents}
    for item in wanted:
        name, equals, value = item.rpartition("=")
        if value not in tuple(Profile):
            known = ", ".join(profile.value for profile in Profile)
            raise click.UsageError(f"--profile {item}: no profile {value!r}; there are: {known}")
        if not equals:
            default = Profile(value)
        elif name in ids:
            found[ids[name]] = Profile(value)
        else:
            raise click.UsageError(f"--profile {item}: no agent {name!r}; there are: {_all(ids)}")
    return default, found


def _all(names: Mapping[str, object]) -> str:
    return plain(", ".join(names))


def _server(
    options: _Options, backend: Backend | None, log: Log, *, at_once: bool = True
) -> Server:
    """A server for the configuration there is now; ``at_once``: its FastChannels are in use.
    Raises `click.ClickException`."""
    platform = _configuration(options)
    profile, profiles = _profiles(platform, options.profiles)
    try:
        server = Server(
            platform,
            profile,
            profiles=profiles,
            backend=backend,
            refused=lambda refusal: log(f"refused: {refusal}", refusal.agent),
            failed=lambda line: log(f"back end: {line}", "the back end"),
            broken=lambda line: log(f"ERROR: {line}", "internal errors"),
        )
    except BackendError as problem:
        raise click.ClickException(f"back end: {plain(str(problem))}") from None
    if options.fastchannel is not None:
        try:
            server.fastchannels = FastChannels(server, *options.fastchannel, at_once=at_once)
        except FastChannelError as problem:
            raise click.ClickException(f"--fastchannel: {problem}") from None
    return server


def _endpoints(server: Server, listen: tuple[str, ...], directory: Path | None) -> dict[Agent, str]:
    """Agent → URL, from ``--listen`` and ``--directory``. Raises `click.UsageError`."""
    if not listen and directory is None:
        raise click.UsageError("where to listen? Give --listen AGENT=URL or --directory DIR.")
    found: dict[Agent, str] = {}
    for item in listen:
        name, _, url = item.partition("=")
        agent = server.agent(name)
        if agent is None:
            known = _all({agent.name: agent for agent in server.agents.values()})
            raise click.UsageError(f"--listen {item}: no agent {name!r}; there are: {known}")
        if agent in found:
            raise click.UsageError(f"--listen {item}: {agent.name} has a URL already")
        if url in found.values():
            raise click.UsageError(f"--listen {item}: another agent has this URL already")
        found[agent] = url
    if directory is not None:
        for agent in server.agents.values():
            if agent not in found:
                found[agent] = f"unix:{directory / _file_name(agent)}"
    return found


def _file_name(agent: Agent) -> str:
    """``NAME.sock``; the id instead of a name that is no plain file name."""
    plain_name = agent.name.replace("-", "").replace("_", "").isalnum()
    return f"{agent.name if plain_name else agent.id}.sock"


def _memory(text: str | None) -> tuple[Path, int, int] | None:
    """``FILE:ADDR:SIZE``. Raises `click.UsageError`."""
    if text is None:
        return None
    try:
        name, address, size = text.rsplit(":", 2)
        found = Path(name), int(address, 0), int(size, 0)
    except ValueError:
        raise click.UsageError(
            f"--fastchannel {text}: give FILE:ADDR:SIZE, such as /dev/shm/scmi:0x10000000:0x1000"
        ) from None
    if not name or found[1] < 0 or found[1] % 8 or not 0 < found[2] <= 1 << 30:
        raise click.UsageError(f"--fastchannel {text}: the address is a multiple of 8, SIZE > 0")
    return found


def _reload(service: Service, options: _Options, log: Log) -> None:
    """Serve what the files say now; where they are wrong, go on as before."""
    old = service.server
    try:
        # tried without the back end first, which can serve one configuration only
        tried = _server(options, Backend(), log, at_once=False)
        try:
            _endpoints(tried, options.listen, options.directory)
        finally:
            if tried.fastchannels is not None:
                tried.fastchannels.close()
        platform = _server(options, old.backend, log, at_once=False)
        endpoints = _endpoints(platform, options.listen, options.directory)
    except click.ClickException as problem:
        log(f"reload: {problem.format_message()}; still serving the configuration before")
        return
    service.reload(platform, endpoints)
    for agent, url in endpoints.items():
        log(_served(agent, url))
    log("reloaded")


@click.command()
@click.argument("configuration", metavar="RUNTIME", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--listen",
    metavar="AGENT=URL",
    multiple=True,
    help="Serve an agent (name or id) at unix:PATH (seqpacket), unix-stream:PATH, unix-dgram:PATH, "
    "smt:FILE (shared memory) or vhost-user:PATH (a virtual machine); with ,mode=0660 or "
    ",group=NAME behind it for others than the owner. Repeatable.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Serve every agent that has no --listen at unix:DIR/NAME.sock.",
)
@click.option(
    "--profile",
    "profiles",
    metavar="[AGENT=]2.0|3.2",
    multiple=True,
    help="The release of the specification to speak; 3.2 unless said. Repeatable for agents.",
)
@click.option(
    "--extra",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="Lay this JSON over RUNTIME: what the tree cannot say. Repeatable.",
)
@click.option(
    "--fastchannel",
    metavar="FILE:ADDR:SIZE",
    help="Put FastChannels into SIZE bytes of FILE, which agents map at ADDR.",
)
@click.option("--trace", type=click.Path(dir_okay=False), help="Write every message to a file.")
@click.option(
    "--backend",
    metavar="NAME",
    help="What carries changes out: an installed back end, or MODULE:CLASS. The simulator if none.",
)
def serve(
    configuration: Path,
    listen: tuple[str, ...],
    directory: Path | None,
    profiles: tuple[str, ...],
    extra: tuple[Path, ...],
    fastchannel: str | None,
    trace: str | None,
    backend: str | None,
) -> None:
    """Serve the platform RUNTIME (runtime.json of a build) to its agents.

    Who connects to an agent's socket is that agent, one client at a time. The votes of a client
    that disconnects are released. SIGHUP reads RUNTIME again: agents whose part is the same stay
    connected. Ends at SIGTERM or SIGINT.
    """
    options = _Options(configuration, extra, listen, directory, profiles, _memory(fastchannel))
    log = Log(sys.stderr.fileno())
    try:
        found = None if backend is None else load(backend)
    except BackendError as problem:
        raise click.UsageError(str(problem)) from None
    server = _server(options, found, log)
    endpoints = _endpoints(server, listen, directory)
    try:
        if directory is not None:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # a line at a time, so that it can be read while the server runs
        tracer = None if trace is None else Trace(Path(trace).open("w", buffering=1), log)  # noqa: SIM115
        service = Service(server, endpoints, log, tracer)
    except OSError as problem:
        raise click.ClickException(f"{problem.filename}: {problem.strerror}") from None
    except UrlError as problem:
        raise click.UsageError(str(problem)) from None
    except TransportError as problem:
        raise click.ClickException(str(problem)) from None
    with service:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        reload = lambda *_: service.loop.interrupt(lambda: _reload(service, options, log))  # noqa: E731
        signal.signal(signal.SIGHUP, reload)
        for agent, url in endpoints.items():
            click.echo(_served(agent, url))
        gc.freeze()  # what there is now stays: no collection need look at it again
        click.echo("ready")
        service.run()
