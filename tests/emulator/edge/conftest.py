"""Repositories in temporary directories, a machine without git configuration, and the ways to ask for health."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.edge.git_repositories import Repo
from tests.emulator.edge.grpc_asking import Asker, asker


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "shop").init()


@pytest.fixture(scope="session", params=["socket", "helper"])
def ask(request) -> Iterator[Asker]:
    """By gRPC, straight and through a helper: what is true of one is true of the other."""
    with asker(request.param) as found:
        yield found
