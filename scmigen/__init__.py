"""A device-tree-driven compiler for SCMI platforms.

The library: `load` or `loads` a board, `compile` it, ask its platform, `emit` files::

    import scmigen

    board = scmigen.load("board.dts")
    result = scmigen.compile(board, agents="agents.yaml")
    if result.ok and result.platform.allows("vm1", "clock", "&cru CLK_DPI", "rate"):
        scmigen.emit(result, ["runtime"]).write("out")

``docs/reference/api.md`` describes it. Everything that is not exported here may change.
"""

from scmigen.version import __version__

__all__ = [
    "Board",
    "Change",
    "Check",
    "Device",
    "DeviceTree",
    "Diagnostic",
    "Emitted",
    "Finding",
    "Grant",
    "InputError",
    "Kind",
    "Model",
    "Numbering",
    "Operation",
    "Platform",
    "Position",
    "Related",
    "Resource",
    "Result",
    "Served",
    "Severity",
    "Source",
    "SourceSaid",
    "Text",
    "__version__",
    "check",
    "compile",
    "diff",
    "emit",
    "load",
    "loads",
    "read_server",
]


# Type checkers take it for true. The module typing takes a while to import, and until the command
# handles Ctrl-C, that ends with a traceback.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from scmigen.api import (
        Board,
        Change,
        Check,
        Device,
        DeviceTree,
        Diagnostic,
        Emitted,
        Finding,
        Grant,
        InputError,
        Kind,
        Model,
        Numbering,
        Operation,
        Platform,
        Position,
        Related,
        Resource,
        Result,
        Served,
        Severity,
        Source,
        SourceSaid,
        Text,
        check,
        compile,  # noqa: A004 (the name in the library)
        diff,
        emit,
        load,
        loads,
        read_server,
    )
else:

    def __getattr__(name):
        """An export, imported when it is first used: start-up is part of the command's speed."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module("scmigen.api"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted(__all__)
