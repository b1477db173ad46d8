"""A service of another repository: its fields are checked, and nothing is said of files that are not its own."""

import pytest

from emulator.check import checked
from emulator.contract import Inputs
from emulator.model.plan import AutoDeploy
from emulator.snapshot import MappingSource, Repository, Snapshot
from platforms import render
from tests.platforms.render.planning import DETECTED, DOCKERFILE, REPOSITORY, codes, messages, plan, web

FILES = {"Dockerfile": DOCKERFILE}
OTHER = "runtime: docker\nrepo: https://github.com/octo/minio.git\n"


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
def test_files_of_this_repository_are_none_of_its(created_from):
    """No missing Dockerfile, no folder that is not there; one word that it is not read."""
    files = {"render.yaml": web(OTHER + "dockerfilePath: deploy/Dockerfile\nrootDir: minio\n"), **FILES}
    made = plan(files, created_from)
    assert codes(made) == ["render/other-repository"]
    assert made.diagnostics[0].fault == "gap"
    assert made.services[0].build.repository == "https://github.com/octo/minio.git"
    assert made.services[0].auto_deploy == AutoDeploy(off="it is built from another repository")


def test_its_fields_are_checked():
    """What the file itself says wrong stays wrong."""
    made = plan({"render.yaml": web(OTHER + "startCommand: x\nports: [1]\n"), **FILES}, "blueprint")
    assert codes(made, "error") == ["render/unknown-field", "render/docker-start-command"]


@pytest.mark.parametrize(
    "url", ["https://github.com/octo/shop", "git@github.com:octo/shop.git", "https://github.com/upstream/Shop.git/"]
)
def test_this_repository_and_its_forks_are_here(url):
    """The same name is taken for the same repository: templates name themselves, and people fork them."""
    files = {"render.yaml": web(f"runtime: docker\nrepo: {url}\ndockerfilePath: x/Dockerfile\n"), **FILES}
    made = plan(files, "blueprint")
    assert codes(made) == ["render/dockerfile-missing"]
    assert made.services[0].build.repository is None


def test_the_check_does_not_look_into_it():
    """A Dockerfile here says nothing of a service that is built elsewhere."""
    files = {"render.yaml": web(OTHER), "Dockerfile": "FROM alpine\nCOPY nope /\n"}
    repo = Snapshot(MappingSource(files, repository=REPOSITORY))
    assert codes(checked(repo, plan(files, "blueprint"))) == ["render/other-repository"]
    here = {**files, "render.yaml": web("runtime: docker\n")}
    assert messages(checked(Snapshot(MappingSource(here, repository=REPOSITORY)), plan(here, "blueprint")))


@pytest.mark.parametrize(
    ("folder", "first", "expected"),
    [
        ("work", "runtime: docker\n", "render/other-repository"),
        ("work", "runtime: docker\nrepo: https://github.com/octo/shop\n", "render/other-repository"),
        ("work", "runtime: docker\nrepo: https://github.com/fork/minio\n", "render/dockerfile-missing"),
        ("minio", "runtime: docker\n", "render/dockerfile-missing"),
    ],
)
def test_without_a_remote_the_other_services_tell(folder, first, expected):
    """A download has no remote: a service that alone names a repository, or another one, is hardly of this one."""
    second = web(OTHER + "dockerfilePath: x/Dockerfile\n", name="store").partition("\n")[2]
    files = {"render.yaml": f"{web(first)}{second}", **FILES}
    repo = Snapshot(MappingSource(files, repository=Repository(name=folder)))
    made = render.resolve(repo, Inputs(options={"created_from": "blueprint"}), DETECTED).plan
    assert expected in [d.code for d in made.diagnostics if d.service == "store"]
