"""Whether a server that is none of ours takes connections."""

import ipaddress
import socket
from pathlib import Path

from emulator.engine.listeners import parse_listeners
from emulator.world.asking import Unreached

from .prober import problem_kind

_PATIENCE_S = 4.0
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def unreached(host: str | None, port: int) -> Unreached | None:
    """Why nothing can be reached there; None when it can. host: None for this machine, as its containers see it: what
    listens for the machine itself alone is not there for them."""
    try:
        socket.create_connection((host or "localhost", port), timeout=_PATIENCE_S).close()
    except socket.gaierror:
        return "name"
    except (OSError, UnicodeError) as problem:  # a name that cannot be one fails in its encoding
        return "name" if isinstance(problem, UnicodeError) else _known(problem_kind(problem))
    return "loopback" if host is None and _for_itself_alone(port) else None


def _known(kind: str) -> Unreached:
    return "refused" if kind == "refused" else "timeout" if kind == "timeout" else "unreachable"


def _for_itself_alone(port: int) -> bool:
    """Whether whoever listens on this machine's `port` listens on loopback addresses. False where that cannot be
    known."""
    texts = [Path(name).read_text() if Path(name).exists() else "" for name in _TABLES]
    addresses = [one.address for one in parse_listeners(*texts) if one.port == port]
    return bool(addresses) and all(ipaddress.ip_address(address).is_loopback for address in addresses)
