"""The Procfile as Render's creation flow is reported to use it: one line a service, and nothing else."""

import posixpath
from typing import NamedTuple

from emulator.formats.procfile import ProcessType, parse_procfile
from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.snapshot import Snapshot, Unreadable
from platforms.common import unreadable


class Process(NamedTuple):
    """found: whether there is a line for the service. others: the lines that nobody runs."""

    found: bool
    name: str = "web"
    command: str = ""
    origin: Origin | None = None
    others: tuple[ProcessType, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def process_line(repo: Snapshot, root: str, name: str = "web") -> Process:
    """The line called `name` of the Procfile in `root`."""
    path = posixpath.normpath(posixpath.join(root, "Procfile"))
    if not repo.is_file(path):
        return Process(found=False, name=name)
    try:
        text = repo.text(path)
    except Unreadable as problem:
        return Process(found=False, name=name, diagnostics=(unreadable(problem, path),))
    procfile = parse_procfile(text, path)
    wanted = procfile.get(name)
    others = tuple(line for line in procfile.processes if line.name != name)
    if wanted is None:
        return Process(found=False, name=name, others=others, diagnostics=procfile.diagnostics)
    return Process(True, name, wanted.command, wanted.origin, others, procfile.diagnostics)
