"""What EXPOSE names (dockerfile2llb/convert_expose.go): `[[ip:]host:]port[-port][/protocol]`."""

from typing import NamedTuple

MAX_PORT = 65_535
_PROTOCOLS = ("tcp", "udp", "sctp")


class PortRange(NamedTuple):
    first: int
    last: int
    protocol: str


class BadPort(Exception):
    """The text is no port; the message says why."""


def port_range(text: str) -> PortRange:
    """The container ports `text` names. Raises BadPort."""
    container = text.rpartition(":")[2]
    ports, _, protocol = container.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise BadPort(f"{protocol} is not a protocol")
    if not ports:
        raise BadPort("there is no port")
    first, dash, last = ports.partition("-")
    start = _number(first)
    end = _number(last) if dash else start
    if end < start:
        raise BadPort("the range runs backwards")
    return PortRange(start, end, protocol)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadPort(f"{text or 'nothing'} is not a number")
    if len(text.lstrip("0")) > 5 or int(text) > MAX_PORT:
        raise BadPort(f"{text} is above {MAX_PORT}")
    return int(text)
