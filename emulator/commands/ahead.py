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


class Latest:
    """Work that is done in a thread of its own, beside everything else, for the newest number that it was asked for:
    what came before is not worth it any more."""

    def __init__(self, work: Callable[[int], object]) -> None:
        self._work = work
        self._wanted: int | None = None
        self._is_at_work = False
        self._lock = threading.Lock()

    def ask(self, number: int) -> None:
        with self._lock:
            self._wanted = number
            if self._is_at_work:
                return
            self._is_at_work = True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                number, self._wanted = self._wanted, None
                self._is_at_work = number is not None
            if number is None:
                return
            self._work(number)
