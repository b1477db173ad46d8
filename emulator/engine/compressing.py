"""Which answers of a site go compressed. Pure."""

import re
from collections.abc import Mapping

_Q = re.compile(r"\bq=([^;]*)")
LEAST, MOST = 48, 64 * 1024 * 1024
"""Bytes: below, compressing gains nothing; above, it would be done in one's memory."""


def wants_gzip(headers: Mapping[str, str]) -> bool:
    """Whether a client takes gzip. headers: of the request, names in lower case."""
    weights: dict[str, float] = {}
    for one in headers.get("accept-encoding", "").lower().split(","):
        name, _, more = one.partition(";")
        said = _Q.search(more)
        weights[name.strip()] = _number(said[1]) if said else 1.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
