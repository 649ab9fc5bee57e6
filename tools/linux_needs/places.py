"""The places that a driver assigns to, by the type of the structure and the name of the member.

Two expressions of one key may be the same memory; that they need not be is what makes an answer
a possible one.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from .calls import BULK, FORMATS, PROPERTY, SAME
from .ir import UNKNOWN, Event, Expr, Function, every, parts
from .reach import Reach
from .source import Source

_MANY = 64

#: A place that is assigned to: the member of a structure, or a variable.
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A function as it is looked at: who called it so, and the values of its loop variables."""

    function: Function | None
    path: str
    arguments: tuple[Expr, ...] | None = None
    caller: "Frame | None" = None
    bound: tuple[tuple[str, int], ...] = ()

    @property
    def depth(self) -> int:
        """How many calls deep."""
        return 0 if self.caller is None else 1 + self.caller.depth


@dataclass(frozen=True, slots=True)
class Assigned:
    """An assignment to a key: index expressions, value, frame, the event."""

    indices: tuple[Expr, ...]
    value: Expr
    frame: Frame
    event: Event | None


class Places:
    """What is assigned where, within what one compatible reaches."""

    def __init__(self, source: Source, reach: Reach) -> None:
        self.source = source
        self.reach = reach
        self.assigned: dict[Key, list[Assigned]] = defaultdict(list)
        #: Calls that read a property of the node into a place.
        self.read: dict[Key, list[tuple[Frame, Event]]] = defaultdict(list)
        self._outs: dict[tuple[str, str], list[tuple[str, Assigned]]] = defaultdict(list)
        self._calls: dict[str, list[tuple[Frame, Event]]] = defaultdict(list)
        self._pointers: dict[Key, list[tuple[Frame, Event]]] = defaultdict(list)
        self._called: dict[Function, tuple[list[tuple[Frame, Event]], bool]] = {}
        self._index()

    # --- what there is -----------------------------------------------------------------------

    def _index(self) -> None:
        for function in self.reach.functions.values():
            frame = Frame(function, function.path)
            for event in function.events:
                if event.kind == "asg":
                    self._note(event, frame)
                elif event.kind == "call":
                    self._call(event, frame)
        for variable in self.reach.variables.values():
            frame = Frame(None, variable.path)
            self._initialiser(variable.type, variable.value, frame, variable.path, variable.array)
        self._out_parameters()
        self._read_through()

    def _call(self, event: Event, frame: Frame) -> None:
        target = event.left
        if target[0] == "id":
            self._calls[target[1]].append((frame, event))
            into = FORMATS.get(target[1], (None, 0))[0]
            if into is not None and len(event.right) > into:
                key, indices = self.key(event.right[into], frame)
                made = ("call", target, event.right)
                self.assigned[key].append(Assigned(indices, made, frame, event))
        elif target[0] == "deref":
            target = target[1]
        if target[0] == "id" and PROPERTY.fullmatch(target[1]):
            for argument in event.right[2:]:
                if argument[0] in ("addr", "field", "id", "idx"):
                    self.read[self.key(argument, frame)[0]].append((frame, event))
        if target[0] == "field":
            self._pointers[self.key(target, frame)[0]].append((frame, event))

    def _note(self, event: Event, frame: Frame) -> None:
        if event.right == UNKNOWN:
            return
        key, indices = self.key(event.left, frame)
        assigned = Assigned(indices, event.right, frame, event)
        if key[0] == "p":
            self._outs[frame.path, str(key[2])].append((str(key[3]), assigned))
        self.assigned[key].append(assigned)
        right = event.right
        while right[0] == "cast":
            kind, right = right[1], right[2]
            if right[0] == "init":
                self._initialiser(kind, right, frame, frame.path, False, event)
        if right[0] == "init" and event.left[0] == "id":
            function = frame.function
            kind = "" if function is None else function.variables.get(event.left[1], "")
            self._initialiser(kind, right, frame, frame.path, True, event)

    def _initialiser(
        self,
        tag: str,
        value: Expr,
        frame: Frame,
        path: str,
        array: bool,
        event: Event | None = None,
    ) -> None:
        """The members that an initialiser sets."""
        if value[0] == "call":
            value = self.source.expanded(path, value)
        if value[0] == "cast":
            value = value[2]
        if value[0] != "init" or not tag:
            return
        if array and all(not isinstance(key, str) for key, _ in value[1]):
            inner = [item for _, item in value[1]]
            if any(self.opened(item, path)[0] == "init" for item in inner):
                for item in inner:
                    self._initialiser(tag, item, frame, path, False, event)
                return
        found = self.source.struct(path, tag)
        if found is None:
            return
        place, fields = found
        for name, item in fields_of(found, value):
            if name not in fields:
                continue
            self.assigned["m", place, tag, name].append(Assigned((), item, frame, event))
            opened = self.opened(item, path)
            if opened[0] == "init" and fields[name]:
                self._initialiser(fields[name], opened, frame, path, True, event)

    def opened(self, value: Expr, path: str) -> Expr:
        """A value without its cast, or with its macro expanded."""
        if value[0] == "call":
            return self.source.expanded(path, value)
        return value[2] if value[0] == "cast" else value

    def _out_parameters(self) -> None:
        """What a function assigns through its parameters, noted for what its callers pass."""
        for _ in range(3):
            for (path, name), assignments in list(self._outs.items()):
                for frame, event in self._calls.get(name, ()):
                    functions = self.source.defined(frame.path, name)
                    for function in functions:
                        if function.path == path and frame.depth < 4:
                            self._pass(function, assignments, frame, event)

    def _pass(
        self,
        function: Function,
        assignments: list[tuple[str, Assigned]],
        frame: Frame,
        event: Event,
    ) -> None:
        names = [one for one, _ in function.parameters]
        for parameter, assigned in list(assignments):
            if parameter not in names or names.index(parameter) >= len(event.right):
                continue
            argument = event.right[names.index(parameter)]
            key, indices = self.key(argument, frame)
            inner = Frame(function, function.path, event.right, frame)
            new = Assigned((*indices, *assigned.indices), assigned.value, inner, event)
            if key[0] == "p":
                pair = (str(key[3]), new)
                known = self._outs[frame.path, str(key[2])]
                if len(known) < _MANY and pair not in known:
                    known.append(pair)
            if new not in self.assigned[key]:
                self.assigned[key].append(new)

    def _read_through(self) -> None:
        """Places that a function reads a property into by a parameter, as its callers name them."""
        for key in [key for key in self.read if key[0] == "p"]:
            _, path, name, parameter = key
            for frame, event in self._calls.get(str(name), ()):
                for function in self.source.defined(frame.path, str(name)):
                    names = [one for one, _ in function.parameters]
                    at = names.index(str(parameter)) if function.path == path else len(event.right)
                    if at < len(event.right):
                        place = self.key(event.right[at], frame)[0]
                        self.read[place].extend(self.read[key])

    def uses(self, function: Function) -> Iterator[tuple[Frame | None, Event | None]]:
        """Where a function is called or passed on; without an event if a table names it."""
        for variable in self.reach.variables.values():
            if function.name in variable.names and self._means(variable.path, function):
                yield None, None
        for one in self.reach.functions.values():
            if function.name in one.names and self._means(one.path, function):
                frame = Frame(one, one.path)
                for event in one.events:
                    if _concerns(event, function.name):
                        yield frame, event

    def _means(self, path: str, function: Function) -> bool:
        return any(one is function for one in self.source.defined(path, function.name))

    def calls(self, name: str) -> list[tuple[Frame, Event]]:
        """The calls of a name."""
        return self._calls.get(name, [])

    def callers(self, function: Function) -> tuple[list[tuple[Frame, Event]], bool]:
        """The calls of a function, also through a member that it was assigned to, and whether they
        are all: the kernel calls what it was given.
        """
        if function not in self._called:
            direct = [
                (frame, event)
                for frame, event in self._calls.get(function.name, ())
                if self._means(frame.path, function)
            ]
            through = [
                call
                for key, calls in self._pointers.items()
                if any(one.value == ("id", function.name) for one in self.assigned.get(key, ()))
                for call in calls
            ]
            given = any(
                event is None or event.left != ("id", function.name)
                for _, event in self.uses(function)
            )
            whole = bool(through) or (bool(direct) and not given)
            self._called[function] = [*direct, *through], whole
        return self._called[function]

    def type(self, expr: Expr, frame: Frame, depth: int = 0) -> tuple[str, str]:
        """Where the structure that an expression is, or points to, is defined, and its tag."""
        form = expr[0]
        if depth > 8:
            return "", ""
        if form in ("idx", "deref", "addr"):
            return self.type(expr[1], frame, depth + 1)
        if form == "field":
            base = self.type(expr[1], frame, depth + 1)
            found = self.source.struct(*base) if base[1] else None
            return (found[0], found[1].get(expr[2], "")) if found is not None else ("", "")
        if form == "cast":
            return (frame.path, expr[1]) if expr[1] else self.type(expr[2], frame, depth + 1)
        if form == "cond":
            return self.type(expr[3], frame, depth + 1)
        if form == "bin" and expr[1] in "+-":
            return self.type(expr[2], frame, depth + 1)
        if form == "id":
            return self._type_of_name(expr[1], frame)
        if form == "call" and expr[1][0] == "id":
            return self._type_of_call(expr, frame, depth)
        return "", ""

    def _type_of_name(self, name: str, frame: Frame) -> tuple[str, str]:
        function = frame.function
        if function is not None and name in function.variables:
            return function.path, function.variables[name]
        variable = self.source.variable(frame.path, name)
        return ("", "") if variable is None else (variable.path, variable.type)

    def _type_of_call(self, expr: Expr, frame: Frame, depth: int) -> tuple[str, str]:
        for argument in expr[2]:
            if argument[0] == "type":
                return frame.path, argument[1]
        name = expr[1][1]
        if name in SAME and len(expr[2]) > SAME[name]:
            return self.type(expr[2][SAME[name]], frame, depth + 1)
        functions = self.source.defined(frame.path, name)
        if functions:
            return functions[0].path, functions[0].returns
        macro = self.source.macro(frame.path, name)
        if macro is not None:
            inner = self.source.expanded(frame.path, expr)
            if inner != UNKNOWN:
                return self.type(inner, frame, depth + 1)
        return "", ""

    def key(self, expr: Expr, frame: Frame, depth: int = 0) -> tuple[Key, tuple[Expr, ...]]:
        """The place that an expression names, and the indices on the way to it."""
        form = expr[0]
        if depth > 12:
            return ("?",), ()
        if form == "idx":
            key, indices = self.key(expr[1], frame, depth + 1)
            return key, (*indices, expr[2])
        if form in ("addr", "deref"):
            return self.key(expr[1], frame, depth + 1)
        if form == "cast":
            return self.key(expr[2], frame, depth + 1)
        if form == "bin" and expr[1] == "+":
            key, indices = self.key(expr[2], frame, depth + 1)
            return key, (*indices, expr[3])
        if form == "field":
            return self._key_of_member(expr, frame, depth)
        if form == "id":
            return self._key_of_name(expr[1], frame), ()
        return ("?",), ()

    def _key_of_member(self, expr: Expr, frame: Frame, depth: int) -> tuple[Key, tuple[Expr, ...]]:
        place, tag = self.type(expr[1], frame)
        if tag in BULK:
            key, indices = self.key(self._aliased(expr[1], frame), frame, depth + 1)
            return (*key, expr[2]), indices
        if tag:
            found = self.source.struct(place, tag)
            if found is not None and expr[2] in found[1]:
                base = expr[1]
                indices = self.key(base, frame, depth + 1)[1] if base[0] == "idx" else ()
                return ("m", found[0], tag, expr[2]), indices
        return ("m", "", frame.path, expr[2]), ()

    def _aliased(self, expr: Expr, frame: Frame) -> Expr:
        """A local pointer as what it was set to, once."""
        for _ in range(4):
            if expr[0] != "id" or frame.function is None or expr[1] not in frame.function.variables:
                return expr
            given = [
                event.right
                for event in frame.function.events
                if event.kind == "asg"
                and event.left == expr
                and event.right[0] in ("field", "addr", "id", "idx")
            ]
            if len(given) != 1:
                return expr
            expr = given[0]
        return expr

    def _key_of_name(self, name: str, frame: Frame) -> Key:
        function = frame.function
        if function is not None:
            if any(name == one for one, _ in function.parameters):
                return ("p", function.path, function.name, name)
            if name in function.variables:
                return ("l", function.path, function.name, name)
        variable = self.source.variable(frame.path, name)
        return ("v", frame.path, name) if variable is None else ("v", variable.path, variable.name)


def fields_of(found: tuple[str, dict[str, str]], value: Expr) -> Iterator[tuple[str, Expr]]:
    """The members that the initialiser of a structure names, or sets by their order."""
    order = tuple(found[1])
    at = 0
    for key, item in value[1]:
        if isinstance(key, str):
            at = order.index(key) if key in order else at
            yield key, item
        elif key is None and at < len(order):
            yield order[at], item
        at += 1


def _concerns(event: Event, name: str) -> bool:
    if event.kind == "call":
        return event.left == ("id", name) or any(mentions(one, name) for one in event.right)
    return mentions(event.right, name)


def mentions(expr: Expr, name: str) -> bool:
    """Whether a name stands in an expression, but as what is called."""
    if expr[0] == "id":
        return bool(expr[1] == name)
    if expr[0] == "call":
        return any(mentions(one, name) for one in expr[2])
    return any(mentions(one, name) for one in parts(expr))


def in_turn(frame: Frame, name: str, number: int) -> Frame:
    """The frame in the turn of a loop in which a variable is that number."""
    given = (*frame.bound, (name, number))
    return Frame(frame.function, frame.path, frame.arguments, frame.caller, given)


def called_from(assigned: Frame, frame: Frame | None) -> Frame:
    """The frame of an assignment, called as the frame is that asks for a variable of its own."""
    if frame is None:
        return assigned
    if assigned.function is frame.function:
        return frame
    caller = assigned.caller
    if caller is not None and caller.function is frame.function:
        return Frame(assigned.function, assigned.path, assigned.arguments, frame, assigned.bound)
    return assigned


def first_of_counter(assigned: Assigned, given: Expr, at: int) -> str:
    """Whether an assignment to ``x[n++]`` is that of an element: the first one is of element 0."""
    function, event = assigned.frame.function, assigned.event
    events = () if function is None else function.events
    places = [one for one in events if one.kind == "asg" and given in every(one.left)]
    if event is None or not places:
        return "perhaps"
    if event is places[0]:
        return "no" if at else "yes"
    before = all(guard in event.guards for guard in places[0].guards)
    return "no" if before and at == 0 else "perhaps"


def counts(expr: Expr, frame: Frame) -> bool:
    """Whether an expression is a variable that a loop of its function counts up."""
    if expr[0] != "id" or frame.function is None:
        return False
    return any(
        event.kind == "asg" and event.left == expr and event.right == UNKNOWN
        for event in frame.function.events
    )
