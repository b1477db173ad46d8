"""What the engine's classic builder says (no BuildKit) → steps, lines, and why it failed."""

import re
from collections import deque
from typing import Any

from emulator.world.building import BuildError, BuildErrorKind, BuildProgress, StepDone, StepLog

from .build_log import LOG_TAIL

_STEP = re.compile(r"^Step (?P<number>\d+)/(?P<count>\d+) : (?P<text>.*)$", re.DOTALL)
_EXIT_CODE = re.compile(r"returned a non-zero code: (?P<code>\d+)")
_MISSING_FILE = re.compile(
    r"(?:COPY|ADD) failed: .*?(?:stat|lstat) (?P<subject>[^:\s]+)|no source files were specified"
)
_MISSING_IMAGE = re.compile(
    r"pull access denied for (?P<denied>[^,\s]+)|manifest for (?P<unknown>\S+) not found|repository does not exist"
)
_UNREACHABLE = re.compile(r"no such host|i/o timeout|connection refused|network is unreachable|x509:|Get \"https?://")
_INVALID = re.compile(
    r"dockerfile parse error|unknown instruction|[Dd]ockerfile.* cannot be empty|Cannot locate specified Dockerfile"
    r"|no build stage in current context|failed to reach build target|requires BuildKit|the --mount option"
)

_RED, _PLAIN = "\x1b[91m", "\x1b[0m"
"""This builder colours what a step says on stderr."""


class ClassicLog:
    """Feed it the builder's messages in order."""

    def __init__(self) -> None:
        self.image_id: str | None = None
        self._step: str | None = None
        self._began = 0.0
        self._cached = False
        self._tail: deque[str] = deque(maxlen=LOG_TAIL)
        self._error: str | None = None

    def message(self, told: dict[str, Any], now: float) -> list[BuildProgress]:
        """What one message adds. `now` is any clock, in seconds."""
        if "error" in told:
            self._error = str(told["error"]).strip()
            return []
        if image := (told.get("aux") or {}).get("ID"):
            self.image_id = image
            return []
        text = str(told.get("stream", "")).removeprefix(_RED).removesuffix(_PLAIN)
        return [item for line in text.splitlines() for item in self._line(line, now)]

    def end(self, now: float) -> list[BuildProgress]:
        """The last step, when the build went well."""
        return self._ended(now) if self._error is None else []

    def _line(self, line: str, now: float) -> list[BuildProgress]:
        if found := _STEP.match(line):
            done = self._ended(now)
            self._step, self._began, self._cached = f"[{found['number']}/{found['count']}] {found['text']}", now, False
            self._tail.clear()
            return done
        if line.strip() == "---> Using cache":
            self._cached = True
        if not line.strip() or self._step is None or re.match(r" *(--->|Removing intermediate|Successfully )", line):
            return []
        self._tail.append(line)
        return [StepLog(line=line, step=self._step)]

    def _ended(self, now: float) -> list[BuildProgress]:
        if self._step is None:
            return []
        seconds = None if self._cached else round(now - self._began, 3)
        return [StepDone(name=self._step, seconds=seconds, cached=self._cached)]

    def error(self) -> BuildError | None:
        """Why there is no image, None when nothing failed. This builder names no line of the Dockerfile."""
        if self._error is None:
            return None
        exit_code = int(found["code"]) if (found := _EXIT_CODE.search(self._error)) else None
        kind, subject = _kind_of(self._error, tuple(self._tail), exit_code)
        return BuildError(
            kind=kind,
            message=self._error,
            step=self._step,
            log_tail=tuple(self._tail),
            exit_code=exit_code,
            subject=subject,
        )


def _kind_of(message: str, tail: tuple[str, ...], exit_code: int | None) -> tuple[BuildErrorKind, str | None]:
    if exit_code is not None:
        return ("format" if any("exec format error" in line for line in tail) else "step"), None
    if "exec format error" in message:
        return "format", None
    if found := _MISSING_FILE.search(message):
        return "missing-file", found["subject"]
    if found := _MISSING_IMAGE.search(message):
        return "missing-image", found["denied"] or found["unknown"]
    if _INVALID.search(message):
        return "dockerfile", None
    return ("registry" if _UNREACHABLE.search(message) else "other"), None
