"""`emu learn`: every example is a lesson whose answers are those of the plan and of a real boot."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from emulator.cli import run
from emulator.model.diagnostic import UsageError
from emulator.show.style import columns
from platforms import PLATFORMS
from tests.example_files import EXAMPLES, example_folders, load_example
from tests.running_emu import published
from tests.test_examples_plan import Page

RULES = {rule.id for platform in PLATFORMS.values() for rule in platform.RULES}
STALE = "render-dockerfile-outlived-its-module"


class Learner(Page):
    """A terminal at which somebody answers."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = list(answers)
        self.said = ""

    def err(self, text: str) -> None:
        self.said += text

    def ask(self, question: str, *, hidden: bool = False) -> str | None:
        self.text += question
        return self.answers.pop(0) if self.answers else None


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "emu-lessons"


def learn(*words: str, page: Page | None = None) -> str:
    page = page or Learner()
    assert run(["learn", *words], page) == 0
    return page.text


def document(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(learn(*words, "--format", "json"))
    name = "lesson" if found["schema"] == "emu.lesson/1" else "lessons"
    published(name).validate(found)
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("folder", example_folders(), ids=lambda folder: folder.name)
def test_every_example_is_a_lesson(folder: Path) -> None:
    """The right answers are the command that the example says runs, and its verdict; rules that are named exist; what
    is asked gives nothing away."""
    asked = document(folder.name)
    assert {(one["answer"], one["because"], one["right"]) for one in asked["questions"]} == {(None, None, None)}
    assert (asked["incident"], asked["score"]) == (None, None)
    found = document(folder.name, "--answers", ",".join("1" for _ in asked["questions"]))
    by_text = {one["ask"].split("?")[0]: one for one in found["questions"]}
    outcome = by_text["What comes of the deploy"]
    example = load_example(folder)
    verdict = (example.lesson and example.lesson.ends) or example.case[0].expect.verdict
    words = {"live": "live", "build_failed": "build fails", "timed_out": "nobody finds", "unhealthy": "health check"}
    assert words.get(verdict.value, "") in outcome["choices"][outcome["answer"]]
    assert {one["rule"] for one in found["questions"]} <= RULES | {None}
    assert all(len(set(one["choices"])) == len(one["choices"]) > 1 for one in found["questions"])
    assert found["score"]["right"] == sum(one["right"] for one in found["questions"])
    assert not Path(found["folder"], "example.toml").exists()


def test_the_command_that_runs_is_the_first_question() -> None:
    found = document(STALE, "--answers", "2,5,2,2")
    first = found["questions"][0]
    assert first["choices"][first["answer"]].startswith("uvicorn src.api.service:app")
    assert found["score"] == {"right": 4, "asked": 4}
    assert "three people read" in found["incident"]


def test_the_reason_is_what_the_check_warned_of() -> None:
    """Where the deploy fails without an error in the files."""
    found = document("render-quoted-sh", "--answers", "1,1,1")
    [outcome] = [one for one in found["questions"] if one["ask"].startswith("What comes")]
    assert outcome["because"].startswith("the quotes after `sh -c` are kept")
    assert outcome["rule"] == "render/docker-command-shell"


def test_somebody_answers_at_a_terminal() -> None:
    """What is no number is asked again; right and wrong are told with the reason; the incident comes last."""
    page = Learner("2", "nonsense", "9", "1", "2", "2", "n")
    text = learn(STALE, page=page)
    assert page.answers == []
    why = "   backend/Dockerfile is there, and a Dockerfile wins over"
    for words in ("backend/Procfile", "  6 | CMD uvicorn", "Right:", "No, it is 5:", why,
                  "What happened", "emu fix\n", "3 of 4 right"):  # fmt: skip
        assert words in text, words
    assert page.said == "nonsense is no answer. 9 is no answer. "
    assert text.index("No, it is 5:") < text.index("What happened")
    assert "three people" not in text.partition("1. Which command")[0]
    assert "(3 of 4)" in " ".join(learn().split())


def test_nobody_answers() -> None:
    text = learn(STALE)
    assert "--answers N,N…" in text
    assert "What happened" not in text
    assert "(" not in learn().splitlines()[1]


def test_progress_is_kept_and_forgotten(state: Path) -> None:
    """`next` is the first that was not tried; a damaged file is as none."""
    assert document()["next"] == "render-one-boot-command"
    document("1", "--answers", "1,1")
    assert document()["next"] == STALE
    assert document("next")["name"] == STALE
    (state / "progress.json").write_text("{broken")
    assert document()["next"] == "render-one-boot-command"
    document("1", "--answers", "1,1")
    learn("--reset")
    assert document()["next"] == "render-one-boot-command"


def test_a_lesson_is_laid_out_anew(state: Path) -> None:
    """What the learner did to the copy is gone; git is there, so that what it ignores is not."""
    folder = Path(document("render-gitignored-artefact")["folder"])
    assert folder == state / "render-gitignored-artefact"
    (folder / "Dockerfile").unlink()
    document("render-gitignored-artefact")
    assert (folder / "Dockerfile").exists()
    assert (folder / ".git").is_dir()


def test_a_team_has_lessons_of_its_own(tmp_path: Path) -> None:
    """--from names a folder of folders; their mistakes are told with their place."""
    own = tmp_path / "own"
    shutil.copytree(EXAMPLES / STALE, own / "ours")
    assert [row["name"] for row in document("--from", str(own))["lessons"]] == ["ours"]
    assert document("ours", "--from", str(own), "--answers", "1,1,1,1")["name"] == "ours"
    table = own / "ours" / "example.toml"
    text = table.read_text()
    for wrong, said in (
        (text.replace("answer = 1", "answer = 7"), "has 3 choices"),
        (text.replace("title =", "titel ="), "title"),
        (text.replace("[[lesson.question]]", "[[lesson.questions]]"), "questions"),
        ("[[", "example.toml"),
        ('title = ""\nincident = ""\ncase = []\n', "no [[case]]"),
    ):
        table.write_text(wrong)
        with pytest.raises(UsageError) as found:
            learn("--from", str(own))
        assert said in found.value.diagnostic.message
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        if folder.name == "empty":
            folder.mkdir()
        with pytest.raises(UsageError):
            learn("--from", str(folder))


def test_one_lesson_that_is_broken_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    """It is told, and left out; by its name it is refused with its place."""
    for name in ("broken", "ours"):
        shutil.copytree(EXAMPLES / STALE, tmp_path / name)
    (tmp_path / "broken" / "example.toml").write_text("title = 3\n")
    page = Learner("1", "1", "1", "1", "n")
    assert "What happened" in learn("ours", "--from", str(tmp_path), page=page)
    assert "left out:" in page.said
    assert "broken/example.toml" in page.said
    with pytest.raises(UsageError, match=r"broken/example\.toml"):
        learn("broken", "--from", str(tmp_path))


def test_where_it_goes_on_is_the_folder_it_came_from(tmp_path: Path) -> None:
    """A team's lessons are called with their folder each time."""
    shutil.copytree(EXAMPLES / STALE, tmp_path / "ours")
    for page, call in (
        (Learner(), f"emu learn ours --from {tmp_path}"),
        (Learner("1", "1", "1", "1", "n"), f"emu learn next --from {tmp_path}"),
    ):
        assert call in " ".join(learn("ours", "--from", str(tmp_path), page=page).split())


def test_what_decides_is_shown() -> None:
    """Where it stands in the app alone, that is read before anybody answers; what belongs to another case is not."""
    text = learn("render-health-404")
    assert 'self.path == "/health"' in text.partition("1. What comes")[0]
    shown = learn("cloud-run-slow-boot-http-defaults")
    assert "time.sleep" in shown
    assert "failureThreshold: 1" not in shown
    assert "service-one-attempt.yaml" in shown


def test_what_no_editor_shows_is_shown() -> None:
    """Line ends of Windows; and no line is wider than the screen."""
    page = Learner()
    page.width = 60
    text = learn("render-script-with-windows-line-ends", page=page)
    assert "#!/bin/sh␍" in text
    assert all(columns(line) <= 60 for line in text.splitlines() if not line.startswith("/"))


def test_a_lesson_says_why_where_no_finding_does() -> None:
    found = document("render-health-404", "--answers", "1,1")["questions"][0]
    assert found["because"].startswith("the app answers /health")
    assert found["rule"] == "render/health-check"


def test_the_options_that_show_the_same_are_named() -> None:
    """Only where other commands would see something else without them."""
    page = Learner("1", "1", "1", "n")
    assert "  emu check --service-record " in learn("render-settings-made-by-hand", page=page)
    assert "  emu check\n" in learn(STALE, page=Learner("1", "1", "1", "1", "n"))


def test_an_option_that_no_command_has_is_the_lessons_mistake(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "render-health-404", tmp_path / "ours")
    table = tmp_path / "ours" / "example.toml"
    table.write_text(table.read_text().replace("created-from", "created-fro"))
    with pytest.raises(UsageError, match=r"the first case of lesson ours: .*--created-fro"):
        learn("ours", "--from", str(tmp_path))
    with pytest.raises(UsageError) as found:
        learn("--from", str(tmp_path / "ours"))
    assert str(tmp_path) in (found.value.diagnostic.help or "")


def test_somebody_leaves() -> None:
    text = learn(STALE, page=Learner("2", "q"))
    assert "begins it again" in text
    assert "What happened" not in text


def test_what_is_mistyped() -> None:
    with pytest.raises(UsageError) as missed:
        learn("looopback")
    assert "render-loopback-only" in (missed.value.diagnostic.help or "")
    with pytest.raises(UsageError) as found:
        learn("render-loopback")
    assert found.value.diagnostic.help == "did you mean render-loopback-only?"
    for answers in ("1", "1,2,x,1", "1,99,1,1", "0,1,1,1"):
        with pytest.raises(UsageError, match="--answers"):
            learn(STALE, "--answers", answers)


def test_the_numbered_lessons_are_a_row() -> None:
    """From 1 on without a gap: the workshop's order."""
    numbers = [row["number"] for row in document()["lessons"] if row["number"] is not None]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 15


@pytest.mark.docker
def test_a_lesson_is_booted(state: Path) -> None:
    """At the end the verdict is seen in a real container, and the lesson goes on after it."""
    text = learn("render-procfile-alone", page=Learner("1", "1", "3", "y"))
    del state
    assert "live" in text
    assert text.rstrip().endswith("goes on")
    assert os.environ["XDG_STATE_HOME"] in text


@pytest.mark.docker
@pytest.mark.parametrize(
    ("lesson", "answers", "verdict"),
    [
        ("render-blueprint-refused", ("1", "1", "1"), "refused"),
        ("render-dockerfile-of-another-folder", ("1", "1"), "build_failed"),
    ],
)
def test_what_is_booted_ends_as_the_lesson_says(lesson: str, answers: tuple[str, ...], verdict: str) -> None:
    """Also where the check refuses it: what was said to be refused does not go live."""
    text = learn(lesson, page=Learner(*answers, "y"))
    assert f"\n{verdict}: " in text


@pytest.mark.docker
def test_a_lesson_that_is_booted_asks_for_no_value() -> None:
    """It is about the value that nobody gave."""
    text = learn("render-prompted-value", page=Learner("1", "1", "y", "a value"))
    assert "needs PAYMENTS_TOKEN" not in text
    assert "boot_failed" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_list_fits_the_screen(width: int) -> None:
    """Names beside the titles, or below them where there is no room."""
    page = Learner()
    page.width = width
    rows = learn(page=page).splitlines()
    assert max(map(columns, rows)) <= width
    at = next(n for n, row in enumerate(rows) if "An app that only listens" in row)
    assert "render-loopback-only" in "".join(rows[at : at + 2])
