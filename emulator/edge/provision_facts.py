"""Look at this machine and its engine: the facts that emulator/engine/checkup.py judges. Changes nothing."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from emulator.engine.checkup import (
    DEFAULT_BASES,
    STAND_IN_FROM_LABEL,
    STAND_IN_LABEL,
    Base,
    Engine,
    EngineProblem,
    Facts,
    Machine,
    Reach,
    ReachProblem,
    Server,
)
from emulator.engine.stand_ins import NEWEST, server
from emulator.formats.aptsources import AptSource, parse_apt_sources
from emulator.model.diagnostic import HostError
from emulator.model.record import replace
from emulator.world.docker import ImageEntry

from .host import Endpoint, resolve_endpoint

ENGINE_SECONDS = 5
REGISTRY_SECONDS = 4
INDEX_SECONDS = 6
TOOL_SECONDS = 10.0

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def look(environ: Mapping[str, str], datastores: Mapping[str, str] | None = None) -> Facts:
    """Everything `emu doctor` judges. What takes long is done beside each other. datastores: versions that the
    repository here needs, by engine."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        try:
            endpoint = resolve_endpoint(environ)
        except HostError as problem:
            detail = problem.diagnostic.message
            engine = Engine(url="", source="docker context", chosen=True, problem="context", detail=detail)
            return _without_engine(environ, engine, pool)
        problem_kind, detail = knock(endpoint)
        if problem_kind:
            return _without_engine(environ, _silent_engine(endpoint, problem_kind, detail), pool)
        return _with_engine(environ, endpoint, pool, datastores or {})


def _without_engine(environ: Mapping[str, str], engine: Engine, pool: ThreadPoolExecutor) -> Facts:
    tmp = tempfile.gettempdir()
    return Facts(machine=look_at_machine(environ, pool), engine=engine, tmp=tmp, tmp_free=free_bytes(tmp))


def _silent_engine(endpoint: Endpoint, problem: EngineProblem, detail: str) -> Engine:
    return Engine(
        url=endpoint.url,
        source=_source(endpoint),
        chosen=endpoint.chosen,
        desktop=endpoint.desktop,
        problem=problem,
        detail=detail,
    )


def _source(endpoint: Endpoint) -> str:
    return f"docker context {endpoint.name}" if endpoint.source == "context" else endpoint.source


def _with_engine(
    environ: Mapping[str, str], endpoint: Endpoint, pool: ThreadPoolExecutor, datastores: Mapping[str, str]
) -> Facts:
    from docker.errors import DockerException

    tmp = tempfile.gettempdir()
    try:
        client = open_client(endpoint, ENGINE_SECONDS)
        try:
            engine = _describe(endpoint, client)
            bases = tuple(look_at_base(client, ref) for ref in DEFAULT_BASES)
            servers = look_at_servers(client, datastores)
        finally:
            client.close()
    except (DockerException, OSError, ValueError) as failure:
        return _without_engine(environ, _silent_engine(endpoint, *_failure(failure)), pool)
    registry = pool.submit(ask_registry, endpoint, DEFAULT_BASES[0], engine.api)
    image = next((base.ref for base in reversed(bases) if base.present), None)
    tried: Future[tuple[Reach, int | None]] | None = None
    if image and engine.os == "linux":
        tried = pool.submit(ask_index, endpoint, image, engine.api)
    machine = look_at_machine({**environ, **endpoint.client_environment()}, pool)
    index, inside = tried.result() if tried else (None, None)
    on_this_disk = engine.local and not engine.desktop
    free = free_bytes(engine.root) if on_this_disk else None
    return Facts(
        machine=machine,
        engine=engine,
        bases=bases,
        servers=servers,
        registry=registry.result(),
        index=index,
        index_image=image,
        engine_free=inside if free is None else free,
        tmp=tmp,
        tmp_free=free_bytes(tmp),
    )


def open_client(endpoint: Endpoint, timeout_s: int, api: str = "auto") -> Any:
    """The SDK's client for an endpoint (its types are too patchy to be of use). Raises docker's exceptions."""
    from docker import APIClient
    from docker.tls import TLSConfig

    tls: Any = False
    if endpoint.tls:
        pair = (endpoint.cert, endpoint.key) if endpoint.cert and endpoint.key else None
        tls = TLSConfig(client_cert=pair, ca_cert=endpoint.ca, verify=endpoint.verify)
    return APIClient(base_url=endpoint.url, version=api, timeout=timeout_s, tls=tls)


def knock(endpoint: Endpoint) -> tuple[EngineProblem | None, str]:
    """Whether something listens there, told by the operating system rather than read out of a library's text."""
    if endpoint.url.startswith("ssh://"):
        return "ssh", ""
    try:
        if endpoint.socket is not None:
            with socket.socket(socket.AF_UNIX) as caller:
                caller.settimeout(ENGINE_SECONDS)
                caller.connect(endpoint.socket)
            return None, ""
        host, _, port = endpoint.url.partition("://")[2].partition("/")[0].rpartition(":")
        if not port.isdigit():
            return "other", f"{endpoint.url} has no port"
        with socket.create_connection((host.strip("[]"), int(port)), timeout=ENGINE_SECONDS):
            return None, ""
    except OSError as failure:
        return _os_problem(failure), failure.strerror or str(failure)


def _os_problem(failure: OSError) -> EngineProblem:
    match failure:
        case FileNotFoundError():
            return "nothing-there"
        case ConnectionRefusedError():
            return "refused"
        case PermissionError():
            return "permission"
        case TimeoutError():
            return "timeout"
        case socket.gaierror():
            return "name"
        case _:
            return "unreachable"


def _failure(failure: Exception) -> tuple[EngineProblem, str]:
    text = str(failure)
    low = text.lower()
    if "ssl" in low or "certificate" in low or "http request to an https" in low:
        return "tls", text
    return ("timeout" if "timed out" in low else "other"), text


def answers(endpoint: Endpoint) -> bool:
    """Whether the engine at a Unix socket is ready, without loading the SDK: asked many times while it starts."""
    try:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(ENGINE_SECONDS)
            caller.connect(endpoint.socket or "")
            caller.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in caller.recv(64)
    except OSError:
        return False


def _describe(endpoint: Endpoint, client: Any) -> Engine:
    version, info = client.version(), client.info()
    system = str(info.get("OperatingSystem", ""))
    return Engine(
        url=endpoint.url,
        source=_source(endpoint),
        chosen=endpoint.chosen,
        desktop=endpoint.desktop or "Docker Desktop" in system,
        local=endpoint.socket is not None,
        version=str(version.get("Version", "")),
        api=str(version.get("ApiVersion", "")),
        name=system,
        os=str(version.get("Os", "linux")),
        arch=str(version.get("Arch", "")),
        root=str(info.get("DockerRootDir", "")),
        rootless="name=rootless" in (info.get("SecurityOptions") or []),
    )


def look_at_base(client: Any, ref: str) -> Base:
    """Whether the engine has an image, and whether it is one of our stand-ins."""
    from docker.errors import NotFound

    try:
        image = client.inspect_image(ref)
    except NotFound:
        return Base(ref=ref, present=False)
    labels = (image.get("Config") or {}).get("Labels") or {}
    made_from = labels.get(STAND_IN_FROM_LABEL)
    return Base(ref=ref, present=True, stand_in=labels.get(STAND_IN_LABEL) == "true", made_from=made_from)


def look_at_servers(client: Any, needed: Mapping[str, str]) -> tuple[Server, ...]:
    """Whether the engine has what datastores are run from. needed: versions by engine."""
    listed = [(image.get("RepoTags") or [], image.get("Labels") or {}) for image in client.images()]
    images = [ImageEntry(id="", tags=tuple(tags), labels=labels) for tags, labels in listed]
    tags = {tag for image in images for tag in image.tags}
    return tuple(
        server(engine, needed.get(engine, newest), tags.__contains__, images, needed=engine in needed)
        for engine, newest in NEWEST.items()
    )


def ask_registry(endpoint: Endpoint, ref: str, api: str) -> Reach:
    """Whether the engine itself gets an answer about `ref` from its registry, without an account."""
    from docker.errors import DockerException
    from requests import exceptions

    began = time.monotonic()
    client = open_client(endpoint, REGISTRY_SECONDS, api)
    try:
        client.inspect_distribution(ref, auth_config={})
    except (exceptions.Timeout, exceptions.ConnectionError):
        return Reach(target=ref, problem="timeout", seconds=time.monotonic() - began)
    except DockerException as failure:
        text = str(getattr(failure, "explanation", None) or failure)
        return Reach(target=ref, problem=registry_problem(text), detail=text, seconds=time.monotonic() - began)
    finally:
        client.close()
    return Reach(target=ref, seconds=time.monotonic() - began)


def registry_problem(text: str) -> ReachProblem:
    """What the engine's sentence about a failed look-up means."""
    signs: tuple[tuple[ReachProblem, tuple[str, ...]], ...] = (
        ("certificate", ("x509", "certificate")),
        ("proxy", ("proxyconnect", "proxy authentication")),
        ("dns", ("no such host", "server misbehaving", "lookup ")),
        ("route", ("no route", "unreachable")),
        ("refused", ("connection refused",)),
        ("timeout", ("timeout", "deadline")),
        ("answer", ("toomanyrequests", "denied", "unauthorized", "authentication", "manifest unknown", "not found")),
    )
    low = text.lower()
    return next((kind for kind, words in signs if any(word in low for word in words)), "failed")


ASK_INDEX = """
import errno, json, os, shutil, socket, ssl, time, urllib.error, urllib.request
try:
    from pip._internal.models.index import PyPI
    url = os.environ.get("PIP_INDEX_URL") or PyPI.simple_url
except ImportError:
    url = os.environ.get("PIP_INDEX_URL", "")
host = url.partition("://")[2].partition("/")[0].rpartition("@")[2] or "the package index"
began, kind, detail = time.monotonic(), None, ""
try:
    urllib.request.urlopen(urllib.request.Request(url.rstrip("/") + "/pip/", method="HEAD"), timeout=LIMIT).close()
except urllib.error.HTTPError as e:
    if e.code == 407 or e.code >= 500:
        kind, detail = ("proxy" if e.code == 407 else "answer"), "HTTP %d" % e.code
except Exception as e:
    why = getattr(e, "reason", e)
    detail = str(why)
    if isinstance(why, ssl.SSLCertVerificationError): kind, detail = "certificate", why.verify_message
    elif isinstance(why, socket.gaierror): kind = "dns"
    elif isinstance(why, TimeoutError): kind = "timeout"
    elif isinstance(why, ConnectionRefusedError): kind = "refused"
    elif "Tunnel connection failed" in detail: kind = "proxy"
    elif getattr(why, "errno", None) in (errno.ENETUNREACH, errno.EHOSTUNREACH): kind = "route"
    else: kind = "failed"
print(json.dumps([host, kind, detail, time.monotonic() - began, shutil.disk_usage("/").free]))
"""


def ask_index(endpoint: Endpoint, image: str, api: str) -> tuple[Reach, int | None]:
    """Whether a container gets an answer from pip's package index over TLS, and the bytes free on the
    disk it lies on. The engine removes the container by itself, also when we are gone."""
    from docker.errors import DockerException
    from requests import exceptions

    script = ASK_INDEX.replace("LIMIT", str(INDEX_SECONDS))
    client = open_client(endpoint, INDEX_SECONDS * 3, api)
    try:
        host_config = client.create_host_config(auto_remove=True)
        made = client.create_container(
            image,
            ["python3", "-I", "-c", script],
            host_config=host_config,
            entrypoint=[],
            labels={"emu.doctor": "true"},
            use_config_proxy=True,
        )
        said = client.attach(made["Id"], stdout=True, stderr=False, stream=True)
        client.start(made["Id"])
        target, problem, detail, seconds, free = json.loads(b"".join(said))
    except (DockerException, exceptions.RequestException, OSError, ValueError, TypeError) as failure:
        text = str(getattr(failure, "explanation", None) or failure)
        return Reach(target="the package index", problem="failed", detail=text), None
    finally:
        client.close()
    return Reach(target=target, problem=problem, detail=detail, seconds=seconds), free


def look_at_machine(environ: Mapping[str, str], pool: ThreadPoolExecutor) -> Machine:
    """What this machine is and which programs it has."""
    path = program_path(environ)
    docker, git = shutil.which("docker", path=path), shutil.which("git", path=path)
    asked_buildx = pool.submit(_ask, [docker, "buildx", "version"], environ) if docker else None
    asked_git = pool.submit(_ask, [git, "--version"], environ) if git else None
    release = _os_release()
    uname = os.uname()
    ok, buildx = asked_buildx.result() if asked_buildx else (False, "")
    git_ok, git_said = asked_git.result() if asked_git else (False, "")
    return Machine(
        system=uname.sysname,
        arch=uname.machine,
        distribution=release.get("ID"),
        like=tuple(release.get("ID_LIKE", "").split()),
        root=os.geteuid() == 0,
        sudo=shutil.which("sudo", path=path) is not None,
        systemd=Path("/run/systemd/system").is_dir(),
        wsl="microsoft" in uname.release.lower(),
        desktop_installed=_desktop_installed(environ),
        dockerd=shutil.which("dockerd", path=path),
        docker=docker,
        debootstrap=shutil.which("debootstrap", path=path),
        git=_version_in(git_said) if git_ok else None,
        buildx=_version_in(buildx) if ok else None,
        buildx_problem="" if ok else buildx,
        ca_bundle=_ca_bundle(environ),
        user=environ.get("USER", ""),
    )


def program_path(environ: Mapping[str, str]) -> str:
    """PATH with the folders of system programs, which an ordinary user's lacks."""
    return os.pathsep.join((environ.get("PATH") or os.defpath, *SYSTEM_FOLDERS))


def _ask(argv: list[str], environ: Mapping[str, str]) -> tuple[bool, str]:
    try:
        done = subprocess.run(
            argv,
            env=dict(environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=TOOL_SECONDS,
            stdin=subprocess.DEVNULL,
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError) as failure:
        return False, str(failure)
    lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return done.returncode == 0, lines[0] if lines else ""


def _version_in(text: str) -> str:
    """The first word with a digit in front, as in "git version 2.39.5" and "github.com/docker/buildx v0.13.1 …"."""
    words = (word.lstrip("v") for word in text.split())
    return next((word for word in words if word[:1].isdigit()), text)


def _os_release() -> dict[str, str]:
    import platform

    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _desktop_installed(environ: Mapping[str, str]) -> bool:
    home = Path(environ.get("HOME") or "/nonexistent")
    places = (Path("/Applications/Docker.app"), Path("/opt/docker-desktop"), home / ".docker/desktop")
    return any(place.exists() for place in places)


def _ca_bundle(environ: Mapping[str, str]) -> str | None:
    """The certificates this machine trusts: a proxy that re-signs TLS has its own among them."""
    candidates = (environ.get("SSL_CERT_FILE") or "", *CA_BUNDLES)
    return next((path for path in candidates if path and os.access(path, os.R_OK) and Path(path).is_file()), None)


def free_bytes(folder: str) -> int | None:
    """Bytes free on the disk of `folder`, None where that cannot be seen."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def look_at_sources(etc: Path = Path("/etc/apt")) -> tuple[AptSource, ...]:
    """The machine's own apt sources, with the mirrors that a `mirror+file:` address lists put in its place."""
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    files += sorted((etc / "sources.list.d").glob("*.sources"))
    found: list[AptSource] = []
    for file in files:
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue
        found += parse_apt_sources(str(file), text)
    return tuple(replace(source, uris=tuple(_mirror(uri) for uri in source.uris)) for source in found)


def _mirror(uri: str) -> str:
    if not uri.startswith("mirror+file:"):
        return uri
    try:
        lines = Path(uri.removeprefix("mirror+file:")).read_text(errors="replace").splitlines()
    except OSError:
        return uri
    return next((line.split()[0] for line in lines if line.strip() and not line.startswith("#")), uri)
