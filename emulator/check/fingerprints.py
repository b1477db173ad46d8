"""What makes a finding the same in another commit: its code, whom it concerns, and what its line says.

Not the line's number, which moves, and not the message, whose words change from version to version of emu.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.plan import Plan

_DIGITS = 32


class Identity(NamedTuple):
    """What a fingerprint is made of."""

    platform: str
    service: str
    """Empty for a service that no file names: what it is called then depends on the clone."""
    code: str
    file: str
    line: str
    """What its line says, blanks apart; the message of a finding without one."""


def named_in_a_file(plan: Plan) -> frozenset[str]:
    """The services that a file of the repository names."""
    return frozenset(service.name for service in plan.services if service.origin is not None)


def _identity(plan: Plan, diagnostic: Diagnostic, read_line: Callable[[Origin], str | None]) -> Identity:
    origin = diagnostic.origin
    source = read_line(origin) if origin is not None else None
    file = origin.file if origin is not None else ""
    said = " ".join((source if source is not None else diagnostic.message).split())
    service = diagnostic.service if diagnostic.service in named_in_a_file(plan) else None
    return Identity(plan.platform, service or "", diagnostic.code, file, said)


def fingerprints(
    plan: Plan, found: Iterable[Diagnostic], read_line: Callable[[Origin], str | None]
) -> tuple[str, ...]:
    """A fingerprint for each finding of a plan, in order. Where several are the same, the second has another than the
    first."""
    seen: dict[Identity, int] = {}
    made = []
    for diagnostic in found:
        one = _identity(plan, diagnostic, read_line)
        seen[one] = seen.get(one, 0) + 1
        parts = (*one, str(seen[one]))
        text = "\0".join(parts).encode("utf-8", "surrogateescape")
        made.append(hashlib.sha256(text).hexdigest()[:_DIGITS])
    return tuple(made)
