"""The v2 API's form of a service or a job: it plans as the v1 form that says the same; what is wrong in it, by line."""

import json

import pytest

from emulator.model.diagnostic import Fault
from emulator.model.record import to_json
from emulator.model.rule import Fidelity
from tests.platforms.cloud_run.planning import DOCKERFILE, IMAGE, codes, job, knative, messages, plan, several

AT = "projects/p/locations/europe-west1"


def v2(container=None, *, top=None, containers=None, **template):
    """A Service of one container with these fields, or of several; `template` goes beside them, `top` beside the
    template."""
    written = [{"image": IMAGE, **one} for one in containers or [container or {}]]
    return {"name": f"{AT}/services/shop", **(top or {}), "template": {**template, "containers": written}}


def v2_job(container=None, *, execution=None, **task):
    """A Job of one container; `task` goes beside it, `execution` beside the template of its tasks."""
    template = {**task, "containers": [{"image": IMAGE, **(container or {})}]}
    return {"name": f"{AT}/jobs/nightly", "template": {**(execution or {}), "template": template}}


def plan_v2(document, file="app.json", **more):
    text = document if isinstance(document, str) else json.dumps(document, indent=1)
    return plan({file: text, "Dockerfile": DOCKERFILE}, config=file, **more)


def _without_places(value):
    """Of a plan what it says, and not where that is written."""
    if isinstance(value, dict):
        return {key: _without_places(v) for key, v in value.items() if key not in ("origin", "source", "decisions")}
    return [_without_places(item) for item in value] if isinstance(value, list) else value


def _said(made):
    return _without_places(json.loads(to_json(made.services))), codes(made)


def _limits(cpu, memory):
    return {"limits": {"cpu": cpu, "memory": memory}}


def _scale(name, count):
    return f'annotations:\n  autoscaling.knative.dev/{name}: "{count}"'


def _run(name, value):
    return f"annotations:\n  run.googleapis.com/{name}: {value}"


PROBE = {"initialDelaySeconds": 1, "timeoutSeconds": 2, "periodSeconds": 3, "failureThreshold": 4}
SECRET_V1 = "env:\n- name: KEY\n  valueFrom:\n    secretKeyRef: {name: key, key: '3'}"
SECRET = {"env": [{"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "key", "version": "3"}}}]}
TWO_V1 = several(
    "name: app\nports: [{containerPort: 80}]\nresources: {limits: {memory: 256Mi}}",
    "name: db\nstartupProbe: {tcpSocket: {port: 5432}}",
    template="""annotations:\n  run.googleapis.com/container-dependencies: '{"app": ["db"]}'""",
)
TWO = [
    {"name": "app", "ports": [{"containerPort": 80}], "dependsOn": ["db"],
     "resources": {"limits": {"memory": "256Mi"}, "cpuIdle": True}},
    {"name": "db", "startupProbe": {"tcpSocket": {"port": 5432}}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("v1", "document"),
    [
        pytest.param(knative(), v2(), id="an image"),
        pytest.param(knative('command: ["a", "b c"]\nargs: [d]'), v2({"command": ["a", "b c"], "args": ["d"]}),
                     id="command and args"),
        pytest.param(knative("env: [{name: A, value: '1'}, {name: B}]"),
                     v2({"env": [{"name": "A", "value": "1"}, {"name": "B"}]}), id="variables"),
        pytest.param(knative(SECRET_V1), v2(SECRET), id="a secret"),
        pytest.param(knative("ports: [{name: h2c, containerPort: 9000}]"),
                     v2({"ports": [{"name": "h2c", "containerPort": 9000}]}), id="a port"),
        pytest.param(knative("resources: {limits: {cpu: '2', memory: 1Gi}}"),
                     v2({"resources": _limits("2", "1Gi") | {"cpuIdle": True}}), id="limits"),
        pytest.param(knative("resources: {limits: {memory: 256Mi}}", template=_run("cpu-throttling", "'false'")),
                     v2({"resources": {"limits": {"memory": "256Mi"}}}), id="CPU always allocated, too little memory"),
        pytest.param(knative("resources: {limits: {cpu: 500m}}", template=_run("execution-environment", "gen2")),
                     v2({"resources": {"limits": {"cpu": "500m"}, "cpuIdle": True}},
                        executionEnvironment="EXECUTION_ENVIRONMENT_GEN2"), id="half a CPU in gen2"),
        *(pytest.param(knative(json.dumps({f"{role}Probe": {**action, **PROBE}})[1:-1]),
                       v2({f"{role}Probe": {**action, **PROBE}}), id=f"{role} by {next(iter(action))}")
          for role in ("startup", "liveness", "readiness")
          for action in ({"httpGet": {"path": "/up", "port": 81, "httpHeaders": [{"name": "A", "value": "b"}]}},
                         {"grpc": {"service": "x"}}, {"tcpSocket": {"port": 82}})),
        pytest.param(knative(spec="timeoutSeconds: 90\ncontainerConcurrency: 7"),
                     v2(timeout="90s", maxInstanceRequestConcurrency=7), id="time and concurrency"),
        pytest.param(knative(spec="containerConcurrency: 7"), v2(maxInstanceRequestConcurrency="7"),
                     id="a number in quotes"),
        pytest.param(knative(template=_scale("minScale", 2)), v2(scaling={"minInstanceCount": 2}), id="least of it"),
        pytest.param(knative(template=_scale("maxScale", 3)), v2(scaling={"maxInstanceCount": 3}), id="most of it"),
        pytest.param(knative(meta=_run("minScale", "'2'")), v2(top={"scaling": {"minInstanceCount": 2}}),
                     id="least of the service"),
        pytest.param(knative(template=_run("sessionAffinity", "'true'")), v2(sessionAffinity=True), id="affinity"),
        pytest.param(knative(template="name: shop-v2"), v2(revision="shop-v2"), id="a revision's name"),
        pytest.param(knative().replace("  template:", "  traffic: [{revisionName: shop-1, percent: 90, tag: old}, "
                                       "{latestRevision: true, percent: 10}]\n  template:"),
                     v2(top={"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "shop-1",
                                          "percent": 90, "tag": "old"},
                                         {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10}]}),
                     id="traffic"),
        pytest.param(knative("volumeMounts: [{name: v, mountPath: /v}]", spec="volumes: [{name: v, emptyDir: {}}]"),
                     v2({"volumeMounts": [{"name": "v", "mountPath": "/v"}]}, volumes=[{"name": "v", "emptyDir": {}}]),
                     id="a volume"),
        pytest.param(TWO_V1, v2(containers=TWO), id="two containers, one after the other"),
        pytest.param(job(), v2_job(), id="a job"),
        pytest.param(job(execution="taskCount: 5\nparallelism: 2", task="maxRetries: 0\ntimeoutSeconds: 60"),
                     v2_job(execution={"taskCount": 5, "parallelism": 2}, maxRetries=0, timeout="60s"), id="its tasks"),
        pytest.param(job("resources: {limits: {cpu: '1', memory: 256Mi}}"),
                     v2_job({"resources": _limits("1", "256Mi")}), id="a job with too little memory"),
        pytest.param(job(task="maxRetries: 11"), v2_job(maxRetries=11), id="a job with too many retries"),
    ],
)  # fmt: skip
def test_it_plans_as_the_v1_form(v1, document):
    """The same service, and the same findings, as JSON and as YAML. Where it is, v2 says in its name."""
    where = "metadata:\n  namespace: p\n  labels: {cloud.googleapis.com/location: europe-west1}\n"
    v1 = v1.replace("metadata:\n", where, 1)
    wanted = _said(plan({"v1.yaml": v1, "Dockerfile": DOCKERFILE}, config="v1.yaml"))
    assert wanted[0]
    assert _said(plan_v2(document)) == wanted
    assert _said(plan_v2(document, "app.yaml")) == wanted


_UNKNOWN = "Invalid JSON payload received. Unknown name \"{}\" at '{}': Cannot find field"
_AT_TIMEOUT = "Invalid value at 'service.template.timeout' (type.googleapis.com/google.protobuf.Duration), "


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"timeout": 300', _AT_TIMEOUT + "Field 'timeout', Illegal duration format; duration must end with 's'"),
        ('"timeoutSeconds": 300', _UNKNOWN.format("timeoutSeconds", "service.template")),
        ('"maxInstanceRequestConcurrency": "many"',
         "Invalid value at 'service.template.max_instance_request_concurrency' (TYPE_INT32), \"many\""),
        ('"sessionAffinity": "yes"', "Invalid value at 'service.template.session_affinity' (TYPE_BOOL), \"yes\""),
        ('"revision": 7', "Invalid value at 'service.template.revision' (TYPE_STRING), 7"),
        ('"executionEnvironment": "gen2"', "Invalid value at 'service.template.execution_environment', \"gen2\""),
        ('"containers": {}', "service.template.containers must be a list"),
        ('"scaling": 3', "service.template.scaling must be a mapping"),
        ('"annotations": {"autoscaling.knative.dev/minScale": "1"}',
         "template.annotations has autoscaling.knative.dev/minScale, and v2 takes none of autoscaling.knative.dev"),
        ('"scaling": {"maxInstances": 3}', _UNKNOWN.format("maxInstances", "service.template.scaling")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_line(written, shown):
    """In the words of Google's APIs where they are known."""
    containers = '"containers": [{"image": "a"}]'
    parts = [written] if written.startswith('"containers"') else [written, containers]
    text = '{"name": "shop",\n "template": {\n  ' + ",\n  ".join(parts) + "}}"
    made = plan_v2(text)
    assert messages(made, "error")[0] == shown
    origin = made.diagnostics[0].origin
    assert origin is not None
    assert (origin.file, origin.line) == ("app.json", 3)


def test_limits_are_told_by_the_names_of_v2():
    """What is out of range, by the name it has in this file and with the place it has there."""
    made = plan_v2(v2(timeout="7200s", maxInstanceRequestConcurrency=2000))
    assert messages(made, "error") == [
        "maxInstanceRequestConcurrency is 2000; it must be from 0 to 1000",
        "timeout is 7200; it must be from 1 to 3600",
    ]
    assert made.diagnostics[-1].help == "write 3600s or less"
    made = plan_v2(v2(containers=[{"name": "a", "ports": [{}], "dependsOn": ["b"]}, {"name": "b"}]))
    assert "template.containers[0].depends_on: Dependent container 'b' must have startup probe specified" in messages(
        made, "error"
    )
    made = plan_v2(v2({"startupProbe": {"tcpSocket": {}, "timeoutSeconds": 20}}))
    assert messages(made, "error") == [
        "service.template.containers[0].startup_probe.timeout_seconds: must be less than period_seconds"
    ]
    made = plan_v2(v2({"resources": _limits("16", "1Gi")}))
    assert messages(made, "error")[0].startswith("template.containers.resources.limits.cpu: ")


def test_resources_without_cpu_idle_allocate_cpu_always():
    """Too little memory for that is refused, and the help says what else would do (rule cloud-run/v2-cpu-idle)."""
    [refused] = plan_v2(v2({"resources": {"limits": {"memory": "256Mi"}}})).diagnostics
    assert "cpuIdle: true" in (refused.help or "")
    assert codes(plan_v2(v2({"resources": {"limits": {"memory": "256Mi"}, "cpuIdle": True}}))) == []
    assert codes(plan_v2(v2({"resources": {}}))) == codes(plan_v2(v2())) == []


def test_an_answer_of_the_api_is_taken_as_it_is():
    """What the platform writes itself is no setting, and every key has a row."""
    answer = v2(top={"uid": "u", "generation": "3", "conditions": [{"type": "Ready"}], "urls": ["u"], "etag": "e"})
    made = plan_v2(answer)
    assert codes(made) == []
    rows = {row.key: row for row in made.coverage}
    assert {rows[key].fidelity for key in ("uid", "generation", "conditions", "urls", "etag")} == {Fidelity.EXACT}
    assert rows["template.containers[0].image"].origin.file == "app.json"


def test_names_of_the_definitions_are_taken_as_well():
    """max_retries for maxRetries, as the API itself does; the user's own keys are left alone."""
    document = json.dumps(v2_job(maxRetries=2, timeout="60s")).replace("maxRetries", "max_retries")
    made = plan_v2(document)
    assert made.services[0].tasks.max_retries == 2
    made = plan_v2(v2(top={"labels": {"max_retries": "1"}}))
    assert codes(made) == []


@pytest.mark.parametrize(
    ("name", "fault"), [("workerPools/w", Fault.GAP), ("services/shop/revisions/shop-1", Fault.APP)]
)
def test_other_resources_are_none(name, fault):
    """A worker pool is not imitated; a revision is not what is deployed."""
    made = plan_v2({"name": f"{AT}/{name}", "template": {"containers": [{"image": "a"}]}})
    assert made.services == ()
    assert [(d.code, d.fault, d.origin.line) for d in made.diagnostics] == [("cloud-run/kind", fault, 2)]


def test_without_a_name():
    """A request has it beside the body: the repository's is taken, and said."""
    made = plan_v2({"template": {"containers": [{"image": "a"}]}})
    assert made.services[0].name == "shop-1"
    assert codes(made) == ["cloud-run/v2-name"]


def test_json_is_read_by_its_own_grammar():
    """Its mistakes are told as JSON's; a v1 form in a .json is YAML to gcloud, which allows more."""
    assert codes(plan_v2('{"template": {"containers": [{"image": "a"}],}}')) == ["json/trailing-comma"]
    v1 = '{apiVersion: serving.knative.dev/v1, "kind": "Service", "metadata": {"name": "a"}, "spec": {"template": {}}}'
    assert codes(plan_v2(v1)) == ["cloud-run/container-count"]


def test_a_source_is_built():
    """A container that has its source in place of an image is built from the source at hand."""
    source = {"sourceCode": {"cloudStorageSource": {"bucket": "b", "object": "o"}}}
    document = v2()
    document["template"]["containers"] = [source]
    made = plan_v2(document)
    assert codes(made, "error") == []
    assert made.services[0].build.kind == "dockerfile"
    document["template"]["containers"] = [{"name": "app"}]
    assert messages(plan_v2(document), "error") == ["containers[0] has no image"]
