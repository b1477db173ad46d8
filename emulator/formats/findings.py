"""Diagnostics of one file, capped: a file of garbage must not answer with a million of them."""

from emulator.model.diagnostic import Diagnostic

MOST = 100


class Findings:
    """Collects the diagnostics of one file, in order, and keeps the first `MOST`."""

    def __init__(self) -> None:
        self._kept: list[Diagnostic] = []

    @property
    def full(self) -> bool:
        """Whether a further diagnostic would be dropped (so need not be made)."""
        return len(self._kept) >= MOST

    def add(self, diagnostic: Diagnostic) -> None:
        if not self.full:
            self._kept.append(diagnostic)

    def all(self) -> tuple[Diagnostic, ...]:
        return tuple(self._kept)
