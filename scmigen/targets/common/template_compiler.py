"""Templates as plain Python: jinja2 reads them, and filling them in needs nothing of it.

A wheel has what this makes of ``templates/`` as modules (``hatch_build.py``); a source tree makes
it when it is first used (`scmigen.targets.common.template_source`). Of each template there is a
function of a context and of filters, both by name, that returns the text. A template may use what
`_Writer` has a line for; anything else is a `TemplateError`, with the line in the template.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from jinja2 import Environment, nodes

from scmigen.tuples import NamedTuple

_BEGINNING = '''\
"""Templates of ``{folder}/``, as scmigen.targets.common.template_compiler writes them."""

from scmigen.targets.common.filling import counted, defined, get, grouped, item, joined, look

'''

_OPERATORS = {
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "gteq": ">=",
    "lt": "<",
    "lteq": "<=",
    "in": "in",
    "notin": "not in",
}
#: What jinja2 has beside a template's own context.
_GLOBALS = frozenset({"range"})
#: jinja2's filter → Python of its value and of its arguments; other filters are looked up by name.
_FILTERS = {
    "capitalize": "str({}).capitalize()",
    "format": "(str({}) % ({},))",
    "groupby": "grouped({}, {})",
    "int": "int({})",
    "join": "joined({}, {})",
    "length": "len({})",
    "list": "list({})",
    "lower": "str({}).lower()",
    "max": "max({})",
    "replace": "str({}).replace({})",
    "upper": "str({}).upper()",
}


class TemplateError(ValueError):
    """A template has what cannot be compiled."""


class _Macro(NamedTuple):
    """A macro as a function; ``context``: Python of the context that it is called with."""

    function: str
    context: str


def module_source(folder: str, texts: Mapping[str, str]) -> str:
    """The source of a module that has the templates of a folder as ``TEMPLATES``: name → function.

    ``texts``: name (``scp/macros.j2``) → text. Raises `TemplateError`.
    """
    environment = Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    parsed = {name: environment.parse(text, name) for name, text in sorted(texts.items())}
    macros = {name: _macros_of(name, tree) for name, tree in parsed.items()}
    lines: list[str] = []
    for name, tree in parsed.items():
        known = macros[name] | _imported(name, tree, macros)
        top = {each.name for node in tree.body for each in _targets(node)}
        for macro in tree.find_all(nodes.Macro):
            lines += _Writer(name, known, top).macro(macro)
        lines += _Writer(name, known, ()).template(tree)
    table = [f"    {name!r}: {_identifier(name)},\n" for name in parsed]
    return "".join([_BEGINNING.format(folder=folder), *lines, "TEMPLATES = {\n", *table, "}\n"])


def _targets(node: nodes.Node) -> Iterator[nodes.Name]:
    """What an assignment gives values to; nothing for other nodes."""
    if isinstance(node, nodes.Assign):
        parts = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
        yield from (each for each in parts if isinstance(each, nodes.Name))


def _identifier(name: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in name.removesuffix(".j2"))


def _macros_of(name: str, tree: nodes.Template) -> dict[str, _Macro]:
    return {
        each.name: _Macro(f"{_identifier(name)}__{each.name}", "c")
        for each in tree.find_all(nodes.Macro)
    }


def _imported(
    name: str, tree: nodes.Template, macros: Mapping[str, Mapping[str, _Macro]]
) -> dict[str, _Macro]:
    found: dict[str, _Macro] = {}
    for node in tree.find_all(nodes.FromImport):
        there = node.template.value if isinstance(node.template, nodes.Const) else ""
        for word in node.names:
            macro = macros.get(there, {}).get(word) if isinstance(word, str) else None
            if macro is None or not isinstance(word, str):
                raise TemplateError(f"{name}:{node.lineno}: no macro {word!r} in {there}")
            found[word] = macro._replace(context="c" if node.with_context else "{}")
    return found


class _Scope(dict[str, str]):
    """The names that a template, a macro or the body of a loop gives values: name → variable."""


class _Writer:
    """Writes the function of one template or macro; grows as it goes."""

    def __init__(self, name: str, macros: Mapping[str, _Macro], barred: Collection[str]):
        self._name = name
        self._macros = macros
        #: What the template around a macro sets, which is not the macro's to read.
        self._barred = barred
        self._context: dict[str, str] = {}
        self._filters: dict[str, str] = {}
        self._scopes = [_Scope()]
        self._loops: list[str] = []
        self._count = 0
        self._lines: list[str] = []
        #: Text that is not written yet, and the expressions in it.
        self._text: list[str] = []
        self._values: list[str] = []

    def template(self, tree: nodes.Template) -> list[str]:
        """The function of a template."""
        self._body(tree.body, 1)
        return self._function(f"def {_identifier(self._name)}(c, f):\n")

    def macro(self, node: nodes.Macro) -> list[str]:
        """The function of a macro."""
        self._scopes[0].update({each.name: f"{each.name}_" for each in node.args})
        parameters = ["c", "f", *self._scopes[0].values()]
        for number, default in enumerate(node.defaults, len(parameters) - len(node.defaults)):
            parameters[number] += f"={self._constant(default)}"
        self._body(node.body, 1)
        return self._function(f"def {self._macros[node.name].function}({', '.join(parameters)}):\n")

    def _function(self, head: str) -> list[str]:
        looked = [f"    {to} = look(c, {name!r})\n" for name, to in self._context.items()]
        filters = [f"    {to} = f[{name!r}]\n" for name, to in self._filters.items()]
        begin = [*looked, *filters, "    w = []\n", "    add = w.append\n"]
        return [head, *begin, *self._lines, '    return "".join(w)\n', "\n\n"]

    def _wrong(self, node: nodes.Node, what: str) -> TemplateError:
        return TemplateError(f"{self._name}:{node.lineno}: {what}")

    def _unknown(self, node: nodes.Node) -> TemplateError:
        return self._wrong(node, f"{type(node).__name__} is not compiled")

    # Statements

    def _line(self, depth: int, text: str) -> None:
        self._flush(depth)
        self._lines.append(f"{'    ' * depth}{text}\n")

    def _flush(self, depth: int) -> None:
        """Write what text there is."""
        text, values = "".join(self._text), self._values
        self._text, self._values = [], []
        if not text:
            return
        indent = "    " * (depth + 1)
        parts = [repr(line) for line in text.splitlines(keepends=True)]
        self._lines.append(f"{'    ' * depth}add(\n{indent}")
        self._lines.append(f"\n{indent}".join(parts))
        if values:
            inner = "".join(f"{indent}    {value},\n" for value in values)
            self._lines.append(f"\n{indent}% (\n{inner}{indent})")
        else:
            self._lines[-1] = f"\n{indent}".join(part.replace("%%", "%") for part in parts)
        self._lines.append(f"\n{'    ' * depth})\n")

    def _body(self, body: list[nodes.Node], depth: int) -> None:
        before = len(self._lines)
        for node in body:
            self._statement(node, depth)
        self._flush(depth)
        if len(self._lines) == before:
            self._line(depth, "pass")

    def _statement(self, node: nodes.Node, depth: int) -> None:
        match node:
            case nodes.Output():
                for each in node.nodes:
                    self._output(each)
            case nodes.If():
                self._if(node, depth)
            case nodes.For():
                self._for(node, depth)
            case nodes.Assign():
                value = self._expression(node.node)
                self._line(depth, f"{self._target(node.target, self._scopes[-1])} = {value}")
            case nodes.Include():
                self._values.append(self._include(node))
                self._text.append("%s")
            case nodes.Macro() | nodes.FromImport() if depth == 1 and len(self._scopes) == 1:
                pass
            case _:
                raise self._unknown(node)

    def _output(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.TemplateData):
            self._text.append(node.data.replace("%", "%%"))
        elif isinstance(node, nodes.Const) and isinstance(node.value, str):
            self._text.append(node.value.replace("%", "%%"))
        else:
            self._values.append(self._expression(node))
            self._text.append("%s")

    def _if(self, node: nodes.If, depth: int) -> None:
        # What a branch sets is there behind it, too, and as it was if another one is taken.
        for target in _set_in(node):
            if target.name not in self._scopes[-1]:
                before = self._variable(target)
                self._line(depth, f"{self._target(target, self._scopes[-1])} = {before}")
        self._line(depth, f"if {self._expression(node.test)}:")
        self._body(node.body, depth + 1)
        for each in node.elif_:
            self._line(depth, f"elif {self._expression(each.test)}:")
            self._body(each.body, depth + 1)
        if node.else_:
            self._line(depth, "else:")
            self._body(node.else_, depth + 1)

    def _for(self, node: nodes.For, depth: int) -> None:
        if node.recursive:
            raise self._unknown(node)
        values = self._expression(node.iter)
        self._count += 1
        number = self._count
        scope = _Scope()
        target = self._target(node.target, scope)
        self._scopes.append(scope)
        if node.test is not None:
            values = f"({target} for {target} in {values} if {self._expression(node.test)})"
        used = {each.attr for each in _loop_uses(node.body)}
        if "last" in used:
            target, values = f"index_{number}, last_{number}, {target}", f"counted({values})"
        elif used:
            target, values = f"index_{number}, {target}", f"enumerate({values})"
        if node.else_:
            self._line(depth, f"empty_{number} = True")
        self._line(depth, f"for {target} in {values}:")
        if node.else_:
            self._line(depth + 1, f"empty_{number} = False")
        self._loops.append(str(number))
        self._body(node.body, depth + 1)
        self._loops.pop()
        self._scopes.pop()
        if node.else_:
            self._line(depth, f"if empty_{number}:")
            self._body(node.else_, depth + 1)

    def _target(self, node: nodes.Node, scope: _Scope) -> str:
        """Variables that get values, as names of ``scope``."""
        if isinstance(node, nodes.Tuple):
            return f"({', '.join(self._target(each, scope) for each in node.items)},)"
        if not isinstance(node, nodes.Name):
            raise self._unknown(node)
        if node.name not in scope:
            around = sum(node.name in each for each in self._scopes if each is not scope)
            scope[node.name] = f"{node.name}_{around + 1 if around else ''}"
        return scope[node.name]

    # Expressions

    def _expressions(self, found: Sequence[nodes.Node]) -> str:
        return ", ".join(map(self._expression, found))

    def _expression(self, node: nodes.Node) -> str:
        """Python for an expression, such that it can stand anywhere."""
        of = self._expression
        match node:
            case nodes.Const():
                return repr(node.value)
            case nodes.Name():
                return self._variable(node)
            case nodes.Getattr(node=nodes.Name(name="loop")):
                return self._loop(node)
            case nodes.Getattr():
                return f"get({of(node.node)}, {node.attr!r})"
            case nodes.Getitem(arg=nodes.Slice(start=start, stop=stop, step=step)):
                ends = (start, stop, step)
                return (
                    f"{of(node.node)}[{':'.join('' if end is None else of(end) for end in ends)}]"
                )
            case nodes.Getitem():
                return f"item({of(node.node)}, {of(node.arg)})"
            case nodes.Call():
                return self._call(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Test():
                return self._test(node)
            case nodes.CondExpr():
                other = "''" if node.expr2 is None else of(node.expr2)
                return f"({of(node.expr1)} if {of(node.test)} else {other})"
            case _:
                return self._compound(node)

    def _compound(self, node: nodes.Node) -> str:
        of = self._expression
        match node:
            case nodes.Compare():
                rest = "".join(f" {_OPERATORS[op.op]} {of(op.expr)}" for op in node.ops)
                return f"({of(node.expr)}{rest})"
            case nodes.Concat():
                return f"({' + '.join(map(self._text_of, node.nodes))})"
            case nodes.Not():
                return f"(not {of(node.node)})"
            case nodes.BinExpr():
                return f"({of(node.left)} {node.operator} {of(node.right)})"
            case nodes.Tuple():
                return f"({self._expressions(node.items)}{',' if len(node.items) == 1 else ''})"
            case nodes.List():
                return f"[{self._expressions(node.items)}]"
            case nodes.Dict():
                pairs = ", ".join(f"{of(each.key)}: {of(each.value)}" for each in node.items)
                return f"{{{pairs}}}"
            case _:
                raise self._unknown(node)

    def _text_of(self, node: nodes.Node) -> str:
        text = self._expression(node)
        is_text = isinstance(node, nodes.Const) and isinstance(node.value, str)
        return text if is_text else f"str({text})"

    def _constant(self, node: nodes.Node) -> str:
        if not isinstance(node, nodes.Const):
            raise self._unknown(node)
        return repr(node.value)

    def _variable(self, node: nodes.Name) -> str:
        name = node.name
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        if name in self._macros or name in self._barred or name == "loop":
            raise self._wrong(node, f"{name} is no value here")
        if name in _GLOBALS:
            return name
        return self._context.setdefault(name, f"c_{name}")

    def _loop(self, node: nodes.Getattr) -> str:
        if not self._loops:
            raise self._wrong(node, "there is no loop")
        number = self._loops[-1]
        match node.attr:
            case "first":
                return f"(index_{number} == 0)"
            case "index":
                return f"(index_{number} + 1)"
            case "index0":
                return f"index_{number}"
            case "last":
                return f"last_{number}"
            case _:
                raise self._wrong(node, f"loop.{node.attr} is not compiled")

    def _arguments(self, node: nodes.Call | nodes.Filter, keyword: str = "{}") -> list[str]:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise self._unknown(node)
        named = [
            f"{keyword.format(each.key)}={self._expression(each.value)}" for each in node.kwargs
        ]
        return [*map(self._expression, node.args), *named]

    def _call(self, node: nodes.Call) -> str:
        if isinstance(node.node, nodes.Name):
            macro = self._macros.get(node.node.name)
            if macro is not None:
                arguments = [macro.context, "f", *self._arguments(node, "{}_")]
                return f"{macro.function}({', '.join(arguments)})"
        return f"{self._expression(node.node)}({', '.join(self._arguments(node))})"

    def _filter(self, node: nodes.Filter) -> str:
        if node.node is None:
            raise self._unknown(node)
        value, arguments = self._expression(node.node), self._arguments(node)
        if node.name in ("selectattr", "rejectattr"):
            return self._select(node, value)
        if node.name in _FILTERS:
            return _FILTERS[node.name].format(value, ", ".join(arguments))
        function = self._filters.setdefault(node.name, f"f_{node.name}")
        return f"{function}({', '.join([value, *arguments])})"

    def _select(self, node: nodes.Filter, values: str) -> str:
        """Those of ``values`` whose attribute is true, or equal to something."""
        found = "each"
        for name in self._attribute(node).split("."):
            found = f"item({found}, {name!r})"
        match node.args[1:]:
            case []:
                pass
            case [nodes.Const(value="equalto"), other]:
                found = f"({found} == {self._expression(other)})"
            case _:
                raise self._unknown(node)
        negated = "not " if node.name == "rejectattr" else ""
        return f"(each for each in {values} if {negated}{found})"

    def _attribute(self, node: nodes.Filter) -> str:
        first = node.args[0] if node.args else None
        if not isinstance(first, nodes.Const) or not isinstance(first.value, str):
            raise self._unknown(node)
        return first.value

    def _test(self, node: nodes.Test) -> str:
        match node.name:
            case "none":
                return f"({self._expression(node.node)} is None)"
            case "defined":
                return f"defined({self._expression(node.node)})"
            case _:
                raise self._wrong(node, f"the test {node.name} is not compiled")

    def _include(self, node: nodes.Include) -> str:
        if node.ignore_missing or not node.with_context:
            raise self._unknown(node)
        names = {name: to for scope in self._scopes for name, to in scope.items()}
        own = ", ".join(f"{name!r}: {to}" for name, to in names.items())
        return f"TEMPLATES[{self._expression(node.template)}]({{**c, {own}}}, f)"


def _set_in(branches: nodes.If) -> Iterator[nodes.Name]:
    """What the branches of a condition set, but for the loops in them."""
    for node in branches.iter_child_nodes():
        if isinstance(node, nodes.If):
            yield from _set_in(node)
        else:
            yield from _targets(node)


def _loop_uses(body: list[nodes.Node]) -> Iterator[nodes.Getattr]:
    """Where the body of a loop asks for that loop, not for one inside it."""
    for node in body:
        match node:
            case nodes.Getattr(node=nodes.Name(name="loop")):
                yield node
            case nodes.For():
                yield from _loop_uses([node.iter, *node.else_])
            case _:
                yield from _loop_uses(list(node.iter_child_nodes()))
