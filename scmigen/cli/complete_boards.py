"""What the shell may complete of a board: agents, and the resources that they are granted.

As in `complete`, a board with errors completes nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from scmigen import api
from scmigen.cli.complete import beginning
from scmigen.cli.problems import UsageError
from scmigen.cli.request import BoardRequest, typed_request
from scmigen.diagnostics import InputError
from scmigen.hints import Any
from scmigen.model.protocol_grants import Right
from scmigen.pipeline import Result


def agents(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """The agents of the board that was typed before, or of the project file."""
    return beginning((name for found in _board(values) for name in _agents(found)), begun)


def resources(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """The resources of which the agent that was typed before is granted something."""
    agent = values.get("agent")
    granted = {
        f"{grant.resource.kind}:{grant.resource.name}"
        for found in _board(values)
        for platform in found.platforms
        for grant in platform.grants()
        if grant.agent.name == agent
    }
    return beginning((*sorted(granted), *Right), begun)


def server_agents(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """The agents of the server that ``--against`` names."""
    servers: tuple[str, ...] = values.get("against") or ()
    with suppress(InputError, ValueError):
        return beginning((agent.name for agent in api.read_server(*servers).agents), begun)
    return []


def _board(values: Mapping[str, Any]) -> Iterator[Result]:
    """The compiled board, if there is exactly one and it can be read."""
    # Commands import this module to be defined, and most read no project file.
    from scmigen.cli.project import project_requests

    with suppress(InputError, UsageError):
        requests: tuple[BoardRequest, ...] = (typed_request(values),)
        if values.get("board") is None:
            named, file = values.get("named"), values.get("project")
            requests = project_requests(file, named, requests[0], numbered=False)
        if len(requests) == 1:
            yield requests[0].compile()


def _agents(found: Result) -> list[str]:
    return [agent.name for agent in found.model.assignment.agents]
