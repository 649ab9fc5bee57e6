"""``scmigen convert``: DTS to DTB and back, with dtc's options."""

import gc
import sys
from pathlib import Path

from scmigen.cli.declare import argument, command, option
from scmigen.cli.problems import BadValueError
from scmigen.cli.report import ERRORS, FORMATS, report
from scmigen.cli.values import PATH, OneOf, Within
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.diagnostics import InputError
from scmigen.targets.common.replace import write_one

_SUFFIXES = {".dtb": "dtb", ".dtbo": "dtb", ".dts": "dts", ".dtso": "dts"}
_NUMBER = Within(int, 0, 0xFFFF_FFFF)


@command(
    argument("source", "IN", read=PATH),
    argument("target", "OUT", read=PATH),
    option("-@", "symbols", flag=True, help="Keep labels as /__symbols__."),
    option("-b", "boot_cpu", read=_NUMBER, help="Boot CPU of the DTB's header."),
    option("-S", "size", read=_NUMBER, default=0, help="Fill the DTB up to this many bytes."),
    option("-p", "padding", read=_NUMBER, default=0, help="Add this many bytes to the DTB."),
    option(
        "-I",
        "include",
        read=PATH,
        multiple=True,
        help="Include directory (repeatable).",
    ),
    option(
        "-D", "define", multiple=True, metavar="NAME[=VALUE]", help="Define a macro (repeatable)."
    ),
    option("--format", "style", read=OneOf(*FORMATS), default="text", help="Form of diagnostics."),
    help="Convert between DTS and DTB; the output format follows the extension of OUT.",
)
def convert(
    source: Path,
    target: Path,
    symbols: bool,
    boot_cpu: int | None,
    size: int,
    padding: int,
    include: tuple[Path, ...],
    define: tuple[str, ...],
    style: str,
) -> None:
    form = _SUFFIXES.get(target.suffix)
    if form is None:
        raise BadValueError(f"{target} must end in .dts or .dtb", "OUT")
    # One tree is read and written, then the process ends: collecting garbage only costs time.
    gc.disable()
    try:
        tree = load(source, include, define, symbols=symbols)
        if form == "dtb":
            content = flatten(tree, boot_cpu, size, padding)
        else:
            from scmigen.devicetree.text import checked_text

            content = checked_text(tree).encode()
        write_one(target, content)
    except InputError as problem:
        report(problem.diagnostics, style, False, sys.stderr)
        raise SystemExit(ERRORS) from None
    report(tree.warnings, style, False, sys.stderr)
