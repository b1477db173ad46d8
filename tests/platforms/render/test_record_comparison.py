"""Where a record and the repository disagree: every such setting, both places, and what a sync would do."""

from typing import Any

import pytest

from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Plan
from platforms.render.record_comparison import SETTINGS
from tests.platforms.render.planning import DOCKERFILE, codes, web
from tests.platforms.render.test_record import DOCKER, NATIVE, api, recorded

CODE = "config/record-disagrees"
BASE = "runtime: python\nbuildCommand: pip install -r requirements.txt\nstartCommand: gunicorn shop:app\n"
REQUIREMENTS = {"requirements.txt": "gunicorn\n"}


def against(record: Any, fields: str, **more: Any) -> Plan:
    """The plan of a record beside a render.yaml of one service with these fields."""
    return recorded(record, {"render.yaml": web(fields, **more), "Dockerfile": DOCKERFILE, **REQUIREMENTS})


def disagreement(of: Plan) -> Diagnostic | None:
    return next((d for d in of.diagnostics if d.code == CODE), None)


def settings(of: Plan) -> list[str]:
    told = disagreement(of)
    return [related.message.split(":")[0] for related in told.related] if told else []


DIFFERENT: list[tuple[str, Any, str]] = [
    ("plan", api(), "plan: standard"),
    ("region", api(), "region: ohio"),
    ("branch", api(), "branch: live"),
    ("rootDir", api(), "rootDir: api"),
    ("healthCheckPath", api(), "healthCheckPath: /hz"),
    ("healthCheckPath", api(details={"healthCheckPath": "/hz"}), ""),
    ("maxShutdownDelaySeconds", api(details={"maxShutdownDelaySeconds": 60}), ""),
    ("numInstances", api(details={"numInstances": 1}), "numInstances: 2"),
    ("preDeployCommand", api(specific=NATIVE | {"preDeployCommand": "make db"}), ""),
    ("disk.sizeGB", api(details={"disk": {"name": "d", "mountPath": "/d", "sizeGB": 1}}),
     "disk: {name: d, mountPath: /d, sizeGB: 5}"),
    ("scaling.maxInstances", api(details={"autoscaling": {"enabled": True, "min": 1, "max": 3, "criteria": {
        "cpu": {"enabled": True, "percentage": 60}}}}),
     "scaling: {minInstances: 1, maxInstances: 4, targetCPUPercent: 60}"),
    ("autoDeployTrigger", api(), "autoDeployTrigger: checksPass"),
    ("autoDeployTrigger", api(autoDeploy="no"), "autoDeploy: true"),
    ("buildFilter", api(buildFilter={"paths": ["api/**"], "ignoredPaths": []}), ""),
    ("envVars A", api(envVars=[{"key": "A", "value": "1"}]), "envVars: [{key: A, value: '2'}]"),
    ("envVars A", api(envVars=[]), "envVars: [{key: A, value: '2'}]"),
    ("envVars A", api(envVars=[]), "envVars: [{key: A, generateValue: true}]"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "record", "fields"), DIFFERENT)
def test_a_setting_that_differs_is_named_with_both_places(name: str, record: Any, fields: str) -> None:
    """In the warning, and as a decision in which the record wins."""
    planned = against(record, BASE + fields)
    assert settings(planned) == [name]
    [service] = planned.services
    decision = next(d for d in service.decisions if d.id == f"web.record.{name.replace(' ', '.')}")
    [loser] = decision.rejected
    assert "sync" in loser.because
    assert decision.rule == "render/service-record"
    files = {origin.file for origin in (decision.origin, loser.origin) if origin}
    assert files
    assert files <= {"a.json", "render.yaml"}


SAME: list[tuple[Any, str]] = [
    (api(), ""),
    (api(), "plan: Starter\nregion: oregon\nbranch: main\nrootDir: .\nautoDeploy: true\nmaxShutdownDelaySeconds: 30"),
    (api(), "autoDeployTrigger: commit\nhealthCheckPath: ''"),
    (api(details={"plan": "pro_plus"}), "plan: pro plus"),
    (api(details={"plan": "pro", "numInstances": 3, "region": "ohio"}), "region: ohio"),
    (api(details={"autoscaling": {"enabled": True, "min": 1, "max": 3}}), "numInstances: 1"),
    (api(buildFilter={"paths": [], "ignoredPaths": []}), ""),
    (api(envVars=[{"key": "A", "value": "1"}, {"key": "B", "value": "2"}]), "envVars: [{key: A, value: 1}]"),
    (api(envVars=[]), "envVars: [{key: A, sync: false}]"),
    (api(), "envVars: [{key: A, value: 1}]"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "fields"), SAME)
def test_what_is_the_same_or_kept_is_not_named(record: Any, fields: str) -> None:
    """Spellings, defaults, what a sync keeps, variables that only the record has."""
    planned = against(record, BASE + fields)
    assert disagreement(planned) is None


def test_spellings_of_docker_paths_are_the_same() -> None:
    """The API gives ./Dockerfile and . or nothing at all."""
    for path, context in (("", ""), ("./Dockerfile", "."), ("Dockerfile", "/")):
        record = api("docker", DOCKER | {"dockerfilePath": path, "dockerContext": context})
        assert disagreement(against(record, "runtime: docker")) is None
    assert settings(against(api("docker", DOCKER), "runtime: docker\ndockerfilePath: x/Dockerfile")) == [
        "dockerfilePath"
    ]


def test_a_sync_cannot_change_type_and_region() -> None:
    """So it says instead of a promise that nobody keeps."""
    planned = against(api(), BASE + "region: ohio", type="worker")
    reasons = {d.id: d.rejected[0].because for d in planned.services[0].decisions if ".record." in d.id}
    assert reasons.keys() >= {"web.record.type", "web.record.region"}
    assert all(because.startswith("no sync can change it") for because in reasons.values())


def test_the_command_that_a_sync_would_bring() -> None:
    """render.yaml's is among the losers, and is what would run otherwise."""
    [service] = against(api(specific=NATIVE | {"startCommand": "python old.py"}), BASE).services
    assert service.command
    assert service.command.text == "python old.py"
    assert [lost.source for lost in service.command.shadowed] == ["render.yaml", "dockerfile"]
    other = service.command.alternative
    assert other
    assert (other.when, other.text, other.source) == ("synced from render.yaml", "gunicorn shop:app", "render.yaml")


def test_another_runtime() -> None:
    """A Docker service that render.yaml says is Python."""
    planned = against(api("docker", DOCKER), BASE)
    assert settings(planned) == ["runtime", "buildCommand", "startCommand"]
    [service] = planned.services
    assert service.command
    assert service.command.argv == ("gunicorn", "app:app")
    assert service.command.alternative
    assert service.command.alternative.text == "gunicorn shop:app"


def test_values_of_variables_are_never_shown() -> None:
    """Not even render.yaml's, beside the record's."""
    planned = against(api(envVars=[{"key": "A", "value": "hunter2"}]), BASE + "envVars: [{key: A, value: other-one}]")
    told = disagreement(planned)
    assert told
    assert "hunter2" not in repr(planned)
    assert "other-one" not in repr((told, planned.services[0].decisions))


def test_a_render_yaml_without_the_service() -> None:
    """Nothing of it holds; with mistakes it is not compared, and the record is planned all the same."""
    assert "render/record-undeclared" in codes(against(api(), BASE, name="other"), "info")
    planned = against(api(), BASE + "dockerTarget: prod")
    assert "render/record-not-compared" in codes(planned, "info")
    assert codes(planned, "error") == []
    assert [s.name for s in planned.services] == ["web"]


def test_what_a_blueprints_validator_refuses_a_record_may_have() -> None:
    """Render has taken it already."""
    planned = recorded(api(details={"plan": "free", "disk": {"name": "d", "mountPath": "/etc", "sizeGB": 1}}))
    assert codes(planned, "error", "warning") == []


def test_every_setting_of_the_table_has_its_name_once() -> None:
    """A decision's id is made of it."""
    names = [setting.name for setting in SETTINGS]
    assert len(set(names)) == len(names)
