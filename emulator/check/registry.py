"""Every rule, in the order in which one reads them: the build, what the image lacks, the command, its start and end."""

from collections.abc import Callable, Iterable

from emulator.model.diagnostic import Diagnostic

from . import (
    artifacts,
    build_variables,
    building,
    ending,
    imported,
    listening,
    machine,
    own_server,
    packages,
    precedence,
    programs,
    secrets,
    signals,
    sites,
    starting,
    variables,
)
from .rule import CheckRule
from .subject import Subject

Find = Callable[[Subject], Iterable[Diagnostic]]

LACKING: tuple[tuple[tuple[CheckRule, ...], Find], ...] = (
    ((programs.NO_BASH,), programs.no_bash),
    ((programs.PERMISSION, programs.LINE_ENDS, programs.FORMAT), programs.not_runnable),
    ((programs.PROGRAM,), programs.program_not_found),
    ((programs.SCRIPT, programs.FILE), programs.script_missing),
    ((programs.FILE,), programs.file_not_found),
    ((starting.MODULE, starting.LEFT), starting.module_not_found),
    ((starting.ATTRIBUTE,), starting.attribute_not_found),
    ((imported.IMPORT,), imported.import_not_found),
)
"""What the image of one container lacks to start. The first that finds an error decides: the rest is never seen."""

FINDERS: tuple[tuple[tuple[CheckRule, ...], Find], ...] = (
    ((precedence.SHADOWED,), precedence.command_shadowed),
    ((secrets.BAKED_IN,), secrets.secret_baked_in),
    ((secrets.UPLOADED,), secrets.secret_uploaded),
    ((build_variables.NOT_DECLARED,), build_variables.argument_not_declared),
    ((machine.ARCHITECTURE,), machine.other_architecture),
    ((machine.HIDDEN,), machine.hidden_by_mount),
    ((ending.ENDS,), ending.ends_by_itself),
    ((variables.NOT_SET,), variables.referenced_not_set),
    ((listening.PORT_LITERAL,), listening.port_literal),
    ((listening.LOOPBACK_BIND,), listening.loopback_bind),
    ((listening.PORT_HARD_CODED,), listening.port_hard_coded),
    ((listening.LOOPBACK_BIND, listening.PORT_HARD_CODED), own_server.own_server),
    ((signals.SWALLOWED,), signals.shell_swallows_signals),
    ((sites.NOTHING_TO_PUBLISH,), sites.nothing_to_publish),
    ((sites.DEEP_LINKS,), sites.deep_links),
)
"""Rules that look at one container, each on its own."""


def _each_once() -> tuple[CheckRule, ...]:
    found = [precedence.DISAGREE, *building.RULES, *packages.RULES, artifacts.NOT_BUILT]
    found += [rule for rules, _ in (*LACKING, *FINDERS) for rule in rules]
    return tuple({rule.code: rule for rule in found}.values())


RULES: tuple[CheckRule, ...] = _each_once()


def rule_of(code: str) -> CheckRule | None:
    return next((rule for rule in RULES if rule.code == code), None)
