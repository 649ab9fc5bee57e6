"""Named tuples whose definition costs next to nothing, as that of `scmigen.data`.

They are written, checked and used as those of `typing`, which compiles a constructor for each.
"""

from scmigen.data import compiled, hints_of

__all__ = ["NamedTuple"]

# Type checkers take it for true; the module typing takes a while to import.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from _collections import _tuplegetter

    def _first(cls, /, *args, **named):
        """``__new__`` of a class, before it is called."""
        names = cls._fields
        each = [f"_{at}" for at in range(len(names))]
        lines = [f"return _create(_cls, ({''.join(f'{name}, ' for name in each)}))"]
        known = {"_create": tuple.__new__}
        made = compiled(cls.__name__, ", ".join(("_cls", "/", *each)), lines, names, known)
        made.__defaults__ = tuple(cls._field_defaults.values())
        cls.__new__ = staticmethod(made)
        return made(cls, *args, **named)

    class _TupleType(type):
        """The type of the classes; their annotations are their fields."""

        def __new__(mcs, name, bases, body):
            if bases[0] is tuple or hasattr(bases[0], "_fields"):
                return super().__new__(mcs, name, bases, body)
            names = tuple(hints_of(body))
            body["_field_defaults"] = {each: body.pop(each) for each in names if each in body}
            body["_fields"] = body["__match_args__"] = names
            body["__slots__"] = ()
            body["__new__"] = _first
            body |= {each: _tuplegetter(at, None) for at, each in enumerate(names)}
            return super().__new__(mcs, name, bases, body)

    class NamedTuple(tuple, metaclass=_TupleType):
        """The base of the classes."""

        __slots__ = ()

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"{cls.__name__} has {len(cls._fields)} items, not {len(made)}")
            return made

        def _replace(self, /, **changes):
            made = tuple.__new__(type(self), map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(f"{type(self).__name__} has no {', '.join(changes)}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            values = (f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({', '.join(values)})"
