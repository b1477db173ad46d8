"""Which variables have which value at a point of a Dockerfile, when some are known only to the base image."""

from collections.abc import Callable, Mapping

from emulator.model.diagnostic import Diagnostic, Fault, error
from emulator.model.origin import Origin

from .words import MAX_EXPANDED, Expansion, expand

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

MAX_WORK = 8 * MAX_EXPANDED
"""How many characters all substitutions of one reading may handle."""


class Scope:
    """Variables in force. A value of None is there but unknown.

    complete: a name that is not here is unset; otherwise the base image may set it.
    """

    def __init__(self, escape: str, report: Callable[[Diagnostic], None], budget: list[int] | None = None) -> None:
        """budget: how many characters may still be handled, its one element."""
        self.escape = escape
        self.values: dict[str, str | None] = {}
        self.complete = True
        self._report = report
        self._budget = [MAX_WORK] if budget is None else budget
        self._gave_up = False

    def fork(self) -> "Scope":
        """Another scope with the same variables, out of the same budget."""
        twin = Scope(self.escape, self._report, self._budget)
        twin.values, twin.complete = dict(self.values), self.complete
        return twin

    def update(self, values: Mapping[str, str | None]) -> None:
        self.values.update(values)

    def text(self, text: str, origin: Origin | None) -> str | None:
        """`text` after substitution; None when it depends on what only the base image knows, or is refused."""
        expansion = self._expanded(text, origin)
        return expansion.text if expansion else None

    def words(self, text: str, origin: Origin | None) -> tuple[str, ...] | None:
        """The words of `text` after substitution; None as above."""
        expansion = self._expanded(text, origin)
        return expansion.words if expansion else None

    def body(self, text: str, origin: Origin | None) -> str | None:
        """The body of a here-document after substitution: its quotes stay, and its escape is always a backslash."""
        expansion = self._expanded(text, origin, body=True)
        return expansion.text if expansion else None

    def _expanded(self, text: str, origin: Origin | None, *, body: bool = False) -> Expansion | None:
        limit = min(MAX_EXPANDED, self._budget[0])
        expansion = expand(text, self.values.get, "\\" if body else self.escape, ignore_quotes=body, limit=limit)
        self._budget[0] -= expansion.work
        if expansion.problem is not None and expansion.work > limit:
            self._give_up(origin)
            return None
        if any(not self.complete or name in self.values for name in expansion.unset):
            return None
        if expansion.problem is not None:
            self._report(
                error(
                    "dockerfile/bad-substitution",
                    f"a variable cannot be substituted here: {expansion.problem}",
                    origin=origin,
                    help="give the variable a value with ARG or ENV above, or correct the expression",
                )
            )
            return None
        return expansion

    def _give_up(self, origin: Origin | None) -> None:
        if not self._gave_up:
            self._gave_up = True
            self._report(
                error(
                    "dockerfile/too-large",
                    f"from here on variables expand to more than {MAX_EXPANDED:,} characters",
                    fault=Fault.GAP,
                    origin=origin,
                    help="use smaller values",
                )
            )
