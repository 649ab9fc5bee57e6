"""Compiles a grammar with Lark into the tables that `lalr` runs. A wheel only has the tables."""

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from scmigen.devicetree.lalr import FLAGS, Tables
from scmigen.hints import Any
from scmigen.patterns import pattern

#: A repetition of a group, as Lark composes terminals out of others.
_REPETITION = pattern(r"(?<!\\)\)([*+?])(?![*+?])")


def compile_grammar(text: str, start: list[str], possessive: bool) -> Tables:
    """The tables of the grammar ``text`` for the start rules ``start``.

    ``possessive``: a repetition in a terminal keeps what it took, so that a text that does not
    match is refused in linear time. Raises `lark.exceptions.LarkError`.
    """
    lark = lark_of(text, start, possessive)
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    rules: list[tuple[str, list[bool]]] = []
    actions: list[dict[str, int]] = []
    jumps: list[dict[str, int]] = []
    numbers: dict[int, int] = {}
    states = _numbered(table, start)
    for state in states:
        actions.append({})
        jumps.append({})
        for name, (reduces, target) in _moves(table, state):
            if reduces:
                rule = target["@"]
                if rule not in numbers:
                    numbers[rule] = len(rules)
                    rules.append(_rule(memo[rule]))
                actions[-1][name] = ~numbers[rule]
            elif _is_terminal(name):
                actions[-1][name] = states[target]
            else:
                jumps[-1][name] = states[target]
    ends = ("start_states", "end_states")
    starts = {name: [states[table[end][name]] for end in ends] for name in start}
    scanned = sorted(lark.terminals, key=_preference)
    return Tables(
        dict(sorted(_terminals(lark, start).items())),
        [item.name for item in scanned],
        sorted(lark.ignore_tokens),
        rules,
        actions,
        jumps,
        starts,
    )


def _moves(table: dict[str, Any], state: int) -> list[tuple[str, tuple[int, Any]]]:
    """What follows a state: symbol, whether that reduces, and by which rule or to which state."""
    return sorted((table["tokens"][each], move) for each, move in table["states"][state].items())


def _numbered(table: dict[str, Any], start: list[str]) -> dict[int, int]:
    """Lark's number of a state → its number in the tables, in the order of those.

    Lark numbers them as its sets happen to be ordered; two wheels of one source must be the same.
    """
    found = dict.fromkeys(table["start_states"][name] for name in start)
    ahead = [*found]
    for state in ahead:
        new = [to for _, (reduces, to) in _moves(table, state) if not reduces and to not in found]
        found |= dict.fromkeys(new)
        ahead += new
    return {state: number for number, state in enumerate(found)}


def lark_of(
    text: str, start: list[str], possessive: bool, plugins: dict[str, Any] | None = None
) -> Lark:
    """Lark's own parser of the grammar, with ``plugins`` such as those of lark-cython."""
    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=start,
        edit_terminals=_possessive if possessive else None,
        g_regex_flags=FLAGS,
        propagate_positions=False,
        maybe_placeholders=False,
        _plugins=plugins or {},
    )


def _rule(rule: dict[str, Any]) -> tuple[str, list[bool]]:
    """A rule's name, and which of its symbols become part of the tree."""
    kept = [not symbol.get("filter_out", False) for symbol in rule["expansion"]]
    return rule["origin"]["name"], kept


def _is_terminal(name: str) -> bool:
    return name.lstrip("_").isupper()


def _preference(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """Lark's own order of terminals."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def _terminals(lark: Lark, start: list[str]) -> dict[str, str]:
    compiled, _, _ = lark.grammar.compile(start, "*")
    named = {item.name: _possessive(item).pattern.to_regexp() for item in compiled}
    return {**named, **{item.name: item.pattern.to_regexp() for item in lark.terminals}}


def _possessive(terminal: TerminalDef) -> TerminalDef:
    found = terminal.pattern
    if found.type == "re":
        found.value = _REPETITION.sub(r")\1+", found.value)
    return terminal
