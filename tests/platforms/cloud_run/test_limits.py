"""CPU, memory, concurrency, time, instances; and several containers of one service."""

import json

import pytest

from platforms.cloud_run.limits import cpu_of, memory_mib_of
from tests.platforms.cloud_run.planning import codes, knative, messages, of, plan, service, several

CPU = "spec.template.spec.containers.resources.limits.cpu: Invalid value specified for cpu. "
MEMORY = "spec.template.spec.containers.resources.limits.memory: Invalid value specified for memory. "
GEN2 = "annotations:\n  run.googleapis.com/execution-environment: gen2"
ALWAYS = "annotations:\n  run.googleapis.com/cpu-throttling: 'false'"

SHARE = "volumes: [{name: v, nfs: {server: 10.0.0.1, path: /share}}]"


def _limits(cpu: str = "", memory: str = "") -> str:
    rows = [f"    {name}: '{value}'\n" for name, value in (("cpu", cpu), ("memory", memory)) if value]
    return "resources:\n  limits:\n" + "".join(rows)


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("1", 1), ("500m", 0.5), ("0.5", 0.5), ("8", 8), ("", None), ("0", None), ("-1", None), ("1 CPU", None)],
)
def test_cpu_quantities(text, cpus):
    """CPUs and thousandths of them."""
    assert cpu_of(text) == cpus


@pytest.mark.parametrize(
    ("text", "mib"),
    [("512Mi", 512), ("2Gi", 2048), ("1G", 953), ("512M", 488), ("1048576", 1), ("1048576Ki", 1024), ("1.5Gi", 1536),
     ("512", None), ("", None), ("0", None), ("512MB", None), ("x", None), ("9" * 30, None)],
)  # fmt: skip
def test_memory_quantities(text, mib):
    """Binary and decimal units, in whole MiB; what is no memory at all is None."""
    assert memory_mib_of(text) == mib


@pytest.mark.parametrize(
    ("fields", "cpu", "memory"),
    [("", 1, 512), (_limits("2", "2Gi"), 2, 2048), (_limits(memory="1Gi"), 1, 1024), (_limits("500m"), 0.5, 512)],
)
def test_resources(fields, cpu, memory):
    """1 CPU and 512 MiB unless the limits say otherwise."""
    found = service(of(fields)).resources
    assert (found.cpu, found.memory_mib) == (cpu, memory)


@pytest.mark.parametrize(
    ("fields", "spec", "template", "said"),
    [
        pytest.param(_limits("500m", "512Mi"), "", "", [], id="CR-20: concurrency unset"),
        pytest.param(_limits("500m", "512Mi"), "containerConcurrency: 0", "", [], id="CR-20: concurrency 0"),
        pytest.param(_limits("500m", "512Mi"), "containerConcurrency: 80", "",
                     [f"{CPU}Total cpu < 1 is not supported with concurrency > 1"], id="CR-20: concurrency 80"),
        pytest.param(_limits("500m"), "containerConcurrency: 1", "", [], id="concurrency 1"),
        pytest.param(_limits("500m"), "", GEN2,
                     [f"{CPU}Total cpu < 1 is not supported with gen2 execution environment"], id="gen2"),
        pytest.param(_limits("500m"), "", ALWAYS,
                     [f"{CPU}Total cpu < 1 is not supported with cpu always allocated (unthrottled)"], id="always on"),
        pytest.param(_limits("50m"), "", "", [f"{CPU}0.05 is less than the least, 0.08"], id="too little"),
        pytest.param(_limits("80m"), "", "", [], id="the least"),
        pytest.param(_limits("0.2505"), "", "", [f"{CPU}0.2505 has more than three decimal places"], id="too fine"),
        pytest.param(_limits("0.123"), "", "", [], id="thousandths"),
        pytest.param(_limits("500m", "1Gi"), "", "", [], id="a half, 1Gi"),
        pytest.param(_limits("499m", "513Mi"), "", "",
                     [f"{MEMORY}For 0.499 CPU, memory must be between 128Mi and 512Mi inclusive"], id="below a half"),
        pytest.param(_limits("8", "32Gi"), "", "", [], id="8 CPUs"),
        pytest.param(_limits("6", "24Gi"), "", "", [], id="6 CPUs"),
        pytest.param(_limits("8", "3Gi"), "", "",
                     [f"{MEMORY}For 8.0 CPU, memory must be between 4Gi and 32Gi inclusive"], id="8 CPUs, 3Gi"),
        pytest.param(_limits("2", "64Mi"), "", "",
                     [f"{MEMORY}For 2.0 CPU, memory must be between 128Mi and 8Gi inclusive"], id="64Mi"),
        pytest.param(_limits(memory="256Mi"), SHARE, "",
                     [f"{MEMORY}Total memory < 512 Mi is not supported with gen2 execution environment"],
                     id="256Mi with a network share"),
        pytest.param(_limits("16", "32Gi"), "", "", [f"{CPU}Total millicpu may not exceed 8000"], id="16 CPUs"),
        pytest.param(_limits("3"), "", "", [f"{CPU}3 is no number of CPUs"], id="3 CPUs"),
        pytest.param(_limits(memory="256Mi"), "", "", [], id="256Mi"),
        pytest.param(_limits(memory="256Mi"), "", GEN2,
                     [f"{MEMORY}Total memory < 512 Mi is not supported with gen2 execution environment"],
                     id="256Mi gen2"),
        pytest.param(_limits(memory="256Mi"), "", ALWAYS,
                     [f"{MEMORY}Total memory < 512 Mi is not supported with cpu always allocated (unthrottled)"],
                     id="256Mi always on"),
        pytest.param(_limits("1", "8Gi"), "", "",
                     [f"{MEMORY}For 1.0 CPU, memory must be between 128Mi and 4Gi inclusive"], id="8Gi with 1 CPU"),
        pytest.param(_limits("4", "1Gi"), "", "",
                     [f"{MEMORY}For 4.0 CPU, memory must be between 2Gi and 16Gi inclusive"], id="1Gi with 4 CPUs"),
        pytest.param(_limits("250m", "1Gi"), "", "",
                     [f"{MEMORY}For 0.25 CPU, memory must be between 128Mi and 512Mi inclusive"], id="a quarter"),
        pytest.param(_limits("x", "y"), "", "", ["containers[0]: 'x' is no amount of cpu",
                                                 "containers[0]: 'y' is no amount of memory"], id="no quantities"),
        pytest.param("", "containerConcurrency: 1001", "",
                     ["containerConcurrency is 1001; it must be from 0 to 1000"], id="concurrency 1001"),
        pytest.param("", "timeoutSeconds: 3601", "", ["timeoutSeconds is 3601; it must be from 1 to 3600"],
                     id="an hour and a second"),
        pytest.param("", "timeoutSeconds: 0", "", ["timeoutSeconds is 0; it must be from 1 to 3600"], id="no time"),
    ],
)  # fmt: skip
def test_what_is_refused(fields, spec, template, said):
    """Combinations the server refuses, in its words."""
    assert messages(plan(of(fields, spec=spec, template=template)), "error") == said


@pytest.mark.parametrize(
    ("fields", "spec", "concurrency"),
    [("", "", 80), ("", "containerConcurrency: 0", 80), ("", "containerConcurrency: 5", 5), (_limits("500m"), "", 1)],
)
def test_concurrency(fields, spec, concurrency):
    """80, or 1 with less than a CPU, unless the file says otherwise."""
    assert service(of(fields, spec=spec)).concurrency == concurrency


def test_request_timeout():
    """300 s unless the file says otherwise."""
    assert service(of()).request_timeout_s == 300
    assert service(of(spec="timeoutSeconds: 3600")).request_timeout_s == 3600


@pytest.mark.parametrize(
    ("meta", "template", "least", "most"),
    [
        ("", "", 0, 100),
        ("", 'annotations:\n  autoscaling.knative.dev/minScale: "1"\n  autoscaling.knative.dev/maxScale: "3"', 1, 3),
        ('annotations:\n  run.googleapis.com/minScale: "2"', "", 2, 100),
        ("", "annotations:\n  autoscaling.knative.dev/minScale: many", 0, 100),
    ],
)
def test_instances(meta, template, least, most):
    """0 to 100, or what the annotations of the revision or the service say."""
    found = service(of(meta=meta, template=template)).instances
    assert found is not None
    assert (found.min, found.max) == (least, most)


def test_traffic():
    """The split as written; it adds up to 100."""
    text = (
        knative()
        + "  traffic:\n    - latestRevision: true\n      percent: 90\n    - revisionName: shop-1\n      percent: 10\n"
    )
    assert [(t.revision, t.percent) for t in service({"service.yaml": text}).traffic] == [(None, 90), ("shop-1", 10)]
    assert codes(plan({"service.yaml": text.replace("90", "80")}), "error") == ["cloud-run/traffic"]


# ---- several containers -------------------------------------------------------------------------------

APP = "name: app\nports: [{containerPort: 9000}]\n"
PROBED = "startupProbe:\n  tcpSocket:\n    port: 5432\n"


def _needs(needs: object) -> str:
    return f"annotations:\n  run.googleapis.com/container-dependencies: '{json.dumps(needs)}'"


def test_ingress_is_the_one_with_ports():
    """The top of the service shows the container that takes the requests."""
    made = plan({"service.yaml": several("name: proxy\nargs: [x]", APP)})
    [found] = made.services
    assert [(c.name, c.ingress) for c in found.containers] == [("proxy", False), ("app", True)]
    assert found.port is not None
    assert (found.port.number, found.port.source) == (9000, "service.yaml")
    assert codes(made) == []


def test_unnamed_container():
    """It is reported by the service's name and its place."""
    assert [c.name for c in service(of()).containers] == ["shop-1"]


@pytest.mark.parametrize(
    ("containers", "code"),
    [
        pytest.param(("name: a", "name: b"), "cloud-run/one-ingress-container", id="no ports"),
        pytest.param((APP, "name: b\nports: [{containerPort: 1}]"), "cloud-run/one-ingress-container", id="two ports"),
        pytest.param((APP, "name: app"), "cloud-run/container-name", id="the same name"),
        pytest.param((APP, "name: B_1"), "cloud-run/container-name", id="a bad name"),
        pytest.param(
            (APP, *(f"name: s{n}\n{_limits('500m')}" for n in range(10))), "cloud-run/container-count", id="eleven"
        ),
    ],
)
def test_containers(containers, code):
    """Exactly one has ports, names are unique and well-formed, and there are ten at most."""
    assert codes(plan({"service.yaml": several(*containers)}), "error") == [code]


def test_missing_ingress_in_the_servers_words():
    """The whole sentence."""
    made = plan({"service.yaml": several("name: a", "name: b")})
    assert messages(made, "error") == [
        "spec.template.spec.containers: Revision template should contain exactly one container with an exposed port"
    ]


def test_limits_are_checked_on_the_total():
    """CR-22: two sidecars of half a CPU beside one of a whole one."""
    half = _limits("500m", "256Mi")
    made = plan({"service.yaml": several(APP + _limits("1"), f"name: a\n{half}", f"name: b\n{half}")})
    assert codes(made, "error") == []
    small = _limits("200m", "256Mi")
    text = several(APP + small, f"name: a\n{small}").replace(
        "      containers:\n", "      containerConcurrency: 2\n      containers:\n"
    )
    assert codes(plan({"service.yaml": text}), "error") == ["cloud-run/limits"]


def test_dependencies():
    """The annotation's JSON becomes depends_on."""
    found = service({"service.yaml": several(APP, f"name: db\n{PROBED}", template=_needs({"app": ["db"]}))})
    assert {c.name: c.depends_on for c in found.containers} == {"app": ("db",), "db": ()}


@pytest.mark.parametrize("written", ["{app: [db]}", "{app:[db]}", '{"app": [db]}'])
def test_dependencies_without_quotes(written):
    """As Google's own samples of several containers have them; the server takes them."""
    template = f"annotations:\n  run.googleapis.com/container-dependencies: '{written}'"
    made = service({"service.yaml": several(APP, f"name: db\n{PROBED}", template=template)})
    assert {c.name: c.depends_on for c in made.containers} == {"app": ("db",), "db": ()}


@pytest.mark.parametrize(
    ("needs", "probe", "said"),
    [
        pytest.param({"app": ["db"]}, "", "spec.template.spec.containers[0].depends_on: Dependent container 'db' must "
                     "have startup probe specified", id="no probe"),
        pytest.param({"": ["db"]}, PROBED, "Invalid container name ''. Must conform to RFC 1123: lower-case letters, "
                     "digits and dashes", id="CR-36: an empty name"),
        pytest.param({"app": ["cache"]}, PROBED, "run.googleapis.com/container-dependencies names cache, which is no "
                     "container", id="nobody"),
        pytest.param({"app": ["db"], "db": ["app"]}, PROBED, "the containers app, db wait for each other", id="circle"),
        pytest.param(["app"], PROBED, "run.googleapis.com/container-dependencies is no JSON object of lists of names",
                     id="no object"),
    ],
)  # fmt: skip
def test_dependencies_that_are_refused(needs, probe, said):
    """A container others wait for has a startup probe, and everything named is there."""
    text = several(APP, f"name: db\n{probe}", template=_needs(needs))
    assert messages(plan({"service.yaml": text}), "error") == [said]


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [("2", "5", (2, 5)), ("5", "2", None), ("5", "0", (5, 100)), ("0", "0", (0, 100))],
)
def test_instances_kept_and_allowed(least, most, expected):
    """No more are kept than there may be; a most of 0 leaves the platform's."""
    scale = "  autoscaling.knative.dev/"
    made = plan(of(template=f'annotations:\n{scale}minScale: "{least}"\n{scale}maxScale: "{most}"'))
    assert codes(made) == ([] if expected else ["cloud-run/out-of-range"])
    assert expected is None or (made.services[0].instances.min, made.services[0].instances.max) == expected
