"""A save and what came of it, as a person reads it."""

from emulator.model.event import FilesSaved
from emulator.show.saved_text import saved_lines
from emulator.show.style import Style

NARROW = Style(width=60, colour=False)


def test_what_changed_in_the_plan_stands_below_it_in_its_own_column() -> None:
    """Not more than a few of them; a long one goes on below its first line."""
    text = "command.text: python app.py → gunicorn --bind 0.0.0.0:$PORT --workers 4 app:app"
    saved = FilesSaved(
        deploy=2, deploys=("api", "jobs"), paths=("render.yaml", "a"), count=2, because="its plan changed",
        differences=(text, *(f"env.KEY_{number}: 1 → 2" for number in range(9))),
    )  # fmt: skip
    assert saved_lines(saved, NARROW) == [
        "saved render.yaml and 1 more: deploys api, jobs, its plan changed",
        "  plan  command.text: python app.py → gunicorn",
        "        --bind 0.0.0.0:$PORT --workers 4 app:app",
        *(f"  plan  env.KEY_{number}: 1 → 2" for number in range(7)),
        "        and 2 more",
    ]


def test_a_save_that_leads_to_nothing_says_why() -> None:
    """What is meant is named where it is not what stands first; or that it waits."""
    saved = FilesSaved(paths=("a", "b.log"), count=2, path="b.log", because="git ignores it", platform_too=True)
    assert saved_lines(saved, NARROW) == [
        "saved a and 1 more: no deploy: b.log: git ignores it, and the platform would not deploy either"
    ]
    held = FilesSaved(paths=("a",), count=1, held=True, because="deploys are paused")
    assert saved_lines(held, NARROW) == ["saved a: deploys are paused, it waits"]
