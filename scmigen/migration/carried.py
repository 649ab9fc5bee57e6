"""What an import makes."""

from collections.abc import Mapping

from scmigen.data import Data
from scmigen.diagnostics import Diagnostic
from scmigen.runtime import Numbering


class Carried(Data):
    """The texts of the two files, and what is not in them. ``equal`` of ``cells`` operations that
    the description allows are what the board has, and as many of ``names`` names; ``in_outputs``
    more operations are options of outputs. ``by_hand``: no agent has a device. ``told``: what is
    wrong with the description, or not known from it."""

    agents: str
    lock: str
    numbering: Numbering
    left: tuple[Diagnostic, ...]
    cells: int
    equal: int
    more: int
    names: int
    same_names: int
    joins: Mapping[str, int]
    in_outputs: int = 0
    by_hand: bool = False
    told: tuple[Diagnostic, ...] = ()
