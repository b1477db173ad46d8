"""The deploys of a project, as a person reads them."""

from emulator.model.event import VerdictKind
from emulator.model.history import DeployRecord, ServiceRecord
from emulator.model.phases import Phases
from emulator.show.deploys_text import deploy_text, deploys_table, size_text
from emulator.show.style import Style

NOW = 1_700_000_000.0
SAVED = DeployRecord(
    deploy=128, at=NOW - 90, platform="render", trigger="save", verdict=VerdictKind.LIVE, reason="shop is live",
    seconds=3.71, check_s=0.012, changed=("app.py", "lib/a.py"), changed_count=40,
    differences=("shop port.number: 80 → 8080",), differences_count=3,
    services=(
        ServiceRecord(
            name="shop", verdict=VerdictKind.LIVE, image="sha256:0123456789abcdef", size=191_289_047,
            phases=Phases(build_s=1.2, boot_s=0.31, total_s=3.71),
        ),
    ),
)  # fmt: skip
BACK = DeployRecord(
    deploy=129, at=NOW - 5, platform="render", trigger="rollback", verdict=VerdictKind.PRE_DEPLOY_FAILED,
    reason="the pre-deploy command exited with status 1, and that is told in many words", image_of=126,
)  # fmt: skip


def test_a_line_each_fits_a_screen() -> None:
    """What is longest is cut at its end: why it failed, or what was saved."""
    for width in (80, 100):
        lines = deploys_table([(BACK, ""), (SAVED, "serving")], Style(width=width, colour=False), NOW).splitlines()
        assert max(len(line) for line in lines) <= width
    assert lines[0].split() == ["DEPLOY", "VERDICT", "AGO", "BY", "TOOK", "WHAT"]
    assert "rollback of 126" in lines[1]
    assert lines[1].endswith("…")
    assert lines[2].split()[:7] == ["128", "live", "1", "min", "save", "3.7", "s"]
    assert "app.py and 39 more" in lines[2]


def test_one_in_full() -> None:
    """Files and changes of the plan, with how many are not shown; phases that there were; image and size."""
    text = deploy_text(SAVED, "serving", Style(width=100, colour=False), NOW)
    for part in (
        "deploy 128  live  serving", "3.71 s after 12 ms", "lib/a.py", "and 38 more", "port.number: 80 → 8080",
        "and 2 more", "build 1.20 s, boot 0.31 s", "0123456789ab, 191.3 MB",
    ):  # fmt: skip
        assert part in text
    assert "health" not in text


def test_a_record_with_an_impossible_time() -> None:
    """A damaged one is shown as far as it goes."""
    broken = DeployRecord(deploy=1, at=1e300, platform="", trigger="up", verdict=VerdictKind.LIVE, reason="")
    assert "an unknown time" in deploy_text(broken, "", Style(width=80, colour=False), NOW)


def test_sizes() -> None:
    """In the unit one would say them in."""
    assert [size_text(size) for size in (0, 999, 1500, 2_340_000, 5 * 10**9)] == [
        "0 bytes", "999 bytes", "1.5 kB", "2.3 MB", "5.0 GB",
    ]  # fmt: skip
