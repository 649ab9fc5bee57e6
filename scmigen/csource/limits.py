"""How much of sources that others wrote is read and worked out."""

from scmigen.data import Data
from scmigen.hints import Final

#: The largest source or header, in bytes, and how many are read for one server.
MAX_FILE: Final = 1 << 20
MAX_FILES: Final = 2000
#: How deep headers, parentheses, braces and calls may be nested.
MAX_INCLUDES: Final = 60
MAX_NESTING: Final = 200
MAX_CALLS: Final = 30
#: The longest condition, in tokens, and the most members of a structure.
MAX_CONDITION: Final = 4096
MAX_MEMBERS: Final = 500
#: The longest text that is printed into another one.
MAX_TEXT: Final = 1024
#: The longest table that is taken for one.
MAX_ELEMENTS: Final = 0x10000


class TooMuchError(Exception):
    """The sources are more than a server's tables need."""


class Budget(Data, frozen=False):
    """Tokens that may be read and made, steps that may be run, and bytes that may be read: some
    seconds and some 200 MB. Products need a tenth of it."""

    tokens: int = 600_000
    steps: int = 300_000
    bytes: int = 16 << 20

    def token(self, count: int) -> None:
        """Takes tokens. Raises `TooMuchError`."""
        self.tokens -= count
        if self.tokens < 0:
            raise TooMuchError("its macros and headers make more tokens than are read of a server")

    def step(self, count: int = 1) -> None:
        """Takes steps. Raises `TooMuchError`."""
        self.steps -= count
        if self.steps < 0:
            raise TooMuchError("its functions and tables take more steps than are run of a server")

    def read(self, size: int) -> None:
        """Takes bytes. Raises `TooMuchError`."""
        self.bytes -= size
        if self.bytes < 0:
            raise TooMuchError("its sources have more bytes than are read of a server")
