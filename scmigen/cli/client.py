"""``scmigen client``: an SCMI agent on the command line."""

from scmigen.cli.client_options import SECONDS, STYLE, Options
from scmigen.cli.declare import Group, argument, option

_HERE = "scmigen.cli.client_"

client = Group(
    """Talk SCMI to a platform, as the agent that is served at URL.

URL is unix:PATH (seqpacket), unix-stream:PATH, unix-dgram:PATH or smt:FILE.
""",
    {
        "call": f"{_HERE}messages:call",
        "clock": f"{_HERE}clocks:clock",
        "dump": f"{_HERE}messages:dump",
        "fault": f"{_HERE}faults:fault",
        "info": f"{_HERE}messages:info",
        "performance": f"{_HERE}values:performance",
        "power": f"{_HERE}power:power",
        "raw": f"{_HERE}messages:raw",
        "replay": f"{_HERE}messages:replay",
        "reset": f"{_HERE}power:reset",
        "sensor": f"{_HERE}values:sensor",
        "voltage": f"{_HERE}values:voltage",
        "watch": f"{_HERE}messages:watch",
    },
    (
        argument("url"),
        option("--format", "style", read=STYLE, default="text", help="text or json."),
        option(
            "--timeout",
            read=SECONDS,
            default=5.0,
            shown=True,
            help="Seconds for the whole command, whatever the platform sends, but without those "
            "of --hold and --wait; for watch, until it has subscribed.",
        ),
    ),
    Options,
)
