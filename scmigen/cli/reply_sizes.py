"""``scmigen serve --max-reply``: how long the reply to an agent may be."""

from collections.abc import Mapping

from scmigen import runtime
from scmigen.cli.declare import option
from scmigen.cli.problems import UsageError
from scmigen.hints import Final
from scmigen.scmi.layouts import MAX_REPLY, STATUS_SIZE
from scmigen.scmi.protocols import Kind
from scmigen.server import Server
from scmigen.server.session import Session

#: The longest reply that can be asked for, in bytes.
MOST: Final = 1024
#: Bytes of one axis in a reading: value and timestamp.
_AXIS: Final = 16

MAX_REPLY_OPTION: Final = option(
    "--max-reply",
    "max_reply",
    metavar="[AGENT=]BYTES",
    multiple=True,
    help="The longest payload of a reply, its status included, for all agents or one: what a "
    "mailbox has room for. Lists that are longer come in parts. By default "
    f"{MAX_REPLY}, or what a slot of shared memory holds; at most {MOST}. Repeatable.",
)


def number_of_bytes(text: str) -> int | None:
    """The number that ``text`` is; ``None`` for anything else."""
    try:
        found = int(text, 0)
    except ValueError:
        return None
    return found if 0 < found <= MOST else None


def check_sizes(server: Server, default: int | None, sizes: Mapping[int, int]) -> None:
    """Raise `UsageError` where an agent has a reply size in which some reply to it cannot be
    sent."""
    for session in server.sessions.values():
        size = sizes.get(session.id, default)
        least = max(STATUS_SIZE + session.room, _reading(server.configuration, session))
        if size is not None and size < least:
            raise UsageError(
                f"--max-reply {size}: the longest reply to {session.name} that cannot come in "
                f"parts has {least} bytes"
            )


def _reading(platform: runtime.Runtime, session: Session) -> int:
    """The bytes of the longest reading of the agent's sensors; release 2.0 has no axes."""
    sensors = {sensor.id: sensor for sensor in platform.sensors}
    grants = session.configuration.grants.get(Kind.SENSOR, ())
    axes = (len(sensors[grant.resource].axes) for grant in grants)
    return 0 if session.legacy else STATUS_SIZE + _AXIS * max(axes, default=0)
