"""Services from their record, as Render's API and command line export it: what is read, what is told, what is kept
to itself."""

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from emulator.model.diagnostic import Diagnostic, UsageError
from emulator.model.plan import Plan, Service
from emulator.model.record import to_json
from platforms.render import record_fields
from platforms.render.fields import SERVICE_FIELDS
from tests.platforms.render.planning import DOCKERFILE, codes, plan, resolve, variable

NATIVE = {"buildCommand": "pip install -r requirements.txt", "startCommand": "gunicorn shop:app"}
DOCKER = {"dockerCommand": "", "dockerContext": "", "dockerfilePath": ""}


def api(
    runtime: str = "python", specific: Mapping[str, Any] | None = None, *, type: str = "web_service",
    name: str = "web", details: Mapping[str, Any] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A service as GET /v1/services/ID answers."""
    own = NATIVE if specific is None else specific
    base: dict[str, Any] = {"runtime": runtime, "env": runtime, "plan": "starter", "region": "oregon"}
    return {
        "id": "srv-cv3k2m5umphs73a1b0d0", "name": name, "type": type, "slug": f"{name}-4kd2", "rootDir": "",
        "repo": "https://github.com/octo/shop", "branch": "main", "autoDeploy": "yes", "suspended": "not_suspended",
        "serviceDetails": base | {"envSpecificDetails": dict(own)} | dict(details or {}),
    } | more  # fmt: skip


def recorded(record: Any, files: Mapping[str, str | bytes] | None = None, **more: Any) -> Plan:
    """The plan of a record; several files by their names, one otherwise."""
    texts = record if isinstance(record, dict) and set(record) <= {"a.json", "b.json"} else {"a.json": record}
    written = {file: of if isinstance(of, str) else json.dumps(of, indent=1) for file, of in texts.items()}
    return plan(files or {}, record=written, **more)


def only(record: Any, files: Mapping[str, str | bytes] | None = None, **more: Any) -> Service:
    [service] = recorded(record, files, **more).services
    return service


def found(of: Plan, code: str) -> Diagnostic:
    return next(d for d in of.diagnostics if d.code == code)


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda s: s, lambda s: [s], lambda s: {"service": s, "cursor": "x"}, lambda s: [{"service": s, "cursor": "x"}],
        lambda s: [{"service": s, "project": {"name": "p"}, "environment": {"name": "e"}}], lambda s: {"data": s},
        lambda s: {"data": [{"service": s}]},
    ],
)  # fmt: skip
def test_every_form_of_export_is_read(wrapped: Any) -> None:
    """One service, a page of them, the command line's list and its wrapping."""
    service = only(wrapped(api()))
    assert (service.name, service.type, service.command and service.command.text) == ("web", "web", "gunicorn shop:app")
    assert service.command
    assert (service.command.source, service.command.argv) == ("record", ("/bin/bash", "-c", "gunicorn shop:app"))
    assert service.origin
    assert service.origin.file == "a.json"


SETTINGS: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("plan", api(details={"plan": "pro_plus"}), lambda s: s.resources.memory_mib, 8192),
    ("health", api(details={"healthCheckPath": "/hz"}), lambda s: s.probes.health.path, "/hz"),
    ("host of the check", api(details={"healthCheckPath": "/hz", "url": "https://shop-4kd2.onrender.com"}),
     lambda s: s.probes.health.host, "shop-4kd2.onrender.com"),
    ("domain", api(details={"healthCheckPath": "/hz"}, customDomains=[{"name": "shop.example"}]),
     lambda s: s.probes.health.host, "shop.example"),
    ("instances", api(details={"numInstances": 3}), lambda s: (s.instances.min, s.instances.max), (3, 3)),
    ("autoscaling", api(details={"numInstances": 1, "autoscaling": {
        "enabled": True, "min": 2, "max": 5, "criteria": {"cpu": {"enabled": True, "percentage": 70}}}}),
     lambda s: (s.instances.min, s.instances.max), (2, 5)),
    ("autoscaling that is off", api(details={"numInstances": 2, "autoscaling": {"enabled": False, "min": 4, "max": 5}}),
     lambda s: (s.instances.min, s.instances.max), (2, 2)),
    ("shutdown", api(details={"maxShutdownDelaySeconds": 120}), lambda s: s.shutdown.grace_seconds, 120),
    ("disk", api(details={"disk": {"id": "dsk-1", "name": "data", "mountPath": "/var/data", "sizeGB": 25}}),
     lambda s: (s.disk.name, s.disk.mount_path, s.disk.size_gb, s.lifecycle.replacement.stop_first),
     ("data", "/var/data", 25, True)),
    ("build", api(), lambda s: s.build.command, NATIVE["buildCommand"]),
    ("pre-deploy", api(specific=NATIVE | {"preDeployCommand": "flask db upgrade"}), lambda s: s.pre_deploy_argv,
     ("/bin/bash", "-c", "flask db upgrade")),
    ("cron", api(type="cron_job", details={"schedule": "5 4 * * *"}), lambda s: (s.type, s.schedule),
     ("cron", "5 4 * * *")),
    ("worker", api(type="background_worker"), lambda s: s.type, "worker"),
    ("private service", api(type="private_service"), lambda s: (s.type, s.network_names),
     ("private", ("web-4kd2", "web-4kd2-discovery"))),
    ("docker", api("docker", DOCKER | {"dockerCommand": "python x.py"}), lambda s: (s.build.dockerfile, s.command.argv),
     ("Dockerfile", ("python", "x.py"))),
    ("docker's paths", api("docker", DOCKER | {"dockerfilePath": "./deploy/Dockerfile", "dockerContext": "deploy"}),
     lambda s: (s.build.dockerfile, s.build.context), ("deploy/Dockerfile", "deploy")),
    ("an image", api("image", DOCKER | {"dockerfilePath": "./Dockerfile"}, imagePath="docker.io/library/nginx:1.27"),
     lambda s: (s.build.kind, s.build.image), ("image", "docker.io/library/nginx:1.27")),
    ("only the old name of runtime", api(details={"runtime": None}), lambda s: s.build.runtime, "python"),
    ("a site", {"id": "srv-1", "name": "web", "type": "static_site", "serviceDetails": {
        "buildCommand": "npm run build", "publishPath": "dist"}, "routes": [
        {"type": "rewrite", "source": "/*", "destination": "/index.html", "priority": 1},
        {"type": "redirect", "source": "/old", "destination": "/new", "priority": 0}]},
     lambda s: (s.type, s.build.publish, [r.source for r in s.static.routes]), ("static", "dist", ["/old", "/*"])),
]  # fmt: skip


@pytest.mark.parametrize(("record", "read", "expected"), [row[1:] for row in SETTINGS], ids=[r[0] for r in SETTINGS])
def test_a_setting_becomes_the_plans(record: Any, read: Any, expected: Any) -> None:
    """Each in the API's form, and what comes of it."""
    files = {"Dockerfile": DOCKERFILE, "deploy/Dockerfile": DOCKERFILE, "app/x": ""}
    planned = recorded(record, files)
    assert codes(planned, "error", "warning") == []
    assert read(planned.services[0]) == expected


def test_the_root_directory_holds_for_paths() -> None:
    """rootDir stands beside the details."""
    service = only(api("docker", DOCKER, rootDir="api"), {"api/Dockerfile": DOCKERFILE, "Dockerfile": DOCKERFILE})
    assert (service.build.root, service.build.dockerfile, service.build.context) == ("api", "api/Dockerfile", "api")


def test_case_6_a_record_of_its_own_never_reads_render_yaml() -> None:
    """The Dockerfile's path that render.yaml gives is not the service's: the build fails as it does there."""
    blueprint = "services:\n- type: web\n  name: web\n  runtime: docker\n  dockerfilePath: deploy/Dockerfile\n"
    planned = recorded(api("docker", DOCKER), {"render.yaml": blueprint, "deploy/Dockerfile": DOCKERFILE})
    missing = found(planned, "render/dockerfile-missing")
    words = "error: failed to solve: failed to read dockerfile: open Dockerfile: no such file or directory"
    assert missing.message == words
    assert "dockerfilePath" in found(planned, "config/record-disagrees").message


def test_whatever_else_the_repository_holds_the_record_decides() -> None:
    """A Dockerfile and a Procfile are there; the runtime is Python, and both lose with their reasons."""
    service = only(api(), {"Dockerfile": DOCKERFILE, "Procfile": "web: python other.py\n", "requirements.txt": ""})
    assert service.build.kind == "native"
    assert service.command
    reasons = {lost.source: lost.because for lost in service.command.shadowed}
    assert "does not read Dockerfile" in reasons["dockerfile"]
    assert "reads no Procfile" in reasons["procfile"]


def test_it_says_of_itself_what_render_calls_it() -> None:
    """Identifier, host and discovery name are the service's own."""
    service = only(api(details={"url": "https://shop-4kd2.onrender.com"}))
    values = {v.name: v.value for v in service.env}
    assert values["RENDER_SERVICE_ID"] == "srv-cv3k2m5umphs73a1b0d0"
    assert values["RENDER_EXTERNAL_URL"] == "https://shop-4kd2.onrender.com"
    assert values["RENDER_DISCOVERY_SERVICE"] == "web-4kd2-discovery"


VARIABLES = [{"envVar": {"key": "TOKEN", "value": "hunter2"}, "cursor": "x"}]


@pytest.mark.parametrize(
    "record",
    [
        {"a.json": api(), "b.json": VARIABLES}, {"a.json": VARIABLES, "b.json": api()},
        {"a.json": api(), "b.json": [{"key": "TOKEN", "value": "hunter2"}]}, api(envVars=VARIABLES),
        api(envVars=[{"key": "TOKEN", "value": "hunter2"}]), {"service": api(), "envVars": VARIABLES},
        {"a.json": api(), "b.json": {"id": "evg-1", "name": "g", "envVars": [{"key": "TOKEN", "value": "hunter2"}],
                                     "serviceLinks": [{"id": "srv-cv3k2m5umphs73a1b0d0", "name": "web"}]}},
    ],
)  # fmt: skip
def test_variables_are_given_and_never_printed(record: Any) -> None:
    """Merged in, in a file of their own, or of a group that is linked."""
    texts = record if "b.json" in record else {"a.json": record}
    resolution = resolve({}, record={file: json.dumps(of) for file, of in texts.items()})
    [service] = resolution.plan.services
    assert variable(service, "TOKEN") == (None, "secret", "both")
    assert resolution.secrets.of("web")["TOKEN"] == "hunter2"
    assert "hunter2" not in to_json(resolution.plan).decode()
    assert "render/record-without-env" not in codes(resolution.plan)


def test_a_services_own_variable_wins_over_its_groups_and_the_command_line_over_both() -> None:
    """As on Render, and as everywhere here."""
    group = {"name": "g", "envVars": [{"key": "A", "value": "1"}, {"key": "B", "value": "1"}], "serviceLinks": [
        {"name": "web"}]}  # fmt: skip
    texts = {"a.json": json.dumps(api(envVars=[{"key": "A", "value": "2"}])), "b.json": json.dumps(group)}
    assert resolve({}, record=texts).secrets.of("web") == {"A": "2", "B": "1"}
    given = resolve({}, record=texts, env=[("A", "3")])
    assert given.secrets.of("web") == {"B": "1"}
    assert variable(given.plan.services[0], "A") == ("3", "flag", "both")


def test_a_group_without_its_variables() -> None:
    """As the list of all groups has them: that they are missing is said, for the services it is linked to."""
    links = [{"id": "srv-cv3k2m5umphs73a1b0d0", "name": "web", "type": "web"}]
    groups = [{"envGroup": {"name": "shared", "serviceLinks": links}}, {"envGroup": {"name": "x", "serviceLinks": []}}]
    planned = recorded({"a.json": api(envVars=[]), "b.json": groups})
    assert codes(planned) == ["render/record-without-env"]
    assert "shared is linked to web" in planned.diagnostics[0].message


def test_a_domain_that_redirects_is_not_asked_for() -> None:
    """The health check's Host is one that leads to the service."""
    domains = [{"customDomain": {"name": "www.shop.example", "redirectForName": "shop.example"}},
               {"customDomain": {"name": "shop.example", "redirectForName": ""}}]  # fmt: skip
    planned = recorded({"a.json": api(details={"healthCheckPath": "/hz"}), "b.json": domains})
    probe = planned.services[0].probes.health
    assert probe
    assert probe.host == "shop.example"


def test_secret_files_are_mounted_and_never_printed() -> None:
    """Merged in, in a file of their own, or of a linked group; one that the user gives under the same name wins, and
    one without contents, or whose name is no file's, is left out."""
    own = [{"secretFile": {"name": ".env", "content": "A=hunter2"}}, {"secretFile": {"name": "a/b", "content": "x"}},
           {"secretFile": {"name": "bare"}}]  # fmt: skip
    group = {"name": "g", "envVars": [], "serviceLinks": [{"name": "web"}], "secretFiles": [
        {"name": "ca.pem", "content": "PEM"}]}  # fmt: skip
    for texts in ({"a.json": api(), "b.json": [*own, group]}, {"a.json": api(secretFiles=own), "b.json": group}):
        resolution = resolve({}, record={file: json.dumps(text) for file, text in texts.items()})
        [service] = resolution.plan.services
        assert [m.path for m in service.containers[0].mounts][:2] == ["/etc/secrets/ca.pem", "/etc/secrets/.env"]
        assert {file.name: file.content for file in resolution.secret_files["web"]} == {
            "ca.pem": b"PEM", ".env": b"A=hunter2",
        }  # fmt: skip
        assert "hunter2" not in to_json(resolution.plan).decode()
        assert "hunter2" not in repr(resolution)


def test_values_that_would_be_committed() -> None:
    """A file with variables that git does not ignore is warned of, once; without variables it is nobody's business."""
    text = json.dumps(api(envVars=[{"key": "A", "value": "1"}, {"key": "B", "value": "2"}]))
    planned = plan({"a.json": text}, record={"a.json": text})
    assert codes(planned) == ["render/record-in-repository"]
    assert codes(plan({}, record={"a.json": text})) == []
    assert codes(plan({"a.json": text}, record={"a.json": text}, ignored=["a.json"])) == []
    bare = json.dumps(api())
    assert codes(plan({"a.json": bare}, record={"a.json": bare}), "warning") == []


def test_a_suspended_service() -> None:
    """Is run, and that Render does not run it is said, with who suspended it."""
    planned = recorded(api(envVars=[], suspended="suspended", suspenders=["stuck_crashlooping"]))
    assert codes(planned) == ["render/record-suspended"]
    assert "stuck_crashlooping" in planned.diagnostics[0].message


def test_the_port_is_the_records() -> None:
    """A PORT among its variables."""
    service = only(api(envVars=[{"key": "PORT", "value": "3000"}]))
    assert service.port
    assert (service.port.number, service.port.source) == (3000, "record")


def test_a_record_without_variables_says_so() -> None:
    """What Render has is then not known."""
    assert codes(recorded(api()), "info") == ["render/record-without-env"]


BAD: list[tuple[str, str, str, int]] = [
    ("cut short", '{"service": {\n"name": "web"', "json/ends-early", 2),
    ("a comma too many", '{"name": "web",\n}', "json/trailing-comma", 1),
    ("not JSON", "type: web_service\n", "json/syntax", 1),
    ("empty", "", "json/empty", 1),
    ("an empty list", "[]", "render/service-record", 1),
    ("a number", "\n7", "render/service-record", 2),
    ("a list of text", '["web"]', "render/service-record", 1),
    ("an error of the API", '{"id": "x",\n"message": "unauthorized"}', "render/service-record", 1),
    ("no name", '[\n{"type": "web_service", "serviceDetails": {}}]', "render/service-record", 2),
    ("no type", '{"name": "web", "serviceDetails": {}}', "render/service-record", 1),
    ("another type", '{"name": "web",\n"type": "web"}', "render/service-record", 2),
    ("no runtime", '{"name": "web", "type": "web_service", "serviceDetails": {}}', "render/service-record", 1),
    ("another runtime", '{"name": "web", "type": "web_service", "serviceDetails":\n{"runtime": "cobol"}}',
     "render/service-record", 2),
    ("details of text", '{"name": "web", "type": "static_site",\n"serviceDetails": "x"}', "render/wrong-type", 2),
    ("a number that is a text",
     '{"name": "web", "type": "web_service", "serviceDetails": {"runtime": "go",\n"numInstances": "many"}}',
     "render/wrong-type", 2),
    ("a text that is a number", '{"name": "web", "type": "static_site",\n"rootDir": 7}', "render/wrong-type", 2),
    ("a list that is none", '{"name": "web", "type": "static_site",\n"envVars": {}}', "render/wrong-type", 2),
    ("a name that is a list", '{"name": [],\n"type": "static_site"}', "render/service-record", 1),
    ("variables alone", '[{"key": "A", "value": "1"}]', "render/service-record", 1),
    ("too deep", "[" * 500, "json/too-deep", 1),
    ("two of a name", json.dumps([api(), api()]), "render/duplicate-name", 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_is_wrong_is_told_at_its_line(text: str, code: str, line: int) -> None:
    """As an error with something to do, and never as an exception."""
    planned = recorded(text)
    error = found(planned, code)
    assert error.severity == "error"
    assert error.origin
    assert (error.origin.file, error.origin.line) == ("a.json", line)
    assert error.help


def test_unknown_fields_are_told_once_at_their_first_line() -> None:
    """As infos: the export may be newer than we are."""
    strange = {"runtime": "python", "warp": 9, "disk": {"name": "d", "mountPath": "/d", "colour": "red"}}
    planned = recorded([api(details=strange, name=name, galaxy=1) for name in ("a", "b")])
    told = [d for d in planned.diagnostics if d.code == "render/record-field"]
    assert sorted(d.message.split()[2] for d in told) == [
        "galaxy", "serviceDetails.disk.colour", "serviceDetails.warp",
    ]  # fmt: skip
    assert {d.severity for d in told} == {"info"}
    assert all(d.origin and d.origin.line > 1 for d in told)


def test_of_several_services_those_of_this_repository_are_planned() -> None:
    """The others are named; --service picks one, whosever it is."""
    record = [
        {"service": api(name="web")}, {"service": api(name="other", repo="git@github.com:octo/other.git")},
        {"service": api(name="worker", type="background_worker", repo="https://github.com/Octo/Shop.git")},
        {"postgres": {"name": "db"}}, {"keyValue": {"name": "cache"}},
    ]  # fmt: skip
    planned = recorded(record)
    assert [s.name for s in planned.services] == ["web", "worker"]
    assert found(planned, "render/record-elsewhere").message.startswith("other is not planned")
    assert codes(planned).count("render/record-datastore") == 2
    picked = recorded(record, services=("other",))
    assert [s.name for s in picked.services] == ["other"]
    assert codes(picked, "warning") == ["render/record-other-repository"]
    with pytest.raises(UsageError, match="no service 'wep' in the record"):
        recorded(record, services=("wep",))


def test_variables_of_nobody_in_particular() -> None:
    """With two services nobody knows whose they are, unless one is asked for."""
    record = {"a.json": [api(name="web"), api(name="worker", type="background_worker")], "b.json": VARIABLES}
    assert codes(recorded(record), "error") == ["render/service-record"]
    assert variable(only(record, services=("worker",)), "TOKEN")[1] == "secret"


def test_the_way_of_creation_is_the_records() -> None:
    """Both cannot be asked for."""
    from emulator.contract import GivenText, Inputs
    from emulator.snapshot import MappingSource, Snapshot
    from platforms import render
    from tests.platforms.render.planning import DETECTED

    inputs = Inputs(
        options={"created_from": "blueprint"}, options_chosen=("created_from",),
        files={"service_record": (GivenText(file="a.json", text=json.dumps(api())),)},
    )  # fmt: skip
    with pytest.raises(UsageError, match="exclude each other"):
        render.resolve(Snapshot(MappingSource({})), inputs, DETECTED)
    assert recorded(api()).created_from == "record"


def test_every_field_says_what_becomes_of_it() -> None:
    """Coverage has each with its place; the table names only fields that render.yaml has."""
    planned = recorded(api(details={"buildPlan": "starter", "openPorts": []}))
    rows = {row.key: row for row in planned.coverage}
    assert rows["web.serviceDetails.envSpecificDetails.startCommand"].fidelity == "exact"
    assert rows["web.serviceDetails.buildPlan"].fidelity == "not-imitated"
    idle = recorded(api(details={"maintenanceMode": {"enabled": False, "uri": ""}, "buildPlan": ""}, suspenders=[]))
    told = {row.key: row for row in idle.coverage}
    for path in ("suspended", "suspenders", "serviceDetails.maintenanceMode", "serviceDetails.buildPlan"):
        assert (told[f"web.{path}"].fidelity, told[f"web.{path}"].note) == ("exact", "nothing is set with it")
    assert rows["web.serviceDetails.region"].note == SERVICE_FIELDS["region"].note
    assert {f.into for f in record_fields.FIELDS.values() if f.into} <= set(SERVICE_FIELDS)


def test_a_plan_that_is_not_published() -> None:
    """It gets the smallest memory, and that is said."""
    planned = recorded(api(details={"plan": "custom"}))
    assert codes(planned, "warning") == ["render/undocumented-plan"]
    assert planned.services[0].resources.memory_mib == 512


def _mutated(value: Any, dice: random.Random) -> Any:
    """The same with some of its parts replaced by what no one expects there."""
    if dice.random() < 0.06:
        odd = [None, 0, -1.5, True, "", "x" * 50, "\ud83d", "‹A›", "\x00", [], {}, [None], {"key": []}, [[{}]]]
        return dice.choice(odd)
    if isinstance(value, dict):
        return {key: _mutated(part, dice) for key, part in value.items()}
    return [_mutated(part, dice) for part in value] if isinstance(value, list) else value


def test_whatever_a_record_holds_there_is_a_plan() -> None:
    """Any part of any type: a plan that can be printed, and errors at places; never an exception."""
    dice = random.Random(11)
    records = [setting[1] for setting in SETTINGS] + [
        [{"service": api(envVars=VARIABLES)}, {"envGroup": {"name": "g", "serviceLinks": [{"id": "x"}], "envVars": []}},
         {"secretFile": {"name": ".env", "content": "x"}}, {"postgres": {"name": "db"}}],
    ]  # fmt: skip
    files = {"Dockerfile": DOCKERFILE, "render.yaml": "services:\n- {type: web, name: web, runtime: docker}\n"}
    for _ in range(400):
        planned = recorded(json.dumps(_mutated(dice.choice(records), dice)), files)
        to_json(planned)
        for diagnostic in planned.diagnostics:
            assert diagnostic.origin is None or diagnostic.origin.line > 0
            assert diagnostic.help
