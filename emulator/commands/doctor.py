"""`emu doctor`: what this machine has and lacks for `up`; with --fix, repair it."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from emulator import options
from emulator.engine.checkup import FIX, Facts, examine
from emulator.engine.repair import Repair, repairs
from emulator.model.diagnostic import HostError
from emulator.model.record import to_json
from emulator.request import World

if TYPE_CHECKING:
    from emulator.edge.provision import Progress

LOOKING = "looking at the engine, the registry and the network"


EXAMPLES = (
    ("emu doctor", "what is here and what is missing"),
    ("emu doctor --fix", "repair it, after asking"),
)


def configure(parser: ArgumentParser, world: World) -> None:  # noqa: ARG001 - every command has this form
    """Declare the options."""
    options.add_flags(parser, (options.FORMAT,))
    parser.add_argument("--fix", action="store_true", help="repair what is missing, after asking")
    parser.add_argument(
        "--datastores", action="store_true", help="with --fix: also servers that no datastore here needs"
    )
    parser.add_argument("--yes", "-y", action="store_true", help="with --fix: do not ask")


def run(args: Namespace, world: World) -> int:
    """Look, repair if told to, and say what there is. 0 all good, 1 something `up` needs is missing, 3 no engine."""
    from emulator.edge.meanwhile import can_tell
    from emulator.edge.provision import Progress
    from emulator.edge.provision_facts import look
    from emulator.show.checkup import checkup_text
    from emulator.show.style import Style

    needed = _datastores(world, every=args.datastores)
    if args.fix:
        progress = Progress(world.terminal.err, live=world.terminal.err_is_tty and can_tell(world.environ))
        try:
            facts = _fix(world, progress, needed, yes=args.yes)
        finally:
            progress.close()
    else:
        facts = look(world.environ, needed)
    checkup = examine(facts)
    if args.format == "json":
        world.terminal.out(to_json(checkup).decode() + "\n")
    else:
        world.terminal.out(checkup_text(checkup, Style(colour=world.terminal.colour)))
    return checkup.exit_code


def _datastores(world: World, *, every: bool) -> dict[str, str]:
    """The version of each datastore that the repository here needs, by engine; of `every` one there is."""
    from emulator.commands.planning import configure_planning, plan_repository
    from emulator.engine.stand_ins import NEWEST

    asked = dict(NEWEST) if every else {}
    parser = ArgumentParser()
    configure_planning(parser, world)
    try:
        plan = plan_repository(parser.parse_args([]), world).resolution.plan
    except HostError:  # a repository that cannot be read is not what is looked at here
        return asked
    return asked | {s.datastore.engine: s.datastore.version for s in plan.services if s.datastore is not None}


def _fix(world: World, progress: "Progress", needed: dict[str, str], *, yes: bool) -> Facts:
    """Make one repair after the other, looking again after each: what a new engine lacks shows only then."""
    from emulator.edge.provision import only_one, work_folder
    from emulator.edge.provision_facts import look, look_at_sources

    with progress.stage(LOOKING):
        facts = look(world.environ, needed)
    work = work_folder(world.environ)
    done: set[str] = set()
    while True:
        todo = [r for r in repairs(facts, look_at_sources(), work) if r.id not in done]
        if not todo:
            return facts
        repair = todo[0]
        done.add(repair.id)
        if not _agreed(repair, facts, world, yes=yes):
            continue
        with only_one(work, progress) as (lock, waited):
            if waited:
                done.discard(repair.id)  # whoever held the lock may have done it
            else:
                _perform(repair, facts, world, progress, lock)
            with progress.stage(LOOKING):
                facts = look(world.environ, needed)


def _agreed(repair: Repair, facts: Facts, world: World, *, yes: bool) -> bool:
    """Whether to make this repair; says why not, or what it would have done."""
    from emulator.show.checkup import repair_text

    err = world.terminal.err
    if repair.problem:
        err(f"cannot {repair.title}: {repair.problem}\n")
        return False
    if any(getattr(step, "root", True) for step in repair.all_steps) and not (facts.machine.root or facts.machine.sudo):
        err(f"this needs the administrator's rights, and there is no sudo: run `{FIX}` as root\n{repair_text(repair)}")
        return False
    if yes:
        err(f"{repair.title} ({repair.because}; {repair.cost})\n")
        return True
    answer = world.terminal.ask(f"{repair.title} ({repair.because}; {repair.cost})? [y/N] ")
    if answer is None:
        err(f"{repair_text(repair)}nothing was changed; `{FIX} --yes` does it\n")
    return (answer or "").strip().lower() in ("y", "yes")


def _perform(repair: Repair, facts: Facts, world: World, progress: "Progress", lock: int) -> None:
    from emulator.edge.host import resolve_endpoint
    from emulator.edge.provision import Performer

    sudo = ("sudo",) if world.terminal.err_is_tty else ("sudo", "-n")
    environ = {**world.environ, **resolve_endpoint(world.environ).client_environment()}
    performer = Performer(environ, progress, lock, as_root=() if facts.machine.root else sudo)
    try:
        performer.authorise()
        performer.perform(repair)
    except HostError as problem:
        raise HostError(problem.diagnostic, exit_code=3 if repair.id == "engine" else 1) from None
