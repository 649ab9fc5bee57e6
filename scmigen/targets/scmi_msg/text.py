"""The files of a firmware from their templates."""

from collections.abc import Iterable, Iterator

from scmigen.scmi.operations import Operation
from scmigen.targets.common.ctext import WIDTH, comment, plain, string
from scmigen.targets.common.files import File
from scmigen.targets.common.templates import render
from scmigen.targets.scmi_msg.firmware import Firmware

#: Columns of a tab.
_TAB = 8


def files_of(firmware: Firmware) -> Iterator[File]:
    """All files of a firmware."""
    templates = dict(firmware.variant.files)
    if firmware.options.mocks:
        templates["scmi_mock.c"] = "mock.c"
    for path, template in templates.items():
        text = render(
            f"scmi_msg/{template}.j2",
            fw=firmware,
            variant=firmware.variant,
            u=firmware.variant.unsigned,
            comment=comment,
            declared=_declared,
            row_comment=_row_comment,
            joined=_joined,
            masks=_masks,
            plain=plain,
            string=string,
        )
        yield File(path, text)


def _row_comment(text: str) -> str:
    """A comment in a table: one tab further in."""
    return comment(text, _TAB).replace("\n" + " " * _TAB, "\n\t")


def _joined(head: str, value: str) -> str:
    """A designator and its value in a table: on one line where they fit."""
    fits = _TAB + len(head) + 1 + len(value) <= WIDTH
    return f"{head} {value}" if fits else f"{head}\n\t\t{value}"


def _declared(head: str, first: str, second: str) -> str:
    """The head of a function of two arguments: the second below the first, in tabs."""
    tabs, spaces = divmod(len(head), _TAB)
    return f"{head}{first},\n" + "\t" * tabs + " " * spaces + f"{second})"


def _masks(operations: Iterable[Operation]) -> str:
    return " | ".join(f"SCMI_MAY_{operation.name}" for operation in operations)
