"""The kernel's tables are read only where its counts say that there is something new."""

from pathlib import Path

import pytest

from emulator.edge import socket_tables
from emulator.edge.socket_tables import SocketTables

ID = "c0ffee"
TCP = "sl local_address\n0: 00000000:1F90 00000000:0000 0A\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A process 7 of the container, without sockets."""
    net = tmp_path / "7" / "net"
    net.mkdir(parents=True)
    (tmp_path / "7" / "cgroup").write_text(f"0::/docker/{ID}\n")
    (net / "tcp").write_text(TCP)
    (net / "tcp6").write_text("")
    count(tmp_path, 0)
    return tmp_path


def count(proc: Path, tcp: int) -> None:
    (proc / "7/net/sockstat").write_text(f"sockets: used 4\nTCP: inuse {tcp} orphan 0 tw 0 alloc 2 mem 1\n")
    (proc / "7/net/sockstat6").write_text("TCP6: inuse 0\n")


def test_a_table_is_not_read_while_there_are_no_sockets(proc: Path) -> None:
    """None in use: the tables are empty, whatever reading them would cost."""
    assert SocketTables(str(proc)).of(7, ID) == ("", "")


def test_a_socket_more_is_seen_at_once(proc: Path) -> None:
    """The count has changed: the table is read again."""
    tables = SocketTables(str(proc))
    tables.of(7, ID)
    count(proc, 1)
    assert tables.of(7, ID) == (TCP, "")


def test_the_same_count_is_trusted_for_a_moment(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One socket may have taken another's place: after a while the table is read again all the same."""
    count(proc, 1)
    tables = SocketTables(str(proc))
    tables.of(7, ID)
    (proc / "7/net/tcp").write_text("other\n")
    assert tables.of(7, ID) == (TCP, "")
    monkeypatch.setattr(socket_tables, "_READ_AGAIN_S", -1.0)
    assert tables.of(7, ID) == ("other\n", "")


def test_a_kernel_without_counts_is_read_each_time(proc: Path) -> None:
    """Without the count every look reads the tables."""
    tables = SocketTables(str(proc))
    (proc / "7/net/sockstat").unlink()
    assert tables.of(7, ID) == (TCP, "")
    (proc / "7/net/tcp").write_text("other\n")
    assert tables.of(7, ID) == ("other\n", "")


def test_another_containers_process_is_not_looked_into(proc: Path) -> None:
    """The process number belongs to another container, or to nobody: None."""
    tables = SocketTables(str(proc))
    assert tables.of(7, "beef") is None
    assert tables.of(8, ID) is None


def test_a_long_table_is_read_to_its_end(proc: Path) -> None:
    """More than the kernel gives at once."""
    long = TCP * 2000
    (proc / "7/net/tcp").write_text(long)
    count(proc, 2000)
    assert SocketTables(str(proc)).of(7, ID) == (long, "")
