"""The values that agents files may have, whichever form they are written in.

Nothing here needs the YAML reader, which is imported only where there is some YAML.
"""

from scmigen.bindings.facts import ProviderClass
from scmigen.bindings.transports import BY_WORD

#: The words for transports; ``unix`` is a socket of the bundled server.
TRANSPORTS = (*BY_WORD, "unix")

#: The classes that a provider may be given.
CLASSES = tuple(word.value for word in ProviderClass)

#: Keys of ``platform`` that are options of outputs.
FORMER_KEYS = ("target", "trip-points", "fast-channels", "drivers")

#: The longest vendor name, in ASCII characters (BASE_DISCOVER_VENDOR, 16 bytes with NUL).
MAX_VENDOR = 15


def is_vendor(text: str) -> bool:
    """Whether a text can be the name of a vendor in SCMI."""
    return len(text) <= MAX_VENDOR and text.isascii() and text.isprintable()
