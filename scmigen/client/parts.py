"""Lists that come in parts: whether what the parts say about the whole list can be true."""

from scmigen.hints import Final
from scmigen.scmi.layouts import Entries

#: The most entries of a list that names resources: ids of resources are counted in 16 bits.
_IDS: Final = 1 << 16


class PartError(Exception):
    """A part contradicts itself, or the parts before it; the message says how."""


class Total:
    """The length of a list, by its parts so far. ``known``: its length, if another message has
    told; ``index``: where the first part begins.

    A part says how many entries are in it, and how many remain after it (or does not, if the length
    is known). Together with those before it, every part has to give the same length. Only a field
    that holds the greatest number it can leaves open how much remains.
    """

    def __init__(self, entries: Entries, known: int | None = None, index: int = 0) -> None:
        self._entries = entries
        self._length = known or 0
        self._exact = known is not None
        #: Where the next part begins.
        self.index = index

    def add(self, word: int, came: int) -> tuple[int, bool]:
        """Count a part with ``word`` in front of its entries, of which ``came`` have arrived.
        Returns how many of them belong to the list, and whether more parts remain. Raises
        `PartError`."""
        returned, field = self._entries.returned.get(word), self._entries.remaining
        most = _IDS
        if field is None:
            remaining, open_ended = max(0, self._length - self.index - returned), False
        else:
            remaining, most = field.get(word), max(_IDS, self._entries.returned.mask + field.mask)
            open_ended = remaining == field.mask
        length = self.index + returned + remaining
        if returned > came:
            raise PartError(f"{returned} entries announced, {came} sent")
        if remaining and not returned:
            raise PartError(f"no entry, although {remaining} remain")
        if length > most:
            raise PartError(f"{length} entries announced; there can be at most {most}")
        if (self._exact and length != self._length) or length < self._length:
            raise PartError(f"{length} entries in all, but {self._length} were announced before")
        triplet = self._entries.triplet
        if triplet is not None and triplet.get(word) and (length != 3 or remaining):
            raise PartError(f"a range of {length} entries in place of 3")
        self._length, self._exact = length, self._exact or not open_ended
        self.index += returned
        if remaining and self.index > self._entries.at.mask:
            raise PartError(f"{length} entries announced; none after {self.index} can be requested")
        return returned, remaining > 0
