"""`emu fix`: the findings that have one right answer, put right: shown as a diff first, done when asked."""

import argparse

from emulator.commands.check import checked_plan
from emulator.commands.mending import Mended, mended
from emulator.commands.planning import configure_planning, plan_repository, plan_snapshot
from emulator.model.diagnostic import Diagnostic, Severity, UsageError
from emulator.model.mending import FileDiff, FixDocument
from emulator.model.plan import Plan
from emulator.model.record import to_json
from emulator.model.spelling import nearest
from emulator.request import Request, World
from emulator.show.fix_text import fix_text
from emulator.show.style import style_of
from emulator.snapshot import Snapshot

EXAMPLES = (
    ("emu fix", "what has one right answer here, as a diff"),
    ("emu fix --apply", "write it into the files"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    configure_planning(parser, world)
    parser.add_argument("--apply", action="store_true", help="change the files; without it they are only shown")
    parser.add_argument(
        "--code", action="append", default=[], metavar="CODE", help="only findings of this code (repeatable)"
    )


def run(request: Request, world: World) -> int:
    """Print the fixes and, when asked, apply them; 1 when an error is left. Raises UsageError."""
    if request.apply and request.snapshot != "worktree":
        raise UsageError(
            f"--apply changes the files on disk, and --snapshot {request.snapshot} does not show them",
            help="leave --snapshot out",
        )
    planned = checked_plan(plan_repository(request, world))
    before = planned.resolution.plan
    _refuse_unknown(request.code, before)

    def judge(repo: Snapshot) -> Plan:
        return checked_plan(plan_snapshot(repo, request, world)).resolution.plan

    def is_asked(found: Diagnostic) -> bool:
        return not request.code or found.code in request.code

    done = mended(planned.repo, before, is_asked, judge)
    if request.apply:
        _apply(planned.repo.root, done, world)
    document = FixDocument(
        platform=before.platform, fixes=done.offered, files=_diffs(planned.repo, done),
        applied=bool(request.apply and done.files),
        left=tuple(d for d in done.plan.diagnostics if d.severity is not Severity.INFO and not d.suppressed),
    )  # fmt: skip
    if request.format == "json":
        world.terminal.out(to_json(document).decode() + "\n")
    else:
        style = style_of(world.terminal)
        world.terminal.out(fix_text(document, style, quiet=request.quiet))
    stays = document.left if document.applied else before.diagnostics
    return 1 if any(d.severity is Severity.ERROR and not d.suppressed for d in stays) else 0


def _apply(root: str, done: Mended, world: World) -> None:
    """Change the files. Raises UsageError for one that cannot be changed, which says what was before it."""
    changed: list[str] = []
    for path, content in done.files.items():
        try:
            world.write_file(root, path, content, executable=path in done.executable)
        except UsageError as problem:
            found = problem.diagnostic
            already = f"; changed already: {', '.join(changed)}" if changed else ""
            raise UsageError(f"{found.message}{already}", help=found.help, code=found.code) from None
        changed.append(path)


def _refuse_unknown(codes: list[str], plan: Plan) -> None:
    there = sorted({found.code for found in plan.diagnostics})
    unknown = next((code for code in codes if code not in there), None)
    if unknown is not None:
        raise UsageError(
            f"--code: nothing of the code {unknown} is found here",
            help=_meant(unknown, there) if there else "nothing is found here at all",
        )


def _meant(code: str, there: list[str]) -> str:
    near = nearest(code, there)
    return f"{f'did you mean {near}? ' if near else ''}found are {', '.join(there)}"


def _diffs(repo: Snapshot, done: Mended) -> tuple[FileDiff, ...]:
    """What changes in each file."""
    from difflib import unified_diff

    diffs = []
    for path, content in sorted(done.files.items()):
        old, new = repo.read(path).decode(errors="replace"), content.decode(errors="replace")
        lines = unified_diff(
            old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}", n=2
        )
        text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
        diffs.append(FileDiff(path=path, diff=text, executable=path in done.executable))
    return tuple(diffs)
