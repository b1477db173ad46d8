"""The entrypoint that somebody names: GOOGLE_ENTRYPOINT, else the Procfile's web line."""

import re
from typing import NamedTuple

from emulator.model.choice import ABSENT, Candidate, Setting, choose
from emulator.model.diagnostic import Diagnostic, info
from emulator.model.origin import Origin
from emulator.model.plan import Command, Shadowed
from emulator.model.record import replace
from emulator.snapshot import Unreadable
from platforms.cloud_run import rules
from platforms.cloud_run.given import Given
from platforms.cloud_run.manifest import ContainerSpec

from .build_env import BuildEnvironment
from .source import Source

PROCFILE = "Procfile"
VARIABLE = "GOOGLE_ENTRYPOINT"
_LINE = re.compile(r"^(\w+):\s*(.+)$", re.MULTILINE | re.ASCII)
"""As the buildpack has it: what follows the colon may begin on a later line."""


class Entrypoint(NamedTuple):
    """command: None where `error` says why there is none."""

    command: Command | None
    origin: Origin | None
    because: str
    error: str = ""

    @property
    def text(self) -> str:
        return (self.command.text or "") if self.command is not None else ""


class _Procfile(NamedTuple):
    command: str
    origin: Origin
    error: str = ""


def find_entrypoint(given: Given, source: Source, env: BuildEnvironment, container: ContainerSpec) -> Entrypoint | None:
    """Who names the entrypoint, on the trace; None where nobody does."""
    procfile = _read(given, source)
    dropped = "the build does not see it: it replaces the launcher when the container starts"
    setting: Setting[str] | None = choose(
        given.trace, f"{given.name}.entrypoint", "Who names the entrypoint?",
        env.candidate(VARIABLE, rules.BUILDPACK_ENTRYPOINT),
        Candidate(procfile.command if procfile is not None else ABSENT, source=PROCFILE,
                  because="the Procfile is there", shown=_shown(procfile) if procfile is not None else None,
                  rule=rules.BUILDPACK_ENTRYPOINT, origin=procfile.origin if procfile is not None else None,
                  absent=_why_none(given), loses=f"{VARIABLE} comes first: the Procfile is then not read"),
        *([Candidate(ABSENT, source="command", because="", absent=dropped)] if container.command else []),
        none="nobody",
    )  # fmt: skip
    if setting is None:
        return None
    if setting.source == PROCFILE:
        assert procfile is not None
        if procfile.error:
            return Entrypoint(None, procfile.origin, setting.winner.because, procfile.error)
        command = _command(procfile.command, "procfile", procfile.origin)
        return Entrypoint(command, procfile.origin, "the Procfile's web line is the entrypoint")
    shadowed = tuple(
        Shadowed(source="procfile", text=lost.words(), origin=lost.origin, because=lost.lost_to(setting.winner))
        for lost in setting.shadowed
        if procfile is not None and not procfile.error
    )
    command = replace(_command(setting.value, "buildpack", setting.origin), shadowed=shadowed)
    return Entrypoint(command, setting.origin, f"{VARIABLE} is the entrypoint")


def _command(text: str, source: str, origin: Origin | None) -> Command:
    return Command(argv=("bash", "-c", text), form="shell", text=text, source=source, origin=origin)


def _shown(procfile: _Procfile) -> str:
    return "none" if procfile.error else procfile.command


def _why_none(given: Given) -> str:
    return "it is not uploaded" if given.repo.is_file(PROCFILE) else "there is none"


def _read(given: Given, source: Source) -> _Procfile | None:
    """The web line, as the entrypoint buildpack reads the file; None where there is no Procfile."""
    try:
        text = source.text(PROCFILE)
    except Unreadable as problem:
        return _Procfile("", Origin(file=PROCFILE, line=problem.line), problem.message)
    if not source.has(PROCFILE):
        return None
    processes: dict[str, _Procfile] = {}
    for found in _LINE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        place = Origin(file=PROCFILE, line=line, column=1, end_line=line)
        if found[1] in processes:
            given.found.append(_twice(given, found[1], place))
            continue
        processes[found[1]] = _Procfile(found[2].strip(), place)
    if not processes:
        return _Procfile("", Origin(file=PROCFILE), "did not find any processes in Procfile")
    if "web" in processes:
        return processes["web"]
    names = " ".join(processes)
    first = next(iter(processes.values())).origin
    return _Procfile("", first, f"web process not found in Procfile, found processes: [{names}]")


def _twice(given: Given, name: str, place: Origin) -> Diagnostic:
    return info(
        "cloud-run/procfile-duplicate", f"a second {name} line is skipped: the first one counts", origin=place,
        service=given.name, rule=rules.BUILDPACK_ENTRYPOINT.id, url=rules.BUILDPACK_ENTRYPOINT.url,
        help="remove one of the two",
    )  # fmt: skip
