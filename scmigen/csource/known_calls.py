"""Functions of libraries that tables are made with."""

import re
from collections.abc import Callable, Mapping

from scmigen.csource.evaluate import Evaluator
from scmigen.csource.limits import MAX_ELEMENTS, MAX_TEXT
from scmigen.csource.tokens import Token
from scmigen.csource.tree import ArrayOf, Number, Type
from scmigen.csource.values import Cells, Pointer, Size, Unknown, Value, first_unknown
from scmigen.patterns import pattern

Arguments = tuple[Value, ...]


def _memory(sizes: Arguments, at: Token) -> Value:
    """Zeroed memory of a size, which may be given as a count and a size."""
    kind: Type | None = None
    count = 1
    for size in sizes:
        if isinstance(size, Size):
            kind, count = size.of, count * size.count
        elif isinstance(size, int):
            count *= size
        else:
            return Pointer(Cells(None, at), 0)
    if not 0 < count <= MAX_ELEMENTS:
        return Unknown("the memory it asks for is more than a table", at)
    if kind is None:
        return Pointer(Cells(None, at), 0)
    return Pointer(Cells(ArrayOf(kind, Number(at, count)), at, length=count), 0)


def _allocate(evaluator: Evaluator, arguments: Arguments, at: Token) -> Value:
    found = _memory(arguments, at)
    if isinstance(found, Pointer):
        evaluator.journal.made(found.to)
    return found


def _copy(evaluator: Evaluator, arguments: Arguments, at: Token) -> Value:
    """``memcpy``: whole elements only."""
    if len(arguments) < 3:
        return Unknown("it lacks arguments", at)
    to, source, size = arguments[:3]
    target = evaluator.target(to, 0, at)
    if isinstance(target, Unknown):
        return target
    origin = evaluator.target(source, 0, at)
    count = _elements(evaluator, origin, size)
    if isinstance(origin, Unknown) or count is None or not isinstance(target[1], int):
        why = first_unknown(source, size) or Unknown("what is copied to it", at)
        evaluator.journal.doubt(target[0], why)
        return to
    for step in range(min(count, MAX_ELEMENTS)):
        assert isinstance(origin[1], int)
        evaluator.budget.step()
        key = origin[1] + step
        evaluator.store((target[0], target[1] + step), evaluator.load(origin[0], key))
        if key in origin[0].places:
            target[0].places[target[1] + step] = origin[0].places[key]
    return to


def _elements(
    evaluator: Evaluator, origin: tuple[Cells, int | str] | Unknown, size: Value
) -> int | None:
    """How many elements of a table a size is."""
    if isinstance(origin, Unknown) or not isinstance(origin[1], int):
        return None
    kind = evaluator.resolved(origin[0].type)
    if not isinstance(kind, ArrayOf):
        return None
    one = evaluator.size(kind.element, Token("", "", "", 0))
    if isinstance(size, int) and isinstance(one, int) and one and size % one == 0:
        return size // one
    if isinstance(size, Size) and isinstance(one, Size) and size.of == one.of and one.count:
        return size.count // one.count
    return None


def _clear(evaluator: Evaluator, arguments: Arguments, at: Token) -> Value:
    """``memset``: to zero only."""
    target = evaluator.target(arguments[0], 0, at) if arguments else Unknown("it lacks", at)
    if isinstance(target, Unknown):
        return target
    cells, key = target
    inner = evaluator.load(cells, key) if not isinstance(key, int) or key else cells
    if isinstance(inner, Cells):
        for each in inner.values:
            evaluator.journal.note(inner, each)
        inner.values.clear()
        inner.filled = True
        if arguments[1:2] != (0,):
            evaluator.journal.doubt(inner, Unknown("it is filled with something", at))
    return arguments[0]


_FORMAT = pattern(r"%(?:%|0?([0-9]{0,2})(?:l{0,2}|z|h{0,2})([duxXsic]))")


def _print(evaluator: Evaluator, arguments: Arguments, at: Token) -> Value:
    """``snprintf``."""
    if len(arguments) < 3:
        return Unknown("it lacks arguments", at)
    target = evaluator.target(arguments[0], 0, at)
    if isinstance(target, Unknown):
        return target
    text = _formatted(evaluator, arguments[2], list(arguments[3:]), at)
    size = arguments[1]
    if isinstance(text, str) and isinstance(size, int) and size > 0:
        text = text[: size - 1]
    evaluator.journal.note(*target)
    target[0].values[target[1]] = text
    return len(text) if isinstance(text, str) else text


def _formatted(evaluator: Evaluator, form: Value, values: list[Value], at: Token) -> str | Unknown:
    written = evaluator.text(form)
    if not isinstance(written, str):
        return Unknown("what it prints is not known", at)
    problem: Unknown | None = None

    def one(found: re.Match[str]) -> str:
        nonlocal problem
        if found[0] == "%%":
            return "%"
        value: Value = values.pop(0) if values else Unknown("a value is missing", at)
        if found[2] == "s":
            value = evaluator.text(value) or ""
        if isinstance(value, Unknown):
            problem = value
            return ""
        if isinstance(value, str) and len(value) > MAX_TEXT:
            problem = Unknown("a text that is too long", at)
            return ""
        if isinstance(value, str):
            return value
        if not isinstance(value, int):
            problem = Unknown("what it prints is not known", at)
            return ""
        form = {"x": "x", "X": "X", "c": "c"}.get(found[2], "d")
        fill = "0" if found[0].startswith("%0") else ""
        return f"{value:{fill}{found[1]}{form}}"

    text = _FORMAT.sub(one, written)
    return problem or text


def _bits(_: Evaluator, arguments: Arguments, at: Token) -> Value:
    """``__builtin_popcount``."""
    value = arguments[0] if arguments else Unknown("it lacks arguments", at)
    if isinstance(value, int):
        return value.bit_count() if value >= 0 else Unknown("the bits of a negative number", at)
    return value if isinstance(value, Unknown) else Unknown("it is no number", at)


def _leading_zeros(_: Evaluator, arguments: Arguments, at: Token) -> Value:
    """``__builtin_clz``: of 32 bits; of 0 it is undefined."""
    value = arguments[0] if arguments else Unknown("it lacks arguments", at)
    if isinstance(value, int):
        if not 0 < value <= 0xFFFF_FFFF:
            return Unknown("the leading zeros of what is no number of 32 bits above 0", at)
        return 32 - int(value).bit_length()
    return value if isinstance(value, Unknown) else Unknown("it is no number", at)


def _confined(_: Evaluator, arguments: Arguments, at: Token) -> Value:
    """``confine_array_index`` of OP-TEE: an index below a size."""
    match arguments:
        case (int() as index, int() as size):
            return index if 0 <= index < size else 0
    return first_unknown(*arguments) or Unknown("it is no number", at)


#: Name → what it does.
KNOWN_CALLS: Mapping[str, Callable[[Evaluator, Arguments, Token], Value]] = {
    "fwk_mm_alloc": _allocate,
    "fwk_mm_alloc_notrap": _allocate,
    "fwk_mm_calloc": _allocate,
    "__builtin_popcount": _bits,
    "__builtin_clz": _leading_zeros,
    "confine_array_index": _confined,
    "malloc": _allocate,
    "calloc": _allocate,
    "memcpy": _copy,
    "fwk_str_memcpy": _copy,
    "memset": _clear,
    "fwk_str_memset": _clear,
    "snprintf": _print,
    "fwk_str_snprintf": _print,
}
