"""HTTP and TCP as a platform's prober speaks them, on this machine's own network."""

from collections.abc import Mapping
from typing import Any, cast

from emulator.world import HttpAnswer, HttpProblem


class SocketHttp:
    """An `HttpDoor` for what can be reached from here."""

    def request(
        self,
        method: str,
        host: str,
        port: int,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpAnswer:
        """Ask by HTTP/1.1 and report what came of it within `timeout_s`."""
        from . import prober

        return as_answer(prober.ask(method, (host, port), path, dict(headers or {}), timeout_s=timeout_s))

    def connects(self, host: str, port: int, timeout_s: float = 1.0) -> HttpProblem | None:
        """Whether a TCP connection can be opened: None when it can, else why not."""
        from . import prober

        return cast("HttpProblem | None", prober.connects((host, port), timeout_s=timeout_s))


def as_answer(told: Mapping[str, Any]) -> HttpAnswer:
    """What the prober tells, as our value."""
    return HttpAnswer(
        status=told["status"],
        seconds=told["seconds"],
        error=told["error"],
        detail=told["detail"],
        headers=told["headers"],
        body=told["body"],
    )
