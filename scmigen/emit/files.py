"""What an output is made of: files with their paths below the output folder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """One file of an output: ``path`` is relative with forward slashes, ``content`` its bytes."""

    path: str
    content: bytes
