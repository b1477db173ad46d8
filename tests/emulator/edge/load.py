"""Clients that keep their connections and ask all the time, in a process of their own.

    python -m tests.emulator.edge.load PORT CLIENTS

asks until its input ends, then prints JSON: how many requests each client made, how many connections it needed, and
what was lost: every request that was not answered with 200 and a number that is not smaller than the one before.
"""

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

from tests.running_emu import CHECKOUT


class Load:
    """The process, from where it is wanted."""

    def __init__(self, port: int, clients: int) -> None:
        command = [sys.executable, "-m", "tests.emulator.edge.load", str(port), str(clients)]
        self._process = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "asking\n"

    def end(self) -> dict[str, Any]:
        """Stop asking; what came of it."""
        told, _ = self._process.communicate(timeout=20)
        assert self._process.returncode == 0
        return json.loads(told)


class Client:
    """Asks in one of four ways: without a body, with a short one, in chunks, with one that is passed on in pieces."""

    def __init__(self, port: int, number: int) -> None:
        self.requests = 0
        self.connections = 0
        self.lost: list[str] = []
        self._number = number
        self._newest = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self) -> None:
        self.requests += 1
        try:
            if self._connection.sock is None:
                self._connection.connect()
                self.connections += 1
            status, text = self._asked()
        except (OSError, http.client.HTTPException) as problem:
            self.lost.append(f"request {self.requests} of client {self._number}: {problem!r}")
            self._connection.close()
            return
        if status != 200 or int(text) < self._newest:
            self.lost.append(f"request {self.requests} of client {self._number}: {status} {text!r}")
        else:
            self._newest = int(text)

    def _asked(self) -> tuple[int, bytes]:
        path = f"/{self._number}/{self.requests}"
        match self._number % 4:
            case 0:
                self._connection.request("GET", path)
            case 1:
                self._connection.request("POST", path, body=b"x" * 10)
            case 2:
                self._connection.request("POST", path, body=_pieces(), encode_chunked=True)
            case 3:
                self._connection.request("PUT", path, body=b"z" * 100_000)
        response = self._connection.getresponse()
        return response.status, response.read()


def _pieces() -> Iterator[bytes]:
    yield from (b"y" * 100, b"y" * 2000)


def main(port: int, count: int) -> None:
    over = threading.Event()
    clients = [Client(port, number) for number in range(count)]

    def run(client: Client) -> None:
        while not over.is_set():
            client.ask()

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    print("asking", flush=True)
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    told = {
        "requests": [client.requests for client in clients],
        "connections": [client.connections for client in clients],
        "lost": [one for client in clients for one in client.lost],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
