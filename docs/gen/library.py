"""The reference of the library, from what `scmigen` exports."""

import dataclasses
import enum
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from text import block, paragraphs

import scmigen

_WIDTH = 88


def library() -> str:
    """Every function, then every type, that `scmigen` exports."""
    exported = {name: getattr(scmigen, name) for name in sorted(scmigen.__all__)}
    functions = {name: each for name, each in exported.items() if inspect.isfunction(each)}
    types = {name: each for name, each in exported.items() if inspect.isclass(each)}
    parts = [f"### {name}\n\n{_function(name, each)}" for name, each in functions.items()]
    parts.append(f"### Board\n\n{block('python', _plain(scmigen.Board))}")
    for name, each in types.items():
        parts += [f"### {name}", *_type(each)]
    return paragraphs(parts)


def _type(cls: type) -> Iterator[str]:
    yield _doc(cls)
    if issubclass(cls, enum.Enum):
        yield ", ".join(f"`{member.name}`" for member in cls)
        return
    if dataclasses.is_dataclass(cls):
        fields = [f"{field.name}: {_plain(field.type)}" for field in dataclasses.fields(cls)]
        yield block("python", "\n".join(fields))
    for name, member in vars(cls).items():
        if not name.startswith("_") and inspect.getdoc(member):
            if isinstance(member, property):
                yield f"**{name}**: {_doc(member)}"
            elif callable(member):
                yield _function(name, getattr(cls, name))


def _function(name: str, function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parts = list(_parameters(signature))
    returned = "" if signature.return_annotation is None else _plain(signature.return_annotation)
    text = f"{name}({', '.join(parts)}) -> {returned or None}"
    if len(text) > _WIDTH:
        inside = "".join(f"    {part},\n" for part in parts)
        text = f"{name}(\n{inside}) -> {returned or None}"
    return f"{block('python', text)}\n\n{_doc(function)}"


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    named = False
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not named:
            named = True
            yield "*"
        if each.name != "self":
            default = repr(each.default)
            shown = each.replace(default=each.empty)
            yield _plain(shown) + ("" if each.default is each.empty else f" = {_short(default)}")


def _short(default: str) -> str:
    """A default value; of an enumeration its name, and none that is a long expression."""
    default = re.sub(r"<(\w+\.\w+): [^>]*>", r"\1", default)
    return default if len(default) < 30 else "…"


def _plain(annotation: object) -> str:
    """A signature or a type without the modules of its names."""
    text = inspect.formatannotation(annotation) if isinstance(annotation, type) else str(annotation)
    return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text).replace("'", "")


def _doc(thing: object) -> str:
    """The docstring; what it has in backquotes is Markdown already."""
    return (inspect.getdoc(thing) or "").replace("``", "`").replace("::\n", ":\n")
