"""The kind of this machine: figures of two machines of one kind can be compared."""

import platform
import re
from pathlib import Path

from processes import processors


def machine(python: str) -> dict[str, str]:
    """Processor, how many, and the Python, whose version is given (``3.11.7``)."""
    return {"processor": _processor(), "count": str(processors()), "python": python}


def kind(machine: dict[str, str]) -> str:
    """The name of a kind of machine, as a file can have it."""
    minor = ".".join(machine["python"].split(".")[:2])
    return _slug(f"{machine['processor']} x{machine['count']} python {minor}")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def _processor() -> str:
    """The model, with the numbers that tell models apart where a hypervisor hides the name."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(re.findall(r"^(model name|cpu family|model|CPU part)\s*: (.*)$", text, re.M))
    name = re.sub(
        r"\(R\)|\(TM\)|\bCPU\b|@.*|\b\d+-Core Processor\b", "", found.get("model name", "")
    )
    numbers = [found[key] for key in ("cpu family", "model", "CPU part") if key in found]
    return " ".join([" ".join(name.split()) or platform.machine(), "-".join(numbers)]).strip()
