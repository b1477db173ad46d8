"""Render: the contract's names and nothing more."""

from emulator.contract import Claim, Option
from emulator.model.origin import Origin
from emulator.snapshot import Snapshot

from .narrate import narrate
from .resolve import DEFAULT_PATH, resolve
from .rules import RULES

NAME = "render"
TITLE = "Render"

OPTIONS: tuple[Option, ...] = (
    Option(
        flag="--created-from", choices=("repository", "blueprint"), default="repository",
        help="how the service came about: by pointing at the repository (default), or synced from render.yaml",
    ),
    Option(flag="--blueprint", metavar="FILE", help="the Blueprint's path (default: render.yaml)"),
)  # fmt: skip


def claim(repo: Snapshot) -> Claim:
    """A render.yaml says so; without one the repository says nothing of Render."""
    if repo.is_file(DEFAULT_PATH):
        return Claim(claims=True, because=f"{DEFAULT_PATH} is there", origin=Origin(file=DEFAULT_PATH))
    return Claim(claims=False, because=f"there is no {DEFAULT_PATH}")


__all__ = ["NAME", "OPTIONS", "RULES", "TITLE", "claim", "narrate", "resolve"]
