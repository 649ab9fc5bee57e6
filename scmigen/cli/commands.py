"""The commands of ``scmigen``, and what they need of the system."""

from importlib import import_module

from scmigen.cli.declare import Group

#: Subcommand → the module and object that declare it, and its line in the list of commands.
COMMANDS = {
    "build": ("scmigen.cli.build:build", "Compile a board into its outputs."),
    "check": ("scmigen.cli.check:check", "Check a board and write nothing."),
    "show": ("scmigen.cli.show:show", "Show providers, devices, resources, agents, permissions."),
    "why": ("scmigen.cli.why:why", "Show the uses behind a grant."),
    "diff": ("scmigen.cli.diff:diff", "Show what changed between two boards, for which agent."),
    "audit": ("scmigen.cli.audit:audit", "Show what a server lets its agents do."),
    "import": ("scmigen.cli.import_server:import_server", "Move a board to what a server has."),
    "explain": ("scmigen.cli.show:explain", "Explain a check."),
    "schema": ("scmigen.cli.schema:schema", "Print the JSON Schema of a file format."),
    "convert": ("scmigen.cli.convert:convert", "Convert between DTS and DTB."),
    "serve": ("scmigen.cli.serve:serve", "Serve a runtime configuration over SCMI."),
    "client": ("scmigen.cli.client:client", "Talk to an SCMI server as an agent."),
    "compare-server": (
        "scmigen.cli.compare_server:compare_server",
        "Send the same messages to two servers, and compare the answers.",
    ),
    "telemetry": (
        "scmigen.cli.telemetry:telemetry",
        "Print what data elements of telemetry mean.",
    ),
    "dissector": ("scmigen.cli.dissector:dissector", "Print a dissector of SCMI for Wireshark."),
}

SCMIGEN = Group(
    "Compile device trees into SCMI platforms, check them, and serve them.",
    {name: place for name, (place, _) in COMMANDS.items()},
)

#: What commands need that Python has on Linux, and not everywhere else.
_NEEDED = {
    "serve": (
        ("fcntl", "F_ADD_SEALS"),
        ("grp", "getgrnam"),
        ("mmap", "mmap"),
        ("os", "eventfd"),
        ("os", "memfd_create"),
        ("signal", "SIGHUP"),
        ("socket", "AF_UNIX"),
        ("socket", "SOCK_SEQPACKET"),
    ),
    "client": (("socket", "AF_UNIX"), ("socket", "SOCK_SEQPACKET"), ("os", "eventfd")),
    "compare-server": (("socket", "AF_UNIX"), ("socket", "SOCK_SEQPACKET"), ("os", "eventfd")),
}


def lacking(command: str) -> str | None:
    """What Python has not here that a command needs, such as ``socket.AF_UNIX``."""
    for module, name in _NEEDED.get(command, ()):
        try:
            found = hasattr(import_module(module), name)
        except ImportError:
            found = False
        if not found:
            return f"{module}.{name}"
    return None
