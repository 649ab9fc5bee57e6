"""The permission map: an HTML page and Markdown for people, CSV for programs.

What it says is what `scmigen.scmi.may` answers, at boot and, in brackets, later.
"""

from collections.abc import Iterator

from scmigen.model.platform import Platform
from scmigen.targets.base import Many, NoOptions, Target
from scmigen.targets.common.files import File
from scmigen.targets.permissions.page import page
from scmigen.targets.permissions.tables import csv_table, markdown


def _files(platform: Platform, _: NoOptions) -> Iterator[File]:
    yield File("permissions.md", markdown(platform))
    yield File("permissions.csv", csv_table(platform))
    yield File("permissions.html", page(platform))


TARGET = Target(
    name="permissions",
    about="the permission map, as HTML, Markdown and CSV",
    options=NoOptions,
    files=_files,
    many=Many.JOINT,
)
