"""The project's own emu.toml: what this machine or team needs, and no platform is told.

[base-images]
"python:3.13-slim" = "registry.example.com/mirror/python:3.13-slim"

[check]
ignore = [{ code = "start/shell-swallows-signals", reason = "nothing is under way that may not be cut off" }]
"""

from .model.diagnostic import UsageError
from .model.record import Record
from .model.spelling import nearest
from .snapshot import Snapshot, Unreadable

FILE = "emu.toml"

_TABLES = ("base-images", "check")


class Ignored(Record, frozen=True, kw_only=True):
    """Findings of this code are not counted, and why."""

    code: str
    reason: str


class Config(Record, frozen=True, kw_only=True):
    """base_images: FROM reference to the image that is built on instead. ignored: findings that are silenced."""

    base_images: dict[str, str] = {}
    ignored: tuple[Ignored, ...] = ()


_TEXT: dict[str, object] = {"type": "string", "pattern": r"\S"}
SCHEMA: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": FILE,
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "base-images": {
            "description": "FROM reference to the image that is built on instead.",
            "type": "object",
            "additionalProperties": {"type": "string", "minLength": 1},
        },
        "check": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "ignore": {
                    "description": "Findings that are not counted: their code, and why.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["code", "reason"],
                        "properties": {"code": _TEXT, "reason": _TEXT},
                    },
                }
            },
        },
    },
}
"""What `read_config` takes, for an editor; a test holds the two against each other."""


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
        if key not in _TABLES:
            near = nearest(key, _TABLES)
            meant = f"did you mean [{near}]?" if near is not None else "known are [base-images] and [check]"
            raise UsageError(f"{FILE} has no setting {key!r}", help=meant)
    return Config(base_images=_base_images(table.get("base-images", {})), ignored=_ignored(table.get("check", {})))


def _base_images(table: object) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(to, str) and to for to in table.values()):
        raise UsageError(
            f"{FILE}: [base-images] maps an image to another",
            help='write "python:3.13-slim" = "mirror/python:3.13-slim"',
        )
    return {str(base): str(to) for base, to in table.items()}


def _ignored(table: object) -> tuple[Ignored, ...]:
    if isinstance(table, dict):
        _refuse_unknown("[check]", table, ("ignore",))
        for row in table.get("ignore", []) if isinstance(table.get("ignore"), list) else ():
            _refuse_unknown("[check] ignore", row if isinstance(row, dict) else {}, ("code", "reason"))
    rows = table.get("ignore", []) if isinstance(table, dict) and set(table) <= {"ignore"} else None
    if not isinstance(rows, list) or not all(map(_is_ignored, rows)):
        raise UsageError(
            f"{FILE}: [check] takes ignore, a list of codes with a reason each",
            help='write ignore = [{ code = "start/port-literal", reason = "…" }]',
        )
    return tuple(Ignored(code=row["code"], reason=row["reason"]) for row in rows)


def _refuse_unknown(where: str, table: dict[str, object], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known and (near := nearest(key, known)) is not None:
            raise UsageError(f"{FILE}: {where} has no {key!r}", help=f"did you mean {near}?")


def _is_ignored(row: object) -> bool:
    return (
        isinstance(row, dict)
        and set(row) == {"code", "reason"}
        and all(isinstance(text, str) and text.strip() for text in row.values())
    )
