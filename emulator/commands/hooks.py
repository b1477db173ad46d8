"""`emu hooks`: a git pre-push hook that checks the commits that are pushed, as git has them and not as the disk has."""

import argparse
from collections.abc import Sequence
from types import ModuleType

from emulator import options
from emulator.commands import check
from emulator.commands.pushing import (
    BEFORE,
    NAME,
    Manager,
    Push,
    is_ours,
    manager,
    options_of,
    pushes,
    script,
    told_by_pre_commit,
)
from emulator.model.diagnostic import HostError, UsageError
from emulator.model.hooks import HookStatus
from emulator.model.record import replace, to_json
from emulator.model.spelling import did_you_mean
from emulator.request import Hooks, Request, World
from emulator.snapshot import Unreadable

_BASELINE = replace(options.GATE[1], help="do not count the findings that FILE knows, as the pushed commit has it")

EXAMPLES = (
    ("emu hooks install", "from now on `git push` checks what it pushes"),
    ("emu hooks install --up", "and boots it"),
    ("emu hooks install --baseline known.json", "what that file of the commit knows does not count"),
    ("emu hooks status", "what there is"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument(
        "action", choices=("install", "uninstall", "status", NAME),
        help=f"{NAME}: what the hook itself runs; git tells it what is pushed",
    )  # fmt: skip
    parser.add_argument("told", nargs="*", metavar="REMOTE", help=f"{NAME}: the remote and its address, from git")
    parser.add_argument("--up", action="store_true", help="also boot what is pushed (`emu up --once`)")
    parser.add_argument("--anyway", action="store_true", help="install beside a program that manages the hooks")
    platform, fail_on, root = options.FOR_EACH[0], options.GATE[0], options.REPOSITORY[0]
    options.add_flags(parser, [root, platform, fail_on, _BASELINE, options.FORMAT])


def run(request: Request, world: World) -> int:
    """Do what is asked; for pre-push 1 when the push is refused. Raises UsageError."""
    if request.action == NAME:
        return _pushed(request, world)
    hooks = world.hooks(request.root or ".")
    if request.action == "install" and (code := _install(hooks, request, world)):
        return code
    if request.action == "uninstall":
        _uninstall(hooks)
    _tell(_status(hooks), request, world)
    return 0


# ---- the hook as a file -------------------------------------------------------------------------------


def _install(hooks: Hooks, request: Request, world: World) -> int:
    given = _options(hooks, request, world)
    found = manager(hooks.has, given)
    if found is not None and not request.anyway:
        world.terminal.out(_managed(found))
        return 2
    if hooks.shared:
        raise UsageError(
            f"{hooks.folder} is where every repository's hooks are: core.hooksPath is set for all of them",
            help="set it for this repository first: git config core.hooksPath .git/hooks",
        )
    before = hooks.read(NAME)
    if before is not None and not is_ours(before):
        if hooks.read(BEFORE) is not None:
            raise UsageError(
                f"{hooks.place(NAME)} and {hooks.place(BEFORE)} are both other hooks",
                help="make one of them, or remove the one that is not needed",
            )
        hooks.rename(NAME, BEFORE)
    hooks.write(NAME, script(hooks.command, given))
    return 0


def _options(hooks: Hooks, request: Request, world: World) -> list[str]:
    """What the hook is to be run with; git runs it at the repository's top level."""
    given = [word for name in dict.fromkeys(request.platform) for word in ("--platform", name)]
    unknown = [name for name in request.platform if name not in world.platforms]
    if unknown:
        raise UsageError(f"there is no platform {unknown[0]!r}", help=did_you_mean(unknown[0], world.platforms))
    given += ["--fail-on", request.fail_on] if request.fail_on != "error" else []
    given += ["--up"] if request.up else []
    given += ["--baseline", _of_repository(hooks, request.baseline, world)] if request.baseline is not None else []
    below = world.absolute(request.root).removeprefix(hooks.top).strip("/") if request.root else ""
    return [*given, *(["--root", below] if below else [])]


def _of_repository(hooks: Hooks, path: str, world: World) -> str:
    """A baseline's path from the repository's top, once it is known to be one. Raises UsageError."""
    from emulator.check.baseline import read_baseline

    write = f"emu check --baseline {path} --write-baseline"
    below = world.absolute(path).removeprefix(f"{hooks.top}/")
    if below.startswith("/"):
        raise UsageError(f"{path} is not in the repository, so no push brings it", help=f"keep it in {hooks.top}")
    try:
        read_baseline(world.read_text(path, "--baseline"), path)
    except UsageError as problem:
        if problem.diagnostic.code != "usage/no-such-file":
            raise
        raise UsageError(f"there is no baseline {path}", help=f"make it and commit it: {write}") from None
    if not world.open_repository(hooks.top, hooks.top, "index").is_file(below):
        world.terminal.err(f"{below} is not in git yet: commit it, the hook reads it from what is pushed\n")
    return below


def _managed(found: Manager) -> str:
    rows = "".join(f"    {line}\n" for line in found.add.splitlines())
    return (
        f"{found.name} manages the hooks of this repository ({found.file}): nothing was put there.\n\n"
        f"Add to {found.where}:\n\n{rows}\n"
        "`emu hooks install --anyway` puts a hook of its own where git looks for it.\n"
    )


def _uninstall(hooks: Hooks) -> None:
    if not is_ours(hooks.read(NAME)):
        return
    hooks.remove(NAME)
    if hooks.read(BEFORE) is not None:
        hooks.rename(BEFORE, NAME)


def _status(hooks: Hooks) -> HookStatus:
    text = hooks.read(NAME)
    found = manager(hooks.has, ())
    return HookStatus(
        file=hooks.place(NAME),
        state="none" if text is None else "installed" if is_ours(text) else "other",
        options=options_of(text) if text is not None and is_ours(text) else None,
        before=hooks.place(BEFORE) if hooks.read(BEFORE) is not None else None,
        manager=found.name if found is not None else None,
    )


def _tell(status: HookStatus, request: Request, world: World) -> None:
    if request.format == "json":
        world.terminal.out(to_json(status).decode() + "\n")
        return
    match status.state:
        case "installed":
            given = f" ({status.options})" if status.options else ""
            lines = [f"{status.file} checks what is pushed{given}; `git push --no-verify` goes past it"]
        case "other":
            lines = [f"{status.file} is another hook; `emu hooks install` keeps it, and runs it first"]
        case "none":
            lines = [f"there is no {status.file}; `emu hooks install` puts one there"]
    if status.before is not None:
        lines.append(f"{status.before} runs first, as before")
    if status.manager is not None:
        lines.append(f"{status.manager} manages the hooks here")
    world.terminal.out("\n".join(lines) + "\n")


# ---- the hook as it runs ------------------------------------------------------------------------------


def _pushed(request: Request, world: World) -> int:
    """Check every commit that is pushed, and boot it where that is asked; the first that is refused decides."""
    for push in _told_by_git(world):
        try:
            code = _check(push, request, world) or (_boot(push, request, world) if request.up else 0)
        except HostError:
            world.terminal.err(_refusal(push, "it could not be tried"))
            raise
        if code:
            world.terminal.err(_refusal(push, "its deploy would fail"))
            return code
    return 0


def _refusal(push: Push, why: str) -> str:
    return (
        f"\nemu refuses the push of {push}: {why}.\n"
        "Repair and commit it, or push all the same: git push --no-verify\n"
    )


def _told_by_git(world: World) -> tuple[Push, ...]:
    """What git says on our input; or pre-commit in variables; else, where a person tries it, the last commit."""
    told = world.read_input()
    if told.strip():
        return pushes(told)
    by_pre_commit = told_by_pre_commit(world.environ)
    return (Push(commit="HEAD", refs=()),) if by_pre_commit is None else by_pre_commit


def _check(push: Push, request: Request, world: World) -> int:
    from emulator.show.summary import summary

    given = ["--fail-on", request.fail_on, "--quiet", *_words(request.platform)]
    baseline = _pushed_baseline(push, request, world)
    given += ["--baseline", request.baseline] if baseline is not None else []
    asked = _parsed(check, push, given, request, world)
    judged = check.judged(asked, world, baseline)
    both = zip(judged.planned, judged.known, strict=True)
    told = "; ".join(summary(one.resolution.plan, checked=True, known=known) for one, known in both)
    world.terminal.out(f"emu: {push}: {told}\n")
    if not judged.fails:
        return 0
    world.terminal.out("\n" + check.printed_for_people(judged, asked, world))
    return 1


def _pushed_baseline(push: Push, request: Request, world: World) -> str | None:
    """What the baseline says in the commit that is pushed. One that has none is told: then everything counts."""
    if request.baseline is None:
        return None
    top = world.hooks(request.root or ".").top
    repo = world.open_repository(top, top, push.commit)
    path = world.absolute(request.baseline).removeprefix(f"{top}/")
    if not path.startswith("/") and repo.is_file(path):
        try:
            return repo.text(path)
        except Unreadable as problem:
            raise UsageError(str(problem), help="write it anew: emu check --baseline FILE --write-baseline") from None
    world.terminal.err(f"emu: {push} has no {request.baseline}: every finding counts\n")
    return None


def _boot(push: Push, request: Request, world: World) -> int:
    from emulator.commands import up  # loads what talks to the engine

    for name in dict.fromkeys(request.platform) or (None,):
        platform = _words((name,) if name is not None else ())
        code = up.run(_parsed(up, push, ["--once", "--quiet", *platform], request, world), world)
        if code:
            return code
    return 0


def _words(platforms: Sequence[str]) -> list[str]:
    return [word for name in dict.fromkeys(platforms) for word in ("--platform", name)]


def _parsed(command: ModuleType, push: Push, given: list[str], request: Request, world: World) -> Request:
    """A command's own request, for a commit."""
    parser = argparse.ArgumentParser()
    command.configure(parser, world)
    root = ["--root", request.root] if request.root else []
    return Request(**vars(parser.parse_args(["--snapshot", push.commit, *given, *root])))
