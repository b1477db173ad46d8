"""The doorway to time."""

from typing import Protocol


class Clock(Protocol):
    """Time that a test can hold still."""

    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        ...

    def wall(self) -> float:
        """Seconds since 1970, by this machine's own clock."""
        ...

    def sleep(self, seconds: float) -> None: ...
