"""What each diagnostic of emu's own means, and what to do, by its code. Those of the check have more: see `check`."""

from .files import EXPLANATIONS as _OF_FILES
from .runs import EXPLANATIONS as _OF_RUNS
from .verifying import EXPLANATIONS as _OF_VERIFYING

EXPLANATIONS: dict[str, str] = {**_OF_RUNS, **_OF_FILES, **_OF_VERIFYING}

__all__ = ["EXPLANATIONS"]
