"""Gives a network namespace an address of its own for a small server, by the kernel's netlink sockets alone.

Its text runs inside a container of ours (`metadata_server`), so it imports nothing but the standard library. It needs
NET_ADMIN there, and gives it up when it is done.

A server on ADDRESS:80 would keep the app from listening on 0.0.0.0:80: the kernel refuses two sockets of which one
has a port at every address, SO_REUSEADDR or not (tried both ways round). So it listens on another port, and
connections to ADDRESS:80 that begin in this namespace are redirected there by a rule of nftables. That is sent in
netlink's own words as well: an image with the `nft` program would have to be built and kept.
"""

import os
import socket
import struct

LISTENS_ON = 64254
"""Where the server really listens: above the ports that the kernel hands out, below none that is in use."""

_NOBODY = 65534
_ANSWER_S = 5.0
_LOOPBACK = "lo"

# The kernel's numbers: linux/netlink.h, rtnetlink.h, if_addr.h, netfilter/nfnetlink.h, netfilter/nf_tables.h.
_ROUTE, _NETFILTER = 0, 12
_ERROR = 2
_REQUEST, _ACK, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_NEW_ADDRESS, _LOCAL, _ADDRESS = 20, 2, 1
_BATCH_BEGIN, _BATCH_END, _NFTABLES = 16, 17, 10
_NEW_TABLE, _NEW_CHAIN, _NEW_RULE = (_NFTABLES << 8 | number for number in (0, 3, 6))
_NESTED = 0x8000
_OUTPUT, _BEFORE_OTHERS = 3, -100
_NETWORK_HEADER, _TRANSPORT_HEADER = 1, 2
_TCP = 6


def listen(address: str, port: int) -> socket.socket:
    """A socket that takes connections to `address`:`port` from within this network namespace alone. The process is
    nobody's afterwards. Raises OSError where the kernel does not allow it."""
    _add_to_loopback(address)
    _redirect(address, port, LISTENS_ON)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, LISTENS_ON))
    listening.listen(128)
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)  # the kernel takes all capabilities from a process that stops being root
    return listening


def _add_to_loopback(address: str) -> None:
    packed = socket.inet_aton(address)
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, socket.if_nametoindex(_LOOPBACK))
    body += _attribute(_LOCAL, packed) + _attribute(_ADDRESS, packed)
    _ask(_ROUTE, _message(_NEW_ADDRESS, _REQUEST | _ACK | _CREATE, body), answers=1)


def _redirect(address: str, port: int, to: int) -> None:
    """What `nft add rule ip emu output ip daddr ADDRESS tcp dport PORT dnat to ADDRESS:TO` does, with its table and
    its chain."""
    table = _attribute(1, b"emu\0")
    hook = _nested(4, _attribute(1, struct.pack("!I", _OUTPUT)), _attribute(2, struct.pack("!i", _BEFORE_OTHERS)))
    chain = table + _attribute(3, b"output\0") + hook + _attribute(7, b"nat\0")
    expressions = (
        *_equals(_NETWORK_HEADER, 9, bytes([_TCP])),
        *_equals(_NETWORK_HEADER, 16, socket.inet_aton(address)),
        *_equals(_TRANSPORT_HEADER, 2, struct.pack("!H", port)),
        _load(1, socket.inet_aton(address)),
        _load(2, struct.pack("!H", to)),
        _expression("nat", {1: 1, 2: socket.AF_INET, 3: 1, 5: 2}),  # destination; address and port from registers
    )
    rule = table + _attribute(2, b"output\0") + _nested(4, *expressions)
    wanted = _REQUEST | _ACK | _CREATE
    batch = (
        _message(_BATCH_BEGIN, _REQUEST, _family(0, _NFTABLES)),
        _message(_NEW_TABLE, wanted, _family(socket.AF_INET) + table),
        _message(_NEW_CHAIN, wanted, _family(socket.AF_INET) + chain),
        _message(_NEW_RULE, wanted | _APPEND, _family(socket.AF_INET) + rule),
        _message(_BATCH_END, _REQUEST, _family(0, _NFTABLES)),
    )
    _ask(_NETFILTER, b"".join(batch), answers=3)


def _equals(header: int, offset: int, value: bytes) -> tuple[bytes, bytes]:
    """Go on only where `value` stands at `offset` of a packet's header: loaded into register 1, and compared."""
    loaded = _expression("payload", {1: 1, 2: header, 3: offset, 4: len(value)})
    return loaded, _expression("cmp", {1: 1, 2: 0, 3: value})


def _load(register: int, value: bytes) -> bytes:
    return _expression("immediate", {1: register, 2: value})


def _expression(name: str, values: dict[int, int | bytes]) -> bytes:
    """A step of a rule. Its values are numbers, or data as it stands in packets."""
    attributes = [
        _nested(key, _attribute(1, value)) if isinstance(value, bytes) else _attribute(key, struct.pack("!I", value))
        for key, value in values.items()
    ]
    return _nested(1, _attribute(1, name.encode() + b"\0"), _nested(2, *attributes))


def _family(family: int, resource: int = 0) -> bytes:
    return struct.pack("!BBH", family, 0, resource)


def _attribute(type: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), type) + value + bytes(-len(value) % 4)


def _nested(type: int, *attributes: bytes) -> bytes:
    return _attribute(type | _NESTED, b"".join(attributes))


def _message(type: int, flags: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), type, flags, 1, 0) + body


def _ask(protocol: int, messages: bytes, *, answers: int) -> None:
    """Send messages and wait until so many are acknowledged. Raises OSError for the first that is refused."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as kernel:
        kernel.settimeout(_ANSWER_S)
        kernel.send(messages)
        while answers:
            told = kernel.recv(64 * 1024)
            while told:
                length, type = struct.unpack("=IH", told[:6])
                if type == _ERROR:
                    (refused,) = struct.unpack("=i", told[16:20])
                    if refused:
                        raise OSError(-refused, os.strerror(-refused))
                    answers -= 1
                told = told[(length + 3) & ~3 :]
