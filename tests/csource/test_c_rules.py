"""Rules of C that decide what a table says: the values are those of a compiled program."""

from collections.abc import Callable
from pathlib import Path

import pytest
from c_texts import compiled, unit_of, value_of

from scmigen.csource.library import Library
from scmigen.csource.limits import Budget
from scmigen.csource.sources import Sources
from scmigen.csource.tokens import Token
from scmigen.csource.values import Unknown


def _same(
    tool: Callable[[str], str], folder: Path, text: str, expressions: tuple[str, ...]
) -> None:
    expected = compiled(tool, folder, text, expressions)
    unit = unit_of(folder, text)
    assert [value_of(unit, each) for each in expressions] == expected


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        pytest.param(
            "static const uint16_t p[2][5][2] = { [0] = { [1][0] = 1, 2, [3][1] = 7, 8 } };",
            ("p[0][1][0]", "p[0][1][1]", "p[0][2][0]", "p[0][3][1]", "p[0][4][0]"),
            id="an element of an element",
        ),
        pytest.param(
            "struct s { int a; struct { int x, y; } b; int c; };\n"
            "static const struct s x = { .b.x = 1, 2, 3 };",
            ("x.a", "x.b.x", "x.b.y", "x.c"),
            id="a member of a member",
        ),
        pytest.param(
            "struct s { int a, b; }; static const struct s t[4] = { [1] = 1, 2, 3, [0].b = 4, 5 };",
            ("t[0].a", "t[0].b", "t[1].a", "t[1].b", "t[2].a"),
            id="a structure without braces",
        ),
        pytest.param(
            "struct s { union { int one; int two; } u; int c; };\n"
            "static const struct s x = { .u.two = 1, 2 };",
            ("x.u.two", "x.u.one", "x.c"),
            id="a member of a union",
        ),
    ],
)
def test_what_follows_a_designator_goes_on_in_the_innermost_aggregate(
    tool: Callable[[str], str], tmp_path: Path, text: str, expressions: tuple[str, ...]
) -> None:
    _same(tool, tmp_path, text, expressions)


@pytest.mark.parametrize(
    "expression",
    [
        *("~0U / 2", "~0U > 5", "~0U % 7", "0U - 1 > 3", "-1 < 1U", "0x80000000U * 2U"),
        *("0xffffffff + 2", "1 << 31", "(1U << 31) << 1", "~0ULL >> 60", "(unsigned)-1 + 1ULL"),
        *(
            "f(0)",
            "g(258)",
            "h(258)",
            "b(2)",
            "2147483648 > 0",
            "-1 < (uint8_t)1",
            "(1 ? -1 : 0U) > 0",
            "-7 % 3",
        ),
        *("-1 < 1UL", "0xffffffffUL > 0", "m(4)"),
    ],
)
def test_numbers_have_the_types_that_c_gives_them(
    tool: Callable[[str], str], tmp_path: Path, expression: str
) -> None:
    text = (
        "int f(unsigned int a) { return a - 1 >= 0; }\n"
        "int g(uint8_t x) { return x; }\n"
        "uint8_t h(int x) { return x; }\n"
        "bool b(int x) { return x; }\n"
        "unsigned int m(unsigned int c)\n"
        "{ unsigned int i, r = 0; for (i = c - 1; i < c; i--) r |= 1u << i; return r; }\n"
    )
    _same(tool, tmp_path, text, (expression,))


@pytest.mark.parametrize(
    "expression",
    ["2147483647 + 1", "-1L < 1U", "(size_t)-1", "~(id_type)0 > 0", "1 << 40", "-1L > 0x80000000"],
)
def test_what_depends_on_the_target_or_has_no_result_is_unknown(
    tmp_path: Path, expression: str
) -> None:
    assert isinstance(value_of(unit_of(tmp_path, ""), expression), Unknown)


@pytest.mark.parametrize(
    "condition",
    [
        "~0U > 5",
        "-1 > 0u",
        "0xffffffff + 1",
        "(2 || 1/0)",
        "'a' == 97",
        "1 ? 2 : 0",
        "(1 ? -1 : 0u) > 0",
    ],
)
def test_conditions_of_the_preprocessor_have_the_widest_types(
    tool: Callable[[str], str], tmp_path: Path, condition: str
) -> None:
    text = f"enum {{\n#if {condition}\nX = 1\n#else\nX = 2\n#endif\n}};"
    _same(tool, tmp_path, text, ("X",))


def test_bit_fields_are_cut(tool: Callable[[str], str], tmp_path: Path) -> None:
    text = (
        "enum { W = 3 };\n"
        "struct s { unsigned int a : W, b : 5; int : 2, c : 3; bool d : 1; uint8_t e : 4; };\n"
        "static const struct s x = { 9, 33, 5, 2, 0x1f };"
    )
    _same(tool, tmp_path, text, ("x.a", "x.b", "x.c", "x.d", "x.e", "x.a - 2 < 0"))


def test_a_member_of_a_union_that_was_not_set_is_unknown(tmp_path: Path) -> None:
    text = (
        "union u { struct { int a, b; } s; int raw[2]; };\n"
        "union u x = { .raw = { 3, 4 } }, zero;\n"
        "struct v { int k; union { int one; struct { int two, three; }; }; } y = { 1, { 2 } };\n"
        "int f(void) { union u z = { 0 }; z.s.a = 1; z.raw[0] = 7; z.s.a = 2; return z.s.a; }\n"
        "int g(void) { union u z = { 0 }; z.raw[0] = 7; z.s.a = 2; return z.raw[0]; }\n"
    )
    unit = unit_of(tmp_path, text)
    assert isinstance(value_of(unit, "x.s.a"), Unknown)
    assert value_of(unit, "x.raw[1]") == 4
    assert [value_of(unit, each) for each in ("zero.s.a", "zero.raw[1]", "y.one")] == [0, 0, 2]
    assert isinstance(value_of(unit, "y.two"), Unknown)
    assert value_of(unit, "f()") == 2
    assert isinstance(value_of(unit, "g()"), Unknown)


def test_static_objects_of_functions_keep_their_values(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    text = (
        "int f(void) { static int n = 3; static int t[2]; t[1]++; return ++n * 10 + t[1]; }\n"
        "int g(void) { f(); return f(); }"
    )
    _same(tool, tmp_path, text, ("g()",))


def test_the_number_of_a_line_is_that_of_its_use(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    _same(tool, tmp_path, "#define L __LINE__\nenum { A = L,\nB = __LINE__ };", ("B - A",))


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        pytest.param(
            "#define ROW(a, b) { a, b }\nstruct r { int a, b; };\n"
            "static const struct r t[] = { ROW(\n#ifdef NO\n1\n#else\n2\n#endif\n, 3), ROW(4,\n"
            "#if 0\n5\n#else\n6\n#endif\n) };",
            ("t[0].a", "t[0].b", "t[1].a", "t[1].b"),
            id="conditions in a macro's arguments",
        ),
        pytest.param(
            "int f(int x) { switch (x) { default: return 9; case 1 ... 3: return 7; "
            "case 5: return 11; } }",
            ("f(0)", "f(1)", "f(3)", "f(4)", "f(5)"),
            id="a range of cases",
        ),
        pytest.param(
            'static const char n[] = "ab\\n"; static char m[4] = "abcd";\n'
            "int f(void) { static char k[4] = \"abcd\"; k[1] = 'x'; return k[1] + k[2]; }",
            ("sizeof(n)", "n[1]", "n[2]", "n[3]", "m[3]", "sizeof(m)", "f()"),
            id="characters",
        ),
    ],
)
def test_forms_of_c_that_tables_use(
    tool: Callable[[str], str], tmp_path: Path, text: str, expressions: tuple[str, ...]
) -> None:
    _same(tool, tmp_path, text, expressions)


def test_an_enumerator_of_a_function_that_hides_another_is_told(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, "enum { A }; int f(void) { enum { A = 9 }; return A; }")
    assert isinstance(value_of(unit, "f()"), Unknown)
    assert value_of(unit, "A") == 0


def test_headers_with_pragma_once_are_read_once(tmp_path: Path) -> None:
    unit = unit_of(
        tmp_path,
        '#include "a.h"\nint x = A + B;',
        a='#pragma once\n#include "b.h"\n#include "a.h"\n#define A 1\n',
        b='#pragma once\n#include "a.h"\n#define B 2\n',
    )
    assert unit.object("x") == 3


@pytest.mark.parametrize(
    "condition", ["IS_ENABLED(CFG_X)", "1 / 0", "2 +", "1 2", "A(1) || 1", "0x7fffffffffffffff + 1"]
)
def test_a_condition_that_cannot_be_told_is_kept_with_its_place(
    tmp_path: Path, condition: str
) -> None:
    unit = unit_of(tmp_path, f"\n#if {condition}\nint a = 1;\n#endif\n#if 0\n#elif UNSET\n#endif\n")
    assert [at.line for _, at in unit.before.untold] == [2]


def test_names_of_internal_linkage_are_those_of_their_source(tmp_path: Path) -> None:
    (tmp_path / "first.c").write_text(
        "static int table[1] = { 7 };\nstatic int helper(void) { return 70; }\n"
        "static int early(void);\nint early(void) { return 700; }\n"
    )
    (tmp_path / "second.c").write_text(
        "int table[1] = { 8 };\nint helper(void) { return 80; }\nint early(void) { return 800; }\n"
    )
    user = tmp_path / "user.c"
    user.write_text(
        "extern int table[1];\nint helper(void);\nint early(void);\n"
        "int ask(void) { return table[0] + helper() + early(); }\n"
    )
    sources = [tmp_path / "first.c", tmp_path / "second.c", user]
    library = Library(Sources([tmp_path], [tmp_path], Budget()), {}, lambda: sources)
    unit = library.unit(user)
    assert unit is not None
    assert value_of(unit, "ask()") == 888


_TABLE = (
    'struct row { const char *name; int on; };\nstruct row t[] = { { "a", 1 }, { "b", 2 } };\n'
    'const struct row c[] = { { "c", 3 } };\nint flag;\n'
    "static void rename_all(struct row *r) { r[1].on = 7; }\n"
    "void look(const struct row *r, int n);\n"
)
_RENAME = (
    "static void rename(void) { t[1].on = 7; }\n",
    "static void rename_one(int i) { t[i].on = 7; }\n",
)


def _with(body: str) -> str:
    """The table with a function; the functions that set it are there where they are called."""
    called = [line for line in _RENAME if line.split("(")[0].split()[-1] + "(" in body]
    return f"{_TABLE}{''.join(called)}int f(void) {{ {body} return t[1].on; }}"


@pytest.mark.parametrize(
    "body",
    [
        "if (hardware()) rename();",
        "if (hardware()) rename_all(t);",
        "if (hardware()) flag = 1, t[1].on = 7;",
        "if (hardware()) { struct row *p = &t[1]; p->on = 7; }",
        "if (hardware()) { if (t[0].on) t[1].on = 7; }",
        "if (hardware()) t[1] = t[0];",
        "if (hardware()) memset(&t[1], 0, sizeof(t[1]));",
        "if (hardware()) memcpy(&t[1], c, sizeof(t[1]));",
        "hardware() && (t[1].on = 7);",
        "hardware() ? rename() : (void)0;",
        "for (int i = 0; i < hardware(); i++) rename_one(i);",
        "for (int i = 0; i < 2; i++) { if (hardware()) break; t[i].on = 7; }",
        "switch (hardware()) { case 1: rename(); break; default: break; }",
        "do { if (hardware()) continue; t[1].on = 7; } while (0);",
        "t[hardware()].on = 7;",
        "patch(t);",
        "patch(&t[1]);",
        "patch(&t[1].on);",
    ],
)
def test_what_may_be_set_at_run_time_is_unknown(tmp_path: Path, body: str) -> None:
    unit = unit_of(tmp_path, _with(body))
    assert isinstance(value_of(unit, "f()"), Unknown)
    assert value_of(unit, "c[0].on") == 3


@pytest.mark.parametrize(
    "body",
    [
        "if (hardware()) flag = 1;",
        "look(t, 2);",
        "patch(c);",
        "patch(flag);",
        "rename_all(t); t[1].on = 2;",
        "for (int i = 0; i < hardware(); i++) { int k = i; k++; }",
        "if (0) patch(t);",
    ],
)
def test_what_is_not_set_stays_known(tmp_path: Path, body: str) -> None:
    unit = unit_of(tmp_path, _with(body))
    assert value_of(unit, "f()") == 2


def test_what_another_function_sets_is_unknown_and_the_rest_is_known(tmp_path: Path) -> None:
    unit = unit_of(
        tmp_path,
        f"{_TABLE}{_RENAME[0]}int f(void) {{ return t[1].on; }}\nint n = 3;\n"
        "void other(void) { n = 4; }\nint g(void) { rename(); return t[1].on; }",
    )
    assert isinstance(value_of(unit, "f()"), Unknown)
    assert unit.evaluator.text(value_of(unit, "t[1].name")) == "b"
    assert isinstance(value_of(unit, "n"), Unknown)


def test_what_a_function_sets_that_is_run_is_known(tmp_path: Path) -> None:
    unit = unit_of(
        tmp_path,
        f"{_TABLE}{''.join(_RENAME)}int g(void) {{ for (int i = 0; i < 2; i++) rename_one(i); "
        "rename(); return t[1].on; }",
    )
    assert value_of(unit, "g()") == 7


def test_what_a_function_is_given_that_is_not_read_may_be_changed(tmp_path: Path) -> None:
    """A jump is not followed: what the function sets by a pointer is not known after it."""
    text = (
        "static int set(int *x)\n{\n    if (x == 0)\n        goto out;\n    *x = 5;\n"
        "out:\n    return 0;\n}\n"
        "int get(void)\n{\n    int x = 1;\n    set(&x);\n    return x;\n}\n"
    )
    unit = unit_of(tmp_path, text)
    found = unit.call("get", (), Token("", "", "", 0))
    assert isinstance(found, Unknown)
    assert "set() may change it" in found.why


@pytest.mark.parametrize("number", [1, 4, 5, 255, 0x80000000])
def test_leading_zeros_are_those_of_a_compiler(
    tool: Callable[[str], str], tmp_path: Path, number: int
) -> None:
    text = f"struct s {{ unsigned int x : 32 - __builtin_clz({number}u); }};\n"
    text += "static const struct s one = { .x = ~0u };"
    _same(tool, tmp_path, text, (f"__builtin_clz({number}u)", "one.x"))


def test_leading_zeros_of_zero_are_none(tmp_path: Path) -> None:
    found = unit_of(tmp_path, "int get(void)\n{\n    return __builtin_clz(0);\n}\n").call(
        "get", (), Token("", "", "", 0)
    )
    assert isinstance(found, Unknown)
