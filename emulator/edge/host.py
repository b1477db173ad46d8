"""Which engine the user means: DOCKER_HOST, docker's contexts, and the sockets that engines leave behind.

The docker command line knows contexts, the SDK does not; both are pointed at what is found here.
"""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from emulator.model.diagnostic import Fault, HostError, error
from emulator.model.record import Record

STANDARD_SOCKET = "/var/run/docker.sock"

EndpointSource = Literal["DOCKER_HOST", "DOCKER_CONTEXT", "context", "socket", "default"]


class Endpoint(Record, frozen=True, kw_only=True):
    """Where an engine should answer.

    url: "unix:///…", "tcp://…", "ssh://…". name: the context's name, "default" without one.
    source: who said so; "socket" is one we found where nobody said anything, "default" is the
    standard place. ca, cert, key: files for TLS. verify: whether the server must prove itself.
    """

    url: str
    name: str = "default"
    source: EndpointSource = "default"
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True

    @property
    def socket(self) -> str | None:
        """The path of a Unix socket, None for anything else."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else None

    @property
    def chosen(self) -> bool:
        """Whether the user pointed at it, so that another engine would not be what they meant."""
        return self.source in ("DOCKER_HOST", "DOCKER_CONTEXT", "context")

    @property
    def desktop(self) -> bool:
        """Whether it is Docker Desktop's."""
        return self.name.startswith("desktop-") or "/.docker/run/" in self.url or "/.docker/desktop/" in self.url

    def client_environment(self) -> dict[str, str]:
        """What to add to the environment of the docker command line so that it talks to this engine.

        A context is named rather than copied: it may carry TLS files and settings of its own.
        """
        if self.source in ("context", "DOCKER_CONTEXT"):
            return {"DOCKER_CONTEXT": self.name}
        if self.source == "socket":
            return {"DOCKER_HOST": self.url}
        return {}


def resolve_endpoint(environ: Mapping[str, str]) -> Endpoint:
    """The engine the docker command line would talk to with this environment; where nobody chose one and
    the standard socket is not there, a rootless engine's or Docker Desktop's socket in its usual place.

    Raises HostError (exit code 3) for a context that does not exist or cannot be read.
    """
    if host := environ.get("DOCKER_HOST", "").strip():
        return _from_environment(host, environ)
    config = config_folder(environ)
    if name := environ.get("DOCKER_CONTEXT", "").strip():
        if name != "default":
            return _from_context(name, config, "DOCKER_CONTEXT")
    elif (name := current_context(config)) != "default":
        return _from_context(name, config, "context")
    if not _is_socket(STANDARD_SOCKET):
        for path in _usual_sockets(environ):
            if _is_socket(path):
                return Endpoint(url=f"unix://{path}", source="socket")
    return Endpoint(url=f"unix://{STANDARD_SOCKET}")


def config_folder(environ: Mapping[str, str]) -> Path:
    """Where docker keeps its settings."""
    if given := environ.get("DOCKER_CONFIG"):
        return Path(given)
    return Path(environ.get("HOME") or os.path.expanduser("~")) / ".docker"


def current_context(config: Path) -> str:
    """The context that `docker context use` chose. Unreadable settings count as none, as docker warns and goes on."""
    try:
        settings = json.loads((config / "config.json").read_bytes())
    except (OSError, ValueError):
        return "default"
    name = settings.get("currentContext") if isinstance(settings, dict) else None
    return name if isinstance(name, str) and name else "default"


def _from_environment(host: str, environ: Mapping[str, str]) -> Endpoint:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    tls = verify or bool(environ.get("DOCKER_TLS"))
    if not tls:
        return Endpoint(url=_with_scheme(host), source="DOCKER_HOST")
    folder = Path(environ.get("DOCKER_CERT_PATH") or config_folder(environ))
    return Endpoint(url=_with_scheme(host), source="DOCKER_HOST", tls=True, verify=verify, **_certificates(folder))


def _from_context(name: str, config: Path, source: EndpointSource) -> Endpoint:
    # A context's folder is named after the digest of its name, so any name is safe on any file system.
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / digest / "meta.json"
    try:
        docker = json.loads(meta.read_bytes())["Endpoints"]["docker"]
        host = docker["Host"]
        verify = not docker.get("SkipTLSVerify", False)
    except FileNotFoundError:
        raise _bad_context(name, source, "it does not exist") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _bad_context(name, source, f"{meta} cannot be understood") from None
    certificates = _certificates(config / "contexts" / "tls" / digest / "docker")
    return Endpoint(
        url=_with_scheme(str(host)), name=name, source=source, tls=bool(certificates), verify=verify, **certificates
    )


def _bad_context(name: str, source: EndpointSource, why: str) -> HostError:
    origin = "DOCKER_CONTEXT names it" if source == "DOCKER_CONTEXT" else "`docker context use` chose it"
    return HostError(
        error(
            "host/docker-context",
            f"the docker context {name!r} cannot be used: {why}",
            fault=Fault.HOST,
            facts=(origin,),
            help="`docker context ls` lists them; `docker context use default` goes back to this machine's engine",
        )
    )


def _certificates(folder: Path) -> dict[str, str]:
    """The TLS files of `folder` that are there, by the names `Endpoint` gives them."""
    return {part: str(folder / f"{part}.pem") for part in ("ca", "cert", "key") if (folder / f"{part}.pem").is_file()}


def _with_scheme(host: str) -> str:
    return host if "://" in host else f"tcp://{host}"


def _usual_sockets(environ: Mapping[str, str]) -> tuple[str, ...]:
    home = environ.get("HOME") or ""
    rootless = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return (f"{rootless}/docker.sock", f"{home}/.docker/run/docker.sock", f"{home}/.docker/desktop/docker.sock")


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode)
    except PermissionError:
        return True  # something is there; whoever connects will say that it may not
    except OSError:
        return False
