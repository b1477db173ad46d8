"""Durations and counts of HEALTHCHECK, as Go reads them."""

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_MAX = 2**63 - 1


def nanoseconds(text: str) -> int | None:
    """A duration such as 1m30s or 1.5h; None when Go would not read it."""
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        return None
    total = 0
    while rest:
        digits = _leading(rest, "0123456789")
        after = rest[len(digits) :]
        fraction = ""
        if after.startswith("."):
            fraction = _leading(after[1:], "0123456789")
            after = after[1 + len(fraction) :]
        unit = after[: len(after) - len(after.lstrip("nuµμmsh"))]
        if not (digits or fraction) or unit not in _UNITS or len(digits) > 19:
            return None
        total += int(digits or 0) * _UNITS[unit]
        total += int((fraction[:18] or "0").ljust(18, "0")) * _UNITS[unit] // 10**18
        rest = after[len(unit) :]
        if total > _MAX:
            return None
    return sign * total


def interval_problem(text: str) -> str | None:
    """What Docker would refuse about an interval; empty means the default."""
    value = nanoseconds(text) if text else 0
    if value is None:
        return f"{text} is not a duration"
    if value != 0 and value < _UNITS["ms"]:
        return f"{text} is shorter than a millisecond"
    return None


def retries_problem(text: str) -> str | None:
    """What Docker would refuse about a number of retries; empty means the default."""
    if not text:
        return None
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > 10 or int(digits) >= 2**31:
        return f"{text} is not a number"
    return f"{text} is negative" if text.startswith("-") and int(digits) else None


def _leading(text: str, characters: str) -> str:
    return text[: len(text) - len(text.lstrip(characters))]
