"""What becomes of the system: shut down or reset, at once or when agents have had time for it."""

from scmigen.hints import Final
from scmigen.server.backend import Effect
from scmigen.server.session import Services
from scmigen.server.timers import Timer

_MICROSECONDS: Final = 1000


class Shutdown:
    """The state that the system is going to be in, if any; it does not depend on the agent that
    asked for it any more."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._effect: Effect | None = None
        self._timer: Timer | None = None

    @property
    def pending(self) -> bool:
        """Whether agents have been told, and have time left."""
        return self._effect is not None

    def now(self, effect: Effect) -> None:
        """Change the state of the system, in place of what is pending. Raises `BackendError`."""
        self._cancel()
        self._services.backend.apply(effect)

    def later(self, effect: Effect, milliseconds: int) -> None:
        """Change the state of the system when agents have had this time."""
        self._effect = effect
        self._timer = self._services.timers.after(milliseconds * _MICROSECONDS, self._act)

    def resume(self, before: "Shutdown") -> None:
        """Go on with what was pending ``before`` a reload."""
        effect, timer = before._effect, before._timer
        if effect is not None and timer is not None:
            before._cancel()
            self.later(effect, max(0, timer.due - self._services.timers.now()) // 1_000_000)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._effect = self._timer = None

    def _act(self) -> None:
        effect = self._effect
        self._cancel()
        if effect is not None:
            self._services.backend.apply(effect)
