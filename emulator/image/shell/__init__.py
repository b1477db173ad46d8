"""A RUN read as POSIX shell: its simple commands in order, where each runs, and how certain that is.

`reading` is the way in; `quotes` and `parse` make a tree of a text, `words` expands, `walk` follows what runs.
"""

from .effects import sets_variables_alone
from .reading import lines_from, read_run, read_script
from .records import Certainty, Command, Failure, Opaque, Redirection, Script, Word
from .state import State

__all__ = [
    "Certainty",
    "Command",
    "Failure",
    "Opaque",
    "Redirection",
    "Script",
    "State",
    "Word",
    "lines_from",
    "read_run",
    "read_script",
    "sets_variables_alone",
]
