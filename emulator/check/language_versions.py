"""Rules about a project that asks for a newer (or an older) language than the base image has."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from emulator.formats.dockerfile.base_images import short_name
from emulator.image.bases import python_version
from emulator.image.findings import Builds
from emulator.image.project_files import Files, join, line_of, read_toml, table
from emulator.image.project_files import Refused as NotToml
from emulator.image.shell import Command, read_run
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Worked, WorkedStage
from emulator.model.diagnostic import Diagnostic, Related, Severity, error
from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.model.record import Record

from .each_build import first_of_each
from .rule import CheckRule, Sample
from .shell import words
from .tools_used import base_of

_GO = {
    "main.go": "package main\nfunc main() {}\n",
    "Dockerfile": 'FROM golang:1.23\nWORKDIR /src\nCOPY . .\nRUN go build -o /shop .\nCMD ["/shop"]\n',
}
OTHER_VERSION = CheckRule(
    code="build/language-version",
    severity=Severity.ERROR,
    statement="A project asks for another version of its language than the base image has.",
    why=(
        "Go's official images set GOTOOLCHAIN=local, so that `go` refuses a go.mod that asks for a newer one; pip and "
        "poetry refuse a project whose requires-python leaves out the Python that they run on."
    ),
    wrong=Sample(files=_GO | {"go.mod": "module shop\n\ngo 1.25\n"}, file="Dockerfile", line=4),
    right=Sample(files=_GO | {"go.mod": "module shop\n\ngo 1.23\n"}),
)

RULES = (OTHER_VERSION,)


class Asked(Record, frozen=True):
    """The version that a project asks for. file: in the image; line: of it; has: what the image has."""

    said: str
    file: str
    line: int
    has: str
    to_do: str


def told(asked: Asked, worked: Worked, origin: Origin, call: str) -> Diagnostic:
    """The finding at the line that fails."""
    made = worked.look(asked.file).made
    file = made.path if made is not None and made.by == "context" else ""
    related = (Related(origin=Origin(file=file, line=asked.line), message="asked for here"),) if file else ()
    name = posixpath.basename(asked.file)
    return error(
        OTHER_VERSION.code, f"{call} refuses: {name} asks for {asked.said}, and the image has {asked.has}",
        origin=origin, related=related, help=asked.to_do,
    )  # fmt: skip


# ---- go ------------------------------------------------------------------------------------------------

_GO_TAG = re.compile(r":1\.(?P<minor>\d+)(?:\.(?P<patch>\d+))?(?![\d.])")
_GO_LINE = re.compile(r"(?m)^go[ \t]+1\.(?P<minor>\d+)(?:\.(?P<patch>\d+))?[ \t]*(?://.*)?$")
_LOCAL_SINCE = 21
"""docker-library/golang: `ENV GOTOOLCHAIN=local` from 1.21 on (read 2026-11); go.dev/doc/toolchain: `go` then refuses a
newer go line."""
_GO_ACTIONS = words("build install run test vet list get generate")
_GO_MODS = words("download tidy vendor verify")


def go_findings(builds: Builds, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """The first call of go in each build that refuses its module."""
    yield from first_of_each(builds, services, _of_build)


def _of_build(worked: Worked) -> Iterator[Diagnostic]:
    for _, stage in sorted(worked.stages.items()):
        base = base_of(worked, stage)
        tag = _GO_TAG.search(base.partition("@")[0]) if short_name(base) == "golang" else None
        if tag is None or int(tag["minor"]) < _LOCAL_SINCE or _chooses_itself(worked):
            continue
        for number, step in enumerate(stage.steps):
            if number and step.instruction.keyword == "RUN" and "go" in step.instruction.source:
                files = TreeFiles(stage.steps[number - 1].tree, worked.context.repo)
                script = read_run(step.instruction, environ={}, cwd=step.workdir, lines=worked.dockerfile.lines)
                for command in script.commands:
                    asked = _asked_of_go(command, files, tag)
                    if asked is not None:
                        origin = Origin(file=step.instruction.origin.file, line=command.line)
                        yield told(asked, worked, origin, f"go {command.words[1].text}")
                        return


def _chooses_itself(worked: Worked) -> bool:
    """Whether GOTOOLCHAIN may be set, or another Go come into the image."""
    lines = [step.instruction.source for one in worked.stages.values() for step in one.steps]
    return any("GOTOOLCHAIN" in line or "golang.org/dl" in line or "/usr/local/go" in line for line in lines)


def _asked_of_go(command: Command, files: Files, tag: re.Match[str]) -> Asked | None:
    texts = [word.text or "" for word in command.words[:3]]
    if texts[:1] != ["go"] or command.certainty != "always" or command.failure != "fails" or command.cwd is None:
        return None
    if not (texts[1:2] and (texts[1] in _GO_ACTIONS or (texts[1] == "mod" and texts[2:3] and texts[2] in _GO_MODS))):
        return None
    if any(pair.startswith(("GO", "-C", "-modfile")) for pair in (word.source for word in command.words[1:])):
        return None
    path = _upwards(command.cwd, "go.mod", files)
    text = files.read(path) if path is not None else None
    line = _GO_LINE.search(text) if text is not None else None
    if path is None or text is None or line is None or _is_go_old_enough(line, tag):
        return None
    said = line[0].partition("//")[0].split()[1]
    return Asked(
        f"go {said}", path, text.count("\n", 0, line.start()) + 1, f"go {tag[0][1:]}",
        f"build on golang:1.{line['minor']}, or set ENV GOTOOLCHAIN=auto, which downloads it",
    )  # fmt: skip


def _is_go_old_enough(line: re.Match[str], tag: re.Match[str]) -> bool:
    if line["minor"] != tag["minor"]:
        return int(line["minor"]) < int(tag["minor"])
    return tag["patch"] is None or int(line["patch"] or 0) <= int(tag["patch"])


def _upwards(directory: str, name: str, files: Files) -> str | None:
    """The nearest file of that name, here or above; None where it is not known which."""
    while True:
        kind = files.look(join(directory, name))
        if kind != "absent" or directory == "/":
            return join(directory, name) if kind == "file" else None
        directory = posixpath.dirname(directory)


# ---- python --------------------------------------------------------------------------------------------

_OTHER_PYTHONS = ("pyenv", "conda", "deadsnakes", "mamba", "uv python", "apk add python", "env use", "--python")
_PART = re.compile(r"(?P<how>[<>=!~^]=?|===?)?\s*(?P<major>\d+)(?:\.(?P<minor>\d+))?(?:\.(?P<patch>\d+|\*))?")


def asked_of_python(worked: Worked, stage: WorkedStage, directory: str, files: Files) -> Asked | None:
    """The requires-python of a project that leaves out the Python of the image; None where that is not certain."""
    has = python_version(base_of(worked, stage))
    path = join(directory, "pyproject.toml")
    text = files.read(path) if has is not None and files.look(path) == "file" else None
    if has is None or text is None or _may_have_another(stage):
        return None
    try:
        data = read_toml(text, path)
    except NotToml:
        return None
    said, key = _said(data)
    if said is None or not leaves_out(said, has):
        return None
    wanted = re.search(r"\d+\.\d+", said)
    instead = f"build on python:{wanted[0]}" if wanted is not None and ">" in said + "^~" else "build on another Python"
    return Asked(f"Python {said}", path, line_of(text, key) or 1, f"Python {has}", f"{instead}, or change {key}")


def _said(data: dict[str, Any]) -> tuple[str | None, str]:
    """What the project asks for, and by which key (packaging.python.org, `requires-python`; python-poetry.org)."""
    standard = table(data, "project").get("requires-python")
    own = table(data, "tool", "poetry", "dependencies").get("python")
    said, key = (standard, "requires-python") if standard is not None else (own, "python")
    return (said if isinstance(said, str) else None), key


def _may_have_another(stage: WorkedStage) -> bool:
    return any(sign in step.instruction.source for step in stage.steps for sign in _OTHER_PYTHONS)


def leaves_out(said: str, has: str) -> bool:
    """Whether a specifier surely leaves out every release of "3.13": pip's own comparison, and poetry's ^ and ~."""
    if "|" in said:
        return False
    parts = [_PART.fullmatch(one.strip()) for one in said.split(",")]
    major, minor = (int(part) for part in has.split("."))
    return all(part is not None for part in parts) and any(
        part is not None and _is_left_out(part, (major, minor)) for part in parts
    )


def _is_left_out(part: re.Match[str], has: tuple[int, int]) -> bool:
    how, has_minor = part["how"] or "==", part["minor"] is not None
    asked = (int(part["major"]), int(part["minor"] or 0))
    patch = part["patch"]
    if how in (">=", ">"):
        return has < asked
    if how in ("<", "<="):
        is_whole = how == "<" and patch in (None, "0")
        return has >= asked if is_whole else has > asked
    if how == "^" or (how in ("~=", "~") and patch is None and (how == "~=" or not has_minor)):
        return has < asked or has[0] != asked[0]
    if how in ("~=", "~", "==", "==="):
        return has != asked if has_minor else has[0] != asked[0]
    return False
