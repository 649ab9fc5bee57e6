"""Classes of data, frozen unless they say otherwise.

They are written and checked like data classes, and whatever takes data classes takes them::

    class Position(Data, order=True):
        file: str
        line: int = 0

Half a dozen methods of a data class are compiled while it is defined, by what the module
`dataclasses` imports first: that was most of a command's start, for classes it might not need.
Here a method is the same for all classes, or compiled when it is first called.
"""

from functools import cache
from importlib import import_module

__all__ = ["Data", "DataType", "asdict", "field", "fields", "replace"]

# Type checkers take it for true; the module typing takes a while to import.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import Field, field, replace
    from inspect import Signature
    from types import CodeType, FunctionType
    from typing import Any, ClassVar, dataclass_transform
else:

    def dataclass_transform(**_):
        """What `typing` has: it does nothing."""
        return lambda decorated: decorated

    def field(**said):
        """What there is to say of a field, as in `dataclasses`."""
        return _Field(said)

    def replace(data, /, **changes):
        """A copy with other values in some fields; ``__post_init__`` runs on it."""
        return type(data)(**{name: getattr(data, name) for name in fields(data)} | changes)


class _Field:
    """The arguments of `field`."""

    def __init__(self, said: "dict[str, Any]") -> None:
        self.said = said


def fields(data: "Data | type[Data]") -> tuple[str, ...]:
    """The names of all fields, in order."""
    return data.__match_args__


def asdict(data: "Data") -> "dict[str, Any]":
    """Field → value; data in it, and in its tuples, lists and mappings, become mappings too."""
    return {name: _plain(getattr(data, name)) for name in fields(data)}


def _plain(value: object) -> object:
    if isinstance(value, Data):
        return asdict(value)
    if type(value) is list or type(value) is tuple:
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return value


def hints_of(body: "dict[str, Any]") -> "dict[str, Any]":
    """The annotations in the body of a class that is being defined."""
    # From Python 3.14 on, a function has them; 1 asks for them as they are.
    annotate = body.get("__annotate_func__")
    hints: dict[str, Any] = annotate(1) if annotate else body.get("__annotations__", {})
    return hints


def _later(name: str) -> "Callable[..., Any]":
    """A method that compiles itself, for one class, when it is first called."""

    def first(self: "Any", /, *args: object, **named: object) -> object:
        cls: type[Data] = self if name == "__new__" else type(self)
        method = _constructor(cls) if name in _CONSTRUCTORS else _comparison(cls, name)
        setattr(cls, name, staticmethod(method) if name == "__new__" else method)
        return method(self, *args, **named)

    return first


def _refuse(self: "Data", name: str, _value: object = None) -> None:
    raise AttributeError(f"{type(self).__name__} is read-only, so is {name}")


_ORDER = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}
_COMPARED = {**_ORDER, "__eq__": "=="}
_CONSTRUCTORS = ("__init__", "__new__")
_LATER = {name: _later(name) for name in (*_CONSTRUCTORS, "__hash__", *_COMPARED)}


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class DataType(type):
    """The type of classes of data. ``eq=False``: a value is equal to itself only.

    ``order``: values compare as the tuples of their fields. ``slots=False``: there is room for
    cached properties, and for weak references.
    """

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        body: "dict[str, Any]",
        *,
        frozen: bool = True,
        eq: bool = True,
        order: bool = False,
        slots: bool = True,
    ) -> "DataType":
        """A class, whose annotations are its fields; none of its methods is compiled."""
        hints = hints_of(body)
        inherited: dict[str, None] = {}
        said: dict[str, Any] = {}
        for base in reversed(bases):
            inherited |= dict.fromkeys(getattr(base, "__match_args__", ()))
            said |= getattr(base, "__said__", {})
        own = [each for each in hints if each not in inherited]
        for each in hints:
            if each in body:
                said[each] = body.pop(each)
                if said[each].__class__.__hash__ is None:
                    raise ValueError(f"{name}.{each}: all would share this default; give a factory")
        if slots:
            body["__slots__"] = own
        body |= {"__match_args__": (*inherited, *own), "__said__": said, "__frozen__": frozen}
        if bases:  # else it would be inherited beside the other one
            body[_CONSTRUCTORS[frozen]] = _LATER[_CONSTRUCTORS[frozen]]
        body["__setattr__"] = _refuse if frozen else object.__setattr__
        body["__delattr__"] = _refuse if frozen else object.__delattr__
        body.setdefault("__eq__", _LATER["__eq__"] if eq else object.__eq__)
        hashed = _LATER["__hash__"] if frozen else None
        body.setdefault("__hash__", hashed if eq else object.__hash__)
        body |= {each: _LATER[each] for each in _ORDER if order}
        return super().__new__(mcs, name, bases, body)

    @property
    def __signature__(cls) -> "Signature":
        from inspect import signature

        found = signature(_constructor(cls))  # type: ignore[arg-type]
        return found.replace(parameters=[*found.parameters.values()][1:])


class _DataclassFields:
    """What others look for in a data class; made when they do."""

    def __get__(self, _data: object, cls: "type[Data]") -> "dict[str, Field[Any]]":
        from dataclasses import field, make_dataclass
        from inspect import get_annotations

        hints: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            hints |= get_annotations(base)
        made = [(name, hints[name], field(**_said(cls, name))) for name in fields(cls)]
        found: dict[str, Field[Any]] = vars(make_dataclass(cls.__name__, made))[
            "__dataclass_fields__"
        ]
        return found


class Data(metaclass=DataType):
    """The base of all classes of data."""

    if TYPE_CHECKING:
        __match_args__: ClassVar[tuple[str, ...]]
        __said__: ClassVar[dict[str, Any]]
        __frozen__: ClassVar[bool]
    else:
        __dataclass_fields__ = _DataclassFields()

    def __repr__(self) -> str:
        shown = (name for name in fields(self) if _said(type(self), name).get("repr", True))
        values = (f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({', '.join(values)})"

    def __reduce__(self) -> "tuple[Any, ...]":
        return object.__new__, (type(self),), tuple(getattr(self, name) for name in fields(self))

    def __setstate__(self, values: "tuple[Any, ...]") -> None:
        for name, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, name, value)


def _said(cls: "type[Data]", name: str) -> "dict[str, Any]":
    """What a class says of a field: arguments of `field`."""
    if name not in cls.__said__:
        return {}
    said = cls.__said__[name]
    return said.said if isinstance(said, _Field) else {"default": said}


class _Made:
    """In place of an argument that was not given: its field's factory makes the value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<made>"


_MADE = _Made()


def _constructor(cls: "type[Data]") -> "Callable[..., Any]":
    """``__init__`` of a class; if that is frozen, ``__new__``: its data are of a subclass that is
    not until they are complete, which takes less than half of the time.
    """
    names = fields(cls)
    known: dict[str, Any] = {"_MADE": _MADE}
    defaults, lines = [], []
    for at, name in enumerate(names):
        said = _said(cls, name)
        if "default_factory" in said:
            known[f"_make{at}"] = said["default_factory"]
            lines.append(f"if _{at} is _MADE: _{at} = _make{at}()")
        if said.keys() & {"default", "default_factory"}:
            defaults.append(said.get("default", _MADE))
        elif defaults:
            raise TypeError(f"{cls.__name__}.{name} has no default, but a field before it has")
    values = [f"_self._{at} = _{at}" for at in range(len(names))]
    after = ["_self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    first = "_self"
    if cls.__frozen__:
        # Both, or Python would look for a method at each assignment.
        body = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
        draft = type.__new__(DataType, cls.__name__, (cls,), {"__slots__": (), **body})
        known |= {"_create": object.__new__, "_draft": draft}
        values = ["_self = _create(_draft)", *values, "_self.__class__ = _cls"]
        first, after = "_cls", [*after, "return _self"]
    arguments = ", ".join((first, "/", *(f"_{at}" for at in range(len(names)))))
    # Python names it in its errors: Position() missing 1 required positional argument: 'file'.
    made = compiled(cls.__name__, arguments, [*lines, *values, *after] or ["pass"], names, known)
    made.__defaults__ = tuple(defaults)
    return made


def _comparison(cls: "type[Data]", name: str) -> "Callable[..., Any]":
    """``__hash__``, ``__eq__`` or another comparison of a class: those of tuples of its fields."""
    said = {each: _said(cls, each) for each in fields(cls)}
    names = [each for each in said if said[each].get("compare", True)]
    if name == "__hash__":
        names = [each for each in names if said[each].get("hash", True)]
    mine, its = ("".join(f"{it}._{at}, " for at in range(len(names))) for it in ("self", "other"))
    if name == "__hash__":
        return compiled(name, "self", [f"return hash(({mine}))"], names, {})
    lines = [
        "if other.__class__ is not self.__class__: return NotImplemented",
        f"return ({mine}) {_COMPARED[name]} ({its})",
    ]
    return compiled(name, "self, other", lines, names, {})


def compiled(
    name: str, arguments: str, lines: "list[str]", names: "Sequence[str]", known: "dict[str, Any]"
) -> "Callable[..., Any]":
    """A function with a name, arguments and lines; ``known`` are its global names.

    ``_0``, ``_1``, … are the names of fields: most classes share their functions' code but these.
    """
    code = code_of("\n    ".join((f"def _({arguments}):", *lines)))
    real = {f"_{at}": each for at, each in enumerate(names)}
    code = code.replace(
        co_name=name,
        co_qualname=name,
        co_varnames=tuple(real.get(each, each) for each in code.co_varnames),
        co_names=tuple(real.get(each, each) for each in code.co_names),
    )
    function: Any = type(compiled)
    made: Callable[..., Any] = function(code, known)
    return made


@cache
def code_of(text: str) -> "CodeType":
    """The code of a function ``_``, from its text."""
    names: dict[str, Any] = {"_": _compiled_before().get(text)}
    if names["_"] is None:
        exec(text, names)
    code: CodeType = names["_"].__code__
    return code


@cache
def _compiled_before() -> "dict[str, FunctionType]":
    """Text → its function, of those that a wheel has."""
    try:
        module = import_module("scmigen.bundled.methods")
    except ModuleNotFoundError:  # a source tree, or an editable install
        return {}
    methods: dict[str, FunctionType] = module.METHODS
    return methods
