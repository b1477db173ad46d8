"""Answers requests of an app for facts about where it runs, by a table, with the standard library alone.

Its text runs inside a container that shares the app's network (see `own_address`, whose text comes first there), so it
imports nothing of ours. What is in the table, `engine/metadata` says.
"""

import base64
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

READY = "ready"
"""What is printed as soon as connections are taken."""

_MAX_HEAD = 32 * 1024
_PATIENCE_S = 30.0
_REASONS = {200: "OK", 301: "Moved Permanently", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
            405: "Method Not Allowed", 503: "Service Unavailable"}  # fmt: skip


def serve_here(listen: Callable[[str, int], socket.socket], variable: str) -> None:
    """Be the server of this network: its table is what a variable of the environment says, as JSON. listen: makes the
    socket for an address and a port."""
    table = json.loads(os.environ.pop(variable))
    listening = listen(table["address"], table["port"])
    print(READY, flush=True)
    serve(listening, table)


def serve(listening: socket.socket, table: dict[str, Any]) -> None:
    """Answer by `table` until the socket is closed. One request a connection: who asks twice connects twice."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_attend, args=(connection, table), daemon=True).start()


def _attend(connection: socket.socket, table: dict[str, Any]) -> None:
    try:
        with connection:
            connection.settimeout(_PATIENCE_S)
            head = _head(connection)
            if head:
                connection.sendall(reply(table, head, time.time()))
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):  # a body would otherwise turn the answer into a reset
                    pass
    except OSError:
        pass  # who asked is gone


def _head(connection: socket.socket) -> bytes:
    """The request's line and headers; empty where they do not come."""
    read = b""
    while b"\r\n\r\n" not in read and len(read) < _MAX_HEAD:
        data = connection.recv(4096)
        if not data:
            return b""
        read += data
    return read.partition(b"\r\n\r\n")[0]


def reply(table: dict[str, Any], head: bytes, now: float) -> bytes:
    """What is sent for a request's head at a moment, in seconds since 1970."""
    line, *rest = head.decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3:
        return _written(table, {"status": 400, "body": "", "content_type": "text/plain"}, "GET")
    method, target, _ = words
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    path, mark, query = target.partition("?")
    name, value = table["required_header"]
    if headers.get(name.lower(), "").lower() != value.lower():
        return _written(table, table["refusal"], method)
    if method not in ("GET", "HEAD"):
        return _written(table, table["wrong_method"], method)
    asked = dict(parse_qsl(query, keep_blank_values=True))
    answer = _answer(table, unquote(path), asked)
    if answer is None and not path.endswith("/") and _answer(table, unquote(path) + "/", asked) is not None:
        moved = {"status": 301, "body": "", "content_type": "text/plain"}
        return _written(table, moved, method, {"Location": path + "/" + mark + query})
    if answer is None:
        return _written(table, table["missing"], method)
    if answer["jwt"] is not None:
        answer = {**answer, "body": _jwt(answer["jwt"], asked, now)}
    return _written(table, answer, method)


def _answer(table: dict[str, Any], path: str, asked: dict[str, str]) -> dict[str, Any] | None:
    """The first row for a path whose parameters are all there: with the value it names, or with any."""
    for row in table["rows"]:
        if row["path"] == path and all(_is_asked(asked.get(name, ""), value) for name, value in row["query"].items()):
            found: dict[str, Any] = row["answer"]
            return found
    return None


def _is_asked(given: str, value: str | None) -> bool:
    return given == value if value is not None else bool(given)


def _jwt(made: dict[str, Any], asked: dict[str, str], now: float) -> str:
    """A JSON Web Token for the audience that was asked for. Its signature is the table's text: nobody's."""
    issued = int(now)
    claims = {**made["claims"], "aud": asked.get(made["audience_parameter"], ""), "iat": issued,
              "exp": issued + made["lifetime_s"]}  # fmt: skip
    parts = (json.dumps(made["header"]), json.dumps(claims), made["signature"])
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


def _written(table: dict[str, Any], answer: dict[str, Any], method: str, more: dict[str, str] | None = None) -> bytes:
    """An answer as it is sent, without its body where only the head was asked for."""
    body = answer["body"].encode()
    headers = {**table["headers"], "Content-Type": answer["content_type"], "Content-Length": str(len(body)),
               "Connection": "close", **(more or {})}  # fmt: skip
    status = answer["status"]
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Answer')}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body if method != "HEAD" else b"")
