"""The proxy's port, and who has it when it is taken."""

import os
import socket
import subprocess
import sys

from emulator.edge.proxy import Proxy
from emulator.edge.proxy_ports import PortOwner, port_owner


def test_wanted_port_is_had_again():
    """Closed and opened again, the address is the same."""
    first = Proxy(None)
    first.close()
    second = Proxy(first.port)
    second.close()
    assert (second.port, second.busy, second.url) == (first.port, None, f"http://127.0.0.1:{first.port}")


def test_taken_port_is_named_with_its_owner():
    """Another port is had, and the caller can say which process has the wanted one."""
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        wanted = int(other.stdout.readline())
        front = Proxy(wanted)
        front.close()
        other.communicate("\n")
    assert front.port != wanted
    assert front.busy.pid == other.pid
    assert str(front.busy).startswith(f"process {other.pid} ({front.busy.name})")  # in a container: and which one
    assert "python" in front.busy.name


def test_every_listening_address_counts():
    """A server on all addresses has the port as well, also one of IPv6."""
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        with socket.socket(family) as server:
            server.bind((host, 0))
            server.listen()
            assert port_owner(server.getsockname()[1]).pid == os.getpid()


def test_container_that_publishes_the_port(tmp_path):
    """The engine's forwarder is not the owner that a user knows: the container behind it is."""
    words = [
        "/usr/bin/docker-proxy",
        "-proto",
        "tcp",
        "-host-port",
        "10000",
        "-container-ip",
        "172.17.0.2",
        "-container-port",
        "80",
    ]
    fake_proc(tmp_path, port=10_000, words=words)
    owner = port_owner(10_000, proc=str(tmp_path))
    assert owner.published == ("172.17.0.2", 80)
    assert str(owner) == "a container that publishes it, at 172.17.0.2:80"


def test_process_in_a_container(tmp_path):
    """One that shares this machine's network is named with its container."""
    fake_proc(tmp_path, port=10_000, words=["app"], cgroup=f"0::/system.slice/docker-{'ab' * 32}.scope\n")
    owner = port_owner(10_000, proc=str(tmp_path))
    assert owner.container == "ab" * 32
    assert str(owner) == "process 42 (app) in container abababababab"


def test_what_may_not_be_seen(tmp_path):
    """Without the right to look into a process its user is named; without /proc nobody."""
    fake_proc(tmp_path, port=10_000, words=["app"])
    (tmp_path / "42" / "fd" / "3").unlink()
    assert str(port_owner(10_000, proc=str(tmp_path))) == "a process of user 1000"
    assert str(port_owner(10_001, proc=str(tmp_path))) == "another process"
    assert port_owner(1, proc=str(tmp_path / "none")) == PortOwner(port=1)


def fake_proc(folder, *, port: int, words: list[str], cgroup: str = "0::/user.slice\n") -> None:
    """A /proc with one process, 42, that listens on the port."""
    (folder / "net").mkdir()
    (folder / "net" / "tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        f"   0: 0100007F:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 777 1\n"
    )
    process = folder / "42"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to("socket:[777]")
    (process / "cmdline").write_text("\0".join(words) + "\0")
    (process / "comm").write_text(words[0].rpartition("/")[2] + "\n")
    (process / "cgroup").write_text(cgroup)
