"""What will fail, found without building: the place, the fact, and who is to blame."""

import pytest

from emulator.edge.disk import open_repository
from emulator.formats.dockerfile import parse_dockerfile
from emulator.image.findings import findings
from emulator.image.working import open_context, work_out
from emulator.model.diagnostic import Diagnostic
from emulator.model.origin import Origin
from emulator.model.plan import UploadRule
from emulator.snapshot import Snapshot, from_mapping
from tests.emulator.edge.git_repositories import Repo


def found(repo: Snapshot, *, context: str = ".", dockerfile: str = "Dockerfile") -> list[Diagnostic]:
    parsed = parse_dockerfile(repo.text(dockerfile), dockerfile)
    return list(findings(work_out(open_context(repo, context, dockerfile), parsed)))


def only(repo: Snapshot, **more: str) -> Diagnostic:
    [one] = found(repo, **more)
    return one


def dockerfile(*lines: str) -> str:
    return "\n".join(["FROM python:3.12", "WORKDIR /app", *lines]) + "\n"


def test_a_source_that_is_nowhere():
    """At the word; the context is named."""
    one = only(from_mapping({"Dockerfile": dockerfile("COPY app.py gone.py ./"), "app.py": ""}))
    assert (one.code, one.message) == (
        "build/copy-source-missing", "COPY needs gone.py, which is not in the repository",
    )  # fmt: skip
    assert (str(one.origin), one.origin.end_column) == ("Dockerfile:3:13", 19)


def test_a_source_in_another_case():
    """Linux tells the names apart; the one in the repository is named."""
    one = only(from_mapping({"Dockerfile": dockerfile("COPY src/App.py ./"), "src/app.py": ""}))
    assert one.code == "build/copy-source-missing"
    assert "there is app.py" in one.facts[1]


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("requirments.txt", "did you mean requirements.txt?"),
        ("srv/app.py", "did you mean src/app.py?"),
        ("srv/other.py", "commit the file, or copy what is there"),
    ],
)
def test_a_source_that_is_mistyped(source: str, meant: str):
    """The name beside it that is written almost so, where the whole path is there then."""
    files = {"Dockerfile": dockerfile(f"COPY {source} ./"), "requirements.txt": "", "src/app.py": ""}
    assert only(from_mapping(files)).help == meant


def test_a_source_that_git_ignores():
    """The rule's line is shown, whether the file lies on this disk or not."""
    repo = from_mapping({"Dockerfile": dockerfile("COPY dist/app.js ./"), "a": ""}, ignored=["dist/app.js"])
    one = only(repo)
    assert one.code == "build/copy-source-ignored-by-git"
    assert one.facts == ("it lies on this disk, and the platform builds what git has",)
    assert str(one.related[0].origin) == ".gitignore:1:1"


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_source_below_a_directory_that_git_ignores(tmp_path, on_disk: bool):
    """On a real disk: a rule for the directory counts for what a build would leave in it."""
    repo = Repo(tmp_path)
    repo.git("init", "-q")
    repo.write({"Dockerfile": dockerfile("COPY target/app.txt ./"), ".gitignore": "# built\ntarget/\n"})
    if on_disk:
        repo.write({"target/app.txt": "1"})
    one = only(open_repository(str(tmp_path)))
    assert one.code == "build/copy-source-ignored-by-git"
    assert str(one.related[0].origin) == ".gitignore:2:1"
    assert ("it lies on this disk" in one.facts[0]) is on_disk


def test_a_source_that_the_ignore_file_leaves_out():
    """The deciding pattern's line is shown, and how to bring the file back."""
    files = {"Dockerfile": dockerfile("COPY docs/README.md ./"), "docs/README.md": "", ".dockerignore": "a\ndocs\n"}
    one = only(from_mapping(files))
    assert (one.code, str(one.related[0].origin)) == ("build/copy-source-ignored", ".dockerignore:2:1")
    assert "!docs/README.md" in one.help


@pytest.mark.parametrize("source", ["../shared/x.py", "shared/x.py"])
def test_a_source_outside_of_the_context(source: str):
    """A builder gets nothing from above its context."""
    files = {"api/Dockerfile": dockerfile(f"COPY {source} ./"), "shared/x.py": "", "api/app.py": ""}
    one = only(from_mapping(files), context="api", dockerfile="api/Dockerfile")
    assert one.code == "build/copy-source-outside-context"
    assert "shared/x.py" in one.facts[0]


def test_a_source_that_another_stage_does_not_have():
    """Only where everything in that place is known."""
    files = {"Dockerfile": "FROM python:3.12 AS one\nWORKDIR /out\nCOPY a .\nFROM scratch\nCOPY --from=one /out/b /\n"}
    one = only(from_mapping({**files, "a": ""}))
    assert (one.code, one.origin.line) == ("build/copy-source-missing", 5)
    assert "COPY --from=one" in one.message
    ran = files["Dockerfile"].replace("COPY a .", "RUN make")
    assert found(from_mapping({"Dockerfile": ran, "a": ""})) == []


def test_a_file_where_a_directory_must_be():
    """WORKDIR through a file."""
    one = only(from_mapping({"Dockerfile": dockerfile("COPY app.py /x", "WORKDIR /x/y"), "app.py": ""}))
    assert one.code == "build/path-is-a-file"


def test_an_ignore_file_docker_refuses():
    """At its line."""
    one = only(from_mapping({"Dockerfile": dockerfile("COPY . ."), ".dockerignore": "a[\n"}))
    assert (one.code, str(one.origin)) == ("build/bad-ignore-file", ".dockerignore:1:1")


def test_what_is_there_is_not_spoken_of():
    """Files, directories, patterns, links, other stages."""
    files = {
        "Dockerfile": "FROM node:22 AS n\nCOPY . /src\nRUN x\nFROM python:3.12\nWORKDIR /app\nCOPY *.py l d/ ./\n"
        "COPY --from=n /src/dist ./static\nCOPY --from=registry.example/uv:1 /uv /bin/\n",
        "a.py": "", "d/x": "",
    }  # fmt: skip
    assert found(from_mapping(files, links={"l": "d/x"})) == []


def test_pdm_installs_beside_the_project_where_a_directory_for_it_is_there():
    """PEP 582: with __pypackages__ there, PDM makes no .venv; what comes to lie in it is not claimed."""
    files = {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = []\n', "pdm.lock": ""}
    lines = ("COPY pyproject.toml pdm.lock ./", "RUN mkdir __pypackages__ && pdm install --prod --no-self")
    last = ("FROM python:3.12", "COPY --from=0 /app/__pypackages__/3.12/lib /pkgs")
    assert found(from_mapping({**files, "Dockerfile": dockerfile(*lines, *last)})) == []


def test_what_a_step_removed_may_come_back_by_a_later_step_that_may_write_anywhere():
    """Also where an earlier one could have written anywhere before."""
    files = {"package.json": '{"scripts": {"postinstall": "patch"}}'}
    lines = ("COPY package.json ./", "RUN npm install", "RUN rm -rf /app/node_modules /opt/x")
    last = ("FROM node:22", "COPY --from=0 /app/node_modules /app/x")
    again = ("RUN npm install --omit=dev",)
    gone = only(from_mapping({**files, "Dockerfile": dockerfile(*lines, *last)}))
    assert "/app/node_modules" in gone.message
    assert found(from_mapping({**files, "Dockerfile": dockerfile(*lines, *again, *last)})) == []


def test_what_is_not_uploaded_is_said_at_its_pattern():
    """Or by the words of the platform's own rule; what is not there at all is not blamed on it."""
    files = {"Dockerfile": "FROM scratch\nCOPY docs .env gone ./\n", "docs/a": "", ".env": ""}
    rules = [
        UploadRule(pattern="/docs/", written="docs/", origin=Origin(file=".upload", line=1, end_line=1)),
        UploadRule(pattern="**/.env", written=".env"),
    ]
    parsed = parse_dockerfile(files["Dockerfile"], "Dockerfile")
    found = list(findings(work_out(open_context(from_mapping(files), ".", "Dockerfile", rules), parsed)))
    assert [(one.code, one.message) for one in found] == [
        ("build/copy-source-not-uploaded", "COPY needs docs, which .upload keeps out of the upload"),
        ("build/copy-source-not-uploaded", "COPY needs .env, which the deploy command keeps out of the upload"),
        ("build/copy-source-missing", "COPY needs gone, which is not in the repository"),
    ]
    assert [str(related.origin) for related in found[0].related] == [".upload:1:1"]
