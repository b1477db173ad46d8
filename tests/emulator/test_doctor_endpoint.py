"""Which engine is meant: the environment, then docker's contexts, then the sockets engines leave behind."""

import hashlib
import json
import os
import socket
from pathlib import Path

import pytest

from emulator.edge import host
from emulator.model.diagnostic import HostError


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home without any docker settings, on a machine without the standard socket."""
    monkeypatch.setattr(host, "STANDARD_SOCKET", str(tmp_path / "no" / "docker.sock"))
    return tmp_path


def environ(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"), **more}


def make_context(home: Path, name: str, url: str, *, tls: tuple[str, ...] = (), skip: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker/contexts/meta" / digest / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoint = {"Host": url, "SkipTLSVerify": skip}
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    for part in tls:
        file = home / ".docker/contexts/tls" / digest / "docker" / f"{part}.pem"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")


def use_context(home: Path, name: str) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker/config.json").write_text(json.dumps({"currentContext": name}))


def listen(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    server = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have 108 bytes, a test's folder has more
    server.bind(path.name)
    os.chdir(before)
    return server


def test_nothing_set_means_the_standard_socket(home):
    """Without settings, variables or other sockets it is the standard socket, chosen by nobody."""
    found = host.resolve_endpoint(environ(home))
    assert (found.url, found.source, found.chosen) == (f"unix://{host.STANDARD_SOCKET}", "default", False)
    assert found.client_environment() == {}


def test_docker_host_outranks_every_context(home):
    """DOCKER_HOST decides even where a context is set by variable and by settings."""
    make_context(home, "work", "ssh://box")
    use_context(home, "work")
    found = host.resolve_endpoint(environ(home, DOCKER_HOST="tcp://10.0.0.5:2375", DOCKER_CONTEXT="work"))
    assert (found.url, found.source, found.chosen) == ("tcp://10.0.0.5:2375", "DOCKER_HOST", True)


def test_context_variable_outranks_the_settings(home):
    """DOCKER_CONTEXT wins over the context that `docker context use` stored."""
    make_context(home, "work", "tcp://work:2375")
    make_context(home, "play", "tcp://play:2375")
    use_context(home, "work")
    found = host.resolve_endpoint(environ(home, DOCKER_CONTEXT="play"))
    assert (found.url, found.source) == ("tcp://play:2375", "DOCKER_CONTEXT")


def test_docker_desktops_context_is_obeyed(home):
    """The context Docker Desktop selects on installation leads to its socket, and is known as its own."""
    make_context(home, "desktop-linux", f"unix://{home}/.docker/run/docker.sock")
    use_context(home, "desktop-linux")
    found = host.resolve_endpoint(environ(home))
    assert found.socket == f"{home}/.docker/run/docker.sock"
    assert found.desktop
    assert found.client_environment() == {"DOCKER_CONTEXT": "desktop-linux"}


def test_context_brings_its_tls_files(home):
    """Certificates stored with a context are used, and its word on verification is kept."""
    make_context(home, "far", "tcp://far:2376", tls=("ca", "cert", "key"), skip=True)
    found = host.resolve_endpoint(environ(home, DOCKER_CONTEXT="far"))
    assert found.tls
    assert not found.verify
    assert found.ca is not None
    assert found.ca.endswith("/docker/ca.pem")


def test_tls_from_the_environment(home):
    """DOCKER_TLS_VERIFY and DOCKER_CERT_PATH give the files and demand the proof."""
    (home / "certs").mkdir()
    (home / "certs/ca.pem").write_text("")
    found = host.resolve_endpoint(
        environ(home, DOCKER_HOST="far:2376", DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(home / "certs"))
    )
    assert (found.url, found.tls, found.verify) == ("tcp://far:2376", True, True)
    assert (found.ca, found.cert) == (str(home / "certs/ca.pem"), None)


def test_rootless_socket_is_found_without_a_context(home):
    """A rootless engine's socket is used where nobody chose one, and the docker client is pointed there as well."""
    with listen(home / "run" / "docker.sock"):
        found = host.resolve_endpoint(environ(home))
    assert (found.url, found.source) == (f"unix://{home}/run/docker.sock", "socket")
    assert found.client_environment() == {"DOCKER_HOST": found.url}


def test_a_missing_context_is_one_clear_refusal(home):
    """A context that does not exist ends with its name and the way back, not with another engine."""
    use_context(home, "gone")
    with pytest.raises(HostError) as caught:
        host.resolve_endpoint(environ(home))
    assert "'gone'" in caught.value.diagnostic.message
    assert "docker context use default" in (caught.value.diagnostic.help or "")
    assert caught.value.exit_code == 3


def test_unreadable_settings_count_as_none(home):
    """A config.json that is no JSON leaves the default engine, as docker itself does."""
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text("{")
    assert host.resolve_endpoint(environ(home)).source == "default"
