"""A project while `up` runs: taken for this process, with its deploy numbers and its stable addresses; and what is
remembered of it when nothing runs."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.history import DeployRecord, History
from emulator.model.record import replace
from emulator.model.remembered import Remembered

from .orphans import remove_orphans
from .state import ProjectState, every_project

if TYPE_CHECKING:
    from emulator.model.mark import Marks
    from emulator.model.plan import Plan

    from .built_images import BuiltImages
    from .control import ControlServer, Handler
    from .proxy import Proxy


class Project:
    """What one `up` knows of its project."""

    def __init__(self, id: str, state: ProjectState) -> None:
        self._id = id
        self._state = state
        self._lock = threading.Lock()
        self._last = 0
        self._images: BuiltImages | None = None
        remembered = state.read("ports")
        self._ports = {name: port for name, port in remembered.items() if isinstance(port, int)}

    def next_deploy(self) -> int:
        """The number of this deploy: one more than the last one's. Raises HostError where even the first one of this
        process cannot be written down."""
        with self._lock:
            last = self._state.read("deploys").get("last")
            number = max(last if isinstance(last, int) else 0, self._last) + 1
            try:
                self._state.write("deploys", {"last": number})
            except HostError:  # told when the deploy cannot be remembered; what serves is not the worse for it
                if not self._last:
                    raise
            self._last = number
        return number

    def address(self, service: str) -> "Proxy":
        """The service's address on 127.0.0.1: the same as last time where that port is free."""
        from .proxy import Proxy  # asyncio takes as long to import as a plan to make

        with self._lock:
            proxy = Proxy(self._ports.get(service))
            if self._ports.get(service) != proxy.port:
                self._ports[service] = proxy.port
                self._state.write("ports", self._ports)
        return proxy

    def password(self, service: str) -> str:
        """The password of a datastore of the project: made up once, and kept in a file that only its owner reads."""
        import secrets
        import string

        with self._lock:
            kept = self._state.read("passwords")
            known = kept.get(service)
            if isinstance(known, str) and known:
                return known
            made = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))
            self._state.write("passwords", {**kept, service: made})
        return made

    def generated(self, name: str) -> str:
        """The random value of that name (`EnvVar.made_as`), 256 bits as base64: made up once, and kept like a
        password."""
        import base64
        import secrets

        with self._lock:
            kept = read_remembered(self._state)
            if name not in kept.generated:
                kept = kept.with_generated(name, base64.b64encode(secrets.token_bytes(32)).decode())
                _write_remembered(self._state, kept)
        return kept.generated[name]

    def keep_answers(self, answers: dict[str, dict[str, str]]) -> None:
        """Remember what a person answered, by service and variable."""
        with self._lock:
            _write_remembered(self._state, read_remembered(self._state).with_answers(answers))

    def forget(self, names: set[str]) -> None:
        """Remember no value of variables of these names any more."""
        with self._lock:
            _write_remembered(self._state, read_remembered(self._state).without(names))

    def history(self) -> History:
        """The deploys so far."""
        return read_history(self._state)

    def record(self, deploy: DeployRecord) -> None:
        """Remember how a deploy ended; its time is now."""
        import msgspec

        with self._lock:
            history = read_history(self._state).with_one(replace(deploy, at=round(time.time(), 3)))
            self._state.write("history", {"deploys": msgspec.to_builtins(history.deploys)})

    def record_drain(self, deploy: int, service: str, seconds: float) -> None:
        """Remember how long after a deploy went live the one before had ended. Raises HostError."""
        import msgspec

        with self._lock:
            history = read_history(self._state)
            later = history.with_drain(deploy, service, seconds)
            if later != history:
                self._state.write("history", {"deploys": msgspec.to_builtins(later.deploys)})

    def last_plan(self) -> "Plan | None":
        """The plan of the deploy before, be it of an earlier run; None where none is remembered, or none readable."""
        import msgspec

        from emulator.model.plan import Plan

        with contextlib.suppress(msgspec.ValidationError, RecursionError):
            return msgspec.convert(self._state.read("plan"), Plan)
        return None

    def keep_plan(self, plan: "Plan") -> None:
        """Remember it for the deploy after. Raises HostError."""
        import msgspec

        with self._lock:
            self._state.write("plan", msgspec.to_builtins(plan))

    def mark_files(self, root: str, deploy: int) -> tuple[str, ...] | None:
        """Remember what lies in `root` as what a deploy is made of; in which files that differs from the deploy
        before, None where it is not known. Raises HostError."""
        import msgspec

        from .marks import between, mark

        now = mark(root)
        with self._lock:
            marks, kept = read_marks(self._state), read_history(self._state).kept()
            self._state.write("files", msgspec.to_builtins(marks.with_one(deploy, now, kept), str_keys=True))
        before = marks.newest()
        return between(root, before, now) if before is not None and now is not None else None

    def files_between(self, root: str, one: int, other: int) -> tuple[str, ...] | None:
        """In which files two deploys differ, where that is known."""
        from .marks import between

        marks = read_marks(self._state).by_deploy
        if one == other:
            return ()
        return between(root, marks[one], marks[other]) if one in marks and other in marks else None

    def step_times(self, service: str) -> dict[str, float]:
        """The seconds that the steps of a service's last good build took, by what they do."""
        kept = self._state.read("build-steps").get(service)
        known = kept if isinstance(kept, dict) else {}
        return {str(name): float(s) for name, s in known.items() if isinstance(s, int | float) and s >= 0}

    def keep_step_times(self, service: str, seconds: Mapping[str, float]) -> None:
        """Remember them. Raises HostError."""
        with self._lock:
            kept = self._state.read("build-steps")
            if kept.get(service) != dict(seconds):
                self._state.write("build-steps", {**kept, service: dict(seconds)})

    def images(self) -> "BuiltImages":
        """What was built of it, and may be used again."""
        from .built_images import BuiltImages

        with self._lock:
            if self._images is None:
                self._images = BuiltImages(self._state)
            return self._images

    def close(self) -> None:
        if self._images is not None:
            self._images.close()

    def listen(self, handler: "Handler") -> "ControlServer":
        """From now on other commands of this project are heard."""
        from .control import ControlServer

        return ControlServer(self._id, self._state, handler)


def read_history(state: ProjectState) -> History:
    """The deploys of a project, each for itself: one that cannot be read costs no other. What another version of emu
    wrote beside what this one knows is passed over."""
    import msgspec

    found = state.read("history").get("deploys")
    if not isinstance(found, list):
        return History(unreadable=None if state.holds("history") else 0)
    known = {field.name for field in msgspec.structs.fields(DeployRecord)}
    deploys: list[DeployRecord] = []
    for one in found:
        with contextlib.suppress(msgspec.ValidationError, RecursionError):
            plain = {key: part for key, part in one.items() if key in known} if isinstance(one, dict) else one
            deploys.append(msgspec.convert(plain, DeployRecord))
    return History(deploys=tuple(deploys), unreadable=len(found) - len(deploys))


def read_marks(state: ProjectState) -> "Marks":
    """What the files were at earlier deploys; nothing where nothing readable is kept."""
    import msgspec

    from emulator.model.mark import Marks

    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(state.read("files"), Marks, strict=False)
    return Marks()


def read_remembered(state: ProjectState) -> Remembered:
    """The values kept for a project; none when nothing, or nothing readable, is kept."""
    import msgspec

    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(state.read("values"), Remembered)
    return Remembered()


def _write_remembered(state: ProjectState, remembered: Remembered) -> None:
    import msgspec

    state.write("values", msgspec.to_builtins(remembered))


@contextmanager
def open_project(id: str, environ: Mapping[str, str]) -> Iterator[Project]:
    """Take the project for this process. Raises HostError when another one has it."""
    state = ProjectState(id, environ)
    owner = state.lock()
    if owner is not None:
        raise HostError(
            error(
                "up/already-running",
                "`emu up` already runs for this project" + (f", as process {owner}" if owner else ""),
                fault=Fault.HOST,
                help="end it with Ctrl-C there, or with `emu down`",
            ),
            exit_code=2,
        )
    try:
        if state.was_killed:
            _tidy(state)
        project = Project(id, state)
        yield project
        project.close()
    finally:
        state.unlock()


def end_running(project: str | None, environ: Mapping[str, str], *, within_s: float = 45) -> int:
    """Ask the `up` of a project (None: of every project) to end, and wait for it; how many there were. What one
    that was killed left on this machine is removed.

    Only a process that holds the project's lock is meant, so a number that the system gave to
    another process since is never signalled.
    """
    import signal

    count = 0
    for state in [ProjectState(project, environ)] if project else every_project(environ):
        owner = _owner(state)
        if not owner:
            continue
        count += 1
        os.kill(owner, signal.SIGTERM)
        end = time.monotonic() + within_s
        while state.owner() == owner and time.monotonic() < end:
            time.sleep(0.05)
    return count


def _owner(state: ProjectState) -> int | None:
    """The process that has the project. Where none has, what one that was killed left is removed, before another may
    begin."""
    if not os.path.isdir(state.folder):
        return None
    try:
        owner = state.lock()
    except HostError:  # a disk that is full keeps nobody from ending what runs
        return state.owner()
    try:
        if owner is None and state.was_killed:
            _tidy(state)
    finally:
        state.unlock()
    return owner


def _tidy(state: ProjectState) -> None:
    remove_orphans(os.path.basename(state.folder))
    state.sweep()
