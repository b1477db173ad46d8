"""What `docker buildx build --progress=rawjson` prints → steps, lines, and why it failed.

The builder prints JSON objects one after the other, in one line each or over many, and ends with plain
text when it fails: the place in the Dockerfile with an excerpt, then `ERROR: …`.
"""

import base64
import binascii
import json
import re
from collections import deque
from datetime import datetime
from typing import Any

from emulator.world.building import BuildError, BuildErrorKind, BuildProgress, StepDone, StepGoing, StepLog

from .lines import Lines

LOG_TAIL = 40
"""Lines of the failing step that an error carries."""

_PLACE = re.compile(r"^(?P<file>.+):(?P<line>\d+)$")
_EXCERPT = re.compile(r"^\s*(?P<line>\d+) \| >>> ")
_PARSE_LINE = re.compile(r"parse error on line (\d+)")
_EXIT_CODE = re.compile(r"did not complete successfully: exit code: (\d+)")


class _Step:
    """What is known of one vertex of the build's graph."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seconds = 0.0
        self.ended_at = 0.0
        self.cached = False
        self.running = False
        self.done = False
        self.reported = False
        self.error = ""
        self.tail: deque[str] = deque(maxlen=LOG_TAIL)
        self.streams: dict[int, Lines] = {}


class BuildLog:
    """Decodes the builder's output as it arrives. Feed it bytes; it answers with progress."""

    def __init__(self) -> None:
        self._text = Lines()
        self._object: list[str] = []
        self._steps: dict[str, _Step] = {}
        self._said: list[str] = []
        self._warnings: list[str] = []

    def feed(self, data: bytes) -> list[BuildProgress]:
        """Which steps begin, rest and ended, and the lines they printed, in order."""
        return [item for line in self._text.feed(data) for item in self._line(line)]

    def end(self) -> list[BuildProgress]:
        """What is left when the builder has ended."""
        found = [item for line in self._text.end() for item in self._line(line)]
        self._said += self._object
        for step in self._steps.values():
            found += _rest_of(step)
        return found + self._settled(set())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the builder warned of, each once."""
        return tuple(dict.fromkeys(self._warnings))

    @property
    def said(self) -> str:
        """The plain text among the objects: the builder's last words."""
        return "\n".join(self._said)

    def error(self) -> BuildError:
        """Why the build failed, told from all that was fed. Meant for after `end`."""
        return _error_of(self.said, self._failed())

    def _failed(self) -> _Step | None:
        """The step that failed by itself; others are canceled on its account."""
        failed = [step for step in self._steps.values() if step.error]
        return next((step for step in failed if "context canceled" not in step.error.lower()), None)

    def _line(self, line: str) -> list[BuildProgress]:
        """An object over many lines begins with "{" and ends with "}", each alone and not indented."""
        if self._object:
            self._object.append(line)
            return self._whole() if line == "}" else []
        if line == "{":
            self._object = [line]
            return []
        if line.startswith("{"):
            self._object = [line]
            return self._whole()
        if line.strip():
            self._said.append(line)
        return []

    def _whole(self) -> list[BuildProgress]:
        lines, self._object = self._object, []
        try:
            message = json.loads("\n".join(lines))
        except ValueError:
            self._said += lines
            return []
        return self._message(message)

    def _message(self, message: dict[str, Any]) -> list[BuildProgress]:
        vertexes = message.get("vertexes") or []
        found = self._settled({vertex.get("digest", "") for vertex in vertexes if not vertex.get("completed")})
        for vertex in vertexes:
            found += self._vertex(vertex)
        for log in message.get("logs") or []:
            found += self._log(log)
        for warning in message.get("warnings") or []:
            self._warnings.append(_decoded(warning.get("short")).decode("utf-8", "replace"))
        return found

    def _vertex(self, vertex: dict[str, Any]) -> list[BuildProgress]:
        step = self._steps.setdefault(vertex.get("digest", ""), _Step(vertex.get("name", "")))
        started, completed = _time(vertex.get("started")), _time(vertex.get("completed"))
        step.cached = step.cached or bool(vertex.get("cached"))
        step.error = vertex.get("error") or step.error
        was_running, step.running = step.running, started is not None and completed is None
        if started is not None and completed is not None:
            step.seconds += max(0.0, completed - started)
            step.ended_at = completed
            step.done = True
        return [StepGoing(name=step.name, going=step.running)] if step.running != was_running else []

    def _log(self, log: dict[str, Any]) -> list[BuildProgress]:
        step = self._steps.get(log.get("vertex", ""))
        if step is None:
            return []
        lines = step.streams.setdefault(int(log.get("stream") or 1), Lines())
        return _logged(step, lines.feed(_decoded(log.get("data"))))

    def _settled(self, restarted: set[str]) -> list[BuildProgress]:
        """Report the steps that are done. One message later than they ended: a step may be taken up again."""
        found: list[BuildProgress] = []
        ended = [
            step
            for digest, step in self._steps.items()
            if step.done and not (step.running or step.reported or step.error or digest in restarted)
        ]
        for step in sorted(ended, key=lambda step: step.ended_at):
            step.reported = True
            found += _rest_of(step)
            seconds = None if step.cached else round(step.seconds, 3)
            found.append(StepDone(name=step.name, seconds=seconds, cached=step.cached))
        return found


def _logged(step: _Step, lines: list[str]) -> list[BuildProgress]:
    step.tail.extend(lines)
    return [StepLog(line=line, step=step.name) for line in lines]


def _rest_of(step: _Step) -> list[BuildProgress]:
    """Last lines that the step did not end."""
    return [item for lines in step.streams.values() for item in _logged(step, lines.end())]


def _decoded(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "")
    except (binascii.Error, ValueError):
        return b""


def _time(text: str | None) -> float | None:
    """Seconds since the epoch. The builder writes nanoseconds, which Python 3.11 reads cut to microseconds."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _error_of(said: str, step: _Step | None) -> BuildError:
    message = _message_of(said) or (step.error if step else "") or "the builder ended without an image"
    tail = tuple(step.tail) if step else ()
    line, end_line = _place_of(said)
    exit_code = int(found[1]) if (found := _EXIT_CODE.search(message)) else None
    kind, subject = _kind_of(message, tail)
    return BuildError(
        kind=kind,
        message=_without_ids(message),
        step=step.name if step else None,
        log_tail=tail,
        line=line,
        end_line=end_line,
        exit_code=exit_code,
        subject=subject,
    )


def _message_of(said: str) -> str:
    """The text after the last `ERROR:`, without the layers of "failed to …" that say nothing."""
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    return errors[-1].removeprefix("failed to solve: ") if errors else ""


def _without_ids(message: str) -> str:
    """Without the builder's inner names: they differ in every build."""
    message = re.sub(r"^failed to compute cache key: ", "", message)
    return re.sub(r"failed to calculate checksum of ref \S+: ", "", message)


def _place_of(said: str) -> tuple[int | None, int | None]:
    """First and last line of the instruction at fault."""
    place: int | None = None
    marked: list[int] = []
    for line in said.splitlines():
        if place is None and (found := _PLACE.match(line)):
            place = int(found["line"])
        elif place is not None and (found := _EXCERPT.match(line)):
            marked.append(int(found["line"]))
    if place is None:
        found = _PARSE_LINE.search(said)
        place = int(found[1]) if found else None
    return (marked[0], marked[-1]) if marked else (place, place)


_MISSING_FILE = (
    re.compile(r'"(?P<subject>/[^"]*)": not found'),
    re.compile(r"(?:lstat|stat) (?P<subject>\S+): no such file or directory"),
    re.compile(r"no source files were specified"),
    re.compile(r"(?:COPY|ADD) failed: file not found in build context.*?: stat (?P<subject>\S+):"),
)
_IMAGE = re.compile(r"(?:for|image|metadata for) (?P<subject>[a-z0-9][^\s:]*(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?): ")
_UNREACHABLE = re.compile(
    r"no such host|server misbehaving|i/o timeout|connection refused|network is unreachable|TLS handshake timeout"
    r"|context deadline exceeded|x509:|no route to host|Temporary failure in name resolution|proxyconnect"
)
_NO_IMAGE = re.compile(
    r"failed to resolve source metadata|failed to load metadata|pull access denied|manifest (?:for .* )?unknown"
    r"|repository does not exist|no match for platform in manifest|failed to resolve image|insufficient_scope"
)
_INVALID = re.compile(
    r"dockerfile parse error|parse error|unknown instruction|Dockerfile cannot be empty|failed to read dockerfile"
    r"|target stage .* could not be found|no build stage in current context|unknown flag|invalid from flag"
    r"|failed to parse|failed to process|base name .* should not be blank|circular dependency"
    r"|requires (?:at least|exactly)|invalid reference format|Unable to find .*Dockerfile"
)


def _kind_of(message: str, tail: tuple[str, ...]) -> tuple[BuildErrorKind, str | None]:
    if _EXIT_CODE.search(message):
        foreign = any("exec format error" in line for line in tail)
        return ("format" if foreign else "step"), None
    if "exec format error" in message:
        return "format", None
    if _NO_IMAGE.search(message):
        found = _IMAGE.search(message)
        return ("registry" if _UNREACHABLE.search(message) else "missing-image"), found["subject"] if found else None
    for pattern in _MISSING_FILE:
        if found := pattern.search(message):
            return "missing-file", found.groupdict().get("subject")
    if _INVALID.search(message):
        return "dockerfile", None
    return "other", None
