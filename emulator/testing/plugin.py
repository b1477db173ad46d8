"""The pytest plugin: `emu_up` brings a repository up as its platform would, for a test or for a whole run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .running import Up

__tracebackhide__ = True
StartUp = Callable[..., Up]
"""Takes what `Up` takes."""


@pytest.fixture
def emu_up() -> Iterator[StartUp]:
    """Start a repository; what was started ends with the test.

        def test_it_answers(emu_up):
            up = emu_up("services/shop", platform="NAME")
            assert httpx.get(up.url + "/health").status_code == 200
    """
    yield from _started()


@pytest.fixture(scope="session")
def emu_up_session() -> Iterator[StartUp]:
    """The same for the whole run. One that is asked for again with the same words is the one that is there."""
    yield from _started(shared=True)


def _started(*, shared: bool = False) -> Iterator[StartUp]:
    known: dict[str, Up] = {}
    with ExitStack() as stack:

        def start(*words: Any, **settings: Any) -> Up:
            key = repr((words, sorted(settings.items())))
            if not shared or key not in known:
                known[key] = stack.enter_context(Up(*words, **settings))
            return known[key]

        yield start
