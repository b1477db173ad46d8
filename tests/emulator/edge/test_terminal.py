"""The streams of a real process: closed, full, narrow in what they can encode, or read no further."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.running_emu import EMU, environment

RENDER_YAML = "services: [{type: web, name: \"näme🎈\", runtime: image, image: {url: 'a/b'}}]\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder whose plan holds characters beyond ASCII."""
    (tmp_path / "render.yaml").write_text(RENDER_YAML, encoding="utf-8")
    return tmp_path


def _shell(line: str, repository: Path, *, encoding: str = "utf-8", **env: str) -> subprocess.CompletedProcess[str]:
    """`line` in a shell, in the repository; "emu" is the checkout's own."""
    command = line.replace("emu", " ".join(EMU), 1)
    folder = str(Path(__file__).parents[3])
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=repository, env=environment({"PYTHONPATH": folder, **env}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding=encoding, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("closing", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_is_no_fault(closing: str, repository: Path) -> None:
    """What nobody reads goes nowhere; the exit code is the plan's."""
    ran = _shell(f"emu plan {closing}", repository)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_full_disk_is_told_as_this_machine_s(repository: Path) -> None:
    """One diagnostic and exit code 3, nothing from the interpreter."""
    ran = _shell("emu plan >/dev/full", repository)
    assert ran.returncode == 3
    assert "error[host/cannot-write]: the answer cannot be written: No space left on device" in ran.stderr
    assert "Exception ignored" not in ran.stderr


def test_json_survives_a_stream_that_knows_ascii_alone(repository: Path) -> None:
    """The document holds the same values whatever the encoding of the stream."""
    ran = _shell("emu plan --format json", repository, PYTHONIOENCODING="ascii")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.isascii()
    assert json.loads(ran.stdout)["services"][0]["name"] == "näme🎈"


def test_text_spells_out_what_the_stream_cannot_hold(repository: Path) -> None:
    """No exception, and no character lost."""
    ran = _shell("emu plan", repository, encoding="latin-1", PYTHONIOENCODING="latin-1")
    assert ran.returncode == 0, ran.stderr
    assert "näme\\ud83c\\udf88" in ran.stdout


def test_a_reader_that_goes_away_ends_the_command_quietly(repository: Path) -> None:
    """`emu plan | head -1` prints one line and no complaint."""
    services = ",".join(f"{{type: web, name: n{n}, runtime: image, image: {{url: 'a/b'}}}}" for n in range(900))
    (repository / "render.yaml").write_text(f"services: [{services}]\n", encoding="utf-8")
    ran = _shell("emu plan | head -1", repository, PYTHONUNBUFFERED="")
    assert ran.returncode == 141
    assert (ran.stdout.count("\n"), ran.stderr) == (1, "")
