"""The summary of an `up`: written when it is over, however it ends."""

from collections.abc import Callable

from emulator.commands.teller import Teller
from emulator.model.diagnostic import HostError, UsageError
from emulator.request import Request, World

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Names the file that a step of a GitHub workflow adds its summary to."""


def summed_up(request: Request, world: World, teller: Teller, work: Callable[[], int]) -> int:
    """Do the work; then write what it came to, where that is asked for. Raises UsageError for a --summary that cannot
    be written, before any work is done."""
    step = world.environ.get(STEP_SUMMARY) if request.once else None
    if request.summary is None and not step:
        return work()
    from emulator.show.up_summary import UpSummary

    if request.summary is not None:
        world.write_text(request.summary, "", "--summary")
    summary = UpSummary()
    try:
        with teller.heard_by(summary.hear):
            return work()
    except HostError as problem:
        summary.ended(problem.diagnostic)
        raise
    finally:
        text = summary.markdown(teller.read_line)
        if request.summary is not None:
            world.write_text(request.summary, text, "--summary")
        if step:
            _added(step, text, world)


def _added(step: str, text: str, world: World) -> None:
    """A workflow whose summary cannot be written has its verdict all the same."""
    try:
        world.write_text(step, text, STEP_SUMMARY, append=True)
    except UsageError as problem:
        world.terminal.err(f"{problem.diagnostic.message}\n")
