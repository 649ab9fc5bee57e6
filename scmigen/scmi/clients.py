"""The programs that speak SCMI as agents, and which release of the specification each understands.

A row: from this version of the program on, this profile; the first holds before that, too. What
decides, read from the sources:

- Linux has the sensor and voltage protocols of release 3.0 since 5.11, extended names and power
  capping since 5.19; it sends CLOCK_CONFIG_SET with 8 bytes and walks performance levels of three
  words up to 6.6, whatever version the platform reports.
- U-Boot reads CLOCK_ATTRIBUTES into 24 bytes, those of clock 1.0, before 2025.07 (a longer reply is
  an error), and sends CLOCK_CONFIG_SET with 8 bytes before 2026.01.
- FreeBSD, RT-Thread and NuttX know extended names of clocks, and 8 bytes of CLOCK_CONFIG_SET.
- Zephyr asks for the versions it knows (NEGOTIATE_PROTOCOL_VERSION).
"""

from collections.abc import Mapping
from typing import Final

from scmigen.scmi.protocols import Profile

_Version = tuple[int, ...]

_CLIENTS: Final[Mapping[str, tuple[tuple[_Version, Profile], ...]]] = {
    "linux": (
        ((), Profile.V2_0),
        ((5, 11), Profile.V3_0),
        ((5, 19), Profile.V3_1),
        ((6, 7), Profile.V3_2),
    ),
    "u-boot": (
        ((), Profile.V3_0),
        ((2025, 7), Profile.V3_1),
        ((2026, 1), Profile.V3_2),
    ),
    "freebsd": (((), Profile.V3_1),),
    "nuttx": (((), Profile.V3_1),),
    "rt-thread": (((), Profile.V3_1),),
    "zephyr": (((), Profile.V3_2),),
}

#: Names for people and for shell completion; every other version of these programs is known too.
EXAMPLES: Final = (
    *Profile,
    "linux-5.10",
    "linux-5.15",
    "linux-6.1",
    "linux-6.6",
    "linux-6.12",
    "u-boot-2025.04",
    "u-boot-2025.10",
    *_CLIENTS,
)


def _version(text: str) -> _Version | None:
    """``6.6`` or ``2025.04-rc1`` as numbers; ``None`` if it is no version."""
    parts = text.partition("-")[0].split(".")
    sound = text.isascii() and len(text) < 20 and all(part.isdecimal() for part in parts)
    return tuple(map(int, parts)) if sound else None


def profile_of(name: str) -> Profile | None:
    """The profile of a release (``3.1``) or of a program, with its version or the newest one:
    ``linux-6.6``, ``u-boot``. ``None`` for a name that is neither."""
    if name in tuple(Profile):
        return Profile(name)
    for client, rows in _CLIENTS.items():
        if name == client:
            return rows[-1][1]
        version = _version(name.removeprefix(f"{client}-"))
        if name.startswith(f"{client}-") and version is not None:
            return next(found for since, found in reversed(rows) if version >= since)
    return None


#: What messages say of a name that is unknown.
KNOWN: Final = (
    f"a release ({', '.join(Profile)}) or a program ({', '.join(_CLIENTS)}), "
    "with its version or without, such as linux-6.6"
)


#: A regular expression of the names that `profile_of` knows.
PATTERN: Final = (
    f"^({'|'.join(Profile)}".replace(".", r"\.")
    + rf"|({'|'.join(_CLIENTS)})(-[0-9]+(\.[0-9]+)*(-.*)?)?)$"
)
