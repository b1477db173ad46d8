"""Which command the container starts with: the image's own, or what `command` and `args` make of it.

No shell and no $(NAME): every word reaches the program as it is written (rule cloud-run/no-references).
"""

import shlex
from typing import NamedTuple

from emulator.model.choice import ABSENT, Candidate, Setting, choose
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.plan import Command, Shadowed
from emulator.model.record import replace
from emulator.model.rule import Rule
from platforms.common import DockerfileReading

from . import rules
from .given import Given
from .manifest import ContainerSpec

QUESTION = "Which command does the container start with?"
MOST_ARGS = 1000


class Own(NamedTuple):
    """An image's own command, and why it is that. entrypoint: what args go behind; None where only the image knows.
    diagnostics: what is wrong where it runs."""

    command: Command
    because: str = "neither command nor args is set: the image's ENTRYPOINT and CMD run"
    rule: Rule = rules.COMMAND
    entrypoint: tuple[str, ...] | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def own_command(reading: DockerfileReading | None, service: str) -> Own:
    """Of an image that is built from a Dockerfile, or is ready-made (`reading` is then None): only its base knows it
    where the Dockerfile does not say."""
    if reading is None:
        return Own(Command(argv=None, form="image", text=None, source="image"))
    found = tuple(_nothing_to_run(reading, service))
    if reading.argv is None:
        command = Command(argv=None, form="image", text=None, source="image", origin=reading.base_origin)
        return Own(command, entrypoint=reading.entrypoint, diagnostics=found)
    command = Command(
        argv=reading.argv, form=reading.form, text=reading.text, source="dockerfile", origin=reading.origin
    )
    return Own(command, entrypoint=reading.entrypoint, diagnostics=found)


def container_command(given: Given, spec: ContainerSpec, own: Own, *, id: str) -> Command:
    """The command of a container."""
    written = _written(spec, own, given.spec.source)
    setting: Setting[Command] | None = choose(
        given.trace, id, QUESTION,
        Candidate(written or ABSENT, source=given.spec.source, shown=written.text if written else None,
                  because=_because(spec), origin=written.origin if written else None, rule=rules.COMMAND,
                  absent="neither command nor args is set"),
        Candidate(own.command, source=own.command.source, shown=own.command.text or "the image's own command",
                  because=own.because, origin=own.command.origin, rule=own.rule, loses=_loses(spec)),
    )  # fmt: skip
    assert setting is not None
    given.found.extend(_problems(spec, given.name))
    if setting.value is own.command:
        given.found.extend(own.diagnostics)
    shadowed = tuple(
        Shadowed(source=lost.source, text=lost.words(), origin=lost.origin, because=lost.lost_to(setting.winner))
        for lost in setting.shadowed
        if own.command.argv is not None
    )
    here = spec.working_dir.text if spec.working_dir and spec.working_dir.text else None
    return replace(setting.value, shadowed=(*shadowed, *setting.value.shadowed), working_dir=here)


def _written(spec: ContainerSpec, own: Own, source: str) -> Command | None:
    """What command and args come to; None when neither is set, or both are empty lists, which set nothing."""
    if spec.command:
        argv = (*spec.command, *spec.args)
        return Command(argv=argv, form="exec", text=shlex.join(argv), source=source, origin=spec.command_origin)
    if not spec.args:
        return None
    if own.entrypoint is None:
        return Command(
            argv=None, form="image", text=f"the image's ENTRYPOINT with {shlex.join(spec.args)}", source=source,
            origin=spec.args_origin, image_args=spec.args,
        )  # fmt: skip
    argv = (*own.entrypoint, *spec.args)
    return Command(
        argv=argv, form="exec", text=shlex.join(argv), source=source, origin=spec.args_origin, image_args=spec.args
    )


def _because(spec: ContainerSpec) -> str:
    if spec.command:
        return "command replaces ENTRYPOINT and discards CMD"
    return "args replace CMD; the image's ENTRYPOINT stays"


def _loses(spec: ContainerSpec) -> str:
    return "command replaces both ENTRYPOINT and CMD" if spec.command else "args replace CMD"


def _problems(spec: ContainerSpec, service: str) -> list[Diagnostic]:
    """Words that are not replaced, and more of them than are allowed."""
    found: list[Diagnostic] = []
    if len(spec.args) > MOST_ARGS:
        found.append(
            error(
                "cloud-run/too-many-args",
                f"containers[{spec.number}] has {len(spec.args)} args; the most is {MOST_ARGS}",
                origin=spec.args_origin, service=service, rule=rules.MOST_ARGS.id, url=rules.MOST_ARGS.url,
                help="put them into a file of the image",
            )
        )  # fmt: skip
    words = (*spec.command, *spec.args)
    variable = next((word for word in words if "$" in word), None)
    if variable is not None and not _has_shell(words):
        found.append(
            warning(
                "cloud-run/not-expanded", f"{variable!r} reaches the program as it is written: no shell runs it",
                origin=spec.args_origin or spec.command_origin, service=service, rule=rules.NO_REFERENCES.id,
                url=rules.NO_REFERENCES.url, help='start a shell: command: ["/bin/sh", "-c", "exec … $PORT"]',
            )
        )  # fmt: skip
    return found


def _has_shell(words: tuple[str, ...]) -> bool:
    return any(word.rpartition("/")[2] in ("sh", "bash", "dash", "ash", "zsh") for word in words[:2])


def _nothing_to_run(reading: DockerfileReading, service: str) -> list[Diagnostic]:
    """A Dockerfile FROM scratch without CMD has nothing to run at all."""
    if not reading.nothing_to_run:
        return []
    return [
        error(
            "cloud-run/no-command", "the image has neither ENTRYPOINT nor CMD", origin=reading.base_origin,
            service=service, rule=rules.COMMAND.id, help="add a CMD to the Dockerfile, or set command",
        )
    ]  # fmt: skip
