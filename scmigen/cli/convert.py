"""``scmigen convert``: DTS to DTB and back, with dtc's options."""

import gc
import sys
from pathlib import Path

import click

from scmigen.cli.one_of import OneOf
from scmigen.cli.report import ERRORS, FORMATS, report
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.diagnostics import InputError
from scmigen.targets.common.write import write_one

_SUFFIXES = {".dtb": "dtb", ".dtbo": "dtb", ".dts": "dts", ".dtso": "dts"}
_NUMBER = click.IntRange(0, 0xFFFF_FFFF)


@click.command(help="Convert between DTS and DTB; the output format follows the extension of OUT.")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("-@", "symbols", is_flag=True, help="Keep labels as /__symbols__.")
@click.option("-b", "boot_cpu", type=_NUMBER, help="Boot CPU of the DTB's header.")
@click.option("-S", "size", type=_NUMBER, default=0, help="Fill the DTB up to this many bytes.")
@click.option("-p", "padding", type=_NUMBER, default=0, help="Add this many bytes to the DTB.")
@click.option(
    "-I",
    "include",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Include directory (repeatable).",
)
@click.option(
    "-D", "define", multiple=True, metavar="NAME[=VALUE]", help="Define a macro (repeatable)."
)
@click.option("--format", "style", type=OneOf(FORMATS), default="text", help="Form of diagnostics.")
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
        raise click.BadParameter(f"{target} must end in .dts or .dtb", param_hint="OUT")
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
