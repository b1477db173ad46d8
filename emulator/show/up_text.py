"""The events of `emu up` as lines a person follows."""

import re
import shlex
from collections.abc import Iterable

from emulator.model.diagnostic import Diagnostic
from emulator.model.event import (
    NO_PLAN,
    BuildFailed,
    BuildFinished,
    BuildRunning,
    BuildSkipped,
    BuildStarted,
    BuildStep,
    ContainerStarted,
    CoverageReported,
    CronEvent,
    DeployCanceled,
    DeployFailed,
    DeployStarted,
    DiagnosticFound,
    EngineSilent,
    Event,
    FilesSaved,
    InitialHookFinished,
    InitialHookStarted,
    Live,
    Log,
    Mismatch,
    OutOfMemory,
    PortDetected,
    PreDeployFinished,
    PreDeployStarted,
    ProbeAttempt,
    Published,
    Restarted,
    Rotation,
    RunFinished,
    ServiceVerdict,
    Sleep,
    Stopped,
    TaskEvent,
    TrafficMoved,
    Verdict,
)
from emulator.model.plan import Service
from emulator.model.record import replace

from .coverage_text import coverage_lines
from .cron_text import cron_line
from .excerpt import ReadLine
from .saved_text import saved_lines
from .style import Style, columns, fit, folded, hanging, legible, printable, wrap
from .text import diagnostic_text
from .time_line import TimeLines

_OF_A_CONTAINER = PortDetected | ProbeAttempt | Restarted | Stopped | OutOfMemory | Rotation
"""What is told of one container of an instance, in a line that does not name it."""

_INDENT = 12
"""Of the further lines of one that is too wide: behind its time."""

_TOLD_FROM_S = 5.0
"""How long a step of a build goes on before lines tell of it."""


class UpText:
    """Turns events into lines. `verbose` shows build output and every probe."""

    def __init__(
        self,
        style: Style,
        read_line: ReadLine,
        *,
        services: Iterable[Service] = (),
        verbose: bool = False,
        quiet: bool = False,
    ) -> None:
        self.style = style
        self.services = {service.name: service for service in services}
        self.read_line = read_line
        self.verbose = verbose
        self.quiet = quiet
        self.is_live = False
        """Whether lines scroll above a live view: then each service has its colour there and here."""
        self._ports: dict[str, str] = {}
        self._shared: dict[str, list[str]] = {}
        self._time_lines = TimeLines()

    def lines(self, event: Event) -> list[str]:
        """What to print for `event`; [] for nothing."""
        if isinstance(event, ContainerStarted) and event.url is not None and event.service:
            self._ports[event.service] = f":{event.url.rpartition(':')[2]}"
        if self.quiet and not isinstance(event, DeployFailed | Verdict):
            return []
        lines = (self._headed(event, self._named(event, line)) for line in self._told(event))
        return [folded(line, self.style, _INDENT) for line in lines]

    def _told(self, event: Event) -> list[str]:
        """Of a datastore one line is enough, unless all is asked for: that it is ready."""
        service = self.services.get(event.service or "")
        if service is None or service.datastore is None or self.verbose:
            return self._lines(event)
        match event:
            case Live():
                return [f"{self.style.green(f'{service.name} is ready')} after {event.seconds:.2f} s"]
            case BuildStarted():
                return [f"makes a stand-in for {service.datastore.engine} {service.datastore.version}, once"]
            case Restarted() | OutOfMemory() | DeployCanceled():
                return self._lines(event)
            case _:
                return []

    def _named(self, event: Event, line: str) -> str:
        """With several services beside each other, a line says whose it is; with several instances or containers, which
        one's."""
        service = self.services.get(event.service or "")
        if line and isinstance(event, _OF_A_CONTAINER) and self._has_several(event):
            line = f"{self.style.dim(f'{event.container}:')} {line}"
        if line and service is not None and service.instances is not None and service.instances.min > 1:
            line = f"{self.style.dim(f'#{event.instance}')} {line}" if event.instance is not None else line
        if not line or not event.service or len(self.services) < 2 or _says_whose(event, line):
            return line
        whose = f"{event.service}:"
        return f"{self._in_its_colour(event, whose) if self.is_live else self.style.dim(whose)} {line}"

    def _has_several(self, event: Event) -> bool:
        """Whether its service has several containers, so that a line says which one it is about."""
        service = self.services.get(event.service or "")
        return service is not None and len(service.containers) > 1 and event.container is not None

    def _headed(self, event: Event, line: str) -> str:
        return f"{self.style.dim(f'{event.at:7.2f}s')}  {line}" if line else line

    def _lines(self, event: Event) -> list[str]:
        style = self.style
        match event:
            case Log(stream="build"):
                return [f"{style.dim('build |')} {printable(event.line)}"] if self.verbose else []
            case Log(stream="platform"):
                return [style.cyan(event.line)] if event.line.strip(" =>/") else []  # bars and empty lines say nothing
            case Log():
                who = event.container if self._has_several(event) else event.service
                if self.is_live:
                    return [f"{self._in_its_colour(event, f'{who} |')} {legible(event.line)}"]
                return [f"{style.dim(f'{who} |')} {printable(event.line)}"]
            case BuildStarted():
                what = event.dockerfile or "the generated Dockerfile"
                return [style.bold(f"build {event.service}") + f" from {what}, context {event.context}"]
            case BuildStep():
                took = "cached" if event.cached or event.seconds is None else f"{event.seconds:.1f} s"
                whose = len(f"{event.service}: ") if len(self.services) > 1 else 0
                name, room = printable(event.name), max(20, style.width - 21 - whose)
                return [f"  {took:>7}  {name if columns(name) <= room else name[: fit(name, room - 1)] + '…'}"]
            case BuildRunning() if self.is_live:
                return []  # the panel tells of it, and goes on to
            case BuildRunning():
                whose = len(f"{event.service}: ") if len(self.services) > 1 else 0
                return [_going_on(event, style, style.width - 10 - whose)] if event.elapsed_s >= _TOLD_FROM_S else []
            case BuildFinished():
                return [f"built in {event.seconds:.1f} s"]
            case BuildSkipped():
                return [f"nothing to build: what the image of deploy {event.image_of} is made of is the same"]
            case Published():
                count = f"{event.files} file{'' if event.files == 1 else 's'}"
                return [f"publishes {printable(event.path)}: {count}, {_size(event.size_bytes)}"]
            case BuildFailed():
                tail = [f"  {style.dim('|')} {printable(line)}" for line in event.log_tail[-12:]]
                return [style.red("the build failed") + (f" at {event.step}" if event.step else ""), *tail]
            case _:
                return self._boot_lines(event)

    def _in_its_colour(self, event: Event, text: str) -> str:
        names = list(self.services)
        return self.style.hue(names.index(event.service), text) if event.service in names else self.style.dim(text)

    def _boot_lines(self, event: Event) -> list[str]:
        style = self.style
        match event:
            case Mismatch():
                return [
                    style.red("prediction and reality differ (a bug of emu)"),
                    f"  {event.what}: planned {event.predicted}",
                    f"  the engine says {event.actual}",
                ]
            case ContainerStarted():
                again = f" (start {event.attempt})" if event.attempt > 1 else ""
                who = event.container if self._has_several(event) else event.service
                return [style.bold(f"start {who}") + again + f"  {_words(event.argv)}"]
            case PortDetected():
                return [f"listens on {event.address}:{event.port}"]
            case ProbeAttempt():
                mark = style.green("ok") if event.ok else style.yellow("not yet")
                if not event.ok and event.detail.endswith("the process ended"):
                    mark = ""  # and will not any more
                return (
                    [f"{event.kind} check {event.attempt}: {event.detail}  {mark}".rstrip()]
                    if self.verbose or not event.ok or event.attempt == 1
                    else []
                )
            case Restarted():
                return [f"{event.because}; starting it again (the platform waits {event.back_off_s:g} s)"]
            case Stopped(signal=str(signal)):
                return [f"stopped by {signal} in {event.seconds:.1f} s" + _unheard(event)]
            case Live():
                return [
                    style.green(f"{event.service} is live")
                    + f" after {event.seconds:.2f} s"
                    + (f" at {style.bold(event.url)}" if event.url else ""),
                    *self._by_name(event),
                ]
            case _:
                return self._command_lines(event)

    def _command_lines(self, event: Event) -> list[str]:
        """Of commands that end: before and after a deploy, tasks, runs."""
        style = self.style
        match event:
            case PreDeployStarted():
                return [style.bold(f"before {event.service} starts") + f"  {_words(event.argv)}"]
            case PreDeployFinished():
                status = f" with status {event.exit_code}" if event.exit_code is not None else ""
                what = "it is done" if event.ok else style.red("it failed") + status
                return [f"{what} after {event.seconds:.1f} s"]
            case InitialHookStarted():
                return [style.bold(f"once, after the first deploy of {event.service}") + f"  {_words(event.argv)}"]
            case InitialHookFinished():
                status = f" with status {event.exit_code}" if event.exit_code is not None else ""
                what = "it is done" if event.ok else style.yellow("it failed") + status
                return [f"{what} after {event.seconds:.1f} s"]
            case TaskEvent():
                return self._task_lines(event)
            case CronEvent():
                return [cron_line(event, style)]
            case RunFinished() if event.tasks > 1:
                return [f"{event.succeeded} of {event.tasks} tasks succeeded in {event.seconds:.1f} s"]
            case _:
                return self._deploy_lines(event)

    def _by_name(self, event: Live) -> list[str]:
        """The address once more, by a name like its public one."""
        service = self.services.get(event.service or "")
        if service is None or service.local_name is None or event.url is None:
            return []
        return [f"in a browser also at http://{service.local_name}:{event.url.rpartition(':')[2]}"]

    def _deploy_lines(self, event: Event) -> list[str]:
        style = self.style
        match event:
            case DeployStarted(still_live=int(live)):
                again = f", with the image of deploy {event.image_of}" if event.image_of is not None else ""
                return [
                    style.bold(f"deploy {event.deploy}") + f" ({event.trigger}{again}); deploy {live} serves until then"
                ]
            case FilesSaved():
                return saved_lines(event, style)
            case DeployCanceled():
                by = f": deploy {event.by} took its place" if event.by is not None else ""
                return [
                    style.yellow(f"deploy {event.deploy} of {event.service} is canceled{by}") + self._serving(event)
                ]
            case EngineSilent(silent=True):
                goes_on = "what runs goes on, what was asked of it waits"
                return [style.red(f"the engine has not answered for {event.seconds:.0f} s: {goes_on}")]
            case EngineSilent():
                return [f"the engine answers again, after {event.seconds:.0f} s"]
            case OutOfMemory():
                limit = f" (limit {event.limit_mib} MiB)" if event.limit_mib else ""
                return [
                    style.red(
                        f"a process of {event.service} was killed for lack of memory{limit}; the first one goes on"
                    )
                ]
            case Rotation():
                what = "gets requests again" if event.ready else "gets no new requests"
                return [style.yellow(f"{event.service} {what}: {event.because}")]
            case Sleep(asleep=True):
                why = f"no request for {event.after_s:g} s"
                return [style.yellow(f"{event.service} sleeps: {why}; the next one wakes it")]
            case Sleep():
                return [f"a request wakes {event.service}, and waits"]
            case TrafficMoved():
                return self._traffic_lines(event)
            case _:
                return []

    def _traffic_lines(self, event: TrafficMoved) -> list[str]:
        """Who gets requests, where there are several; once, until that changes."""
        named = ((share.revision or f"deploy {share.deploy}", share.percent) for share in event.split)
        shares = ", ".join(f"{name} {percent} %" for name, percent in named)
        lines = [f"requests go to {shares}", *self._by_tag(event)]
        is_news = lines != self._shared.get(event.service or "", [])
        has_several = len(event.split) > 1 or any(share.tags for share in event.split)
        self._shared[event.service or ""] = lines if has_several else []
        return lines if is_news and has_several else []

    def _by_tag(self, event: TrafficMoved) -> list[str]:
        """How a revision is reached by its tag: on any host that begins with it."""
        service = self.services.get(event.service or "")
        host = service.local_name if service is not None and service.local_name is not None else "HOST"
        port = self._ports.get(event.service or "", "")
        return [f"{share.revision} at http://{tag}---{host}{port}" for share in event.split for tag in share.tags]

    def _serving(self, event: DeployCanceled | DeployFailed) -> str:
        """Which deploy one is looking at after one that did not go live."""
        return f"; deploy {event.still_live} still serves" if event.still_live is not None else ""

    def _task_lines(self, event: TaskEvent) -> list[str]:
        """One line for each end of an attempt; its start is told with its container."""
        who, took = f"task {event.index}", f"after {event.seconds:.1f} s"
        status = f" with status {event.exit_code}" if event.exit_code is not None else ""
        match event.state:
            case "started":
                return []
            case "succeeded":
                return [f"{who} {self.style.green('succeeded')} {took}"]
            case "timed_out":
                return [f"{who} {self.style.yellow('takes too long')}: told to end {took}"]
            case "retrying":
                return [f"{who} ended{status} {took}; starting it again"]
            case "failed":
                return [f"{who} {self.style.red('failed')}{status} {took}"]

    def block(self, event: Event) -> str | None:
        """What is printed as a block of its own, without a time in front: findings, endings, and how a boot went that
        failed, or, where everything is shown, any."""
        self._time_lines.hear(event, self.services.get(event.service or ""))
        block = self._block(event)
        if not isinstance(event, DeployFailed if not self.verbose else DeployFailed | Live):
            if isinstance(event, Live):
                self._time_lines.forget(event)
            return block
        drawn = [] if self.quiet else self._time_lines.drawn(event, self.style)
        return ("\n".join([*drawn, "", block] if block else [*drawn, ""]) if drawn else block) or None

    def _block(self, event: Event) -> str | None:
        style = self.style
        match event:
            case DeployFailed(cause=cause):
                found = self._finding(event, cause) + "\n" if cause is not None else ""
                if event.still_live is None or event.code == NO_PLAN:  # that is told once, of all
                    return found or None
                what = "was refused" if event.phase == "check" else "failed"
                loud = f"deploy {event.deploy} of {event.service} {what}; deploy {event.still_live} still serves"
                return f"{found}{style.red(loud)}\n"
            case DiagnosticFound():
                return self._finding(event, event.diagnostic) + "\n"
            case CoverageReported() if event.coverage and not self.quiet:
                return "\n".join(coverage_lines(event.coverage, style, whole=self.verbose)) + "\n"
            case Verdict():
                return self._verdict(event)
            case _:
                return None

    def _finding(self, event: Event, diagnostic: Diagnostic) -> str:
        """With several services it says whose it is, where its message does not."""
        whose = event.service or diagnostic.service
        if len(self.services) > 1 and whose and not _names(whose, diagnostic.message):
            diagnostic = replace(diagnostic, message=f"{whose}: {diagnostic.message}")
        return diagnostic_text(diagnostic, self.style, self.read_line)

    def _verdict(self, event: Verdict) -> str:
        paint = self.style.green if event.verdict.good else self.style.red
        later = event.platform_seconds
        told = f" (the platform would say so after {_span(later)})" if later else ""
        first, *rest = wrap(f"{event.verdict.value}: {event.reason}{told}", max(20, self.style.width))
        rows = [paint(event.verdict.value) + first.removeprefix(event.verdict.value), *rest]
        if len(event.services) > 1 and any(one.reason != event.reason for one in event.services):
            rows += hanging_verdicts(event.services, self.style)
        return "\n".join(rows) + "\n"


def _going_on(event: BuildRunning, style: Style, width: int) -> str:
    """ "  … [4/9] RUN pip install  12 s (last time 38 s)" """
    took = f"{event.elapsed_s:.0f} s"
    took += f" (last time {event.last_time_s:.0f} s)" if event.last_time_s is not None else ""
    name, room = printable(event.name), max(10, width - 6 - columns(took))
    short = name if columns(name) <= room else name[: fit(name, room - 1)] + "…"
    return style.dim(f"  … {short}  {took}")


def hanging_verdicts(services: Iterable[ServiceVerdict], style: Style) -> list[str]:
    """For each service its verdict, and why where it is a bad one."""
    found = list(services)
    gap = max(len(one.name) for one in found) + 2
    wide = max(len(one.verdict.value) for one in found) + 2
    rows: list[str] = []
    for one in found:
        head = f"  {one.name:<{gap}}{(style.green if one.verdict.good else style.red)(one.verdict.value)}"
        if one.verdict.good or one.reason == one.verdict.value:
            rows.append(head)
            continue
        first, *rest = hanging("", one.reason, style, indent=0, gap=2 + gap + wide)
        blank = " " * (wide - len(one.verdict.value))
        rows += [f"{head}{blank}{first.lstrip()}", *rest]
    return rows


def _says_whose(event: Event, line: str) -> bool:
    """Whether a line names its service as a word of its own; the platform's words never mean to."""
    if isinstance(event, Log) and event.stream == "platform":
        return False
    return _names(event.service or "", re.sub(r"\x1b\[[0-9;]*m", "", line))


def _names(service: str, text: str) -> bool:
    """Whether a text has the name as a word of its own, not in an address or another name."""
    return re.search(rf"(?<![\w./:-]){re.escape(service)}(?![\w./:-])", text) is not None


def _words(argv: tuple[str, ...]) -> str:
    """As one would type them in a shell."""
    return printable(shlex.join(argv))


def _size(size: int) -> str:
    """ "12.3 kB" """
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.1f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def _unheard(event: Stopped) -> str:
    """Why it had to be killed, and how long the platform would have waited before."""
    if event.graceful or event.grace_s is None:
        return ""
    waits = f"the platform waits {event.grace_s:g} s"
    if event.heard is False:
        return f": its first process does nothing at that signal, so it was killed ({waits}, each time)"
    return f": it did not end by itself and was killed ({waits})"


def _span(seconds: float) -> str:
    """ "5 min 22 s" """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"
