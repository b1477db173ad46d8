"""Names that Render makes of a service's name: in host names, and as identifiers. The same for the same repository."""

import zlib


def slug(name: str) -> str:
    """A service's name as it stands in host names."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    return "-".join(part for part in kept.split("-") if part) or "service"


def letters(seed: str, count: int) -> str:
    """`count` letters of an identifier, the same for the same seed. Not for secrets: a checksum,
    since importing hashlib costs more than the rest of a plan."""
    sums = (zlib.crc32(f"{position}/{seed}".encode()) for position in range(count))
    return "".join("0123456789abcdefghijklmnopqrstuv"[checksum % 32] for checksum in sums)
