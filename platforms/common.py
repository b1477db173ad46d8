"""What two adapters share: defaults they may assign by name, and small helpers."""

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from emulator.contract import UNKNOWN_SERVICE, token
from emulator.formats.dockerfile import CommandLine, ImageConfig, image_config, parse_dockerfile, read_stages
from emulator.formats.dockerfile.base_images import entrypoint_of
from emulator.model.choice import Candidate
from emulator.model.diagnostic import Diagnostic, UsageError, error
from emulator.model.origin import Origin
from emulator.model.plan import CommandForm
from emulator.model.record import replace
from emulator.model.spelling import did_you_mean, nearest
from emulator.snapshot import Snapshot, Unreadable

_TOKEN_START = token("")[0]


class DockerfileReading(NamedTuple):
    """What a Dockerfile says about the image it makes, without building it.

    argv: ENTRYPOINT and CMD as the first process is executed with; None where only the base image
    knows, and `base_origin` is then its FROM. entrypoint: the part of it that a platform's own arguments
    go behind, () where there is none. nothing_to_run: built from scratch, and no command.
    port: the PORT that the image sets; it loses, because a container has the platform's.
    """

    path: str
    argv: tuple[str, ...] | None
    form: CommandForm
    text: str | None
    origin: Origin | None
    base_origin: Origin | None
    base_images: tuple[str, ...]
    nothing_to_run: bool
    diagnostics: tuple[Diagnostic, ...]
    entrypoint: tuple[str, ...] = ()
    port: Candidate[str] | None = None


def read_dockerfile(repo: Snapshot, path: str, build_args: Mapping[str, str], service: str) -> DockerfileReading:
    """Read the Dockerfile at `path`, which the snapshot has. `build_args` may hold tokens for secrets."""
    try:
        text = repo.text(path)
    except Unreadable as problem:
        return _unusable(path, problem, service)
    parsed = parse_dockerfile(text, path)
    stages = read_stages(parsed, build_args=build_args)
    config = image_config(parsed, build_args=build_args, base_config=_known_base)
    base = _lowest_base(stages.stages, stages.target)
    found = [d for d in (*parsed.diagnostics, *stages.diagnostics, *config.diagnostics) if not _about_a_secret(d)]
    lines = [line for line in (config.entrypoint, config.cmd) if line is not None]
    own = [line for line in lines if line.origin is not None]
    argv = tuple(word for line in lines for word in line.argv) if own else None
    return DockerfileReading(
        path=path, argv=argv or None, form=_form(own), text=_text(lines) if own else None,
        origin=(own[-1].origin if own else None), base_origin=base[1] if base else None, base_images=stages.base_images,
        nothing_to_run=not argv and bool(base and base[0] == "scratch"),
        diagnostics=tuple(d if d.service else replace(d, service=service) for d in dict.fromkeys(found)),
        entrypoint=config.entrypoint.argv if config.entrypoint else (),
        port=_image_port(config),
    )  # fmt: skip


def _image_port(config: ImageConfig) -> Candidate[str] | None:
    found = next((setting for setting in config.env if setting.name == "PORT" and setting.origin is not None), None)
    if found is None or found.value is None:
        return None
    lost = "a container starts with the platform's PORT, over the image's"
    return Candidate(found.value, source="dockerfile", because="ENV sets PORT", loses=lost, origin=found.origin)


_REPAIRS = {
    "too-large": "is this the right file? One that a person writes has a few kilobytes",
    "unreadable": "make it readable",
}


def unreadable(problem: Unreadable, path: str, service: str | None = None) -> Diagnostic:
    """A file that is there but cannot be used, as a diagnostic at its place."""
    place = Origin(file=path, line=problem.line, column=problem.column)
    repair = _REPAIRS.get(problem.code, "write it as UTF-8 text")
    return error(f"file/{problem.code}", problem.message, origin=place, service=service, help=repair)


def _unusable(path: str, problem: Unreadable, service: str) -> DockerfileReading:
    found = unreadable(problem, path, service)
    return DockerfileReading(
        path=path,
        argv=None,
        form="image",
        text=None,
        origin=None,
        base_origin=None,
        base_images=(),
        nothing_to_run=False,
        diagnostics=(found,),
    )


def _about_a_secret(problem: Diagnostic) -> bool:
    """A base image named by a secret variable shows the variable's token, which is no reference to complain of."""
    return problem.code == "dockerfile/bad-base" and _TOKEN_START in problem.message


def _known_base(ref: str) -> ImageConfig | None:
    """What we know of a base image: its ENTRYPOINT, when it is a well-known one that has one."""
    entrypoint = entrypoint_of(ref)
    if not entrypoint:
        return None
    line = CommandLine(form="exec", text=" ".join(entrypoint), argv=entrypoint)
    return ImageConfig(entrypoint=line, unknown_base=True, workdir=None, user=None)


def _lowest_base(stages: tuple[object, ...], target: int | None) -> tuple[str, Origin] | None:
    """The image the target stage is built on, and its FROM."""
    from emulator.formats.dockerfile import Stage

    index = target
    while index is not None:
        stage = stages[index]
        assert isinstance(stage, Stage)
        if stage.parent is None:
            return stage.base, stage.origin
        index = stage.parent
    return None


def _form(lines: list[CommandLine]) -> CommandForm:
    if not lines:
        return "image"
    return "shell" if any(line.form == "shell" for line in lines) else "exec"


def _text(lines: list[CommandLine]) -> str:
    """The command as a person would type it."""
    import shlex

    return " ".join(line.text if line.form == "shell" else shlex.join(line.argv) for line in lines)


def unknown_service(name: str, known: Sequence[str], where: str = "") -> UsageError:
    """What to raise for a --service that a platform has not. known: the names that it has, in the file or record that
    `where` names with its preposition."""
    there = f"there is no service {name!r}{' ' if where else ''}{where}"
    help_ = did_you_mean(name, known, none="the repository declares no service")
    return UsageError(there, help=help_, code=UNKNOWN_SERVICE)


def nearest_file(repo: Snapshot, path: str) -> str | None:
    """The YAML file that may be meant by a path that is none: one called almost so beside it, or the one in the folder
    that was named."""
    folder = path if repo.look(path).is_directory else posixpath.dirname(path) or "."
    files = [name for name in repo.entries(folder) if name.endswith((".yaml", ".yml"))]
    near = nearest(posixpath.basename(path), files) or (files[0] if len(files) == 1 else None)
    return posixpath.normpath(posixpath.join(folder, near)) if near else None
