"""Rules about commands that lose. Where several of a platform's own files are at odds, resolving says so, since it
does the choosing; here is what is left."""

from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, Related, Severity
from emulator.model.plan import Command

from .rule import CheckRule, Sample
from .subject import Subject

_FROM = "FROM python:3.13-slim\nCOPY app.py .\n"

SHADOWED = CheckRule(
    code="config/command-shadowed",
    severity=Severity.WARNING,
    statement="The repository holds another start command, which does not run.",
    why=(
        "Whoever changes the command that loses changes nothing, and looks for the reason everywhere else. The plan "
        "says which one runs and why."
    ),
    wrong=Sample(
        files={"app.py": "", "Dockerfile": _FROM + 'CMD ["python", "app.py"]\n', "Procfile": "web: python other.py\n"},
        file="Dockerfile", line=3,
    ),
    right=Sample(
        files={"app.py": "", "Dockerfile": _FROM + 'CMD ["python", "app.py"]\n', "Procfile": "web: python app.py\n"}
    ),
)  # fmt: skip

DISAGREE = CheckRule(
    code="config/commands-disagree",
    severity=Severity.WARNING,
    statement="Which command runs depends on how the service was created, which the files do not tell.",
    why=(
        "Two people can read the same files, both rightly, and see two different commands. When the files agree, it "
        "does not matter any more how the service came about."
    ),
    told_by_plan=True,
    needs_platform_file=True,
)

RULES = (DISAGREE, SHADOWED)


def command_shadowed(subject: Subject) -> Iterator[Diagnostic]:
    """A losing command in a file of its own, unless the plan warns of it, or its text is the winner's. One that a
    platform's file puts in place of the image's is no mistake; nor is any where that file or a record alone counts."""
    command = subject.container.command
    told = {SHADOWED.code, DISAGREE.code}
    if command is None or subject.plan.created_from in ("blueprint", "record"):
        return
    if any(d.code in told and d.service == subject.service.name for d in subject.plan.diagnostics):
        return
    others = [s for s in command.shadowed if s.source not in ("dockerfile", "image") and not _same(s.text, command)]
    if not others:
        return
    runs = f"`{command.text.strip()}`" if command.text else "the command of the base image"
    lost = " and ".join(f"`{s.text.strip()}` ({s.origin.file if s.origin else s.source})" for s in others)
    yield subject.finding(
        SHADOWED.code, SHADOWED.severity,
        f"{subject.service.name} runs {runs} ({command.source}); {lost} {'are' if len(others) > 1 else 'is'} not used",
        related=tuple(Related(origin=s.origin, message=f"not used: {s.because}") for s in others if s.origin),
        help="make the files agree, or remove the one that is not used",
    )  # fmt: skip


def _same(text: str, command: Command) -> bool:
    return _plain(text) == _plain(command.text or "")


def _plain(text: str) -> str:
    """A command without what does not matter: blanks, and `exec` in front."""
    return " ".join(text.split()).removeprefix("exec ")
