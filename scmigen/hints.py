"""The names of `typing` that annotations need, without that module.

Importing it takes a quarter as long as Python itself to start, and no command evaluates what
these say. Where annotations are evaluated, as those of options are, modules take theirs from
`typing`.
"""

from types import GenericAlias

__all__ = [
    "IO",
    "TYPE_CHECKING",
    "Any",
    "BinaryIO",
    "ClassVar",
    "Final",
    "Generic",
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
        Any,
        BinaryIO,
        ClassVar,
        Final,
        Generic,
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
