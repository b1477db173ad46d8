"""What an `emu up` came to, as Markdown for whoever reviews a change: each service's command and why it runs, its
verdict and how long it took, what broke with its line, and what this run could not reproduce."""

from collections import deque
from collections.abc import Iterable

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    CoverageReported,
    DeployFailed,
    DiagnosticFound,
    Event,
    Live,
    Log,
    PlanMade,
    ServiceVerdict,
    Verdict,
)
from emulator.model.plan import Coverage, Plan, Service

from . import markdown
from .excerpt import ReadLine
from .summary import tally
from .words import at, command_words

_LOG_LINES = 20


class UpSummary:
    """Hears the events of an `up`, and tells of them in the end. Of a service that is deployed several times the last
    deploy is told."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._verdict: Verdict | None = None
        self._seconds = 0.0
        self._took: dict[str, list[str]] = {}
        self._causes: dict[str, Diagnostic] = {}
        self._output: dict[str, deque[str]] = {}
        self._coverage: tuple[Coverage, ...] = ()
        self._problem: Diagnostic | None = None

    def hear(self, event: Event) -> None:
        """Take in an event."""
        name = event.service or ""
        self._seconds = max(self._seconds, event.at)
        match event:
            case PlanMade():
                self._plan = event.plan
            case BuildFinished():
                self._took[name] = [f"built in {event.seconds:.1f} s"]
            case BuildFailed():
                self._output[name] = deque(event.log_tail, _LOG_LINES)
            case Live():
                self._took.setdefault(name, []).append(f"live after {event.seconds:.1f} s")
            case DeployFailed(cause=Diagnostic() as cause):
                self._causes[name] = cause
            case Log(stream="stdout" | "stderr"):
                self._output.setdefault(name, deque(maxlen=_LOG_LINES)).append(event.line)
            case CoverageReported():
                self._coverage = event.coverage
            case Verdict():
                self._verdict = event
            case DiagnosticFound() if self._plan is not None and event.diagnostic not in self._plan.diagnostics:
                if event.diagnostic.severity is Severity.ERROR:
                    self._problem = event.diagnostic

    def ended(self, problem: Diagnostic) -> None:
        """What ended it without a verdict about the app."""
        self._problem = problem

    def markdown(self, read_line: ReadLine | None) -> str:
        """The document; "" when nothing was even planned."""
        if self._plan is None:
            return ""
        verdicts = {one.name: one for one in self._verdict.services} if self._verdict is not None else {}
        blocks = [self._head(self._plan), self._table(self._plan, verdicts)]
        bad = [one for one in verdicts.values() if not one.verdict.good]
        blocks += [self._broken(one, read_line) for one in bad]
        if self._problem is not None and not bad:
            blocks.append(_finding(self._problem, read_line))
        blocks.append(_warnings(self._plan, read_line))
        blocks.append(_not_reproduced(self._coverage))
        return "\n\n".join(block for block in blocks if block) + "\n\n"

    def _head(self, plan: Plan) -> str:
        commit = f" of {plan.snapshot.commit[:8]}" if plan.snapshot.commit else ""
        about = f"{len(plan.services)} service{'' if len(plan.services) == 1 else 's'} on {plan.platform}"
        if self._verdict is None:
            mark, what, reason = "⚪", "no verdict", "it was ended before there was one"
        else:
            mark = _mark(good=self._verdict.verdict.good)
            what, reason = self._verdict.verdict.value, self._verdict.reason
        later = self._verdict.platform_seconds if self._verdict is not None else None
        told = f" The platform would say so after {_span(later)}." if later else ""
        lines = [f"## {mark} {what}: {markdown.text(about)}"]
        if reason != what:
            lines.append(f"{markdown.text(reason)}.{told}")
        check = tally(plan.diagnostics)
        lines.append(f"`emu up` of the {plan.snapshot.kind}{commit}, {self._seconds:.1f} s; check: {check}")
        return "\n\n".join(lines)

    def _table(self, plan: Plan, verdicts: dict[str, ServiceVerdict]) -> str:
        rows = ["| service | verdict | time | runs | because |", "|---|---|---|---|---|"]
        for service in plan.services:
            one = verdicts.get(service.name)
            verdict = f"{_mark(good=one.verdict.good)} {one.verdict.value}" if one is not None else "not run"
            took = ", ".join(self._took.get(service.name, ()))
            cells = (markdown.text(service.name), verdict, took, _command(service), markdown.text(_reason(service)))
            rows.append(markdown.row(*cells))
        return "\n".join(rows)

    def _broken(self, one: ServiceVerdict, read_line: ReadLine | None) -> str:
        """A service that did not come up: why, with its line, and what it said last."""
        cause = self._causes.get(one.name) or one.cause
        blocks = [f"### {markdown.text(one.name)}: {one.verdict.value}"]
        blocks.append(_finding(cause, read_line) if cause is not None else markdown.text(one.reason))
        output = self._output.get(one.name)
        if output:
            blocks.append(markdown.folded("its last lines", markdown.fenced(output)))
        return "\n\n".join(blocks)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _mark(*, good: bool) -> str:
    return "✅" if good else "❌"


def _command(service: Service) -> str:
    command = service.command
    if command is None or command.form == "none":
        return "files" if command is not None else "nothing"
    where = f" ({markdown.text(at(command.origin))})" if command.origin is not None and at(command.origin) else ""
    return f"{markdown.code(command_words(command))}{where}"


def _reason(service: Service) -> str:
    return next((one.because for one in service.decisions if one.id == f"{service.name}.command"), "")


def _finding(diagnostic: Diagnostic, read_line: ReadLine | None) -> str:
    lines = [f"**{diagnostic.severity}** {markdown.code(diagnostic.code)}: {markdown.text(diagnostic.message)}"]
    origin = diagnostic.origin
    if origin is not None and origin.file not in ("", "."):
        lines.append(f"at {markdown.code(at(origin))}")
        source = read_line(origin) if read_line is not None else None
        if source is not None and source.strip():
            lines.append(markdown.fenced([source.rstrip()]))
    lines += ["\n".join(f"- {markdown.text(fact)}" for fact in diagnostic.facts)] if diagnostic.facts else []
    lines += [f"**help:** {markdown.text(diagnostic.help)}"] if diagnostic.help else []
    return "\n\n".join(lines)


def _warnings(plan: Plan, read_line: ReadLine | None) -> str:
    """What the check warns of: a deploy that is live all the same."""
    found = [d for d in plan.diagnostics if d.severity is Severity.WARNING and not d.suppressed]
    if not found:
        return ""
    count = f"{len(found)} warning{'' if len(found) == 1 else 's'} of the check"
    return markdown.folded(count, "\n\n".join(_finding(one, read_line) for one in found))


def _not_reproduced(coverage: Iterable[Coverage]) -> str:
    rows = dict.fromkeys(f"- {markdown.code(row.key)}: {markdown.text(row.note)}" for row in coverage)
    return markdown.folded(f"not as on the platform in this run ({len(rows)})", "\n".join(rows)) if rows else ""
