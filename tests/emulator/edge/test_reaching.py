"""Whether servers that are none of ours can be reached."""

import socket

import pytest

from emulator.edge.reaching import unreached


@pytest.mark.parametrize(("bound", "why"), [("0.0.0.0", None), ("127.0.0.1", "loopback")])
def test_this_machine_is_looked_at_as_containers_see_it(bound: str, why: str | None) -> None:
    """A server for the machine itself alone is not there for them."""
    with socket.create_server((bound, 0)) as server:
        assert unreached(None, server.getsockname()[1]) == why


def test_a_port_where_nothing_listens_is_told_from_a_name_that_is_none() -> None:
    """The first is the server's matter, the second the URL's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert unreached(None, port) == "refused"
    assert unreached("127.0.0.1", port) == "refused"
    assert unreached("no-such-host.invalid", port) == "name"
    assert unreached("a" * 70 + ".example.org", port) == "name"
