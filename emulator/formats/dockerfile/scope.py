"""Which variables have which value at a point of a Dockerfile, when some are known only to the base image."""

from collections.abc import Callable, Mapping

from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin

from .words import MAX_EXPANDED, Expansion, expand

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

MAX_WORK = 8 * MAX_EXPANDED
"""How many characters all substitutions of one reading may handle."""


class Scope:
    """Variables in force. A value of None is there but unknown.

    complete: a name that is not here is unset; otherwise the base image may set it.
    """

    def __init__(self, escape: str, report: Callable[[Diagnostic], None]) -> None:
        self.escape = escape
        self.values: dict[str, str | None] = {}
        self.complete = True
        self._report = report
        self._left = MAX_WORK

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

    def _expanded(self, text: str, origin: Origin | None) -> Expansion | None:
        expansion = expand(text, self.values.get, self.escape, limit=min(MAX_EXPANDED, self._left))
        self._left = max(self._left - expansion.work, 0)
        unsure = any(not self.complete or name in self.values for name in expansion.unset)
        if unsure and not self._is_too_much(expansion):
            return None
        if expansion.problem is None:
            return expansion
        self._report(
            error(
                "dockerfile/bad-substitution",
                f"a variable cannot be substituted here: {expansion.problem}",
                origin=origin,
                help="give the variable a value with ARG or ENV above, or correct the expression",
            )
        )
        return None

    def _is_too_much(self, expansion: Expansion) -> bool:
        return expansion.problem is not None and expansion.work > MAX_EXPANDED
