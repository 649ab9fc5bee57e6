"""``scmigen serve``: the reference server on sockets."""

import signal
from pathlib import Path

import click

from scmigen import runtime
from scmigen.scmi.protocols import KIND_OF, Profile
from scmigen.server import Agent, Server
from scmigen.server.service import Service
from scmigen.server.transports import TransportError, UrlError


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
    return f"{agent.name} (agent {agent.id}) at {url}: {', '.join(parts)}{permissions}"


def _endpoints(server: Server, listen: tuple[str, ...], directory: Path | None) -> dict[Agent, str]:
    """Agent → URL, from ``--listen`` and ``--directory``. Raises `click.UsageError`."""
    if not listen and directory is None:
        raise click.UsageError("where to listen? Give --listen AGENT=URL or --directory DIR.")
    found: dict[Agent, str] = {}
    for item in listen:
        name, _, url = item.partition("=")
        agent = server.agent(name)
        if agent is None:
            known = ", ".join(agent.name for agent in server.agents.values())
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
    plain = agent.name.replace("-", "").replace("_", "").isalnum()
    return f"{agent.name if plain else agent.id}.sock"


@click.command()
@click.argument("configuration", metavar="RUNTIME", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--listen",
    metavar="AGENT=URL",
    multiple=True,
    help="Serve an agent (name or id) at unix:PATH (seqpacket) or unix-stream:PATH. Repeatable.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Serve every agent that has no --listen at unix:DIR/NAME.sock.",
)
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    default=Profile.V3_2.value,
    show_default=True,
    help="The release of the specification to speak.",
)
def serve(
    configuration: Path, listen: tuple[str, ...], directory: Path | None, profile: str
) -> None:
    """Serve the platform RUNTIME (runtime.json of a build) to its agents.

    Who connects to an agent's socket is that agent, one client at a time. The votes of a client
    that disconnects are released. Ends at SIGTERM or SIGINT.
    """

    def log(line: str) -> None:
        click.echo(line, err=True)

    try:
        platform = runtime.decode(configuration.read_bytes())
    except OSError as problem:
        raise click.ClickException(f"{configuration}: {problem.strerror}") from None
    except runtime.ConfigurationError as problem:
        raise click.ClickException(f"{configuration}: {problem}") from None
    server = Server(platform, Profile(profile), refused=lambda refusal: log(f"refused: {refusal}"))
    endpoints = _endpoints(server, listen, directory)
    try:
        if directory is not None:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        service = Service(server, endpoints, log)
    except OSError as problem:
        raise click.ClickException(f"{directory}: {problem.strerror}") from None
    except UrlError as problem:
        raise click.UsageError(str(problem)) from None
    except TransportError as problem:
        raise click.ClickException(str(problem)) from None
    with service:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        for agent, url in endpoints.items():
            click.echo(_served(agent, url))
        click.echo("ready")
        service.run()
