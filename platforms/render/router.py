"""What Render's edge does to the requests of a web service: its headers, its pages, its patience.

Every value here is the same for all services, so that a plan costs nothing for it.
"""

from emulator.model.choice import Trace
from emulator.model.diagnostic import Diagnostic, Fault, info
from emulator.model.record import replace
from emulator.model.router import Header, HeaderMode, Page, Reserved, Router

from . import rules
from .declarations import ServiceSpec
from .environment import external_host
from .plans import is_free

RESPONSE_LIMIT_S = 6000

_CDN, _BALANCER = "172.71.0.1", "10.17.0.1"
"""Addresses like those that stand behind the client's in logs."""

_REQUEST_ID = "{hex:0:8}-{hex:8:12}-{hex:12:16}"
_RAY = "{hex:16:32}-SEA"

_REQUEST_HEADERS = (
    Header(name="x-forwarded-for", value=f"{{client}}, {_CDN}, {_BALANCER}", mode=HeaderMode.APPEND),
    Header(name="x-forwarded-proto", value="https"),
    Header(name="true-client-ip", value="{client}"),
    Header(name="cf-connecting-ip", value="{client}"),
    Header(name="cf-ipcountry", value="XX"),
    Header(name="cf-ray", value=_RAY),
    Header(name="cf-visitor", value='{"scheme":"https"}'),
    Header(name="cdn-loop", value="cloudflare; loops=1", mode=HeaderMode.APPEND),
    Header(name="rndr-id", value=_REQUEST_ID),
    Header(name="render-proxy-ttl", value="4"),
    Header(name="x-request-start", value="{unix_us}"),
)
"""Rule render/edge-request-headers."""

_RESPONSE_HEADERS = (
    Header(name="rndr-id", value=_REQUEST_ID),
    Header(name="x-render-origin-server", value="{was:server:Render}"),
    Header(name="server", value="cloudflare"),
    Header(name="cf-ray", value=_RAY),
    Header(name="cf-cache-status", value="DYNAMIC"),
)
"""Rule render/edge-response-headers."""

_PAGE = """\
<title>502</title>
<h1>Bad Gateway</h1>
<div>This service is currently unavailable. Please try again in a few minutes.</div>
<!-- emu: {} -->
"""


_MAINTENANCE = Page(
    status=503,
    body="<title>503</title>\n<h1>Maintenance</h1>\n<!-- emu: maintenanceMode is enabled -->\n",
    content_type="text/html; charset=utf-8",
)


def local_name(spec: ServiceSpec) -> str | None:
    """Where its public name would lead: the same, under localhost."""
    return f"{external_host(spec).removesuffix('.com')}.localhost" if spec.kind in "WS" else None


def in_maintenance(spec: ServiceSpec) -> bool:
    """Whether no public request reaches it (rule render/maintenance-mode)."""
    enabled = (spec.maintenance or {}).get("enabled")
    return spec.kind == "W" and enabled is not None and enabled.is_true


def maintenance_told(spec: ServiceSpec) -> list[Diagnostic]:
    """Why a service that is live answers nobody."""
    if not in_maintenance(spec):
        return []
    rule = rules.MAINTENANCE
    return [
        info(
            "render/maintenance", f"{spec.name} is in maintenance mode: it runs, and every public request gets a 503",
            fault=Fault.APP, service=spec.name, origin=spec.keys.get("maintenanceMode", spec.origin), rule=rule.id,
            url=rule.url, help="set maintenanceMode.enabled to false",
        )
    ]  # fmt: skip


def router_of(spec: ServiceSpec, trace: Trace) -> Router | None:
    """What stands before a web service or a static site; nothing does before the others."""
    if spec.kind == "S":
        return _SITE
    if spec.kind != "W":
        return None
    trace.note(
        f"{spec.name}.edge", "Which scheme and host does the app see?", "https, and the host that the client asked for",
        "Render's edge ends TLS and says https in X-Forwarded-Proto; Host is left as it was sent here",
        rule=rules.EDGE_REQUEST_HEADERS,
    )  # fmt: skip
    router = _FREE if is_free(spec) else _PAID
    return replace(router, reserved=Reserved(paths=("*",), page=_MAINTENANCE)) if in_maintenance(spec) else router


def _router(unreachable: str) -> Router:
    """`unreachable`: why the edge says it could not pass a request on, when a deploy is live."""
    return Router(
        request_headers=_REQUEST_HEADERS,
        response_headers=_RESPONSE_HEADERS,
        no_instance=_page("no-deploy", "no deploy of the service is live"),
        refused=_page(unreachable, "the service does not accept connections"),
        reset=_page(unreachable, "the service closed the connection without an answer"),
        invalid=_page(unreachable, "what the service answered is not HTTP/1.1"),
        timed_out=Page(status=524, body=f"emu: the answer took longer than {RESPONSE_LIMIT_S // 60} minutes\n"),
        request_timeout_s=RESPONSE_LIMIT_S,
    )


def _page(routing: str, why: str) -> Page:
    """Rules render/edge-unreachable and edge-routing-header."""
    header = Header(name="x-render-routing", value=routing)
    return Page(status=502, body=_PAGE.format(why), content_type="text/html; charset=utf-8", headers=(header,))


_PAID = _router("dynamic-paid-error")
_FREE = replace(
    _router("dynamic-free-error"),
    asleep=Reserved(paths=("/robots.txt",), page=Page(status=200, body="User-agent: *\nDisallow: /\n")),
    not_woken=Page(status=503, headers=(Header(name="x-render-routing", value="hibernate-wake-error"),)),
)
"""Rule render/free-spin-down."""
_SITE = Router(
    response_headers=tuple(header for header in _RESPONSE_HEADERS if header.name != "cf-cache-status"),
    no_instance=_page("no-deploy", "no deploy of the site is live"),
)
"""Nothing is cached here, so nothing is said of a cache."""
