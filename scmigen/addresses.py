"""The part of a URL after the scheme, as `serve` and `client` read it: a path, and options.

``PATH,mode=0660,idle=600``. A comma that is part of the path, or of a value, is written twice, as
QEMU has it: a misspelt option is never taken for the rest of a path.
"""

from collections.abc import Mapping

from scmigen.hints import Final

_SOCKET: Final = ("mode", "group", "idle")
#: Scheme → its options.
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "unix": _SOCKET,
    "unix-stream": (*_SOCKET, "partial"),
    "unix-dgram": _SOCKET,
    "smt": (*_SOCKET, "offset", "p2a", "slot", "doorbell", "ring"),
    "vhost-user": _SOCKET,
}


class AddressError(ValueError):
    """The text is not a path and options of its scheme; the message says why."""


def parse(scheme: str, text: str) -> tuple[str, dict[str, str]]:
    """The path and the options of ``scheme:text``. Raises `AddressError`."""
    path, *options = _fields(text)
    if not path:
        raise AddressError(f"{scheme}:{text} has no path")
    found: dict[str, str] = {}
    for option in options:
        key, _, value = option.partition("=")
        if key not in OPTIONS[scheme] or not value:
            known = ", ".join(f"{name}=" for name in OPTIONS[scheme])
            raise AddressError(
                f"{option!r} is not an option of {scheme}:; known: {known}; a comma in a path is "
                "written twice (,,)"
            )
        if key in found:
            raise AddressError(f"{scheme}: has the option {key}= twice")
        found[key] = value
    return path, found


def _fields(text: str) -> list[str]:
    """The text split at its single commas."""
    fields = [""]
    for number, piece in enumerate(text.split(",,")):
        first, *rest = piece.split(",")
        fields[-1] += f",{first}" if number else first
        fields += rest
    return fields


def quoted(path: str) -> str:
    """The path as it is written in a URL."""
    return path.replace(",", ",,")
