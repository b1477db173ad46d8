"""How a platform's router treats the requests of a service: headers, error pages, limits."""

from enum import StrEnum

from .record import Record


class HeaderMode(StrEnum):
    """What becomes of a header that a message already carries under that name."""

    SET = "set"
    """It is replaced."""
    APPEND = "append"
    """It stays, and the value is added to its end after a comma."""
    DEFAULT = "default"
    """It stays as it is."""


class Header(Record, frozen=True, kw_only=True):
    """A header that the router puts on a message.

    The value may hold placeholders: `{client}` the client's address, `{host}` the Host it asked for, `{unix_us}`,
    `{unix_ms}` and `{unix_s}` the time, `{hex:A:B}` the digits A to B of 48 random hexadecimal digits that are
    the same for one request and its answer, `{decimal:A:B}` those digits as a decimal number, `{was:NAME}` what the
    message carried under NAME. Where NAME is not there the header is left out; `{was:NAME:TEXT}` is TEXT then.
    """

    name: str
    value: str
    mode: HeaderMode = HeaderMode.SET


class Page(Record, frozen=True, kw_only=True):
    """An answer of the router's own. Values of headers and the body may hold the placeholders of a `Header`."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[Header, ...] = ()
    bare: bool = False
    """Whether it goes without the headers that the router puts on answers."""


class Reserved(Record, frozen=True, kw_only=True):
    """Paths that the router keeps for itself, and what it answers there.

    A path is compared as it was sent, without its query; one that ends in `*` stands for all that begin like it.
    """

    paths: tuple[str, ...]
    page: Page


class SizeLimit(Record, frozen=True, kw_only=True):
    """How large a message may be, and what is answered where it is larger."""

    max_bytes: int
    page: Page


class Router(Record, frozen=True, kw_only=True):
    """What a platform's router in front of a service does beside passing requests on."""

    request_headers: tuple[Header, ...] = ()
    response_headers: tuple[Header, ...] = ()
    """On pages as well, but for those with a `{was:…}`: there is no answer that they could speak of."""
    private_cookies: bool = False
    """Whether an answer that sets a cookie is kept from shared caches (`Cache-Control: private`), unless it forbids
    them by itself."""
    no_instance: Page = Page(status=502, body="emu: nothing is live here at the moment\n")
    saturated: Page | None = None
    """Where a request waited for too long for an instance, and no more may be started; None: `no_instance`."""
    unready: Page | None = None
    """Where a probe keeps all instances from getting requests."""
    unstarted: Page | None = None
    """Where the instance that the request waited for could not start."""
    refused: Page = Page(status=502, body="emu: the service does not accept connections\n")
    reset: Page = Page(status=502, body="emu: the service closed the connection without an answer\n")
    invalid: Page = Page(status=502, body="emu: what the service answered is not HTTP/1.1\n")
    timed_out: Page = Page(status=504, body="emu: the service did not answer in time\n")
    request_timeout_s: float | None = None
    """From a request's head to the end of its answer; None: no limit."""
    upgrade_timeout_s: float | None = None
    """The same for a connection that was upgraded (WebSocket)."""
    connect_timeout_s: float = 5.0
    """After that an instance counts as one that refuses."""
    reserved: Reserved | None = None
    asleep: Reserved | None = None
    """What it answers by itself while the instances sleep, without waking them."""
    not_woken: Page | None = None
    """What a request gets that waited for them in vain; None: what one gets where nothing is live."""
    request_limit: SizeLimit | None = None
    """Of a request's body, in HTTP/1."""
    response_limit: SizeLimit | None = None
    """Of an answer that announces its length, its head included; one in chunks may be of any size."""
    hides_leaving: bool = False
    """Whether an instance that has a whole request is left to answer it although its client is gone, or the time is
    over."""
    max_head_bytes: int = 32 * 1024
    """A request whose head is longer is refused with 431."""
    refused_methods: tuple[str, ...] = ()
    """Methods that do not reach the service, besides CONNECT, which never does."""
    http2: bool = False
    """Whether the service is spoken to in HTTP/2 without TLS. Connections of clients that do so are passed on as they
    are, without headers and limits; requests of others only to instances that do speak HTTP/2."""
