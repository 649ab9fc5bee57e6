"""The names that an expression or initialiser mentions."""

from collections.abc import Iterator

from scmigen.csource.tree import (
    Binary,
    Braces,
    Call,
    Cast,
    Compound,
    Conditional,
    Index,
    Initialiser,
    Member,
    Name,
    Unary,
)


def names_in(value: Initialiser) -> Iterator[str]:
    """The names in it, from left to right; not those of members and types."""
    match value:
        case Name(name=name):
            yield name
        case Braces(items=items):
            for item in items:
                yield from names_in(item.value)
        case Compound(body=body):
            yield from names_in(body)
        case Unary(operand=operand) | Cast(operand=operand):
            yield from names_in(operand)
        case Binary(left=left, right=right) | Index(of=left, index=right):
            yield from names_in(left)
            yield from names_in(right)
        case Conditional(yes=yes, no=no):
            yield from names_in(yes)
            yield from names_in(no)
        case Member(of=of):
            yield from names_in(of)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from names_in(argument)
