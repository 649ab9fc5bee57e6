"""A C file, read with tree-sitter, as what :mod:`ir` keeps of it."""

import re
from collections import defaultdict
from collections.abc import Iterator

from .exits import fails
from .expressions import FORMS, Node, expression, inside, named, simple, text_of, tree, type_of
from .ir import UNKNOWN, Event, Expr, File, Function, Guard, Variable, every, identifiers
from .text import readable

_DECLARED = re.compile(
    r"^\s*((?:CLK|TIMER|CLOCKSOURCE|IRQCHIP|RESERVEDMEM|IOMMU)(?:_OF)?_DECLARE(?:_DRIVER)?)"
    r"\s*\(\s*\w+\s*,\s*\"([^\"]+)\"\s*,\s*(\w+)\s*\)",
    re.M,
)
_IRQ_MATCH = re.compile(r"^\s*(IRQCHIP_MATCH)\s*\(\s*\"([^\"]+)\"\s*,\s*(\w+)\s*\)", re.M)


def _declared_name(node: Node | None) -> tuple[str, bool, bool]:
    """Name, whether an array, whether a function, of a declarator."""
    array = function = False
    while node is not None and node.type not in (
        "identifier",
        "field_identifier",
        "type_identifier",
    ):
        array |= node.type == "array_declarator"
        function |= node.type == "function_declarator"
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next(
                (c for c in named(node) if c.type.endswith(("declarator", "identifier"))), None
            )
        node = inner
    return text_of(node), array, function


def _is_static(node: Node) -> bool:
    return any(
        c.type == "storage_class_specifier" and text_of(c) == "static" for c in node.children
    )


class _Reader:
    """Gathers what one file declares."""

    def __init__(self, path: str) -> None:
        self.file = File(path)

    def top(self, node: Node) -> None:
        """Everything below a translation unit or a branch of the preprocessor."""
        for child in node.named_children:
            kind = child.type
            if kind == "function_definition":
                self.function(child)
            elif kind == "declaration":
                self.declaration(child, None)
            elif kind == "type_definition":
                self.typedef(child)
            elif kind in ("struct_specifier", "union_specifier"):
                self.struct(child, "")
            elif kind == "enum_specifier":
                self.enum(child)
            elif kind in ("preproc_def", "preproc_function_def"):
                self.macro(child)
            elif kind == "preproc_include":
                self.file.includes += (text_of(child.child_by_field_name("path")).strip('"<>'),)
            elif kind.startswith("preproc") or kind in (
                "linkage_specification",
                "declaration_list",
                "ERROR",
            ):
                self.top(child)

    def macro(self, node: Node) -> None:
        name, value = (
            text_of(node.child_by_field_name("name")),
            text_of(node.child_by_field_name("value")),
        )
        value = re.sub(r"\\\n|/\*.*?\*/|//.*", " ", value, flags=re.S).strip()
        parameters = node.child_by_field_name("parameters")
        given = (
            []
            if parameters is None
            else [text_of(c) for c in parameters.children if c.type not in ("(", ")", ",")]
        )
        if node.type == "preproc_function_def":
            self.file.macros.setdefault(name, (tuple(given), value))
        elif value:
            constant = simple(value)
            if constant != UNKNOWN:
                self.file.constants.setdefault(name, constant)
            self.file.macros.setdefault(name, ((), value))

    def enum(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        previous: Expr = ("num", -1)
        for child in [] if body is None else named(body):
            for one in [child] if child.type == "enumerator" else named(child):
                if one.type != "enumerator":
                    continue
                value = one.child_by_field_name("value")
                if value is not None:
                    previous = expression(value)
                elif previous[0] == "num":
                    previous = ("num", previous[1] + 1)
                else:
                    previous = ("bin", "+", previous, ("num", 1))
                self.file.constants[text_of(one.child_by_field_name("name"))] = previous

    def struct(self, node: Node, tag: str) -> str:
        """Keeps the fields of a structure; its tag, or the one given for one without a name."""
        tag = text_of(node.child_by_field_name("name")) or tag
        body = node.child_by_field_name("body")
        if body is not None and tag:
            fields: dict[str, str] = {}
            self.fields(body, tag, fields)
            self.file.structs[tag] = fields
            self.file.order[tag] = tuple(fields)
        return tag

    def fields(self, body: Node, tag: str, fields: dict[str, str]) -> None:
        for child in named(body):
            if child.type.startswith("preproc"):
                self.fields(child, tag, fields)
            if child.type != "field_declaration":
                continue
            kind = child.child_by_field_name("type")
            names = [_declared_name(one)[0] for one in child.children_by_field_name("declarator")]
            if kind is not None and kind.type in ("struct_specifier", "union_specifier"):
                inner = kind.child_by_field_name("body")
                if inner is not None and not names:
                    self.fields(inner, tag, fields)
                    continue
                of = self.struct(kind, f"{tag}.{names[0]}" if names else "")
            else:
                of = type_of(child)
            if kind is not None and kind.type == "enum_specifier":
                self.enum(kind)
            fields.update(dict.fromkeys(names, of))

    def typedef(self, node: Node) -> None:
        kind = node.child_by_field_name("type")
        name = _declared_name(node.child_by_field_name("declarator"))[0]
        if kind is not None and kind.type in ("struct_specifier", "union_specifier"):
            self.file.typedefs[name] = self.struct(kind, name)
        elif kind is not None and kind.type == "enum_specifier":
            self.enum(kind)
        elif kind is not None and kind.type == "type_identifier":
            self.file.typedefs[name] = text_of(kind)

    def specifier(self, node: Node, prefix: str) -> str:
        """The type of a declaration, whose structure or enumeration may be spelt out in it."""
        kind = node.child_by_field_name("type")
        if kind is not None and kind.type in ("struct_specifier", "union_specifier"):
            return self.struct(kind, prefix)
        if kind is not None and kind.type == "enum_specifier":
            self.enum(kind)
        return type_of(node)

    def declaration(self, node: Node, within: "_Body | None") -> None:
        static = _is_static(node)
        first = node.child_by_field_name("declarator")
        kind = self.specifier(node, f"?{_declared_name(first)[0]}")
        for one in node.children_by_field_name("declarator"):
            name, array, function = _declared_name(one)
            value = one.child_by_field_name("value") if one.type == "init_declarator" else None
            if not name or (function and value is None and within is None):
                continue
            if within is not None:
                within.variables[name] = kind
                if value is not None and not (static and value.type == "initializer_list"):
                    within.assign(("id", name), value)
                if value is None or not (static and value.type == "initializer_list"):
                    continue
                within.variables.pop(name)
                within.names.add(name)
            if value is None and any(text_of(c) == "extern" for c in node.children):
                continue
            known = self.file.variables.get(name)
            if value is None and known is not None:
                continue
            content = UNKNOWN if value is None else expression(value)
            names = frozenset(identifiers(content))
            self.file.variables[name] = Variable(
                name, self.file.path, static, kind, content, array, names
            )

    def function(self, node: Node) -> None:
        declarator = node.child_by_field_name("declarator")
        name = _declared_name(declarator)[0]
        while declarator is not None and declarator.type != "function_declarator":
            declarator = declarator.child_by_field_name("declarator")
        body = node.child_by_field_name("body")
        if declarator is None or body is None or not name:
            return
        parameters = []
        listed = declarator.child_by_field_name("parameters")
        for one in [] if listed is None else named(listed):
            if one.type == "parameter_declaration":
                name_of = _declared_name(one.child_by_field_name("declarator"))[0]
                parameters.append((name_of, type_of(one)))
        within = _Body(self, dict(parameters))
        within.statements(body, ())
        names = frozenset(within.names - set(within.variables) - {n for n, _ in parameters})
        # The first one of several: the others stand for when its option is not chosen.
        if name in self.file.functions:
            return
        self.file.functions[name] = Function(
            name,
            self.file.path,
            _is_static(node),
            type_of(node),
            tuple(parameters),
            within.variables,
            tuple(within.events),
            names,
        )


_LEAVES = {"return_statement", "goto_statement", "continue_statement", "break_statement"}


class _Body:
    """The statements of one function, in order, with their conditions."""

    def __init__(self, reader: _Reader, variables: dict[str, str]) -> None:
        self.reader = reader
        self.variables = variables
        self.events: list[Event] = []
        self.names: set[str] = set()
        self.guards: tuple[Guard, ...] = ()

    def assign(self, left: Expr, value: Node) -> None:
        self.note(("asg", "=", left, expression(value)))

    def note(self, expr: Expr) -> None:
        """The assignments and calls within an expression, innermost last."""
        for one in every(expr):
            if one[0] == "call":
                self.events.append(Event("call", one[1], one[2], self.guards))
            elif one[0] == "asg":
                self.events.append(Event("asg", one[2], _set_to(one), self.guards))
            elif one[0] == "id":
                self.names.add(one[1])

    def statements(self, node: Node, guards: tuple[Guard, ...]) -> None:
        """All statements of a block; after one that may leave, its condition does not hold."""
        gone: dict[str, list[Guard]] = defaultdict(list)
        for child in node.named_children:
            if child.type == "labeled_statement":
                back = gone.get(text_of(child.child_by_field_name("label")), ())
                guards = tuple(one for one in guards if not any(one is other for other in back))
            self.guards = guards
            before = len(self.events)
            self.statement(child, guards)
            if child.type != "if_statement" or child.child_by_field_name("alternative") is not None:
                continue
            consequence = child.child_by_field_name("consequence")
            if _leaves(consequence):
                guard = self.leaving(child, consequence, before)
                guards = (*guards, guard)
                gone[_goes_to(consequence)].append(guard)

    def leaving(self, node: Node, consequence: Node | None, before: int) -> Guard:
        """What holds after an ``if`` whose block leaves."""
        condition = expression(node.child_by_field_name("condition"))
        asked = before + sum(one[0] in ("call", "asg") for one in every(condition))
        return Guard(condition, False, fails(condition, consequence), asked)

    def statement(self, node: Node, guards: tuple[Guard, ...]) -> None:
        self.guards = guards
        kind = node.type
        if kind == "declaration":
            self.reader.declaration(node, self)
        elif kind == "if_statement":
            self.if_statement(node, guards)
        elif kind == "switch_statement":
            self.switch(node, guards)
        elif kind == "return_statement":
            value = inside(node)
            self.note(value)
            self.events.append(Event("ret", UNKNOWN, value, guards))
        elif kind == "expression_statement":
            for child in named(node):
                self.note(expression(child))
        elif kind in (
            "compound_statement",
            "else_clause",
            "labeled_statement",
            "case_statement",
        ) or kind.startswith("preproc"):
            self.statements(node, guards)
        elif kind in ("for_statement", "while_statement", "do_statement"):
            self.loop(node, guards)
        elif kind == "ERROR":
            self.statements(node, guards)
        elif kind in FORMS:
            self.note(expression(node))

    def loop(self, node: Node, guards: tuple[Guard, ...]) -> None:
        for child in named(node):
            if child.type == "declaration":
                self.reader.declaration(child, self)
            elif child.type in FORMS:
                self.note(expression(child))
        body = node.child_by_field_name("body")
        counting = _counting(node)
        if counting is not None:
            guards = (*guards, Guard(counting, True, at=len(self.events)))
        if body is not None:
            self.statements(body, guards) if body.type == "compound_statement" else self.statement(
                body, guards
            )

    def if_statement(self, node: Node, guards: tuple[Guard, ...]) -> None:
        condition = expression(node.child_by_field_name("condition"))
        self.note(condition)
        then, other = (
            node.child_by_field_name("consequence"),
            node.child_by_field_name("alternative"),
        )
        at = len(self.events)
        if then is not None:
            self.statement(then, (*guards, Guard(condition, True, at=at)))
        if other is not None:
            self.statement(other, (*guards, Guard(condition, False, at=at)))

    def switch(self, node: Node, guards: tuple[Guard, ...]) -> None:
        condition = expression(node.child_by_field_name("condition"))
        self.note(condition)
        at = len(self.events)
        body = node.child_by_field_name("body")
        values: tuple[Expr, ...] = ()
        for child in [] if body is None else named(body):
            if child.type != "case_statement":
                continue
            value = child.child_by_field_name("value")
            values = (*values, UNKNOWN if value is None else expression(value))
            inside = [one for one in named(child) if one != value]
            others = () if UNKNOWN not in values else tuple(_cases(body, values))
            guard = Guard(("case", condition, values, others), True, at=at)
            self.statements(child, (*guards, guard))
            if any(
                one.type in _LEAVES or (one.type == "compound_statement" and _leaves(one))
                for one in inside
            ):
                values = ()


def _cases(body: Node | None, values: tuple[Expr, ...]) -> Iterator[Expr]:
    """The values of a switch that have a case of their own."""
    for child in [] if body is None else named(body):
        value = child.child_by_field_name("value")
        if value is not None and expression(value) not in values:
            yield expression(value)


def _set_to(expr: Expr) -> Expr:
    """What an assignment sets its left side to, as far as that is known without what it was."""
    _, operator, _, value = expr
    return value if operator == "=" else ("or", value) if operator == "|=" else UNKNOWN


def _counting(node: Node) -> Expr | None:
    """The loop of a ``for`` whose variable goes up or down by one."""
    start = node.child_by_field_name("initializer")
    update = node.child_by_field_name("update")
    if start is None or update is None:
        return None
    first: dict[Expr, Expr] = {}
    if start.type == "declaration":
        for one in start.children_by_field_name("declarator"):
            value = one.child_by_field_name("value")
            first["id", _declared_name(one)[0]] = expression(value)
    else:
        begun = every(expression(start))
        first = {set_to[2]: set_to[3] for set_to in begun if set_to[:2] == ("asg", "=")}
    condition = expression(node.child_by_field_name("condition"))
    for step in every(expression(update)):
        if step[0] == "asg" and step[3] == ("num", 1) and step[2][0] == "id" and step[2] in first:
            return ("loop", step[2], first[step[2]], condition, 1 if step[1] == "+=" else -1)
    return None


def _leaves(node: Node | None) -> bool:
    """A statement that always goes elsewhere."""
    if node is None:
        return False
    if node.type == "compound_statement":
        inner = named(node)
        return bool(inner) and inner[-1].type in _LEAVES
    return node.type in _LEAVES


def _goes_to(node: Node | None) -> str:
    """The label that a statement ends by going to, "" without one."""
    while node is not None and node.type == "compound_statement":
        node = named(node)[-1]
    if node is None or node.type != "goto_statement":
        return ""
    return text_of(node.child_by_field_name("label"))


def parse(path: str, text: str) -> File:
    """What the file ``path`` (below the root of the source) says."""
    text = readable(text)
    root = tree(text)
    reader = _Reader(path)
    reader.file.damaged = root.has_error
    reader.top(root)
    found = _DECLARED.findall(text) + _IRQ_MATCH.findall(text)
    reader.file.declared = tuple(found)
    return reader.file
