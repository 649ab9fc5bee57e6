"""The text of a C file, made readable for a grammar that has no preprocessor.

Words that only the compiler or sparse understands go; what is left has the same lines.
"""

import re

_WORDS = re.compile(
    r"\b(?:__init|__exit|__initdata|__initconst|__exitdata|__refdata|__ref|__iomem|__user|__rcu|__percpu|__force|"
    r"__maybe_unused|__always_unused|__used|__must_check|__ro_after_init|__read_mostly|__cold|__hot|__packed|"
    r"__weak|__always_inline|noinline|asmlinkage|__devinit|__visible|__pure|__private|__bitwise|__net_init|"
    r"__sched|__nocast|__sysfs_match|__cacheline_aligned|____cacheline_aligned\w*|__no_sanitize\w*|"
    r"noinline_for_stack|__noreturn|__designated_init|__randomize_layout|__nonstring|__maybe_unused)\b"
)
_CALLED = re.compile(
    r"\b(?:__free|__counted_by|__counted_by_le|__counted_by_be|__aligned|__attribute__|__acquires|__releases|"
    r"__must_hold|__printf|__section|__alloc_size|__guarded_by|__cond_acquires|__returns_nonnull)\s*"
    r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
)
_TYPE_ARGUMENT = re.compile(r"(,\s*)struct(\s+)(\w+)(?=\s*[,)])")
_MODULE_STRING = re.compile(
    r"^(?:MODULE_\w+|EXPORT_\w+|DEFINE_(?:\w+_)?(?:FOPS|ATTRIBUTE)\w*)\s*\([^;]*?\)\s*;?", re.M
)


_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif|endif)\b(.*)$", re.M)


def _without_dead(text: str) -> str:
    """The text without what stands below ``#if 0``."""
    if not re.search(r"^[ \t]*#[ \t]*if[ \t]+0\b", text, re.M):
        return text
    kept, at, depth, dead = [], 0, 0, 0
    for match in _DIRECTIVE.finditer(text):
        word = match[1]
        opens = word.startswith("if")
        if opens:
            depth += 1
            if not dead and word == "if" and match[2].split()[:1] == ["0"]:
                dead = depth
                kept.append(f"{text[at : match.end()]}\n")
        elif dead == depth and word in ("else", "elif", "endif"):
            at, dead = match.start(), 0
        if word == "endif":
            depth -= 1
    return "".join([*kept, "" if dead else text[at:]])


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def readable(text: str) -> str:
    """The text without annotations, with ``struct x`` as an argument written ``struct_x``."""
    text = _WORDS.sub(_blank, _without_dead(text))
    text = _CALLED.sub(_blank, text)
    text = _TYPE_ARGUMENT.sub(lambda m: f"{m[1]}struct_{m[2][1:]}{m[3]}", text)
    return _MODULE_STRING.sub(_blank, text)
