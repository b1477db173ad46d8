"""Who takes the answer to a request whose client is not there any more: nobody, and the instance is not told."""

from typing import TYPE_CHECKING

from emulator.engine.http_head import ResponseHead

if TYPE_CHECKING:
    from .proxy_core import Core, Rules
    from .proxy_pool import Backend, Group
    from .proxy_upstream import Upstream


class Absent:
    """Stands in for a client at the connection to an instance, as long as that one answers. It has said all."""

    said_all = True
    idempotent = False
    unwrap = False
    may_upgrade = False
    congested = False

    def __init__(self, core: "Core", upstream: "Upstream", group: "Group", rules: "Rules", *, asked_head: bool) -> None:
        self._core = core
        self._rules = rules
        self.group = group
        self.asked_head = asked_head
        self.upstream: Upstream | None = upstream
        upstream.client = self
        core.absent.add(self)
        upstream.resume()

    def close(self) -> None:
        """End the connection to the instance."""
        if self.upstream is not None:
            self.upstream.abandon()
        self._core.absent.discard(self)

    def read_response(self, head: bytes) -> ResponseHead:
        """Raises BadHead."""
        return self._rules.reader.response(head, False)

    def answer_complete(self) -> None:
        self._core.absent.discard(self)

    cut_off = answer_complete

    def failed(self, kind: str, backend: "Backend", *, untried: bool, again: bool) -> None:
        del kind, backend, untried, again
        self._core.absent.discard(self)

    def tunnel_ended(self, problem: OSError | None) -> None:
        del problem
        self._core.absent.discard(self)

    def begin_answer(self, response: ResponseHead, length: int, body: bytes) -> None:
        """Nobody hears it."""

    def begin_tunnel(self, response: ResponseHead) -> None:
        """Nobody may."""

    def interim(self, response: ResponseHead) -> None:
        """Nobody hears it."""

    def respond(self, data: bytes) -> None:
        """Nobody hears it."""

    def connected(self) -> None:
        """It was before."""

    def resume(self) -> None:
        """Nobody has to be waited for."""
