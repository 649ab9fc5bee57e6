"""``scmigen serve``: the reference server on sockets, shared memory and virtual machines."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scmigen import runtime
from scmigen.cli import complete
from scmigen.cli.configurations import configuration_of
from scmigen.cli.declare import argument, command, option
from scmigen.cli.faults import faults_of
from scmigen.cli.problems import CommandError, UsageError
from scmigen.cli.reply_sizes import MAX_REPLY_OPTION, MOST, check_sizes, number_of_bytes
from scmigen.cli.report import say
from scmigen.cli.serve_options import (
    FASTCHANNEL,
    TELEMETRY,
    by_agent,
    control_address,
    endpoints,
    near_of,
    window,
    windows,
)
from scmigen.cli.values import FILE, FILE_TEXT, FOLDER, PATH
from scmigen.data import Data
from scmigen.hints import Final
from scmigen.scmi.clients import later, near, profile_of
from scmigen.scmi.layouts import MAX_REPLY
from scmigen.scmi.protocols import KIND_OF
from scmigen.server import Agent, Server
from scmigen.server.backend import Backend, BackendError, load
from scmigen.server.fastchannels import FastChannelError, Window, users
from scmigen.server.log import RARE, Log
from scmigen.server.port import Record, Trace
from scmigen.server.service import Service
from scmigen.server.telemetry import TelemetryError, readers_of
from scmigen.server.transports import TransportError, UrlError
from scmigen.server.transports.address import Address

#: Values of --state: whether an agent reads the state of the platform.
_STATES: Final = {"own": False, "real": True}


class _Options(Data):
    """The options of the command, which a reload starts from again."""

    configuration: Path
    extra: tuple[Path, ...]
    listen: tuple[str, ...]
    directory: Path | None
    profiles: tuple[str, ...]
    fastchannels: tuple[tuple[str, Window], ...]
    state: tuple[str, ...] = ()
    faults: Path | None = None
    max_reply: tuple[str, ...] = ()
    telemetry: tuple[tuple[str, Window], ...] = ()


def _served(agent: Agent, url: str) -> str:
    """The line that lists what an agent gets: ``linux (agent 1) at URL: base 2.1, clock 3.0 …``."""
    session = agent.session
    parts = []
    for protocol in session.protocols:
        version = session.versions[protocol]
        text = f"{protocol.name.lower()} {version >> 16}.{version & 0xFFFF}"
        if protocol in KIND_OF:
            text += f" ({len(session.views[KIND_OF[protocol]].operations)})"
        parts.append(text)
    permissions = ", may change permissions" if session.configuration.permissions else ""
    return f"{agent.name} (agent {agent.id}) at {url}: {', '.join(parts)}{permissions}"


def _server(
    options: _Options,
    backend: Backend | None,
    log: Log,
    platform: runtime.Runtime,
    *,
    successor: bool = False,
) -> Server:
    """A server of ``platform``, ``successor`` to another one on reload. Raises
    `CommandError`."""
    profile, profiles = by_agent(platform, "profile", options.profiles, profile_of, near)
    size, sizes = by_agent(
        platform,
        "max-reply",
        options.max_reply,
        number_of_bytes,
        lambda _: f"1 to {MOST} bytes",
    )
    real, readers = by_agent(
        platform, "state", options.state, _STATES.get, lambda word: near_of(word, _STATES)
    )
    try:
        found = Server(
            platform,
            profile,
            profiles=profiles,
            max_reply=size or MAX_REPLY,
            max_replies=sizes,
            state_readers={it.id for it in platform.agents if readers.get(it.id, real)},
            backend=backend,
            refused=lambda it: log(f"refused: {it}", it.source, RARE, it.resource or ""),
            failed=lambda line: log(f"back end: {line}", "the back end"),
            broken=lambda line: log(f"ERROR: {line}", "internal errors"),
            fastchannels=windows(platform, FASTCHANNEL, users(platform), options.fastchannels),
            telemetry=windows(platform, TELEMETRY, readers_of(platform), options.telemetry),
            successor=successor,
        )
    except BackendError as problem:
        raise CommandError(f"back end: {problem}") from None
    except FastChannelError as problem:
        raise CommandError(f"{FASTCHANNEL}: {problem}") from None
    except TelemetryError as problem:
        raise CommandError(f"{TELEMETRY}: {problem}") from None
    check_sizes(found, size, sizes)
    return found


def _reload(service: Service, options: _Options, log: Log) -> None:
    """Serve the current contents of the files. If that is impossible, for whatever reason, the old
    configuration stays in use, for all agents, and the log says why."""
    old = service.server.configuration
    try:
        _try(options, log)
        for agent, url in _switch(service, options, log).items():
            log(_served(agent, url))
        service.inject(faults_of(options.faults, service.server.configuration))
        log("reloaded")
    except Exception as problem:
        same = service.server.configuration is old
        still = "; still serving the old configuration" if same else ""
        log(f"reload: {_reason(problem)}{still}")
        if os.environ.get("SCMIGEN_DEBUG"):
            sys.excepthook(type(problem), problem, problem.__traceback__)
    del old
    _tidy()


def _reason(problem: Exception) -> str:
    if isinstance(problem, CommandError):
        return problem.message
    return f"{type(problem).__name__}: {problem}"


def _try(options: _Options, log: Log) -> None:
    """Start a server of the current contents of the files without the real back end, which can
    serve only one configuration at a time. Raises whatever is wrong with them."""
    platform = configuration_of(options.configuration, options.extra)
    faults_of(options.faults, platform)
    tried = _server(options, Backend(), log, platform, successor=True)
    try:
        endpoints(tried, options.listen, options.directory)
    finally:
        tried.discard()


def _switch(service: Service, options: _Options, log: Log) -> dict[Agent, str]:
    """Start the back end with the current contents of the files, and serve them; agent → URL. If
    that fails, start it again with the old configuration and its state. Raises what failed."""
    old, new = service.server.configuration, configuration_of(options.configuration, options.extra)
    try:
        return _serve(service, options, log, new)
    except Exception:
        try:
            _serve(service, options, log, old)
        except Exception as problem:
            log(f"back end: cannot return to the old configuration: {_reason(problem)}")
        raise


def _serve(
    service: Service, options: _Options, log: Log, platform: runtime.Runtime
) -> dict[Agent, str]:
    """Serve ``platform`` on the back end in use; agent → URL. If this raises, only the back end is
    not as before."""
    new = _server(options, service.server.backend, log, platform, successor=True)
    try:
        urls = endpoints(new, options.listen, options.directory)
        service.reload(new, urls)
    except Exception:
        new.discard()
        raise
    return urls


@contextmanager
def _controlled(service: Service, address: Address | None) -> Iterator[None]:
    """Take commands about faults at ``address``, if there is one. Raises
    `CommandError`."""
    if address is None:
        yield
        return
    from scmigen.server.control import Control, ControlError
    from scmigen.server.faults_file import FaultsError, read_faults

    def use(text: str) -> None:
        try:
            service.inject(read_faults(text, service.server.configuration))
        except FaultsError as wrong:
            raise ControlError(wrong.problems) from None

    try:
        control = Control(address, service, use)
    except TransportError as problem:
        raise CommandError(f"--control: {problem}") from None
    with control:
        yield


def _records(trace: str | None, capture: Path | None, log: Log) -> list[Record]:
    """Where messages are recorded. Raises `OSError`."""
    found: list[Record] = []
    if trace is not None:
        # line-buffered, so that it can be read while the server runs
        found.append(Trace(Path(trace).open("w", buffering=1), log))  # noqa: SIM115
    if capture is not None:
        from scmigen.server.capture import Capture

        found.append(Capture(capture, log))
    return found


def _more_files() -> None:
    """Allow as many open files as this process may have: an agent can take more than a hundred."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _tidy() -> None:
    """Free what nothing refers to any more, and keep the rest out of later collections."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@command(
    argument("configuration", "RUNTIME", read=PATH),
    option(
        "--listen",
        metavar="AGENT=URL",
        multiple=True,
        help="Serve an agent (name or id) at unix:PATH (seqpacket), unix-stream:PATH, "
        "unix-dgram:PATH, smt:FILE (shared memory) or vhost-user:PATH (a virtual machine); append "
        ",mode=0660 or ,group=NAME to let users other than the owner connect, ,idle=SECONDS to "
        "disconnect silent clients. Repeatable.",
    ),
    option(
        "--directory",
        read=FOLDER,
        help="Serve every agent without --listen at unix:DIR/NAME.sock.",
    ),
    option(
        "--profile",
        "profiles",
        metavar="[AGENT=]PROFILE",
        multiple=True,
        complete=complete.profiles,
        help="The SCMI release to speak (2.0, 3.0, 3.1, 3.2), or a program that speaks it "
        "(linux-6.6, u-boot-2025.04, freebsd), for all agents or one; by default what RUNTIME "
        "says, or 3.2. Repeatable.",
    ),
    option(
        "--state",
        metavar="[AGENT=]own|real",
        multiple=True,
        help="What agents read of resources they may vote on, for all agents or one: their own "
        "vote (the default), or the real state, whoever causes it. Repeatable.",
    ),
    MAX_REPLY_OPTION,
    option(
        "--extra",
        read=FILE,
        multiple=True,
        help="Merge this JSON into RUNTIME, for facts that no device tree contains. Repeatable.",
    ),
    option(
        "--fastchannel",
        "fastchannels",
        metavar="[AGENT=]FILE:ADDR:SIZE[,idle=MS]",
        multiple=True,
        help="Provide an agent with FastChannels in SIZE bytes of FILE, which it maps at ADDR; "
        "polled every 2 ms, or MS (50) when nobody uses them. Repeatable; AGENT may be left out "
        "if no other agent has any.",
    ),
    option(
        "--telemetry",
        metavar="[AGENT=]FILE:ADDR:SIZE",
        multiple=True,
        help="Collect telemetry of an agent in SIZE bytes of FILE, which it maps at ADDR (profile "
        "4.0-beta). Repeatable; AGENT may be left out if no other agent has any.",
    ),
    option("--trace", read=FILE_TEXT, help="Log every message to a file."),
    option(
        "--capture",
        metavar="FILE",
        read=FILE,
        help="Capture every message in a pcapng file, up to 1 GiB; see scmigen dissector.",
    ),
    option(
        "--faults",
        metavar="FILE",
        read=FILE,
        help="Let the faults in a TOML file happen to messages of single agents, to test drivers: "
        "a status, no response, a late, second, short or long one. SIGHUP reads it again.",
    ),
    option(
        "--control",
        metavar="URL",
        help="Switch faults on and off at unix:PATH while the server runs, with scmigen client "
        "URL fault; only for who may open the file.",
    ),
    option(
        "--latencies",
        flag=True,
        help="Answer a change when the latency is over that RUNTIME has for it, also one that is "
        "not asynchronous; nobody else waits.",
    ),
    option(
        "--backend",
        metavar="NAME",
        help="The back end that carries out changes: the name of an installed one, or "
        "MODULE:CLASS. The simulator by default.",
    ),
    help="""Serve the platform RUNTIME (the runtime.json of a build, or its directory) to agents.

A client that connects to an agent's socket is that agent, one client at a time. The votes of a
client that disconnects are released. SIGHUP reloads RUNTIME: agents whose part of it is
unchanged stay connected. SIGTERM and SIGINT stop the server.
""",
)
def serve(
    configuration: Path,
    listen: tuple[str, ...],
    directory: Path | None,
    profiles: tuple[str, ...],
    state: tuple[str, ...],
    max_reply: tuple[str, ...],
    extra: tuple[Path, ...],
    fastchannels: tuple[str, ...],
    telemetry: tuple[str, ...],
    trace: str | None,
    capture: Path | None,
    faults: Path | None,
    control: str | None,
    latencies: bool,
    backend: str | None,
) -> None:
    memory = tuple(map(window, fastchannels))
    frames = tuple(window(text, TELEMETRY) for text in telemetry)
    options = _Options(
        configuration, extra, listen, directory, profiles, memory, state, faults, max_reply, frames
    )
    address = None if control is None else control_address(control)
    log = Log(sys.stderr.fileno())
    _more_files()
    try:
        found = None if backend is None else load(backend)
    except BackendError as problem:
        raise UsageError(str(problem)) from None
    platform = configuration_of(options.configuration, options.extra)
    injected = faults_of(options.faults, platform)
    server = _server(options, found, log, platform)
    for note in filter(None, (later(item.rpartition("=")[2]) for item in profiles)):
        log(f"--profile: {note}")
    urls = endpoints(server, listen, directory)
    try:
        if directory is not None:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        records = _records(trace, capture, log)
        service = Service(server, urls, log, records, injected, slow=latencies)
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename is not None else ""
        raise CommandError(f"{where}{problem.strerror}") from None
    except UrlError as problem:
        raise UsageError(str(problem)) from None
    except TransportError as problem:
        raise CommandError(str(problem)) from None
    with service, _controlled(service, address):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())

        def reload() -> None:
            log.settle()
            _reload(service, options, log)

        signal.signal(signal.SIGHUP, lambda *_: service.loop.interrupt(reload))
        for agent, url in urls.items():
            say(_served(agent, url))
        gc.freeze()  # everything allocated so far is permanent: keep it out of collections
        say("ready")
        service.run()
    log.settle()
