"""What each diagnostic of this room is about, for ``scmigen explain``."""

from collections.abc import Mapping

from scmigen.diagnostics import Explanation

ABOUT: Mapping[str, Explanation] = {
    "cells-missing": Explanation(
        "A list refers to a node that does not say how many cells a reference to it has.",
        "Give the provider its #…-cells, or refer to another node.",
    ),
    "phandle-dangling": Explanation(
        "A list holds a phandle that no node has.",
        "Refer to a label, or use <0> for an empty entry.",
    ),
    "specifier-short": Explanation(
        "A list ends inside an entry.",
        "Write as many cells after each reference as the provider's #…-cells says.",
    ),
}
