"""The one template environment: text is in ``templates/<output>/``, logic is not."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scmigen.resources import directory

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def environment() -> "Environment":
    """The environment, made at its first use; a template is compiled at its very first."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from scmigen.targets.common.template_cache import KeptTemplates

    return Environment(
        bytecode_cache=KeptTemplates(),
        loader=FileSystemLoader(directory("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(template: str, **context: Any) -> bytes:
    """The text that a template makes of its context."""
    return environment().get_template(template).render(context).encode()
