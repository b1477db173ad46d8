"""Procfile text to process types that remember their line.

The grammar is the one Heroku's tools share: `name: command` at the start of a line. Tools differ on a
name that is given twice: foreman, and Google's buildpacks, take the first, others the last, honcho refuses the file
(read 2026-11); the first is kept here, and said.
"""

import re
from typing import Final

from emulator.model.diagnostic import Diagnostic, Related, warning
from emulator.model.origin import Origin
from emulator.model.record import Record

from .findings import Findings


class ProcessType(Record, frozen=True, kw_only=True):
    """One line of a Procfile. origin: from the name to the command's last character."""

    name: str
    command: str
    origin: Origin


class Procfile(Record, frozen=True, kw_only=True):
    """The process types in the order written, each name once, and what was wrong with other lines."""

    processes: tuple[ProcessType, ...]
    diagnostics: tuple[Diagnostic, ...]

    def get(self, name: str) -> ProcessType | None:
        """The process type called `name`; None when the file has none."""
        return next((process for process in self.processes if process.name == name), None)


_LINE: Final = r"([A-Za-z0-9_][A-Za-z0-9_-]*)[ \t]*:(.*)"


def parse_procfile(text: str, file: str) -> Procfile:
    """The process types in `text`; `file` is the name their origins carry.

    Comments and blank lines are skipped. A line that is no process type, one without a command and a
    name's second line are left out, each with a warning: Heroku's tools ignore such lines as well.
    Raises nothing. No diagnostic quotes a command.
    """
    processes: dict[str, ProcessType] = {}
    findings = Findings()
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        content = line.rstrip()
        origin = Origin(file=file, line=number, column=1, end_line=number, end_column=len(content))
        match = re.fullmatch(_LINE, content)
        if match is None:
            findings.add(_not_a_process(origin))
        elif not match[2].strip():
            findings.add(_no_command(match[1], origin))
        elif match[1] in processes:
            findings.add(_twice(processes[match[1]], origin))
        else:
            processes[match[1]] = ProcessType(name=match[1], command=match[2].strip(), origin=origin)
    return Procfile(processes=tuple(processes.values()), diagnostics=findings.all())


def _not_a_process(origin: Origin) -> Diagnostic:
    return warning(
        "procfile/not-a-process", "this line is not 'name: command' and is ignored", origin=origin,
        help="start the line with a name of letters, digits, '_' or '-' and a ':', or with '#' for a comment",
    )  # fmt: skip


def _no_command(name: str, origin: Origin) -> Diagnostic:
    message = f"process type '{name}' has no command and is ignored"
    return warning("procfile/no-command", message, origin=origin, help="put the command behind the ':'")


def _twice(first: ProcessType, origin: Origin) -> Diagnostic:
    return warning(
        "procfile/duplicate-name", f"process type '{first.name}' is given twice; the first is kept", origin=origin,
        facts=("tools differ: some take the first, some the last, some refuse the file",),
        related=(Related(origin=first.origin, message="the first one is here"),), help="remove one of the two",
    )  # fmt: skip
