"""The rule about variables that a command uses and nobody sets."""

from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.plan import EnvKind

from .rule import CheckRule, Sample
from .shell import Simple, Word, parse_script, references, words
from .subject import Subject

_FROM = "FROM python:3.13-slim\nCOPY app.py .\n"

NOT_SET = CheckRule(
    code="env/referenced-not-set",
    severity=Severity.WARNING,
    statement="The command uses a variable that neither the platform, the service nor the image sets.",
    why=(
        "A shell puts nothing in its place. Where an option waits for a value, it takes the next word, or none; where "
        "the variable is a part of a word, the word is another one."
    ),
    wrong=Sample(
        files={"app.py": "", "Dockerfile": _FROM + "CMD exec python app.py --workers $WORKER_COUNT\n"},
        file="Dockerfile", line=3,
    ),
    right=Sample(files={"app.py": "", "Dockerfile": _FROM + "CMD exec python app.py --workers ${WORKER_COUNT:-2}\n"}),
)  # fmt: skip

RULES = (NOT_SET,)

_ALWAYS_SET = words(
    "HOME PATH PWD OLDPWD HOSTNAME IFS PPID OPTARG OPTIND LINENO PS1 PS2 PS4 SHLVL TERM UID EUID RANDOM "
    "SECONDS SHELL REPLY LANG TZ"
)
"""By the engine or by shells themselves, or of no consequence."""
_MAY_SET_ANYTHING = frozenset(("source", ".", "eval", "read", "getopts", "set", "mapfile", "readarray", "local"))


def referenced_not_set(subject: Subject) -> Iterator[Diagnostic]:
    command, run = subject.container.command, subject.commanded
    if command is None or run is None or not run.closed or subject.base_variables is None:
        return
    script = _script(subject)
    if script is None or any(_may_set_anything(simple) for simple in script):
        return
    missing = list(dict.fromkeys(_missing(subject, script)))
    if not missing:
        return
    names = ", ".join(missing)
    declares = any(v.kind not in (EnvKind.PLATFORM, EnvKind.IMAGE) for v in subject.container.env)
    yield subject.finding(
        NOT_SET.code, Severity.WARNING if declares else Severity.INFO,
        f"nothing sets {names}, which the command uses",
        facts=() if declares else ("no file of the repository declares variables; they may be set on the platform",),
        help=f"set it, give it a default (${{{missing[0]}:-…}}), or tell us of it with --env {missing[0]}=…",
    )  # fmt: skip


def _script(subject: Subject) -> tuple[Simple, ...] | None:
    """The text in which variables are replaced: by a shell, or by a platform that does it in its own way."""
    command, run = subject.container.command, subject.commanded
    assert command is not None
    if run is not None and run.shell is not None:
        return run.shell.script
    argv = command.argv or ()
    if command.form == "exec" and command.text and "$" in command.text and not any("$" in word for word in argv):
        return parse_script(command.text)
    return None


def _missing(subject: Subject, script: tuple[Simple, ...]) -> Iterator[str]:
    set_here = {name for simple in script for name, _ in simple.assignments} | _exported(script)
    known = {*subject.environ, *set_here, *(subject.base_variables or ()), *_ALWAYS_SET}
    for simple in script:
        if simple.name in ("echo", "printf", "[", "test"):
            continue
        before: str | None = None
        for word in simple.words:
            if _matters(word, before):
                names = (reference.name for reference in references(word) if not reference.has_default)
                yield from (name for name in names if name not in known and not name.startswith("BASH"))
            before = word.literal


def _matters(word: Word, before: str | None) -> bool:
    """A single unquoted reference that is empty disappears, which is what optional arguments rely on; not behind an
    option that waits for it, nor inside a word."""
    return not word.disappears or bool(before and before.startswith("-") and "=" not in before)


def _exported(script: tuple[Simple, ...]) -> set[str]:
    return {
        word.starts().partition("=")[0]
        for simple in script
        if simple.name in ("export", "declare", "readonly", "unset", "local", "typeset")
        for word in simple.words[1:]
    }


def _may_set_anything(simple: Simple) -> bool:
    return simple.name in _MAY_SET_ANYTHING
