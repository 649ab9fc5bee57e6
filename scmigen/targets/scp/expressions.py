"""The C expressions and numbers in the options: where they are, and whether C can have them there.

The patterns of the options keep out what could end an initialiser or begin a comment. What is
checked here is what would otherwise fail in the compiler, or be cut there.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scmigen.assignment.given import shown
from scmigen.assignment.said import MAX_ELEMENT
from scmigen.assignment.words import whole_number
from scmigen.diagnostics import Diagnostic
from scmigen.patterns import pattern
from scmigen.targets.options import OUTPUT_OPTION
from scmigen.targets.scp.arithmetic import canonical
from scmigen.targets.scp.options import Driver, ScpOptions
from scmigen.tuples import NamedTuple

#: The highest address or size, and the highest sub-element: an identifier has 8 bits for it.
_MAX_ADDRESS, _MAX_SUB_ELEMENT = (1 << 64) - 1, 255
#: Settings of a channel → the highest number of each; the product's index has a check of its own.
_OF_CHANNEL: Mapping[str, int] = {
    "memory": _MAX_ADDRESS,
    "size": _MAX_ADDRESS,
    "element": MAX_ELEMENT,
    "slot": _MAX_SUB_ELEMENT,
    "power-domain": MAX_ELEMENT,
}
#: What an expression can neither begin nor end with, and what cannot follow on each other.
_BEGINS = pattern(r"[*/|<>.,]|&[^&\w(]|&&|->")
_ENDS = pattern(r"[|&<>*+~/.,-]$")
_EMPTY = pattern(r"[|&<>+~/.,-]\s*\)|\(\s*,|,\s*,|(?<![\w\s])\s*\(\s*\)")


class Expression(NamedTuple):
    """A number or expression of the options: the keys that lead to it, as written, and the highest
    number, if there is one."""

    keys: tuple[str, ...]
    text: str
    highest: int | None = None


def expressions(options: ScpOptions) -> Iterator[Expression]:
    """All that are written to C, but for words such as ``number`` and the indices of channels."""
    for name, drivers in options.drivers.items():
        for word, driver in drivers.items():
            for found in _of_driver(driver):
                yield found._replace(keys=("drivers", name, word, *found.keys))
    for agent, channels in options.channels.items():
        for word, said in channels.items():
            for key, highest in _OF_CHANNEL.items():
                text = getattr(said, key.replace("-", "_"))
                if text is not None and (text.startswith("=") or whole_number(text) is not None):
                    yield Expression(("channels", agent, word, key), text, highest)
            if said.api is not None:
                yield Expression(("channels", agent, word, "api"), said.api)
    fast = options.fast_channels
    if fast is not None and isinstance(fast.firmware_address, str):
        yield Expression(("fast-channels", "firmware-address"), fast.firmware_address, _MAX_ADDRESS)


def _of_driver(driver: Driver) -> Iterator[Expression]:
    element = driver.element if isinstance(driver.element, Mapping) else {"": driver.element}
    for key, source in element.items():
        if _is_one(source):
            yield Expression(("element", *filter(None, [key])), str(source), MAX_ELEMENT)
    for field, source in (driver.data or {}).items():
        if isinstance(source, str) and source.startswith("="):
            yield Expression(("data", field), source)
    if isinstance(driver.sub_element, str):
        yield Expression(("sub-element",), driver.sub_element, _MAX_SUB_ELEMENT)
    if driver.mailbox is not None:
        yield Expression(("mailbox",), driver.mailbox, _MAX_ADDRESS)
    yield Expression(("api",), driver.api)


def _is_one(source: object) -> bool:
    if isinstance(source, str):
        return source.startswith("=")
    return isinstance(source, int) and not isinstance(source, bool)


def check_expressions(options: ScpOptions) -> Iterator[Diagnostic]:
    """Expressions that are none in C, and numbers that have no place where they are written."""
    for keys, text, highest in expressions(options):
        wrong = _wrong(text.removeprefix("=").strip(), highest)
        if wrong is not None:
            yield OUTPUT_OPTION.error(f"{shown(text)} {wrong}", options.at(*keys))


def _wrong(text: str, highest: int | None) -> str | None:
    """What is wrong with a number or expression."""
    number = whole_number(text)
    if number is not None:
        if highest is not None and not 0 <= number <= highest:
            return f"is not a number from 0 to {highest}"
        return None
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
        if character == "," and not depth:
            return "is several expressions: a comma stands outside of parentheses"
    if depth:
        return "is not an expression in C: its parentheses do not match"
    if not text or _BEGINS.match(text) or _ENDS.search(text) or _EMPTY.search(text):
        return "is not an expression in C: something is missing beside an operator or parenthesis"
    return None


def known_value(text: str, constants: Mapping[str, int] = MappingProxyType({})) -> int | str:
    """An expression in a form that is the same for the same number, as far as it is known.

    ``constants``: enumerators of the product.
    """
    found = canonical(text, constants)
    return " ".join(text.split()) if found is None else found
