"""Integers with the types that C gives them.

An ``int`` of Python is one of C. Other types are classes below it: they say under which types the
number may be computed with, since ``long`` and the types that no header here defines are not the
same everywhere.
"""

from scmigen.hints import ClassVar, Final

#: How many bits a type has, and whether it has a sign.
Form = tuple[int, bool]

INT: Final[Form] = (32, True)
UNSIGNED: Final[Form] = (32, False)
LONGEST: Final[Form] = (64, True)
UNSIGNED_LONGEST: Final[Form] = (64, False)


class Whole(int):
    """An integer of another type than ``int``: ``forms`` are what it is with addresses of 32 bits
    and of 64, and, where no header defines the type, other ones."""

    __slots__ = ()
    forms: ClassVar[tuple[Form, ...]] = (INT,)


class Unsigned(Whole):
    """``unsigned int``."""

    __slots__ = ()
    forms = (UNSIGNED,)


class Longest(Whole):
    """``long long``."""

    __slots__ = ()
    forms = (LONGEST,)


class UnsignedLongest(Whole):
    """``unsigned long long``."""

    __slots__ = ()
    forms = (UNSIGNED_LONGEST,)


class Long(Whole):
    """``long`` and what is as wide as an address."""

    __slots__ = ()
    forms = (INT, LONGEST)


class UnsignedLong(Whole):
    """``unsigned long`` and ``size_t``."""

    __slots__ = ()
    forms = (UNSIGNED, UNSIGNED_LONGEST)


class Enumerated(Whole):
    """An object of an enumeration, whose sign is the compiler's choice."""

    __slots__ = ()
    forms = (INT, UNSIGNED)


class Untyped(Whole):
    """An integer of a type that is not known."""

    __slots__ = ()
    forms = (INT, UNSIGNED, LONGEST, UNSIGNED_LONGEST)


_OF_ADDRESSES: Final = (Long, UnsignedLong)
#: By forms, the class.
_CLASSES: Final[dict[tuple[Form, ...], type[int]]] = {
    each.forms: each
    for each in (Unsigned, Longest, UnsignedLongest, Long, UnsignedLong, Enumerated)
}
_CLASSES[(INT,)] = int


def forms_of(value: int) -> tuple[Form, ...]:
    """The types that a number may have."""
    return value.forms if isinstance(value, Whole) else (INT,)


def fits(value: int, form: Form) -> bool:
    """Whether a type has a number."""
    bits, signed = form
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1) if signed else 0 <= value < 1 << bits


def cut(value: int, form: Form) -> int:
    """A number as a type holds it."""
    bits, signed = form
    value = int(value) & ((1 << bits) - 1)
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def common(left: Form, right: Form) -> Form:
    """The type that two numbers are computed in."""
    if left[0] != right[0]:
        return max(left, right)
    return left[0], left[1] and right[1]


def pairs(left: int, right: int) -> list[tuple[Form, Form]]:
    """The types that two numbers may have together."""
    if isinstance(left, _OF_ADDRESSES) and isinstance(right, _OF_ADDRESSES):
        return list(zip(left.forms, right.forms, strict=True))
    return [(one, other) for one in forms_of(left) for other in forms_of(right)]


def typed(value: int, forms: list[Form]) -> int:
    """A number of one of some types."""
    if len(forms) == 1 and forms[0] == INT:
        return int(value)
    made = _CLASSES.get(tuple(dict.fromkeys(forms)))
    return made(value) if made is not None else Untyped(value)


def literal(value: int, suffix: str, decimal: bool) -> int | None:
    """The integer that is written with a suffix; None where no type has it."""
    lowered = suffix.lower()
    unsigned, long = "u" in lowered, lowered.count("l")
    if long < 2 and (unsigned or not decimal) and fits(value, UNSIGNED):
        if not unsigned and fits(value, INT):
            return Long(value) if long else int(value)
        return UnsignedLong(value) if long else Unsigned(value)
    if long < 2 and not unsigned and fits(value, INT):
        return Long(value) if long else int(value)
    if not unsigned and fits(value, LONGEST):
        return Longest(value)
    if (unsigned or not decimal) and fits(value, UNSIGNED_LONGEST):
        return UnsignedLongest(value)
    return None
