"""The command that runs before a new instance starts: whose service has one, and what it is executed as."""

from typing import NamedTuple

from emulator.model.choice import Trace
from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.plan import BuildKind

from . import rules
from .commands import parsing_problems
from .declarations import ServiceSpec
from .docker_command import parse_docker_command
from .validation import is_free
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
    native = way.build.kind is BuildKind.NATIVE
    if native:
        argv: tuple[str, ...] = ("/bin/bash", "-c", written.text)
    else:
        argv = parse_docker_command(written.text, way.environment.shown)
        found += parsing_problems(spec, "preDeployCommand", written)
    because = "bash runs it, as the start command" if native else "it is split into words, as a dockerCommand is"
    trace.note(
        f"{spec.name}.pre-deploy", "What runs before a new instance starts?", written.text, because,
        rule=rules.PRE_DEPLOY_COMMAND, origin=written.origin,
    )  # fmt: skip
    return PreDeploy(written.text, argv, written.origin)
