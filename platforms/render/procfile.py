"""The Procfile as Render's creation flow is reported to use it: its web line, and nothing else."""

import posixpath
from typing import NamedTuple

from emulator.formats.procfile import parse_procfile
from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin
from emulator.snapshot import Snapshot, Unreadable


class WebProcess(NamedTuple):
    """found: whether there is a web line. others: names of the lines that nobody runs."""

    found: bool
    command: str = ""
    origin: Origin | None = None
    others: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def web_process(repo: Snapshot, root: str) -> WebProcess:
    """The web line of the Procfile in `root`."""
    path = posixpath.normpath(posixpath.join(root, "Procfile"))
    if not repo.is_file(path):
        return WebProcess(found=False)
    try:
        text = repo.text(path)
    except Unreadable as problem:
        return WebProcess(
            found=False,
            diagnostics=(
                error(
                    f"file/{problem.code}", problem.message, help="write it as UTF-8 text",
                    origin=Origin(file=path, line=problem.line, column=problem.column),
                ),
            ),
        )  # fmt: skip
    procfile = parse_procfile(text, path)
    web = next((p for p in procfile.processes if p.name == "web"), None)
    others = tuple(p.name for p in procfile.processes if p.name != "web")
    if web is None:
        return WebProcess(found=False, others=others, diagnostics=procfile.diagnostics)
    return WebProcess(True, web.command, web.origin, others, procfile.diagnostics)
