"""Writes the bundles of a wheel: the modules that a command imports, as functions in one file.

They are Python source, which pip compiles for the Python that it installs for, made of the modules'
own text. Names of a module become global ones of its function. What only people and type checkers
read goes, as with ``python -OO``: docstrings, and annotations of functions and of names of modules.
The functions that `scmigen.data` compiles for those commands have a file of their own.
"""

import ast
import dis
import io
import os
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from types import CodeType

_ROOT = Path(__file__).resolve().parent.parent
_BOARD = str(_ROOT / "examples" / "dts" / "orrery-board.dts")

#: Bundle → a command; it has what that imports and those before do not.
COMMANDS = {
    "convert": ("convert", _BOARD, "board.dtb"),
    "check": ("check", _BOARD),
    "headers": ("build", _BOARD, "-o", "headers", "--emit", "headers"),
    "outputs": ("build", _BOARD, "-o", "outputs"),
    "show": ("show", "resources", _BOARD),
    "why": ("why", "ospm", "clock:0", _BOARD),
}

#: What is imported before bundles can be used.
_BEFORE = {
    *("scmigen", "scmigen.__main__", "scmigen.bundles"),
    *("scmigen.cli", "scmigen.cli.front", "scmigen.version"),
}

_PROGRAM = """\
import sys
from importlib.machinery import SourceFileLoader
sys.path.insert(0, {root!r})
filled = []
fill = SourceFileLoader.exec_module
SourceFileLoader.exec_module = lambda self, module: (
    fill(self, module), filled.append(module.__name__)
)
from scmigen import data
from scmigen.__main__ import run
methods = []
code_of = data.code_of
data.code_of = lambda text: methods.append(text) or code_of(text)
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print((filled, methods), file=sys.stderr)
"""

_INDEX = '''\
"""Modules in bundles, as scmigen.bundle_source writes them."""

COMMANDS = {commands!r}
PACKAGES = {packages!r}
BUNDLE_OF = {{
{lines}}}
'''

_METHODS = '''\
"""Functions of scmigen.data, as scmigen.bundle_source writes them."""

METHODS = {}
'''

_HEAD = '''\
"""Modules, as scmigen.bundle_source writes them."""

BODIES = {}
'''


def bundles(in_wheel: Collection[str]) -> Iterator[tuple[str, str]]:
    """Name and source of each module of ``scmigen.bundled``.

    ``in_wheel``: the files that a wheel has; what a source tree has in their place is not bundled.
    """
    bundle_of: dict[str, str] = {}
    packages: list[str] = []
    methods: set[str] = set()
    for bundle, words in COMMANDS.items():
        imported, compiled = _run(words)
        methods.update(compiled)
        paths = {name: _path(name) for name in imported}
        new = {
            name: path
            for name, path in paths.items()
            if path.relative_to(_ROOT).as_posix() in in_wheel
            if name not in bundle_of and name not in _BEFORE
        }
        bundle_of |= dict.fromkeys(new, bundle)
        packages += [name for name, path in new.items() if path.name == "__init__.py"]
        yield bundle, bundle_source({n: path.read_text("utf-8") for n, path in new.items()})
    yield "methods", methods_source(methods)
    lines = "".join(f"    {name!r}: {bundle!r},\n" for name, bundle in bundle_of.items())
    commands = sorted({words[0] for words in COMMANDS.values()})
    yield "__init__", _INDEX.format(commands=commands, packages=packages, lines=lines)


def _path(name: str) -> Path:
    path = _ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _run(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The modules that a command of the source tree imports, each after those that it imports
    itself, and the texts of the functions that `scmigen.data` compiles for it."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM.format(root=str(_ROOT)), *words],
            cwd=folder,
            # What an earlier run has kept decides what is imported.
            env=os.environ | {"XDG_CACHE_HOME": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    imported, methods = ast.literal_eval(done.stderr.splitlines()[-1])
    return imported, methods


def methods_source(texts: Iterable[str]) -> str:
    """The source of a module with the functions that `scmigen.data` compiles of some texts."""
    return _METHODS + "".join(f"\n\n{text}\n\n\nMETHODS[{text!r}] = _\n" for text in sorted(texts))


def bundle_source(texts: Mapping[str, str]) -> str:
    """The source of a bundle of modules: name → text. Raises `SyntaxError` for what cannot be the
    body of a function, such as ``from … import *``."""
    lines = [_HEAD]
    for name, text in texts.items():
        lines += ["\n", *function_lines(text), f"BODIES[{name!r}] = body\n"]
    source = "".join([*lines, "del body\n"])
    compile(source, "<bundle>", "exec")
    return source


def function_lines(text: str) -> Iterator[str]:
    """The lines of a function ``body`` that does what the module ``text`` does."""
    names = {*_names(compile(text, "<module>", "exec"))}
    short = _read(text)
    yield "def body():\n"
    if names:
        yield f"    global {', '.join(sorted(names))}\n"
    lines = short.splitlines(keepends=True)
    for number in _logical_lines(short):
        lines[number] = f"    {lines[number]}"
    yield from lines
    yield "    pass\n"


def _names(
    code: CodeType, stores: Collection[str] = ("STORE_NAME", "STORE_GLOBAL")
) -> Iterator[str]:
    """The names that a module, and what is in it, give to the module."""
    for each in dis.get_instructions(code):
        if each.opname in stores and each.argval != "__doc__":
            yield each.argval
    for inside in code.co_consts:
        if isinstance(inside, CodeType):
            yield from _names(inside, ("STORE_GLOBAL",))


def _logical_lines(text: str) -> Iterator[int]:
    """Where statements begin: the lines that are indented; others may be parts of strings."""
    begins = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            begins = True
        elif begins and token.type not in _NO_STATEMENT:
            begins = False
            yield token.start[0] - 1


_NO_STATEMENT = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NL,
}


def _read(text: str) -> str:
    """A text without what only people and type checkers read."""
    content = text.encode()
    for start, end, instead in sorted(_Unread(content).cuts, reverse=True):
        content = content[:start] + instead + content[end:]
    return content.decode()


class _Unread(ast.NodeVisitor):
    """What only people and type checkers read: first byte, end, and what stands there instead."""

    def __init__(self, content: bytes) -> None:
        self.cuts: list[tuple[int, int, bytes]] = []
        self._content = content
        self._lines = [0, *accumulate(map(len, content.splitlines(keepends=True)))]
        self._is_global = True
        self.visit(ast.parse(content))

    def _start(self, node: ast.stmt | ast.expr | ast.arg) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.stmt | ast.expr) -> int:
        return self._lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    def _docstring(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> None:
        if ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            self.cuts.append((self._start(first), self._end(first), b"pass"))

    def _inside(self, node: ast.ClassDef | ast.FunctionDef) -> None:
        outside, self._is_global = self._is_global, False
        self._docstring(node)
        self.generic_visit(node)
        self._is_global = outside

    def visit_Module(self, node: ast.Module) -> None:
        self._docstring(node)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "__future__":
            self.cuts.append((self._start(node), self._end(node), b"pass"))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.returns:
            start = self._start(node.returns)
            arrow = self._content.rindex(b"->", 0, start)
            if not self._content[arrow + 2 : start].strip():
                self.cuts.append((arrow, self._end(node.returns), b""))
        self._inside(node)

    def visit_arg(self, node: ast.arg) -> None:
        if node.annotation:
            start = self._start(node) + len(node.arg.encode())
            self.cuts.append((start, self._end(node.annotation), b""))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        start, end = self._start(node.annotation), self._end(node.annotation)
        # A function's global names have no annotations.
        if self._is_global and node.value:
            self.cuts.append((self._end(node.target), end, b""))
        elif self._is_global:
            self.cuts.append((self._start(node), self._end(node), b"pass"))
        elif not isinstance(node.annotation, ast.Constant):
            # As text, which is not evaluated, and is what the module's own may be.
            self.cuts.append((start, end, repr(ast.unparse(node.annotation)).encode()))
        self.generic_visit(node)
