"""Runs pcpp as a preprocessor of devicetree sources; apart, because it is seldom needed."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pcpp import Action, OutputDirective, Preprocessor

from scmigen.diagnostics import Position

Problems = list[tuple[str, Position]]


class _Preprocessor(Preprocessor):  # type: ignore[misc]
    """pcpp with its messages collected instead of printed."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: Problems = []
        self.line_directive = "#"

    def on_error(self, file: str, line: int, msg: str) -> None:
        """Keeps what pcpp found wrong."""
        self.problems.append((msg, Position(file, line)))

    def on_include_not_found(
        self, is_malformed: bool, is_system_include: bool, curdir: str, includepath: str
    ) -> None:
        """A missing header is an error, not a line to hand on."""
        what = "malformed #include" if is_malformed else f"{includepath}: No such file or directory"
        self.on_error(self.source, self.lexer.lineno, what)
        raise OutputDirective(Action.IgnoreAndRemove)

    def on_directive_unknown(
        self, directive: Any, toks: Any, ifpassthru: bool, precedingtoks: Any
    ) -> bool | None:
        """#error is an error; ``#address-cells`` and its like are text."""
        if directive.value in ("error", "warning"):
            if directive.value == "error":
                text = "".join(token.value for token in toks)
                self.on_error(directive.source, directive.lineno, f"#error {text}")
            return True
        return None


def run_pcpp(
    path: Path, include_dirs: Sequence[Path], defines: Sequence[str]
) -> tuple[str, Problems]:
    """The preprocessed text, and what pcpp found wrong."""
    file = str(path)
    processor = _Preprocessor()
    for folder in include_dirs:
        processor.add_path(str(folder))
    for define in ("__DTS__=1", "__ASSEMBLER__=1", *defines):
        name, _, value = define.partition("=")
        processor.define(f"{name} {value or 1}")
    output = io.StringIO()
    try:
        processor.parse(path.read_text("utf-8"), file)
        processor.write(output)
    except OSError as problem:
        processor.problems.append((str(problem), Position(file)))
    except (RecursionError, UnicodeDecodeError, ValueError) as problem:
        processor.problems.append((f"pcpp gave up: {problem}", Position(file)))
    return output.getvalue(), processor.problems
