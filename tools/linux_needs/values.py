"""Final expressions, and arithmetic with them."""

from dataclasses import dataclass

from .ir import Event, Expr
from .places import Frame

#: A text that no device tree has as a name.
NOBODY: Expr = ("nobody",)


@dataclass(frozen=True, slots=True)
class Value:
    """A final expression, where it stands, and whether nothing else was possible on the way."""

    expr: Expr
    frame: Frame
    sure: bool = True
    guarded: tuple[tuple[Frame, Event], ...] = ()

    def less(self, sure: bool) -> "Value":
        """The value, as sure as that."""
        return self if sure or not self.sure else Value(self.expr, self.frame, False, self.guarded)


def computed(operator: str, one: int, other: int) -> int | None:
    """The number that an operator makes of two, None for one that is not known."""
    if operator == "+":
        return one + other
    if operator == "-":
        return one - other
    if operator == "*":
        return one * other
    if operator == "|":
        return one | other
    if operator == "&":
        return one & other
    if operator == "<<" and 0 <= other < 64:
        return one << other
    return None
