"""The engine that `emu` itself would use, for benchmarks that look into it."""

import contextlib
import os
from collections.abc import Iterator

from docker import DockerClient
from docker.tls import TLSConfig

from emulator.edge.host import resolve_endpoint


@contextlib.contextmanager
def connected() -> Iterator[DockerClient]:
    found = resolve_endpoint(os.environ)
    pair = (found.cert, found.key) if found.cert and found.key else None
    tls = TLSConfig(client_cert=pair, ca_cert=found.ca, verify=found.verify) if found.tls else False
    client = DockerClient(base_url=found.url, tls=tls, timeout=120)
    try:
        yield client
    finally:
        client.close()
