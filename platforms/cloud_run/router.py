"""What Google's front end does to the requests of a service: its headers, its pages, its limits, its own paths."""

from emulator.model.choice import ABSENT, Candidate, Setting, Trace, choose
from emulator.model.router import Header, HeaderMode, Page, Reserved, Router, SizeLimit

from . import rules
from .manifest import ContainerSpec, ServiceSpec

DEFAULT_TIMEOUT_S = 300
MOST_BYTES = 32 * 1024 * 1024

_TRACE, _SPAN = "{hex:0:32}", "{hex:32:48}"

_REQUEST_HEADERS = (
    Header(name="X-Forwarded-For", value="{client}", mode=HeaderMode.APPEND),
    Header(name="X-Forwarded-Proto", value="https"),
    Header(name="Forwarded", value='for="{client}";proto=https', mode=HeaderMode.APPEND),
    Header(name="X-Cloud-Trace-Context", value=f"{_TRACE}/{{decimal:32:48}};o=1"),
    Header(name="Traceparent", value=f"00-{_TRACE}-{_SPAN}-01"),
)
"""Rule cloud-run/request-headers."""

_RESPONSE_HEADERS = (
    Header(name="x-cloud-trace-context", value=f"{_TRACE};o=1"),
    Header(name="server", value="Google Frontend"),
)
"""Rule cloud-run/response-headers."""

_ABORTED = "The request was aborted because there was no available instance.\n"
_NO_INSTANCE = Page(status=500, body=_ABORTED)
_SATURATED = Page(status=429, body=_ABORTED)
_UNREADY = Page(status=503, body="The request failed because the instance failed the readiness check.\n")
_UNSTARTED = Page(status=500, body="The request failed because the instance could not start successfully.\n")
_UNUSABLE = Page(
    status=503,
    body=(
        "The request failed because either the HTTP response was malformed or connection to the instance had an error. "
        "Additional troubleshooting documentation can be found at: "
        "https://cloud.google.com/run/docs/troubleshooting#malformed-response-or-connection-error\n"
    ),
)
_TIMED_OUT = Page(
    status=504,
    body=(
        "The request has been terminated because it has reached the maximum request timeout. To change this limit, see "
        "https://cloud.google.com/run/docs/configuring/request-timeout\n"
    ),
)
"""Rule cloud-run/error-answers."""

_RESERVED = Reserved(
    paths=("/_ah/*", "/eventlog", "/healthz"),
    page=Page(
        status=404,
        body="<title>Error 404 (Not Found)!!1</title>\n<!-- emu: Google keeps this path for itself -->\n",
        content_type="text/html; charset=UTF-8",
        bare=True,
    ),
)
"""Rule cloud-run/reserved-paths."""

_REQUEST_LIMIT = SizeLimit(
    max_bytes=MOST_BYTES,
    page=Page(status=413, body="emu: a request's body in HTTP/1 may have 32 MiB at most\n"),
)
_RESPONSE_LIMIT = SizeLimit(
    max_bytes=MOST_BYTES,
    page=Page(status=500, body="Response size was too large. Please consider reducing response size.\n"),
)
"""Rules cloud-run/request-size and response-size."""


def router_of(spec: ServiceSpec, ingress: ContainerSpec, timeout_s: float, trace: Trace) -> Router:
    """What stands before a service whose requests `ingress` takes."""
    http2 = _speaks_http2(spec, ingress, trace)
    trace.note(
        f"{spec.name}.edge", "Which scheme and host does the app see?", "https, and the host that the client asked for",
        "Google's front end ends TLS and says https in X-Forwarded-Proto; Host is left as it was sent here",
        rule=rules.REQUEST_HEADERS,
    )  # fmt: skip
    return Router(
        request_headers=_REQUEST_HEADERS,
        response_headers=_RESPONSE_HEADERS,
        private_cookies=True,
        no_instance=_NO_INSTANCE,
        saturated=_SATURATED,
        unready=_UNREADY,
        unstarted=_UNSTARTED,
        refused=_UNUSABLE,
        reset=_UNUSABLE,
        invalid=_UNUSABLE,
        timed_out=_TIMED_OUT,
        request_timeout_s=timeout_s,
        upgrade_timeout_s=timeout_s,
        reserved=_RESERVED,
        request_limit=None if http2 else _REQUEST_LIMIT,
        response_limit=None if http2 else _RESPONSE_LIMIT,
        hides_leaving=True,
        refused_methods=("TRACE",),
        http2=http2,
    )


def request_timeout(spec: ServiceSpec, trace: Trace) -> int:
    """Seconds a request may take; a number that is out of range is an error elsewhere."""
    written = spec.timeout_s
    default = Candidate(
        DEFAULT_TIMEOUT_S, source="default", because="no timeoutSeconds is set", rule=rules.REQUEST_TIMEOUT,
        shown=f"{DEFAULT_TIMEOUT_S} s",
    )  # fmt: skip
    setting: Setting[int] | None = choose(
        trace, f"{spec.name}.request-timeout", "How long may a request take?",
        Candidate(written.value if written else ABSENT, source=spec.source, because="timeoutSeconds says so",
                  rule=rules.REQUEST_TIMEOUT, origin=written.origin if written else None,
                  shown=f"{written.value} s" if written else None, absent="no timeoutSeconds is set"),
        *([] if written else [default]),
    )  # fmt: skip
    assert setting is not None
    return setting.value


def _speaks_http2(spec: ServiceSpec, ingress: ContainerSpec, trace: Trace) -> bool:
    name = ingress.port_name
    h2c = name is not None and name.text == "h2c"
    default = Candidate("HTTP/1.1", source="default", because="the port is not called h2c", rule=rules.HTTP2)
    choose(
        trace, f"{spec.name}.protocol", "What is the container spoken to in?",
        Candidate("HTTP/2 without TLS" if h2c else ABSENT, source=spec.source, because="the port is called h2c",
                  rule=rules.HTTP2, origin=name.origin if name else None, absent="the port is not called h2c"),
        *([] if h2c else [default]),
    )  # fmt: skip
    return h2c
