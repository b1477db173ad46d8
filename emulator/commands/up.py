"""`emu up`: build, boot, probe and serve as the platform would; `--once` ends with the verdict.

Where one runs already for the project, that one makes the deploy, and this one tells of it.
"""

import argparse
import contextlib
import posixpath
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.commands.ahead import Ahead
from emulator.commands.answers import answered, with_kept_answers
from emulator.commands.asking import asked, followed
from emulator.commands.attending import Attendant
from emulator.commands.check import checked_plan
from emulator.commands.ending import remove_leftovers
from emulator.commands.planning import Planned, configure_planning, plan_repository
from emulator.commands.recording import Recorder, timed
from emulator.commands.recovering import Outage, lasting
from emulator.commands.session import Session
from emulator.commands.summing import summed_up
from emulator.commands.teller import Teller, told
from emulator.commands.underway import Underway
from emulator.commands.unmet import tell_refusal
from emulator.engine.job import Doors, Settings
from emulator.engine.labels import project_id
from emulator.model.control import Ask
from emulator.model.diagnostic import HostError, UsageError
from emulator.model.event import DeployStarted, DiagnosticFound, EngineSilent, PlanMade, Trigger
from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.model.spelling import did_you_mean
from emulator.request import Project, Request, World
from emulator.snapshot import Snapshot
from emulator.world.hidden import Hidden

if TYPE_CHECKING:
    from emulator.commands.viewing import Viewing
    from emulator.commands.watching import Watcher
    from emulator.world.docker import Docker
    from emulator.world.front import Front


EXAMPLES = (
    ("emu up", "build, boot and serve until Ctrl-C"),
    ("emu up --once", "end with the verdict, leave nothing behind"),
    ("emu up --watch --service api", "deploy one service again on every save"),
)


_BEGINS_WITHIN_S = 3.0
"""How soon an `emu up` hears other commands after it took the project, and is gone when it hears them no more."""
_ASK_AGAIN_S = 0.1
_LEFT_OVER = "what still runs is removed by the next `emu up` or `emu down` that reaches the engine"


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world, runs=True)
    parser.add_argument(
        "--once", action="store_true", help="end with the verdict as soon as it is decided, and clean up"
    )
    parser.add_argument(
        "--watch", action="store_true", help="deploy again on every save, as the platform would on a push"
    )
    parser.add_argument(
        "--summary", metavar="FILE",
        help="write what it came to as Markdown; --once also adds it to GITHUB_STEP_SUMMARY where that is set",
    )  # fmt: skip
    parser.add_argument("--build-anyway", action="store_true", help="build even when the check found an error")


def run(request: Request, world: World) -> int:
    """Plan, build, boot; the exit code follows the verdict."""
    return told(request, world, lambda teller: summed_up(request, world, teller, lambda: _run(request, world, teller)))


def _run(request: Request, world: World, teller: Teller) -> int:
    planned = timed(world, partial(plan_repository, request, world))
    _refuse_watching(request, planned)
    # A wrong option is told before anything is asked or printed.
    settings = settings_of(request, world, planned)
    planned, answers = answered(request, world, planned)
    planned = timed(world, partial(checked_plan, planned))
    teller.knows(planned)
    is_refused = tell_plan(planned, teller, build_anyway=request.build_anyway)
    patience = world.clock().now() + _BEGINS_WITHIN_S
    while True:
        try:
            with world.project(project_id(settings.root)) as project:
                if is_refused:
                    return tell_refused(planned, teller, project)
                serving = _Serving(request, world, teller, settings, project)
                return serving.lasting(planned) if request.watch else serving.once(planned, "up")
        except HostError as problem:
            if problem.diagnostic.code != "up/already-running" or request.once:
                if is_refused:  # the check alone decides that, whoever has the project
                    return tell_refused(planned, teller)
                raise
            ask = Ask(verb="deploy", options=_portable(request, world, planned), answers=answers)
            events = asked(world, project_id(settings.root), ask)
            if events is not None:
                watched = " and goes on as it was started, with --watch or without" if request.watch else ""
                teller.note(f"the running `emu up` makes this deploy and serves it{watched}; Ctrl-C cancels it")
                return followed(events, teller)
            if world.clock().now() > patience:
                raise
        world.clock().sleep(_ASK_AGAIN_S)  # it has just begun, or is just ending


class _Serving:
    """The sessions of one `emu up`, of which only `--watch` has more than one."""

    def __init__(
        self, request: Request, world: World, teller: Teller, settings: Settings, project: Project
    ) -> None:
        self._request = request
        self._world = world
        self._teller = teller
        self._settings = settings
        self._project = project
        self._fronts: dict[str, Ahead[Front]] | None = None

    def once(self, planned: Planned, trigger: Trigger) -> int:
        """One session; the exit code. Raises HostError, and Outage for what another one may follow after."""
        request, world, project = self._request, self._world, self._project
        docker = world.connect()
        docker.watch_pulse(lambda silent, s: self._teller.tell(EngineSilent(silent=silent, seconds=round(s, 1))))
        try:
            _refuse_missing_folders(self._settings, docker, world)
            session = Session(
                planned, doors(world, docker, planned.repo), self._settings, self._teller, project, fronts=self._fronts
            )
            attendant = Attendant(session, lambda ask: timed(world, partial(_asked_for, ask, world)))
            control = None if request.once else project.listen(attendant)
            watcher = _watcher(request, world, session) if request.watch else None
            viewing = _viewing(request, world, session)
            try:
                return in_project(session, lambda: _served(session, project.next_deploy(), viewing, request, trigger))
            except HostError as problem:
                if self._fronts is None or not session.can_be_resumed(problem):
                    raise
                first = problem.__cause__ if isinstance(problem.__cause__, HostError) else problem
                raise Outage(first) from problem
            finally:
                if viewing is not None:
                    viewing.close()
                if watcher is not None:
                    watcher.close()
                if control is not None:
                    control.close()
        finally:
            docker.close()

    def lasting(self, planned: Planned) -> int:
        """One session after the other, at the same addresses."""
        fronts: dict[str, Ahead[Front]] = {}
        self._fronts = fronts
        try:
            return lasting(
                self.once, planned, plan_again=lambda: _replanned(self._request, self._world), knock=self._knock,
                teller=self._teller, clock=self._world.clock(), build_anyway=self._request.build_anyway,
            )  # fmt: skip
        finally:
            for front in fronts.values():
                with contextlib.suppress(HostError):
                    front.wait().close()

    def _knock(self) -> None:
        docker = self._world.connect()
        try:
            docker.ping()
        finally:
            docker.close()


def _served(
    session: Session, number: int, viewing: "Viewing | None", request: Request, trigger: Trigger
) -> int:
    try:
        return session.run(number, once=request.once, trigger=trigger)
    finally:
        if viewing is not None:
            viewing.ends()


def _viewing(request: Request, world: World, session: Session) -> "Viewing | None":
    """The live view, in a terminal that can show it; else None, and lines are told one after the other."""
    if request.quiet or request.format != "text" or not world.terminal.colour:
        return None
    from emulator.commands.viewing import Viewing

    viewing = Viewing(
        session, replan=lambda: _replanned(request, world), browse=world.browse, interrupt=world.interrupt,
        watches=bool(request.watch), is_once=bool(request.once),
    )  # fmt: skip
    return viewing if viewing.begin(world.terminal) else None


def _refuse_watching(request: Request, planned: Planned) -> None:
    """--watch follows the files of this disk for as long as it is let. Raises UsageError."""
    if not request.watch:
        return
    if request.once:
        raise UsageError("--watch goes on until Ctrl-C, and --once ends with the verdict", help="leave one of them out")
    if planned.repo.info.kind not in ("worktree", "folder"):
        raise UsageError("--watch follows the files of this disk", help="leave --snapshot out")


def _watcher(request: Request, world: World, session: Session) -> "Watcher":
    from emulator.commands.watching import Watcher, ignored_by_git

    root = session.settings.root
    secret_files = (text.partition("=")[2] for text in request.secret_file)
    given = {world.absolute(path) for path in (*request.env_file, *secret_files)}
    named = {posixpath.relpath(path, root) for path in given}
    uploads = any(s.build.upload_rules is not None for s in session.planned.resolution.plan.services)

    def plan_again() -> Planned:
        return checked_plan(with_kept_answers(world, plan_repository(request, world)))

    def ignored(paths: frozenset[str]) -> str | None:
        """Where git is not asked what is uploaded, nothing is ignored by it; nor is a file that an option names."""
        if uploads or any(path in named for path in paths):
            return None
        return ignored_by_git(world.open_repository(root, request.root, request.snapshot), paths)

    return Watcher(
        session, plan_again=lambda: timed(world, plan_again), ignored=ignored, watch=world.watch, given=given,
        anyway=request.build_anyway,
    )  # fmt: skip


def tell_plan(planned: Planned, teller: Teller, *, build_anyway: bool = False) -> bool:
    """Tell the plan and what was found in it; whether it is refused."""
    plan = planned.resolution.plan
    teller.tell(PlanMade(plan=plan))
    for diagnostic in plan.diagnostics:
        teller.tell(DiagnosticFound(diagnostic=diagnostic, service=diagnostic.service))
    return plan.with_errors() and not build_anyway


def tell_refused(planned: Planned, teller: Teller, project: Project | None = None) -> int:
    """Tell that the check refuses it; the exit code. project: of whose deploys it is one. Raises HostError where it
    cannot be."""
    if project is None:
        teller.tell(tell_refusal(planned, teller.tell, None, {}))
        return 1
    recorder = Recorder(teller, project, planned.platform.NAME, planned.repo.root)
    number = project.next_deploy()
    recorder.begun(number, planned, "up")
    teller.tell(DeployStarted(deploy=number, trigger="up"))
    verdict = tell_refusal(planned, teller.tell, number, {})
    recorder.refused(Underway(number, "up", ()), verdict)
    teller.tell(verdict)
    return 1


def in_project(session: Session, work: Callable[[], int]) -> int:
    """Do the session's work while the project is ours. Whatever ends it, nothing of it stays."""
    try:
        code = work()
    except BaseException as problem:
        try:
            session.stop(at_once=False)
            remove_leftovers(session.doors.docker, session.settings.root)  # also what was just being made
        except HostError:
            if isinstance(problem, HostError) and session.has_started:
                raise _with_leftovers(problem) from problem
            if session.doors.docker.is_silent:
                session.teller.note(f"the engine does not answer: {_LEFT_OVER}")
        finally:
            session.write_off(problem)
        raise
    session.stop(at_once=False)
    return code


# ---- the one that runs already ----------------------------------------------------------------------


def _portable(request: Request, world: World, planned: Planned) -> dict[str, Any]:
    """The command line for a process in another folder."""
    options = dict(vars(request))
    files = [text.partition("=") for text in request.secret_file]
    return options | {
        "path": None,
        "root": planned.repo.root,
        "env_file": [world.absolute(f) for f in request.env_file],
        "secret_file": [f"{name}={world.absolute(path)}" for name, _, path in files],
    }


def _asked_for(ask: Ask, world: World) -> Planned:
    """The plan of the command line that another `up` was given."""
    return _replanned(Request(**ask.options), world)


def _replanned(request: Request, world: World) -> Planned:
    """The plan of what is there now. What is to be built anyway is not checked."""
    planned = with_kept_answers(world, plan_repository(request, world))
    return planned if request.build_anyway else checked_plan(planned)


def _with_leftovers(problem: HostError) -> HostError:
    """What went wrong first, and that it kept us from tidying up."""
    diagnostic = replace(problem.diagnostic, facts=(*problem.diagnostic.facts, _LEFT_OVER))
    return HostError(diagnostic, exit_code=problem.exit_code)


def doors(world: World, docker: "Docker", repo: Snapshot) -> Doors:
    """What a run of this repository may touch; looking for leftovers begins at once."""

    def make_ready() -> None:
        docker.ping()
        docker.facts()
        remove_leftovers(docker, repo.root)

    return Doors(
        docker=docker,
        clock=world.clock(),
        prepare_context=world.prepare_context,
        left_out=_left_out,
        ready=Ahead(make_ready).wait,
        hurry=world.interrupted_again,
        unreached=world.unreached,
        output_of=world.output_of,
        publish=lambda image, path, labels: world.publish(docker, image, path, labels),
        packer=world.packer(docker),
    )


def _left_out(repo: Snapshot, service: Service) -> Callable[[str], bool]:
    from emulator.image.saved import by_ignore_file

    return by_ignore_file(repo, service.build)


def settings_of(request: Request, world: World, planned: Planned) -> Settings:
    """What the command line asks of a run. Raises UsageError."""
    try:
        scale = float(request.time_scale)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 100:
        raise UsageError(
            f"--time-scale takes a number above 0 and up to 100, not {request.time_scale!r}",
            help="0.1 is ten times faster",
        )
    bases: dict[str, str] = {}
    for text in request.base_image:
        base, equals, to = text.partition("=")
        if not (base and equals and to):
            raise UsageError(
                f"--base-image takes FROM=TO, not {text!r}", help="for example python:3.13-slim=my/python:3.13"
            )
        bases[base] = to
    return Settings(
        root=planned.repo.root,
        platform=planned.platform.NAME,
        base_images=bases,
        limits=request.limits,
        faithful=request.faithful_timing,
        scale=scale,
        sleep_after_s=_duration(request.sleep_after),
        datastores=_datastores(request),
        folders=_folders(request, world, planned),
    )


def _duration(text: str | None) -> float | None:
    """Seconds, from "90", "90s", "15m" or "1h". Raises UsageError."""
    if text is None:
        return None
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1.0)
    try:
        seconds = float(number) * unit
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"--sleep-after takes a duration above 0, not {text!r}", help="for example 15m or 90s")
    return seconds


def _folders(request: Request, world: World, planned: Planned) -> dict[str, str]:
    """The folders of --volume by the volume's name, as whole paths. Raises UsageError."""
    known = {v.name: v for s in planned.resolution.plan.services for v in s.volumes if v.kind == "folder"}
    found: dict[str, str] = {}
    for text in request.volume:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise UsageError(f"--volume takes NAME=DIR, not {text!r}", help="for example --volume uploads=./uploads")
        if name not in known:
            help_ = did_you_mean(name, known)
            raise UsageError(f"--volume {name}: no bucket or network share is called that", help=help_)
        found[name] = world.absolute(path)
    return found


def _refuse_missing_folders(settings: Settings, docker: "Docker", world: World) -> None:
    """A folder of --volume that is not there would be made by the engine, as root's. Of an engine on another machine
    the folders are that machine's, and are not looked at. Raises UsageError."""
    if not docker.facts().endpoint.startswith(("unix:", "npipe:")):
        return
    for name, path in settings.folders.items():
        if not world.is_folder(path):
            raise UsageError(f"--volume {name}: there is no folder {path}", help=f"make it: mkdir -p {path}")


def _datastores(request: Request) -> Hidden:
    """The URLs of --datastore by name. Raises UsageError, which does not repeat one: it may hold a password."""
    found = Hidden()
    for text in request.datastore:
        name, equals, url = text.partition("=")
        if not (name and equals and url):
            raise UsageError(
                "--datastore takes NAME=URL", help="for example main-db=postgresql://user:password@host/database"
            )
        found[name] = url
    return found
