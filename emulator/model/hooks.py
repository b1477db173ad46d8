"""What `emu hooks` prints."""

from typing import Literal

from .record import Record


class HookStatus(Record, frozen=True, kw_only=True):
    """The pre-push hook of a repository.

    file: where git looks for it. state: "installed" is ours, "other" is another one, "none". options: those that ours
    was put there with. before: the hook that ours runs first. manager: a program whose files say that it has the hooks
    in its hand.
    """

    schema: str = "emu.hooks/1"
    file: str
    state: Literal["installed", "other", "none"]
    options: str | None = None
    before: str | None = None
    manager: str | None = None
