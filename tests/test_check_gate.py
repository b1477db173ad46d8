"""`emu check` as a gate: what makes it fail, a baseline, several platforms, other programs' formats."""

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.running_emu import Ran, emu_here, published, run_emu

FROM = "FROM python:3.13-slim\n"
LOOPBACK = 'CMD ["uvicorn", "app:app"]\n'
"""Listens on 127.0.0.1: an error on every platform. The module is missing as well."""
WARNED = FROM + "COPY . .\nCMD python app.py\n"
"""A shell that keeps the signal: a warning."""
BOTH = ("--platform", "render", "--platform", "cloud-run")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "app.py").write_text("import os\n")
    (folder / "Dockerfile").write_text(FROM + "COPY nothing.txt .\nCOPY app.py .\n" + 'CMD ["python", "app.py"]\n')
    return folder


def _check(repo: Path, *arguments: str) -> Ran:
    return emu_here("check", "--root", str(repo), *arguments)


def _codes(ran: Ran) -> dict[str, bool]:
    """Code → whether it is not counted."""
    return {d["code"]: d["suppressed"] for d in ran.document()["diagnostics"]}


# ---- when it fails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("info", 1), ("never", 0)])
def test_a_warning_fails_where_it_is_said_to(repo: Path, fail_on: str, code: int) -> None:
    """--fail-on names the least that fails."""
    (repo / "Dockerfile").write_text(WARNED)
    ran = _check(repo, "--fail-on", fail_on, "--quiet")
    assert ran.code == code, ran.out
    assert ("warning[" in ran.out) == (fail_on in ("warning", "info"))  # --quiet shows what it fails for


def test_never_does_not_fail_on_errors(repo: Path) -> None:
    """For a first run that only reports."""
    assert (_check(repo).code, _check(repo, "--fail-on", "never").code) == (1, 0)


def test_quiet_has_no_heading_without_a_command_below_it(tmp_path: Path) -> None:
    """On a platform that runs nothing there is the finding alone."""
    (tmp_path / "main.py").touch()
    ran = _check(tmp_path, *BOTH, "--quiet")
    assert ran.out.startswith("cloud-run\n"), ran.out
    assert "error[render/nothing-to-run]" in ran.out
    assert "\n\n\n" not in ran.out


# ---- the baseline -----------------------------------------------------------------------------------


@pytest.fixture
def known(repo: Path) -> Path:
    """A baseline of what is wrong in the repository."""
    file = repo / "known.json"
    ran = _check(repo, "--baseline", str(file), "--write-baseline")
    assert ran.code == 0
    assert "knows 1 finding now" in ran.err
    return file


def test_known_findings_do_not_count(repo: Path, known: Path) -> None:
    """They stay in the document, marked, and the text counts them apart."""
    ran = _check(repo, "--baseline", str(known), "--format", "json")
    assert (ran.code, _codes(ran)) == (0, {"build/copy-source-missing": True})
    assert "nothing new found (1 known)" in _check(repo, "--baseline", str(known)).out


def test_a_finding_that_moved_is_still_known(repo: Path, known: Path) -> None:
    """Lines above it, and blanks in it, make it no other."""
    text = (repo / "Dockerfile").read_text().replace("COPY nothing", "# a comment\n\nCOPY   nothing")
    (repo / "Dockerfile").write_text(text)
    assert _check(repo, "--baseline", str(known)).code == 0


def test_a_new_finding_counts_beside_a_known_one(repo: Path, known: Path) -> None:
    """Another line is another finding; so is the same line a second time."""
    text = (repo / "Dockerfile").read_text()
    (repo / "Dockerfile").write_text(text.replace("COPY nothing.txt .\n", "COPY nothing.txt .\nCOPY none.txt .\n"))
    assert _check(repo, "--baseline", str(known)).code == 1
    (repo / "Dockerfile").write_text(text.replace("COPY nothing.txt .\n", "COPY nothing.txt .\nCOPY nothing.txt .\n"))
    assert _check(repo, "--baseline", str(known)).code == 1


def test_the_service_s_name_by_the_folder_is_no_part_of_a_finding(repo: Path, known: Path) -> None:
    """A clone in another folder knows what this one knows."""
    there = repo.with_name("elsewhere")
    repo.rename(there)
    assert _check(there, "--baseline", str(there / known.name)).code == 0


def test_what_is_known_and_gone_is_told_at_its_line(repo: Path, known: Path) -> None:
    """An info: a gate does not fail because something was repaired."""
    (repo / "Dockerfile").write_text(FROM + 'COPY app.py .\nCMD ["python", "app.py"]\n')
    ran = _check(repo, "--baseline", str(known), "--format", "json")
    [stale] = ran.document()["diagnostics"]
    assert (ran.code, stale["code"], stale["severity"]) == (0, "check/stale-baseline", "info")
    assert (stale["origin"]["file"], stale["origin"]["line"]) == ("known.json", 4)
    assert _check(repo, "--baseline", str(known), "--write-baseline").code == 0
    assert json.loads(known.read_text())["findings"] == []


def test_the_file_is_sorted_with_a_finding_a_line(repo: Path, known: Path) -> None:
    """Written twice it is the same; a finding more is a line more; what other platforms know stays."""
    one = known.read_text()
    assert _check(repo, "--baseline", str(known), "--write-baseline", "--platform", "cloud-run").code == 0
    two = known.read_text()
    assert set(one.splitlines()[3:-2]) < set(two.splitlines()) or one.splitlines()[3] in two
    assert len(two.splitlines()) == len(one.splitlines()) + 1
    assert _check(repo, "--baseline", str(known), "--write-baseline", *BOTH).code == 0
    assert known.read_text() == two
    rows = json.loads(two)["findings"]
    assert [row["platform"] for row in rows] == ["cloud-run", "render"]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{\n  oops", "known.json:2: "),
        ("[]", "is no baseline of emu"),
        ('{"schema": "emu.baseline/1", "findings": [{"platform": 3}]}', "$.findings[0]"),
        ("\x00", "known.json:1: "),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_and_kept(repo: Path, text: str, fact: str) -> None:
    """Neither read as one nor written over: it may be another file than was meant."""
    file = repo / "known.json"
    file.write_text(text)
    for arguments in ((), ("--write-baseline",)):
        ran = _check(repo, "--baseline", str(file), *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert fact in ran.err.replace("\n    ", "").replace("\n  ", " ")
        assert file.read_text() == text


def test_a_baseline_that_is_not_there_says_how_to_make_it(repo: Path) -> None:
    """And one that cannot be written is told, too."""
    ran = _check(repo, "--baseline", str(repo / "none.json"))
    assert ran.code == 2
    assert "--write-baseline" in ran.err
    assert _check(repo, "--baseline", str(repo / "no" / "folder.json"), "--write-baseline").code == 2
    assert _check(repo, "--write-baseline").code == 2


# ---- several platforms ------------------------------------------------------------------------------


def test_several_platforms_are_one_document(repo: Path) -> None:
    """It holds each platform's own, the very same as asked for alone, and obeys its schema."""
    ran = _check(repo, *BOTH, "--format", "json")
    assert ran.code == 1
    document = ran.document()
    published("check").validate(document)
    assert document["platforms"] == ["render", "cloud-run"]
    for plan in document["plans"]:
        published("plan").validate(plan)
        assert plan == _check(repo, "--platform", plan["platform"], "--format", "json").document()


def test_what_all_platforms_find_is_told_once(repo: Path) -> None:
    """What is so on one of them says on which."""
    (repo / "Dockerfile").write_text(FROM + 'COPY nothing .\nCMD ["python", "-m", "http.server", "8000"]\n')
    told = _check(repo, *BOTH).out
    assert told.count("error[build/copy-source-missing]") == 1
    assert "= on cloud-run\n" in told
    one, two = (f"in 1 service; would not go live on {name}" for name in ("render", "cloud-run"))
    assert told.splitlines()[-2:] == [f"1 error {one}", f"2 errors {two}"]


def test_a_silencing_that_one_platform_needs_is_used(repo: Path) -> None:
    """Looked at alone, the other platform has no use for it; so has nobody for one of another code."""
    (repo / "Dockerfile").write_text(FROM + 'CMD ["python", "-m", "http.server", "8000"]\n')
    rows = (f'  {{ code = "{code}", reason = "r" }},\n' for code in ("start/port-hard-coded", "a/b"))
    (repo / "emu.toml").write_text(f"[check]\nignore = [\n{''.join(rows)}]\n")
    alone = _check(repo, "--platform", "render", "--format", "json").document()
    assert [d["origin"]["line"] for d in alone["diagnostics"] if d["code"] == "check/unused-ignore"] == [3, 4]
    for plan in _check(repo, *BOTH, "--format", "json").document()["plans"]:
        assert [d["origin"]["line"] for d in plan["diagnostics"] if d["code"] == "check/unused-ignore"] == [4]


def test_a_part_of_the_services_leaves_no_silencing_unused(repo: Path) -> None:
    """With --service the others are not looked at: theirs may be needed."""
    (repo / "emu.toml").write_text('[check]\nignore = [{ code = "a/b", reason = "r" }]\n')
    (repo / "render.yaml").write_text("services:\n- {type: web, name: web, runtime: docker, plan: starter}\n")
    assert "check/unused-ignore" in _check(repo, "--platform", "render").out
    assert "check/unused-ignore" not in _check(repo, "--platform", "render", "--service", "web").out


def test_an_unknown_platform_among_several_is_refused(repo: Path) -> None:
    """As one alone is."""
    assert _check(repo, "--platform", "render", "--platform", "nowhere").code == 2


@pytest.mark.thorough
def test_two_platforms_and_eight_services_take_at_most_twice_the_time_of_one(tmp_path: Path) -> None:
    """Generously: it takes about 1.2 times as long (tests/bench/gate.py), on a machine that does something else too."""
    services = "".join(
        f"- {{type: web, name: s{n}, runtime: docker, plan: starter, rootDir: s{n}}}\n" for n in range(8)
    )
    for n in range(8):
        (tmp_path / f"s{n}").mkdir()
        (tmp_path / f"s{n}" / "Dockerfile").write_text(FROM + "COPY . .\nRUN pip install flask\nCMD python app.py\n")
        (tmp_path / f"s{n}" / "app.py").write_text("import flask\n")
    (tmp_path / "render.yaml").write_text(f"services:\n{services}")
    (tmp_path / "Dockerfile").write_text(WARNED)
    (tmp_path / "app.py").touch()
    ratios = []
    for _ in range(3):
        took = []
        for platforms in (BOTH[:2], BOTH):
            begun = time.perf_counter()
            assert run_emu("check", "--root", str(tmp_path), *platforms, "--fail-on", "never").code == 0
            took.append(time.perf_counter() - begun)
        ratios.append(took[1] / took[0])
    assert min(ratios) < 2, ratios


# ---- other programs ---------------------------------------------------------------------------------


def _sarif(repo: Path, *arguments: str) -> Any:
    from tests.emulator.show.test_findings_formats import _sarif as validator

    log = _check(repo, "--format", "sarif", *arguments).document()
    validator().validate(log)
    return log


def test_sarif_has_a_run_a_platform_with_categories_of_their_own(repo: Path) -> None:
    """Code scanning replaces results by category; each rule has its text."""
    runs = _sarif(repo, *BOTH)["runs"]
    assert [run["automationDetails"]["id"] for run in runs] == ["emu/render/", "emu/cloud-run/"]
    [rule] = runs[0]["tool"]["driver"]["rules"]
    assert rule["id"] == "build/copy-source-missing"
    assert "emu explain" in rule["help"]["markdown"]


@pytest.mark.parametrize(
    ("files", "first"),
    [(("a.txt", "readme.md", "z.txt"), "readme.md"), (("b", "a"), "a"), (("web/src/b", "web/src/a"), "web/src/a")],
)
def test_sarif_of_nothing_to_run_has_a_place_all_the_same(tmp_path: Path, files: tuple[str, ...], first: str) -> None:
    """GitHub refuses a whole log for one result without a location (GH1015 of Microsoft's SARIF validator)."""
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "0").symlink_to(".")
    (tmp_path / "1").symlink_to(".")
    [run] = _sarif(tmp_path, "--platform", "render")["runs"]
    [location] = run["results"][0]["locations"]
    assert run["results"][0]["ruleId"] == "render/nothing-to-run"
    assert location["physicalLocation"]["artifactLocation"]["uri"] == first
    assert location["message"]["text"] == "this is about the repository as a whole"


def test_sarif_tells_what_silenced_a_finding(repo: Path, known: Path) -> None:
    """A comment at its line, emu.toml, or the baseline."""
    assert _suppressions(_sarif(repo, "--baseline", str(known))) == [("external", f"known, says {known}")]
    (repo / "emu.toml").write_text('[check]\nignore = [{ code = "build/copy-source-missing", reason = "later" }]\n')
    assert _suppressions(_sarif(repo)) == [("external", "later (emu.toml)")]
    (repo / "emu.toml").unlink()
    commented = "# emu: ignore[build/copy-source-missing] soon\nCOPY nothing"
    (repo / "Dockerfile").write_text((repo / "Dockerfile").read_text().replace("COPY nothing", commented))
    assert _suppressions(_sarif(repo)) == [("inSource", None)]


def _suppressions(log: Any) -> list[tuple[str, str | None]]:
    found = [result.get("suppressions", []) for result in log["runs"][0]["results"]]
    return [(one["kind"], one.get("justification")) for suppressions in found for one in suppressions]


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab", "junit"])
def test_places_are_those_of_git_s_top_level(repo: Path, form: str) -> None:
    """What is planned with --root below it is still shown at the right file."""
    from tests.emulator.edge.git_repositories import Repo

    Repo(repo.parent).init().commit()
    ran = _check(repo, "--format", form)
    assert ran.code == 1
    assert "shop/Dockerfile" in ran.out


def test_every_format_takes_a_repository_without_findings(repo: Path) -> None:
    """A report of nothing is a report."""
    (repo / "Dockerfile").write_text(FROM + 'COPY app.py .\nCMD ["python", "app.py"]\n')
    assert [run["results"] for run in _sarif(repo)["runs"]] == [[]]
    assert _check(repo, "--format", "github").out == ""
    assert _check(repo, "--format", "gitlab").document() == []
    assert 'name="nothing found that counts"' in _check(repo, "--format", "junit").out


def test_gitlab_fingerprints_are_each_its_own(repo: Path) -> None:
    """GitLab shows one finding of a fingerprint."""
    from tests.emulator.show.test_findings_formats import CODE_QUALITY

    (repo / "Dockerfile").write_text(FROM + "COPY a b c/\nCOPY a b c/\n" + LOOPBACK)
    report = _check(repo, *BOTH, "--format", "gitlab").document()
    jsonschema.validate(report, CODE_QUALITY)
    prints = [one["fingerprint"] for one in report]
    assert len(prints) > 4
    assert len(set(prints)) == len(prints)
