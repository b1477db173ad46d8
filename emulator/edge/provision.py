"""Perform repairs: run the commands of emulator/engine/repair.py, say what takes long, explain what fails."""

import contextlib
import fcntl
import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from emulator.engine.checkup import FIX
from emulator.engine.repair import Launch, Repair, Run, Step, Wait, Write
from emulator.model.diagnostic import Fault, HostError, error

from .host import resolve_endpoint
from .provision_facts import answers, program_path

Say = Callable[[str], None]

START = r"""
for entry in $PID_FILES; do
    file=${entry%=*} program=${entry##*=}
    [ -e "$file" ] || continue
    pid=$(cat "$file")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$program" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; then
        [ "$program" != "$0" ] || exit 0
    else
        rm -f "$file"
    fi
done
setsid "$0" "$@" >>"$LOG" 2>&1 </dev/null &
"""
"""Starts the daemon in a session of its own, where Ctrl-C does not reach it, unless it lives already. A pid
file of a dead process, or of another program that got its number, would keep it from starting. One
script, because all of it needs the administrator's rights."""

SPEAK_AFTER_S = 1.0
SPEAK_EVERY_S = 15.0
START_SECONDS = 60.0
TAIL = 8


def work_folder(environ: Mapping[str, str]) -> str:
    """Where package lists and root file systems are kept between runs."""
    if os.geteuid() == 0:
        return "/var/cache/emu"
    cache = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or "/var/tmp") / ".cache")  # noqa: S108
    return f"{cache}/emu"


class Progress:
    """Tells on stderr what has been going on for longer than a second, and how long.

    A terminal gets one line that is rewritten, anything else a line at the start, now and then, and at the end.
    """

    def __init__(self, say: Say, *, live: bool) -> None:
        self._say = say
        self._live = live
        self._lock = threading.Lock()
        self._stages: list[_Stage] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say nothing more."""
        self._stop.set()
        self._thread.join()

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Whatever happens inside is called `title`."""
        stage = _Stage(title, time.monotonic())
        with self._lock:
            self._stages.append(stage)
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            with self._lock:
                self._stages.remove(stage)
                if stage.said is not None:
                    self._say(f"{self._clear()}  {title}: {outcome} ({time.monotonic() - stage.began:.0f} s)\n")

    def _tick(self) -> None:
        while not self._stop.wait(0.25):
            with self._lock:
                now = time.monotonic()
                late = [stage for stage in self._stages if now - stage.began >= SPEAK_AFTER_S]
                lines = [f"{stage.title} … {now - stage.began:.0f} s" for stage in late]
                if self._live and late:
                    self._say(f"{self._clear()}  {' · '.join(lines)[:110]}")
                for stage, line in zip(late, lines, strict=True):
                    if stage.said is None or (not self._live and now - stage.said >= SPEAK_EVERY_S):
                        stage.said = now
                        self._say("" if self._live else f"  {line}\n")

    def _clear(self) -> str:
        return "\r\x1b[K" if self._live else ""


class _Stage:
    """Something that goes on: since when, and when it was last spoken of."""

    def __init__(self, title: str, began: float) -> None:
        self.title = title
        self.began = began
        self.said: float | None = None


@contextlib.contextmanager
def only_one(work: str, progress: Progress) -> Iterator[tuple[int, bool]]:
    """Hold the lock on the work folder: its descriptor, and whether it had to be waited for.

    Programs we start inherit it, so that what goes on after we were killed still keeps others out.
    """
    try:
        Path(work).mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{work}/lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as failure:
        raise _failed(f"cannot write to {work}: {failure.strerror}", (), "see who owns that folder") from None
    waited = False
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            with progress.stage("waiting for another repair to end"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock, waited
    finally:
        os.close(lock)


class Performer:
    """Performs steps. `environ` is what programs start from; `as_root` what to put before those that need the
    administrator's rights, () for root itself."""

    def __init__(
        self, environ: Mapping[str, str], progress: Progress, lock: int, *, as_root: tuple[str, ...] = ()
    ) -> None:
        self._environ = {**environ, "PATH": program_path(environ), "LC_ALL": "C.UTF-8"}
        self._progress = progress
        self._lock = lock
        self._as_root = as_root
        self._canceled = threading.Event()
        self._children: set[subprocess.Popen[bytes]] = set()

    def authorise(self) -> None:
        """Let sudo ask for the password now: later our own progress would write over its question."""
        if self._as_root:
            asked = subprocess.run([*self._as_root, "-v"], env=self._environ, check=False)
            if asked.returncode != 0:
                raise _failed("sudo does not give the administrator's rights", (), f"run `{FIX}` as root")

    def perform(self, repair: Repair) -> None:
        """All steps of a repair. Raises HostError for the first that fails, when what runs beside it has ended."""
        for step in repair.steps:
            self._step(step)
        if repair.lanes:
            try:
                self._lanes(repair.lanes)
            except HostError:
                raise  # what it left holds the logs; the next repair clears it first
            except BaseException:
                self._clear_up(repair)
                raise
        self._clear_up(repair)

    def _lanes(self, lanes: tuple[tuple[Step, ...], ...]) -> None:
        with ThreadPoolExecutor(max_workers=len(lanes)) as pool:
            running = [pool.submit(self._lane, lane) for lane in lanes]
            try:
                for lane in running:
                    lane.result()
            except BaseException:
                self._cancel()
                raise

    def _clear_up(self, repair: Repair) -> None:
        for step in repair.clearing:
            self._step(step)

    def _lane(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if self._canceled.is_set():
                return
            self._step(step)

    def _cancel(self) -> None:
        """End what runs, so that a failure or Ctrl-C need not wait for it."""
        self._canceled.set()
        for child in tuple(self._children):
            with contextlib.suppress(OSError):
                child.send_signal(signal.SIGTERM)

    def _step(self, step: Step) -> None:
        match step:
            case Write():
                _write(Path(step.path), step.text)
            case Run():
                with self._progress.stage(step.title):
                    self._run(step)
            case Launch():
                with self._progress.stage(step.title):
                    self._launch(step)
            case Wait():
                with self._progress.stage(step.title):
                    self._wait(step.seconds, lambda: None)

    def _argv(self, argv: tuple[str, ...], step_env: Mapping[str, str], *, root: bool) -> list[str]:
        prefix = self._as_root if root else ()
        # sudo drops the environment, so what a step needs is given on its command line.
        given = ("env", *(f"{name}={value}" for name, value in step_env.items())) if prefix and step_env else ()
        return [*prefix, *given, *argv]

    def _run(self, step: Run) -> None:
        argv = self._argv(step.argv, step.env, root=step.root)
        # A pipe's descriptors would be inherited by a daemon that a package starts, and never reach their end.
        with _scratch() as output, _scratch() as given:
            given.write((step.input or "").encode())
            given.seek(0)
            code = self._execute(argv, step, given, output)
            if code != 0:
                tail = _tail(output)
                facts = (f"`{shlex.join(argv[:6])}{' …' if len(argv) > 6 else ''}` ended with {code}", *tail)
                raise _failed(f"{step.title} failed", facts, step.advice or None)

    def _execute(self, argv: list[str], step: Run, given: IO[bytes], output: IO[bytes]) -> int:
        env = {**self._environ, **step.env}
        try:
            if not step.into:
                return self._wait_for(self._spawn(argv, env, stdin=given, stdout=output, stderr=output))
            first = self._spawn(argv, env, stdin=given, stdout=subprocess.PIPE, stderr=output)
            second = self._spawn(list(step.into), env, stdin=first.stdout, stdout=output, stderr=output)
            if first.stdout:
                first.stdout.close()
            second_code = self._wait_for(second)
            return self._wait_for(first) or second_code
        except FileNotFoundError as failure:
            raise _failed(f"{step.title} failed: there is no program {failure.filename}", (), step.advice) from None

    def _spawn(self, argv: list[str], env: dict[str, str], **streams: object) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(argv, env=env, cwd="/", pass_fds=(self._lock,), **streams)  # type: ignore[call-overload]
        self._children.add(child)
        return child  # type: ignore[no-any-return]

    def _wait_for(self, child: subprocess.Popen[bytes]) -> int:
        try:
            return child.wait()
        finally:
            self._children.discard(child)

    def _launch(self, step: Launch) -> None:
        endpoint = resolve_endpoint(self._environ)
        if answers(endpoint):
            return
        before = _size(step.log)
        pid_files = " ".join(f"{path}={program}" for path, program in step.pid_files.items())
        environ = {"LOG": step.log, "PID_FILES": pid_files}
        argv = self._argv(("sh", "-c", START, *step.argv), environ, root=True)
        # Not inheriting the lock: the daemon outlives us.
        subprocess.run(argv, env={**self._environ, **environ}, cwd="/", check=False, stdin=subprocess.DEVNULL)
        began = time.monotonic()

        def look() -> None:
            # It writes its pid file within a second; one without a process after that has died.
            if time.monotonic() - began > 5 and not _running_daemon(step):
                raise _failed("Docker Engine does not start", _log_tail(step.log, before), f"read {step.log}")

        self._wait(START_SECONDS, look, log=step.log, before=before)

    def _wait(self, seconds: float, look: Callable[[], None], *, log: str = "", before: int = 0) -> None:
        endpoint = resolve_endpoint(self._environ)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if answers(endpoint):
                return
            if Path(endpoint.socket or "").exists() and not os.access(endpoint.socket or "", os.W_OK):
                return  # it runs; that we may not use it is the next finding
            look()
            time.sleep(0.1)
        facts = _log_tail(log, before) if log else ()
        raise _failed(f"Docker Engine does not answer within {seconds:.0f} s", facts, f"read {log}" if log else None)


def _write(path: Path, text: str) -> None:
    """Write whole or not at all: what was cut off half way must not be taken for finished."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(text)
        part.replace(path)
    except OSError as failure:
        raise _failed(f"cannot write {path}: {failure.strerror}", (), "see who owns that folder") from None


def _scratch() -> IO[bytes]:
    import tempfile

    return tempfile.TemporaryFile()


def _tail(output: IO[bytes]) -> tuple[str, ...]:
    output.seek(0)
    return _last_lines(output)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _log_tail(path: str, before: int) -> tuple[str, ...]:
    """The last lines of a log that were written after it had `before` bytes."""
    try:
        with Path(path).open("rb") as file:
            file.seek(before)
            return _last_lines(file)
    except OSError:
        return ()


def _last_lines(file: IO[bytes]) -> tuple[str, ...]:
    lines = (line.decode(errors="replace").rstrip() for line in file)
    return tuple(deque((line for line in lines if line.strip()), maxlen=TAIL))


def _running_daemon(step: Launch) -> bool:
    program = Path(step.argv[0]).name
    return any(_is_running(path, name) for path, name in step.pid_files.items() if name == program)


def _is_running(pid_file: str, program: str) -> bool:
    """Whether the process a pid file names lives and is that program, not one that got its number later."""
    try:
        pid = int(Path(pid_file).read_text().strip())
        state = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, ValueError):
        return False
    name, _, rest = state.partition("(")[2].rpartition(")")
    return name == program[:15] and rest.split()[0] != "Z"


def _failed(message: str, facts: tuple[str, ...], help: str | None) -> HostError:
    return HostError(error("host/repair-failed", message, fault=Fault.HOST, facts=facts, help=help), exit_code=1)
