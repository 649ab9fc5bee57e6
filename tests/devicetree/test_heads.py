"""What boards share is preprocessed once; each reads as it does alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scmigen.devicetree import preprocess as module
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.heads import MAX_HEADS, Heads
from scmigen.devicetree.load import load
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError

pytestmark = pytest.mark.skipif(
    module.find_preprocessor() is None, reason="no C preprocessor is installed"
)

HEADER = "#ifndef H\n#define H\n#define ONE 1\n#define ADD(a, b) ((a) + (b))\n#endif\n"
BASE = '/dts-v1/;\n#include "h.h"\n\n/ {\n\tp = <ADD(ONE, 2)>; // a comment\n\tn: node { };\n};\n'
HEAD = '/* A board. */\n#include "base.dts"\n'
REST = (
    '\n/ {\n\tmodel = "{}";\n\t#size-cells  =  <1>; /* one */ q = <2>;\n};\n&n { r = <&n 3>; };\n'
)


class Counted(Heads):
    """How often the preprocessor was not needed."""

    shared = 0

    def preprocess(self, *given: object) -> module.Preprocessed | None:
        found = super().preprocess(*given)  # type: ignore[arg-type]
        self.shared += found is not None
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "h.h").write_text(HEADER)
    (tmp_path / "base.dts").write_text(BASE)
    return tmp_path


def written(folder: Path, rests: list[str], head: str = HEAD) -> Iterator[Path]:
    for number, rest in enumerate(rests):
        path = folder / f"board-{number}.dts"
        path.write_text(head + rest)
        yield path


def places(tree: DeviceTree) -> list[tuple[str, str, str]]:
    return [
        (node.path, item.name, str(item.position))
        for node in tree.nodes
        for item in node.properties.values()
    ]


def same_as_alone(boards: Iterator[Path], **options: list[str]) -> int:
    """How many boards did without the preprocessor; all are as without others before them."""
    heads = Counted()
    for path in boards:
        told: list[object] = []
        for known in (heads, None):
            try:
                tree = load(path, (), options.get("defines", ()), heads=known)
            except InputError as problem:
                told.append(problem.diagnostics)
            else:
                told.append((flatten(tree), places(tree), tree.files, tree.folders))
        assert told[0] == told[1], path.read_text()
    return heads.shared


def test_boards_with_the_same_head_are_preprocessed_twice(folder: Path) -> None:
    rests = [REST.replace("{}", str(number)) for number in range(5)]
    assert same_as_alone(written(folder, rests)) == 3


def test_all_files_are_told_and_the_board_is_its_own(folder: Path) -> None:
    heads = Heads()
    trees = [load(path, heads=heads) for path in written(folder, [REST] * 3)]
    names = ["board-2.dts", "base.dts", "h.h"]
    assert [Path(name).name for name in trees[2].files] == names
    assert str(trees[2].root.properties["model"].position) == f"{folder}/board-2.dts:5:2"


@pytest.mark.parametrize(
    "rest",
    [
        "/ { q = <ONE>; };\n",
        "/ { q = <ADD(1, 2)>; };\n",
        "/ {\n#define TWO 2\n\tq = <TWO>;\n};\n",
        "/ {\n/* */ #define TWO 2\n\tq = <TWO>;\n};\n",
        "/ {\n%:define TWO 2\n\tq = <TWO>;\n};\n",
        "/ { q = <__LINE__>; };\n",
        "/ { q = <GIVEN>; };\n",
        "/ { q = <'a'>; };\n",
        '/ { q = "a\n#undef ONE\nb"; };\n',
        "/ { q = \\\n<1>; };\n",
        '/ { q = "é"; };\n',
        "/ { q = <1>; };\n#ifdef H\n/ { r; };\n#endif\n",
        "/ { #address-cells = <1>;\n#line-cells = <1>; };\n",
        '# 7 "other.dts"\n/ { q; };\n',
    ],
)
def test_what_the_preprocessor_may_change_goes_through_it(folder: Path, rest: str) -> None:
    boards = written(folder, [REST, REST, rest])
    assert same_as_alone(boards, defines=["GIVEN=4"]) == 0


@pytest.mark.parametrize(
    ("base", "rest"),
    [
        ("#pragma GCC poison bad\n", "/ { bad; };\n"),
        ("/ { file = __BASE_FILE__; };\n", REST),
        ("#de\\\nfine model x\n", REST),
        ("#define /* a */ \\\n model x\n", REST),
        ("#define ID(x) x\n/ { q = <ID(1>; };\n", "/ { r = <(1) 2)>; };\n"),
        ("#define ID(x) x\nID", "(/ { r = <1>; };)\n"),
    ],
)
def test_a_head_that_differs_by_board_is_not_shared(folder: Path, base: str, rest: str) -> None:
    (folder / "base.dts").write_text(BASE + base)
    assert same_as_alone(written(folder, [rest] * 4)) == 0


def test_a_macro_that_waits_for_its_arguments_is_not_shared(folder: Path) -> None:
    head = "/dts-v1/;\n#define ID(x) x\n/ { q = <1>; };\nID(\n" + '#include "h.h"\n'
    assert same_as_alone(written(folder, ["/ { r = <1>; };)\n"] * 4, head)) == 0


def test_what_is_wrong_is_told_as_of_one_board(folder: Path) -> None:
    wrong = ["/ {  q  =  <1>  r; };\n", "&none   { };\n", "/ { q = <1>; q = <2>; };\n", "/ {\n"]
    assert same_as_alone(written(folder, [REST, REST, *wrong])) == 4


def test_a_file_that_has_changed_is_read_again(folder: Path) -> None:
    heads = Counted()
    boards = list(written(folder, [REST] * 5))
    for path in boards[:3]:
        load(path, heads=heads)
    (folder / "h.h").write_text(HEADER.replace("ONE 1", "ONE 40"))
    found = [load(path, heads=heads).root.properties["p"].cells() for path in boards]
    assert found == [(42,)] * 5
    assert heads.shared == 1 + 4


def test_the_same_head_elsewhere_is_another(folder: Path) -> None:
    heads = Heads()
    for path in written(folder, [REST] * 3):
        load(path, heads=heads)
    other = folder / "other"
    other.mkdir()
    (other / "h.h").write_text(HEADER.replace("ONE 1", "ONE 5"))
    (other / "base.dts").write_text(BASE)
    (path,) = written(other, [REST])
    assert load(path, heads=heads).root.properties["p"].cells() == (7,)


def test_few_heads_are_known_at_once(folder: Path) -> None:
    heads = Counted()
    for number in range(2 * MAX_HEADS):
        head = f"/* {number} */\n{HEAD}"
        for path in written(folder, [REST] * 2, head):
            load(path, heads=heads)
    assert len(heads._known) == MAX_HEADS
    (path,) = written(folder, [REST], f"/* 0 */\n{HEAD}")
    load(path, heads=heads)
    assert heads.shared == 0
