"""Whether names in the options are those of the product's headers, as far as one is like them."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from scmigen.assignment.given import shown
from scmigen.assignment.words import did_you_mean
from scmigen.diagnostics import Diagnostic
from scmigen.targets.scp.element_map import SCP_ELEMENT
from scmigen.targets.scp.options import Driver, Scalar, Setup
from scmigen.targets.scp.product_sources import ProductError, folder_of, identifiers

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: How much alike a misspelt name is to the one that is meant.
_ALIKE = 0.85


def check(setup: Setup) -> Iterator[Diagnostic]:
    """Names that no header of the product has, while it has one that is much like them.

    Others may come from headers of SCP-firmware itself. A directory that cannot be read is reported
    where the services are looked for.
    """
    options = setup.options
    if options.product is None or not setup.variant.included or not options.drivers:
        return
    try:
        known = identifiers(folder_of(options.product, options.at("product")))
    except ProductError:
        return
    for name, drivers in options.drivers.items():
        for word, driver in drivers.items():
            for keys, text in _expressions(driver):
                for used in dict.fromkeys(_NAME.findall(text)):
                    # The headers of one product have thousands of names, but one word before all.
                    first = used.partition("_")[0] + "_"
                    near = [] if used in known else [n for n in known if n.startswith(first)]
                    if get_close_matches(used, near, cutoff=_ALIKE):
                        yield SCP_ELEMENT.error(
                            f"no header of the product has {shown(used)}",
                            options.at("drivers", name, word, *keys),
                            hint=did_you_mean(used, near),
                        )


def _expressions(driver: Driver) -> Iterator[tuple[tuple[str, ...], str]]:
    """The expressions of a driver, with the keys that lead to each."""
    element = driver.element
    values: dict[tuple[str, ...], Scalar | None] = {
        ("sub-element",): driver.sub_element,
        ("mailbox",): driver.mailbox,
        **{("data", field): source for field, source in (driver.data or {}).items()},
    }
    if isinstance(element, Mapping):
        values |= {("element", key): source for key, source in element.items()}
    else:
        values["element",] = element
    for keys, source in values.items():
        if isinstance(source, str) and source.startswith("="):
            yield keys, source
    yield ("api",), driver.api
