"""SCP-firmware's templates, with the functions of C text as filters."""

from collections.abc import Mapping

from scmigen.hints import Any
from scmigen.targets.common.ctext import comment, notice, plain, string
from scmigen.targets.common.files import File
from scmigen.targets.common.filling import Filters
from scmigen.targets.common.templates import fill
from scmigen.targets.common.values import frequency_text, voltage_text
from scmigen.targets.scp.layout import includes, laid_out

FILTERS: Filters = {
    "comment": comment,
    "includes": includes,
    "frequency": frequency_text,
    "notice": notice,
    "plain": plain,
    "string": string,
    "voltage": lambda voltage: voltage_text(voltage).replace("µ", "u"),
}


def render(path: str, context: Mapping[str, Any], template: str | None = None) -> File:
    """The file ``path`` from the template of that name, or from ``template``."""
    text = fill(f"scp/{template or path}.j2", context, FILTERS)
    return File(path, (laid_out(text) if path.endswith((".c", ".h")) else text).encode())
