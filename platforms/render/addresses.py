"""Host names and IP ranges in a mapping of render.yaml: `domains`, `domain`, `ipAllowList`."""

from emulator.formats.yaml import Mapping, Scalar, Sequence
from emulator.model.diagnostic import warning

from . import rules
from .declarations import Value
from .reading import Notes, text_of


def check_addresses(node: Mapping, notes: Notes, *, service: str | None = None) -> None:
    """Say which domains are no host names, which stand twice, and which sources are no addresses."""
    seen: set[str] = set()
    for domain in _domains(node):
        doubt = "is written twice" if domain.text in seen else _no_host(domain.text)
        seen.add(domain.text)
        if doubt:
            notes.found.append(
                warning(
                    "render/domain", f"the domain {domain.text} {doubt}", origin=domain.origin, service=service,
                    rule=rules.DOMAINS.id, help="write host names alone, each once: shop.example.com",
                )
            )  # fmt: skip
    listed = node.get("ipAllowList")
    for item in listed.items if isinstance(listed, Sequence) else ():
        source = text_of(item, "source") if isinstance(item, Mapping) else None
        if source is not None and not _is_network(source.text.strip()):
            notes.say(
                "render/ip-source", f"{source.text!r} is no IP address and no range of them", source.origin,
                service=service, rule=rules.IP_SOURCES.id, help="write an address or a CIDR range: 203.0.113.0/24",
            )  # fmt: skip


def _domains(node: Mapping) -> list[Value]:
    listed, single = node.get("domains"), text_of(node, "domain")
    items = [item for item in listed.items if isinstance(item, Scalar)] if isinstance(listed, Sequence) else []
    return [*(Value(item.text, item.origin) for item in items), *([single] if single else [])]


def _no_host(domain: str) -> str:
    if "://" in domain or "/" in domain:
        return "is no host name: it has a scheme or a path"
    return "is no host name" if " " in domain or "." not in domain else ""


def _is_network(text: str) -> bool:
    from ipaddress import ip_network

    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
