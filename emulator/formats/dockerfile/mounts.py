"""Where RUN --mount=...,from=NAME reads from (instructions/commands_runmount.go)."""

from collections.abc import Callable, Iterator

from emulator.model.diagnostic import Diagnostic, error

from .records import Flag


def mount_fields(flag: Flag) -> list[tuple[str, str | None]]:
    """The key and value of each part of a --mount; a value is None without `=`."""
    text = flag.value or ""
    parts = _quoted_parts(text) if '"' in text else text.split(",") if text else []
    split = (part.partition("=") for part in parts)
    return [(key.lower(), value if equals else None) for key, equals, value in split]


def _quoted_parts(text: str) -> list[str]:
    import csv

    try:
        return next(csv.reader([text]), [])
    except csv.Error:  # a part beyond the reader's limit names nothing
        return []


def mount_sources(flag: Flag, report: Callable[[Diagnostic], None]) -> Iterator[str]:
    """The stage or image a --mount reads, if it names one."""
    if flag.name != "mount":
        return
    source = next((value for key, value in reversed(mount_fields(flag)) if key == "from"), None)
    if not source:
        return
    if "$" in source[:-1]:
        help = "add FROM $NAME AS alias with a global ARG, and mount from the alias"
        report(error("dockerfile/bad-mount", "from= in --mount takes no variables", origin=flag.origin, help=help))
        return
    yield source
