"""A plan in a few lines: a line or two for each service, a line for each finding, and what to type next."""

from collections.abc import Sequence

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import Command, Plan, Service

from .style import Style, columns, hanging, printable, wrap
from .summary import summary
from .words import at, command_words

_MOST_SERVICES, _MOST_FINDINGS = 12, 6

_PROGRAM = ("FROM python:3-slim", "CMD exec python -m http.server $PORT")
"""The smallest thing that every platform which builds Dockerfiles can deploy."""


def here_text(plan: Plan, style: Style, *, possible: Sequence[str]) -> str:
    """What would run, what is wrong, what next. possible: the platforms whose files are there; all, where none's is."""
    platform = f"{style.bold(plan.platform)}, because {printable(plan.detected.because)}"
    blocks = ["\n".join(wrap(platform, style.width))]
    shown = plan.services[:_MOST_SERVICES]
    rows = [line for service in shown for line in _service(service, style)]
    rows += [f"  and {len(plan.services) - len(shown)} more"] if len(shown) < len(plan.services) else []
    told = [d for d in plan.diagnostics if not d.suppressed and d.severity is not Severity.INFO]
    told.sort(key=lambda d: d.severity is not Severity.ERROR)
    found = _findings(told, style)
    paint = style.red if plan.with_errors() else style.bold
    blocks += ["\n".join(rows), "\n".join(found), "\n".join(map(paint, wrap(summary(plan, checked=True), style.width)))]
    blocks.append(_next(_steps(plan, told, possible), style))
    return "\n\n".join(block for block in blocks if block) + "\n"


def beginning_text(plan: Plan, style: Style, *, is_empty: bool) -> str:
    """Where there is nothing to deploy: what was looked for, and what to do. is_empty: whether no files are there that
    could be an app; then with two lines that are something."""
    nothing = next((d for d in plan.diagnostics if d.severity is Severity.ERROR), None)
    lines = wrap(nothing.message if nothing is not None else "there is nothing to deploy here", style.width)
    for fact in nothing.facts if nothing is not None else ():
        lines += hanging("=", fact, style, gap=2)
    if nothing is not None and nothing.help:
        lines += hanging("help:", nothing.help, style, gap=6)
    if is_empty:
        lines += ["", "A Dockerfile of two lines is enough to begin:", *(f"    {line}" for line in _PROGRAM)]
        steps = [("cd REPOSITORY && emu", "if it is elsewhere"), _AFTERWARDS]
    else:
        steps = [("emu compare", "what every platform would do with it as it is"), _AFTERWARDS]
    steps += [("emu learn", "short lessons, over repositories that are ready"), ("emu --help", "all commands")]
    return "\n".join([*lines, "", _next(steps, style)]) + "\n"


_AFTERWARDS = ("emu", "after that: what would run, and what is wrong")


def _service(service: Service, style: Style) -> list[str]:
    """ "api  web  python app.py  [app.yaml:8]  port 8080" on one line, or the command on a second one."""
    name, kind = printable(service.name), service.type.value
    runs = service.command is not None
    port = f"  port {service.port.number}" if service.port is not None and runs else ""
    text = style.short(_runs(service), 300)
    head = f"  {style.bold(name)}  {style.dim(kind)}"
    if 4 + columns(name) + len(kind) + 2 + columns(text) + len(port) <= style.width:
        return [f"{head}  {text}{port}"]
    room = max(20, style.width - 4)
    *lines, last = wrap(text, room)
    beside = [last + port] if columns(last) + len(port) <= room else [last, port.strip()]
    return [head, *(f"    {line}" for line in (*lines, *beside) if line)]


def _runs(service: Service) -> str:
    command: Command | None = service.command
    if service.datastore is not None:
        return f"{service.datastore.engine} {service.datastore.version}"
    if command is None:
        return "nothing"
    if command.form == "none":
        return "files are served"
    place = f"  [{at(command.origin)}]" if at(command.origin) else ""
    return f"{command_words(command)}{place}"


def _findings(told: Sequence[Diagnostic], style: Style) -> list[str]:
    """The first few that differ; what is the same at several places stands once, with how often."""
    same: dict[tuple[str, str], list[Diagnostic]] = {}
    for one in told:
        same.setdefault((one.code, one.message), []).append(one)
    lines = [line for alike in list(same.values())[:_MOST_FINDINGS] for line in _finding(alike, style)]
    return lines + ([f"  and {len(same) - _MOST_FINDINGS} more"] if len(same) > _MOST_FINDINGS else [])


def _finding(alike: Sequence[Diagnostic], style: Style) -> list[str]:
    """Severity, place and message; a long message is shortened."""
    found = alike[0]
    paint = style.red if found.severity is Severity.ERROR else style.yellow
    place = f"{at(found.origin)}: " if at(found.origin) else ""
    often = f" ({len(alike)} times)" if len(alike) > 1 else ""
    first, *rest = wrap(f"{found.severity}: {place}{style.short(found.message, 240)}{often}", max(20, style.width - 4))
    return [f"  {first.replace(found.severity, paint(found.severity), 1)}", *(f"    {line}" for line in rest)]


def _steps(plan: Plan, told: Sequence[Diagnostic], possible: Sequence[str]) -> list[tuple[str, str]]:
    """What to type next, the most useful first."""
    fixes = sum(found.fix is not None for found in told)
    steps = [("emu check", "each finding with its line, and what to do about it")] if told else []
    steps += [("emu fix", f"shows the right answer to {fixes} of them as a diff")] if fixes else []
    if not plan.with_errors():
        steps.append(("emu up", "builds it, boots it and serves it as the platform would"))
    steps.append(("emu plan", "the plan in full: what runs, why, and what lost"))
    if len(possible) > 1:
        steps.append(("emu compare", f"what {' and '.join(possible)} would do, side by side"))
    return steps


def _next(steps: Sequence[tuple[str, str]], style: Style) -> str:
    longest = max(len(command) for command, _ in steps)
    beside = all(8 + longest + columns(what) <= style.width for _, what in steps)
    lines = []
    for number, (command, what) in enumerate(steps):
        label = "next" if number == 0 else "    "
        lines.append(f"{style.dim(label)}  {f'{command:<{longest}}  {what}' if beside else command}")
        lines += [] if beside else [f"        {line}" for line in wrap(what, max(20, style.width - 8))]
    return "\n".join(lines)
