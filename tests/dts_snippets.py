"""Small devicetree sources and what is in them, worked out by hand.

Each entry is a name, a text, and every node with its properties. They are the definition of the
language for the tests: `test_snippets` compares them with our reader and with dtc, `test_grammar`
shows that no part of the grammars can go without one of them failing.
"""

from pathlib import Path
from struct import pack
from typing import NamedTuple

from scmigen.devicetree.tree import DeviceTree

#: Where the snippets stand: their files are beside it.
FILE = Path(__file__).parent / "devicetree" / "data" / "snippet.dts"

Nodes = dict[str, dict[str, bytes]]


def nodes_of(tree: DeviceTree) -> Nodes:
    return {
        node.path: {name: item.value for name, item in node.properties.items()}
        for node in tree.nodes
    }


class Snippet(NamedTuple):
    name: str
    text: str
    nodes: Nodes | None  # None: it is no devicetree source.
    #: Whether every dtc agrees: old ones lack `&{label/path}`, and all want a label's colon right
    #: behind it.
    dtc: bool = True


def cells(*numbers: int) -> bytes:
    return pack(f">{len(numbers)}I", *numbers)


def ours(snippet: Snippet) -> Snippet:
    """A snippet that not every dtc reads as we do."""
    return snippet._replace(dtc=False)


def body(name: str, text: str, *properties: tuple[str, bytes]) -> Snippet:
    """A root node with nothing but properties."""
    return Snippet(name, f"/dts-v1/;\n/ {{ {text} }};\n", {"/": dict(properties)})


def value(name: str, text: str, expected: bytes) -> Snippet:
    """A root node with one property."""
    return body(name, f"p = {text};", ("p", expected))


def expression(text: str, expected: int) -> Snippet:
    """One cell of 64 bits that an expression makes."""
    return value(f"expression {text}", f"/bits/ 64 <{text}>", pack(">Q", expected % (1 << 64)))


def whole(name: str, text: str, nodes: Nodes) -> Snippet:
    return Snippet(name, f"/dts-v1/;\n{text}\n", nodes)


def wrong(name: str, text: str) -> Snippet:
    return Snippet(name, text, None)


STRUCTURE = (
    whole("smallest", "/ { };", {"/": {}}),
    Snippet("white space first", " \n/dts-v1/;/{};", {"/": {}}),
    Snippet("header twice", "/dts-v1/;\n/dts-v1/ ; / { };", {"/": {}}),
    Snippet("plugin", "/dts-v1/; /plugin/; / { p = <1 &m &l>; a { l: b { }; }; };", {
        "/": {"p": cells(1, 0xFFFFFFFF, 1)}, "/a": {}, "/a/b": {"phandle": cells(1)},
        "/__fixups__": {"m": b"/:p:4\0"}, "/__local_fixups__": {"p": cells(8)},
    }),
    Snippet("plugin that extends the tree below", "/dts-v1/; /plugin/; &a { x = <&c>; }; &{/b} "
            "{ c: y { }; };", {
        "/": {},
        "/fragment@0": {"target": cells(0xFFFFFFFF)},
        "/fragment@0/__overlay__": {"x": cells(1)},
        "/fragment@1": {"target-path": b"/b\0"},
        "/fragment@1/__overlay__": {},
        "/fragment@1/__overlay__/y": {"phandle": cells(1)},
        "/__fixups__": {"a": b"/fragment@0:target:0\0"},
        "/__local_fixups__": {},
        "/__local_fixups__/fragment@0": {},
        "/__local_fixups__/fragment@0/__overlay__": {"x": cells(0)},
    }),
    whole("reservations", "/memreserve/ 0x10 (1 + 1);\na: b: /memreserve/ 1 2; / { };", {"/": {}}),
    body("empty property", "p;", ("p", b"")),
    body("names", r"\a,b = [00]; #c-cells; d?e+f*g._h-1;", ("a,b", b"\0"), ("#c-cells", b""),
         ("d?e+f*g._h-1", b"")),
    body("labels of properties", "l: m: p; q = <1>;", ("p", b""), ("q", cells(1))),
    body("everything in its value", 'p = ";{}/*//\'"; q = "//", "#";', ("p", b";{}/*//'\0"),
         ("q", b"//\0#\0")),
    whole("nodes", "/ { a { x; b@1,2 { }; c { d { y; }; }; }; e { z; }; };", {
        "/": {}, "/a": {"x": b""}, "/a/b@1,2": {}, "/a/c": {}, "/a/c/d": {"y": b""},
        "/e": {"z": b""},
    }),
    whole("several roots", "/ { p; a { x = <1>; }; }; / { a { x = <2>; y; }; };", {
        "/": {"p": b""}, "/a": {"x": cells(2), "y": b""},
    }),
    whole("extension by label", "/ { l: a { x; b { }; }; }; &l { x = <1>; c { }; };", {
        "/": {}, "/a": {"x": cells(1)}, "/a/b": {}, "/a/c": {},
    }),
    whole("extension with a further label", "/ { l: a { }; }; m: &l { }; &m { x; };",
          {"/": {}, "/a": {"x": b""}}),
    whole("extension by path", "/ { a { b@0 { }; }; }; &{/a/b@0} { x; };",
          {"/": {}, "/a": {}, "/a/b@0": {"x": b""}}),
    ours(whole("extension from a label on", "/ { l: a { b { c { }; }; }; }; &{l/b/c} { x; };",
               {"/": {}, "/a": {}, "/a/b": {}, "/a/b/c": {"x": b""}})),
    whole("removed properties", "/ { a { x; y; z; }; }; / { a { /delete-property/ y; n: "
          "/delete-property/ none; }; };", {"/": {}, "/a": {"x": b"", "z": b""}}),
    whole("a removed property keeps its place", "/ { x; y; z; }; / { /delete-property/ y; };"
          " / { w; y = [01]; };", {"/": {"x": b"", "y": b"\1", "z": b"", "w": b""}}),
    whole("removed node", "/ { a { b { }; c { }; }; }; / { a { /delete-node/ b; }; };",
          {"/": {}, "/a": {}, "/a/c": {}}),
    whole("removed by label", "/ { a { l: b { c { }; }; d { }; }; }; /delete-node/ &l;",
          {"/": {}, "/a": {}, "/a/d": {}}),
    whole("removed by path", "/ { a { b { }; }; }; /delete-node/ &{/a/b};", {"/": {}, "/a": {}}),
    whole("the root emptied", "/ { p = <1>; l: a { x; }; }; /delete-node/ &{/}; / { b { }; };",
          {"/": {}, "/b": {}}),
    whole("the root emptied and extended", "/ { p = <1>; q; a { x; }; c { }; }; /delete-node/ &{/};"
          "&{/} { r; p = <2>; b { }; a { }; };",
          {"/": {"p": cells(2), "r": b""}, "/a": {}, "/b": {}}),
    whole("the root that is referred to", "/ { a { p = <&{/}>; }; }; /omit-if-no-ref/ &{/};",
          {"/": {"phandle": cells(1)}, "/a": {"p": cells(1)}}),
    ours(wrong("the root removed", "/dts-v1/; / { a { }; }; /delete-node/ &{/};")),
    ours(wrong("the root left out", "/dts-v1/; / { a { }; }; /omit-if-no-ref/ &{/};")),
    whole("a removed node keeps its place", "/ { l: a { x; b { }; }; c { }; }; /delete-node/ &l;"
          " / { d { }; a { y; }; };", {"/": {}, "/a": {"y": b""}, "/c": {}, "/d": {}}),
    whole("left out", "/ { p = <&l>; /omit-if-no-ref/ a { }; l: /omit-if-no-ref/ b { }; };", {
        "/": {"p": cells(1)}, "/b": {"phandle": cells(1)},
    }),
    whole("left out by statement", "/ { l: a { }; b { }; }; /omit-if-no-ref/ &l;",
          {"/": {}, "/b": {}}),
    whole("left out, but referred to by path", "/ { p = &l; /omit-if-no-ref/ l: a { }; };",
          {"/": {"p": b"/a\0"}, "/a": {}}),
    whole("comments", "/* a */ / { // b\n p = /* c; */ <1 // d }\n 2>; };\n// e", {
        "/": {"p": cells(1, 2)},
    }),
    whole("line markers", '# 1 "a.h" 1\n/ {\n#line 3 "b.h"\n p = <1\n# 7 "c.h" 2 3\n 2>;\n};', {
        "/": {"p": cells(1, 2)},
    }),
    whole("name says the node's name", '/ { a@1 { name = "a"; }; };', {"/": {}, "/a@1": {}}),
    whole("a label of name", '/ { a@1 { l: name = "a"; }; };', {"/": {}, "/a@1": {}}),
)  # fmt: skip

VALUES = (
    value("cells", "<0 1 010 0x1f 0XFFFFFFFF 7U 7L 7UL 7LL 7ULL>",
          cells(0, 1, 8, 31, 0xFFFFFFFF, 7, 7, 7, 7, 7)),
    value("no cells", "<>", b""),
    value("cells in groups", "<1>, <2 3>", cells(1, 2, 3)),
    value("characters", r"<'A' '\n' '\'' '\x41' '\101' '\\'>", cells(65, 10, 39, 65, 65, 92)),
    value("strings", '"a", "", "b c"', b"a\0\0b c\0"),
    value("strings apart", '"a",\n\t"b" ,"c", "d"', b"a\0b\0c\0d\0"),
    value("a string like two", r'"a\", \"b", "c"', b'a", "b\0c\0'),
    value("escapes", r'"\a\b\t\n\v\f\r\\\"\x41\x4g\101\0\q"',
          b'\a\b\t\n\v\f\r\\"A\x04gA\0q\0'),
    value("string of several bytes a character", '"µ"', "µ".encode() + b"\0"),
    value("bytes", "[00 0a FfA0]", b"\x00\x0a\xff\xa0"),
    value("no bytes", "[]", b""),
    value("mixed", '"a", <1>, [02], /bits/ 16 <3>', b"a\0" + cells(1) + b"\2\0\3"),
    value("8 bits", "/bits/ 8 <1 0xff (-1) '!'>", b"\x01\xff\xff\x21"),
    value("16 bits", "/bits/ 16 <1 0xfffe>", b"\0\1\xff\xfe"),
    value("32 bits", "/bits/ 32 <1 (-2)>", cells(1, 0xFFFFFFFE)),
    value("64 bits", "/bits/ 0x40 <1 0x123456789abcdef0>", bytes(7) + b"\x01\x12\x34\x56\x78\x9a"
          b"\xbc\xde\xf0"),
    value("bits hold for one group", "/bits/ 16 <1>, <2>, /bits/ 8 <3>",
          b"\0\1" + cells(2) + b"\3"),
    value("arithmetic beside numbers", "<1(2)3 ((4) + 5)>", cells(1, 2, 3, 9)),
    value("characters in arithmetic", "<((('G' - 'A') * 0x10 + 13) << 8)>, <(('B'))>",
          cells(109 << 8, 66)),
    value("characters that are parentheses", "<('(' + 1) (')' - '(') (2)>", cells(41, 1, 2)),
    value("deep parentheses", f"<{'(' * 40}7{')' * 40} 0>", cells(7, 0)),
    value("a negative cell", "<(-1)>", cells(0xFFFFFFFF)),
    value("a file's bytes", '/incbin/("abcd.txt"), [00]', b"abcd\0"),
    value("some of a file's bytes", '/incbin/("abcd.txt", 1, (1 + 1))', b"bc"),
    value("labels in values", 'a: "x" b:, c: <d: 1 e:> f:, g: [h: 00 ab: cd i:]',
          b"x\0" + cells(1) + b"\x00\xcd"),
    value("labels before a plain one", "a: <1>", cells(1)),
    whole("reference to a label", "/ { p = <1 &l 2>, <&l>; l: a { }; };", {
        "/": {"p": cells(1, 1, 2, 1)}, "/a": {"phandle": cells(1)},
    }),
    whole("references in order", "/ { p = <&m &l>; l: a { q = <&n>; }; m: b { }; n: c { }; };", {
        "/": {"p": cells(1, 2)}, "/a": {"q": cells(3), "phandle": cells(2)},
        "/b": {"phandle": cells(1)}, "/c": {"phandle": cells(3)},
    }),
    whole("reference to a path", "/ { p = <&{/a/b} (1)>; a { b { }; }; };", {
        "/": {"p": cells(1, 1)}, "/a": {}, "/a/b": {"phandle": cells(1)},
    }),
    ours(whole("reference in mixed values", '/ { p = "x", <&{l/b}>; l: a { b { }; }; };', {
        "/": {"p": b"x\0" + cells(1)}, "/a": {}, "/a/b": {"phandle": cells(1)},
    })),
    whole("explicit phandles are skipped", "/ { p = <&l &m>; l: a { }; m: b { phandle = <1>; };"
          " };", {
        "/": {"p": cells(2, 1)}, "/a": {"phandle": cells(2)}, "/b": {"phandle": cells(1)},
    }),
    whole("linux,phandle is one", "/ { p = <&l>; l: a { linux,phandle = <9>; }; };", {
        "/": {"p": cells(9)}, "/a": {"linux,phandle": cells(9)},
    }),
    whole("a phandle for itself", "/ { l: a { phandle = <&l>; }; };",
          {"/": {}, "/a": {"phandle": cells(1)}}),
    whole("path of a node", '/ { p = &l; q = "x", &{/a/b}, <1>; a { l: b { }; }; };', {
        "/": {"p": b"/a/b\0", "q": b"x\0/a/b\0" + cells(1)}, "/a": {}, "/a/b": {},
    }),
)  # fmt: skip

EXPRESSIONS = (
    expression("(1 + 2 * 3)", 7),
    expression("((1 + 2) * 3)", 9),
    expression("(10 - 4 - 3)", 3),
    expression("(100 / 7 / 2)", 7),
    expression("(100 % 7)", 2),
    expression("(1 << 4 >> 2)", 4),
    expression("(1 << 64)", 0),
    expression("(1 >> 64)", 0),
    expression("(-1)", -1),
    expression("(~0)", -1),
    expression("(!0 + !5)", 1),
    expression("(- - 1)", 1),
    expression("(-1 / 2)", (1 << 63) - 1),
    expression("(-1 > 0)", 1),
    expression("(1 < 2)", 1),
    expression("(2 <= 2)", 1),
    expression("(2 >= 3)", 0),
    expression("(3 > 3)", 0),
    expression("(1 == 1)", 1),
    expression("(1 != 1)", 0),
    expression("(6 & 3)", 2),
    expression("(6 ^ 3)", 5),
    expression("(6 | 3)", 7),
    expression("(6 && 3)", 1),
    expression("(0 && 3)", 0),
    expression("(0 || 3)", 1),
    expression("(0 || 0)", 0),
    expression("(1 | 2 ^ 3 & 4 == 4)", 3),
    expression("(1 ? 2 : 3)", 2),
    expression("(0 ? 2 : 0 ? 3 : 4)", 4),
    expression("(1 ? 0 ? 5 : 6 : 7)", 6),
    expression("('B' - 'A')", 1),
    expression("(((((((((((((1)))))))))))) + 1)", 2),
    expression("(0xffffffffffffffff + 2)", 1),
    expression("(0xffffffff * 0xffffffffff)", 0xFFFFFFFF * 0xFFFFFFFFFF),
)

WRONG = (
    wrong("nothing", ""),
    wrong("no header", "/ { };"),
    wrong("no root", "/dts-v1/;"),
    wrong("node outside", "/dts-v1/; / { }; a { };"),
    wrong("a blank behind a label", "/dts-v1/; / { l : a { }; };"),
    wrong("a blank behind a property's label", "/dts-v1/; / { l : p; };"),
    wrong("a blank behind a label in a value", "/dts-v1/; / { p = <1 l : 2>; };"),
    wrong("a blank behind a label before a value", "/dts-v1/; / { p = l : <1>; };"),
    wrong("property behind a node", "/dts-v1/; / { a { }; p; };"),
    wrong("reservation behind the root", "/dts-v1/; / { }; /memreserve/ 1 2;"),
    wrong("no ; behind a value", "/dts-v1/; / { p = <1> };"),
    wrong("no ; behind a node", "/dts-v1/; / { a { } };"),
    wrong("not closed", "/dts-v1/; / { a { };"),
    wrong("closed too often", "/dts-v1/; / { }; };"),
    wrong("no value", "/dts-v1/; / { p = ; };"),
    wrong("a comma too much", "/dts-v1/; / { p = <1>,; };"),
    wrong("a parenthesis too many", "/dts-v1/; / { p = <(1)) (2>; };"),
    wrong("a string in parentheses", '/dts-v1/; / { p = <(1 + "a")>; };'),
    wrong("a string with a parenthesis", '/dts-v1/; / { p = <"(" 1 ")">; };'),
    wrong("a comma in cells", "/dts-v1/; / { p = <1, 2>; };"),
    wrong("values without comma", "/dts-v1/; / { p = <1> <2>; };"),
    wrong("half a byte", "/dts-v1/; / { p = [0]; };"),
    wrong("an identifier", "/dts-v1/; / { p = <FOO>; };"),
    wrong("arithmetic without parentheses", "/dts-v1/; / { p = <1 + 1>; };"),
    wrong("a bad octal", "/dts-v1/; / { p = <08>; };"),
    wrong("a bad octal in an expression", "/dts-v1/; / { p = <(08)>; };"),
    wrong("literals side by side", "/dts-v1/; / { p = <(-1'a')>; };"),
    wrong("division by zero", "/dts-v1/; / { p = <(1 / 0)>; };"),
    wrong("division by zero where it does not count", "/dts-v1/; / { p = <(0 && (1 % 0))>; };"),
    wrong("two bytes in a character", "/dts-v1/; / { p = <'ab'>; };"),
    wrong("no byte in a character", "/dts-v1/; / { p = <''>; };"),
    wrong("element size", "/dts-v1/; / { p = /bits/ 24 <1>; };"),
    wrong("reference in 8 bits", "/dts-v1/; / { p = /bits/ 8 <&l>; l: a { }; };"),
    wrong("unknown label", "/dts-v1/; / { p = <&l>; };"),
    wrong("unknown path", "/dts-v1/; / { p = &{/a}; };"),
    wrong("extension of nothing", "/dts-v1/; / { }; &l { };"),
    wrong("removal of nothing", "/dts-v1/; / { }; /delete-node/ &l;"),
    ours(wrong("path below an overlay", "/dts-v1/; /plugin/; / { p = <&{/a}>; };")),
    wrong("label twice", "/dts-v1/; / { l: a { }; l: b { }; };"),
    wrong("label twice in a value", "/dts-v1/; / { p = <l: 1 l: 2>; };"),
    wrong("label of a node and a property", "/dts-v1/; / { l: p; l: b { }; };"),
    wrong("node twice", "/dts-v1/; / { a { }; a { }; };"),
    wrong("property twice", "/dts-v1/; / { p; p; };"),
    wrong("phandle twice", "/dts-v1/; / { a { phandle = <1>; }; b { phandle = <1>; }; };"),
    wrong("phandle of another node", "/dts-v1/; / { a { phandle = <&l>; }; l: b { }; };"),
    wrong("phandle of zero", "/dts-v1/; / { phandle = <0>; };"),
    wrong("phandle of two cells", "/dts-v1/; / { phandle = <1 2>; };"),
    wrong("phandles that differ", "/dts-v1/; / { phandle = <1>; linux,phandle = <2>; };"),
    wrong("wrong name", '/dts-v1/; / { a { name = "b"; }; };'),
    wrong("a path for a name", "/dts-v1/; / { a { name = &b; }; b: b { }; };"),
    wrong("a phandle for a name", "/dts-v1/; / { a { name = <&b>; }; b: b { }; };"),
    wrong("two unit addresses", "/dts-v1/; / { a@1@2 { }; };"),
    wrong("a node with a bad name", "/dts-v1/; / { a*b { }; };"),
    wrong("a property with a bad name", "/dts-v1/; / { a@1 = <1>; };"),
)

SNIPPETS = STRUCTURE + VALUES + EXPRESSIONS + WRONG
