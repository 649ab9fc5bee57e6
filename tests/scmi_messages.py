"""Messages for hypothesis: most of them nearly right, some of them anything."""

from random import Random
from typing import Any

from hypothesis import strategies as st
from scmi_shapes import COMMON, NEGOTIATE, PROTOCOLS, REQUEST_WORDS
from scmi_wire import (
    BASE,
    CLOCK,
    OFF,
    ON,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SYSTEM,
    VOLTAGE,
    request,
)

#: Words that mean something here and there: ids, states, flags, rates, levels and caps.
word = st.one_of(
    st.integers(0, 6),
    st.sampled_from([ON, OFF, 0xFFFF_FFFF, 0x8000_0000, 1 << 18, 1 << 2, 6, 7]),
    st.sampled_from([100, 205, 600, 1000, 3000, 9000, 850_000, 900_000, 800_000_000]),
    st.integers(0, 2**32 - 1),
)

_ID = range(5)
_ENABLE = [0, 1]
_RATES = [1000, 2000, 100_000_000, 200_000_000, 400_000_000, 800_000_000]
_LEVELS = [0, 1, 2, 10, 20, 30]
#: What changes something, with words that the boards of the tests mostly take.
_CHANGES: list[tuple[Any, ...]] = [
    (BASE, 8, _ENABLE),
    (BASE, 9, _ID, _ID, _ENABLE),
    (BASE, 0xA, _ID, _ID, [CLOCK, POWER], _ENABLE),
    (BASE, 0xB, _ID, _ENABLE),
    (POWER, 4, [0, 1], _ID, [ON, OFF]),
    (POWER, 6, _ID, _ENABLE),
    (POWER, 7, _ID, _ENABLE),
    (SYSTEM, 3, [0, 1], [0, 1, 2]),
    (SYSTEM, 5, _ENABLE),
    (PERFORMANCE, 5, _ID, _LEVELS, _LEVELS),
    (PERFORMANCE, 7, _ID, _LEVELS),
    (PERFORMANCE, 9, _ID, _ENABLE),
    (PERFORMANCE, 0xA, _ID, _ENABLE),
    (CLOCK, 5, [0, 1, 3, 8], _ID, _RATES, [0]),
    (CLOCK, 7, _ID, _ENABLE, [0]),
    (CLOCK, 9, _ID, _ENABLE),
    (CLOCK, 0xA, _ID, _ENABLE),
    (CLOCK, 0xD, _ID, _ID),
    (SENSOR, 4, _ID, _ENABLE),
    (SENSOR, 5, _ID, [0, 3, 1 << 4 | 1], [0, 50_000], [0]),
    (SENSOR, 6, _ID, [0, 1]),
    (SENSOR, 0xA, _ID, [0, 1, 3]),
    (SENSOR, 0xB, _ID, _ENABLE),
    (RESET, 4, _ID, [0, 1, 2, 5], [0]),
    (RESET, 5, _ID, _ENABLE),
    (VOLTAGE, 5, _ID, [0, 7]),
    (VOLTAGE, 7, _ID, [0, 1], [1, 2, 600_000, 700_000, 800_000, 850_000]),
    (POWERCAP, 5, _ID, [0, 2, 3], [0, 100, 500, 1000, 3000]),
    (POWERCAP, 7, _ID, [0], [1, 10, 50]),
    (POWERCAP, 0xA, _ID, _ENABLE),
    (POWERCAP, 0xB, _ID, _ENABLE, [0, 3000], [5000]),
    (PINCTRL, 6, _ID, [0, 1, 2], [1 << 2, 1 << 2 | 1], [4, 10], [0, 1]),
    (PINCTRL, 6, _ID, [0, 1, 2], [1 << 10, 1 << 10 | 1]),
    (PINCTRL, 7, _ID, [0, 1]),
    (PINCTRL, 8, _ID, [0, 1]),
    (PINCTRL, 0xA, _ID, _ID, [0, 1, 4, 5]),
]


@st.composite
def changing(draw: st.DrawFn) -> bytes:
    """A message that would change something, if it is allowed."""
    protocol, message, *words = draw(st.sampled_from(_CHANGES))
    return request(protocol, message, *[draw(st.sampled_from(choice)) for choice in words])


def a_change(random: Random) -> bytes:
    """The same, from a `random.Random`: for many at once."""
    protocol, message, *words = random.choice(_CHANGES)
    return request(protocol, message, *map(random.choice, words))


_SIZES = [
    (protocol, message, size)
    for protocol in PROTOCOLS
    for message, size in (COMMON | REQUEST_WORDS[protocol]).items()
]


@st.composite
def proper(draw: st.DrawFn) -> bytes:
    """A message that there is, with as many words as it has (profile 3.2)."""
    protocol, message, size = draw(st.sampled_from(_SIZES))
    return request(protocol, message, *[draw(word) for _ in range(size)])


plausible = st.builds(
    lambda p, m, values, token: request(p, m, *values, token=token),
    st.integers(0x10, 0x1A),
    st.integers(0, NEGOTIATE + 1),
    st.lists(word, max_size=5),
    st.integers(0, 0x3FF),
)
mutated = st.builds(
    lambda message, at, bits, size: bytes(
        b ^ bits if i == at else b for i, b in enumerate(message)
    )[:size],
    st.one_of(proper(), plausible),
    st.integers(0, 23),
    st.integers(1, 255),
    st.integers(0, 24),
)
anything = st.one_of(changing(), proper(), plausible, mutated, st.binary(max_size=200))
