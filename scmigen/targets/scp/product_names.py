"""Whether names in the options, and enumerators of declared elements, are those of the product's
headers, as far as one is like them."""

from collections.abc import Collection, Iterator

from scmigen.assignment.given import shown
from scmigen.assignment.words import did_you_mean
from scmigen.diagnostics import Diagnostic, Position
from scmigen.patterns import pattern
from scmigen.targets.scp.element_map import SCP_ELEMENT
from scmigen.targets.scp.expressions import expressions
from scmigen.targets.scp.options import Setup

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
#: What names of the framework begin with; products have few of them in headers.
_FRAMEWORK = "FWK_"
#: How much alike a misspelt name is to the one that is meant.
_ALIKE = 0.85


def check(setup: Setup) -> Iterator[Diagnostic]:
    """Names that no header of the product has, while it has one that is much like them.

    Others may come from headers of SCP-firmware itself. A directory that cannot be read is reported
    where the services are looked for.
    """
    if setup.product is None:
        return
    options, known = setup.options, setup.product.identifiers
    for keys, text, _ in expressions(options):
        for used in dict.fromkeys(_NAME.findall(text)):
            yield from _misspelt(used, known, options.at(*keys))
    for element in setup.platform.options.elements:
        if element.enumerator is not None:
            yield from _misspelt(element.enumerator, known, element.position)


def _misspelt(used: str, known: Collection[str], at: Position | None) -> Iterator[Diagnostic]:
    # The headers of one product have thousands of names, but one word before all.
    first = used.partition("_")[0] + "_"
    if used in known or first == _FRAMEWORK:
        return
    near = [name for name in known if name.startswith(first)]
    from difflib import get_close_matches

    if get_close_matches(used, near, cutoff=_ALIKE):
        yield SCP_ELEMENT.error(
            f"no header of the product has {shown(used)}", at, hint=did_you_mean(used, near)
        )
