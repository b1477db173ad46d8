"""The kernel's table of TCP sockets → who listens where."""

import ipaddress
from collections.abc import Iterable

from emulator.world.containers import Listener

_LISTEN = "0A"
_ENGINE_DNS = "127.0.0.11"
"""Where the engine itself answers names inside a container of a network of its own."""
_LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")
"""Where only something of ours answers, inside an instance's network (edge/own_address)."""


def parse_listeners(tcp: str, tcp6: str = "") -> tuple[Listener, ...]:
    """The listening sockets in the texts of /proc/net/tcp and /proc/net/tcp6, sorted by port and address.

    The engine's DNS socket and our own are left out. A line that is not understood is passed over: a kernel may add
    columns, and a socket may vanish while the table is read.
    """
    found = {
        listener
        for text, v6 in ((tcp, False), (tcp6, True))
        for line in text.splitlines()
        if (listener := _listener(line.split(), v6=v6)) is not None
    }
    return tuple(sorted(found, key=lambda one: (one.port, one.v6, one.address)))


def places(listeners: Iterable[Listener]) -> str:
    """ "0.0.0.0:3000, [::1]:9229": where they listen, as an address is written in a URL."""
    return ", ".join(f"[{x.address}]:{x.port}" if x.v6 else f"{x.address}:{x.port}" for x in listeners)


def _listener(words: list[str], *, v6: bool) -> Listener | None:
    if len(words) < 4 or words[3] != _LISTEN:
        return None
    host, colon, port = words[1].partition(":")
    try:
        address = _address(host, v6=v6)
        number = int(port, 16)
    except ValueError:
        return None
    if not colon or str(address) == _ENGINE_DNS or address in _LINK_LOCAL:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    text = f"::ffff:{mapped}" if mapped else str(address)
    return Listener(address=text, port=number, v6=v6, loopback=(mapped or address).is_loopback)


def _address(text: str, *, v6: bool) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as the kernel writes it: 32-bit words in hexadecimal, each in the machine's byte order."""
    if len(text) != (32 if v6 else 8):
        raise ValueError(text)
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    packed = b"".join(words)
    return ipaddress.IPv6Address(packed) if v6 else ipaddress.IPv4Address(packed)
