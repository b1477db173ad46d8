"""Terraform's resources: they plan as the API's form that says the same; what is not literal is unknown, and said."""

import json

import pytest

from emulator.model.diagnostic import Fault
from emulator.model.record import to_json
from emulator.model.rule import Fidelity
from platforms.cloud_run import fields, fields_v2
from platforms.cloud_run.terraform_tree import snake
from tests.platforms.cloud_run.planning import DOCKERFILE, IMAGE, codes, environment, knative, messages, plan

TEMPLATE = """
resource "google_cloud_run_v2_service" "api" {{
  name     = "shop"
  location = "europe-west1"
  {top}
  template {{
    {template}
    containers {{
      image = "{image}"
      {container}
    }}
  }}
}}
"""
JOB = """
resource "google_cloud_run_v2_job" "nightly" {{
  name     = "nightly"
  location = "europe-west1"
  template {{
    {execution}
    template {{
      {task}
      containers {{
        image = "{image}"
        {container}
      }}
    }}
  }}
}}
"""
V1 = """
resource "google_cloud_run_service" "api" {{
  name     = "shop"
  location = "europe-west1"
  {top}
  template {{
    {template}
    spec {{
      {spec}
      containers {{
        image = "{image}"
        {container}
      }}
    }}
  }}
}}
"""


def service(container="", *, template="", top="", more=""):
    return TEMPLATE.format(container=container, template=template, top=top, image=IMAGE) + more


def tf(text, **more):
    files = more.pop("files", {})
    return plan({"main.tf": text, "Dockerfile": DOCKERFILE, **files}, config=more.pop("config", "main.tf"), **more)


def the(found):
    [one] = found.services
    return one


def _without_places(value):
    if isinstance(value, dict):
        return {k: _without_places(v) for k, v in value.items() if k not in ("origin", "source", "decisions")}
    return [_without_places(item) for item in value] if isinstance(value, list) else value


def placed(written):
    """The resource in a project, which the API's form has in its name."""
    return written.replace('  location = "europe-west1"\n', '  location = "europe-west1"\n  project = "p"\n')


def said(found):
    return _without_places(json.loads(to_json(found.services))), codes(found)


def api(container=None, *, top=None, **template):
    document = {
        "name": "projects/p/locations/europe-west1/services/shop", **(top or {}),
        "template": {**template, "containers": [{"image": IMAGE, **(container or {})}]},
    }  # fmt: skip
    return plan({"app.json": json.dumps(document), "Dockerfile": DOCKERFILE}, config="app.json")


PROBE = """startup_probe {
  initial_delay_seconds = 1
  timeout_seconds       = 2
  period_seconds        = 3
  failure_threshold     = 4
  http_get {
    path = "/up"
    port = 9000
    http_headers {
      name  = "X-Probe"
      value = "1"
    }
  }
}"""
PROBE_API = {
    "initialDelaySeconds": 1, "timeoutSeconds": 2, "periodSeconds": 3, "failureThreshold": 4,
    "httpGet": {"path": "/up", "port": 9000, "httpHeaders": [{"name": "X-Probe", "value": "1"}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(service(), api(), id="an image"),
        pytest.param(service('command = ["a", "b c"]\nargs = ["d"]'), api({"command": ["a", "b c"], "args": ["d"]}),
                     id="command and args"),
        pytest.param(service('env {\n name = "A"\n value = "1"\n}\nenv {\n name = "B"\n}'),
                     api({"env": [{"name": "A", "value": "1"}, {"name": "B"}]}), id="variables"),
        pytest.param(service('env {\n name = "A"\n value = 8080\n}'), api({"env": [{"name": "A", "value": "8080"}]}),
                     id="a number becomes the text that is asked for"),
        pytest.param(
            service('env {\n name = "K"\n value_source {\n secret_key_ref {\n secret = "key"\n version = "3"\n}\n}\n}'),
            api({"env": [{"name": "K", "valueSource": {"secretKeyRef": {"secret": "key", "version": "3"}}}]}),
            id="a secret"),
        pytest.param(service('ports {\n name = "h2c"\n container_port = "9000"\n}'),
                     api({"ports": [{"name": "h2c", "containerPort": 9000}]}), id="the port"),
        pytest.param(service('resources {\n cpu_idle = true\n limits = {\n cpu = "2"\n memory = "1Gi"\n }\n}'),
                     api({"resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "cpuIdle": True}}), id="limits"),
        pytest.param(service(PROBE), api({"startupProbe": PROBE_API}), id="a startup probe"),
        pytest.param(service('liveness_probe {\n grpc {\n service = "x"\n }\n}'),
                     api({"livenessProbe": {"grpc": {"service": "x"}}}), id="a liveness probe"),
        pytest.param(
            service(template='timeout = "60s"\nmax_instance_request_concurrency = 7\n'
                    "scaling {\n max_instance_count = 3\n}"),
            api(timeout="60s", maxInstanceRequestConcurrency=7, scaling={"maxInstanceCount": 3}), id="the revision"),
        pytest.param(service(top='ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY"\ndeletion_protection = false'),
                     api(top={"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}), id="the service"),
        pytest.param(service(template='execution_environment = "EXECUTION_ENVIRONMENT_GEN2"',
                             container='resources {\n limits = {\n memory = "256Mi"\n }\n}'),
                     api({"resources": {"limits": {"memory": "256Mi"}}},
                         executionEnvironment="EXECUTION_ENVIRONMENT_GEN2"), id="what the server refuses"),
    ],
)  # fmt: skip
def test_a_v2_resource_plans_as_the_api_form(written, expected):
    assert said(tf(placed(written))) == said(expected)


def test_a_job_plans_as_the_api_form():
    written = JOB.format(
        execution="task_count = 3\nparallelism = 2", task='max_retries = 1\ntimeout = "5s"', container="", image=IMAGE
    )
    document = {
        "name": "projects/p/locations/europe-west1/jobs/nightly",
        "template": {"taskCount": 3, "parallelism": 2,
                     "template": {"maxRetries": 1, "timeout": "5s", "containers": [{"image": IMAGE}]}},
    }  # fmt: skip
    expected = plan({"app.json": json.dumps(document), "Dockerfile": DOCKERFILE}, config="app.json")
    assert said(tf(placed(written))) == said(expected)


def test_the_v1_resource_plans_as_a_knative_service():
    written = V1.format(
        top="traffic {\n percent = 100\n latest_revision = true\n}",
        template='metadata {\n annotations = {\n "autoscaling.knative.dev/maxScale" = 3\n }\n}',
        spec="container_concurrency = 5\ntimeout_seconds = 30",
        container='ports {\n container_port = 9000\n}\nenv {\n name = "A"\n value = "1"\n}', image=IMAGE,
    )  # fmt: skip
    yaml = knative(
        "ports: [{containerPort: 9000}]\nenv: [{name: A, value: '1'}]",
        spec="containerConcurrency: 5\ntimeoutSeconds: 30",
        template="annotations:\n  autoscaling.knative.dev/maxScale: '3'",
        meta="namespace: p\nlabels: {cloud.googleapis.com/location: europe-west1}",
    ) + "  traffic: [{percent: 100, latestRevision: true}]\n"  # fmt: skip
    expected = plan({"service.yaml": yaml, "Dockerfile": DOCKERFILE})
    assert said(tf(placed(written))) == said(expected)


def test_every_value_has_its_place():
    found = the(tf(service("ports {\n        container_port = 9000\n      }")))
    [port] = [d for d in found.decisions if d.id.endswith("port")]
    assert (port.origin.file, port.origin.line) == ("main.tf", 11)
    assert found.origin.line == 2


# ---- variables and locals -----------------------------------------------------------------------------

PORT = service("ports {\n container_port = var.port\n}")
VARIABLE = 'variable "port" {\n  type    = number\n  default = 9000\n}\n'


def test_a_variable_has_its_default_which_is_said():
    found = tf(PORT, files={"variables.tf": VARIABLE})
    assert the(found).port.number == 9000
    [used] = [d for d in found.decisions if d.id == "var.port"]
    assert (used.answer, used.origin.file, used.origin.line) == ("9000", "variables.tf", 3)
    assert "default" in used.because


@pytest.mark.parametrize(
    ("files", "because"),
    [
        ({"terraform.tfvars": "port = 9001\n"}, "terraform.tfvars gives it"),
        ({"terraform.tfvars": "port = 1\n", "a.auto.tfvars": "port = 9001\n"}, "a.auto.tfvars gives it"),
        ({"a.auto.tfvars": "port = 1\n", "b.auto.tfvars": "port = 9001\n"}, "b.auto.tfvars gives it"),
    ],
)
def test_files_of_values_win_over_the_default_the_last_first(files, because):
    found = tf(PORT, files={"variables.tf": VARIABLE, **files})
    assert the(found).port.number == 9001
    assert next(d for d in found.decisions if d.id == "var.port").because == because


def test_locals_and_texts_made_of_them():
    text = service(
        'env {\n name = "URL"\n value = "http://${local.names.web}:${local.port}"\n}',
        more='locals {\n names = {\n web = "w"\n }\n port = var.port\n}\n' + VARIABLE,
    )
    assert environment(the(tf(text)))["URL"] == "http://w:9000"


@pytest.mark.parametrize(
    ("container", "path", "text", "why"),
    [
        ("ports {\n container_port = var.port\n}", "ports[0].container_port", "var.port",
         "no variable port is declared"),
        ("resources {\n limits = {\n memory = var.m\n }\n}", "resources.limits.memory", "var.m", ""),
        ('command = split(" ", "a b")', "command", 'split(" ", "a b")', ""),
        ("args = concat([], [])", "args", "concat([], [])", ""),
    ],
)  # fmt: skip
def test_what_is_not_literal_is_unknown_and_said(container, path, text, why):
    """Never guessed: the value is left out, its text is told, at its line."""
    found = tf(service(container))
    [problem] = [d for d in found.diagnostics if d.code == "cloud-run/terraform-value"]
    assert problem.severity == "warning"
    assert f"template.containers[0].{path} is not known here: {text}" in problem.message
    assert why in problem.message
    assert problem.origin.file == "main.tf"


def test_an_unknown_part_of_a_command_stands_there_as_a_token():
    found = tf(service('args = ["--project", var.project]'))
    assert the(found).command.argv[-2:] == ("--project", "‹var.project›")
    assert "cloud-run/terraform-value" in codes(found, "warning")


def test_a_local_that_refers_to_itself_ends():
    text = service('env {\n name = "A"\n value = local.a\n}', more="locals {\n a = local.b\n b = local.a\n}\n")
    assert environment(the(tf(text)))["A"] is None


def test_variables_whose_value_is_worked_out_are_asked_for():
    """One warning names them all; --env gives one, and it is never printed."""
    text = service(
        'env {\n name = "URL"\n value = google_sql_database_instance.db.ip\n}\nenv {\n name = "B"\n value = var.b\n}'
    )
    found = tf(text)
    [problem] = [d for d in found.diagnostics if d.code == "cloud-run/env-worked-out"]
    assert problem.message.startswith("no value here for URL, B")
    assert problem.facts == ("URL = google_sql_database_instance.db.ip", "B = var.b")
    given = tf(text, env=[("URL", "postgres://x"), ("B", "1")])
    assert "cloud-run/env-worked-out" not in codes(given)
    assert "postgres://x" not in to_json(given).decode()


def test_a_sensitive_variable_is_not_looked_into():
    text = service(
        'env {\n name = "KEY"\n value = var.key\n}',
        more='variable "key" {\n default = "hush"\n sensitive = true\n}\n',
    )
    found = tf(text)
    assert "hush" not in to_json(found).decode()
    assert environment(the(found))["KEY"] is None


def test_an_unknown_image_is_built_from_the_dockerfile_beside_it():
    text = TEMPLATE.format(container="", template="", top="", image="${var.registry}/shop:1")
    found = tf(text)
    assert the(found).build.dockerfile == "Dockerfile"
    assert codes(found) == ["cloud-run/terraform-value"]
    assert codes(found, "info") == ["cloud-run/terraform-value"]


def test_an_unknown_name_is_the_repositorys():
    found = tf(service().replace('"shop"', '"shop-${terraform.workspace}"'))
    assert the(found).name == "shop-1"
    assert "shop-${terraform.workspace}" in messages(found, "info")[0]


def test_dynamic_blocks_of_a_known_map_are_made():
    text = service(
        'dynamic "env" {\n for_each = local.env\n content {\n name = env.key\n value = env.value\n}\n}',
        more='locals {\n env = {\n A = "1"\n B = google_x.y.z\n }\n}\n',
    )
    found = tf(text)
    assert environment(the(found))["A"] == "1"
    assert environment(the(found))["B"] is None
    assert codes(found) == ["cloud-run/env-worked-out"]


def test_dynamic_blocks_of_an_unknown_one_are_told():
    found = tf(service('dynamic "env" {\n for_each = var.env\n content {\n name = env.key\n value = env.value\n}\n}'))
    [problem] = found.diagnostics
    assert (problem.code, problem.facts) == ("cloud-run/terraform-dynamic", ("for_each = var.env",))
    assert [row.fidelity for row in found.coverage if row.key == "template.containers[0].env"] == [Fidelity.UNKNOWN]


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("count = 1", []), ("count = 0", ["cloud-run/terraform-count"]), ("count = 3", ["cloud-run/terraform-count"]),
        ("for_each = var.regions", ["cloud-run/terraform-count"]),
        ("count = var.on ? 1 : 0", ["cloud-run/terraform-count"]),
    ],
)  # fmt: skip
def test_how_often_it_is_made_is_told(top, expected):
    assert codes(tf(service(top=top))) == expected


# ---- what Terraform refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (service(top="foo = 1"), 'Unsupported argument: An argument named "foo" is not expected here', 5),
        (service("livenes_probe {}"), 'Unsupported block type: Blocks of type "livenes_probe" are not expected here',
         10),
        (service("env = []"), 'Unsupported argument: An argument named "env" is not expected here', 10),
        (service("image {}"), 'Unsupported block type: Blocks of type "image" are not expected here', 10),
        (service('ports {\n container_port = "http"\n}'),
         'Incorrect attribute value type: Inappropriate value for attribute "container_port": a number is required',
         11),
        (service("command = {}"),
         'Incorrect attribute value type: Inappropriate value for attribute "command": a list of string is required',
         10),
        (service("resources {}\nresources {}"),
         'Too many resources blocks: No more than 1 "resources" blocks are allowed', 11),
        (service().replace('  location = "europe-west1"\n', ""),
         'Missing required argument: The argument "location" is required, but no definition was found', 2),
    ],
)  # fmt: skip
def test_what_terraform_refuses_is_told_in_its_words(text, message, line):
    [problem] = [d for d in tf(text).diagnostics if d.severity == "error"]
    assert (problem.message, problem.origin.line) == (message, line)
    assert problem.help


def test_a_file_that_is_no_hcl_is_told_at_its_line():
    found = tf("resource {\n")
    assert found.services == ()
    [problem] = found.diagnostics
    assert (problem.code, problem.origin.file, problem.origin.line) == ("hcl/syntax", "main.tf", 2)


# ---- which resource -----------------------------------------------------------------------------------

BOTH = service() + JOB.format(execution="", task="", container="", image=IMAGE)


@pytest.mark.parametrize(
    ("config", "name"),
    [("main.tf", "shop"), ("main.tf:nightly", "nightly"), ("main.tf:api", "shop"), ("main.tf:shop", "shop"),
     ("main.tf:google_cloud_run_v2_job.nightly", "nightly")],
)  # fmt: skip
def test_a_resource_is_named_by_its_own_name_or_the_services(config, name):
    assert the(tf(BOTH, config=config)).name == name


def test_other_resources_of_the_file_are_told():
    found = tf(BOTH)
    assert codes(found) == ["cloud-run/terraform-beside"]
    assert found.diagnostics[0].help == "plan it with --config main.tf:nightly"


def test_a_name_that_is_not_there():
    [problem] = tf(BOTH, config="main.tf:web").diagnostics
    assert problem.message == "main.tf has no Cloud Run service or job web"
    assert problem.help == "known are main.tf:api, main.tf:nightly"


def test_a_file_of_modules_says_that_they_are_not_followed():
    [problem] = tf('module "run" {\n  source = "./run"\n}\n').diagnostics
    assert problem.code == "cloud-run/config-missing"
    assert "modules" in problem.facts[0]


@pytest.mark.parametrize("path", ["main.tf", "infra/run.tf", "terraform/main.tf"])
def test_a_resource_is_offered_where_no_service_yaml_is(path):
    found = plan({path: service(), "Dockerfile": DOCKERFILE})
    [offer] = [d for d in found.diagnostics if d.code == "cloud-run/terraform-resource"]
    assert offer.severity == "info"
    assert offer.fault is Fault.APP
    assert (offer.origin.file, offer.origin.line, offer.help) == (path, 2, f"plan it with --config {path}:api")


def test_nothing_is_offered_beside_a_service_yaml():
    found = plan({"main.tf": service(), "service.yaml": knative(), "Dockerfile": DOCKERFILE})
    assert "cloud-run/terraform-resource" not in codes(found)


def test_terraforms_names_of_fields_tell_them_apart():
    """No two fields of a type have the same name in Terraform, so that each has one meaning."""
    for types in (fields.TYPES, fields_v2.TYPES):
        for name, known in types.items():
            assert len({snake(field) for field in known}) == len(known), name
    assert (snake("cpuIdle"), snake("satisfiesPzs"), snake("httpGet")) == ("cpu_idle", "satisfies_pzs", "http_get")
