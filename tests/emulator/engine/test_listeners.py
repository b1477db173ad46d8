from emulator.engine.listeners import parse_listeners, places
from emulator.world.containers import Listener

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = (
    HEAD
    + """\
   0: 0B00007F:B2DB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41235 1 0000000000000000 100
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41236 1 0000000000000000 100
   2: 00000000:2710 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41237 1 0000000000000000 100
   3: 020011AC:2710 010011AC:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 41238 1 0000000000000000 20
"""
)
TCP6 = (
    HEAD
    + """\
   0: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0
   1: 00000000000000000000000001000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0
   2: 0000000000000000FFFF00000100007F:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0
"""
)


def test_listening_sockets_with_their_address():
    """Loopback and all addresses are told apart; connections and the engine's DNS socket are left out."""
    assert parse_listeners(TCP) == (
        Listener(address="127.0.0.1", port=8080, v6=False, loopback=True),
        Listener(address="0.0.0.0", port=10000, v6=False, loopback=False),
    )


def test_ipv6_addresses():
    """The addresses "::", "::1" and an IPv4 loopback in IPv6 clothes are read as what they are."""
    assert [(one.address, one.port, one.loopback) for one in parse_listeners("", TCP6)] == [
        ("::", 8081, False),
        ("::1", 8082, True),
        ("::ffff:127.0.0.1", 8083, True),
    ]


def test_two_sockets_on_one_port_are_one_listener():
    """Worker processes with SO_REUSEPORT listen once, as far as anyone outside can tell."""
    line = TCP.splitlines()[3]
    assert len(parse_listeners(f"{HEAD}\n{line}\n{line}")) == 1


def test_garbage_is_passed_over():
    """A table read while it changes, or by a newer kernel, breaks nothing."""
    assert parse_listeners("garbage\n 0: zz:zz x 0A\n 1: 0100007F 0 0A\n 2: 01:1 0 0A\n\n", "\0") == ()


def test_places_as_an_address_is_written():
    """IPv6 addresses stand in brackets, as in a URL."""
    assert places(parse_listeners(TCP, TCP6)) == (
        "127.0.0.1:8080, [::]:8081, [::1]:8082, [::ffff:127.0.0.1]:8083, 0.0.0.0:10000"
    )
    assert places(()) == ""
