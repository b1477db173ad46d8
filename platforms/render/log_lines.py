"""Render's own log lines, word for word (source: deploy logs quoted in public repositories).

Lines that circulate but were never seen in a real log ("Health check passed") are not here, nor any around a cron run:
none were ever quoted.
"""

import posixpath

from emulator.contract import token
from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    BuildStarted,
    ContainerStarted,
    DeployFailed,
    Event,
    Live,
    OutOfMemory,
    PreDeployFinished,
    PreDeployStarted,
    Restarted,
    StillScanning,
    Stopped,
)
from emulator.model.plan import BuildKind, EnvVar, Service, ServiceType

from .native_image import SOURCE
from .versions import DEFAULT_POETRY

PREFIX = "==> "
PORT_DOCS = "Docs on specifying a port: https://render.com/docs/web-services#port-binding"
HELP_DOCS = "Common ways to troubleshoot your deploy: https://render.com/docs/troubleshooting-deploys"
_BAR = "/" * 59


def narrate(service: Service, event: Event) -> tuple[str, ...]:
    """The platform's lines at this event, in order; () where it says nothing."""
    return tuple(PREFIX + line for line in _lines(service, event))


def _lines(service: Service, event: Event) -> tuple[str, ...]:
    if service.type is ServiceType.DATASTORE:
        return ()
    if service.type is ServiceType.CRON and not isinstance(event, BuildStarted | BuildFinished | BuildFailed):
        return ()
    match event:
        case PreDeployStarted():
            return (f"Starting pre-deploy: {event.command}",)
        case PreDeployFinished(ok=True):
            return ("Pre-deploy complete!",)
        case PreDeployFinished():
            status = () if event.exit_code is None else (f"Exited with status {event.exit_code}",)
            return ("Pre-deploy has failed", *status)
        case BuildStarted():
            return _build_started(service)
        case BuildFinished():
            return _BUILT.get(service.build.kind, ())
        case BuildFailed(code="no-publish-folder"):
            return (f"Publish directory {_publish_directory(service)} does not exist!", "Build failed 😞")
        case BuildFailed():
            return ("Build failed 😞",) if service.build.kind in _BUILT else ()
        case ContainerStarted():
            return _started(service, event)
        case StillScanning():
            return ("No open ports detected, continuing to scan...", PORT_DOCS)
        case Stopped(signal=str()):
            return ()
        case Stopped(exit_code=0):
            return ("Application exited early", HELP_DOCS)
        case Stopped(oom=True) | OutOfMemory():
            return (f"Out of memory (used over {_quantity(service.resources.memory_mib or 0)})",)
        case Stopped(exit_code=int(code)):
            return (f"Exited with status {code}", HELP_DOCS)
        case DeployFailed(phase="port"):
            return (_port_scan_timeout(event),)
        case Live():
            return _live(service, event)
        case Restarted() | _:
            return ()


_BUILT = {BuildKind.NATIVE: ("Build successful 🎉",), BuildKind.STATIC: ("Uploading build...",)}
"""What ends a build that is Render's own. Logs of static sites have no line that calls it successful."""


def _publish_directory(service: Service) -> str:
    """As it is written: relative to the service's root."""
    return posixpath.relpath(service.build.publish or ".", service.build.root)


def _build_started(service: Service) -> tuple[str, ...]:
    """From the choice of versions to the build command. Around a Dockerfile's build the platform's lines
    are not known; "Uploading build..." is left out, since nothing is uploaded here."""
    if service.build.kind not in _BUILT:
        return ()
    versions = {"python": _python, "node": _node}.get(service.build.runtime)
    lines = versions(service) if versions is not None else ()
    command = service.build.command
    return (*lines, f"Running build command '{command}'..." if command else "Empty build command; skipping build")


def _node(service: Service) -> tuple[str, ...]:
    """Node's version and where it comes from: seen for the default, and taken to be as Python's for the others."""
    version = service.build.base_images[0].removeprefix("node:").removesuffix("-bookworm-slim")
    decision = next((d for d in service.decisions if d.id == f"{service.name}.node"), None)
    if any(v.name == "NODE_VERSION" for v in service.env):
        said = "via environment variable NODE_VERSION"
    else:
        said = f"via {SOURCE}/{decision.origin.file}" if decision is not None and decision.origin else "(default)"
    return (
        f"Using Node.js version {version} {said}",
        "Docs on specifying a Node.js version: https://render.com/docs/node-version",
    )


def _python(service: Service) -> tuple[str, ...]:
    """The versions of Python and Poetry and where each comes from; Poetry's is told to those who do not use it, too."""
    version = service.build.base_images[0].removeprefix("python:").removesuffix("-slim")
    pin = next((d.origin for d in service.decisions if d.id == f"{service.name}.python"), None)
    if any(v.name == "PYTHON_VERSION" for v in service.env):
        said = "via environment variable PYTHON_VERSION"
    else:
        said = f"via {SOURCE}/{pin.file}" if pin is not None else "(default)"
    poetry = next((v for v in service.env if v.name == "POETRY_VERSION"), None)
    return (
        f"Using Python version {version} {said}",
        "Docs on specifying a Python version: https://render.com/docs/python-version",
        f"Using Poetry version {poetry.value or token(poetry.name)} via environment variable POETRY_VERSION"
        if poetry
        else f"Using Poetry version {DEFAULT_POETRY} (default)",
        "Docs on specifying a Poetry version: https://render.com/docs/poetry-version",
    )


def _quantity(memory_mib: int) -> str:
    """Memory as the platform writes it: 512Mi, 2Gi."""
    return f"{memory_mib // 1024}Gi" if memory_mib % 1024 == 0 else f"{memory_mib}Mi"


def _started(service: Service, event: ContainerStarted) -> tuple[str, ...]:
    lines: list[str] = []
    workers = next((v for v in service.env if v.name == "WEB_CONCURRENCY"), None)
    if event.attempt == 1 and event.instance in (None, 1):  # once a deploy, however many instances there are
        lines.append("Deploying...")
        if workers is not None and workers.kind == "platform":
            lines.append(_workers(workers))
    command = service.command
    if command is not None and command.source != "dockerfile" and command.form != "image":
        lines.append(f"Running '{command.text}'")
    return tuple(lines)


def _workers(variable: EnvVar) -> str:
    return f"Setting WEB_CONCURRENCY={variable.value} by default, based on available CPUs in the instance"


def _port_scan_timeout(event: DeployFailed) -> str:
    if event.code == "no-http":
        return (
            "Port scan timeout reached, no open HTTP ports detected. If you don't need to receive public HTTP traffic, "
            "create a private service instead."
        )
    return (
        "Port scan timeout reached, no open ports detected. Bind your service to at least one port. "
        "If you don't need to receive traffic on any port, create a background worker instead."
    )


def _live(service: Service, event: Live) -> tuple[str, ...]:
    """The port comes from a later look (rule render/detected-port). With more than one, Render tells the protocol of
    the others, which is not known here: then nothing is said of any."""
    if service.type is ServiceType.STATIC:
        return ("Your site is live 🎉",)
    url = next((v.value for v in service.env if v.name == "RENDER_EXTERNAL_URL"), None)
    if not url:
        return ("Your service is live 🎉",)
    found: tuple[str, ...] = ()
    if event.port is not None and not event.other_ports and service.type is ServiceType.WEB:
        found = (f"Detected service running on port {event.port}", PORT_DOCS)
    return ("Your service is live 🎉", "", _BAR, "", f"Available at your primary URL {url}", "", _BAR, *found)
