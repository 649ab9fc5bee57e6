"""What a check is: a finding together with the function that looks for it."""

from collections.abc import Callable, Iterator

from scmigen.diagnostics import Diagnostic, Finding, Severity
from scmigen.model.platform import Model
from scmigen.patterns import pattern

#: Yields one diagnostic for each instance in a model; never prints, and never stops other checks.
Run = Callable[[Model], Iterator[Diagnostic]]


#: Words of small letters and digits, joined by hyphens.
_ID = pattern(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def _nothing(_: Model) -> Iterator[Diagnostic]:
    return iter(())


class Check(Finding):
    """A finding and the function that looks for it in a whole model."""

    run: Run = _nothing

    def __call__(self, model: Model) -> Iterator[Diagnostic]:
        """All instances in ``model``."""
        return self.run(model)


def check(
    name: str,
    *,
    about: str,
    advice: str,
    severity: Severity = Severity.ERROR,
    on_request: bool = False,
) -> Callable[[Run], Check]:
    """Make a check of a function; it reports through its own name.

    ``name`` is the id, ``about`` one sentence on what it finds, ``advice`` one on the remedy.
    ``on_request``: it is reported only where ``-W``, ``-E`` or an agents file names it::

        @check("clock-orphan", about="A clock has no parent.", advice="Give it one.")
        def clock_orphan(model: Model) -> Iterator[Diagnostic]:
            yield clock_orphan.warning("…", position)

    Raises `ValueError` where ``name`` is not lower-case words joined by hyphens, or a sentence is
    missing.
    """
    if not _ID.fullmatch(name):
        raise ValueError(f"the id of a check is lower-case words joined by hyphens, not {name!r}")
    if not about.strip() or not advice.strip():
        raise ValueError(f"check {name} needs a sentence for about and one for advice")

    def made(run: Run) -> Check:
        return Check(name, about, advice, severity, on_request=on_request, run=run)

    return made
