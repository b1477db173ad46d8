"""A failed build or boot → its cause: what was seen, the place in the user's files, the one thing to do.

Nothing here guesses: where no pattern fits the last words, the diagnostic says what ended and shows them.
"""

import re
import shlex
from collections.abc import Callable, Collection, Sequence

from emulator.model.diagnostic import Diagnostic, Fault, Severity, error
from emulator.model.origin import Origin
from emulator.model.plan import Command, EnvPhase, Service
from emulator.model.record import replace
from emulator.world.building import BuildError

from .boot_steps import Outcome
from .failure_patterns import BOOT_PATTERNS, BUILD_PATTERNS
from .last_words import around, telling_line
from .port_line import port_line
from .requests import BUILD_ENV_SECRET
from .traced import BY_TRACE, Scene, trace_of
from .tying import tied
from .unreached import other_port, startup_probe

LONGEST_COMMAND = 120
LAST_WORDS = 3
"""Lines of output that are shown where they do not decide what happened, but may say at what."""


def boot_cause(service: Service, outcome: Outcome, tail: Sequence[str], scene: Scene) -> Diagnostic:
    """Why a boot did not go live. `tail`: the last output of its last process."""
    origin = service.command.origin if service.command else None
    if outcome.code == "other-port" and outcome.port is not None:
        origin = port_line(service, scene.repo, outcome.port) or origin
    builder = _BY_CODE.get(outcome.code)
    cause = builder(service, outcome, origin) if builder else _ended(service, outcome, tail, scene)
    if outcome.code == "oom":
        cause = replace(cause, facts=(*cause.facts, *[line for line in tail if line.strip()][-LAST_WORDS:]))
    empty = [v.name for v in service.env if v.phase is not EnvPhase.BUILD and v.name not in scene.variables]
    told = (f"without a value in this run: {', '.join(empty)}",) if empty else ()
    return tied(replace(cause, facts=(*cause.facts, *told)), scene.findings)


def secret_absent(service: Service, files: Collection[str]) -> Diagnostic | None:
    """A secret that a volume of the service holds, and that is not among `files`; None where all are there."""
    absent = next((one for v in service.volumes for one in v.files if one.secret not in files), None)
    if absent is None:
        return None
    return error(
        "deploy/secret-absent",
        absent.absent,
        fault=Fault.GAP,
        service=service.name,
        origin=absent.origin,
        facts=("nothing stands for it here: whether the platform has it is not known",),
        help=f"give it with --secret-file {absent.secret}=PATH",
    )


def image_gone(service: Service, image: str) -> Diagnostic:
    """A deploy is to use an image again that somebody has removed."""
    return error(
        "deploy/image-gone",
        f"the image {image} is not on this machine any more",
        fault=Fault.HOST,
        service=service.name,
        help="deploy anew with `emu up`",
    )


def pre_deploy_cause(service: Service, outcome: Outcome, tail: Sequence[str], scene: Scene) -> Diagnostic:
    """Why the service's pre-deploy command failed: as of a start, at that command's place."""
    command = Command(
        argv=service.pre_deploy_argv,
        form="exec",
        text=service.pre_deploy_command,
        source="pre-deploy",
        origin=service.pre_deploy_origin,
    )
    # What was found about the service's start says nothing of this command.
    cause = boot_cause(replace(service, command=command), outcome, tail, scene._replace(findings=()))
    if cause.code != "start/exited":
        return cause
    return replace(cause, code="pre-deploy/failed", message=f"the pre-deploy command failed: {outcome.reason}")


def initial_hook_failed(service: Service, outcome: Outcome, tail: Sequence[str], scene: Scene) -> Diagnostic:
    """Why its initial deploy hook failed. What is live stays so: a warning."""
    command = Command(
        argv=service.initial_hook_argv,
        form="exec",
        text=service.initial_deploy_hook,
        source="initial-hook",
        origin=service.initial_hook_origin,
    )
    cause = boot_cause(replace(service, command=command), outcome, tail, scene._replace(findings=()))
    said = outcome.reason if cause.code == "start/exited" else cause.message
    return replace(
        cause,
        code="initial-hook/failed",
        severity=Severity.WARNING,
        message=f"the initial deploy hook failed: {said}",
        facts=(*cause.facts, "the deploy stays live, and the hook does not run again"),
    )


def _ended(service: Service, outcome: Outcome, tail: Sequence[str], scene: Scene) -> Diagnostic:
    """The process ended by itself: what its last words mean."""
    origin = service.command.origin if service.command else None
    found = telling_line(BOOT_PATTERNS, tail)
    if found is None:
        return error(
            "start/exited",
            f"the process ends: {outcome.reason}",
            service=service.name,
            origin=origin,
            facts=around(tail, None),
            help="its last lines say why" if any(tail) else "it says nothing: run its command with more output",
        )
    trace = trace_of(service, tail, found, scene.repo)
    cause = error(
        found.pattern.code,
        found.pattern.message.format(*found.groups),
        fault=found.pattern.fault,
        service=service.name,
        origin=trace.place or origin,
        facts=(outcome.reason, *around(tail, found.line)),
        help=found.pattern.help.format(*found.groups),
    )
    refine = BY_TRACE.get(cause.code)
    return refine(service, cause, trace, scene) if refine else cause


_ENDS: dict[str, tuple[str, str, str]] = {
    "loopback": (
        "loopback-bind",
        "the app listens on the loopback address only",
        "bind 0.0.0.0, port {port}, instead of 127.0.0.1 or localhost",
    ),
    "no-port": (
        "not-listening",
        "nothing listens on a port",
        "listen on 0.0.0.0:{port} ($PORT), or make it a background worker",
    ),
    "no-http": (
        "not-http",
        "a port is open, but nothing answers HTTP on it",
        "serve HTTP, or make it a private service",
    ),
    "exit-zero": (
        "exits",
        "the command ends with status 0 instead of serving",
        "name the command that starts the server, in the foreground; work that is to end belongs in a job",
    ),
}
"""How a boot ended → code, what it means, what to do. `{port}` is the port it should listen on."""


def _plain_end(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    code, message, help = _ENDS[outcome.code]
    return error(
        f"start/{code}",
        message,
        service=service.name,
        origin=origin,
        facts=(outcome.reason,),
        help=help.format(port=_port_of(service)),
    )


def _port_of(service: Service) -> int | str:
    """The port it should listen on: its own, or, where no requests go to it, the one its startup probe asks."""
    if service.port is not None:
        return service.port.number
    startup = service.probes.startup
    return startup.port if startup is not None and startup.port is not None else "$PORT"


def _unhealthy(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    probe = service.probes.health
    return error(
        "start/health-check",
        f"the health check fails: {outcome.reason}",
        service=service.name,
        origin=probe.origin if probe and probe.origin else origin,
        facts=(f"asked with Host: {probe.host}",) if probe and probe.host else (),
        help="answer the path with a status from 200 to 399, or correct the path",
    )


def _out_of_memory(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    limit, plan = service.resources.memory_mib, service.resources.plan
    larger = "choose a larger plan" if plan else "raise its memory limit"
    return error(
        "start/out-of-memory",
        f"the app needs more memory than it has ({limit} MiB)" if limit else "the app runs out of memory",
        service=service.name,
        origin=origin,
        facts=(outcome.reason, *((f"plan {plan} has {limit} MiB",) if limit and plan else ())),
        help=f"use less (fewer workers, smaller models), or {larger}",
    )


def with_files(cause: Diagnostic, written_mib: int) -> Diagnostic:
    """The cause of an end for lack of memory, where files that the app wrote took part of it."""
    if cause.code != "start/out-of-memory" or not written_mib:
        return cause
    fact = f"{written_mib} MiB of that are files it wrote: they count as memory on this platform, in /tmp as well"
    help_ = "keep large files elsewhere, remove them when they are not needed any more, or raise its memory limit"
    return replace(cause, facts=(cause.facts[0], fact, *cause.facts[1:]), help=help_)


_NOT_STARTED: dict[str, tuple[str, str, str]] = {
    "not-found": (
        "program-not-found",
        "its program is not in the image",
        "correct the command, or install the program",
    ),
    "not-executable": (
        "not-executable",
        "its program may not be executed",
        "make it executable (`git update-index --chmod=+x FILE`), or run it by its interpreter",
    ),
    "format": (
        "exec-format",
        "its program is made for another processor, or is a script without its first line",
        "build for linux/amd64, and begin scripts with #!/bin/sh",
    ),
    "user": ("user-not-found", "its user is not in the image", "create the user in the image, or correct USER"),
    "workdir": ("workdir", "its working directory cannot be entered", "create the directory, or correct WORKDIR"),
    "memory": ("out-of-memory", "its memory limit is too small to start it", "choose a larger plan"),
}
"""Kind of failure → code, what is wrong with the first process, what to do."""


def _not_started(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    kind = outcome.failure.kind if outcome.failure is not None else "other"
    code, what, help = _NOT_STARTED.get(kind, ("not-started", "the engine refuses it", "correct the command"))
    status = (f"status {outcome.exit_code}",) if outcome.exit_code is not None else ()
    return error(
        f"start/{code}",
        f"the first process cannot be executed: {what}",
        service=service.name,
        origin=origin,
        facts=(outcome.reason, *status),
        help=help,
    )


def _too_long(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    return error(
        "start/timed-out",
        "the command goes on for longer than it may",
        service=service.name,
        origin=origin,
        facts=(outcome.reason,),
        help="do less in one run, or give it more time where the platform lets you",
    )


_BY_CODE: dict[str, Callable[[Service, Outcome, Origin | None], Diagnostic]] = {
    **dict.fromkeys(_ENDS, _plain_end),
    "task-timeout": _too_long,
    "unhealthy": _unhealthy,
    "startup-probe": startup_probe,
    "other-port": other_port,
    "oom": _out_of_memory,
    "not-started": _not_started,
}


def build_cause(service: Service, problem: BuildError, arch: str) -> Diagnostic:
    """Why there is no image. `problem` as `plainly` gives it; `arch`: what processor the engine has, in its own
    words."""
    origin = build_origin(service, problem)
    by_kind = _BY_KIND.get(problem.kind)
    if by_kind is not None:
        return by_kind(service, problem, origin, arch)
    found = telling_line(BUILD_PATTERNS, [line.strip() for line in problem.log_tail])  # pip indents its last words
    if found is None:
        return error(
            "build/step-failed",
            problem.message if problem.exit_code is not None else f"the build fails: {problem.message}",
            service=service.name,
            origin=origin,
            facts=around(problem.log_tail, None),
            help="its last lines say why" if any(problem.log_tail) else "it says nothing: run it with more output",
        )
    return error(
        found.pattern.code,
        found.pattern.message.format(*found.groups),
        fault=found.pattern.fault,
        service=service.name,
        origin=origin,
        facts=around(problem.log_tail, found.line),
        help=found.pattern.help.format(*found.groups),
    )


_FAILED_PROCESS = re.compile(
    r"(?:(?P<quoted>process \")|The command ')(?:/bin/(?:ba)?sh -c )?(?P<command>.*)"
    r"(?:\" did not complete successfully: exit code: |' returned a non-zero code: )(?P<status>\d+)",
    re.DOTALL,
)
"""What BuildKit and the classic builder say of a RUN that failed."""


def plainly(service: Service, problem: BuildError) -> BuildError:
    """The same failure in the user's words: what ran, and its status, without what we wrapped around it."""
    step = step_name(service, problem.step) if problem.step is not None else None
    found = _FAILED_PROCESS.search(problem.message)
    if found is None:
        return replace(problem, step=step)
    ours = _wrapped_command(service, found["command"])
    what = f"the build command {_short(ours)}" if ours is not None else _short(_as_written(found))
    return replace(problem, step=step, message=f"{what} exited with status {found['status']}")


def _as_written(failed: re.Match[str]) -> str:
    """The command that failed; BuildKit quotes it as Go's %q does."""
    if failed["quoted"] is None:
        return failed["command"]
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), failed["command"])


def step_name(service: Service, name: str) -> str:
    """A step of the build as the user knows it."""
    ours = _wrapped_command(service, name)
    return f"build command: {_short(ours)}" if ours is not None else name


def _wrapped_command(service: Service, text: str) -> str | None:
    """What a step of a generated Dockerfile runs for the platform; None of another step."""
    if BUILD_ENV_SECRET not in text:
        return None
    if service.build.command is not None:
        return service.build.command
    quoted = text.rpartition("exec /bin/bash -c ")[2]
    if quoted.endswith('"]'):
        quoted = quoted[:-2].replace('\\"', '"').replace("\\\\", "\\")
    try:
        return shlex.split(quoted)[0]
    except (ValueError, IndexError):
        return quoted


def _short(command: str) -> str:
    words = " ".join(command.split())
    return words if len(words) <= LONGEST_COMMAND else words[: LONGEST_COMMAND - 1] + "…"


def _missing_file(service: Service, problem: BuildError, origin: Origin | None, _arch: str) -> Diagnostic:
    return error(
        "build/copy-source-missing",
        f"{problem.subject or 'a file to copy'} is not in the build context",
        service=service.name,
        origin=origin,
        facts=(f"the context is {service.build.context}: what git ignores, or .dockerignore names, is not in it",),
        help="commit the file, or correct the path",
    )


def _missing_image(service: Service, problem: BuildError, origin: Origin | None, _arch: str) -> Diagnostic:
    """The registry says so, and would say the same to the platform."""
    return error(
        "build/base-image-missing",
        f"the registry has no base image {problem.subject or 'of that name'}, or keeps it from us",
        service=service.name,
        origin=origin,
        facts=(problem.message,),
        help="check its name and tag; if it is private, sign in with `docker login`",
    )


def _no_registry(service: Service, problem: BuildError, origin: Origin | None, _arch: str) -> Diagnostic:
    return error(
        "host/no-registry",
        f"the base image {problem.subject or ''} cannot be had: its registry does not answer".replace("  ", " "),
        fault=Fault.HOST,
        service=service.name,
        origin=origin,
        facts=(problem.message,),
        help="`emu doctor` says whether a registry answers; --base-image FROM=TO builds with another image",
    )


def _invalid(service: Service, problem: BuildError, origin: Origin | None, _arch: str) -> Diagnostic:
    return error(
        "build/dockerfile-invalid",
        f"the builder refuses the Dockerfile: {problem.message}",
        service=service.name,
        origin=origin,
        help="correct it there",
    )


def _foreign(service: Service, problem: BuildError, origin: Origin | None, arch: str) -> Diagnostic:
    """A program for another processor: on an engine of another kind, for want of emulation; else in the image."""
    wanted = service.build.platform
    facts = around(problem.log_tail, None) or (problem.message,)
    if arch in _AMD64:
        return error(
            "build/exec-format",
            f"a program of the image is made for another processor than {wanted} (exec format error)",
            service=service.name,
            origin=origin,
            facts=facts,
            help=f"use a base image for {wanted}, and begin scripts with #!/bin/sh",
        )
    return error(
        "host/no-emulation",
        f"this engine ({arch}) cannot run programs for {wanted} (exec format error)",
        fault=Fault.HOST,
        service=service.name,
        origin=origin,
        facts=(f"the platform runs {wanted}, so the image is built for it", *facts),
        help="turn on emulation: `docker run --privileged --rm tonistiigi/binfmt --install amd64`",
    )


_AMD64 = ("x86_64", "amd64")
_BY_KIND: dict[str, Callable[[Service, BuildError, Origin | None, str], Diagnostic]] = {
    "missing-file": _missing_file,
    "missing-image": _missing_image,
    "registry": _no_registry,
    "dockerfile": _invalid,
    "format": _foreign,
}


def build_origin(service: Service, problem: BuildError) -> Origin | None:
    """The failing instruction in the user's Dockerfile; for a native build, the build command."""
    if service.build.dockerfile is None:
        return next((d.origin for d in service.decisions if d.id == f"{service.name}.build"), None)
    if problem.line is None:
        return Origin(file=service.build.dockerfile)
    return Origin(file=service.build.dockerfile, line=problem.line, end_line=problem.end_line)
