"""What `gcloud run deploy --source` uploads, in the plan, the context and the checks."""

import pytest

from emulator.contract import Inputs
from emulator.edge.disk import open_repository
from emulator.formats.gitignore import Upload, is_uploaded, read_pattern
from emulator.image.findings import Builds, build_findings
from platforms import cloud_run
from platforms.cloud_run.upload import in_git_syntax
from tests.emulator.edge.git_repositories import Repo
from tests.running_emu import run_emu

from .planning import DETECTED, DOCKERFILE, codes, knative, plan, service


@pytest.mark.parametrize(
    ("line", "matched", "others"),
    [
        pytest.param("a", ("a", "x/a"), ("ab",), id="at any depth"),
        pytest.param("/a", ("a",), ("x/a",), id="a slash in front binds it to the root"),
        pytest.param("a/b", ("a/b", "x/a/b"), ("b",), id="one within does not, other than in git"),
        pytest.param("*", ("a", "x/a"), ("long/a",), id="a lone star is for the root, and for folders of one letter"),
        pytest.param("*/b", ("b", "a/b", "long/b"), ("long/x/b",), id="a star in front also stands for no folder"),
        pytest.param("*.log", ("a.log", "x/a.log"), ("a",), id="a star in a name"),
        pytest.param("foo/**", ("foo", "foo/a", "foo/a/b"), ("x/foo", "x/foo/a"), id="stars behind name foo itself"),
        pytest.param("**/foo", ("foo", "a/b/foo"), ("foo1",), id="stars in front"),
        pytest.param("a/**/b", ("a/b", "a/x/y/b"), ("x/a/b",), id="stars within bind it to the root"),
        pytest.param("\\*", ("a", "*"), ("long/a",), id="a backslash saves no star"),
        pytest.param("[^a]", ("^", "a"), ("b",), id="a caret is a character"),
        pytest.param("[!a]", ("b",), ("a",), id="an exclamation mark is not"),
        pytest.param("[a", ("[a",), ("a",), id="a bracket that is not closed is one"),
        pytest.param("a  ", ("a",), ("a ",), id="trailing spaces go"),
        pytest.param("a\\ ", ("a ",), ("a",), id="unless escaped"),
        pytest.param("\\#a", ("#a",), ("a",), id="no comment"),
        pytest.param("a//b", (), ("a/b", "b"), id="nothing is called nothing"),
        pytest.param("a\\", (), ("a",), id="an odd number of backslashes at the end: skipped"),
        pytest.param("", (), ("a",), id="a blank line"),
    ],
)  # fmt: skip
def test_a_line_means_what_it_means_to_gcloud(line, matched, others):
    """Said in git's syntax; what each line matches was seen with gcloud's own matcher."""
    patterns = [read_pattern(pattern) for pattern in in_git_syntax(line)]
    for path in (*matched, *others):
        found = any(pattern is not None and pattern.matches(path, is_directory=False) for pattern in patterns)
        assert found is (path in matched), path


def uploaded(files) -> set[str]:
    """Which of `files` are uploaded."""
    rules = service({"Dockerfile": DOCKERFILE, **files}).build.upload_rules
    assert rules is not None
    upload = Upload(rules)
    return {path for path in files if is_uploaded(path, upload)}


@pytest.mark.parametrize(
    ("files", "left"),
    [
        pytest.param({".gcloudignore": "docs/\n*.md\n!b.md\n", "docs/a": "", "a.md": "", "b.md": "", ".gitignore": ""},
                     {".gcloudignore", "b.md", ".gitignore"}, id="only what it names"),
        pytest.param({".gcloudignore": "", ".gitignore": "o\n", "o/a": ""}, {".gcloudignore", ".gitignore", "o/a"},
                     id=".gitignore has no effect beside it"),
        pytest.param({".gcloudignore": "# !include:.gitignore\n!a.o\n", ".gitignore": "*.o\n", "a.o": "", "b.o": ""},
                     {".gcloudignore", ".gitignore", "a.o"}, id="an include stands for the lines"),
        pytest.param({".gcloudignore": "#!include:more\n", "more": "#!include:.gitignore\nb\n", ".gitignore": "a\n",
                      "a": "", "b": ""}, {".gcloudignore", "more", ".gitignore", "a"}, id="includes do not nest"),
        pytest.param({".gitignore": "dist\n", "dist/a": "", "b": "", "x/.gitignore": "b", "x/b": ""}, {"b", "x/b"},
                     id="without it the root's .gitignore, and no ignore file is uploaded"),
        pytest.param({"a": "", "b/c": ""}, {"a", "b/c"}, id="neither"),
        pytest.param({".gcloudignore": "a/\n!a/b\n", "a/b": ""}, {".gcloudignore"}, id="nothing below comes back"),
        pytest.param({".gcloudignore": "*\n!src/\n!Dockerfile\n", "src/a": "", "b": ""}, {"src/a"},
                     id="all but a folder, which git would leave out too"),
    ],
)  # fmt: skip
def test_upload_set(files, left):
    """By .gcloudignore, else by what gcloud makes up."""
    assert uploaded(files) == left


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("#!include:sub/x", "May only include files in the same directory."),
        ("#!include:gone", "Could not read ignore file [gone]: there is no such file"),
        ("#!include:x ", "Could not read ignore file [x ]: there is no such file"),
    ],
)
def test_an_include_that_gcloud_refuses(line, message):
    """It is an error at the line, and nothing is said of what is uploaded."""
    made = plan({"Dockerfile": DOCKERFILE, ".gcloudignore": f"a\n{line}\n", "x": ""})
    [found] = made.diagnostics
    assert (found.code, found.message, str(found.origin)) == (
        "cloud-run/gcloudignore-include", message, ".gcloudignore:2:1"
    )  # fmt: skip
    assert made.services[0].build.upload_rules is None


def test_an_ignored_gcloudignore_is_not_read():
    """gcloud reads it on this disk; that is said, and git's choice is taken."""
    made = plan({"Dockerfile": DOCKERFILE}, ignored=[".gcloudignore"])
    assert codes(made, "info") == ["cloud-run/upload-unknown"]
    assert made.services[0].build.upload_rules is None


def test_a_dockerfile_that_is_not_uploaded():
    """It selects the build, which does not find it: said at the pattern."""
    made = plan({"Dockerfile": DOCKERFILE, ".gcloudignore": "#\nDocker*\n"})
    [found] = [d for d in made.diagnostics if d.code == "cloud-run/dockerfile-unusable"]
    assert str(found.origin) == ".gcloudignore:2:1"
    assert found.facts == ("the pattern Docker* keeps it out of the upload",)


@pytest.mark.parametrize("word", ["$COMMIT_SHA", "${SHORT_SHA}", "$TAG_NAME"])
def test_a_build_that_is_made_for_a_trigger_has_a_clone(word):
    """.gcloudignore has no say where cloudbuild.yaml uses what `gcloud builds submit` leaves empty."""
    build = f"steps:\n- name: docker\n  args: [build, -t, gcr.io/p/web:{word}, .]\n"
    files = {"Dockerfile": DOCKERFILE, ".gcloudignore": "Dockerfile\n", "cloudbuild.yaml": build}
    made = plan(files)
    assert codes(made, "error") == []
    assert made.services[0].build.upload_rules is None
    [said] = [one for one in made.services[0].decisions if one.id.endswith(".upload")]
    assert (str(said.origin), said.rule) == ("cloudbuild.yaml:3:1", "cloud-run/trigger-set")
    submitted = plan({**files, "cloudbuild.yaml": build.replace(word, "latest")})
    assert codes(submitted, "error") == ["cloud-run/dockerfile-unusable"]


def test_what_is_not_built_by_gcloud_is_not_uploaded():
    """An image that service.yaml names is built elsewhere, and by what is not known."""
    made = plan({"Dockerfile": DOCKERFILE, "service.yaml": knative(), ".gcloudignore": "a\n"})
    assert made.services[0].build.upload_rules is None
    assert "cloud-run/upload-set" not in {row.key for row in made.coverage}


def test_buildpacks_see_what_is_uploaded():
    """A language is told by files that come along."""
    files = {"main.go": "package main\n", "package.json": '{"scripts": {"start": "node x"}}'}
    assert service(files).build.runtime == "go"
    assert service({**files, ".gcloudignore": "*.go\n"}).build.runtime == "node"


def test_cr_04_what_git_ignores_is_not_uploaded(tmp_path):
    """CR-04: what .gitignore names is not uploaded, so that COPY fails; beside an own empty .gcloudignore it is."""
    repo = Repo(tmp_path).init()
    dockerfile = "FROM python:3.11-slim\nCOPY dist /app/dist\nCMD python -m http.server 8080\n"
    repo.write({".gitignore": "dist/\n.env\n", ".env": "A=1", "dist/app.js": "", "Dockerfile": dockerfile})
    message = "COPY needs dist, which .gitignore keeps out of the upload"
    assert _failures(tmp_path) == [("build/copy-source-not-uploaded", message, ".gitignore:1:1")]
    repo.write({".gcloudignore": ""})
    assert _failures(tmp_path) == []


def _failures(path) -> list[tuple[str, str, str]]:
    repo = open_repository(str(path))
    services = cloud_run.resolve(repo, Inputs(), DETECTED).plan.services
    found = build_findings(Builds(repo), services)
    return [(d.code, d.message, str(d.related[0].origin)) for d in found]


def test_a_private_file_that_is_uploaded(tmp_path):
    """Git keeps it to this disk, the deploy command does not: found by the check, at git's own line."""
    repo = Repo(tmp_path).init()
    repo.write({".gitignore": ".env\n", ".env": "A=1", "Dockerfile": "FROM python:3.11-slim\nCMD sleep 1\n"})
    assert _uploaded(tmp_path) == []
    repo.write({".gcloudignore": "node_modules\n"})
    assert _uploaded(tmp_path) == [(".env is uploaded, though git ignores it", ".gitignore")]
    repo.write({".gcloudignore": ".env\n"})
    assert _uploaded(tmp_path) == []


def _uploaded(path) -> list[tuple[str, str]]:
    found = run_emu("check", "--platform", "cloud-run", "--root", str(path), "--format", "json").document()
    secret = [d for d in found["diagnostics"] if d["code"] == "build/secret-uploaded"]
    return [(d["message"], d["origin"]["file"]) for d in secret]
