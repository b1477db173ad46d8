"""The rule about a command that needs a shell, on a base image that has none, or not that one."""

import json
import posixpath
import re
from collections.abc import Iterator

from emulator.formats.dockerfile.base_images import has_busybox, is_distroless, short_name
from emulator.image.working import Worked
from emulator.model.diagnostic import Diagnostic, Severity

from .rule import CheckRule, Sample
from .subject import Subject

SHELL = CheckRule(
    code="start/shell-missing",
    severity=Severity.ERROR,
    statement="The command needs a shell that the base image does not have.",
    why=(
        "Images of Alpine have busybox's sh alone, no bash; scratch and distroless images have no shell at all, and a "
        "CMD that is no JSON array needs one. The container cannot start, or ends with status 127."
    ),
    wrong=Sample(
        files={"Dockerfile": 'FROM python:3.13-alpine\nCMD ["bash", "-c", "exec python -m http.server $PORT"]\n'},
        file="Dockerfile",
        line=2,
    ),
    right=Sample(files={"Dockerfile": "FROM python:3.13-alpine\nCMD exec python -m http.server $PORT\n"}),
)

RULES = (SHELL,)


def no_shell(subject: Subject) -> Iterator[Diagnostic]:
    """A shell that the base image lacks and nobody brings: any in one without a system, bash in one of Alpine."""
    worked, stage, first = subject.worked, subject.first_stage, subject.first_shell
    base = stage.base if stage is not None else None
    if worked is None or worked.failures or not base or first is None:
        return
    if (base == "scratch" or is_distroless(base)) and not first.startswith("/busybox"):
        yield from _no_shell_at_all(subject, worked, base, first)
    elif first in ("bash", "/bin/bash", "/usr/bin/bash") and _is_alpine(base) and not _may_bring_bash(worked):
        yield subject.finding(
            SHELL.code, Severity.ERROR, f"{base} has no bash", facts=("its shell is busybox's /bin/sh",),
            help="use sh, or install it: RUN apk add --no-cache bash",
        )  # fmt: skip


def _no_shell_at_all(subject: Subject, worked: Worked, base: str, first: str) -> Iterator[Diagnostic]:
    command = subject.container.command
    may_be_there = worked.look(f"/bin/{posixpath.basename(first)}").state != "absent"
    if has_busybox(base) or may_be_there or _may_bring_programs(worked):
        return
    text = command.text if command is not None and command.form == "shell" else None
    meant = text.strip() if text else ""
    exec_form = f": {json.dumps(meant.split())}" if re.fullmatch(r"[\w./ =:-]+", meant) else ""
    yield subject.finding(
        SHELL.code, Severity.ERROR, f"{base} has no shell, and the command is run by {first}",
        facts=("a CMD that is no JSON array is given to /bin/sh",) if text else (),
        help=f"start the program itself, as a JSON array{exec_form}",
    )  # fmt: skip


def _may_bring_programs(worked: Worked) -> bool:
    """Whether a COPY puts something where a system keeps its programs, or takes a system whole."""
    return any(
        word.text.rstrip("/*") in ("", "/bin") or word.text.startswith(("/usr", "$"))
        for stage in worked.stages.values()
        for step in stage.steps
        if step.instruction.keyword in ("COPY", "ADD") and step.instruction.flag("from") is not None
        for word in step.instruction.words[:1] + step.instruction.words[-1:]
        if word.text != "/" or word is not step.instruction.words[-1]
    )


def _is_alpine(base: str) -> bool:
    return "alpine" in base and short_name(base) in ("python", "node", "alpine")


def _may_bring_bash(worked: Worked) -> bool:
    lines = (step.instruction for stage in worked.stages.values() for step in stage.steps)
    return any("bash" in one.source or "/bin" in one.source for one in lines if one.keyword in ("RUN", "COPY", "ADD"))
