"""The ``optee,scmi-server`` node that OP-TEE serves, as source for its own device tree.

``docs/reference/optee-server.md`` says what its parser takes, and what does not fit.
"""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.targets.base import Target
from scmigen.targets.common.ctext import comment, notice, plain, string
from scmigen.targets.common.files import File
from scmigen.targets.common.kept import kept
from scmigen.targets.common.names import board_name, written
from scmigen.targets.common.templates import render
from scmigen.targets.optee_server.compared import compared
from scmigen.targets.optee_server.entries import Entry, Server, server_of
from scmigen.targets.optee_server.findings import FINDINGS, LIMITS, problems
from scmigen.targets.optee_server.options import OpteeServerOptions, check_options


@kept
def _server(platform: Platform, options: OpteeServerOptions) -> Server:
    return server_of(platform, options)


def _check(platform: Platform, options: OpteeServerOptions) -> Iterator[Diagnostic]:
    server = _server(platform, options)
    yield from problems(platform, options, server)
    yield from compared(platform, options, server)


def _files(platform: Platform, options: OpteeServerOptions) -> Iterator[File]:
    text = render(
        "optee-server/server.dtsi.j2",
        board=plain(board_name(platform)),
        server=_server(platform, options),
        string=string,
        plain=plain,
        comment=comment,
        macro=lambda entry: _macro(platform, entry),
        license=options.license,
        copyright=options.copyright and notice(options.copyright, " * "),
    )
    yield File("scmi-server.dtsi", text)


def _macro(platform: Platform, entry: Entry) -> str | None:
    """What the source of a tree with an SCMI node calls the number."""
    name = written(platform, entry.grant.resource) if platform.instance is not None else None
    return None if name is None else comment(name)


TARGET = Target(
    name="optee-server",
    values=False,
    about="the optee,scmi-server node for OP-TEE's own device tree",
    options=OpteeServerOptions,
    limits=LIMITS,
    files=_files,
    check=_check,
    check_options=check_options,
    findings=FINDINGS,
    reads=lambda options: () if options.described is None else options.described.files,
)
