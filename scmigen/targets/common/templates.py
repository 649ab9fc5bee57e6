"""Text from templates: it is in ``templates/<output>/``, logic is not.

jinja2's language, compiled to functions: a wheel has them as modules, without jinja2.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from scmigen.hints import Any
from scmigen.targets.common.filling import Filters, Templates


def render(template: str, **context: Any) -> bytes:
    """The text that a template makes of its context."""
    return fill(template, context, {}).encode()


def fill(template: str, context: Mapping[str, Any], filters: Filters) -> str:
    """The text that a template makes of its context with ``filters``."""
    return _templates(template.partition("/")[0])[template](context, filters)


@cache
def _templates(folder: str) -> Templates:
    """The templates of a folder."""
    try:
        module = import_module(f"scmigen.compiled_templates.{folder.replace('-', '_')}")
    except ModuleNotFoundError:  # a source tree, or an editable install
        from scmigen.targets.common.template_source import compiled

        return compiled(folder)
    found: Templates = module.TEMPLATES
    return found
