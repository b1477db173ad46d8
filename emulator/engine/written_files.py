"""Files that count as memory, where they lie on a disk: how much is left for the processes, and when to look again.
Pure.

The engine has no file system in memory that would hold an image's files as well, so what a container writes is measured
and taken off its memory limit. Between two looks it may have more than the platform would give it.

/tmp is no exception, though a file system in memory would be exact there: it would hide what the image has in /tmp, and
a file could not be renamed from there to another folder, which on the platform is one file system.
"""

from emulator.model.record import Record, replace

MIB = 1024 * 1024
SHORTEST_S = 0.2
LONGEST_S = 1.0
BUSY_SHARE, IDLE_SHARE = 0.5, 0.05
"""At most this part of the time is spent on looking, while it writes and while it does not: very many new files, or a
disk that has much to do, take long."""
LEAST_MIB = 8
"""An engine refuses limits below 6 MiB."""
STEP_MIB = 2
"""A smaller difference is not worth a change of the limit."""


class Watched(Record, frozen=True, kw_only=True):
    """limit_mib: memory and files together. given_mib: what the processes have at the moment. wait_s: until the next
    look."""

    limit_mib: int
    given_mib: int
    written: int = 0
    """Bytes, at the last look."""
    wait_s: float = SHORTEST_S

    @property
    def written_mib(self) -> int:
        return self.written // MIB

    @property
    def is_over(self) -> bool:
        """Whether the files alone take all."""
        return self.limit_mib - self.written_mib < LEAST_MIB


def watched(limit_mib: int) -> Watched:
    """A container that starts with this limit."""
    return Watched(limit_mib=limit_mib, given_mib=limit_mib)


def looked(state: Watched, written: int, cost_s: float) -> Watched:
    """`written` bytes are there, and seeing that took `cost_s`. Where `given_mib` is another one then, the limit of the
    container is to be changed, unless it `is_over`."""
    left = max(LEAST_MIB, state.limit_mib - written // MIB)
    moved = abs(left - state.given_mib) >= STEP_MIB
    grows = written != state.written
    wait = max(SHORTEST_S, cost_s / BUSY_SHARE)
    if not grows:
        wait = max(min(LONGEST_S, state.wait_s * 1.5), cost_s / IDLE_SHARE)
    return replace(state, written=written, given_mib=left if moved else state.given_mib, wait_s=wait)
