"""Deploys of a site of files on a fake engine: live without a process, kept when a build fails, gone at the end."""

import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from emulator.model.event import (
    BuildFailed,
    BuildFinished,
    BuildStarted,
    ContainerStarted,
    DeployFailed,
    Live,
    Published,
    TrafficMoved,
    VerdictKind,
)
from emulator.model.lifecycle import Lifecycle
from emulator.model.plan import Build, BuildKind, Command
from emulator.model.static import Static
from emulator.world.front import PublishedSite
from tests.emulator.engine.test_service_run import Bench, wait_for

SITE = {
    "type": "static", "static": Static(folder="/src/dist"), "port": None, "lifecycle": Lifecycle(),
    "build": Build(kind=BuildKind.STATIC, runtime="static", publish="dist", command="make", context=".",
                   generated_dockerfile="FROM scratch\n"),
    "command": Command(argv=None, form="none", text=None, source="x"),
}  # fmt: skip


class FakeSite:
    """Published files, and how often they are served."""

    files, size = 3, 30

    def __init__(self, image: str, served: list[str]) -> None:
        self.image = image
        self._served = served

    def serve(self, static: Static, url_of: Callable[[str], str | None]) -> "FakeServed":
        assert url_of("other") is None
        assert static.folder == "/src/dist"
        self._served.append(self.image)
        return FakeServed(self.image, self._served)


class FakeServed:
    def __init__(self, image: str, served: list[str]) -> None:
        self.image = image
        self._served = served

    @property
    def address(self) -> tuple[str, int]:
        return self.image, 80

    def close(self) -> None:
        self._served.remove(self.image)


class SiteBench(Bench):
    """there: whether the next build makes the folder. served: the images whose files are served."""

    def __init__(self) -> None:
        super().__init__()
        self.there = True
        self.served: list[str] = []
        self.published = threading.Event()
        self.docker.folders_there = lambda image, paths, labels: tuple(p for p in paths if p == "/src/build")  # type: ignore[attr-defined]

    def _publish(self, image: str, path: str, labels: Mapping[str, str]) -> PublishedSite | None:
        assert path == "/src/dist"
        return FakeSite(image, self.served) if self.there else None


@pytest.fixture
def bench() -> Iterator[SiteBench]:
    one = SiteBench()
    yield one
    one.end()
    assert one.problems == []
    assert one.served == []


def test_site_is_told_from_its_build_to_live(bench: SiteBench) -> None:
    """No container is started; it is reachable before anybody hears that it is live."""
    decided = bench.made(1, **SITE)
    kinds = [type(one) for one in bench.story]
    assert kinds == [BuildStarted, Published, BuildFinished, tuple, TrafficMoved, Live]
    assert (decided.verdict.verdict, decided.verdict.reason) == (VerdictKind.LIVE, "shop is live, with 3 files")
    [published] = bench.of(Published)
    assert (published.path, published.files, published.size_bytes, published.deploy) == ("dist", 3, 30, 1)
    [live] = bench.of(Live)
    assert (live.url, bench.docker.started) == (bench.front.url, [])
    [instance] = bench.run.instances()
    assert (instance.container, instance.role) == ("", "serving")


def test_new_deploy_takes_the_place_of_the_old_one(bench: SiteBench) -> None:
    """Whose files are served no more."""
    bench.made(1, **SITE)
    [first] = bench.front.addresses
    bench.made(2, **SITE)
    [second] = bench.front.addresses
    assert first != second
    wait_for(lambda: bench.served == [second[0]])


def test_failed_build_keeps_the_last_good_one(bench: SiteBench) -> None:
    """A folder that is not there, or a step that fails: requests go where they went."""
    bench.made(1, **SITE)
    before = bench.front.addresses
    bench.there = False
    decided = bench.made(2, **SITE)
    assert decided.verdict.verdict is VerdictKind.BUILD_FAILED
    assert decided.verdict.cause is not None
    assert decided.verdict.cause.code == "build/no-publish-folder"
    assert decided.verdict.cause.facts == ("after `make`", "there is build")
    [failed] = bench.of(BuildFailed)
    assert (failed.code, len(bench.of(BuildFinished))) == ("no-publish-folder", 1)
    [told] = bench.of(DeployFailed)
    assert (told.still_live, told.phase, bench.front.addresses) == (1, "build", before)
    assert bench.of(ContainerStarted) == []


def test_image_of_an_earlier_deploy_is_published_again(bench: SiteBench) -> None:
    """A rollback builds nothing."""
    bench.made(1, **SITE)
    release = bench.run.release(1)
    assert release is not None
    bench.made(2, **SITE)
    bench.run.deploy(release.job._replace(deploy=3, image=release.image.id))
    bench.verdict(3)
    assert bench.front.addresses == ((release.image.id, 80),)
    assert len(bench.of(BuildStarted)) == 2
