"""Regular expressions that are compiled when they are first used.

A command uses few of those that the modules it imports have, and compiling one takes as long as
running it over a page of text.
"""

import re

from scmigen.hints import TYPE_CHECKING


class _Pattern:
    """Stands for the compiled expression; has its methods once they are asked for."""

    def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
        self.pattern = pattern
        self.flags = flags

    # Only for what the instance does not have yet.
    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, found)
        return found


if TYPE_CHECKING:
    from typing import AnyStr

    def pattern(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """What `re.compile` makes of the same arguments, made when it is first used."""

else:
    pattern = _Pattern
