"""Work begun before it is asked for."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Work begun in a thread of its own, so that the build need not wait for it: what it imports and asks takes
    longer than a cached build."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._problem: BaseException | None = None
        self._result: list[T] = []
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._result.append(work())
        except BaseException as problem:  # noqa: BLE001 - raised again in `wait`, in the thread that asked
            self._problem = problem

    def wait(self) -> T:
        """What came of it, when it is done. Raises what it raised."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._result[0]
