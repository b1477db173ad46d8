"""The shape of the file, in gcloud's words; a row for every key; files that are none."""

import pytest

from emulator.model.rule import Fidelity
from tests.platforms.cloud_run.planning import DOCKERFILE, IMAGE, codes, job, knative, messages, of, plan

PARSE = "Failed to parse value(s) in protobuf [Service]: "
TYPE = 'Failed to parse value in protobuf [Service]: Service.??: "Expected type {}"'
SPEC = "Service.spec.template.spec"


def _misplaced(where: str, name: str, kind: str, kinds: str) -> str:
    return (
        f"{where}.annotations[{name}]: Annotation '{name}' is not supported on resources of kind '{kind}'. "
        f"Supported kinds are: {kinds}"
    )


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param(knative(spec="initContainers: []"), [f"{SPEC}.initContainers"], id="CR-18: initContainers"),
        pytest.param(knative("lifecycle: {}"), [f"{SPEC}.containers[0].lifecycle"], id="CR-18: lifecycle"),
        pytest.param(knative("startupProbe:\n  exec: {}\n  tcpSocket: {}"), [f"{SPEC}.containers[0].startupProbe.exec"],
                     id="CR-18: exec"),
        pytest.param(knative("dependsOn: [db]"), [f"{SPEC}.containers[0].dependsOn"], id="CR-36: dependsOn"),
        pytest.param(knative(spec="restartPolicy: Always\ninitContainers: []"),
                     [f"{SPEC}.{{initContainers,restartPolicy}}"], id="two of one level"),
        pytest.param(knative("stdin: true\nlifecycle: {}"), [f"{SPEC}.containers[0].{{lifecycle,stdin}}"],
                     id="two of a container"),
        pytest.param(knative("stdin: true", spec="hostNetwork: true"),
                     [f"{SPEC}.hostNetwork", f"{SPEC}.containers[0].stdin"], id="the shallowest first"),
        pytest.param(knative() + "extra: 1\n", ["Service.extra"], id="at the top"),
        pytest.param(knative("livenessProbe:\n  grpc: {}\n  terminationGracePeriodSeconds: 5"),
                     [f"{SPEC}.containers[0].livenessProbe.terminationGracePeriodSeconds"], id="a probe's"),
    ],
)  # fmt: skip
def test_unknown_fields(text, paths):
    """A field that the schema does not have is refused with its path; its row says unknown."""
    made = plan({"service.yaml": text})
    assert messages(made, "error") == [PARSE + path for path in paths]
    assert [d.facts != () for d in made.diagnostics] == [False, *(True for _ in paths[1:])]
    assert Fidelity.UNKNOWN in {row.fidelity for row in made.coverage}


def test_what_to_write_instead():
    """A field of the v2 API, and one that is misspelt, name what gcloud takes."""
    made = plan(of("dependsOn: [db]"))
    assert "container-dependencies" in (made.diagnostics[0].help or "")
    made = plan(of("imagePullPolicies: Always"))
    assert made.diagnostics[0].help == "did you mean `imagePullPolicy`?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (knative("env:\n  - name: A\n    value: 1"), "<class 'str'> for field value, found 1 (type <class 'int'>)"),
        (knative("env:\n  - name: A\n    value: yes"),
         "<class 'str'> for field value, found True (type <class 'bool'>)"),
        (knative("resources:\n  limits:\n    cpu: 1"), "<class 'str'> for field value, found 1 (type <class 'int'>)"),
        (knative(template="annotations:\n  autoscaling.knative.dev/minScale: 1"),
         "<class 'str'> for field value, found 1 (type <class 'int'>)"),
        (knative(template="annotations:\n  run.googleapis.com/cpu-throttling: false"),
         "<class 'str'> for field value, found False (type <class 'bool'>)"),
        (knative(spec="containerConcurrency: 80.0"),
         "(<class 'int'>,) for field containerConcurrency, found 80.0 (type <class 'float'>)"),
        (knative("args: [1]"), "<class 'str'> for field args, found 1 (type <class 'int'>)"),
        (knative("env:\n  - name: A\n    value: 2026-11-20"),
         "<class 'str'> for field value, found 2026-11-20 (type <class 'datetime.date'>)"),
        (knative("workingDir: 5"), "<class 'str'> for field workingDir, found 5 (type <class 'int'>)"),
    ],
)  # fmt: skip
def test_types(text, expected):
    """Numbers and booleans where text belongs, in gcloud's words; YAML 1.1 decides what they are."""
    assert messages(plan({"service.yaml": text}), "error") == [TYPE.format(expected)]


@pytest.mark.parametrize("field", ["envFrom: [{secretRef: {name: a}}]", "securityContext: {runAsUser: 1000}"])
def test_what_the_schema_has_and_the_platform_has_not(field):
    made = plan(of(field))
    assert codes(made) == ["cloud-run/unsupported-field"]
    assert "is not supported by Cloud Run" in messages(made)[0]
    assert codes(plan(of(spec="enableServiceLinks: false"))) == []


def test_a_list_of_texts_has_no_holes():
    assert messages(plan(of("args: [a, null]")), "error") == ["spec.template.spec.containers[0].args[1] must be text"]


def test_a_project_by_its_number():
    """gcloud makes text of a namespace that is a number."""
    assert codes(plan(of(meta="namespace: 123456789012"))) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("run.googleapis.com/execution-environment", "GEN2",
         "execution-environment is 'GEN2', and must be gen1 or gen2"),
        ("run.googleapis.com/cpu-throttling", "no", "cpu-throttling is 'no', and must be true or false"),
        ("autoscaling.knative.dev/minScale", "-1", "minScale is '-1', and must be a whole number"),
        ("autoscaling.knative.dev/maxScale", "many", "maxScale is 'many', and must be a whole number"),
        ("run.googleapis.com/vpc-access-egress", "all",
         "vpc-access-egress is 'all', and must be all-traffic or private-ranges-only"),
    ],
)  # fmt: skip
def test_values_of_annotations(name, value, expected):
    made = plan(of(template=f'annotations:\n  {name}: "{value}"'))
    assert messages(made, "error") == [expected]
    assert made.diagnostics[0].origin.line == 10


def test_a_job_runs_in_gen2_alone():
    annotated = "annotations:\n  run.googleapis.com/execution-environment: "
    assert codes(plan({"job.yaml": job(template=annotated + "gen1")})) == ["cloud-run/annotation-value"]
    assert codes(plan({"job.yaml": job(template=annotated + "gen2")})) == []


@pytest.mark.parametrize("fields", ['timeoutSeconds: "300"', "timeoutSeconds: 300", "serviceAccountName: null"])
def test_what_gcloud_accepts(fields):
    """Whole numbers in quotes and nulls pass."""
    assert codes(plan(of(spec=fields))) == []


def test_quoted_container_port():
    """A containerPort in quotes is a number."""
    [found] = plan(of('ports:\n  - containerPort: "9000"')).services
    assert found.port is not None
    assert found.port.number == 9000


def test_status_is_removed():
    """What the server adds may stay in the file."""
    assert codes(plan({"service.yaml": knative() + "status:\n  anything: [1, 2]\n"})) == []


def test_every_key_has_its_row():
    """Coverage names every key by its path, at its place."""
    made = plan(of("ports:\n  - containerPort: 80\nenv:\n  - name: A\n    value: b\nvolumeMounts:\n  - name: v\n"
                   "    mountPath: /v", spec="timeoutSeconds: 5",
                   template='annotations:\n  autoscaling.knative.dev/maxScale: "2"\n  mine: x'))  # fmt: skip
    rows = {row.key: row.fidelity for row in made.coverage if not row.key.startswith("cloud-run/")}
    path = "spec.template.spec.containers[0]"
    assert set(rows) == {
        "apiVersion", "kind", "metadata.name", "spec.template.metadata.labels", "spec.template.metadata.annotations",
        'spec.template.metadata.annotations["autoscaling.knative.dev/maxScale"]',
        'spec.template.metadata.annotations["mine"]', "spec.template.spec.timeoutSeconds", f"{path}.image",
        f"{path}.ports[0].containerPort", f"{path}.env[0].name", f"{path}.env[0].value",
        f"{path}.volumeMounts[0].name", f"{path}.volumeMounts[0].mountPath",
    }  # fmt: skip
    assert rows[f"{path}.volumeMounts[0].mountPath"] is Fidelity.EXACT
    assert rows[f"{path}.env[0].value"] is Fidelity.EXACT
    assert all(row.origin is not None for row in made.coverage)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(knative(meta='annotations:\n  autoscaling.knative.dev/minScale: "1"'),
                     [("error", _misplaced("metadata", "autoscaling.knative.dev/minScale", "Service", "Revision"))],
                     id="a revision's at the service"),
        pytest.param(knative(template="annotations:\n  run.googleapis.com/ingress: all"),
                     [("error", _misplaced("spec.template.metadata", "run.googleapis.com/ingress", "Revision",
                                           "Service, Instance"))], id="a service's at the revision"),
        pytest.param(knative(meta="annotations:\n  run.googleapis.com/ingress: all\n  team: shop"), [], id="right"),
        pytest.param(knative(meta="annotations:\n  run.googleapis.com/operation-id: x"), [], id="the server's own"),
        pytest.param(knative(meta="annotations:\n  run.googleapis.com/ingres: all"),
                     [("warning", "no annotation run.googleapis.com/ingres of a service is known")], id="misspelt"),
    ],
)  # fmt: skip
def test_annotations(text, expected):
    """Where an annotation belongs is refused in the server's words; an unknown one is warned of."""
    assert [(d.severity, d.message) for d in plan({"service.yaml": text}).diagnostics] == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\xff\xfe", "file/not-utf-8"),
        (b"a\0b", "file/binary"),
        ("", "yaml/empty-document"),
        ("- a\n- b\n", "cloud-run/wrong-type"),
        ("apiVersion: [\n", "yaml/missing-value"),
        ("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: shop\nspec: 5\n", "cloud-run/wrong-type"),
        ("apiVersion: run.googleapis.com/v1\nkind: WorkerPool\n", "cloud-run/kind"),
        (knative().replace("kind: Service\n", ""), "cloud-run/kind"),
        (knative().replace("serving.knative.dev/v1", "v1"), "cloud-run/api-version"),
        (knative() + "---\nkind: Service\n", "yaml/several-documents"),
        (knative().replace("      containers:\n", "      containers: {}\n").partition("        - image")[0],
         "cloud-run/wrong-type"),
        (knative().partition("spec:")[0], "cloud-run/container-count"),
        (knative(name="Svc_1"), "cloud-run/resource-name"),
        (knative().replace("  name: shop\n", "  namespace: p\n"), "cloud-run/resource-name"),
        (knative(template="name: other-1"), "cloud-run/revision-name"),
        (knative("ports:\n  - containerPort: 0"), "cloud-run/ports"),
        (knative("ports:\n  - containerPort: 70000"), "cloud-run/ports"),
        (knative("ports:\n  - containerPort: 1\n  - containerPort: 2"), "cloud-run/ports"),
        (knative("ports:\n  - name: https"), "cloud-run/ports"),
        (knative("command: run"), "cloud-run/wrong-type"),
        (knative("env: {A: b}"), "cloud-run/wrong-type"),
    ],
)  # fmt: skip
def test_bad_input(text, code):
    """Whatever is in the file becomes a diagnostic at its place, and the plan is made as far as it goes."""
    made = plan({"run.yaml": text, "Dockerfile": DOCKERFILE}, config="run.yaml")
    assert code in codes(made, "error")
    assert all(d.origin is None or d.origin.file == "run.yaml" for d in made.diagnostics)


def test_bad_name_is_refused_in_gclouds_words():
    """The whole sentence."""
    made = plan({"service.yaml": knative(name="Svc_1")})
    words = (
        "Invalid resource name [Svc_1]. The name must use only lowercase alphanumeric characters and dashes, cannot "
        "begin or end with a dash, and cannot be longer than 63 characters"
    )
    assert messages(made, "error") == [words]
    assert codes(plan({"service.yaml": knative(name="a" * 63)})) == ["cloud-run/resource-name"]
    assert codes(plan({"service.yaml": knative(name="a" * 63)}), "error") == []
    assert codes(plan({"service.yaml": knative(name="a" * 64)}), "error") == ["cloud-run/resource-name"]


def test_wild_shapes_never_raise():
    """Every key of a working file, replaced by a scalar, a list and a mapping, still gives a plan."""
    text = knative(
        "name: web\nports:\n  - containerPort: 80\nenv:\n  - name: A\n    valueFrom:\n      secretKeyRef:\n        "
        "name: s\n        key: latest\nresources:\n  limits:\n    cpu: '1'\nstartupProbe:\n  httpGet:\n    path: /",
        template="annotations: {}", spec="timeoutSeconds: 5",
    )  # fmt: skip
    lines = text.splitlines()
    for number, line in enumerate(lines):
        key, _, _ = line.partition(":")
        for value in ("5", "[1]", "{a: 1}", "~", "!!binary x"):
            inside = [n for n in lines[number + 1 :] if len(n) - len(n.lstrip()) > len(key) - len(key.lstrip())]
            rest = lines[number + 1 + len(inside) :]
            made = plan({"service.yaml": "\n".join([*lines[:number], f"{key}: {value}", *rest])}, config="service.yaml")
            assert made.platform == "cloud-run"
    assert IMAGE in text
