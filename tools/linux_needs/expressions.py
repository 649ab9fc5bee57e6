"""C expressions as tuples, from the nodes of tree-sitter."""

import re
from collections.abc import Callable, Iterator

import tree_sitter
import tree_sitter_c

from .ir import UNKNOWN, Expr
from .text import readable

Node = tree_sitter.Node
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
_NUMBER = re.compile(r"(-?)(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*$")
_ESCAPES = {"n": "\n", "t": "\t", "0": "\0", "r": "\r"}


def tree(text: str) -> Node:
    """The root of the tree of a text."""
    return _PARSER.parse(text.encode()).root_node


def text_of(node: Node | None) -> str:
    """The source text of a node."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def named(node: Node) -> list[Node]:
    """The named children but for comments."""
    return [child for child in node.named_children if child.type != "comment"]


def number(text: str) -> int | None:
    """The value of a C integer, None for another literal."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, digits = (-1 if match[1] else 1), match[2]
    if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
        return sign * int(digits, 8) if set(digits) <= set("01234567") else None
    return sign * int(digits, 0)


def expression(node: Node | None) -> Expr:
    """The tuple of an expression."""
    if node is None:
        return UNKNOWN
    make = FORMS.get(node.type)
    return UNKNOWN if make is None else make(node)


def _identifier(node: Node) -> Expr:
    name = text_of(node)
    if name in ("NULL", "false"):
        return ("num", 0)
    if name == "true":
        return ("num", 1)
    return ("type", name[7:]) if name.startswith("struct_") else ("id", name)


def _literal(node: Node) -> Expr:
    value = number(text_of(node))
    return UNKNOWN if value is None else ("num", value)


def _string(node: Node) -> Expr:
    parts = []
    for child in node.children:
        if child.type == "string_content":
            parts.append(text_of(child))
        elif child.type == "escape_sequence":
            parts.append(_ESCAPES.get(text_of(child)[1:], text_of(child)))
    return ("str", "".join(parts))


def _strings(node: Node) -> Expr:
    parts = [expression(child) for child in named(node)]
    if all(part[0] == "str" for part in parts):
        return ("str", "".join(part[1] for part in parts))
    return UNKNOWN


def _call(node: Node) -> Expr:
    arguments = node.child_by_field_name("arguments")
    given = [] if arguments is None else [expression(child) for child in named(arguments)]
    return ("call", expression(node.child_by_field_name("function")), tuple(given))


def _binary(node: Node) -> Expr:
    operator = text_of(node.child_by_field_name("operator"))
    left = expression(node.child_by_field_name("left"))
    return ("bin", operator, left, expression(node.child_by_field_name("right")))


def _assignment(node: Node) -> Expr:
    operator = text_of(node.child_by_field_name("operator"))
    left = expression(node.child_by_field_name("left"))
    return ("asg", operator, left, expression(node.child_by_field_name("right")))


def _unary(node: Node) -> Expr:
    operator = text_of(node.child_by_field_name("operator"))
    value = expression(node.child_by_field_name("argument"))
    if operator == "-" and value[0] == "num":
        return ("num", -value[1])
    return ("un", operator, value)


def _pointer(node: Node) -> Expr:
    form = "addr" if text_of(node.child_by_field_name("operator")) == "&" else "deref"
    return (form, expression(node.child_by_field_name("argument")))


def _conditional(node: Node) -> Expr:
    middle = node.child_by_field_name("consequence")
    return (
        "cond",
        expression(node.child_by_field_name("condition")),
        None if middle is None else expression(middle),
        expression(node.child_by_field_name("alternative")),
    )


def _cast(node: Node) -> Expr:
    described = node.child_by_field_name("type")
    return (
        "cast",
        "" if described is None else type_of(described),
        expression(node.child_by_field_name("value")),
    )


def _member(node: Node) -> Expr:
    return (
        "field",
        expression(node.child_by_field_name("argument")),
        text_of(node.child_by_field_name("field")),
    )


def _subscript(node: Node) -> Expr:
    return (
        "idx",
        expression(node.child_by_field_name("argument")),
        expression(node.child_by_field_name("index")),
    )


def _initialiser(node: Node) -> Expr:
    entries: list[tuple[object, Expr]] = []
    for child in named(node):
        if child.type.startswith("preproc"):
            entries.extend(item for inner in named(child) for item in _initialiser_items(inner))
        else:
            entries.extend(_initialiser_items(child))
    return ("init", tuple(entries))


def _initialiser_items(child: Node) -> Iterator[tuple[object, Expr]]:
    if child.type == "initializer_pair":
        value = expression(child.child_by_field_name("value"))
        keys = [_designator(one) for one in child.children_by_field_name("designator")]
        for key in reversed(keys[1:]):
            value = ("init", ((key, value),))
        yield (keys[0] if keys else None, value)
    elif child.type in FORMS:
        yield (None, expression(child))


def _designator(node: Node) -> object:
    inner = named(node)
    if node.type == "field_designator":
        return text_of(inner[0]) if inner else ""
    return ("idx", expression(inner[0]) if inner else UNKNOWN)


def _compound_literal(node: Node) -> Expr:
    described = node.child_by_field_name("type")
    value = expression(node.child_by_field_name("value"))
    return ("cast", "" if described is None else type_of(described), value)


def inside(node: Node) -> Expr:
    """The expression that a statement or a pair of parentheses has."""
    inner = named(node)
    return expression(inner[-1]) if inner else UNKNOWN


def _comma(node: Node) -> Expr:
    left = expression(node.child_by_field_name("left"))
    return ("bin", ",", left, expression(node.child_by_field_name("right")))


def _update(node: Node) -> Expr:
    argument = expression(node.child_by_field_name("argument"))
    operator = text_of(node.child_by_field_name("operator"))
    return ("asg", "-=" if operator == "--" else "+=", argument, ("num", 1))


FORMS: dict[str, Callable[[Node], Expr]] = {
    "identifier": _identifier,
    "field_identifier": _identifier,
    "null": lambda _: ("num", 0),
    "true": lambda _: ("num", 1),
    "false": lambda _: ("num", 0),
    "number_literal": _literal,
    "string_literal": _string,
    "concatenated_string": _strings,
    "call_expression": _call,
    "binary_expression": _binary,
    "assignment_expression": _assignment,
    "unary_expression": _unary,
    "pointer_expression": _pointer,
    "conditional_expression": _conditional,
    "cast_expression": _cast,
    "field_expression": _member,
    "subscript_expression": _subscript,
    "initializer_list": _initialiser,
    "compound_literal_expression": _compound_literal,
    "parenthesized_expression": inside,
    "comma_expression": _comma,
    "update_expression": _update,
    "type_descriptor": lambda node: ("type", type_of(node)),
    "sizeof_expression": lambda _: UNKNOWN,
}


def type_of(node: Node) -> str:
    """The tag or typedef that a declaration or type descriptor names."""
    kind = node.child_by_field_name("type") or node
    if kind.type in ("struct_specifier", "union_specifier"):
        return text_of(kind.child_by_field_name("name"))
    return text_of(kind) if kind.type == "type_identifier" else ""


def simple(text: str) -> Expr:
    """The expression that a text is, ``UNKNOWN`` where it is none."""
    root = tree(f"int x = {readable(text)};")
    node = root.named_children[0] if root.named_children else None
    if node is None or node.type != "declaration" or root.has_error:
        return UNKNOWN
    declarator = node.child_by_field_name("declarator")
    if declarator is None:
        return UNKNOWN
    return expression(declarator.child_by_field_name("value"))
