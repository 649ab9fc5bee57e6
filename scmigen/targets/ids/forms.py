"""The forms of a page: a row for each; and the cells of a table in any of them."""

from collections.abc import Callable
from enum import StrEnum

from scmigen.data import Data
from scmigen.escape import markdown, markdown_code, rst, rst_code, xml
from scmigen.targets.ids.rows import Row, Section, Table


class FormName(StrEnum):
    """What the option ``forms`` has for a form."""

    RST = "rst"
    MARKDOWN = "markdown"
    HTML = "html"


class Form(Data):
    """A way to write a page: its file, and how text and the names of the tree are written in it."""

    path: str
    template: str
    text: Callable[[str], str]
    code: Callable[[str], str]


def _html_code(text: str) -> str:
    return f"<code>{xml(text)}</code>" if text else ""


FORMS = {
    FormName.RST: Form("scmi-ids.rst", "ids/page.rst.j2", rst, rst_code),
    FormName.MARKDOWN: Form("scmi-ids.md", "ids/page.md.j2", markdown, markdown_code),
    FormName.HTML: Form("scmi-ids.html", "ids/page.html.j2", xml, _html_code),
}


def header(section: Section, table: Table) -> tuple[str, ...]:
    """The titles of the columns of a table."""
    granted = ("devices", "operations") if section.agent is not None else ()
    return tuple(filter(None, ("id", "name", *granted, table.parents, table.value, "resource")))


def cells(form: Form, section: Section, table: Table, row: Row) -> tuple[str, ...]:
    """The cells of a row, below `header`, as a form has them."""
    granted = (", ".join(map(form.code, row.devices)), form.text(row.operations))
    parents = (
        form.code(name) if number is None else f"{number} {form.code(name)}"
        for number, name in row.parents
    )
    return (
        str(row.id),
        form.code(row.name),
        *(granted if section.agent is not None else ()),
        *((", ".join(parents),) if table.parents else ()),
        *((form.text(row.value),) if table.value else ()),
        form.code(row.origin),
    )
