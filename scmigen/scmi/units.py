"""The units of sensors (DEN0056, section 4.7.2.5.1, type field): what a reading counts."""

from scmigen.hints import Final

#: By type, from 2 on.
_FROM_2: Final = (
    *("degrees C", "degrees F", "K", "V", "A", "W", "J", "C", "VA", "nit", "lm", "lx", "cd"),
    *("kPa", "psi", "N", "cfm", "rpm", "Hz", "s", "min", "h", "d", "weeks", "mil", "in", "ft"),
    *("cubic in", "cubic ft", "m", "cubic cm", "cubic m", "l", "fl oz", "rad", "sr"),
    *("revolutions", "cycles", "g-force", "oz", "lb", "ft lb", "oz in", "gauss", "gilbert", "H"),
    *("F", "ohm", "S", "mol", "Bq", "ppm", "dB", "dBA", "dBC", "Gy", "Sv", "K (color)", "bits"),
    *("bytes", "words", "double words", "quad words", "%", "Pa", "counts", "g", "N m", "hits"),
    *("misses", "retries", "overruns", "underruns", "collisions", "packets", "messages"),
    *("characters", "errors", "corrected errors", "uncorrectable errors", "square mil"),
    *("square in", "square ft", "square cm", "square m", "rad/s", "beats/min", "m/s^2", "m/s"),
    *("cubic m/s", "mmHg", "rad/s^2"),
)


def unit(kind: int, exponent: int) -> str:
    """The unit of readings of a sensor of type ``kind``, times 10 to the power of ``exponent``:
    ``0.001 degrees C``. A type without a unit, or that is unknown, is its number."""
    known = 2 <= kind < 2 + len(_FROM_2)
    word = _FROM_2[kind - 2] if known else {0: "none", 1: "unspecified"}.get(kind, f"type {kind}")
    factor = f"{10.0**exponent:.15g}"
    return word if exponent == 0 else f"{factor} {word}"
