"""`emu diff` and `emu what-if`: what a change does to the plan, over real commits and over every example."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emulator.cli import run
from emulator.formats.yaml_edit import split_path
from emulator.model.change import PlanChange
from emulator.model.diagnostic import UsageError
from platforms import cloud_run
from tests.emulator.edge.git_repositories import Repo
from tests.example_files import copy_example, example_folders
from tests.running_emu import published
from tests.test_examples_plan import Page

DEPLOY_FILES = ("Dockerfile", "Procfile", "render.yaml", "service.yaml", "requirements.txt", "package.json")


def printed(*words: str, width: int = 100) -> tuple[str, int]:
    page = Page()
    page.width = width
    code = run(list(words), page)
    return page.text, code


def document(*words: str) -> dict[str, Any]:
    text, code = printed(*words, "--format", "json")
    found: dict[str, Any] = json.loads(text)
    published("diff").validate(found)
    change = msgspec.json.decode(text, type=PlanChange, strict=True)
    assert code == (1 if change.after.with_errors() else 0)
    return found


def services(found: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {service["name"]: (service["fate"], service["deploys"]) for service in found["services"]}


BLUEPRINT = """\
services:
  - {type: web, name: api, runtime: python, rootDir: api, plan: free, buildCommand: pip install -r requirements.txt,
     startCommand: python app.py}
  - {type: worker, name: mail, runtime: docker, rootDir: mail, plan: starter}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    """Two services, each in a folder of its own; committed."""
    repo = Repo(tmp_path / "shop").init()
    repo.write({
        "render.yaml": BLUEPRINT, "README.md": "a shop", "api/requirements.txt": "", "api/app.py": "import os\n",
        "mail/Dockerfile": 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "mail.py"]\n', "mail/mail.py": "",
    })  # fmt: skip
    repo.commit()
    return repo


def test_a_dockerfile_that_comes_changes_builder_and_command(shop: Repo) -> None:
    """The file that did it is named, with both commands, and whom the commit deploys."""
    shop.write({"api/Dockerfile": 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "main.py"]\n'})
    text, code = printed("diff", "--root", str(shop.path))
    assert code == 1
    for line in (
        "+ api/Dockerfile", "api  web  deploys: its plan changes", "- python app.py  [render.yaml:3]",
        "+ python main.py  [api/Dockerfile:3]",
        "because     api/Dockerfile is new, and a Dockerfile wins over render.yaml and a Procfile",
        "not deployed: mail (", "error[start/file-not-found]", "deploys 1 of 2 services · new: 1 error",
    ):  # fmt: skip
        assert line in text, line
    shop.commit()
    shop.write({"api/main.py": ""}).commit()
    text, code = printed("diff", "HEAD~1..HEAD", "--root", str(shop.path))
    assert code == 0
    assert "gone with this change\n  error[start/" in text
    assert "api  web  deploys: api/main.py reaches its build" in text


def test_only_the_services_that_the_files_reach_are_deployed(shop: Repo) -> None:
    """A file of one service, of none, and of the Blueprint."""
    shop.write({"mail/mail.py": "print(1)\n"})
    found = document("diff", "--root", str(shop.path))
    assert services(found) == {"api": ("same", False), "mail": ("same", True)}
    shop.commit()
    shop.write({"README.md": "the shop"})
    found = document("diff", "--root", str(shop.path))
    assert services(found) == {"api": ("same", False), "mail": ("same", False)}
    assert "render.yaml" not in str(found["files"])
    shop.write({"render.yaml": BLUEPRINT.replace("plan: free", "plan: starter")})
    found = document("diff", "--root", str(shop.path))
    assert services(found) == {"api": ("changed", True), "mail": ("same", False)}
    assert ["memory" in {aspect["name"] for aspect in found["services"][0]["aspects"]}, found["decisions"]] == [
        True, [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "path", "because"),
    [
        ("", "docs/a.md", "docs/a.md is pushed, though it reaches no build"),
        ("", "api/x.log", "api/x.log is pushed, though it reaches no build"),
        ("buildFilter: {paths: [shared/**]}, ", "shared/a.py", "shared/a.py is pushed, though"),
        ("buildFilter: {paths: [shared/**]}, ", "api/a.py", ""),
        ("autoDeployTrigger: off, ", "api/a.py", ""),
        ("autoDeploy: no, ", "api/a.py", ""),
        ("autoDeployTrigger: checksPass, autoDeploy: no, ", "api/a.py", "api/a.py reaches its build"),
    ],
)
def test_a_push_deploys_whatever_the_filter_takes(shop: Repo, fields: str, path: str, because: str) -> None:
    """Also where the file changes nothing of what is built; and nothing where auto-deploys are off."""
    docker = "type: web, name: api, runtime: docker, dockerContext: api, dockerfilePath: api/D"
    dockerfile = {"api/D": "FROM scratch\nCOPY . .\nCMD x\n", "api/D.dockerignore": "*.log\n"}
    shop.write({"render.yaml": f"services: [{{{fields}{docker}}}]", **dockerfile})
    shop.commit()
    shop.write({path: "x"})
    [found] = document("diff", "--root", str(shop.path))["services"]
    assert (found["fate"], found["deploys"]) == ("same", bool(because))
    why_not = "api/a.py: a push of it deploys nothing" if "Filter" in fields else "a push deploys nothing: its"
    assert found["because"].startswith(because or why_not)


def test_services_that_come_and_go(shop: Repo) -> None:
    shop.write({"render.yaml": BLUEPRINT.replace("name: mail", "name: post")})
    assert services(document("diff", "--root", str(shop.path))) == {
        "api": ("same", False), "post": ("added", True), "mail": ("removed", False),
    }  # fmt: skip
    text, _ = printed("diff", "--root", str(shop.path))
    assert "mail  worker  gone: it is in no file any more" in text
    assert "deploys 1 of 2 services · 1 gone" in text


def test_every_way_to_name_the_two_sides(shop: Repo) -> None:
    """One revision is compared with what is on disk; three dots start where the two parted."""
    first = shop.git("rev-parse", "HEAD").strip()
    shop.git("checkout", "-q", "-b", "side")
    shop.write({"mail/side.py": ""}).commit()
    shop.git("checkout", "-q", "main")
    shop.write({"api/later.py": ""}).commit()
    shop.write({"api/staged.py": ""}).git("add", ".")
    shop.write({"api/disk.py": ""})
    for words, files in {
        (): ["api/disk.py", "api/staged.py"],
        (first,): ["api/disk.py", "api/later.py", "api/staged.py"],
        ("HEAD..index",): ["api/staged.py"],
        ("index..worktree",): ["api/disk.py"],
        (f"{first}..",): ["api/later.py"],
        ("..side",): ["api/later.py", "mail/side.py"],
        ("main..side",): ["api/later.py", "mail/side.py"],
        ("main...side",): ["mail/side.py"],
    }.items():
        found = document("diff", *words, "--root", str(shop.path))
        assert [change["path"] for change in found["files"]] == files, words


def test_what_cannot_be_compared_is_said(shop: Repo, tmp_path: Path) -> None:
    for words in (("nowhere",), ("HEAD..nowhere",), ("nowhere...HEAD",), ("--", "-x..HEAD")):
        with pytest.raises(UsageError):
            printed("diff", "--root", str(shop.path), *words)
    (tmp_path / "bare").mkdir()
    with pytest.raises(UsageError, match="not in a git repository"):
        printed("diff", "--root", str(tmp_path / "bare"))


def test_markdown_for_a_pull_request(shop: Repo) -> None:
    shop.write({"api/Dockerfile": 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "a|b.py"]\n'})
    text, _ = printed("diff", "--root", str(shop.path), "--format", "markdown")
    assert "### api (web): deploys" in text
    assert "python 'a\\|b.py'" in text
    assert "- error `start/" in text


# ---- what if ------------------------------------------------------------------------------------------


def test_nothing_is_touched_and_the_answer_is_that_of_the_change(shop: Repo) -> None:
    """A field, a file in place of another, and one taken out: as if it were done, and the folder stays as it was."""
    other = shop.path.parent / "other"
    other.write_text('FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n')
    put, out = ("--with", f"api/Dockerfile={other}"), ("--without", "mail/mail.py")
    supposed = ("--set", "services.mail.numInstances=3", *put, *out)
    before = shop.git("status", "--porcelain")
    found = document("what-if", "--root", str(shop.path), *supposed)
    assert shop.git("status", "--porcelain") == before
    assert [(change["path"], change["fate"]) for change in found["files"]] == [
        ("api/Dockerfile", "added"), ("mail/mail.py", "removed"), ("render.yaml", "changed"),
    ]  # fmt: skip
    text = (shop.path / "render.yaml").read_text().replace("{type: worker", "{numInstances: 3, type: worker")
    shop.write({"render.yaml": text, "api/Dockerfile": other.read_text()})
    (shop.path / "mail/mail.py").unlink()
    assert found["after"] == json.loads(printed("check", "--root", str(shop.path), "--format", "json")[0])


@pytest.mark.parametrize("value", ["", ".value"])
def test_the_first_variable_of_a_service_is_supposed(shop: Repo, knative: Path, value: str) -> None:
    """It makes the list, with the key by which the platform's variables have their names; whether its value is named or
    the variable alone."""
    found = document("what-if", "--root", str(shop.path), "--set", f"services.mail.envVars.COLOUR{value}=blue")
    assert ("COLOUR", "blue") in [(v["name"], v["value"]) for v in found["after"]["services"][1]["env"]]
    found = document("what-if", "--root", str(knative), "--set", f"services.shop.env.COLOUR{value}=blue")
    assert ("COLOUR", "blue") in [(v["name"], v["value"]) for v in found["after"]["services"][0]["env"]]


def test_an_item_may_stand_in_brackets(shop: Repo) -> None:
    """As other commands print it."""
    by_name = printed("what-if", "--root", str(shop.path), "--set", "services.api.plan=standard")
    assert printed("what-if", "--root", str(shop.path), "--set", "services[0].plan=standard") == by_name


def test_a_field_of_the_only_service_is_not_the_files(tmp_path: Path) -> None:
    root = tmp_path / "one"
    root.mkdir()
    (root / "render.yaml").write_text("services:\n  - {type: web, name: api, runtime: image, image: {url: a/b}}\n")
    with pytest.raises(UsageError) as found:
        printed("what-if", "--root", str(root), "--set", "plan=free")
    assert found.value.diagnostic.help == "did you mean services.api.plan?"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing is supposed"),
        (("--set", "services.api.rootDir"), "FIELD=VALUE"),
        (("--set", "services.web.rootDir=x"), "no web; it has api, mail"),
        (("--set", "services.ap.rootDir=x"), "no ap; it has api, mail"),
        (("--set", "services.api.rotDir=x"), "services.api has no rotDir"),
        (("--set", "service.api.rootDir=x"), "render.yaml has no service"),
        (("--set", "services.api.envVars.A.vlaue=x"), "services.api.envVars.A has no vlaue"),
        (("--set", "gone.yaml:a=x"), "no gone.yaml"),
        (("--set", "../x.yaml:a=x"), "no file of the repository"),
        (("--with", "Dockerfile"), "FILE=OTHER"),
        (("--with", "api=render.yaml"), "is a folder"),
        (("--with", "x=/nowhere"), "/nowhere"),
        (("--without", "redner.yaml"), "no redner.yaml"),
        (("--without", "."), "no file of the repository"),
    ],
)
def test_what_cannot_be_supposed_is_said(shop: Repo, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError) as found:
        printed("what-if", "--root", str(shop.path), *words)
    assert said in found.value.diagnostic.message
    meant = {
        "redner": "render.yaml?", "ap;": "api?", "rotDir": "rootDir?", "no service": "services?", "vlaue": "value?",
    }  # fmt: skip
    near = next((meant[word] for word in meant if word in said), None)
    if near is not None:
        assert (found.value.diagnostic.help or "").startswith(f"did you mean {near}")


KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - image: one
          name: beside
        - name: web
          image: two
          ports: [{containerPort: 8080}]
"""
V2 = "name: projects/p/locations/l/services/shop\ntemplate:\n  containers:\n    - image: one\n"
JOB = """\
apiVersion: run.googleapis.com/v1
kind: Job
metadata: {name: nightly}
spec:
  template:
    spec:
      template:
        spec:
          containers: [{image: one}]
"""


@pytest.mark.parametrize(
    ("text", "field", "path"),
    [
        (KNATIVE, "containerConcurrency", "spec template spec containerConcurrency"),
        (KNATIVE, "spec.template.spec.timeoutSeconds", "spec template spec timeoutSeconds"),
        (KNATIVE, "traffic.0.percent", "spec traffic 0 percent"),
        (KNATIVE, "image", "spec template spec containers 1 image"),
        (KNATIVE, "env.COLOUR.value", "spec template spec containers 1 env COLOUR value"),
        (KNATIVE, "containers.beside.image", "spec template spec containers beside image"),
        (KNATIVE, '"run.googleapis.com/ingress"', "metadata annotations run.googleapis.com/ingress"),
        (KNATIVE, 'annotations."autoscaling.knative.dev/minScale"',
         "spec template metadata annotations autoscaling.knative.dev/minScale"),
        (V2, "timeout", "template timeout"),
        (V2, "image", "template containers 0 image"),
        (JOB, "maxRetries", "spec template spec template spec maxRetries"),
        (JOB, "taskCount", "spec template spec taskCount"),
    ],
)  # fmt: skip
def test_a_field_lies_where_the_platform_has_it(text: str, field: str, path: str) -> None:
    """Cloud Run's service.yaml, what the v2 API gives, and a job: below what leads to it."""
    assert cloud_run.field_path("f.yaml", text, split_path(field)) == tuple(path.split())


@pytest.fixture
def knative(tmp_path: Path) -> Path:
    (tmp_path / "service.yaml").write_text(KNATIVE)
    return tmp_path


def test_a_field_of_cloud_run_is_supposed(knative: Path) -> None:
    found = document("what-if", "--root", str(knative), "--set", "services.shop.containerConcurrency=7")
    assert found["after"]["services"][0]["concurrency"] == 7
    assert [d["code"] for d in found["after"]["diagnostics"] if "unknown" in d["code"]] == []


@pytest.mark.parametrize(
    ("supposed", "said", "meant"),
    [
        ("services.shpo.timeoutSeconds=1", "there is no service shpo", "did you mean shop?"),
        ("services.shop.timeoutSecond=1", "a service has no timeoutSecond", "did you mean timeoutSeconds?"),
        ("services.shop.startupProbe.httpget.path=/", "startupProbe has no httpget", "did you mean httpGet?"),
        ("services.shop.minInstances=1", "a service has no minInstances", "v1 has the annotation"),
        ("services.shop.rootDir=x", "a service has no rootDir", "known are "),
    ],
)
def test_a_field_that_cloud_run_has_not(knative: Path, supposed: str, said: str, meant: str) -> None:
    with pytest.raises(UsageError) as found:
        printed("what-if", "--root", str(knative), "--set", supposed)
    assert said in found.value.diagnostic.message
    assert (found.value.diagnostic.help or "").startswith(meant)


@pytest.mark.thorough
@pytest.mark.parametrize("folder", example_folders(), ids=lambda folder: folder.name)
def test_without_a_file_every_example_is_as_if_it_were_deleted(folder: Path, tmp_path: Path) -> None:
    """The differential test: each deploy file of each example, supposed away and really deleted."""
    root = copy_example(folder, tmp_path, git=False)
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.name in DEPLOY_FILES]
    for file in files[:3]:
        name = str(file.relative_to(root))
        found = document("what-if", "--root", str(root), "--without", name)
        kept = tmp_path / "kept"
        shutil.move(file, kept)
        assert found["after"] == json.loads(printed("check", "--root", str(root), "--format", "json")[0]), name
        shutil.move(kept, file)
        text, _ = printed("what-if", "--root", str(root), "--without", name, width=80)
        assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("field", "meant"), [("memory", "resources.limits.memory"), ("port", "ports[0].containerPort")]
)
def test_what_is_written_short_is_named_in_full(knative: Path, field: str, meant: str) -> None:
    """And what is named is a field that can be set."""
    with pytest.raises(UsageError) as found:
        printed("what-if", "--root", str(knative), "--set", f"{field}=9000")
    assert meant in (found.value.diagnostic.help or "")
    document("what-if", "--root", str(knative), "--set", f"{meant}=9000")
