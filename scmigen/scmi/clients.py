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

from scmigen.hints import Final
from scmigen.scmi.protocols import Profile
from scmigen.tuples import NamedTuple

_Version = tuple[int, ...]


class _Client(NamedTuple):
    """A program: its rows, the latest version whose sources were read (of later ones nobody knows
    here), and the highest second number that its versions have."""

    rows: tuple[tuple[_Version, Profile], ...]
    latest: _Version
    second: int = 99


_CLIENTS: Final[Mapping[str, _Client]] = {
    "linux": _Client(
        (
            ((), Profile.V2_0),
            ((5, 11), Profile.V3_0),
            ((5, 19), Profile.V3_1),
            ((6, 7), Profile.V3_2),
        ),
        (7, 0),
        20,
    ),
    "u-boot": _Client(
        (
            ((), Profile.V3_0),
            ((2025, 7), Profile.V3_1),
            ((2026, 1), Profile.V3_2),
        ),
        (2026, 4),
        12,
    ),
    "freebsd": _Client((((), Profile.V3_1),), (15, 0)),
    "nuttx": _Client((((), Profile.V3_1),), (12, 12)),
    "rt-thread": _Client((((), Profile.V3_1),), (5, 2)),
    "zephyr": _Client((((), Profile.V3_2),), (4, 3)),
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


def _split(name: str) -> tuple[_Client, _Version] | None:
    """A program and a version that it has, or can soon have: not ``linux-66.6``."""
    for word, client in _CLIENTS.items():
        if name == word:
            return client, client.latest
        version = _version(name.removeprefix(f"{word}-"))
        if name.startswith(f"{word}-") and version is not None:
            sound = (
                version[0] <= client.latest[0] + 1 and max(version[1:2], default=0) <= client.second
            )
            return (client, version) if sound else None
    return None


def profile_of(name: str) -> Profile | None:
    """The profile of a release (``3.1``) or of a program, with its version or the newest one:
    ``linux-6.6``, ``u-boot``. ``None`` for a name that is neither."""
    if name in tuple(Profile):
        return Profile(name)
    found = _split(name)
    if found is None:
        return None
    client, version = found
    return next(profile for since, profile in reversed(client.rows) if version >= since)


def later(name: str) -> str | None:
    """What to say of a version of a program that is later than all whose sources were read; its
    profile is that of the latest of these."""
    found = _split(name)
    if found is None or found[1][: len(found[0].latest)] <= found[0].latest:
        return None
    latest = ".".join(map(str, found[0].latest))
    return f"{name} is later than what is known, {latest}; taken to speak SCMI {profile_of(name)}"


def near(name: str) -> str:
    """What may be meant by a name that is unknown."""
    from difflib import get_close_matches  # few names are unknown

    close = get_close_matches(name, EXAMPLES[len(Profile) :], 1)
    return f"did you mean {close[0]}? Known: {KNOWN}" if close else f"known: {KNOWN}"


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
