"""The SCMI numbers as headers: for device trees, C and Python."""

from collections.abc import Iterator, Sequence

from scmigen.diagnostics import Diagnostic
from scmigen.escape import python
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.targets.base import Many, Target
from scmigen.targets.common.ctext import identifier, notice, plain, string
from scmigen.targets.common.files import File
from scmigen.targets.common.names import by_drivers, operations, origin_of
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.common.templates import render
from scmigen.targets.headers.forms import FORMS, Form, FormName, Reader, Section, sections_of
from scmigen.targets.headers.numbers import Numbered
from scmigen.targets.options import OUTPUT_OPTION


class HeaderOptions(NoticeOptions):
    """``forms``: what the numbers are written as."""

    forms: tuple[FormName, ...] = (FormName.DT_BINDINGS,)


def _check_options(_: Sequence[Platform], options: HeaderOptions) -> Iterator[Diagnostic]:
    if not options.forms and ("forms", 0) not in options.positions:
        yield OUTPUT_OPTION.error(
            "forms has no form", options.at("forms"), hint=f"write some of {', '.join(FormName)}"
        )


def _files(platform: Platform, options: HeaderOptions) -> Iterator[File]:
    for form in dict.fromkeys(options.forms):
        for reader, sections in sections_of(FORMS[form], platform):
            yield _file(FORMS[form], platform, options, reader, sections)


def _file(
    form: Form,
    platform: Platform,
    options: HeaderOptions,
    reader: Reader,
    sections: Sequence[Section],
) -> File:
    path, agent = form.path(reader), reader.agent
    text = render(
        form.template,
        guard=identifier(path.rpartition("/")[2]),
        tag=reader.prefix.lower(),
        sections=sections,
        whom="every agent" if agent is None else f"the agent {plain(agent.name)}",
        operations=tuple(Operation),
        origin=lambda row: plain(origin_of(platform, row.resource) + by_drivers(row.grant)),
        words=lambda row: operations(row.grant),
        at_boot=_at_boot,
        in_all=_in_all,
        string=string,
        python=python,
        license=options.license,
        copyright=options.copyright and notice(options.copyright, form.remark),
    )
    return File(path, text)


def _at_boot(row: Numbered) -> tuple[Operation, ...]:
    """The operations that an agent may use from the start."""
    return () if row.grant is None else ordered(row.grant.kind, row.grant.boot)


def _in_all(row: Numbered) -> tuple[Operation, ...]:
    """Those, and the ones that open when it is given an assignable device."""
    return () if row.grant is None else ordered(row.grant.kind, row.grant.operations)


TARGET = Target(
    name="headers",
    values=False,
    about="the SCMI numbers as headers for device trees, C and Python",
    options=HeaderOptions,
    files=_files,
    many=Many.TOGETHER,
    check_options=_check_options,
)
