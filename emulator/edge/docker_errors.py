"""Whatever the SDK raises becomes a HostError."""

import contextlib
from collections.abc import Iterator
from typing import Any

from emulator.engine.host_problems import host_problem
from emulator.model.diagnostic import Fault, HostError


@contextlib.contextmanager
def asking(endpoint: str, during: str) -> Iterator[None]:
    """Do something with the engine. `during` says what, for the message: "starting a container"."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (DockerException, RequestException, HTTPError, OSError) as problem:
        diagnostic = host_problem(words_of(problem), endpoint=endpoint, during=during)
        raise HostError(diagnostic, exit_code=1 if diagnostic.fault is Fault.APP else 3) from problem


def words_of(problem: BaseException) -> str:
    """What the engine said, or, where it said nothing, what broke the connection, with its kind."""
    explanation: Any = getattr(problem, "explanation", None)
    if isinstance(explanation, bytes):
        explanation = explanation.decode("utf-8", "replace")
    return str(explanation or f"{type(problem).__name__}: {problem}")
