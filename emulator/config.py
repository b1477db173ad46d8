"""The project's own emu.toml: what this machine or team needs, and no platform is told.

[base-images]
"python:3.13-slim" = "registry.example.com/mirror/python:3.13-slim"
"""

from .model.diagnostic import UsageError
from .model.record import Record
from .snapshot import Snapshot, Unreadable

FILE = "emu.toml"


class Config(Record, frozen=True, kw_only=True):
    """base_images: FROM reference to the image that is built on instead."""

    base_images: dict[str, str] = {}


def read_config(repo: Snapshot) -> Config:
    """emu.toml of the repository's root; everything unset where there is none.

    Raises UsageError for a file that cannot be understood, with its line.
    """
    if not repo.is_file(FILE):
        return Config()
    import tomllib

    try:
        table = tomllib.loads(repo.text(FILE))
    except Unreadable as problem:
        raise UsageError(f"{FILE}:{problem.line}: {problem.message}", help="write it as UTF-8 text") from None
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{FILE}: {problem}", help="correct that line") from None
    for key in table:
        if key != "base-images":
            raise UsageError(f"{FILE} has no setting {key!r}", help="known is [base-images]")
    return Config(base_images=_base_images(table.get("base-images", {})))


def _base_images(table: object) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(to, str) and to for to in table.values()):
        raise UsageError(
            f"{FILE}: [base-images] maps an image to another",
            help='write "python:3.13-slim" = "mirror/python:3.13-slim"',
        )
    return {str(base): str(to) for base, to in table.items()}
