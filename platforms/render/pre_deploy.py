"""Commands that run beside an instance: before a new one starts, and once after the first deploy; whose service has
them, and what they are executed as."""

from typing import NamedTuple

from emulator.model.choice import Trace
from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.plan import BuildKind

from . import rules
from .commands import parsing_problems
from .declarations import ServiceSpec, Value
from .docker_command import parse_docker_command
from .plans import is_free
from .way import Way


class PreDeploy(NamedTuple):
    """text: as written, None where the service has none. argv: None where it is not run."""

    text: str | None = None
    argv: tuple[str, ...] | None = None
    origin: Origin | None = None


def pre_deploy(spec: ServiceSpec, way: Way, trace: Trace, found: list[Diagnostic]) -> PreDeploy:
    """The service's pre-deploy command. A static site's is planned only: what runs it there is not published; a free
    service has none, which is an error elsewhere."""
    written = spec.filled("preDeployCommand")
    if written is None or spec.kind not in "WPKS":
        return PreDeploy()
    if spec.kind == "S" or is_free(spec):
        return PreDeploy(written.text, origin=written.origin)
    argv, because = _executed(spec, way, "preDeployCommand", written, found)
    trace.note(
        f"{spec.name}.pre-deploy", "What runs before a new instance starts?", written.text, because,
        rule=rules.PRE_DEPLOY_COMMAND, origin=written.origin,
    )  # fmt: skip
    return PreDeploy(written.text, argv, written.origin)


def initial_hook(spec: ServiceSpec, way: Way, trace: Trace, found: list[Diagnostic]) -> PreDeploy:
    """What runs once, after the first deploy that is live."""
    field = next((f for f in ("initialDeployHook", "afterFirstDeployCommand") if spec.filled(f)), None)
    written = spec.filled(field) if field else None
    if field is None or written is None or spec.kind not in "WPK":
        return PreDeploy()
    argv, because = _executed(spec, way, field, written, found)
    trace.note(
        f"{spec.name}.initial-hook", "What runs once, after the first deploy?", written.text, because,
        rule=rules.INITIAL_HOOK, origin=written.origin,
    )  # fmt: skip
    return PreDeploy(written.text, argv, written.origin)


def _executed(
    spec: ServiceSpec, way: Way, field: str, written: Value, found: list[Diagnostic]
) -> tuple[tuple[str, ...], str]:
    """What a command is executed as, and why."""
    if way.build.kind is BuildKind.NATIVE:
        return ("/bin/bash", "-c", written.text), "bash runs it, as the start command"
    found += parsing_problems(spec, field, written)
    argv = parse_docker_command(written.text, way.environment.shown)
    return argv, "it is split into words, as a dockerCommand is"
