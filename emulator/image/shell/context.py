"""What holds where a command of a script stands."""

from emulator.model.record import Record

from .records import Failure
from .state import State


class Context(Record, frozen=True, kw_only=True):
    """What holds where a command stands.

    certain: it is reached whenever the step succeeds. status: what becomes of the step if it ends with another status
    than 0; on_exit: if the shell it is in does. errexit: whether `set -e` counts here. concurrent: see Command.
    """

    certain: bool
    status: Failure
    on_exit: Failure
    errexit: bool = True
    concurrent: bool = False


def failure_here(state: State, context: Context) -> Failure:
    """What becomes of the step if a command that stands here fails."""
    if context.status == "fails" or not context.errexit or state.errexit is False:
        return context.status
    if state.errexit is None:
        return context.status if context.status == context.on_exit else "unknown"
    return context.on_exit
