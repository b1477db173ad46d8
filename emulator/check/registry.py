"""Every rule, in the order in which one reads them: the build, what the image lacks, the command, its start and end.

A row names its function and says when it may find something. The module is imported then: most rules have nothing to
say of most repositories, and to load them all takes half as long as the plan.
"""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import EnvKind
from emulator.model.record import Record

from .rule import CheckRule

if TYPE_CHECKING:
    from .subject import Subject


class Finder(Record, frozen=True):
    """A function of a module of this room, and for which containers it is asked."""

    module: str
    function: str
    concerns: "Callable[[Subject], bool]"

    def find(self, subject: "Subject") -> Iterable[Diagnostic]:
        """What it finds at a container."""
        if not self.concerns(subject):
            return ()
        found: Iterable[Diagnostic] = getattr(_module(self.module), self.function)(subject)
        return found


def _module(name: str) -> ModuleType:
    return import_module(f"emulator.check.{name}")


def rules_of(module: str) -> tuple[CheckRule, ...]:
    """The rules of a module of this room."""
    found: tuple[CheckRule, ...] = _module(module).RULES
    return found


def _starts_something(subject: "Subject") -> bool:
    return subject.started is not None


def _starts_python(subject: "Subject") -> bool:
    return subject.started is not None and subject.started.is_of_python


def _starts_shell(subject: "Subject") -> bool:
    return subject.first_shell is not None


def _starts_node(subject: "Subject") -> bool:
    return subject.started is not None and subject.started.program == "node"


def _is_behind_a_script(subject: "Subject") -> bool:
    return subject.started is not None and subject.started.runner in ("npm", "yarn", "pnpm")


def _is_asked_by_path(subject: "Subject") -> bool:
    probes = subject.container.probes
    return _starts_python(subject) and any(one is not None and one.path for one in (probes.health, probes.startup))


def _shadows(subject: "Subject") -> bool:
    return bool(subject.container.command and subject.container.command.shadowed)


def _has_dockerfile(subject: "Subject") -> bool:
    return subject.worked is not None and subject.container.build.generated_dockerfile is None


def _is_uploaded(subject: "Subject") -> bool:
    return subject.worked is not None and subject.worked.context.upload is not None


def _passes_arguments(subject: "Subject") -> bool:
    return any(arg.kind is not EnvKind.PLATFORM for arg in subject.container.build.args)


def _asks_for_platform(subject: "Subject") -> bool:
    return subject.first_stage is not None and bool(subject.first_stage.platform)


def _mounts(subject: "Subject") -> bool:
    return bool(subject.container.mounts) or subject.service.disk is not None


def _sets_port(subject: "Subject") -> bool:
    own = (one for one in subject.container.env if one.kind is not EnvKind.PLATFORM)
    return subject.started is not None and any(one.name == "PORT" for one in own)


def _uses_variables(subject: "Subject") -> bool:
    command = subject.container.command
    return command is not None and any("$" in word for word in (command.text or "", *(command.argv or ())))


def _is_in_a_shell(subject: "Subject") -> bool:
    return subject.commanded is not None and subject.commanded.first_process is not None


def _sets_path(subject: "Subject") -> bool:
    steps = (step for stage in (subject.worked.stages.values() if subject.worked else ()) for step in stage.steps)
    return any(pair.key == "PATH" for step in steps for pair in step.instruction.pairs)


def _is_site(subject: "Subject") -> bool:
    return subject.service.static is not None


def _always(_subject: "Subject") -> bool:
    return True


LACKING = (
    Finder("shell_missing", "no_shell", _starts_shell),
    Finder("search_path", "off_path", _sets_path),
    Finder("programs", "folder_not_found", _starts_something),
    Finder("programs", "not_runnable", _starts_something),
    Finder("programs", "program_not_found", _starts_something),
    Finder("programs", "script_missing", _starts_something),
    Finder("programs", "file_not_found", _starts_something),
    Finder("starting", "module_not_found", _starts_python),
    Finder("starting", "attribute_not_found", _starts_python),
    Finder("python_syntax", "syntax_error", _starts_python),
    Finder("imported", "import_not_found", _starts_python),
    Finder("interfaces", "wrong_interface", _starts_python),
    Finder("node_imports", "tool_not_installed", _is_behind_a_script),
    Finder("node_imports", "require_not_found", _starts_node),
)
"""What the image of one container lacks to start. The first that finds an error decides: the rest is never seen."""

FINDERS = (
    Finder("precedence", "command_shadowed", _shadows),
    Finder("secrets", "secret_baked_in", _has_dockerfile),
    Finder("secrets", "secret_uploaded", _is_uploaded),
    Finder("build_variables", "argument_not_declared", _passes_arguments),
    Finder("machine", "other_architecture", _asks_for_platform),
    Finder("machine", "hidden_by_mount", _mounts),
    Finder("ending", "ends_by_itself", _always),
    Finder("variables", "referenced_not_set", _uses_variables),
    Finder("listening", "port_literal", _starts_something),
    Finder("listening", "loopback_bind", _starts_something),
    Finder("listening", "port_hard_coded", _starts_something),
    Finder("listening", "port_set_in_vain", _sets_port),
    Finder("own_server", "own_server", _starts_python),
    Finder("health_path", "health_path", _is_asked_by_path),
    Finder("node_server", "own_node_server", _starts_node),
    Finder("signals", "shell_swallows_signals", _is_in_a_shell),
    Finder("sites", "nothing_to_publish", _is_site),
    Finder("sites", "deep_links", _is_site),
)
"""Rules that look at one container, each on its own."""

MODULES = tuple(
    dict.fromkeys(
        ("precedence", "building", "packages", "tools_used", "language_versions", "lock_files", "compiled", "ownership",
         "artifacts",
         *(one.module for one in (*LACKING, *FINDERS)), "silencing")
    )
)
"""Where the rules are, each module with its own in RULES. The first come from the plan and the builds (`checking`),
the last look at what the user has answered for."""

REPLACING = ("listening", "interfaces")
"""Modules of rules that replace diagnostics of a platform's own."""


def replaced_by(code: str) -> tuple[str, ...]:
    """Names of platforms' diagnostics of which a finding says the same more fully (`CheckRule.replaces`)."""
    return next((rule.replaces for name in REPLACING for rule in rules_of(name) if rule.code == code), ())


@cache
def rules() -> tuple[CheckRule, ...]:
    """Every rule as data. It loads all of their modules: for `emu explain`, not for a check."""
    return tuple(rule for module in MODULES for rule in rules_of(module))


def rule_of(code: str) -> CheckRule | None:
    """The rule of a finding's code; None for a code that is a platform's, or nobody's."""
    return next((rule for rule in rules() if rule.code == code), None)
