"""The way to an engine: which one it is, asking it, and knowing whether it answers.

The SDK's low-level client is used throughout: it sends what it is given and nothing of its own (the high-level
one adds proxies from the user's settings to every container).
"""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from emulator.engine.docker_facts import engine_facts
from emulator.engine.host_problems import silent_problem
from emulator.model.diagnostic import HostError
from emulator.world.docker import EngineFacts

from .docker_errors import asking
from .host import Endpoint
from .pulse import Pulse, answer, api_version, can_ask

T = TypeVar("T")

ANSWERS_WITHIN_S = 10.0
"""How long an engine that takes connections may take until it says something; a busy machine's takes a while."""
_TIMEOUT_S = 60


class Connected:
    """An engine that can be asked. Connects when first asked."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client: Any = None
        self._facts: EngineFacts | None = None
        self._lock = threading.Lock()
        self._pulse: Pulse | None = None

    def facts(self) -> EngineFacts:
        if self._facts is None:
            info = self._ask("asking what it is", lambda api: api.info())
            self._facts = engine_facts(
                info,
                api=self._api().api_version,
                endpoint=self.endpoint.url,
                same_machine=self._is_here(info),
            )
        return self._facts

    def _is_here(self, info: Mapping[str, Any]) -> bool:
        """Whether the engine runs on this very Linux machine: a socket may also lead into a virtual machine, out of a
        container, or through a tunnel."""
        here = os.uname()
        same = (info.get("Name"), info.get("KernelVersion")) == (here.nodename, here.release)
        return same and self.endpoint.socket is not None and here.sysname == "Linux"

    def ping(self) -> None:
        self._ask("asking whether it is there", lambda api: api.ping())

    def close(self) -> None:
        self._end_pulse()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _end_pulse(self) -> None:
        with self._lock:
            pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.close()

    def watch_pulse(self, on_change: Callable[[bool, float], None]) -> None:
        if self._pulse is None and can_ask(self.endpoint):
            self._pulse = Pulse(self.endpoint, on_change)

    @property
    def is_silent(self) -> bool:
        return self._pulse is not None and self._pulse.is_silent

    def _api(self) -> Any:
        """The SDK's client, made once. Where it is known by its pulse that the engine hangs, what it was asked is
        waited for: it does it when it goes on."""
        with self._lock:
            if self._client is None:
                patient = self._pulse is not None and self.endpoint.socket is not None
                self._client = connect(self.endpoint, timeout_s=None if patient else _TIMEOUT_S)
            return self._client

    def _ask(self, during: str, question: Callable[[Any], T]) -> T:
        """Ask the engine. Raises HostError for whatever it, or the way to it, makes of the question."""
        with asking(self.endpoint.url, during):
            return question(self._api())

    def _ask_of(self, during: str, question: Callable[[Any], T]) -> T | None:
        """The same of something that may be gone: None when it is."""
        from docker.errors import NotFound

        with asking(self.endpoint.url, during):
            try:
                return question(self._api())
            except NotFound:
                return None


def connect(endpoint: Endpoint, *, timeout_s: int | None = _TIMEOUT_S) -> Any:
    """The SDK's client for an endpoint, at the API version both know. timeout_s: how long an answer is waited for.
    Raises HostError also where the engine takes a connection and says nothing."""
    with asking(endpoint.url, "connecting to it"):
        version = None
        if can_ask(endpoint):
            try:
                version = api_version(answer(endpoint, ANSWERS_WITHIN_S))
            except TimeoutError as problem:
                raise HostError(silent_problem(ANSWERS_WITHIN_S, endpoint.url)) from problem
            except OSError:
                if endpoint.socket is not None:  # the SDK wraps a missing socket in three layers, and leaks one
                    raise
        from docker import APIClient
        from docker.tls import TLSConfig

        tls: Any = False
        if endpoint.tls:
            pair = (endpoint.cert, endpoint.key) if endpoint.cert and endpoint.key else None
            tls = TLSConfig(client_cert=pair, ca_cert=endpoint.ca, verify=endpoint.verify)
        timeout: Any = timeout_s  # None, which the SDK's types do not know, waits for ever
        client = APIClient(
            base_url=endpoint.url, version=version or "auto", tls=tls, timeout=timeout,
            use_ssh_client=endpoint.url.startswith("ssh://"),
        )  # fmt: skip
        if endpoint.socket is not None:  # no proxy leads to a socket: looking for one in the environment at each
            client.trust_env = False  # question is a quarter of what a question costs here
        return client
