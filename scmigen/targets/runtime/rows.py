"""The runtime configuration as plain data in the order in which it is written.

`scmigen.runtime.schema` has its types, for those who read one. A build reads none, and making the
types takes longer than the files.
"""

from json.encoder import encode_basestring as quoted

from scmigen.hints import Any


class Row(dict[str, Any]):
    """A structure of a configuration: what it says, in the order of the schema, without what is so
    by default. ``struct``: the name of its class in the schema."""

    __slots__ = ("struct",)

    def __init__(self, struct: str, /, **said: Any) -> None:
        super().__init__(said)
        self.struct = struct

    def also(self, /, **said: Any) -> "Row":
        """The same, and more that has no default."""
        self.update(said)
        return self

    def but(self, /, **default: Any) -> "Row":
        """The same, and what of this is not the default: None, `False`, or empty, but never 0."""
        for name, value in default.items():
            if value or (value == 0 and value is not False):
                self[name] = value
        return self


def as_json(value: Any, indent: str = "\n") -> str:
    """A value as JSON, each element of it in a line of its own, one column further in."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    inner = f"{indent} "
    if isinstance(value, dict):
        texts = [f"{quoted(str(name))}: {as_json(each, inner)}" for name, each in value.items()]
        return f"{{{inner}{f',{inner}'.join(texts)}{indent}}}" if texts else "{}"
    texts = [as_json(each, inner) for each in value]
    return f"[{inner}{f',{inner}'.join(texts)}{indent}]" if texts else "[]"


def as_rows(value: Any) -> Any:
    """What the schema has as rows, without what is so by default."""
    from msgspec import Struct, structs

    if isinstance(value, Struct):
        said = {field.name: (field, getattr(value, field.name)) for field in structs.fields(value)}
        return Row(
            type(value).__name__,
            **{
                name: as_rows(each)
                for name, (field, each) in said.items()
                if field.required or (each != field.default and each != {})
            },
        )
    if isinstance(value, dict):
        return {name: as_rows(each) for name, each in value.items()}
    return tuple(map(as_rows, value)) if isinstance(value, tuple) else value


def as_structs(value: Any) -> Any:
    """A value with its rows as what the schema has for them."""
    if isinstance(value, Row):
        from scmigen.runtime import schema

        struct = getattr(schema, value.struct)
        return struct(**{name: as_structs(each) for name, each in value.items()})
    if isinstance(value, dict):
        return {name: as_structs(each) for name, each in value.items()}
    return tuple(map(as_structs, value)) if isinstance(value, tuple) else value
