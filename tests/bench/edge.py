"""The proxy in front of a service beside the service itself, side by side in one run.

Server, proxy and clients are processes of their own, all on one core where the system allows to choose it: so the
ratio says what the proxy costs and not how many cores are free. Clients are `wrk` where it is installed, else
sockets of this program; the server finds the same few bytes for all. Latencies are taken with one connection,
where each request waits for the answer before.
"""

import argparse
import contextlib
import json
import os
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

BODY = b'{"status": "healthy"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
ANSWERS = {(b"GET", b"/health"): ANSWER}
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
MOST_ADDED_MS = 0.5
LEAST_SHARE = 0.40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--all-cores", action="store_true", help="leave it to the system who runs where")
    parser.add_argument("--client", choices=("wrk", "own"), default="wrk" if shutil.which("wrk") else "own")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    parser.add_argument("--role", choices=("server", "proxy"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "server":
        serve()
    elif given.role == "proxy":
        stand_before(given.port)
    else:
        if not given.all_cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        with running("server") as direct, running("proxy", "--port", str(direct)) as through:
            report(given, {"direct": direct, "through the proxy": through})


def report(given: argparse.Namespace, ports: dict[str, int]) -> None:
    rate = rate_by_wrk if given.client == "wrk" else rate_by_sockets
    rates: dict[str, list[float]] = {name: [] for name in ports}
    latencies: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(given.runs):
        for name, port in ports.items():
            rates[name].append(rate(port, given.connections, given.seconds))
            latencies[name].append(median_latency_ms(port, given.seconds / 2))
    print(f"client: {given.client}, {given.connections} connections; medians of {given.runs} runs")
    for name in ports:
        print(f"{name:20}{statistics.median(rates[name]):9.0f} requests/s{statistics.median(latencies[name]):9.3f} ms")
    direct, through = ports
    share = statistics.median(b / a for a, b in zip(rates[direct], rates[through], strict=True))
    added = statistics.median(b - a for a, b in zip(latencies[direct], latencies[through], strict=True))
    print(f"share of the direct requests: {share:.0%} (at least {LEAST_SHARE:.0%})")
    print(f"added median latency: {added:.3f} ms (at most {MOST_ADDED_MS} ms)")
    if given.json:
        figures = {"requests_per_second": rates, "median_ms": latencies, "share": share, "added_ms": added}
        Path(given.json).write_text(json.dumps(figures, indent=1))
    sys.exit(share < LEAST_SHARE or added > MOST_ADDED_MS)


@contextlib.contextmanager
def running(role: str, *more: str) -> Iterator[int]:
    """A process of this program in a role; the port it says it listens on."""
    command = [sys.executable, __file__, "--role", role, *more]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.communicate("\n")


def serve() -> None:
    """Read a request line, look up its answer and write it: less than any server that serves."""
    import asyncio

    class Plain(asyncio.Protocol):
        rest = b""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.write = transport.write

        def data_received(self, data: bytes) -> None:
            self.rest += data
            while b"\r\n\r\n" in self.rest:
                head, _, self.rest = self.rest.partition(b"\r\n\r\n")
                method, path, _ = head.partition(b"\r\n")[0].split(b" ")
                self.write(ANSWERS.get((method, path), NOT_FOUND))

    async def until_told() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Plain, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        over = asyncio.Event()
        loop.add_reader(sys.stdin, over.set)
        await over.wait()

    asyncio.run(until_told())


def stand_before(port: int) -> None:
    """The proxy, with headers as a platform sets them."""
    from emulator.edge.proxy import Proxy
    from emulator.model.router import Header, HeaderMode, Router

    headers = (
        Header(name="X-Forwarded-For", value="{client}", mode=HeaderMode.APPEND),
        Header(name="X-Forwarded-Proto", value="https"),
    )
    front = Proxy(None, Router(request_headers=headers, request_timeout_s=300))
    front.target = ("127.0.0.1", port)
    print(front.port, flush=True)
    sys.stdin.readline()
    front.close()


def rate_by_wrk(port: int, connections: int, seconds: float) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", f"http://127.0.0.1:{port}/health"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said
    assert "Socket errors" not in said
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def rate_by_sockets(port: int, connections: int, seconds: float) -> float:
    """One request at a time on each connection."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(connect(port)) for _ in range(connections)]
        poll = stack.enter_context(contextlib.closing(select.epoll())) if hasattr(select, "epoll") else None
        by_fd = {sock.fileno(): sock for sock in socks}
        for sock in socks:
            if poll is not None:
                poll.register(sock.fileno(), select.EPOLLIN)
            sock.sendall(REQUEST)
        count, begun = 0, time.perf_counter()
        while (now := time.perf_counter()) < begun + seconds:
            for sock in ready(poll, by_fd, socks):
                take_answer(sock)
                sock.send(REQUEST)
                count += 1
        return count / (now - begun)


def ready(
    poll: "select.epoll | None", by_fd: dict[int, socket.socket], socks: Sequence[socket.socket]
) -> list[socket.socket]:
    if poll is None:
        return select.select(socks, (), ())[0]
    return [by_fd[fd] for fd, _ in poll.poll()]


def median_latency_ms(port: int, seconds: float) -> float:
    times = []
    with connect(port) as sock:
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            sock.send(REQUEST)
            take_answer(sock)
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def connect(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def take_answer(sock: socket.socket) -> None:
    said = sock.recv(65536)
    while not said.endswith(BODY):
        more = sock.recv(65536)
        assert more, said
        said += more
    assert said.startswith(b"HTTP/1.1 200 ")


if __name__ == "__main__":
    main()
