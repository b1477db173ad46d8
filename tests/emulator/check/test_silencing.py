"""Findings that the user has answered for."""

import pytest

from emulator.model.diagnostic import UsageError
from tests.emulator.check.checking import check_files

FROM = "FROM python:3-slim\n"
"""Which version it is, is not known, and so not what it lacks: no module is surely missing."""

CODE = "start/loopback-bind"
CMD = 'CMD ["uvicorn", "app:app"]\n'


def _all(dockerfile: str, toml: str | None = None) -> dict[str, bool]:
    """Code → whether it is silenced."""
    files = {"Dockerfile": dockerfile} | ({"emu.toml": toml} if toml else {})
    return {d.code: d.suppressed for d in check_files(files).diagnostics}


def test_comment_above_silences() -> None:
    """The finding stays in the document, marked, and does not count as an error."""
    plan = check_files({"Dockerfile": f"{FROM}# emu: ignore[{CODE}] a sidecar passes it on\n{CMD}"})
    assert [(d.code, d.suppressed) for d in plan.diagnostics] == [(CODE, True)]
    assert not plan.with_errors()


def test_comment_may_name_several_codes() -> None:
    """Codes are parted by commas."""
    text = f"{FROM}# emu: ignore[{CODE}, start/shell-swallows-signals] on purpose\nCMD uvicorn app:app\n"
    assert _all(text) == {CODE: True, "start/shell-swallows-signals": True}


@pytest.mark.parametrize("lines", ["\n", "ENV A=b\n"])
def test_comment_further_up_silences_nothing(lines: str) -> None:
    """Only its own line and the one below; a comment that silences nothing is told."""
    assert _all(f"{FROM}# emu: ignore[{CODE}] a reason\n{lines}{CMD}") == {CODE: False, "check/unused-ignore": False}


def test_comment_without_reason_silences_nothing() -> None:
    """A reason is asked for."""
    assert _all(f"{FROM}# emu: ignore[{CODE}]\n{CMD}") == {CODE: False, "check/ignore-without-reason": False}


def test_unused_comment_is_told_at_its_place() -> None:
    """What is not needed any more is told, without counting as wrong."""
    text = f'{FROM}# emu: ignore[{CODE}] a reason\nCMD ["gunicorn", "app:app"]\n'
    [found] = check_files({"Dockerfile": text}).diagnostics
    assert (found.code, found.severity, found.origin.line) == ("check/unused-ignore", "info", 2)


def test_setting_silences_everywhere() -> None:
    """emu.toml silences a code wherever it is found; one that is not found is told at its line."""
    toml = f'[check]\nignore = [\n  {{ code = "{CODE}", reason = "r" }},\n  {{ code = "a/b", reason = "r" }},\n]\n'
    assert _all(FROM + CMD, toml) == {CODE: True, "check/unused-ignore": False}
    plan = check_files({"Dockerfile": FROM + CMD, "emu.toml": toml})
    assert [(d.origin.file, d.origin.line) for d in plan.diagnostics if d.code == "check/unused-ignore"] == [
        ("emu.toml", 4)
    ]


@pytest.mark.parametrize(
    "toml",
    ["check = 1\n", "[check]\nignored = []\n", '[check]\nignore = ["a/b"]\n', '[check]\nignore = [{ code = "a/b" }]\n',
     '[check]\nignore = [{ code = "a/b", reason = " " }]\n'],
)  # fmt: skip
def test_setting_must_give_code_and_reason(toml: str) -> None:
    """Anything else is wrong usage."""
    with pytest.raises(UsageError, match="check"):
        check_files({"Dockerfile": FROM + CMD, "emu.toml": toml})


def test_findings_stand_in_the_order_of_the_files() -> None:
    """File, then line; what has no place first."""
    files = {"b/Dockerfile": FROM + CMD, "a/Dockerfile": FROM + "CMD uvicorn app:app\n", "render.yaml": (
        "services:\n  - {type: web, name: one, runtime: docker, dockerfilePath: ./b/Dockerfile}\n"
        "  - {type: web, name: two, runtime: docker, dockerfilePath: ./a/Dockerfile}\n"
    )}  # fmt: skip
    places = [(d.origin.file, d.origin.line) for d in check_files(files).diagnostics if d.origin]
    assert places == sorted(places)
    assert len(places) >= 3
