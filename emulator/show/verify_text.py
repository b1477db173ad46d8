"""What `emu verify` found, as text for people: the answer first, then each service with a line a check."""

from collections.abc import Callable, Sequence

from emulator.model.plan import ServiceType
from emulator.model.record import replace
from emulator.model.verification import CheckResult, Result, ServiceVerification, Verification

from .excerpt import ReadLine
from .style import Style, columns, wrap
from .text import diagnostic_text, diagnostics_text

_WORDS: dict[Result, str] = {
    "held": "ok", "warned": "warning", "failed": "failed", "not-told": "not told", "not-applicable": "-",
    "not-tried": "not tried", "skipped": "skipped",
}  # fmt: skip
_WORD, _TITLE = 9, 17
_NARROW = 72
"""On fewer columns what is said stands below the title."""


def verify_text(
    document: Verification, platform: str, style: Style, read_line: ReadLine | None = None, *, quiet: bool = False
) -> str:
    """quiet: the answer alone. platform: its name as people say it."""
    answer = "\n".join(wrap(_answer(document, platform), style.width))
    lines = [style.green(answer) if document.held else style.red(answer)]
    if quiet:
        return lines[0] + "\n"
    if document.diagnostics:
        lines += ["", diagnostics_text(document.diagnostics, style, read_line)]
    for service in () if document.diagnostics else document.services:
        lines += ["", *_service(service, style, read_line)]
    return "\n".join(lines) + "\n"


def _answer(document: Verification, platform: str) -> str:
    """One sentence: what is wrong with which service, or that all held."""
    if document.diagnostics:
        return f"{platform} would not begin with it: {document.diagnostics[0].message}. Nothing was tried"
    dead = [one for one in document.services if not one.verdict.verdict.good]
    parts = [f"{one.name} does not go live ({one.verdict.verdict.value.replace('_', ' ')})" for one in dead]
    failed: dict[str, list[str]] = {}
    for one in document.services:
        for check in one.with_result("failed") if one not in dead else ():
            failed.setdefault(check.title, []).append(one.name)
    parts += [f"{title} failed for {_listed(names)}" for title, names in failed.items()]
    counts = _counts(document)
    if parts:
        return f"On {platform}: {'; '.join(parts)}. {counts}"
    if not any(one.with_result("held") or one.with_result("warned") for one in document.services):
        return f"It goes well on {platform}, and there is nothing more that could be told, in {document.seconds:.0f} s"
    return f"Everything that could be told holds on {platform}. {counts}"


def _listed(names: Sequence[str]) -> str:
    """ "api, shop and web" """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _counts(document: Verification) -> str:
    checks = [check for service in document.services for check in service.checks]
    named: tuple[tuple[Result, str], ...] = (
        ("held", "held"), ("warned", "with a warning"), ("failed", "failed"), ("not-told", "not told"),
    )  # fmt: skip
    counts = [(sum(check.result == result for check in checks), word) for result, word in named]
    told = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing more was tried"
    return f"{told}, in {document.seconds:.0f} s"


def _service(service: ServiceVerification, style: Style, read_line: ReadLine | None) -> list[str]:
    timed = service.seconds is not None and service.type is not ServiceType.STATIC
    live = f"live after {service.seconds:.1f} s" if timed else service.verdict.verdict.value
    lines = [f"{style.bold(service.name)}  {service.type.value}  {live.replace('_', ' ')}"]
    if not service.verdict.verdict.good:
        cause = service.verdict.cause
        shown = diagnostic_text(cause, style, read_line) if cause is not None else service.verdict.reason
        lines += [f"  {line}" for line in shown.splitlines()]
    same = _same_reason(service.checks)
    for check in service.checks:
        if check.result not in same:  # what is wrong with a dead one, and what to do, stands above
            lines += _check(check if service.verdict.verdict.good else replace(check, help=None), style)
    for result, titles in same.items():
        reason = next(check.message for check in service.checks if check.result == result)
        lines += _row(result, "", f"{', '.join(titles)}: {reason}", style)
    return lines


def _same_reason(checks: Sequence[CheckResult]) -> dict[Result, list[str]]:
    """Where several were not tried, or are no matter, for one and the same reason: told once."""
    found: dict[Result, list[str]] = {}
    told_once: tuple[Result, ...] = ("not-applicable", "not-tried", "skipped")
    for result in told_once:
        mine = [check for check in checks if check.result == result]
        if len(mine) > 1 and len({(check.message, check.facts) for check in mine}) == 1:
            found[result] = [check.title for check in mine]
    return found


def _check(check: CheckResult, style: Style) -> list[str]:
    """Its line; below what is not plainly good the facts, and the one thing to do."""
    lines = _row(check.result, check.title, check.message, style)
    if check.result in ("failed", "warned") or style.whole:
        lines += [line for fact in check.facts for line in _below(f"= {fact}", style)]
    if check.help:
        lines += _below(f"help: {check.help}", style, style.cyan)
    if check.result == "failed":
        lines += _below(f"see: emu explain {check.code}", style, style.dim)
    return lines


def _row(result: Result, title: str, text: str, style: Style) -> list[str]:
    word = _WORDS[result]
    head = f"  {_paint(result, style)(word)}{' ' * (_WORD - len(word))}  "
    if title and style.width < _NARROW:
        return [head + title, *(f"    {line}" for line in wrap(text, style.width - 4))]
    gap = (_TITLE + 2) if title else 0
    at = 2 + _WORD + 2 + gap
    first_line, *rest = wrap(text, style.width - at)
    shown = f"{title}{' ' * (gap - columns(title))}" if title else ""
    return [head + shown + first_line, *(" " * at + line for line in rest)]


def _below(text: str, style: Style, paint: Callable[[str], str] = str) -> list[str]:
    at = 4 if style.width < _NARROW else 2 + _WORD + 2 + _TITLE + 2
    first, *rest = wrap(style.short(text), style.width - at)
    return [" " * at + paint(first), *(" " * (at + 2) + paint(line) for line in rest)]


def _paint(result: Result, style: Style) -> Callable[[str], str]:
    if result == "held":
        return style.green
    if result == "failed":
        return style.red
    return style.yellow if result == "warned" else style.dim
