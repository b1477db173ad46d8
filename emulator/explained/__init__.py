"""What each diagnostic of emu's own means, and what to do, by its code. Those of the check have more: see `check`."""

from .files import EXPLANATIONS as _OF_FILES
from .runs import EXPLANATIONS as _OF_RUNS

EXPLANATIONS: dict[str, str] = {**_OF_RUNS, **_OF_FILES}

__all__ = ["EXPLANATIONS"]
