"""The seam for RUN: what a step makes of the filesystem, told by whoever can read it.

A reader gets the instruction and the state before it and answers with the tree after it, or None when it
cannot say. Readers are asked in order, and where none answers, the step may have done anything.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from emulator.formats.dockerfile import Instruction
from emulator.model.record import Record

from .tree import Folder


class State(Record, frozen=True, kw_only=True):
    """What an instruction finds.

    workdir and user: None when only the base image knows; user "" is root. shell: that of the shell form.
    variables: ARG and ENV in force; a value of None is unknown. complete: a variable that is not there is unset,
    otherwise the base image may set it. base: the image that the chain of stages begins with.
    """

    tree: Folder
    workdir: str | None
    user: str | None
    shell: tuple[str, ...]
    variables: Mapping[str, str | None]
    complete: bool
    base: str


class StepReader(Protocol):
    """Reads one kind of RUN."""

    def __call__(self, instruction: Instruction, state: State) -> Folder | None:
        """The tree after the step, None when it cannot be said. `Unknown` nodes and folders that are not complete
        say what may have changed; what is left in the tree is claimed."""
        ...


def opaque(state: State) -> Folder:
    """The tree after a step that may have done anything."""
    del state
    return Folder(complete=False, mode=None)


def run_step(instruction: Instruction, state: State, readers: Sequence[StepReader]) -> Folder:
    """The tree after a RUN, by the first reader that knows it."""
    for reader in readers:
        after = reader(instruction, state)
        if after is not None:
            return after
    return opaque(state)
