"""Why nothing of a plan is run."""

from emulator.commands.unmet import nothing_runs
from tests.platforms.cloud_run.planning import plan as on_cloud_run
from tests.platforms.render.planning import plan


def test_an_empty_folder_is_told_as_the_plan_tells_it() -> None:
    """What is missing, and one thing to do; not that something is not imitated."""
    made = plan({"notes.txt": ""})
    assert nothing_runs(made) == made.diagnostics[0]
    assert nothing_runs(made).code == "render/nothing-to-run"


def test_what_is_only_planned_is_named() -> None:
    found = nothing_runs(on_cloud_run({"pubspec.yaml": "", "bin/server.dart": ""}))
    assert (found.code, found.message) == ("emu/not-imitated", "emu cannot run shop-1 (web, dart) yet")
