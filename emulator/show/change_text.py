"""What a change does to a plan, as text: whom it deploys, what runs otherwise, what breaks or is mended."""

from collections.abc import Iterable

from emulator.model.change import Aspect, ChangedService, FileChange, PlanChange, Turn
from emulator.model.choice import NO_CANDIDATE
from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.difference import Difference
from emulator.model.plan import Plan

from . import markdown
from .style import Style, columns, hanging, printable, wrap
from .text import ReadLine, diagnostics_text, tally
from .words import at

_LABEL = 12
_MOST_FILES = 8
_MOST_KEYS = 12
_NOTHING = "nothing"

_TOLD_BY = {
    "type": ("type",),
    "builds": ("build.kind", "build.runtime", "build.dockerfile", "build.context", "build.command", "build.root",
               "build.image", "build.publish", "build.base_images"),
    "runs": ("command.", "argv."),
    "before": ("pre_deploy_",),
    "port": ("port.",),
    "requests": ("request_timeout_s", "concurrency"),
    "instances": ("instances.",),
    "schedule": ("schedule",),
    "tasks": ("tasks.",),
    "memory": ("resources.",),
    "disk": ("disk.",),
    "grace": ("shutdown.",),
    "health": ("probes.health",),
    "startup": ("probes.startup",),
    "liveness": ("probes.liveness",),
    "readiness": ("probes.readiness",),
}  # fmt: skip
"""Aspect → the keys of a plan that it says in words."""

_LISTS = ("env", "sets", "argv", "says", "not used")
"""Aspects that the differences, or the row above them, say better."""


def change_text(
    change: PlanChange, style: Style, read_line: ReadLine, *, verbose: bool = False, quiet: bool = False
) -> str:
    """The whole document. verbose: every key and every question that changed. quiet: the deploys and new errors."""
    blocks = [] if quiet else ["\n".join(_head(change, style))]
    quiet_ones = [service for service in change.services if not _tells(service)]
    blocks += [
        _service(service, change.files, style, verbose=verbose, quiet=quiet)
        for service in change.services
        if _tells(service)
    ]
    if not quiet:
        blocks += ["\n".join(_left_alone(quiet_ones, style))] if quiet_ones else []
        blocks += ["\n".join(_turns(change.decisions, change.files, style))] if change.decisions and verbose else []
        turned = [line for turn in change.decisions if turn.after for line in _platform_turn(turn, style)]
        blocks += ["\n".join(turned)] if turned and not verbose else []
    added = [d for d in change.added if _counts(d) and (not quiet or d.severity is Severity.ERROR)]
    if added:
        blocks.append(style.bold("new with this change") + "\n\n" + diagnostics_text(added, style, read_line))
    fixed = [d for d in change.fixed if _counts(d)]
    if fixed and not quiet:
        blocks.append("\n".join([style.bold("gone with this change"), *_fixed(fixed, style)]))
    blocks.append("\n".join(wrap(_sum(change), style.width)))
    return "\n\n".join(blocks) + "\n"


def _tells(service: ChangedService) -> bool:
    return service.deploys or service.fate != "same"


def _counts(found: Diagnostic) -> bool:
    return not found.suppressed


def _head(change: PlanChange, style: Style) -> list[str]:
    platform = change.after.platform
    if change.before.platform != platform:
        platform = f"{change.before.platform} → {platform}"
    before, after = _view(change.before), _view(change.after)
    # Both are one view where something is only supposed.
    views = f"{before} → {after}" if before != after else f"{before}, supposing"
    lines = [f"{style.bold(platform)} · {views}"]
    marks = {"added": style.green("+"), "removed": style.red("-"), "changed": style.yellow("~")}
    for one in change.files[:_MOST_FILES]:
        lines += [f"  {marks[one.fate]} {line}" for line in wrap(one.path, style.width - 4)]
    if len(change.files) > _MOST_FILES:
        lines.append(style.dim(f"    and {len(change.files) - _MOST_FILES} files more"))
    return lines if change.files else [*lines, style.dim("  the files are the same")]


def _view(plan: Plan) -> str:
    kind, commit = plan.snapshot.kind, plan.snapshot.commit
    return commit[:8] if kind == "commit" and commit else str(kind)


def _service(
    service: ChangedService, files: Iterable[FileChange], style: Style, *, verbose: bool, quiet: bool
) -> str:
    head = f"{style.bold(printable(service.name))}  {style.dim(service.type)}  "
    lines = [head + _verdict(service, style)]
    if quiet:
        return lines[0]
    shown = [aspect for aspect in service.aspects if aspect.name not in _LISTS]
    for aspect in shown:
        lines += _aspect(aspect, style)
        if aspect.name == "runs":
            lines += _why(service, files, style)
    if not any(aspect.name == "runs" for aspect in shown):
        lines += _why(service, files, style)
    told = tuple(start for aspect in shown for start in _TOLD_BY.get(aspect.name, ()))
    rest = [one for one in service.differences if verbose or not _is_told(one, told, service)]
    most = len(rest) if verbose else _MOST_KEYS
    for one in rest[:most]:
        lines += _difference(one, style)
    if len(rest) > most:
        lines.append(style.dim(f"  and {len(rest) - most} more (--verbose lists them)"))
    if verbose:
        lines += _turns(service.decisions, files, style)
    return "\n".join(lines)


def _is_told(one: Difference, told: tuple[str, ...], service: ChangedService) -> bool:
    """Whether a row above says it already, or it follows from what one says."""
    if one.key.startswith(("build.args.", *told)):
        own = one.key.replace("build.args.", "env.", 1)
        return own == one.key or any(own == other.key for other in service.differences)
    return one.key in _FOLLOWS


_FOLLOWS = ("build.base_fallbacks", "build.generated_dockerfile", "build.private_network")
"""Keys that are how this machine builds what the other keys say."""


def _verdict(service: ChangedService, style: Style) -> str:
    if service.fate == "removed":
        return f"{style.red('gone')}: {service.because}"
    return f"{style.green('deploys')}: {printable(service.because)}" if service.deploys else service.because


def _why(service: ChangedService, files: Iterable[FileChange], style: Style) -> list[str]:
    """Why the command is another one, with the file that made it so."""
    turn = next((t for t in service.decisions if t.after and t.after.id == f"{service.name}.command"), None)
    if turn is None or turn.after is None:
        return []
    return hanging("because", _reason(turn, files), style, gap=_LABEL)


def _reason(turn: Turn, files: Iterable[FileChange]) -> str:
    """The reason for the new answer; what the file of either answer came to goes first."""
    decision = turn.after or turn.before
    if decision is None:
        return ""
    fates = {one.path: one.fate for one in files}
    now = turn.after.origin.file if turn.after and turn.after.origin else None
    then = turn.before.origin.file if turn.before and turn.before.origin else None
    if now is not None and fates.get(now) == "added":
        there = f"{now} is there"
        said = decision.because
        return f"{now} is new{said.removeprefix(there)}" if said.startswith(there) else f"{now} is new: {said}"
    if then is not None and fates.get(then) == "removed":
        return f"{then} is gone" if decision.because == NO_CANDIDATE else f"{then} is gone: {decision.because}"
    return decision.because


def _aspect(aspect: Aspect, style: Style) -> list[str]:
    before = _at_place(aspect.before, at(aspect.before_origin))
    after = _at_place(aspect.after, at(aspect.after_origin))
    return _pair(aspect.name, before, after, style)


def _at_place(text: str | None, place: str) -> str:
    return f"{text}  [{place}]" if text and place else text or _NOTHING


def _pair(label: str, before: str, after: str, style: Style) -> list[str]:
    """ "runs   - this / + that", each with its further lines below it."""
    room = max(16, style.width - 4 - _LABEL)
    lines = []
    for mark, text, paint in (("-", before, style.red), ("+", after, style.green)):
        first, *rest = wrap(text, room)
        head = label if mark == "-" else ""
        lines.append(f"  {style.dim(head)}{' ' * max(1, _LABEL - columns(head))}{paint(mark)} {first}")
        lines += [" " * (4 + _LABEL) + line for line in rest]
    return lines


def _difference(one: Difference, style: Style) -> list[str]:
    """A key on one line where it fits, else as a pair below it."""
    before, after = one.before or _NOTHING, one.after or _NOTHING
    line = f"  {one.key}: {before} → {after}"
    if columns(printable(line)) <= style.width:
        return [printable(line)]
    return [f"  {printable(one.key)}", *_pair("", before, after, style)]


def _turns(turns: Iterable[Turn], files: Iterable[FileChange], style: Style) -> list[str]:
    """Every question with another answer, both answers, and why."""
    lines: list[str] = []
    for turn in turns:
        decision = turn.after or turn.before
        if decision is None:
            continue
        before = turn.before.answer if turn.before else "not asked"
        after = turn.after.answer if turn.after else "not asked any more"
        lines += hanging("?", f"{decision.question} {before} → {after}: {_reason(turn, files)}", style, gap=2)
        if turn.after and turn.after.rule:
            lines += hanging("", f"rule {turn.after.rule}", style, gap=4)
    return lines


def _platform_turn(turn: Turn, style: Style) -> list[str]:
    if turn.after is None or turn.after.id != "platform" or turn.before is None:
        return []
    return hanging("platform", f"{turn.before.answer} → {turn.after.answer}: {turn.after.because}", style, gap=_LABEL)


def _left_alone(services: list[ChangedService], style: Style) -> list[str]:
    """Who is not deployed, and why: a line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for service in services:
        by_reason.setdefault(service.because, []).append(service.name)
    lines = []
    for because, names in by_reason.items():
        first, *rest = wrap(f"not deployed: {', '.join(names)} ({because})", style.width - 2)
        lines += [style.dim(first), *(style.dim(f"  {line}") for line in rest)]
    return lines


def _fixed(found: list[Diagnostic], style: Style) -> list[str]:
    lines: list[str] = []
    for one in found:
        place = f"  {at(one.origin)}" if at(one.origin) else ""
        first, *rest = wrap(f"{one.severity}[{one.code}]: {one.message}{place}", style.width - 4)
        lines += [f"  {style.dim(first)}", *(style.dim(f"    {line}") for line in rest)]
    return lines


def _sum(change: PlanChange) -> str:
    deployed = sum(service.deploys for service in change.services)
    gone = sum(service.fate == "removed" for service in change.services)
    there = len(change.services) - gone
    parts = [f"deploys {deployed} of {there} service{'' if there == 1 else 's'}"]
    parts += [f"{gone} gone"] if gone else []
    counted = [d for d in change.added if _counts(d) and d.severity is not Severity.INFO]
    parts.append(f"new: {tally(counted)}" if counted else "nothing new that is wrong")
    left = [d for d in change.after.diagnostics if d not in change.added]
    left = [d for d in left if _counts(d) and d.severity is not Severity.INFO]
    parts += [f"there before: {tally(left)}"] if left else []
    return " · ".join(parts)


# ---- Markdown -----------------------------------------------------------------------------------------


def change_markdown(change: PlanChange) -> str:
    """The same for a pull request."""
    lines = [f"**{change.after.platform}**: {markdown.text(_sum(change))}", ""]
    for service in change.services:
        if not _tells(service):
            continue
        fate = "gone" if service.fate == "removed" else "deploys" if service.deploys else service.fate
        lines += [f"### {markdown.text(service.name)} ({service.type}): {fate}", "", markdown.text(service.because), ""]
        rows = [(a.name, _at_place(a.before, at(a.before_origin)), _at_place(a.after, at(a.after_origin)))
                for a in service.aspects if a.name not in _LISTS]  # fmt: skip
        told = tuple(start for a in service.aspects for start in _TOLD_BY.get(a.name, ()))
        rows += [(d.key, d.before or _NOTHING, d.after or _NOTHING) for d in service.differences
                 if not _is_told(d, told, service)]  # fmt: skip
        if rows:
            lines += ["| | before | after |", "|---|---|---|"]
            lines += [markdown.row(*map(markdown.text, cells)) for cells in rows]
            lines.append("")
    for title, found in (("New", change.added), ("Gone", change.fixed)):
        told_of = [d for d in found if _counts(d)]
        if told_of:
            lines += [f"**{title} with this change**", ""]
            lines += [_finding(d) for d in told_of]
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _finding(found: Diagnostic) -> str:
    place = f" {markdown.code(at(found.origin))}" if at(found.origin) else ""
    return f"- {found.severity} {markdown.code(found.code)} {markdown.text(found.message)}{place}"
