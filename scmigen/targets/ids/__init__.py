"""The SCMI ids of a platform as pages for people, as projects keep them in their documentation."""

from collections.abc import Iterator, Sequence
from functools import partial

from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.targets.base import Options, Target
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name
from scmigen.targets.common.templates import render
from scmigen.targets.ids.forms import FORMS, FormName, cells, header
from scmigen.targets.ids.rows import sections_of
from scmigen.targets.options import OUTPUT_OPTION


class IdsOptions(Options):
    """``forms``: what the page is written as."""

    forms: tuple[FormName, ...] = (FormName.RST,)


def _check_options(_: Sequence[Platform], options: IdsOptions) -> Iterator[Diagnostic]:
    if not options.forms and ("forms", 0) not in options.positions:
        yield OUTPUT_OPTION.error(
            "forms has no form", options.at("forms"), hint=f"write some of {', '.join(FormName)}"
        )


def _files(platform: Platform, options: IdsOptions) -> Iterator[File]:
    sections = tuple(sections_of(platform))
    for name in dict.fromkeys(options.forms):
        form = FORMS[name]
        yield File(
            form.path,
            render(
                form.template,
                board=board_name(platform),
                sections=sections,
                text=form.text,
                header=header,
                cells=partial(cells, form),
                csv=_csv,
                # No character is wider than it has bytes.
                line=lambda title, mark: mark * len(title.encode()),
            ),
        )


def _csv(cells: Sequence[str]) -> str:
    """A line of a table; all but numbers are quoted."""
    quoted = (cell if cell.isdecimal() else '"' + cell.replace('"', '""') + '"' for cell in cells)
    return ", ".join(quoted)


TARGET = Target(
    name="ids",
    values=False,
    about="the SCMI ids of each agent for documentation, as reStructuredText, Markdown or HTML",
    options=IdsOptions,
    files=_files,
    check_options=_check_options,
)
