"""One source with its headers, and the functions of others that its tables are made with."""

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

from scmigen.csource.cursor import SyntaxProblemError
from scmigen.csource.declarations import Parser
from scmigen.csource.evaluate import Evaluator
from scmigen.csource.known_calls import KNOWN_CALLS
from scmigen.csource.limits import MAX_CALLS
from scmigen.csource.macros import Macro, macro_of
from scmigen.csource.preprocess import Preprocessed, Preprocessor
from scmigen.csource.run import result_of
from scmigen.csource.sources import Sources
from scmigen.csource.tokens import Token, lines
from scmigen.csource.tree import Declarations
from scmigen.csource.values import Unknown, Value

#: Where a function of that name is defined, if that is known.
Finder = Callable[[str], "Unit | None"]

_STANDARD = """
#define NULL ((void *)0)
#define true 1
#define false 0
#define INT8_C(x) x
#define INT16_C(x) x
#define INT32_C(x) x
#define INT64_C(x) x
#define UINT8_C(x) x
#define UINT16_C(x) x
#define UINT32_C(x) x
#define UINT64_C(x) x
#define INT32_MAX 0x7fffffff
#define UINT8_MAX 0xff
#define UINT16_MAX 0xffff
#define UINT32_MAX 0xffffffff
#define UINT64_MAX 0xffffffffffffffff
#define UINT_MAX 0xffffffff
#define CHAR_BIT 8
#define __STDC_VERSION__ 201112
#define __FILE__ ""
"""


_STANDARD_HEADERS = frozenset(
    (
        *("assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdalign.h"),
        *("stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h"),
        *("stdnoreturn.h", "string.h", "time.h"),
    )
)
#: How many headers that are missing are named.
_MAX_NAMED = 3


def defined(name: str, value: str = "1") -> Macro | None:
    """The macro that ``-DNAME=VALUE`` makes."""
    line = next(lines(f"{name} {value}", "command line"), None)
    return macro_of(line.tokens) if line is not None else None


def _standard() -> dict[str, Macro]:
    found = (macro_of(line.tokens[1:]) for line in lines(_STANDARD, "standard headers"))
    return {macro.name: macro for macro in found if macro is not None}


_MACROS = _standard()


class Unit:
    """A source: `evaluator` gives what its objects are worth."""

    def __init__(self, known: Declarations, before: Preprocessed, sources: Sources) -> None:
        self.before = before
        self.known = known
        self.evaluator = Evaluator(Parser(known), sources.budget, self._call)
        wanted = (name for name in before.missing if name not in _STANDARD_HEADERS)
        self.evaluator.absent = ", ".join(islice(wanted, _MAX_NAMED))
        self.finder: Finder = lambda _: None
        self._calls = 0

    def object(self, name: str) -> Value:
        """The value of an object of the source."""
        return self.evaluator.named(name, Token("", "", "", 0))

    def has(self, name: str) -> bool:
        """Whether the source defines an object of that name for others."""
        variable = self.known.variables.get(name)
        return variable is not None and variable.value is not None and not variable.internal

    def has_function(self, name: str) -> bool:
        """Whether the source defines a function of that name for others."""
        function = self.known.functions.get(name)
        return function is not None and not function.internal

    def is_weak(self, name: str) -> bool:
        """Whether another source may have a function that counts instead of this one's."""
        function = self.known.functions.get(name)
        return function is not None and (function.weak or name in self.before.weak)

    def call(self, name: str, arguments: tuple[Value, ...], at: Token) -> Value:
        """What a function of the source returns."""
        return self._call(name, arguments, at)

    def _call(self, name: str, arguments: tuple[Value, ...], at: Token) -> Value:
        known = KNOWN_CALLS.get(name)
        if known is not None:
            return known(self.evaluator, arguments, at)
        function = self.known.functions.get(name)
        if function is None or self.is_weak(name):
            elsewhere = self.finder(name)
            if elsewhere is not None and elsewhere is not self:
                return elsewhere.call(name, arguments, at)
        if function is None:
            return self._unknown(name, arguments, at)
        if self._calls >= MAX_CALLS:
            return Unknown(f"{name}() calls itself", at)
        self._calls += 1
        self.evaluator.running.append(name)
        try:
            return result_of(function, arguments, self.evaluator, at)
        except SyntaxProblemError as problem:
            why = f"{name}() is not read: {problem}"
            return self._given(name, arguments, Unknown(why, problem.at or function.at))
        except RecursionError:
            return self._given(name, arguments, Unknown(f"{name}() is nested too deep", at))
        finally:
            self.evaluator.running.pop()
            self._calls -= 1

    def _unknown(self, name: str, arguments: tuple[Value, ...], at: Token) -> Unknown:
        """A function that no source has."""
        return self._given(
            name, arguments, Unknown(f"what {name}() gives is known only at run time", at), at
        )

    def _given(
        self, name: str, arguments: tuple[Value, ...], why: Unknown, at: Token | None = None
    ) -> Unknown:
        """What a function that is not followed is given, it may change."""
        declared = self.known.prototypes.get(name)
        reads = declared.reads if declared is not None else ()
        changed = Unknown(f"{name}() may change it", at or why.at)
        for place, value in enumerate(arguments):
            if place >= len(reads) or not reads[place]:
                self.evaluator.given_away(value, changed)
        return why


def read_unit(path: Path, sources: Sources, macros: Mapping[str, Macro]) -> Unit | None:
    """A source with its headers; None where it cannot be read. Raises `TooMuchError`."""
    source = sources.read(path)
    if source is None:
        return None
    before = Preprocessor(sources, {**_MACROS, **macros}).run(source)
    known = Declarations()
    Parser(known).unit(before.tokens)
    return Unit(known, before, sources)
