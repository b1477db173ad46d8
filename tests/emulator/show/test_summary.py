"""The last line of a plan."""

from emulator.model.diagnostic import error, info, warning
from emulator.model.plan import ServiceType
from emulator.model.record import replace
from emulator.show.summary import summary
from tests.emulator.show.test_plan_text import PLAN, SERVICE

API = replace(SERVICE, name="api")


def test_an_error_says_what_it_means_for_the_deploy() -> None:
    """How many, of how many services, and that it would not go live; a job would fail."""
    found = (error("a/b", "x"), warning("a/b", "y"), info("a/b", "z"))
    plan = replace(PLAN, services=(SERVICE, API), diagnostics=found)
    assert summary(plan, checked=True) == "1 error, 1 warning in 2 services; would not go live on somewhere"
    job = replace(PLAN, services=(replace(SERVICE, type=ServiceType.JOB),), diagnostics=(error("a/b", "x"),))
    assert summary(job, checked=True) == "1 error in 1 service; would fail on somewhere"


def test_findings_of_some_services_say_of_how_many() -> None:
    """Where each finding says whose it is."""
    plan = replace(PLAN, services=(SERVICE, API), diagnostics=(error("a/b", "x", service="api"),))
    assert summary(plan, checked=True).startswith("1 error in 1 of 2 services;")


def test_a_plan_without_findings_does_not_promise_what_only_the_check_knows() -> None:
    """It says what looks further."""
    assert summary(PLAN, checked=True) == "1 service on somewhere · nothing wrong found"
    assert "emu check" in summary(PLAN, checked=False)


def test_what_is_silenced_is_counted_apart() -> None:
    """A silenced error stops nothing."""
    plan = replace(PLAN, diagnostics=(replace(error("a/b", "x"), suppressed=True),))
    assert summary(plan, checked=True) == "1 service on somewhere · nothing wrong found (1 silenced)"
