"""SCP-firmware's templates: the common environment with the functions of C text as filters."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scmigen.targets.common.ctext import comment, notice, plain, string
from scmigen.targets.common.files import File
from scmigen.targets.common.templates import environment
from scmigen.targets.common.values import frequency_text, voltage_text
from scmigen.targets.scp.layout import includes, laid_out

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    """The environment of all templates, with the functions of this module as filters."""
    found = environment().overlay()
    ours = {
        "comment": comment,
        "includes": includes,
        "frequency": frequency_text,
        "notice": notice,
        "plain": plain,
        "string": string,
        "voltage": lambda voltage: voltage_text(voltage).replace("µ", "u"),
    }
    found.filters = found.filters | ours
    return found


def render(path: str, context: dict[str, Any], template: str | None = None) -> File:
    """The file ``path`` from the template of that name, or from ``template``."""
    text: str = _environment().get_template(f"scp/{template or path}.j2").render(context)
    return File(path, (laid_out(text) if path.endswith((".c", ".h")) else text).encode())
