"""The rule about programs that a build or a command runs and the base image surely does not bring.

What the official images hold is told by their own Dockerfiles (docker-library: python, node, debian, ubuntu, alpine,
buildpack-deps; read 2026-11). Nothing is said once a step may have brought the program: only steps that are known to
bring what they name, and do not name it, leave that certain.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.formats.dockerfile.base_images import short_name
from emulator.formats.dockerfile.scope import DEFAULT_PATH
from emulator.image.findings import Builds
from emulator.image.shell import Command, read_run
from emulator.image.system_tools import HARMLESS
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Step, Worked, WorkedStage
from emulator.model.diagnostic import Diagnostic, Severity, error
from emulator.model.origin import Origin
from emulator.model.plan import Service

from .each_build import first_of_each
from .rule import CheckRule, Sample
from .shell import words

if TYPE_CHECKING:
    from emulator.image.installing import Installed

_CMD = 'CMD ["python", "app.py"]\n'
_FILES = {"app.py": "", "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n', "uv.lock": "version = 1\n"}
_SYNC = "FROM python:3.13-slim\nWORKDIR /app\n%sCOPY . .\nRUN uv sync --no-install-project\n" + _CMD
NOT_FOUND = CheckRule(
    code="build/program-not-found",
    severity=Severity.ERROR,
    statement="A RUN uses a program that the base image does not have, and that no step before it installs.",
    why="The step ends with `not found`, status 127, and the build with it. Your machine has it, the base image not.",
    wrong=Sample(files=_FILES | {"Dockerfile": _SYNC % ""}, file="Dockerfile", line=4),
    right=Sample(files=_FILES | {"Dockerfile": _SYNC % "RUN pip install uv\n"}),
)

RULES = (NOT_FOUND,)

_OF_PYTHON = words("uv uvx poetry pipenv pdm hatch")
_OF_NODE = words("node npm npx yarn")
_OF_SYSTEMS = words("curl wget git make gcc g++")
_PYTHON = words("python python3 pip pip3")
_DEBIAN, _ALPINE = words("apt-get apt"), words("apk")
_NOWHERE = _OF_PYTHON | words("pnpm bun deno composer mvn gradle cargo go dotnet")
"""What none of these images has."""
_BROUGHT_AS = {
    **dict.fromkeys(_OF_NODE, r"node|npm|npx|nvm|fnm|volta|yarn|corepack"), "pnpm": "pnpm|corepack",
    **dict.fromkeys(_PYTHON, r"py|pip"), "uvx": "uvx?", "cargo": "cargo|rust", "go": "go|golang", "mvn": "mvn|maven",
    "composer": "composer|php", **dict.fromkeys(("make", "gcc", "g++"), "make|gcc|build|base|dev"),
}  # fmt: skip
"""By which words a step that brings a program may name it; its own name where it is not listed."""
_HARMLESS = HARMLESS | words("mkdir rm cp mv chmod chown touch useradd adduser groupadd addgroup usermod")
_SYSTEM_INSTALLERS, _INSTALLERS = _DEBIAN | _ALPINE, words("pip pip3 npm yarn pnpm uv poetry pipenv pdm")
_MOST_STEPS = 300
"""Longer builds are not followed."""
_SYSTEM_PLACES = ("", "/usr", *DEFAULT_PATH.split(":"))


def tool_findings(builds: Builds, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """The first step of each build that surely ends so, each once."""
    yield from first_of_each(builds, services, _of_build)


def _of_build(worked: Worked) -> Iterator[Diagnostic]:
    bases: dict[int, str] = {}
    for index, stage in sorted(worked.stages.items()):
        parent = stage.stage.parent
        bases[index] = stage.stage.base if parent is None else bases.get(parent, "")
        lacked = lacked_by(bases[index])
        for number, step in enumerate(stage.steps if lacked else ()):
            if step.instruction.keyword != "RUN" or not _names(lacked, step.instruction.source):
                continue
            for command in commands_of(worked, step) or ():
                program = program_of(command)
                if program in lacked and command.certainty == "always" and command.failure == "fails":
                    if surely_lacks(worked, stage, program, until=number, command=command):
                        yield _told(bases[index], step, command, program)
                    break  # what follows runs only after it


def _told(base: str, step: Step, command: Command, program: str) -> Diagnostic:
    here = step.instruction.origin
    is_whole = here.line == command.line and here.end_line in (None, command.line)
    return error(
        NOT_FOUND.code, f"the image has no {program} here: {base} does not bring it, and no step before installs it",
        origin=here if is_whole else Origin(file=here.file, line=command.line), help=how_to_get(program, base),
    )


def how_to_get(program: str, base: str) -> str:
    """One thing to do about a program that a base image lacks."""
    if program in _DEBIAN:
        return "use apk add --no-cache, which Alpine has; or a base image of Debian"
    if program in _ALPINE:
        return "use apt-get, which Debian has; or a base image of Alpine"
    if program in ("uv", "uvx"):
        return "add RUN pip install uv, or COPY --from=ghcr.io/astral-sh/uv /uv /uvx /bin/"
    if program in _OF_PYTHON:
        return f"add RUN pip install {program}"
    if program == "pnpm" and short_name(base) == "node":
        return "add RUN npm install -g pnpm"
    if program in _OF_NODE | {"pnpm"}:
        return "run it in a stage FROM node, and copy from there what it makes"
    if program in _OF_SYSTEMS | _PYTHON:
        return f"install it before: {'apk add --no-cache' if _is_alpine(base) else 'apt-get install -y'} {program}"
    return "install it before, or run it in a stage of an image that has it"


def lacked_by(base: str) -> frozenset[str]:
    """The programs that an official image surely does not have; none where the image is not known."""
    name, tag = short_name(base), base.partition("@")[0].rpartition(":")[2]
    if name not in ("python", "node", "debian", "ubuntu", "alpine") or "onbuild" in tag or "windows" in tag:
        return frozenset()
    other_system = (_DEBIAN | words("bash")) if _is_alpine(base) else _ALPINE
    is_small = _is_alpine(base) or "slim" in tag or name in ("debian", "ubuntu")
    lacked = _NOWHERE | other_system | (_OF_SYSTEMS if is_small else frozenset())
    if _is_alpine(base):
        lacked -= {"wget"}  # busybox
    if name != "node":
        lacked |= _OF_NODE
    if name != "python" and is_small:
        lacked |= _PYTHON
    return frozenset(lacked)


def surely_lacks(
    worked: Worked, stage: WorkedStage, program: str, *, until: int | None = None, command: Command | None = None
) -> bool:
    """Whether nothing can have brought a program into a stage before a step, and before a command of that step; without
    them, into all of it."""
    named = re.compile(rf"(?<![A-Za-z0-9])(?:{_BROUGHT_AS.get(program, re.escape(program))})", re.IGNORECASE)
    steps = steps_to(worked, stage, until)
    for step in steps or ():
        last = command if step is (steps or ())[-1] else None
        if (last is not None and _mounts_another(step)) or _may_bring(worked, step, program, named, last):
            return False
    before = (steps or ())[:-1] if command is not None else steps
    if steps is None or not before:
        return steps is not None
    return not _is_on_path(steps, program, TreeFiles(before[-1].tree, worked.context.repo))


def steps_to(worked: Worked, stage: WorkedStage, until: int | None) -> tuple[Step, ...] | None:
    """The steps from the base image on to one of a stage, those of the stages it is built on first; None where they
    are too many, or not all known."""
    parts, here, number = [stage.steps[: until + 1 if until is not None else None]], stage, 0
    while here.stage.parent is not None:
        above = worked.stages.get(here.stage.parent)
        number += len(parts[-1]) + 1
        if above is None or number > _MOST_STEPS:
            return None
        parts.append(above.steps)
        here = above
    steps = tuple(step for part in reversed(parts) for step in part)
    return steps if len(steps) <= _MOST_STEPS else None


def _may_bring(worked: Worked, step: Step, program: str, named: re.Pattern[str], last: Command | None) -> bool:
    instruction = step.instruction
    match instruction.keyword:
        case "COPY" | "ADD":
            target = instruction.words[-1].text.rstrip("/") if instruction.words else ""
            is_it = any(posixpath.basename(word.text) == program for word in instruction.words)
            is_named = instruction.flag("from") is not None and named.search(instruction.source) is not None
            return is_it or is_named or target in _SYSTEM_PLACES or "$" in target
        case "SHELL":
            return True
        case "RUN":
            commands = commands_of(worked, step)
            if commands is None:
                return True
            before = commands[: commands.index(last)] if last is not None else commands
            return any(_brings(one, step.installs, program, named) for one in before)
    return False


def _brings(command: Command, installs: "tuple[Installed, ...]", program: str, named: re.Pattern[str]) -> bool:
    name = program_of(command)
    if not command.words:
        return False
    if name in ("python", "python3") and [word.text for word in command.words[1:3]] == ["-m", "pip"]:
        name = "pip"
    text = " ".join(word.source for word in command.words)
    if name in _HARMLESS:
        return name in ("cp", "mv") and any(part in text for part in ("bin", "/usr", "$"))
    if name in _SYSTEM_INSTALLERS:
        installs_some = any(word.text in ("install", "add") for word in command.words)
        return bool(named.search(text)) or (installs_some and program in _OF_SYSTEMS | _PYTHON | _OF_NODE)
    if name not in _INSTALLERS or named.search(text) or any(word.text is None for word in command.words):
        return True
    return program in _OF_PYTHON and not _names_all(installs, named)


def _names_all(installs: "tuple[Installed, ...]", named: re.Pattern[str]) -> bool:
    """Whether it is known by name what installations of Python packages ask for, and none of it is meant."""
    from emulator.image.python_project import Report

    reports = [one.report for one in installs if isinstance(one.report, Report)]
    return all(
        report.unknown is None and not report.projects and not any(named.match(name) for name in report.names)
        for report in reports
    )


def _is_on_path(steps: tuple[Step, ...], program: str, files: TreeFiles) -> bool:
    """Whether a PATH that these steps set names a directory that may have the program."""
    for step in steps:
        if step.instruction.keyword == "ENV" and "PATH" in step.instruction.source:
            value = re.search(r"\bPATH[= ]\s*\"?([^\"\s]+)", step.instruction.source)
            for place in (value[1] if value else "$").split(":"):
                if place in ("$PATH", "${PATH}", *_SYSTEM_PLACES):
                    continue
                if "$" in place or files.look(f"{place}/{program}") != "absent":
                    return True
    return False


def commands_of(worked: Worked, step: Step) -> tuple[Command, ...] | None:
    """The commands of a RUN; None where it is not read to its end."""
    script = read_run(step.instruction, environ={}, cwd=step.workdir, lines=worked.dockerfile.lines)
    return script.commands if script.opaque is None else None


def program_of(command: Command) -> str:
    return (command.words[0].text or "") if command.words else ""


def _names(programs: frozenset[str], source: str) -> bool:
    return any(word in programs for word in re.split(r"[\s;&|()\"'\[\],]+", source))


def _mounts_another(step: Step) -> bool:
    """Whether files of another stage or image lie in the container while the step runs."""
    return any(flag.name == "mount" and "from=" in (flag.value or "") for flag in step.instruction.flags)


def base_of(worked: Worked, stage: WorkedStage) -> str:
    """The image that the chain of stages begins with."""
    while stage.stage.parent is not None and stage.stage.parent in worked.stages:
        stage = worked.stages[stage.stage.parent]
    return stage.stage.base


def _is_alpine(base: str) -> bool:
    return short_name(base) == "alpine" or "alpine" in base.partition("@")[0].rpartition(":")[2]
