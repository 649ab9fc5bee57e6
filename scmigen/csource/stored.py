"""Numbers as the types of objects hold them."""

from scmigen.csource.integers import INT, Enumerated, Long, UnsignedLong, Untyped, cut, typed
from scmigen.csource.tree import Integer, Type
from scmigen.csource.values import Choice, Unknown, Value


def as_stored(value: Value, kind: Type | None) -> Value:
    """A number as an integer type holds it."""
    if isinstance(value, Choice):
        return Choice(tuple(as_stored(each, kind) for each in value.values), value.at)
    if not isinstance(value, int):
        return value
    if kind is None:
        return Untyped(value)
    return _as_integer(value, kind) if isinstance(kind, Integer) else value


def _as_integer(value: int, kind: Integer) -> Value:
    match kind.name:
        case "float" | "double":
            return Unknown("a number with a fraction is not read")
        case "bool" | "_Bool":
            return int(bool(value))
        case "void":
            return value
    if kind.bits is not None:
        return _in_bits(value, kind.bits, kind.signed)
    if kind.size is None:
        return _as_address(value, kind.signed)
    if kind.name == "enum":
        return Enumerated(cut(value, INT))
    form = (8 * kind.size, kind.signed)
    return cut(value, form) if kind.size < 4 else typed(cut(value, form), [form])


def _as_address(value: int, signed: bool) -> Value:
    forms = Long.forms if signed else UnsignedLong.forms
    narrow, wide = (cut(value, form) for form in forms)
    if narrow != wide and value < 0:
        return Unknown("a negative number in a type that is as wide as the target's addresses")
    return typed(wide, list(forms))


def _in_bits(value: int, bits: int, signed: bool) -> Value:
    if not 0 < bits <= 64:
        return Unknown("how wide a bit field is cannot be told")
    found = cut(value, (bits, signed))
    form = (32 if bits <= 32 else 64, signed)
    return typed(found, [form]) if bits in (32, 64) else typed(found, [(form[0], True)])
