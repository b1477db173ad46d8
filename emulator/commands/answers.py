"""Values the platform would ask a person for: asked once at a terminal, kept for the project, used from then on."""

from emulator.commands.planning import Planned, with_answers
from emulator.engine.labels import project_id
from emulator.model.diagnostic import HostError
from emulator.request import Request, World

Answers = dict[str, dict[str, str]]
"""By service and variable; "" where a person left one unset."""

_BEFORE = "asked once: what you type is kept for this project, outside the repository\n(`emu env` lists it by name)\n"


def answered(request: Request, world: World, planned: Planned) -> tuple[Planned, Answers]:
    """The plan with what was answered earlier and what is answered now, which is kept; and the latter alone."""
    now = _asked(request, world, planned)
    if now:
        _keep(world, planned, now)
    return with_kept_answers(world, planned, now), now


def with_kept_answers(world: World, planned: Planned, now: Answers | None = None) -> Planned:
    """The plan with what was answered earlier, and `now`."""
    if not planned.resolution.prompts:
        return planned
    known = world.remembered(project_id(planned.repo.root)).with_answers(now or {})
    asked_for = {(p.service, p.name): known.answer(p.service, p.name) for p in planned.resolution.prompts}
    given = {place: answer for place, answer in asked_for.items() if answer}
    return with_answers(planned, given) if given else planned


def _asked(request: Request, world: World, planned: Planned) -> Answers:
    """Ask for what nobody answered yet; without a terminal it stays unset."""
    prompts = planned.resolution.prompts if request.format == "text" else ()
    if not prompts or getattr(request, "asks_nothing", False):
        return {}
    known = world.remembered(project_id(planned.repo.root))
    answers: Answers = {}
    for prompt in prompts:
        if known.answer(prompt.service, prompt.name) is not None:
            continue
        if not answers and world.terminal.err_is_tty:
            world.terminal.err(_BEFORE)
        answer = world.terminal.ask(f"{prompt.service} needs {prompt.name} (empty leaves it unset): ", hidden=True)
        if answer is None:
            break
        answers.setdefault(prompt.service, {})[prompt.name] = answer
    return answers


def _keep(world: World, planned: Planned, answers: Answers) -> None:
    """At once, so that nothing is asked twice whatever the check finds. Where an `up` runs already, it keeps them."""
    try:
        with world.project(project_id(planned.repo.root)) as project:
            project.keep_answers(answers)
    except HostError as problem:
        if problem.diagnostic.code != "up/already-running":
            raise
