"""The expressions of rules: a small part of Python's, parsed once and evaluated within bounds.

Numbers, words between quotes, lists, ``and``, ``or``, ``not``, comparisons, arithmetic, ``a if b
else c``, indices and slices, ``[x for y in z if w]``, and calls of `HELPERS`. They read
the names that they are given and nothing else, and cannot take long.
"""

import ast
import operator
import struct
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping

from scmigen.hints import Any, Final

#: The longest expression in characters, and the deepest.
_LONGEST: Final = 2000
_DEEPEST: Final = 40
#: Steps of one evaluation, items of a list, and bits of a number.
_STEPS: Final = 50_000
_ITEMS: Final = 4096
_BITS: Final = 128


class ExpressionError(Exception):
    """The expression is none, or has no value; the message says why."""


def _words(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _status(number: int) -> bytes:
    return struct.pack("<i", number)


def _padded(numbers: list[int]) -> bytes:
    return bytes(list(numbers)) + bytes(-len(numbers) % 4)


def _range(*limits: int) -> range:
    found = range(*limits)
    if len(found) > _ITEMS:
        raise ExpressionError(f"a range of more than {_ITEMS}")
    return found


def _joined(parts: list[bytes]) -> bytes:
    return b"".join(parts)


def _place(items: list[Any], value: object) -> int:
    return items.index(value)


#: The functions that expressions may call.
HELPERS: Final[Mapping[str, Callable[..., Any]]] = {
    "len": len,
    "place": _place,
    "min": min,
    "max": max,
    "any": any,
    "all": all,
    "range": _range,
    "words": _words,
    "status": _status,
    "padded": _padded,
    "joined": _joined,
}

_OPERATORS: Final[Mapping[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Invert: operator.invert,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
#: What else an expression is made of.
_PARTS: Final = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.Compare,
    ast.IfExp,
    ast.Subscript,
    ast.Slice,
    ast.List,
    ast.Tuple,
    ast.ListComp,
    ast.GeneratorExp,
    ast.comprehension,
    ast.Starred,
    ast.Load,
    ast.Store,
    *_OPERATORS,
)


#: What the operators and helpers raise for values of wrong kinds.
_NO_VALUE: Final = (
    ArithmeticError,
    AttributeError,
    IndexError,
    TypeError,
    ValueError,
    struct.error,
)


class Expression:
    """A parsed expression. Raises `ExpressionError` where the text is none over ``known`` names."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self.text = text
        if len(text) > _LONGEST:
            raise ExpressionError(f"longer than {_LONGEST} characters")
        try:
            with warnings.catch_warnings(action="ignore"):
                self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            raise ExpressionError(f"not an expression: {_reason(problem)}") from None
        self.names: frozenset[str] = frozenset()
        bound = {node.id for node in self._nodes(self._tree, 0) if isinstance(node.ctx, ast.Store)}
        used = {node.id for node in self._nodes(self._tree, 0) if isinstance(node.ctx, ast.Load)}
        self.names = frozenset(used - bound - HELPERS.keys())
        for name in sorted(self.names - set(known)):
            raise UnknownNameError(name)

    def _nodes(self, node: ast.AST, depth: int) -> Iterator[ast.Name]:
        """The names below ``node``. Raises `ExpressionError` for what may not be in it."""
        if depth > _DEEPEST:
            raise ExpressionError("nested too deeply")
        if isinstance(node, ast.Name):
            yield node
            return
        if isinstance(node, ast.Constant):
            if not isinstance(node.value, int | str):
                raise ExpressionError(f"{node.value!r} is neither a whole number nor text")
            return
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in HELPERS or node.keywords:
                known = ", ".join(HELPERS)
                raise ExpressionError(f"{ast.unparse(node.func)}(…) cannot be called; can: {known}")
        elif not isinstance(node, _PARTS):
            raise ExpressionError(f"{ast.unparse(node) or type(node).__name__} cannot be used here")
        for part in ast.iter_child_nodes(node):
            yield from self._nodes(part, depth + 1)

    def value(self, names: Mapping[str, object]) -> Any:
        """Its value over ``names``. Raises `ExpressionError` if it has none."""
        try:
            return _Run(names).value(self._tree)
        except KeyError as problem:
            raise ExpressionError(f"{problem.args[0]} is not known here") from None
        except _NO_VALUE as problem:
            raise ExpressionError(str(problem)) from None


class UnknownNameError(ExpressionError):
    """An expression has a name that nobody gives a value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown name {name!r}")
        self.name = name


def _reason(problem: Exception) -> str:
    return problem.msg if isinstance(problem, SyntaxError) else "nested too deeply or with a NUL"


class _Run:
    """One evaluation."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = dict(names)
        self._left = _STEPS

    def value(self, node: ast.AST) -> Any:
        """The value of a part."""
        self._left -= 1
        if self._left < 0:
            raise ExpressionError("it takes too long")
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self._names[node.id]
            case ast.BoolOp():
                return self._logical(node)
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                return self.value(node.body if self.value(node.test) else node.orelse)
            case ast.UnaryOp():
                return _OPERATORS[type(node.op)](self.value(node.operand))
            case ast.BinOp():
                return self._computed(node)
            case ast.Call():
                assert isinstance(node.func, ast.Name)
                return _bounded(HELPERS[node.func.id](*self._items(node.args)))
            case ast.Subscript():
                return self.value(node.value)[self._index(node.slice)]
            case _:
                return self._list(node)

    def _list(self, node: ast.AST) -> list[Any]:
        if isinstance(node, ast.List | ast.Tuple):
            return self._items(node.elts)
        assert isinstance(node, ast.ListComp | ast.GeneratorExp)
        return self._comprehension(node)

    def _logical(self, node: ast.BoolOp) -> Any:
        found = None
        for part in node.values:
            found = self.value(part)
            if bool(found) == isinstance(node.op, ast.Or):
                break
        return found

    def _compared(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            if not _OPERATORS[type(sign)](left, right):
                return False
            left = right
        return True

    def _computed(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.LShift) and not 0 <= right < _BITS:
            raise ExpressionError(f"shifted by {right} bits")
        if isinstance(node.op, ast.Mult | ast.Mod) and not (
            isinstance(left, int) and isinstance(right, int)
        ):
            raise ExpressionError("* and % are for numbers")
        return _bounded(_OPERATORS[type(node.op)](left, right))

    def _items(self, parts: list[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for part in parts:
            if isinstance(part, ast.Starred):
                found += self.value(part.value)
            else:
                found.append(self.value(part))
        _bounded(found)
        return found

    def _index(self, node: ast.expr) -> Any:
        if not isinstance(node, ast.Slice):
            return self.value(node)
        limits = (node.lower, node.upper, node.step)
        return slice(*(None if part is None else self.value(part) for part in limits))

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
        (each, *more) = node.generators
        if more or not isinstance(each.target, ast.Name):
            raise ExpressionError("a list is made with one for, over one name")
        found, before = [], dict(self._names)
        for item in self.value(each.iter):
            self._names[each.target.id] = item
            if all(self.value(test) for test in each.ifs):
                found.append(self.value(node.elt))
        self._names = before
        _bounded(found)
        return found


def _bounded(value: Any) -> Any:
    """``value``, if it is neither too long nor too large."""
    if isinstance(value, int):
        if value.bit_length() > _BITS:
            raise ExpressionError(f"a number of more than {_BITS} bits")
    elif not isinstance(value, range) and len(value) > _ITEMS:
        raise ExpressionError(f"more than {_ITEMS} items")
    return value
