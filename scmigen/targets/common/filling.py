"""What compiled templates call when they are filled in (`template_compiler`).

What a context lacks is strict, as jinja2's `StrictUndefined` is, with its words: it may be asked
whether it is defined, and anything else raises.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from scmigen.hints import Any, NoReturn

#: The functions that a template may use as filters beside those of jinja2, by name.
Filters = Mapping[str, Callable[..., str]]

#: Templates by name: what makes a text of a context.
Templates = Mapping[str, Callable[[Mapping[str, Any], Filters], str]]

_MISSING = object()


class UndefinedError(Exception):
    """A template uses what its context does not have."""


class Undefined:
    """What a context lacks, or an object in it; ``told`` is what is said where it is used."""

    __slots__ = ("_told",)

    def __init__(self, told: str) -> None:
        self._told = told

    def _fail(self, *_: object, **__: object) -> NoReturn:
        raise UndefinedError(self._told)

    def __getattr__(self, name: str) -> NoReturn:
        if name[:2] == "__":
            raise AttributeError(name)
        self._fail()

    __bool__ = __str__ = __len__ = __iter__ = __contains__ = __call__ = __getitem__ = _fail
    __int__ = __lt__ = __le__ = __gt__ = __ge__ = _fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = _fail
    __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = __truediv__ = __rtruediv__ = _fail
    __eq__ = __ne__ = __hash__ = _fail


def look(context: Mapping[str, Any], name: str) -> Any:
    """The value of a name of the context."""
    found = context.get(name, _MISSING)
    return Undefined(f"{name!r} is undefined") if found is _MISSING else found


def get(value: Any, name: str) -> Any:
    """``value.name`` of a template: an attribute, else a key."""
    try:
        return getattr(value, name)
    except AttributeError:
        pass
    try:
        return value[name]
    except (TypeError, LookupError, AttributeError):
        return _lacking(value, name)


def item(value: Any, key: Any) -> Any:
    """``value[key]`` of a template: an element, else an attribute."""
    try:
        return value[key]
    except (TypeError, LookupError, AttributeError):
        if not isinstance(key, str):
            return _lacking(value, key)
    try:
        return getattr(value, key)
    except AttributeError:
        return _lacking(value, key)


def _lacking(value: object, key: object) -> Undefined:
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    what = "None" if value is None else f"{module}{kind.__name__} object"
    if isinstance(key, str):
        return Undefined(f"{what!r} has no attribute {key!r}")
    return Undefined(f"{what} has no element {key!r}")


def defined(value: object) -> bool:
    """Whether it is there."""
    return not isinstance(value, Undefined)


def joined(values: Iterable[object], separator: str = "") -> str:
    """The texts of ``values`` in one."""
    return separator.join(map(str, values))


def counted(values: Iterable[Any]) -> Iterator[tuple[int, bool, Any]]:
    """Each value with its index and whether it is the last one."""
    following = iter(values)
    try:
        value = next(following)
    except StopIteration:
        return
    index = 0
    for after in following:
        yield index, False, value
        value = after
        index += 1
    yield index, True, value


def grouped(values: Iterable[Any], name: str) -> list[tuple[Any, list[Any]]]:
    """The values by an attribute, ascending; those of one group in their order."""
    groups: dict[Any, list[Any]] = {}
    for value in sorted(values, key=lambda each: _caseless(item(each, name))):
        groups.setdefault(_caseless(item(value, name)), []).append(value)
    return [(item(group[0], name), group) for group in groups.values()]


def _caseless(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
