"""A lesson's questions: those that every plan answers, and those of its own. Pure."""

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.event import VerdictKind
from emulator.model.lesson import Answered, Lesson, LessonPart, Question
from emulator.model.plan import Plan, Service

_OUTCOMES = {
    VerdictKind.LIVE: "It goes live",
    VerdictKind.SUCCEEDED: "It runs to its end, and that is a success",
    VerdictKind.REFUSED: "The deploy is refused before anything is built",
    VerdictKind.BUILD_FAILED: "The build fails",
    VerdictKind.PRE_DEPLOY_FAILED: "The command before the deploy fails, and the app never starts",
    VerdictKind.BOOT_FAILED: "It is built, starts, and ends",
    VerdictKind.TIMED_OUT: "It runs, and nobody finds its port",
    VerdictKind.UNHEALTHY: "It runs, and fails its health check or probe",
}


_OF_NO_OUTCOME = ("config/commands-disagree", "start/shell-swallows-signals")
"""Warnings of what does not decide how a deploy ends."""


def questions(lesson: Lesson, plan: Plan) -> tuple[Question, ...]:
    """What is asked: which command runs, where there is more than one; what comes of it; and the lesson's own."""
    service = next(iter(plan.services), None)
    command = _which_command(service) if service is not None else None
    verdict = lesson.outcome()
    part = lesson.file.lesson or LessonPart()
    return (*((command,) if command else ()), _what_comes(verdict, plan, part), *part.question)


def _which_command(service: Service) -> Question | None:
    command = service.command
    if command is None:
        return None
    runs = (command.text or "").strip()
    texts = {loser.text.strip() for loser in command.shadowed} | {runs}
    if command.alternative is not None and command.alternative.text:
        texts.add(command.alternative.text.strip())
    choices = tuple(sorted(texts - {""}))
    if len(choices) < 2 or runs not in choices:
        return None
    decision = next((d for d in service.decisions if d.id == f"{service.name}.command"), None)
    return Question(
        ask=f"Which command runs for {service.name}?", choices=choices, answer=choices.index(runs),
        because=decision.because if decision is not None else "nothing else is there",
        rule=decision.rule if decision is not None else None,
    )  # fmt: skip


def _what_comes(verdict: VerdictKind, plan: Plan, part: LessonPart) -> Question:
    """The outcomes there are, in the order of a deploy. An outcome of jobs is no choice for a service. Why it is so the
    lesson says, else the finding behind it."""
    kinds = [kind for kind in _OUTCOMES if kind is not VerdictKind.SUCCEEDED or verdict is kind]
    if verdict is VerdictKind.SUCCEEDED:
        kinds.remove(VerdictKind.LIVE)
    worst = _behind(plan, good=verdict.good)
    told = worst.message if worst is not None else "nothing in the files stands against it"
    return Question(
        ask="What comes of the deploy?", choices=tuple(_OUTCOMES[kind] for kind in kinds), answer=kinds.index(verdict),
        because=part.because or (told if worst is not None or verdict.good else "that shows when it runs"),
        rule=part.rule or (worst.rule if worst is not None and part.because is None else None),
    )  # fmt: skip


def _behind(plan: Plan, *, good: bool) -> Diagnostic | None:
    """The finding that tells the outcome: an error; where the deploy fails without one, what was warned of."""
    found = [d for d in plan.diagnostics if d.code not in _OF_NO_OUTCOME and not d.suppressed]
    errors = [d for d in found if d.severity is Severity.ERROR]
    warnings = [d for d in found if d.severity is Severity.WARNING and not good]
    return next(iter((*errors, *warnings)), None)


def answered(question: Question, given: int | None) -> Answered:
    """A question with what was answered, and only then with the right answer."""
    if given is None:
        return Answered(ask=question.ask, choices=question.choices)
    return Answered(
        ask=question.ask, choices=question.choices, given=given, right=given == question.answer,
        answer=question.answer, because=question.because, rule=question.rule,
    )  # fmt: skip
