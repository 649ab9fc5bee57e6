"""The names of `typing` that annotations need, without that module.

Importing it takes a quarter as long as Python itself to start. What these say is not evaluated,
but for options of outputs, which may have either.
"""

from types import GenericAlias

__all__ = [
    "IO",
    "TYPE_CHECKING",
    "Annotated",
    "Any",
    "BinaryIO",
    "ClassVar",
    "Final",
    "Generic",
    "Literal",
    "NoReturn",
    "Protocol",
    "Self",
    "TextIO",
    "TypeAlias",
    "TypeVar",
    "cast",
    "final",
    "overload",
]

# Type checkers take it for true.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import (
        IO,
        Annotated,
        Any,
        BinaryIO,
        ClassVar,
        Final,
        Generic,
        Literal,
        NoReturn,
        Protocol,
        Self,
        TextIO,
        TypeAlias,
        TypeVar,
        cast,
        final,
        overload,
    )
else:

    class _Hint:
        """A class, since those can be in unions and in brackets, and have parameters."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)

    class Any(_Hint):
        """Any type: `scmigen.plugins` takes it for that."""

    class Annotated(_Hint):
        """A type, and what else is said of it: `scmigen.targets.option_types` reads it."""

    class Literal(_Hint):
        """One of some values: `scmigen.targets.option_types` reads it."""

    class Generic(_Hint):
        """The base of a class with parameters."""

        __slots__ = ()

    class Protocol(_Hint):
        """The base of a class that says what others have."""

        __slots__ = ()

    IO = TextIO = BinaryIO = ClassVar = Final = NoReturn = Self = TypeAlias = _Hint

    class TypeVar:
        """A parameter of a class or function."""

        def __init__(self, name, **_):
            self.__name__ = name

        def __or__(self, _other):
            return Any

        __ror__ = __or__

    def cast(_type, value):
        """The value."""
        return value

    def final(decorated):
        """What is decorated."""
        return decorated

    overload = final
