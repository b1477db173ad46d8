"""What the frames above an app's last words add to its cause: who asked for a module, what a line reads. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.plan import Service
from emulator.model.record import replace
from emulator.snapshot import Snapshot

from .failure_patterns import OF_NOTHING, provider, removed
from .last_words import Telling
from .modules import find_module, imports, named_in_command, needed_by, start_there
from .traces import Frame, frames_at, line_of, place_of, variables_named, variables_read


class Scene(NamedTuple):
    """Where a process failed: the files its traces name, the variables that had a value, and what the check found."""

    repo: Snapshot
    variables: frozenset[str]
    findings: tuple[Diagnostic, ...] = ()


class Trace(NamedTuple):
    """What a telling line says, the frames that belong to it, and the first of the app's own: its place and its
    text."""

    said: str
    frames: tuple[Frame, ...]
    place: Origin | None
    line: str


def trace_of(service: Service, tail: Sequence[str], found: Telling, repo: Snapshot) -> Trace:
    frames = frames_at(tail, found.line)
    places = (place_of(frame, repo, service.build.context or ".") for frame in frames)
    place = next((place for place in places if place is not None), None)
    line = line_of(repo, place.file, place.line) if place is not None else None
    return Trace("".join(found.groups), frames, place, line or "")


def _no_module(service: Service, cause: Diagnostic, trace: Trace, scene: Scene) -> Diagnostic:
    """Who asks for the module: a line of the app, the command, or a package; and where the repository has it."""
    module, spelled = trace.said, None
    if imports(trace.line, module):
        message = f"'{module}' is imported here, and is not in the image"
        usual = "add its package to the dependencies, or copy it into the image"
        cause = replace(cause, message=message, help=removed(module) or usual)
    elif spelled := named_in_command(service, module):
        message = f"the command cannot import '{module}': no such module in the image"
        cause = replace(cause, message=message, origin=service.command.origin if service.command else None)
    elif package := needed_by(trace.frames, module):
        message = f"the package {package} needs '{module}', which is not in the image"
        return replace(cause, message=message, help=provider(module).format(module, package))
    place = find_module(scene.repo, spelled or module)
    if place is None:
        return cause
    facts = (*cause.facts, f"the repository has it: {place.file}")
    return replace(cause, facts=facts, help=start_there(service, place))


def _uncaught(_service: Service, cause: Diagnostic, trace: Trace, scene: Scene) -> Diagnostic:
    """What it means when the app's line reads a variable without a value, or its file does and the message names it."""
    named = [one for one in variables_named(trace.said, trace.place, scene.repo) if one not in scene.variables]
    read = [one for one in variables_read(trace.line) if one not in scene.variables]
    unset = next(iter((*named, *read)), None)
    if unset is None:
        return cause
    if unset not in named and not OF_NOTHING.match(trace.said):
        return replace(cause, facts=(*cause.facts, f"the line reads {unset}, which is not set in this service"))
    help = f"set {unset} in the service's variables, or give it with --env {unset}=…"
    return replace(cause, code="start/variable-missing", message=f"{unset} is not set in this service", help=help)


BY_TRACE: dict[str, Callable[[Service, Diagnostic, Trace, Scene], Diagnostic]] = {
    "start/module-not-found": _no_module,
    "start/uncaught-exception": _uncaught,
}
"""Code of a pattern → what its trace adds."""
