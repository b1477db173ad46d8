"""What a save leads to: by two plans of one repository and the paths that changed."""

from pathlib import Path

import pytest

from emulator.commands.planning import Planned
from emulator.commands.reaction import Reaction, reaction, standing
from emulator.contract import Inputs
from emulator.edge.disk import open_repository
from emulator.image.saved import saved
from emulator.model.choice import Decision
from emulator.model.plan import BuildKind
from emulator.model.record import replace
from platforms import cloud_run, render
from tests.emulator.edge.git_repositories import Repo

DETECTED = Decision(id="platform", question="Which platform?", answer="", because="")
DOCKERFILE = "FROM python:3.11-slim\nCOPY . .\nCMD python app.py\n"
TWO = """\
services:
  - {type: web, name: api, runtime: docker, rootDir: api, healthCheckPath: /}
  - {type: worker, name: jobs, runtime: docker, rootDir: jobs}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    files = {
        "render.yaml": TWO, "api/Dockerfile": DOCKERFILE, "api/app.py": "1\n", "jobs/Dockerfile": DOCKERFILE,
        "jobs/app.py": "1\n", "api/.dockerignore": "docs\n!docs/kept\n", ".gitignore": "*.log\nbuilt/\n",
        "notes.md": "",
    }  # fmt: skip
    return Repo(tmp_path).init().write(files)


def planned(repo: Repo, platform=render) -> Planned:
    snapshot = open_repository(str(repo.path))
    return Planned(snapshot, platform, Inputs(), platform.resolve(snapshot, Inputs(), DETECTED))


def after(repo: Repo, changed: dict[str, str], *paths: str, platform=render) -> Reaction:
    stands = standing(planned(repo, platform))
    repo.write(changed)
    return reaction(stands, planned(repo, platform), frozenset((*changed, *paths)))


def test_a_file_of_one_service_deploys_that_one(repo):
    """The other one's build does not get it."""
    found = after(repo, {"api/app.py": "2\n"})
    assert (found.deploys, found.path, found.because) == (("api",), "api/app.py", "it reaches the build")
    assert found.differences == ()


def test_a_file_that_is_gone_counts(repo):
    before = planned(repo)
    (repo.path / "jobs/app.py").unlink()
    assert reaction(standing(before), planned(repo), frozenset(["jobs/app.py"])).deploys == ("jobs",)


@pytest.mark.parametrize(
    ("path", "because", "too"),
    [
        ("api/debug.log", "git ignores it (.gitignore:1)", True),
        ("api/built/deep/x.js", "git ignores it (.gitignore:2)", True),
        ("api/docs/guide.md", "the ignore file keeps it from the builder (api/.dockerignore:1)", False),
        ("notes.md", "no service is built from it", True),
    ],
)
def test_a_file_that_no_build_gets_deploys_nothing(repo, path, because, too):
    """And says who keeps it away; what git ignores the platform never sees."""
    assert after(repo, {path: "x"}) == Reaction(because=because, path=path, platform_too=too)


def test_an_exception_of_the_ignore_file_counts(repo):
    assert after(repo, {"api/docs/kept": "x"}).deploys == ("api",)


def test_the_ignore_file_and_the_dockerfile_count(repo):
    """One changes what is sent, the other what is done with it."""
    assert after(repo, {"api/.dockerignore": "docs\n"}).deploys == ("api",)
    assert after(repo, {"jobs/Dockerfile": DOCKERFILE + "# done\n"}).deploys == ("jobs",)


def test_a_changed_plan_is_told_by_its_keys(repo):
    """Only the service that is concerned, and only what it does otherwise: that a line has moved is nothing."""
    found = after(repo, {"render.yaml": "# shop\n" + TWO.replace("healthCheckPath: /", "healthCheckPath: /up")})
    assert (found.deploys, found.because) == (("api",), "its plan changed")
    assert found.differences == ("api probes.health.path: / → /up",)
    assert after(repo, {"render.yaml": "#\n" + (repo.path / "render.yaml").read_text()}).deploys == ()


def test_a_new_service_is_deployed(repo):
    found = after(repo, {"render.yaml": TWO + "  - {type: pserv, name: more, runtime: docker, rootDir: jobs}\n"})
    assert (found.deploys, found.because) == (("more",), "more is new in the plan")


def test_what_is_not_uploaded_deploys_nothing(tmp_path):
    """Where a deploy command uploads, its rules are asked, not git."""
    repo = Repo(tmp_path).init().write({"Dockerfile": DOCKERFILE, ".gitignore": "*.log\n", ".gcloudignore": "docs/\n"})
    assert after(repo, {"docs/a.md": "x"}, platform=cloud_run) == Reaction(
        because="it is not uploaded (.gcloudignore:1)", path="docs/a.md", platform_too=True
    )
    assert after(repo, {"debug.log": "x"}, platform=cloud_run).deploys != ()


def test_what_git_takes_is_decided_by_a_file_that_no_build_gets(repo):
    """Whether .gitignore itself is sent or not, what it says decides what is."""
    repo.write({"jobs/.dockerignore": ".gitignore\n", "jobs/.gitignore": "*.tmp\n"})
    assert after(repo, {"jobs/.gitignore": "*.tmp\n*.bak\n"}).deploys == ("jobs",)
    assert after(repo, {".gitignore": "*.bak\n"}).because == "no service is built from it"


def test_what_lies_behind_a_link_is_the_other_files_matter(repo):
    """The system tells of it under both names."""
    (repo.path / "api/shared").symlink_to("../jobs")
    assert after(repo, {}, "api/shared/app.py") == Reaction(
        because="the platform has no such file: api/shared is a symbolic link", path="api/shared/app.py",
        platform_too=True,
    )  # fmt: skip
    assert after(repo, {}, "api/shared").deploys == ("api",)


def test_an_empty_folder_is_nothing_to_git(repo):
    """One with files comes with them."""
    (repo.path / "api/empty").mkdir()
    assert after(repo, {}, "api/empty").deploys == ()
    repo.write({"api/empty/a.py": ""})
    assert after(repo, {}, "api/empty").deploys == ("api",)


def test_an_image_that_is_not_built_here(repo):
    """No file reaches it."""
    build = planned(repo).resolution.plan.services[0].build
    [one] = saved(planned(repo).repo, replace(build, kind=BuildKind.IMAGE, image="redis:8"), frozenset(["api/app.py"]))
    assert one.why == "an image runs that is not built here: redis:8"


FILTERED = """\
services:
  - type: web
    name: api
    runtime: docker
    buildFilter: {paths: [api/**, shared/*.txt], ignoredPaths: ["**/*.md", "api/[0-9]?.py"]}
"""


@pytest.mark.parametrize(
    ("path", "because"),
    [
        ("api/app.py", ""),
        ("api/deep/er/app.py", ""),
        ("shared/words.txt", ""),
        ("shared/deep/words.txt", "it is not among the filter's paths"),
        ("other/app.py", "it is not among the filter's paths"),
        ("api/docs/README.md", "**/*.md is among the ignored paths"),
        ("api/1a.py", "api/[0-9]?.py is among the ignored paths"),
        ("api/1/a.py", ""),
    ],
)
def test_a_build_filter_decides_what_a_push_deploys(tmp_path, path, because):
    """Ignored beats included; a star stops at a slash. What it leaves out the platform would not deploy either."""
    repo = Repo(tmp_path).init().write({"Dockerfile": DOCKERFILE, "render.yaml": FILTERED})
    found = after(repo, {path: "x"})
    if because:
        assert found == Reaction(because=f"a push of it deploys nothing: {because}", path=path, platform_too=True)
    else:
        assert found.deploys == ("api",)


def test_of_several_services_the_one_that_has_to_do_with_the_file_gives_the_reason(repo):
    """Be it the second; the platform deploys nothing only where each of them says so."""
    two = TWO.replace("rootDir: jobs", "rootDir: jobs, buildFilter: {ignoredPaths: [jobs/*.md]}")
    repo.write({"render.yaml": two})
    found = after(repo, {"jobs/notes.md": "x"})
    assert found.because == "a push of it deploys nothing: jobs/*.md is among the ignored paths"
    assert found.platform_too
    pushed = "  - {type: worker, name: more, runtime: docker, dockerfilePath: api/Dockerfile, dockerContext: api}\n"
    repo.write({"render.yaml": two + pushed})
    found = after(repo, {"jobs/notes.md": "y"})
    assert (found.because[:29], found.platform_too) == ("a push of it deploys nothing:", False)


def test_without_a_filter_the_root_decides(repo):
    """Where a path is named, it is asked alone."""
    api, jobs = planned(repo).resolution.plan.services
    assert (api.auto_deploy.within, jobs.auto_deploy.within) == ("api", "jobs")
    repo.write({"render.yaml": TWO.replace("rootDir: api", "rootDir: api, buildFilter: {paths: [shared/**]}")})
    assert planned(repo).resolution.plan.services[0].auto_deploy.within is None


def test_what_stands_in_for_a_base_image_counts_for_who_builds_on_it(repo):
    """At the save, and again when it goes; what an image of nobody's is replaced by changes nothing."""
    repo.write({"jobs/Dockerfile": "FROM python:3.13-slim\nCOPY . .\nCMD python app.py\n"})
    mirror = '[base-images]\n"python:3.11-slim" = "mirror/python"\n"node:22" = "mirror/node"\n'
    found = after(repo, {"emu.toml": mirror})
    assert (found.deploys, found.because) == (("api",), "it is built on another image")
    assert found.differences == ("api instead of python:3.11-slim: nothing → mirror/python",)
    found = after(repo, {"emu.toml": mirror.replace("mirror/node", "node:24")})
    assert (found.deploys, found.because) == ((), "it holds from now on, and changes nothing that runs")
    assert after(repo, {"emu.toml": ""}).deploys == ("api",)


def test_what_two_keys_say_is_told_once(repo):
    """A variable that is a build argument as well; a command as its words and as its text."""
    found = after(repo, {"render.yaml": TWO.replace("rootDir: api", "rootDir: api, envVars: [{key: A, value: b}]")})
    assert found.differences == ("api env.A: nothing → b",)
    found = after(repo, {"api/Dockerfile": DOCKERFILE.replace("app.py", "-u app.py")})
    assert found.differences == ("api command.text: python app.py → python -u app.py",)


def test_a_service_that_left_the_plan_is_told_once(repo):
    """It goes on; afterwards a save is about what it is about."""
    stands = standing(planned(repo))
    repo.write({"render.yaml": TWO.splitlines(keepends=True)[0] + TWO.splitlines(keepends=True)[1]})
    found = reaction(stands, planned(repo), frozenset(["render.yaml"]))
    assert (found.deploys, found.because) == ((), "jobs is not in the plan any more, and left running")
    known = {**stands, "jobs": replace(stands["jobs"], paths=frozenset(["render.yaml"]))}
    assert reaction(known, planned(repo), frozenset(["notes.md"])).path == "notes.md"


def test_a_remark_in_the_platforms_file_changes_nothing(repo):
    found = after(repo, {"render.yaml": TWO + "# as before\n"})
    assert (found.deploys, found.because) == ((), "it says the same as before of what runs")
