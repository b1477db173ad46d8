"""A PATH that a Dockerfile sets anew, without the directories in which the base image has its programs.

docs.docker.com/reference/dockerfile, "ENV": the value replaces what the base image set, unless it names it (`$PATH`).
"""

from collections.abc import Iterator
from typing import NamedTuple

from emulator.formats.dockerfile.scope import DEFAULT_PATH
from emulator.image.findings import Builds
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Step, Worked, WorkedStage
from emulator.model.diagnostic import Diagnostic, Related, Severity, error
from emulator.model.origin import Origin
from emulator.model.plan import Service

from .each_build import first_of_each
from .image_view import view_of
from .programs import PROGRAM
from .shell import words
from .subject import Subject
from .tools_used import NOT_FOUND, commands_of, program_of, steps_to

RULES = ()
"""Those that it reports are of `programs` and `tools_used`."""

_FILES = words(
    "python python3 pip pip3 gunicorn uvicorn flask celery node npm npx yarn pnpm apt-get apt apk ruby bundle java php "
    "go cargo bash sh"
)
"""Programs that are files: what else a command begins with may be built into its shell."""
_OF_SYSTEMS = frozenset(DEFAULT_PATH.split(":"))


class _Search(NamedTuple):
    """What PATH is, and the line that sets it."""

    path: str
    line: Origin | None

    def lacks(self, program: str, files: TreeFiles) -> bool:
        """Whether a program surely is in none of the directories; no system directory is among them."""
        places = [place for place in self.path.split(":") if place]
        if not places or "$" in self.path or any(one.rstrip("/") in _OF_SYSTEMS or one[0] != "/" for one in places):
            return False
        return program in _FILES and all(files.look(f"{place}/{program}") == "absent" for place in places)

    @property
    def related(self) -> tuple[Related, ...]:
        return (Related(origin=self.line, message="PATH is set here"),) if self.line is not None else ()

    @property
    def help(self) -> str:
        return f"keep what the base image set: ENV PATH={self.path}:$PATH"


def path_findings(builds: Builds, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """The first command of each build that is not found for its PATH, each once."""
    yield from first_of_each(builds, services, _of_build)


def _of_build(worked: Worked) -> Iterator[Diagnostic]:
    for _, stage in sorted(worked.stages.items()):
        for number, step in enumerate(stage.steps):
            is_plain = step.instruction.keyword == "RUN" and number and "PATH" not in step.instruction.source
            search = _search(worked, stage, number) if is_plain else None
            if search is None or any(flag.name == "mount" for flag in step.instruction.flags):
                continue
            files = TreeFiles(stage.steps[number - 1].tree, worked.context.repo)
            command = next(iter(commands_of(worked, step) or ()), None)
            program = program_of(command) if command is not None else ""
            if command is not None and command.failure == "fails" and search.lacks(program, files):
                yield error(
                    NOT_FOUND.code, f"{program} is not found here: PATH is {search.path} alone",
                    origin=Origin(file=step.instruction.origin.file, line=command.line), related=search.related,
                    help=search.help,
                )  # fmt: skip


def off_path(subject: Subject) -> Iterator[Diagnostic]:
    """The command's program, for the PATH that the image gives it."""
    view = view_of(subject)
    stage = view.worked.last if view is not None else None
    search = _search(view.worked, stage, len(stage.steps)) if view is not None and stage is not None else None
    if view is None or search is None or view.run.changed or view.environ.get("PATH") != search.path:
        return
    program = view.run.runner or view.program
    if search.lacks(program, view.files):
        yield subject.finding(
            PROGRAM.code, Severity.ERROR, f"the command runs {program}, not found: PATH is {search.path} alone",
            related=search.related, help=search.help,
        )  # fmt: skip


def _search(worked: Worked, stage: WorkedStage, until: int) -> _Search | None:
    """PATH before a step of a stage; None where the base image's is part of it, or it is not known."""
    found: _Search | None = None
    for step in (steps_to(worked, stage, until) or ())[: -1 if until < len(stage.steps) else None]:
        if (value := _set_by(step)) is not None:
            found = value
    return found if found is not None and found.path else None


def _set_by(step: Step) -> _Search | None:
    if step.instruction.keyword not in ("ENV", "ARG"):
        return None
    pair = next((one for one in reversed(step.instruction.pairs) if one.key == "PATH"), None)
    if pair is None:
        return None
    # A value with a variable in it, or an argument of that name, may be anything.
    is_plain = step.instruction.keyword == "ENV" and "$" not in (pair.value or "$")
    return _Search((pair.value or "").strip("\"'") if is_plain else "", step.instruction.origin)
