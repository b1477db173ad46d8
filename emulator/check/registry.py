"""Every rule, in the order in which one reads them: the build, the command, its variables, its start, its end."""

from collections.abc import Callable, Iterable

from emulator.model.diagnostic import Diagnostic

from . import building, listening, packages, precedence, signals, starting, variables
from .rule import CheckRule
from .subject import Subject

Find = Callable[[Subject], Iterable[Diagnostic]]

FINDERS: tuple[tuple[CheckRule, Find], ...] = (
    (precedence.SHADOWED, precedence.command_shadowed),
    (variables.NOT_SET, variables.referenced_not_set),
    (starting.MODULE, starting.module_not_found),
    (starting.ATTRIBUTE, starting.attribute_not_found),
    (listening.PORT_LITERAL, listening.port_literal),
    (listening.LOOPBACK_BIND, listening.loopback_bind),
    (listening.PORT_HARD_CODED, listening.port_hard_coded),
    (signals.SWALLOWED, signals.shell_swallows_signals),
)
"""Rules that look at one container."""

OF_THE_IMAGE = frozenset({starting.MODULE.code, starting.ATTRIBUTE.code})
"""What is said of an image's contents."""

RULES: tuple[CheckRule, ...] = (precedence.DISAGREE, *building.RULES, *packages.RULES, *(rule for rule, _ in FINDERS))


def rule_of(code: str) -> CheckRule | None:
    return next((rule for rule in RULES if rule.code == code), None)
