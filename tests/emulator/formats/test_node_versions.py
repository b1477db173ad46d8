"""Which Node a version, an alias or a range means."""

import pytest

from emulator.formats.node_versions import newest


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("20", "20"), ("v20.11.1", "20.11.1"), ("=20.1.0", "20.1.0"), ("20.x", "20"), ("20.11.x", "20.11"),
        ("20.11", "20.11"), ("^20.3.0", "20"), ("~20.11.1", "20.11"), ("~20.11", "20.11"),
        (">=18 <21", "20"), (">=18.0.0 <=20.11.1", "20.11.1"), ("<20.11.0", "20.10"), ("<20.11.5", "20.11.4"),
        ("18 || 20", "20"), ("18.x || >=20.0.0 <21", "20"), ("18.20.4 - 20", "20"), ("^20.11.0 <20.12", "20.11"),
        ("lts/iron", "20"), ("lts/*", "26"), ("node", "26"), ("*", "26"), (">=18", "26"), (">20", "26"),
        ("foo", None), ("lts/-1", None), ("99", None), ("^18.0.0 <18", None), ("20 || nonsense", None), ("20;rm", None),
    ],
)  # fmt: skip
def test_a_range_is_as_exact_as_it_is_certain(text: str, version: str | None) -> None:
    """A line where its newest is meant, a version where a bound names it; None for what there is not."""
    assert newest(text) == version
