"""The seam for RUN: what a step makes of the filesystem, told by whoever can read it.

A reader gets the instruction and the state before it and answers with what is known after it, or None when it
cannot say. Readers are asked in order, and where none answers, the step may have done anything.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from emulator.formats.dockerfile import Instruction
from emulator.model.record import Record
from emulator.snapshot import Snapshot

from .merging import Effort
from .tree import Folder

if TYPE_CHECKING:
    from .installing import Installed


class State(Record, frozen=True, kw_only=True):
    """What an instruction finds.

    workdir and user: None when only the base image knows; user "" is root. shell: that of the shell form.
    variables: ARG and ENV in force; a value of None is unknown. complete: a variable that is not there is unset,
    otherwise the base image may set it. base: the image that the chain of stages begins with. repo: what files of the
    context are read from. lines, escape: of the Dockerfile. source: the tree of a stage by its name or number; of ""
    the context. effort: what all steps of the build may cost.
    """

    tree: Folder
    workdir: str | None
    user: str | None
    shell: tuple[str, ...]
    variables: Mapping[str, str | None]
    complete: bool
    base: str
    repo: Snapshot
    lines: Sequence[str]
    escape: str
    source: Callable[[str], Folder]
    effort: Effort


class Ran(Record, frozen=True, kw_only=True):
    """What is known after a RUN.

    tree: `Unknown` nodes and folders that are not complete say what may have changed; what is left is claimed.
    installs: the calls of package managers in it. opaque: why part of it may have done anything, None when it may not.
    """

    tree: Folder
    installs: "tuple[Installed, ...]" = ()
    opaque: str | None = None


class StepReader(Protocol):
    """Reads one kind of RUN."""

    def __call__(self, instruction: Instruction, state: State) -> Ran | None:
        """What is known after the step, None when nothing can be said."""
        ...


def run_step(instruction: Instruction, state: State, readers: Sequence[StepReader]) -> Ran:
    """What is known after a RUN, by the first reader that reads it."""
    for reader in readers:
        after = reader(instruction, state)
        if after is not None:
            return after
    return Ran(tree=Folder(complete=False, mode=None), opaque="it is not read")
