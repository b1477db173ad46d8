"""What lies near a path that is not there."""

from pathlib import Path

import pytest

from emulator.edge.near import near_path


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("service.yml", "service.yaml"), ("srvices/api.env", "services/api.env"), ("qqq", None), ("srvices/none", None)],
)
def test_the_path_that_was_probably_meant(tmp_path: Path, asked: str, meant: str | None) -> None:
    """Called almost so in the same folder, or the same name in a folder called almost so."""
    (tmp_path / "services").mkdir()
    (tmp_path / "service.yaml").touch()
    (tmp_path / "services" / "api.env").touch()
    expected = str(tmp_path / meant) if meant else None
    assert near_path(str(tmp_path / asked)) == expected


def test_a_path_that_no_file_can_have(tmp_path: Path) -> None:
    """Nothing is near it, and nothing fails."""
    assert near_path("a\0b/c") is None
    assert near_path("") is None
    assert near_path(str(tmp_path / ("x" * 5000))) is None
