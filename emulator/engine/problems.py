"""A failed build or boot → its cause: what was seen, the place in the user's files, the one thing to do.

Tables of patterns over the last lines of output, most telling first. Nothing here guesses: without a
pattern the diagnostic says what ended and shows the last lines.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic, Fault, error
from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.world import BuildError

from .boot_steps import Outcome

SHOWN_LINES = 4


class Pattern(NamedTuple):
    """A line of output and what it means. `message` and `help` take the pattern's groups."""

    code: str
    pattern: re.Pattern[str]
    message: str
    help: str
    fault: Fault = Fault.APP


def _pattern(code: str, pattern: str, message: str, help: str, fault: Fault = Fault.APP) -> Pattern:
    return Pattern(code, re.compile(pattern), message, help, fault)


BOOT_PATTERNS: tuple[Pattern, ...] = (
    _pattern(
        "start/module-not-found",
        r"ModuleNotFoundError: No module named '([\w.]+)'",
        "the command cannot import '{0}': no such module in the image",
        "correct the module's name in the command, or copy and install the package it belongs to",
    ),
    _pattern(
        "start/module-not-found",
        r"No module named ([\w.]+)$",
        "the command cannot import '{0}': no such module in the image",
        "correct the module's name in the command, or copy and install the package it belongs to",
    ),
    _pattern(
        "start/attribute-not-found",
        r"Failed to find attribute '(\w+)' in '([\w.]+)'",
        "'{1}' has no attribute '{0}'",
        "name the application object that the module defines",
    ),
    _pattern(
        "start/attribute-not-found",
        r"Attribute \"(\w+)\" not found in module \"([\w.]+)\"",
        "'{1}' has no attribute '{0}'",
        "name the application object that the module defines",
    ),
    _pattern(
        "start/import-error",
        r"ImportError: (.+)",
        "an import fails: {0}",
        "run the same import in the build to see it there",
    ),
    _pattern(
        "start/variable-missing",
        r"^KeyError: '([A-Z][A-Z0-9_]+)'",
        "the variable {0} is not set",
        "set {0} in the service's variables, or give it with --env {0}=…",
    ),
    _pattern(
        "start/module-not-found",
        r"Error: Cannot find module '([^']+)'",
        "the command cannot load '{0}': it is not in the image",
        "correct the path in the command, or copy the file",
    ),
    _pattern(
        "start/file-not-found",
        r"can't open file '([^']+)'",
        "{0} is not in the image",
        "correct the path in the command, or copy the file",
    ),
    _pattern(
        "start/program-not-found",
        r"(?:^|: )(?:\d+: )?(?:exec: )?([^:]+): (?:command )?not found",
        "no program called {0}",
        "install it in the image, or correct the command",
    ),
    _pattern(
        "start/port-in-use",
        r"[Aa]ddress already in use",
        "the port is already taken inside the container",
        "start one server only, or give each its own port",
    ),
    _pattern(
        "start/dependency-refused",
        r"(?:ECONNREFUSED|[Cc]onnection refused)[^\d]*([\d.]+|localhost)?:?(\d+)?",
        "a connection to another service is refused",
        "give the address of a running one with --env",
    ),
    _pattern(
        "start/permission-denied",
        r"(?:PermissionError|EACCES|[Pp]ermission denied):? ?(.*)",
        "permission denied {0}",
        "check the file's owner and mode against the image's USER",
    ),
    _pattern(
        "start/exec-format",
        r"exec format error",
        "the program is made for another processor, or a script without its first line",
        "build for linux/amd64, and begin scripts with #!/bin/sh",
    ),
)

BUILD_PATTERNS: tuple[Pattern, ...] = (
    _pattern(
        "build/package-not-copied",
        r"error: package directory '([^']+)' does not exist",
        "the package directory '{0}' is not there when the project is installed",
        "COPY {0} before the install",
    ),
    _pattern(
        "build/pip-project-missing",
        r"does not appear to be a Python project|neither 'setup\.py' nor 'pyproject\.toml' found",
        "the project to install is not in the build context",
        "widen the context, or copy pyproject.toml or setup.py into it",
    ),
    _pattern(
        "build/requirement-not-found",
        r"No matching distribution found for (\S+)",
        "no release of {0} fits this Python",
        "pin another release, or another version of Python",
    ),
    _pattern(
        "build/requirements-file-missing",
        r"Could not open requirements file: .*'([^']+)'",
        "{0} is not there when it is installed",
        "COPY {0} before the install",
    ),
    _pattern(
        "host/certificate",
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|self.signed certificate",
        "a download fails because of a certificate",
        "a proxy re-signs TLS here: `emu doctor` says how to give its certificate to builds",
        Fault.HOST,
    ),
    _pattern(
        "host/name-resolution",
        r"Temporary failure in name resolution|Could not resolve",
        "a name cannot be resolved from inside the build",
        "check this machine's network; `emu doctor` tests it from a container",
        Fault.HOST,
    ),
    _pattern(
        "host/disk-full",
        r"[Nn]o space left on device",
        "the engine's disk is full",
        "free space; `emu doctor` shows where",
        Fault.HOST,
    ),
    _pattern(
        "build/program-not-found",
        r"(?:^|: )(?:\d+: )?([^:]+): (?:command )?not found",
        "no program called {0} in this stage",
        "install it in an earlier step, or correct the command",
    ),
)


def boot_cause(service: Service, outcome: Outcome, tail: Sequence[str]) -> Diagnostic:
    """Why a boot did not go live. `tail`: the last output of its last process."""
    origin = service.command.origin if service.command else None
    builder = _BY_CODE.get(outcome.code)
    if builder is not None:
        return builder(service, outcome, origin)
    found = first_match(BOOT_PATTERNS, tail)
    facts = (f"it {outcome.reason.removeprefix('it ')}", *_last(tail))
    if found is None:
        return error(
            "start/exited",
            f"the process ends: {outcome.reason}",
            service=service.name,
            origin=origin,
            facts=facts[1:],
            help="its last lines say why; run it again with `emu logs` beside it",
        )
    pattern, groups = found
    return error(
        pattern.code,
        pattern.message.format(*groups),
        fault=pattern.fault,
        service=service.name,
        origin=origin,
        facts=facts,
        help=pattern.help.format(*groups),
    )


def _loopback(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    port = service.port.number if service.port else None
    return error(
        "start/loopback-bind",
        "the app listens on the loopback address only",
        service=service.name,
        origin=origin,
        facts=(outcome.reason,),
        help=f"bind 0.0.0.0{f', port {port}' if port else ''} instead of 127.0.0.1 or localhost",
    )


def _no_port(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    port = service.port.number if service.port else None
    return error(
        "start/not-listening",
        "nothing listens on a port",
        service=service.name,
        origin=origin,
        facts=(outcome.reason,),
        help=f"listen on 0.0.0.0:{port} ($PORT), or make it a background worker" if port else "listen on 0.0.0.0",
    )


def _no_http(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    return error(
        "start/not-http",
        "a port is open, but nothing answers HTTP on it",
        service=service.name,
        origin=origin,
        facts=(outcome.reason,),
        help="serve HTTP, or make it a private service",
    )


def _unhealthy(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    probe = service.probes.health
    return error(
        "start/health-check",
        f"the health check fails: {outcome.reason}",
        service=service.name,
        origin=probe.origin if probe and probe.origin else origin,
        facts=(f"asked with Host: {probe.host}",) if probe and probe.host else (),
        help="answer the path with a status from 200 to 399, or correct the path",
    )


def _out_of_memory(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    limit = service.resources.memory_mib
    return error(
        "start/out-of-memory",
        f"the app needs more memory than its plan has ({limit} MiB)",
        service=service.name,
        origin=origin,
        facts=(outcome.reason, f"killed at {limit} MiB, the limit of plan {service.resources.plan}"),
        help="use less (fewer workers, smaller models), or choose a larger plan",
    )


def _exit_zero(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    return error(
        "start/exits",
        "the command ends with status 0 instead of serving",
        service=service.name,
        origin=origin,
        facts=(outcome.reason,),
        help="name the command that starts the server, in the foreground",
    )


def _not_started(service: Service, outcome: Outcome, origin: Origin | None) -> Diagnostic:
    return error(
        "start/program-not-found",
        f"the first process cannot be executed: {outcome.reason}",
        service=service.name,
        origin=origin,
        facts=(f"status {outcome.exit_code}",) if outcome.exit_code is not None else (),
        help="correct the command, or install the program in the image",
    )


_BY_CODE: dict[str, Callable[[Service, Outcome, Origin | None], Diagnostic]] = {
    "loopback": _loopback,
    "no-port": _no_port,
    "no-http": _no_http,
    "unhealthy": _unhealthy,
    "oom": _out_of_memory,
    "exit-zero": _exit_zero,
    "not-started": _not_started,
}


def build_cause(service: Service, problem: BuildError) -> Diagnostic:
    """Why there is no image."""
    origin = build_origin(service, problem)
    found = first_match(BUILD_PATTERNS, (*problem.log_tail, problem.message))
    shown = tuple(line for line in problem.log_tail[-SHOWN_LINES:] if line.strip())
    if problem.kind == "missing-file":
        return error(
            "build/copy-source-missing",
            f"{problem.subject or 'a file to copy'} is not in the build context",
            service=service.name,
            origin=origin,
            facts=(f"the context is {service.build.context}: what git ignores, or .dockerignore names, is not in it",),
            help="commit the file, or correct the path",
        )
    if problem.kind == "missing-image":
        return error(
            "build/base-image-missing",
            f"the base image {problem.subject or ''} cannot be had".replace("  ", " "),
            fault=Fault.HOST,
            service=service.name,
            origin=origin,
            facts=(problem.message,),
            help="`emu doctor` says whether a registry answers; --base-image FROM=TO builds with another image",
        )
    if found is not None:
        pattern, groups = found
        return error(
            pattern.code,
            pattern.message.format(*groups),
            fault=pattern.fault,
            service=service.name,
            origin=origin,
            facts=shown,
            help=pattern.help.format(*groups),
        )
    return error(
        "build/step-failed",
        f"the build fails: {problem.message}",
        service=service.name,
        origin=origin,
        facts=shown,
        help="the step's output says why",
    )


def build_origin(service: Service, problem: BuildError) -> Origin | None:
    """The failing instruction in the user's Dockerfile; for a native build, the build command."""
    if service.build.dockerfile is None:
        return next((d.origin for d in service.decisions if d.id == f"{service.name}.build"), None)
    if problem.line is None:
        return Origin(file=service.build.dockerfile)
    return Origin(file=service.build.dockerfile, line=problem.line, end_line=problem.end_line)


def first_match(patterns: Sequence[Pattern], lines: Sequence[str]) -> tuple[Pattern, tuple[str, ...]] | None:
    """The first pattern of the table that any line fits, with its groups; the latest line counts."""
    for pattern in patterns:
        for line in reversed(lines):
            found = pattern.pattern.search(line[:2000])
            if found:
                return pattern, tuple((group or "").strip() for group in found.groups())
    return None


def _last(tail: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for line in tail if line.strip())[-SHOWN_LINES:]
