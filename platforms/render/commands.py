"""Which command runs, with every one that lost."""

from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.plan import Command, Shadowed
from platforms.common import DockerfileReading

from . import rules
from .docker_command import parse_docker_command, quoted_script, runs_in_shell, shell_operators
from .environment import Environment
from .manifest import ServiceSpec, Value
from .procfile import WebProcess

QUESTION = "Which command does the container start with?"


def docker_command(
    spec: ServiceSpec, reading: DockerfileReading | None, process: WebProcess, env: Environment, trace: Trace,
    found: list[Diagnostic], *, reads_docker_command: bool,
) -> Command | None:  # fmt: skip
    """The command of a service built from a Dockerfile, or of an image (`reading` is then None)."""
    written, start = _present(spec, "dockerCommand"), _present(spec, "startCommand")
    command = _from_docker_command(spec, written, env) if written else None
    own = _from_image(reading)
    own_because = _why_own(spec, reading)
    setting: Setting[Command] | None = choose(
        trace, f"{spec.name}.command", QUESTION,
        Candidate(command if command and reads_docker_command else ABSENT, source="render.yaml", shown=written.text if written else None,
                  because="dockerCommand replaces ENTRYPOINT and CMD", origin=written.origin if written else None,
                  rule=rules.DOCKER_COMMAND, absent="no dockerCommand is set"),
        Candidate(own if own else ABSENT, source=own.source if own else "dockerfile", shown=_shown(own),
                  because=own_because, origin=own.origin if own else None, rule=rules.IMAGE_COMMAND,
                  absent="the Dockerfile says nothing"),
        *_shadowed_docker_command(written, command, reads=reads_docker_command),
        Candidate(_shell(start, "render.yaml") if start else ABSENT, source="render.yaml", shown=start.text if start else None,
                  because="startCommand", origin=start.origin if start else None, loses="a Dockerfile decides; startCommand is for native runtimes"),
        Candidate(_procfile(process) if process.found else ABSENT, source="procfile", shown=process.command, because="the web line",
                  origin=process.origin, loses="a Procfile comes last"),
    )  # fmt: skip
    if setting is None:
        return None
    found += _docker_command_problems(spec, written, reads=reads_docker_command)
    found += _nothing_named(spec, reading, setting)
    return _chosen(setting)


def native_command(
    spec: ServiceSpec, process: WebProcess, beside: Shadowed | None, trace: Trace, found: list[Diagnostic], *, by_blueprint: bool
) -> Command | None:  # fmt: skip
    """The command of a native service; None when nothing says how to start it."""
    start = _present(spec, "startCommand")
    reads_procfile = process.found and not by_blueprint
    setting: Setting[Command] | None = choose(
        trace, f"{spec.name}.command", QUESTION,
        Candidate(_shell(start, "render.yaml") if start else ABSENT, source="render.yaml", shown=start.text if start else None,
                  because="startCommand is set", origin=start.origin if start else None, rule=rules.NATIVE_START_COMMAND,
                  absent="no startCommand is set"),
        Candidate(_procfile(process) if reads_procfile else ABSENT, source="procfile", shown=process.command,
                  because="the Procfile's web line", origin=process.origin, rule=rules.PROCFILE_WEB,
                  loses="render.yaml comes before a Procfile",
                  absent=f"a Procfile says `{process.command}`; a Blueprint never reads it" if process.found else "there is no Procfile with a web line"),
    )  # fmt: skip
    if process.others:
        found.append(_not_run(spec, process))
    if setting is None:
        return None
    command = _chosen(setting)
    extra = [beside] if beside else []
    if process.found and by_blueprint:
        because = "a service synced from a Blueprint never reads a Procfile"
        extra.append(Shadowed(source="procfile", text=process.command, origin=process.origin, because=because))
    from emulator.model.record import replace

    return replace(command, shadowed=(*command.shadowed, *extra))


def _present(spec: ServiceSpec, field: str) -> Value | None:
    value = spec.get(field)
    return value if value and value.text.strip() else None


def _chosen(setting: Setting[Command]) -> Command:
    from emulator.model.record import replace

    shadowed = tuple(
        Shadowed(source=c.source, text=c.words(), origin=c.origin, because=c.lost_to(setting.winner))
        for c in setting.shadowed
        if not (c.source == "image" or c.shown == _BASE_IMAGE)
    )
    return replace(setting.value, shadowed=shadowed)


def _from_docker_command(spec: ServiceSpec, written: Value, env: Environment) -> Command:
    argv = parse_docker_command(written.text, env.shown)
    form = "shell" if runs_in_shell(written.text) else "exec"
    return Command(argv=argv, form=form, text=written.text, source="render.yaml", origin=written.origin)  # type: ignore[arg-type]


def _from_image(reading: DockerfileReading | None) -> Command:
    """The image's own command: the Dockerfile's where it names one, else only the base image knows."""
    if reading is None or reading.argv is None:
        origin = reading.base_origin if reading else None
        return Command(argv=None, form="image", text=None, source="image", origin=origin)
    return Command(argv=reading.argv, form=reading.form, text=reading.text, source="dockerfile", origin=reading.origin)


def _why_own(spec: ServiceSpec, reading: DockerfileReading | None) -> str:
    """Why the image's own command runs."""
    if reading is None:
        return "no dockerCommand is set, and the image is ready-made"
    if spec.runtime is not None and spec.runtime.text == "docker":
        return "no dockerCommand is set: the image's ENTRYPOINT and CMD run"
    return f"{reading.path} is there, and a Dockerfile wins over render.yaml and a Procfile"


_BASE_IMAGE = "the base image's own command"


def _shown(command: Command | None) -> str | None:
    return None if command is None else command.text or _BASE_IMAGE


def _shell(value: Value, source: str) -> Command:
    argv = ("/bin/bash", "-c", value.text)
    return Command(argv=argv, form="shell", text=value.text, source=source, origin=value.origin)


def _procfile(process: WebProcess) -> Command:
    argv = ("/bin/bash", "-c", process.command)
    return Command(argv=argv, form="shell", text=process.command, source="procfile", origin=process.origin)


def _shadowed_docker_command(
    written: Value | None, command: Command | None, *, reads: bool
) -> tuple[Candidate[Command], ...]:
    if written is None or command is None or reads:
        return ()
    return (
        Candidate(command, source="render.yaml", shown=written.text, because="dockerCommand", origin=written.origin,
                  loses="dockerCommand applies only where render.yaml says `runtime: docker`"),
    )  # fmt: skip


def _docker_command_problems(spec: ServiceSpec, written: Value | None, *, reads: bool) -> list[Diagnostic]:
    """Ways in which people's dockerCommands go wrong on Render (rules docker-command-shell, -words)."""
    if written is None or not reads:
        return []
    script = quoted_script(written.text)
    if script is not None:
        return [
            warning(
                "render/docker-command-quoted", "the quotes after `sh -c` are kept: the shell looks for one program of that whole name",
                origin=written.origin, service=spec.name, rule=rules.DOCKER_COMMAND_SHELL.id,
                facts=("the container exits with status 127, not found",),
                help=f"write it without quotes: {written.text.split(' -c ', 1)[0]} -c {script}",
            )
        ]  # fmt: skip
    operators = shell_operators(written.text)
    if operators:
        return [
            warning(
                "render/docker-command-operators", f"{operators[0]!r} reaches the program as a plain argument: no shell runs a dockerCommand",
                origin=written.origin, service=spec.name, rule=rules.DOCKER_COMMAND_WORDS.id,
                help=f"put a shell in front, without quotes: /bin/sh -c {written.text}",
            )
        ]  # fmt: skip
    return []


def _nothing_named(spec: ServiceSpec, reading: DockerfileReading | None, setting: Setting[Command]) -> list[Diagnostic]:
    """A Dockerfile FROM scratch without CMD has nothing to run at all."""
    if reading is None or setting.value.form != "image" or not reading.nothing_to_run:
        return []
    return [
        error(
            "render/no-command", "the image has neither CMD nor ENTRYPOINT: such a deploy appears to hang",
            service=spec.name, origin=reading.base_origin, rule=rules.IMAGE_COMMAND.id, help="add a CMD to the Dockerfile, or set dockerCommand",
        )
    ]  # fmt: skip


def _not_run(spec: ServiceSpec, process: WebProcess) -> Diagnostic:
    from emulator.model.diagnostic import Fault, info

    names = ", ".join(process.others)
    return info(
        "render/process-not-run", f"the Procfile's {names} {'lines are' if len(process.others) > 1 else 'line is'} run by nobody",
        fault=Fault.APP, service=spec.name, rule=rules.PROCFILE_IGNORED.id, origin=process.origin,
        help="make each a service of its own: a worker, or a preDeployCommand for `release`",
    )  # fmt: skip
