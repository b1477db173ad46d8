"""Which command runs, with every one that lost."""

from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.diagnostic import Diagnostic, Fault, error, info, warning
from emulator.model.plan import Command, CommandForm, Shadowed
from emulator.model.record import replace
from platforms.common import DockerfileReading

from . import rules
from .declarations import ServiceSpec, Value
from .docker_command import parse_docker_command, quoted_script, runs_in_shell, shell_front, shell_operators
from .environment import Environment
from .procfile import Process
from .reading import few

QUESTION = "Which command does the container start with?"
_BASE_IMAGE = "the base image's own command"


def docker_command(
    spec: ServiceSpec, reading: DockerfileReading | None, process: Process, env: Environment, *,
    trace: Trace, found: list[Diagnostic], reads_docker_command: bool, why_no_procfile: str | None,
    ready_made: bool = False,
) -> Command | None:  # fmt: skip
    """The command of a service built from a Dockerfile, or of a ready-made image; None when there is no
    Dockerfile, or none one can read, and nothing else says what to run."""
    written = spec.filled("dockerCommand")
    is_empty = reading is not None and reading.nothing_to_run
    if is_empty and (written is None or not reads_docker_command):
        found.append(_nothing_named(spec, reading))
        trace.note(f"{spec.name}.command", QUESTION, "none", "the image has none", rule=rules.IMAGE_COMMAND)
        return None
    is_known = ready_made or (reading is not None and reading.base_origin is not None)
    own = _from_image(reading) if is_known and not is_empty else None
    candidate = _docker_command(spec, written, env)
    missing: Candidate[Command] = Candidate(ABSENT, source=spec.source, because="", absent="no dockerCommand is set")
    setting: Setting[Command] | None = choose(
        trace, f"{spec.name}.command", QUESTION,
        *([candidate or missing] if reads_docker_command else []),
        Candidate(own or ABSENT, source=own.source if own else "dockerfile", shown=_shown(own),
                  because=_why_own(spec, reading), origin=own.origin if own else None, rule=rules.IMAGE_COMMAND,
                  absent="there is no Dockerfile to go by"),
        *([candidate] if candidate and not reads_docker_command else []),
        *(_never_here(spec, process, why_no_procfile) if own or candidate else []),
    )  # fmt: skip
    if setting is None:
        return None
    if reads_docker_command:
        found += parsing_problems(spec, "dockerCommand", written)
    return _chosen(setting)


def _docker_command(spec: ServiceSpec, written: Value | None, env: Environment) -> Candidate[Command] | None:
    if written is None:
        return None
    argv = parse_docker_command(written.text, env.shown)
    form: CommandForm = "shell" if runs_in_shell(written.text) else "exec"
    command = Command(argv=argv, form=form, text=written.text, source=spec.source, origin=written.origin)
    return Candidate(
        command, source=spec.source, shown=written.text, origin=written.origin, rule=rules.DOCKER_COMMAND,
        because="dockerCommand replaces ENTRYPOINT and CMD",
        loses="dockerCommand applies only where render.yaml says `runtime: docker`",
    )  # fmt: skip


def _never_here(spec: ServiceSpec, process: Process, why_no_procfile: str | None) -> list[Candidate[Command]]:
    """Commands that no image runs: they lose to everything."""
    start = spec.filled("startCommand")
    candidates: list[Candidate[Command]] = []
    if start is not None:
        candidates.append(
            Candidate(
                _shell(spec, start), source=spec.source, shown=start.text, because="startCommand is set",
                origin=start.origin, loses="a Dockerfile decides; startCommand is for native runtimes",
            )
        )  # fmt: skip
    if process.found:
        candidates.append(
            Candidate(
                _procfile(process), source="procfile", shown=process.command, origin=process.origin,
                because=f"the Procfile's {process.name} line",
                loses=why_no_procfile or "a Procfile comes last",
            )
        )  # fmt: skip
    return candidates


def native_command(
    spec: ServiceSpec, process: Process, beside: Shadowed | None, *, trace: Trace, found: list[Diagnostic],
    why_no_procfile: str | None,
) -> Command | None:  # fmt: skip
    """The command of a native service; None when nothing says how to start it."""
    start = spec.filled("startCommand")
    setting: Setting[Command] | None = choose(
        trace, f"{spec.name}.command", QUESTION,
        Candidate(_shell(spec, start) if start else ABSENT, source=spec.source, shown=start.text if start else None,
                  because="startCommand is set", origin=start.origin if start else None,
                  rule=rules.NATIVE_START_COMMAND, absent="no startCommand is set"),
        Candidate(_procfile(process) if process.found and not why_no_procfile else ABSENT, source="procfile",
                  shown=process.command, because=f"the Procfile's {process.name} line", origin=process.origin,
                  rule=rules.PROCFILE_WEB, loses="render.yaml comes before a Procfile",
                  absent=why_no_procfile if process.found else f"there is no Procfile with a {process.name} line"),
    )  # fmt: skip
    if setting is None or setting.source == "procfile":
        found += _not_run(spec, process)
        found += [d if d.service else replace(d, service=spec.name) for d in process.diagnostics]
    if setting is None:
        return None
    command = _chosen(setting)
    extra = [beside] if beside else []
    if process.found and why_no_procfile:
        extra.append(Shadowed(source="procfile", text=process.command, origin=process.origin, because=why_no_procfile))
    return replace(command, shadowed=(*command.shadowed, *extra))


def _chosen(setting: Setting[Command]) -> Command:
    shadowed = tuple(
        Shadowed(source=c.source, text=c.words(), origin=c.origin, because=c.lost_to(setting.winner))
        for c in setting.shadowed
        if not (c.source == "image" or c.shown == _BASE_IMAGE)
    )
    return replace(setting.value, shadowed=shadowed)


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


def _shown(command: Command | None) -> str | None:
    return None if command is None else command.text or _BASE_IMAGE


def _shell(spec: ServiceSpec, value: Value) -> Command:
    argv = ("/bin/bash", "-c", value.text)
    return Command(argv=argv, form="shell", text=value.text, source=spec.source, origin=value.origin)


def _procfile(process: Process) -> Command:
    argv = ("/bin/bash", "-c", process.command)
    return Command(argv=argv, form="shell", text=process.command, source="procfile", origin=process.origin)


def parsing_problems(spec: ServiceSpec, field: str, written: Value | None) -> list[Diagnostic]:
    """Ways in which people's commands for an image go wrong on Render (rules docker-command-shell, -words)."""
    if written is None:
        return []
    script = quoted_script(written.text)
    if script is not None:
        return [
            warning(
                "render/docker-command-quoted",
                "the quotes after `sh -c` are kept: the shell looks for one program of that whole name",
                origin=written.origin,
                service=spec.name,
                rule=rules.DOCKER_COMMAND_SHELL.id,
                facts=("the container exits with status 127, not found",),
                help=f"write it without quotes: {written.text.split(' -c ', 1)[0]} -c {script}",
            )
        ]
    front, operators = shell_front(written.text), shell_operators(written.text)
    if front is not None or operators:
        plain = f"{operators[0]!r} reaches the program as a plain argument" if operators else ""
        words = f"{front!r} is taken for a program" if front else plain
        return [
            warning(
                "render/docker-command-operators",
                f"{words}: no shell runs {'an' if field[0] in 'aeiou' else 'a'} {field}",
                origin=written.origin,
                service=spec.name,
                rule=rules.DOCKER_COMMAND_WORDS.id,
                help=f"put a shell in front, without quotes: /bin/sh -c {written.text}",
            )
        ]
    return []


def _nothing_named(spec: ServiceSpec, reading: DockerfileReading | None) -> Diagnostic:
    """A Dockerfile FROM scratch without CMD has nothing to run at all."""
    return error(
        "render/no-command", "the image has neither CMD nor ENTRYPOINT: such a deploy appears to hang",
        service=spec.name, origin=reading.base_origin if reading else None, rule=rules.IMAGE_COMMAND.id,
        help="add a CMD to the Dockerfile, or set dockerCommand",
    )  # fmt: skip


def _not_run(spec: ServiceSpec, process: Process) -> list[Diagnostic]:
    """The Procfile's other lines: what each of them is on Render."""
    release = [line for line in process.others if line.name == "release"]
    others = [line for line in process.others if line.name != "release"]
    helps = ("make each a background worker: a service of its own", "make it the service's preDeployCommand")
    return [
        info(
            "render/process-not-run", f"the Procfile's {few([line.name for line in lines])} "
            f"{'lines are' if len(lines) > 1 else 'line is'} run by nobody",
            fault=Fault.APP, service=spec.name, rule=rules.PROCFILE_IGNORED.id, origin=lines[0].origin, help=help_,
        )
        for lines, help_ in zip((others, release), helps, strict=True)
        if lines
    ]  # fmt: skip
