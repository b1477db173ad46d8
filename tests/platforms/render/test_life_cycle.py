"""Render's life cycle of a deploy, rule by rule: the numbers in the plan, and which test shows what comes of them."""

import re
from pathlib import Path

import pytest

from emulator.model.plan import Service
from platforms.render.rules import RULES
from tests.platforms.render.planning import DOCKERFILE, service, web

ROOT = Path(__file__).parents[3]
DOCKER = "runtime: docker\n"

SHOWN = {
    "render/port-scan": ("tests/test_conformance_life.py", "test_render_34_loopback"),
    "render/detected-port": ("tests/platforms/render/test_log_lines.py", "test_the_port_that_was_found"),
    "render/several-ports": ("tests/emulator/engine/test_boot.py", "test_lowest_of_several_other_ports"),
    "render/reserved-ports": ("tests/emulator/engine/test_boot.py", "test_a_reserved_port_is_no_port"),
    "render/default-port": ("tests/emulator/engine/test_boot.py", "test_a_port_opened_first_does_not_win"),
    "render/health-check": ("tests/test_conformance_life.py", "test_render_36_health_check"),
    "render/health-after-live": (
        "tests/emulator/engine/test_watch.py", "test_a_health_check_takes_it_out_and_ends_it_later"),
    "render/worker-stays-up": ("tests/emulator/engine/test_boot_ends.py", "test_a_worker_that_stays_up_is_live"),
    "render/crash-restart": ("tests/emulator/engine/test_boot_ends.py", "test_faithful_crashes_wait_as_the_platform"),
    "render/early-exit": ("tests/emulator/engine/test_boot_ends.py", "test_exit_zero"),
    "render/out-of-memory": ("tests/test_up_memory.py", "test_a_worker_killed_for_its_memory_is_told"),
    "render/pre-deploy": ("tests/emulator/engine/test_task_run.py", "test_a_pre_deploy_command_has_events_of_its_own"),
    "render/pre-deploy-timeout": (
        "tests/emulator/engine/test_task_run.py", "test_a_pre_deploy_command_that_takes_too_long_has_failed"),
    "render/initial-deploy-hook": ("tests/test_up_render.py", "test_the_hook_runs_once_in_the_life_of_a_project"),
    "render/replace": ("tests/test_up_replaces.py", "test_several_instances_serve_and_are_replaced_one_at_a_time"),
    "render/shutdown": ("tests/test_up_replaces.py", "test_an_instance_that_does_not_end_is_killed_after_its_grace"),
    "render/disk-stops-first": ("tests/test_up_replaces.py", "test_a_service_with_a_disk_is_stopped_first"),
    "render/failed-deploy": ("tests/test_up_replaces.py", "test_a_failed_deploy_leaves_the_one_before_serving"),
    "render/overlapping-deploys": ("tests/test_up_replaces.py", "test_a_deploy_waits_for_the_one_under_way"),
    "render/restart": ("tests/test_up_replaces.py", "test_a_restart_keeps_every_value"),
    "render/rollback": ("tests/test_up_replaces.py", "test_a_rollback_goes_to_the_image_before"),
    "render/cron-run": ("tests/platforms/render/test_cron.py", "test_"),
}  # fmt: skip
"""A rule of the life cycle, and where to see it hold."""

NOT_SHOWN = {
    "render/crash-loop-suspension", "render/build-timeout", "render/deploy-triggers", "render/one-off-jobs",
}  # fmt: skip
"""What is not imitated, and says so."""


def made(more: str = "", type: str = "web") -> Service:
    return service({"render.yaml": web(DOCKER + more, type=type), "Dockerfile": DOCKERFILE}, "blueprint")


@pytest.mark.parametrize("rule", SHOWN)
def test_a_rule_of_the_life_cycle_is_shown_somewhere(rule: str) -> None:
    """The test that shows it is there by its name."""
    file, name = SHOWN[rule]
    assert rule in {r.id for r in RULES}
    assert re.search(rf"def {name}", (ROOT / file).read_text())


def test_what_is_not_imitated_says_so() -> None:
    by_id = {rule.id: rule for rule in RULES}
    assert {by_id[rule].fidelity for rule in NOT_SHOWN} == {"not-imitated"}


def test_the_port_is_looked_for_five_minutes() -> None:
    """With a word every minute; a web service's must speak HTTP, a private one's need not."""
    scan = made().lifecycle.port_scan
    assert scan
    assert (scan.preferred, scan.http, scan.remind_s, scan.deadline_s) == (10000, True, 60, 300)
    assert scan.reserved == (18012, 18013, 19099)
    private = made(type="pserv").lifecycle.port_scan
    assert private
    assert (private.preferred, private.http) == (None, False)
    assert made(type="worker").lifecycle.port_scan is None


def test_the_health_checks_numbers() -> None:
    """Every 5 s, 5 s each, 200 to 399; 15 minutes of a deploy; then 15 s until it gets no requests and 60 s until it
    is started anew."""
    probe = made("healthCheckPath: /hz\n").probes.health
    assert probe
    assert (probe.kind, probe.path, probe.port, probe.host) == ("http", "/hz", 10000, "web.onrender.com")
    assert (probe.period_s, probe.timeout_s, probe.success_statuses, probe.deadline_s) == (5, 5, (200, 399), 900)
    assert probe.unready_threshold
    assert (probe.unready_threshold * probe.period_s, probe.failure_threshold * probe.period_s) == (15, 60)
    domains = made("healthCheckPath: /hz\ndomains: [shop.example, www.shop.example]\n").probes.health
    assert domains
    assert domains.host == "shop.example"
    assert made().probes.health is None
    assert made("healthCheckPath: /hz\n", type="pserv").probes.health is None


def test_a_crash_is_answered_with_a_start_for_fifteen_minutes() -> None:
    """After a second, doubling to five minutes."""
    life = made().lifecycle
    assert (life.back_off_s[0], life.back_off_s[1], life.back_off_s[-1]) == (1, 2, 300)
    assert (life.deadline_s, life.restarts_during_deploy) == (900, True)


def test_the_old_one_is_kept_a_minute_and_given_its_delay() -> None:
    """30 s unless maxShutdownDelaySeconds says otherwise; a disk forbids that both run."""
    replacement = made().lifecycle.replacement
    assert (replacement.keep_s, replacement.stop_first, replacement.overlap) == (60, False, "wait")
    shutdown = made().shutdown
    assert (shutdown.signal, shutdown.grace_seconds) == ("SIGTERM", 30)
    assert made("maxShutdownDelaySeconds: 120\n").shutdown.grace_seconds == 120
    assert made("disk: {name: d, mountPath: /d}\n").lifecycle.replacement.stop_first


def test_a_cron_run_may_take_twelve_hours_and_is_not_started_again() -> None:
    life = made("schedule: 0 3 * * *\n", type="cron").lifecycle
    assert (life.timeout_s, life.success_is_exit_zero, life.restarts_during_deploy) == (43200, True, False)
