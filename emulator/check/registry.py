"""Every rule, in the order in which one reads them: the build, the command, its variables, its start, its end."""

from collections.abc import Callable, Iterable

from emulator.model.diagnostic import Diagnostic

from . import building, listening, packages, precedence, programs, signals, starting, variables
from .rule import CheckRule
from .subject import Subject

Find = Callable[[Subject], Iterable[Diagnostic]]


def _told_with_another(subject: Subject) -> Iterable[Diagnostic]:
    """A rule that another one's finder tells."""
    del subject
    return ()


FINDERS: tuple[tuple[CheckRule, Find], ...] = (
    (precedence.SHADOWED, precedence.command_shadowed),
    (variables.NOT_SET, variables.referenced_not_set),
    (programs.NO_BASH, programs.no_bash),
    (programs.FILE, programs.file_not_found),
    (programs.PROGRAM, programs.program_not_found),
    (programs.PERMISSION, programs.not_runnable),
    (programs.LINE_ENDS, _told_with_another),
    (programs.FORMAT, _told_with_another),
    (starting.MODULE, starting.module_not_found),
    (starting.ATTRIBUTE, starting.attribute_not_found),
    (listening.PORT_LITERAL, listening.port_literal),
    (listening.LOOPBACK_BIND, listening.loopback_bind),
    (listening.PORT_HARD_CODED, listening.port_hard_coded),
    (signals.SWALLOWED, signals.shell_swallows_signals),
)
"""Rules that look at one container."""

OF_THE_IMAGE = frozenset(
    rule.code
    for rule in (
        starting.MODULE,
        starting.ATTRIBUTE,
        programs.FILE,
        programs.PROGRAM,
        programs.PERMISSION,
        programs.LINE_ENDS,
        programs.FORMAT,
        programs.NO_BASH,
    )
)
"""What is said of an image's contents."""

RULES: tuple[CheckRule, ...] = (precedence.DISAGREE, *building.RULES, *packages.RULES, *(rule for rule, _ in FINDERS))


def rule_of(code: str) -> CheckRule | None:
    return next((rule for rule in RULES if rule.code == code), None)
