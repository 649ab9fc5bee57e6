"""Expressions of rules: what they can say, and that nothing in them does more or takes long."""

import pytest

from scmigen.compare.expressions import Expression, ExpressionError, UnknownNameError

NAMES = {"size": 4, "o": [0, 7, 9], "name": [1, 2, 3, 4], "levels": [10, 20], "known": True}


def value(text):
    return Expression(text, NAMES).value(NAMES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("size == 4 and not o[0]", True),
        ("0 < size <= 4 <= 5", True),
        ("0 < size < 4", False),
        ("o[1] & ~1 | 0x100", 0x106),
        ("o[-1] << 8 >> 4", 144),
        ("3 if known else 5", 3),
        ("size in (3, 4)", True),
        ("size not in (3, 4)", False),
        ("0 or 7", 7),
        ("words(1, 2)", b"\1\0\0\0\2\0\0\0"),
        ("status(-3)", b"\xfd\xff\xff\xff"),
        ("padded([1, 2, 3]) + words(*o[:1])", b"\1\2\3\0\0\0\0\0"),
        ("joined([words(i) for i in range(2)])", bytes(4) + b"\1\0\0\0"),
        ("[i * 2 for i in o if i > 0]", [14, 18]),
        ("any([i == 20 for i in levels])", True),
        ("place(levels, 20)", 1),
        ("len(o) + min(o) + max(o) - 7 // 2 % 2", 11),
    ],
)
def test_an_expression_has_its_value(text, said):
    assert value(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "size +",
        "size; o",
        "o.append(1)",
        "().__class__",
        "__import__('os')",
        "open('x')",
        "(lambda: 1)()",
        "{1: 2}",
        "f'{size}'",
        "words(x=1)",
        "(y := 4)",
        "1.5",
        "b'x'",
        "2 ** 9",
        "-" * 300 + "1",
        "(" * 300 + "1" + ")" * 300,
        "size\0",
        "1 + " * 600 + "1",
    ],
)
def test_nothing_else_is_an_expression(text):
    with pytest.raises(ExpressionError):
        Expression(text, NAMES)


def test_an_unknown_name_is_named():
    with pytest.raises(UnknownNameError) as problem:
        Expression("size == alowed", NAMES)
    assert problem.value.name == "alowed"


@pytest.mark.parametrize(
    "text",
    [
        "1 << 200",
        "1 << -1",
        "[0 for i in range(1000000000)]",
        "[[0 for i in range(4000)] for j in range(4000)]",
        "o * 1000000000",
        "'x' * 1000000000",
        "'%1000000000d' % size",
        "padded(1000000000)",
        "joined([words(*[0 for i in range(4000)]) for j in range(9)])",
        "o[9]",
        "o['x']",
        "size // 0",
        "words(-1)",
        "place(levels, 5)",
        "size + 'x'",
        "-o",
    ],
)
def test_what_has_no_value_is_said_at_once(text):
    expression = Expression(text, NAMES)
    with pytest.raises(ExpressionError):
        expression.value(NAMES)


def test_a_number_stays_small():
    expression = Expression("size * size * size * size", {"size"})
    with pytest.raises(ExpressionError, match="bits"):
        expression.value({"size": 1 << 40})


def test_a_name_of_a_list_is_gone_behind_it():
    with pytest.raises(ExpressionError, match="i is not known"):
        value("[i for i in o] + [i]")
