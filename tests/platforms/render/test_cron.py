"""Cron jobs: what runs, for how long, and when."""

import pytest

from platforms.render import rules
from tests.platforms.render.planning import DOCKERFILE, codes, plan, service, web

FILES = {"Dockerfile": DOCKERFILE}


def _cron(fields: str, schedule: str = "0 3 * * *") -> dict[str, str]:
    return {"render.yaml": web(f"{fields}schedule: '{schedule}'\n", type="cron"), **FILES}


@pytest.mark.parametrize(
    ("fields", "source", "argv"),
    [
        ("runtime: docker\n", "dockerfile", ("gunicorn", "app:app")),
        ("runtime: docker\ndockerCommand: python report.py $RENDER\n", "render.yaml", ("python", "report.py", "true")),
        ("runtime: python\nstartCommand: python report.py\n", "render.yaml",
         ("/bin/bash", "-c", "python report.py")),
        ("runtime: image\nimage:\n  url: docker.io/library/busybox:1\ndockerCommand: date\n", "render.yaml", ("date",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
def test_what_a_run_executes(fields, source, argv, created_from):
    """Its start command, its dockerCommand or its image's own command is the job; it has no port and no probe."""
    made = service(_cron(fields), created_from)
    assert made.command is not None
    assert (made.command.source, made.command.argv) == (source, argv)
    assert (made.type, made.port, made.probes.health, made.instances) == ("cron", None, None, None)


def test_how_long_a_run_may_take():
    """Twelve hours; it must end with 0; nothing is started again."""
    life = service(_cron("runtime: docker\n")).lifecycle
    assert (life.success_is_exit_zero, life.timeout_s, life.restarts_during_deploy) == (True, 43200, False)
    assert service({"render.yaml": web("runtime: docker\n"), **FILES}).lifecycle.timeout_s is None


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("0 3 * *", "services[0] schedule '0 3 * *': a schedule has five fields, not 4"),
        ("61 * * * *", "services[0] schedule '61 * * * *': '61' is no minute"),
        ("every 5 minutes", "services[0] schedule 'every 5 minutes': a schedule has five fields, not 3"),
    ],
)
def test_a_wrong_schedule_is_an_error_at_its_line(schedule, message):
    """What is wrong with it, and what to write."""
    files = _cron("runtime: docker\n", schedule)
    [found] = plan(files).diagnostics
    assert (found.code, found.severity, found.message) == ("render/schedule", "error", message)
    assert (found.rule, found.service) == (rules.CRON_SCHEDULE.id, "web")
    assert found.origin is not None
    assert "schedule:" in files["render.yaml"].splitlines()[found.origin.line - 1]
    assert found.help


@pytest.mark.parametrize(
    ("schedule", "message", "help"),
    [
        ("@daily", "schedule '@daily': @daily is not documented", "write 0 0 * * *"),
        ("0 0 30 2 *", "schedule '0 0 30 2 *': it names no day that there is", "name one that there is"),
    ],
)
def test_a_doubtful_schedule_is_a_warning(schedule, message, help):
    """It may do there what it does here, or not."""
    [found] = plan(_cron("runtime: docker\n", schedule)).diagnostics
    assert (found.code, found.severity, found.message, found.help) == ("render/schedule", "warning", message, help)


@pytest.mark.parametrize("schedule", ["*/10 * * * *", "0 12 * * *", "*/60 * * * MON-FRI"])
def test_the_documentations_own_schedules(schedule):
    """Nothing to say about them."""
    assert codes(plan(_cron("runtime: docker\n", schedule))) == []
