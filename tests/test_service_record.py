"""`--service-record` on the command line: which files, by which name, and what is never printed of them."""

import json
from pathlib import Path

import pytest

from emulator.cli import run
from emulator.model.diagnostic import UsageError
from tests.platforms.render.test_record import api
from tests.running_emu import published
from tests.test_examples_plan import Page

SECRET = "hunter2-of-the-record"
VARIABLES = [{"envVar": {"key": "TOKEN", "value": SECRET}, "cursor": "x"}]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder that speaks of another platform, with a record of one line."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "requirements.txt").write_text("gunicorn\n")
    service = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: shop}\n"
    (root / "service.yaml").write_text(service + "spec: {template: {spec: {containers: [{image: x}]}}}\n")
    record = {"planet": 9, "envVars": VARIABLES} | api(name="shop", details={"numInstances": "many"})
    (root / "record.json").write_text(json.dumps(record))
    return root


def printed(root: Path, *arguments: str) -> tuple[str, int]:
    page = Page()
    code = run(["plan", "--root", str(root), *arguments], page)
    return page.text, code


def test_a_record_says_which_platform_is_meant(repository: Path) -> None:
    """Whatever the repository's files speak of, unless a platform is named. Its places are as the repository's."""
    text, _ = printed(repository, "--service-record", str(repository / "record.json"), "--format", "json")
    document = json.loads(text)
    published("plan").validate(document)
    assert (document["platform"], document["created_from"]) == ("render", "record")
    assert document["detected"]["because"] == "--service-record is given"
    assert document["services"][0]["command"]["source"] == "record"
    assert document["services"][0]["origin"]["file"] == "record.json"
    other, _ = printed(
        repository, "--service-record", str(repository / "record.json"), "--platform", "cloud-run", "--format", "json"
    )
    assert json.loads(other)["platform"] == "cloud-run"


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_value_of_a_variable_is_printed(repository: Path, form: str) -> None:
    """The whole record is one line, and mistakes are told at that line: no excerpt of it is shown."""
    record = str(repository / "record.json")
    text, code = printed(repository, "--service-record", record, "--format", form, "--verbose")
    assert code == 1
    assert "numInstances must be an integer" in text
    assert "record.json:1" in text or form == "json"
    assert SECRET not in text


def test_a_record_outside_the_repository(repository: Path, tmp_path: Path) -> None:
    """Is called as the user called it; variables may come in a second file."""
    (tmp_path / "a.json").write_text(json.dumps(api(name="shop")))
    (tmp_path / "b.json").write_text(json.dumps(VARIABLES))
    files = ["--service-record", str(tmp_path / "a.json"), "--service-record", str(tmp_path / "b.json")]
    text, code = printed(repository, *files)
    assert code == 0
    assert "TOKEN" in text
    assert SECRET not in text
    assert f"[{tmp_path / 'a.json'}:1]" in text.replace("\n            ", "")


def test_a_file_that_cannot_be_read(repository: Path) -> None:
    """Is wrong usage, by the option's name."""
    with pytest.raises(UsageError, match=r"--service-record .*missing\.json cannot be read"):
        printed(repository, "--service-record", str(repository / "missing.json"))
    (repository / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        printed(repository, "--service-record", str(repository / "binary"))
