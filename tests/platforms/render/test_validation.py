"""What Render refuses, in its own words where they are known, and what is worth a warning."""

import pytest

from emulator.model.plan import Instances
from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, service, web

FILES = {"Dockerfile": DOCKERFILE}
DOCKER = "runtime: docker\n"


def _plan(fields: str, created_from: str = "blueprint", *, type: str = "web"):
    return plan({"render.yaml": web(fields, type=type), **FILES}, created_from)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("runtime: docker\nstartCommand: node server.js\n", "services[0] docker runtime must not have startCommand"),
        ("env: docker\nstartCommand: node server.js\n", "services[0] docker runtime must not have startCommand"),
        ("runtime: python\nbuildCommand: x\n",
         "services[0] non-docker, non-static, non-image runtime python must have startCommand"),
        ("runtime: node\nstartCommand: ' '\n",
         "services[0] non-docker, non-static, non-image runtime node must have startCommand"),
        ("runtime: python\nstartCommand: x\ndockerContext: .\n",
         "services[0] non-docker runtime python cannot have dockerContext"),
        ("runtime: python\nstartCommand: x\ndockerfilePath: ./Dockerfile\n",
         "services[0] non-docker runtime python cannot have dockerfilePath"),
    ],
)  # fmt: skip
def test_refusals_of_a_blueprint(fields, message):
    """§2.13: what only a Blueprint is refused for, word for word, at its place; pointed at, it is no error."""
    made = _plan(fields)
    assert message in messages(made)
    found = next(d for d in made.diagnostics if d.message == message)
    assert (found.service, found.origin is not None, found.help is not None) == ("web", True, True)
    assert message not in messages(_plan(fields, "repository"))


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
@pytest.mark.parametrize(
    ("type", "fields", "message"),
    [
        ("web", "runtime: pyton\nstartCommand: x\n", "services[0] invalid runtime pyton"),
        ("web", "runtime: Docker\n", "services[0] invalid runtime Docker"),
        ("web", "startCommand: x\n", "services[0] invalid runtime"),
        ("keyvalue", "plan: starter\n", "services[0] must specify IP allow list"),
        ("redis", "plan: starter\n", "services[0] must specify IP allow list"),
        ("web", DOCKER + "plan: free\ndisk: {name: d, mountPath: /data}\n",
         "services[0] disks are not supported for free tier services"),
        ("worker", DOCKER + "plan: free\n", "services[0] no such plan free for service type worker"),
        ("pserv", DOCKER + "plan: free\n", "services[0] no such plan free for service type pserv"),
        ("web", DOCKER + "plan: free\npreDeployCommand: x\n",
         "services[0] pre-deploy command is not supported for free tier services"),
        ("web", DOCKER + "plan: free\nnumInstances: 2\n", "services[0] a free service cannot scale"),
        ("web", DOCKER + "plan: huge\n", "services[0] no such plan huge for service type web"),
        ("cron", DOCKER + "plan: pro max\nschedule: 0 0 * * *\n",
         "services[0] no such plan pro max for service type cron"),
        ("cron", DOCKER, "services[0] has no schedule"),
        ("web", DOCKER + "maxShutdownDelaySeconds: 0\n",
         "services[0] maxShutdownDelaySeconds must be from 1 to 300, not 0"),
        ("web", DOCKER + "maxShutdownDelaySeconds: 301\n",
         "services[0] maxShutdownDelaySeconds must be from 1 to 300, not 301"),
        ("web", DOCKER + "maxShutdownDelaySeconds: -1\n",
         "services[0] maxShutdownDelaySeconds must be from 1 to 300, not -1"),
        ("web", DOCKER + "numInstances: 0\n", "services[0] numInstances must be 1 or more, not 0"),
        ("web", DOCKER + "scaling: {minInstances: 3, maxInstances: 1, targetCPUPercent: 50}\n",
         "services[0] scaling from 3 to 1 instances is no range"),
        ("web", DOCKER + "scaling: {minInstances: 1, maxInstances: 2, targetCPUPercent: 95}\n",
         "services[0] targetCPUPercent must be from 1 to 90, not 95"),
        ("web", DOCKER + "disk: {name: d, mountPath: data}\n",
         "services[0] mountPath must be an absolute path, not data"),
        ("web", DOCKER + "disk: {name: d, mountPath: /opt/render/project/src/}\n",
         "services[0] a disk cannot be mounted at /opt/render/project/src/"),
        ("web", DOCKER + "disk: {name: d, mountPath: //etc/x/../secrets}\n",
         "services[0] a disk cannot be mounted at //etc/x/../secrets"),
        ("web", DOCKER + "disk: {name: d, mountPath: '/a:b'}\n", "services[0] a disk cannot be mounted at /a:b"),
        ("web", DOCKER + "disk: {name: d}\n", "services[0] disk has no mountPath"),
        ("web", DOCKER + "plan: free\nmaintenanceMode: {enabled: true}\n",
         "services[0] maintenance mode is not for free services"),
        ("web", DOCKER + "disk: {name: d, mountPath: /d, sizeGB: 0}\n", "services[0] sizeGB must be 1 or more, not 0"),
        ("web", "runtime: image\n", "services[0] image runtime needs image.url"),
        ("web", "runtime: image\nimage: {url: ' '}\n", "services[0] image runtime needs image.url"),
        ("web", "runtime: image\nimage: {url: Nginx}\n",
         "services[0] image.url Nginx names no image: an image's name has no capital letters"),
        ("worker", "runtime: image\nimage: {url: 'nginx:'}\n",
         "services[0] image.url nginx: names no image: the tag after : is empty"),
        ("web", DOCKER + "region: paris\n", "region cannot be 'paris'"),
        ("web", DOCKER + "autoDeployTrigger: never\n", "autoDeployTrigger cannot be 'never'"),
    ],
)  # fmt: skip
def test_what_is_wrong_either_way(type, fields, message, created_from):
    """Errors of the declaration itself do not depend on how the service came about."""
    made = _plan(fields, created_from, type=type)
    assert message in messages(made)
    found = next(d for d in made.diagnostics if d.message == message)
    assert found.origin is not None
    assert found.help


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ('ports: ["5000"]', "Render finds the port"),
        ("dockerTarget: prod", "last stage"),
        ("releaseCommand: x", "preDeployCommand"),
        ("buildArgs: {A: b}", "ARG"),
        ("healthCheck: {path: /}", "healthCheckPath"),
        ("command: x", "startCommand"),
        ("startCommnd: x", "did you mean `startCommand`?"),
        ("zzz: x", "remove it"),
    ],
)
def test_case_8_unknown_keys_are_refused(key, hint):
    """A key that Render does not have is an error at its place, with what to write instead."""
    made = _plan(DOCKER + key + "\n")
    assert codes(made, "error") == ["render/unknown-field"]
    assert hint in (made.diagnostics[0].help or "")
    assert made.diagnostics[0].origin is not None
    assert made.diagnostics[0].origin.line == 5


@pytest.mark.parametrize(
    "fields",
    [
        "numInstances: two\n",
        "envVars: {A: b}\n",
        "disk: /data\n",
        "autoDeploy: later\n",
        "dockerCommand: [a, b]\n",
        "domains: a.b\n",
    ],
)
def test_wrong_types(fields):
    """A value of another type than the field's is an error at its place."""
    made = _plan(DOCKER + fields)
    assert "render/wrong-type" in codes(made, "error")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("static", "runtime: static"), ("private", "pserv"), ("postgres", "databases"), ("webb", "did you mean `web`?")],
)
def test_unknown_types(text, hint):
    """A type that Render does not have is an error with what to write instead; the service is not planned."""
    made = _plan(DOCKER, type=text)
    assert codes(made) == ["render/invalid-type"]
    assert hint in (made.diagnostics[0].help or "")
    assert made.services == ()


def test_a_workflow_is_a_type_and_is_not_planned():
    """Blueprints have workflows since September 2026: no mistake, its unknown fields still are, and nothing runs it."""
    workflow = web("runtime: python\nbuildCommand: x\nrepo: https://example.com/r\n", type="workflow")
    made = plan({"render.yaml": workflow}, "blueprint")
    assert codes(made) == ["render/workflow-not-run"]
    assert codes(made, "error") == []
    assert made.services == ()
    wrong = plan({"render.yaml": web("runtime: python\ntasks: 3\n", type="workflow")}, "blueprint")
    assert "render/unknown-field" in codes(wrong, "error")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("basic-256mb", []), ("basic_256mb", ["render/plan-spelling"]), ("Basic-1gb", []),
        ("pro_plus", ["render/database-plan"]), ("basic-3gb", ["render/database-plan"]),
    ],
)  # fmt: skip
def test_how_a_postgres_plan_is_written(written, found):
    """The API's underscores and other cases are the plan all the same; another name is none."""
    made = plan({"render.yaml": f"databases:\n  - name: db\n    plan: {written}\n"}, "blueprint")
    assert codes(made) == found


@pytest.mark.parametrize("missing", ["type", "name"])
def test_missing_type_or_name(missing):
    """Both are required; the one error says which is missing."""
    fields = {"type": "web", "name": "web", "runtime": "docker"}
    del fields[missing]
    text = "services:\n  - " + "\n    ".join(f"{k}: {v}" for k, v in fields.items()) + "\n"
    made = plan({"render.yaml": text, **FILES})
    assert messages(made) == [f"services[0] has no {missing}"]


def test_the_index_is_that_of_the_list():
    """services[N] counts every item, broken ones too."""
    text = (
        "services:\n  - type: nope\n    name: a\n  - type: web\n    name: b\n    runtime: docker\n    startCommand: x\n"
    )
    made = plan({"render.yaml": text, **FILES}, "blueprint")
    assert "services[1] docker runtime must not have startCommand" in messages(made)


@pytest.mark.parametrize(
    ("type", "fields", "severity", "code"),
    [
        ("web", DOCKER + "plan: Starter\n", "warning", "render/plan-spelling"),
        ("web", DOCKER + "plan: pro_plus\n", "warning", "render/plan-spelling"),
        ("web", DOCKER + "plan: 3c-7g\n", "warning", "render/undocumented-plan"),
        ("web", DOCKER + "healthCheckPath: health\n", "warning", "render/health-check-path"),
        ("worker", DOCKER + "healthCheckPath: /health\n", "info", "render/health-check-unused"),
        ("web", DOCKER + "buildCommand: make\n", "warning", "render/unused-field"),
        ("web", "runtime: image\nimage: {url: n8n}\nstartCommand: x\n", "warning", "render/unused-field"),
        ("web", DOCKER + "scaling: {minInstances: 1}\n", "warning", "render/scaling"),
        ("web", DOCKER + "numInstances: 2\ndisk: {name: d, mountPath: /d}\n", "warning", "render/disk-instances"),
        ("web", "env: docker\n", "warning", "render/deprecated-field"),
    ],
)
def test_doubts(type, fields, severity, code):
    """What the server takes, or may take, is no error."""
    made = _plan(fields, type=type)
    assert codes(made, severity) == [code]
    assert not made.with_errors()


def test_a_disk_has_one_instance():
    """Whatever else is asked for."""
    for more in ("numInstances: 3\n", "scaling: {minInstances: 2, maxInstances: 4, targetCPUPercent: 50}\n"):
        made = service({"render.yaml": web(DOCKER + more + "disk: {name: d, mountPath: /d}\n"), **FILES}, "blueprint")
        assert made.instances == Instances(min=1, max=1)


@pytest.mark.parametrize(
    ("written", "memory", "cpu"),
    [("free", 512, 0.1), ("starter", 512, 0.5), ("standard", 2048, 1), ("pro", 4096, 2), ("pro plus", 8192, 4),
     ("Pro Max", 16384, 4), ("pro_ultra", 32768, 8), ("2c-4g", 4096, 2), ("0.5c-512mb", 512, 0.5), (None, 512, 0.5)],
)  # fmt: skip
def test_what_a_plan_buys(written, memory, cpu):
    """Memory and CPU by the plan's name, in any case and spelling; starter by default."""
    made = service({"render.yaml": web(DOCKER + (f"plan: {written}\n" if written else "")), **FILES})
    assert (made.resources.memory_mib, made.resources.cpu) == (memory, cpu)
    assert made.resources.plan == (written or "starter")


@pytest.mark.parametrize(
    ("type", "fields", "expected"),
    [
        ("web", "", (1, 1)),
        ("web", "numInstances: 3\n", (3, 3)),
        ("web", "scaling: {minInstances: 2, maxInstances: 5, targetCPUPercent: 60}\n", (2, 5)),
        ("web", "numInstances: 9\nscaling: {minInstances: 2, maxInstances: 5, targetCPUPercent: 60}\n", (2, 5)),
        ("worker", "numInstances: 2\n", (2, 2)),
        ("cron", "schedule: 0 0 * * *\n", None),
    ],
)
def test_instances(type, fields, expected):
    """numInstances is both ends; scaling wins over it; a cron job has none."""
    found = service({"render.yaml": web(DOCKER + fields, type=type), **FILES}).instances
    assert (found and (found.min, found.max)) == expected


@pytest.mark.parametrize(("written", "seconds"), [(None, 30), (1, 1), (300, 300), (45, 45)])
def test_shutdown_delay(written, seconds):
    """SIGTERM, then the delay: 30 s unless set."""
    fields = DOCKER + (f"maxShutdownDelaySeconds: {written}\n" if written else "")
    made = service({"render.yaml": web(fields), **FILES})
    assert (made.shutdown.signal, made.shutdown.grace_seconds) == ("SIGTERM", seconds)


@pytest.mark.parametrize(
    ("fields", "path", "host"),
    [
        ("healthCheckPath: /hz\n", "/hz", "web.onrender.com"),
        ("healthCheckPath: hz\n", "/hz", "web.onrender.com"),
        ("healthCheckPath: /hz\ndomains:\n  - shop.example\n  - other.example\n", "/hz", "shop.example"),
        ("healthCheckPath: /hz\ndomain: shop.example\n", "/hz", "shop.example"),
    ],
)
def test_health_check(fields, path, host):
    """GET on the path with the first custom domain as Host, else the onrender.com one, every 5 s."""
    found = service({"render.yaml": web(DOCKER + fields), **FILES}).probes.health
    assert found is not None
    assert (found.kind, found.path, found.host, found.port) == ("http", path, host, 10000)
    assert (found.timeout_s, found.period_s, found.success_statuses, found.deadline_s) == (5, 5, (200, 399), 900)


@pytest.mark.parametrize(
    ("type", "fields"), [("web", ""), ("web", "healthCheckPath: ''\n"), ("pserv", "healthCheckPath: /\n")]
)
def test_no_health_check(type, fields):
    """Without a path, and on anything but a web service, there is none."""
    assert service({"render.yaml": web(DOCKER + fields, type=type), **FILES}).probes.health is None


def test_other_types_are_planned():
    """Worker, private service, cron job and static site have their type, schedule and timings."""
    text = (
        "services:\n"
        "  - {type: worker, name: w, runtime: docker}\n"
        "  - {type: pserv, name: p, runtime: docker}\n"
        "  - {type: cron, name: c, runtime: docker, schedule: 0 3 * * *}\n"
        "  - {type: web, name: s, runtime: static, buildCommand: make, staticPublishPath: dist,\n"
        "     routes: [{type: rewrite, source: /*, destination: /index.html}],\n"
        "     headers: [{path: /*, name: X-A, value: b}]}\n"
    )
    made = plan({"render.yaml": text, **FILES})
    assert codes(made) == []
    worker, private, cron, static = made.services
    assert [s.type for s in made.services] == ["worker", "private", "cron", "static"]
    assert (worker.port, worker.lifecycle.port_scan, worker.lifecycle.settle_s) == (None, None, 10)
    assert private.lifecycle.port_scan is not None
    assert not private.lifecycle.port_scan.http
    assert (cron.schedule, cron.lifecycle.success_is_exit_zero) == ("0 3 * * *", True)
    assert static.command is not None
    assert (static.command.form, static.command.argv, static.build.publish) == ("none", None, "dist")
    assert static.static is not None
    assert [(r.type, r.source, r.destination) for r in static.static.routes] == [("rewrite", "/*", "/index.html")]
    assert [(h.path, h.name, h.value) for h in static.static.headers] == [("/*", "X-A", "b")]


def test_commands_beside_the_start():
    """Pre-deploy command and hook are in the plan; the hook's old name counts."""
    made = service({"render.yaml": web(DOCKER + "preDeployCommand: a\nafterFirstDeployCommand: b\n"), **FILES})
    assert (made.pre_deploy_command, made.initial_deploy_hook) == ("a", "b")
