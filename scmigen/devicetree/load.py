"""The file of a board → `DeviceTree`, from a source or a blob."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scmigen.data import replace
from scmigen.devicetree.findings import DTS_ENCODING
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError, Position
from scmigen.hints import TYPE_CHECKING
from scmigen.inputs import read_bytes
from scmigen.patterns import pattern

if TYPE_CHECKING:
    from scmigen.devicetree.heads import Heads

#: The first four bytes of every DTB.
MAGIC = b"\xd0\x0d\xfe\xed"

# That it begins with a character is what makes the search for it fast.
_DIRECTIVE = pattern(
    r"\n[ \t]*+#[ \t]*+"
    r"(?:include|define|undef|if|ifdef|ifndef|elif|else|endif|error|warning|pragma)"
    r"(?![\w,.+*#?@-])"
)


def load(
    path: Path,
    include_dirs: Sequence[Path] = (),
    defines: Sequence[str] = (),
    symbols: bool = False,
    heads: "Heads | None" = None,
) -> DeviceTree:
    """The tree in the file ``path``: a DTB by its first bytes, a source otherwise.

    A source with preprocessor directives (or any, where ``defines`` are given) goes through the
    preprocessor. ``symbols`` as in `read_source`. ``heads`` are those of boards that were read
    before, where one process reads many. ``files`` of the tree names all files that took part.
    Raises `InputError` with all that is wrong.
    """
    data = read_bytes(path)
    file = str(path)
    # Each form's reader is imported when it is needed: a blob needs no parser, a source no fdt, and
    # what is preprocessed already no preprocessor.
    if data.startswith(MAGIC):
        from scmigen.devicetree.blob import read_blob

        return read_blob(data, file)
    text = _decode(data, file)
    dependencies: tuple[str, ...] = (file,)
    if defines or needs_preprocessing(text):
        from scmigen.devicetree.preprocess import preprocess

        shared = heads and heads.preprocess(path, text, include_dirs, defines)
        if shared:
            # What is wrong is told of the board as the preprocessor leaves it.
            with suppress(InputError):
                return _tree(shared.text, file, shared.dependencies, include_dirs, symbols)
        preprocessed = preprocess(path, include_dirs, defines)
        if heads:
            heads.learn(path, text, include_dirs, defines, preprocessed)
        text, dependencies = preprocessed.text, preprocessed.dependencies
    return _tree(text, file, dependencies, include_dirs, symbols)


def _tree(
    text: str,
    file: str,
    dependencies: tuple[str, ...],
    include_dirs: Sequence[Path],
    symbols: bool,
) -> DeviceTree:
    """The tree that a text without directives describes, and all files that it was made from."""
    from scmigen.devicetree.source import read_source

    tree = read_source(text, file, include_dirs, symbols)
    folders = (*tree.folders, *map(str, include_dirs))
    return replace(tree, files=tuple(dict.fromkeys((*dependencies, *tree.files))), folders=folders)


def load_board(
    board: Path,
    overlays: Sequence[Path] = (),
    include_dirs: Sequence[Path] = (),
    defines: Sequence[str] = (),
    heads: "Heads | None" = None,
) -> DeviceTree:
    """The tree in the file ``board`` with ``overlays`` applied in order.

    Sources are read as with ``-@`` where there are overlays, which know the board by its labels.
    ``heads`` as in `load`.
    Raises `InputError` with all that is wrong.
    """
    if not overlays:
        return load(board, include_dirs, defines, heads=heads)
    from scmigen.devicetree.overlay import lay_over

    base, *above = (load(path, include_dirs, defines, True, heads) for path in (board, *overlays))
    return lay_over(base, above)


def needs_preprocessing(text: str) -> bool:
    """Whether ``text`` has directives; line markers of an earlier run do not count."""
    return _DIRECTIVE.search(f"\n{text}") is not None


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        column = problem.start - data.rfind(b"\n", 0, problem.start)
        where = Position(file, line, column)
    message = "neither a device tree blob nor UTF-8 text"
    hint = "a blob starts with the bytes d0 0d fe ed; a source is saved as UTF-8"
    raise InputError([DTS_ENCODING.error(message, where, (), hint)])
