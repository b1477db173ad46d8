"""The service of a `gcloud run deploy` command: typed, in a script, a build file or a workflow."""

import pytest

from emulator.model.rule import Fidelity
from platforms.cloud_run.gcloud_words import calls_in
from tests.platforms.cloud_run.planning import DOCKERFILE, codes, environment, job, messages, of, plan, service

FILES = {"Dockerfile": DOCKERFILE}
WORKFLOW = ".github/workflows/deploy.yml"


def made(command, files=FILES, **more):
    return service(files, gcloud=command, **more)


def test_flags_are_the_services_fields():
    """Each where the platform has it, with what no flag says at its default."""
    found = made(
        "gcloud run deploy shop --source . --region europe-west1 --port=3000 --memory 1Gi --cpu 2 --concurrency 5 "
        "--timeout 1m30s --min-instances 1 --max-instances 3 --command gunicorn --args=a:app,-w,2 "
        "--startup-probe httpGet.path=/up,httpGet.port=3000,periodSeconds=5,failureThreshold=4 --use-http2"
    )
    assert (found.name, found.port.number, found.port.source) == ("shop", 3000, "gcloud")
    assert found.command.argv == ("gunicorn", "a:app", "-w", "2")
    assert found.resources.memory_mib == 1024
    assert (found.concurrency, found.request_timeout_s) == (5, 90)
    assert (found.instances.min, found.instances.max) == (1, 3)
    startup = found.probes.startup
    assert (startup.kind, startup.path, startup.port, startup.period_s, startup.failure_threshold) == (
        "http", "/up", 3000, 5, 4,
    )  # fmt: skip
    assert found.router.http2


def test_a_source_without_dockerfile_is_built_by_buildpacks():
    found = made("run deploy --source .", {"main.py": "app = 1\n", "requirements.txt": "flask\n"})
    assert (found.name, found.build.kind) == ("shop-1", "buildpack")


def test_an_image_is_what_the_dockerfile_beside_it_builds():
    """As with a service.yaml: what is pushed is built from here."""
    assert made("run deploy shop --image gcr.io/p/shop:1").build.kind == "dockerfile"
    assert made("run deploy shop --image gcr.io/p/shop:1", {"a": ""}).build.image == "gcr.io/p/shop:1"


@pytest.mark.parametrize(
    ("flags", "env"),
    [
        ("--set-env-vars A=1,B=x=y", {"A": "1", "B": "x=y"}),
        ("--set-env-vars ^;^A=1,2;B=3", {"A": "1,2", "B": "3"}),
        ("--set-env-vars A=1 --set-env-vars A=2,C=3", {"A": "2", "C": "3"}),
        ("--set-env-vars A=1 --set-secrets=DB=db-url:latest", {"A": "1", "DB": None}),
        ("--set-env-vars A=1 --clear-env-vars", {}),
        ("'--set-env-vars=URL=https://${{ secrets.HOST }}/'", {"URL": None}),
    ],
)
def test_variables(flags, env):
    """Literals, other separators, later flags, secrets; what the command's own place puts in is asked for."""
    found = {one.name: one.value for one in made(f"run deploy shop {flags}").env if one.kind != "platform"}
    assert found == env


def test_containers_are_groups_of_flags():
    """What follows a --container is its own; the one with a port takes the requests."""
    found = made(
        "run deploy shop --container web --image gcr.io/p/web --port 8000 --depends-on cache "
        "--container cache --image gcr.io/p/cache --startup-probe tcpSocket.port=6379"
    )
    assert [(one.name, one.ingress, one.depends_on) for one in found.containers] == [
        ("web", True, ("cache",)), ("cache", False, ()),
    ]  # fmt: skip


def test_jobs():
    found = made("run jobs deploy nightly --source . --tasks 3 --max-retries 2 --task-timeout 5m --command a,b")
    assert (found.name, found.type, found.command.argv) == ("nightly", "job", ("a", "b"))
    assert (found.tasks.count, found.tasks.max_retries, found.tasks.timeout_s) == (3, 2, 300)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--port", "argument --port: expected one argument"),
        ("--port abc", 'argument --port: must be an integer between 1 and 65535 or "default"'),
        ("--concurrency 0", 'argument --concurrency: must be an integer greater than 0 or "default"'),
        ("--timeout soon", "argument --timeout: soon is no duration"),
        ("--set-env-vars A", "argument --set-env-vars: Bad syntax for dict arg: [A]"),
        ("--liveness-probe tcpSocket.port=80", "Key [tcpSocket.port] not recognized for liveness probe"),
        ("--startup-probe httpGet.port=x", "Value for key [httpGet.port] must be an integer"),
    ],
)
def test_refused(flags, message):
    """In gcloud's words, where they are known."""
    assert message in messages(plan(FILES, gcloud=f"run deploy shop {flags}"), "error")


def test_the_servers_own_rules_hold_for_flags_too():
    found = plan(FILES, gcloud="run deploy shop --memory 256Mi --no-cpu-throttling")
    assert "cloud-run/limits" in codes(found)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("run services replace service.yaml", "cloud-run/gcloud-command"),
        ("builds submit", "cloud-run/gcloud-command"),
        ("run deploy 'shop", "cloud-run/gcloud-command"),
        ("deploy.sh:3", "cloud-run/gcloud-command"),
        ("run deploy shop --prot 3", "cloud-run/gcloud-flag"),
        ("run deploy shop --source backend", "cloud-run/gcloud-source"),
    ],
)
def test_commands_that_say_nothing(command, code):
    assert codes(plan(FILES, gcloud=command))[0] == code


def test_two_inputs_are_one_too_many():
    found = plan({**FILES, "a.yaml": ""}, gcloud="run deploy shop", config="a.yaml")
    assert codes(found) == ["cloud-run/config-twice"]


SCRIPT = """#!/bin/sh
# gcloud run deploy old --port 1
gcloud builds submit
gcloud run deploy shop \\
  --port 3000 \\
  --memory 1Gi  # enough
echo done; gcloud beta run deploy other --port=4000; echo
"""
BUILD = """steps:
  - name: gcr.io/cloud-builders/docker
    args: [build, -t, x, .]
  - name: gcr.io/google.com/cloudsdktool/cloud-sdk
    entrypoint: gcloud
    args:
      - run
      - deploy
      - shop
      - --port=3000
      - --image=gcr.io/$PROJECT_ID/shop
"""
ACTION = """on: push
jobs:
  deploy:
    steps:
      - uses: google-github-actions/deploy-cloudrun@v2
        with:
          service: shop
          image: gcr.io/p/shop:${{ github.sha }}
          flags: --port=3000 --timeout=${{ vars.TIMEOUT }}
          env_vars: |
            A=1
            B=two,three
"""


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [("deploy.sh", SCRIPT, 5), ("cloudbuild.yaml", BUILD, 10), (WORKFLOW, ACTION, 9)],
)
def test_commands_in_files(path, text, line):
    """The file's first command that deploys, each flag at its line."""
    found = made(path, {**FILES, path: text})
    assert (found.name, found.port.number, found.build.kind) == ("shop", 3000, "dockerfile")
    port = next(row for row in plan({**FILES, path: text}, gcloud=path).coverage if row.key == "--port")
    assert (port.origin.file, port.origin.line, port.fidelity) == (path, line, Fidelity.EXACT)


def test_a_step_that_runs_a_script_is_read_once():
    """Its text is a script, and no list of gcloud's arguments."""
    script = "        gcloud run deploy shop \\\n          --port 3000\n"
    text = f"steps:\n  - entrypoint: bash\n    args:\n      - -c\n      - |\n{script}"
    [call] = calls_in(text, "cloudbuild.yaml")
    assert [word.text for word in call.words] == ["run", "deploy", "shop", "--port", "3000"]


def test_the_command_at_a_line():
    files = {**FILES, "deploy.sh": SCRIPT}
    assert made("deploy.sh:4", files).name == "shop"
    assert (made("deploy.sh:5", files).name, made("deploy.sh:5", files).port.number) == ("other", 4000)
    assert "holds no gcloud run deploy at or after line 9" in messages(plan(files, gcloud="deploy.sh:9"), "error")[0]


def test_inputs_of_the_action():
    """Its variables are lines, so that a comma is a value's own; what the workflow puts in is told, and not guessed."""
    found = plan({**FILES, WORKFLOW: ACTION}, gcloud=WORKFLOW)
    env = {one.name: one.value for one in found.services[0].env if one.kind != "platform"}
    assert env == {"A": "1", "B": "two,three"}
    told = [one.message for one in found.diagnostics if one.code == "cloud-run/gcloud-value"]
    assert told == ["the value of --timeout is put in where the command runs: ${{vars.TIMEOUT}}"]


@pytest.mark.parametrize(("last", "offers"), [(98, 1), (150, 0)])
def test_a_hundred_workflows_are_looked_through_at_most(last, offers):
    """Every plan does it; a command in a later one can still be named."""
    others = {f".github/workflows/a{number:03}.yml": "on: push\n" for number in range(last)}
    found = plan({**FILES, **others, WORKFLOW: ACTION})
    assert codes(found).count("cloud-run/deploy-command") == offers
    assert plan({**FILES, **others, WORKFLOW: ACTION}, gcloud=WORKFLOW).services[0].name == "shop"


@pytest.mark.parametrize(("path", "text"), [("cloudbuild.yaml", BUILD), (WORKFLOW, ACTION)])
def test_a_command_of_the_repository_is_offered(path, text):
    """Nothing of it is read unasked; a service.yaml is what counts where there is one."""
    found = plan({**FILES, path: text})
    [offer] = [one for one in found.diagnostics if one.code == "cloud-run/deploy-command"]
    assert offer.help.startswith(f"plan it with --gcloud {path}:")
    assert found.services[0].port.number == 8080
    line = offer.help.rpartition(" ")[2]
    assert made(line, {**FILES, path: text}).port.number == 3000


@pytest.mark.parametrize(
    "text",
    ["gcloud run deploy 'open\n", "gcloud \\", "a: [\nargs: [run, deploy]", "uses: x\nwith: 3\n",
     "args: [run, deploy]\n", "with: {}\nuses: google-github-actions/deploy-cloudrun@v2\n",
     "gcloud run deploy --port\n", "\\\n" * 3000],
    ids=range(8),
)  # fmt: skip
def test_odd_files_are_answered(text):
    """Whatever stands there, there is a plan or a diagnostic."""
    for path in ("cloudbuild.yaml", WORKFLOW):
        found = plan({**FILES, path: text + "\n# run deploy"}, gcloud=path)
        assert found.services or found.with_errors()


def test_a_file_of_variables():
    """`--env-vars-file` names a YAML file of texts; later flags of a name win."""
    files = {**FILES, "env.yaml": 'A: one\nB: "2"\nC: three\n'}
    found = made("run deploy shop --env-vars-file env.yaml --update-env-vars C=3", files)
    assert {one.name: one.value for one in found.env if one.kind != "platform"} == {"A": "one", "B": "2", "C": "3"}
    assert [(one.origin.file, one.origin.line) for one in found.env if one.name == "B"] == [("env.yaml", 2)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A: 1\n", "A has the type int"),
        ("A: no\n", "A has the type bool"),
        ("A:\n", "A has the type NoneType"),
        ("A: [x]\n", "A has the type list"),
        ("- A\n", "holds no names and values"),
        ("A: 'open\n", "quote"),
    ],
)
def test_a_file_of_variables_that_gcloud_refuses(text, words):
    files = {**FILES, "env.yaml": text}
    found = plan(files, gcloud="run deploy shop --env-vars-file env.yaml")
    assert any(words in one.message and one.severity == "error" for one in found.diagnostics), messages(found)
    assert [one.origin.file for one in found.diagnostics if one.severity == "error"] == ["env.yaml"]


def test_a_file_of_variables_that_is_not_here_is_said():
    """It may lie on the disk of whoever deploys: nothing is wrong with that, and the plan holds without it."""
    found = plan(FILES, gcloud="run deploy shop --env-vars-file env.yaml")
    assert "the variables of env.yaml are not read: the repository has no such file" in messages(found)
    assert not found.with_errors()


def test_a_word_of_a_script_has_its_place():
    """The line and the columns, as far as no quotes or expressions moved it."""
    text = "  gcloud run deploy shop \\\n    --port 9000 --set-env-vars='A=1'\n"
    [call] = calls_in(text, "deploy.sh")
    assert str(call.origin) == "deploy.sh:1:3"
    places = {word.text: (word.origin.line, word.origin.column, word.origin.end_column) for word in call.words}
    assert places["shop"] == (1, 21, 24)
    assert places["9000"] == (2, 12, 15)
    assert places["--set-env-vars=A=1"] == (2, 1, None)


def test_a_name_that_is_put_in_where_the_command_runs():
    """The service is called by the repository then, and that is said: nothing is missing."""
    found = plan({**FILES, "deploy.sh": "gcloud run deploy ${SERVICE}-$BUILD_ID --source .\n"}, gcloud="deploy.sh")
    assert found.services[0].name == "shop-1"
    assert codes(found, "error") == []
    [told] = [d for d in found.diagnostics if d.code == "cloud-run/gcloud-value"]
    assert told.message == "the service's name is put in where the command runs: ${SERVICE}-$BUILD_ID"


def test_a_command_in_the_quotes_of_another():
    """As it is handed to a script that tries again."""
    script = "./retry.sh \"gcloud run deploy shop \\\n  --port 3000 \\\n  --add-custom-audiences 'https://a.test/'\"\n"
    [call] = calls_in(script, "deploy.sh")
    assert [word.text for word in call.words] == [
        "run", "deploy", "shop", "--port", "3000", "--add-custom-audiences", "https://a.test/",
    ]  # fmt: skip


JOB = job("args: [all]\nenv: [{name: A, value: '1'}, {name: B, value: '2'}]", execution="taskCount: 2")


def executes(flags, files=None, **more):
    return plan({"job.yaml": JOB} if files is None else files, gcloud=f"run jobs execute nightly {flags}", **more)


def test_an_execution_has_arguments_variables_and_tasks_of_its_own():
    """Arguments replace the job's, variables are added to them; what it does not say is the job's."""
    [found] = executes("--args=--date,today --update-env-vars B=3,C=4 --tasks 5 --task-timeout 1m --wait").services
    assert found.command.text.endswith("--date today")
    env = {one.name: one.value for one in found.env if one.kind != "platform"}
    assert env == {"A": "1", "B": "3", "C": "4"}
    assert (found.tasks.count, found.tasks.timeout_s, found.tasks.max_retries) == (5, 60, 3)
    assert {one.name: one.value for one in found.env}["CLOUD_RUN_TASK_COUNT"] == "5"


def test_an_execution_without_flags_is_the_jobs():
    """The same plan as the file's own, but for the question what describes it."""
    [found], [own] = executes("").services, plan({"job.yaml": JOB}).services
    assert (found.env, found.tasks, found.command) == (own.env, own.tasks, own.command)


def test_an_execution_needs_the_job():
    """Of the same name, in job.yaml or the file that --config names."""
    assert messages(executes("", {"a": ""}), "error") == [
        "job.yaml, which would describe the job that is executed, is not there"
    ]
    assert executes("", {"other.yaml": JOB}, config="other.yaml").services[0].name == "nightly"
    wrong = plan({"job.yaml": JOB}, gcloud="run jobs execute weekly")
    assert messages(wrong, "error") == ["the job weekly is executed, and nightly is described here"]


EXPORTED = """
ports: [{containerPort: 8080}]
env: [{name: A, value: "1"}, {name: B, value: "2"}]
startupProbe:
  %s
  timeoutSeconds: 240
  periodSeconds: 240
  failureThreshold: 1
"""


@pytest.mark.parametrize(
    ("action", "flags", "asked"),
    [
        pytest.param("tcpSocket: {port: 8080}", "--port 9090", 9090, id="the probe that was written out moves"),
        pytest.param("tcpSocket: {port: 7000}", "--port 9090", 7000, id="one of another port stays"),
        pytest.param("httpGet: {port: 8080}", "--port 9090", 8080, id="one by HTTP stays"),
        pytest.param("tcpSocket: {port: 8080}", "--memory 1Gi", 8080, id="without --port it stays"),
        pytest.param("tcpSocket: {port: 8080}", "--port 9090 --startup-probe tcpSocket.port=8080", 8080, id="said"),
    ],
)
def test_cr_26_services_update_port(action, flags, asked):
    """The port moves, and with it a startup probe by TCP that asked the old one; all else stays as the file has it."""
    found = service({**FILES, **of(EXPORTED % action)}, gcloud=f"run services update shop {flags}")
    assert found.port.number == (9090 if "--port" in flags else 8080)
    assert found.probes.startup.port == asked
    assert environment(found) == {**environment(found), "A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("flags", "env"),
    [
        ("--update-env-vars B=3,C=4", {"A": "1", "B": "3", "C": "4"}),
        ("--set-env-vars C=4", {"C": "4"}),
        ("--clear-env-vars", {}),
        ("--remove-env-vars A", {"B": "2"}),
    ],
)
def test_services_update_variables(flags, env):
    """Some are replaced, added or taken away, or all of them."""
    files = {**FILES, **of(EXPORTED % "tcpSocket: {}")}
    found = service(files, gcloud=f"run services update shop {flags}")
    assert {one.name: one.value for one in found.env if one.kind != "platform"} == env


def test_services_update_of_another_service():
    """The file has to be that service's."""
    found = plan({**FILES, **of()}, gcloud="run services update other --port 9090")
    assert messages(found, "error") == ["the service other is updated, and shop is described here"]


def test_variables_of_a_build_from_a_file():
    """--build-env-vars-file sets them as --set-build-env-vars does; the file's mistakes are told by its flag."""
    command = "run deploy shop --source . --build-env-vars-file build.yaml"
    files = {"main.py": "app = 1\n", "build.yaml": 'GOOGLE_ENTRYPOINT: "python serve.py"\n'}
    found = made(command, files)
    assert found.command.argv == ("bash", "-c", "python serve.py")
    wrong = plan({**files, "build.yaml": "A: 1\n"}, gcloud=command)
    assert messages(wrong, "error") == [
        "argument --build-env-vars-file: Environment variable values must be strings: A has the type int"
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--source . --image gcr.io/p/shop",
         "argument --image: gcr.io/p/shop is no place for what is built from source"),
        ("--source . --image europe-west1-docker.pkg.dev/p/r/other",
         "argument --image: what is built from source for shop cannot be called other"),
        ("--source Dockerfile",
         "argument --source: Dockerfile is a file, and no archive: its name must end with .zip, .tgz or .gz"),
        ("--image i extra words", "unrecognized arguments: extra words"),
        ("--image i --set-secrets A=s", "No secret version specified for A"),
        ("--image i --set-env-vars A=1 --set-secrets A=s:1",
         "Cannot update environment variable [A] to a secret because it has already been set with a different type."),
        ("--image i --set-secrets A=s:1 --update-env-vars A=1",
         ("Cannot update environment variable [A] to string literal because it has already been set with a different "
         "type.")),
        ("--container a --image i --port 8080 --container b --image j --depends-on c,d",
         "--depends_on for container b references nonexistent containers: c,d."),
        ("--image i --depends-on a", "--depends-on stands outside of the flags of a --container"),
        ("--container a --image i --container b --image j", "Exactly one container must specify --port or --use-http2"),
        ("--image i --liveness-probe tcpSocket.port=8080", "Key [tcpSocket.port] not recognized for liveness probe"),
        ("--image i --execution-environment gen3", "execution-environment is 'gen3', and must be gen1 or gen2"),
        ("--image i --min-instances 3 --max-instances 2", "at least 3 instances are asked for, and 2 at most"),
    ],
)  # fmt: skip
def test_what_gcloud_refuses(flags, message):
    """One finding each, in gcloud's words where they are known."""
    assert messages(plan(FILES, gcloud=f"run deploy shop {flags}"), "error") == [message]


@pytest.mark.parametrize(
    "flags",
    [
        "--source . --image europe-west1-docker.pkg.dev/p/r",
        "--source . --image europe-west1-docker.pkg.dev/p/r/shop:2",
        "--image i $MORE", "--image i --set-secrets A=s:latest,B=projects/1/secrets/s:2 --set-env-vars C=1",
        "--container a --image i --port 8080 --depends-on b --container b --image j --startup-probe tcpSocket.port=1",
    ],
)  # fmt: skip
def test_what_gcloud_takes(flags):
    assert codes(plan(FILES, gcloud=f"run deploy shop {flags}"), "error") == []


@pytest.mark.parametrize(
    ("source", "kind"), [("gs://b/shop.zip", "buildpack"), ("shop.tgz", "buildpack"), (".", "dockerfile")]
)
def test_no_dockerfile_counts_in_an_archive(source, kind):
    files = {**FILES, "shop.tgz": "", "main.py": "app = 1\n"}
    assert made(f"run deploy shop --source {source}", files).build.kind == kind


def test_neither_source_nor_image():
    """At a terminal gcloud asks; in a workflow the command ends."""
    words = "Missing required argument [--image]: Requires a container image to deploy"
    [typed] = plan(FILES, gcloud="run deploy shop").diagnostics
    assert (typed.severity, typed.message.startswith(words)) == ("warning", True)
    steps = "jobs:\n  a:\n    steps:\n      - run: gcloud run deploy shop --region r\n"
    [found] = plan({**FILES, WORKFLOW: steps}, gcloud=f"{WORKFLOW}:4").diagnostics
    assert (found.severity, found.code, found.origin.line) == ("error", "cloud-run/gcloud-no-source", 4)


def test_an_action_with_a_file_of_metadata_is_no_command():
    """It replaces the service by the file, which is planned with --config."""
    text = "jobs:\n  a:\n    steps:\n      - uses: google-github-actions/deploy-cloudrun@v2\n        with:\n"
    assert calls_in(f"{text}          metadata: service.yaml\n", WORKFLOW) == ()
    assert len(calls_in(f"{text}          service: shop\n          image: i\n", WORKFLOW)) == 1


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("run jobs deploy n --image i --concurrency 5", "--concurrency"),
        ("run deploy n --image i --tasks 2", "--tasks"),
    ],
)
def test_flags_of_the_other_command(command, name):
    [found] = plan(FILES, gcloud=command).diagnostics
    assert (found.severity, found.code, name in found.message) == ("warning", "cloud-run/gcloud-flag", True)


def test_a_worker_pool_is_said_to_be_none_of_what_is_planned():
    [found] = plan(FILES, gcloud="beta run worker-pools deploy w --image i").diagnostics
    assert (found.code, found.fault) == ("cloud-run/kind", "gap")


WRITTEN = (
    "command: [a]\nargs: [b]\nports: [{containerPort: 9000, name: h2c}]\nstartupProbe: {tcpSocket: {port: 9000}}\n"
    "env: [{name: A, value: '1'}, {name: S, valueFrom: {secretKeyRef: {name: s, key: '1'}}}]\n"
    "resources: {limits: {cpu: '2', memory: 2Gi}}"
)


@pytest.mark.parametrize(
    ("flags", "argv", "port", "is_implicit", "memory", "most"),
    [
        ("", ("a", "b"), 9000, False, 2048, 7),
        ("--command= --args=", ("gunicorn", "app:app"), 9000, False, 2048, 7),
        ("--args ''", ("a",), 9000, False, 2048, 7),
        ("--startup-probe ''", ("a", "b"), 9000, True, 2048, 7),
        ("--port default --no-use-http2", ("a", "b"), 8080, False, 2048, 7),
        ("--memory default --cpu default --max-instances default", ("a", "b"), 9000, False, 512, 100),
    ],
)
def test_an_update_gives_a_field_its_default(flags, argv, port, is_implicit, memory, most):  # noqa: PLR0917
    """By an empty text, the word default, or the flag's --no-."""
    text = of(WRITTEN, template='annotations:\n  autoscaling.knative.dev/maxScale: "7"')
    found = service({**FILES, **text}, gcloud=f"run services update shop {flags}")
    assert (found.command.argv, found.port.number, found.resources.memory_mib) == (argv, port, memory)
    assert (found.probes.startup.implicit, found.instances.max) == (is_implicit, most)
    assert found.router.http2 is ("--no-use-http2" not in flags)


@pytest.mark.parametrize(
    ("flags", "is_refused"),
    [
        ("--update-env-vars S=x", True), ("--set-env-vars S=x", True), ("--update-secrets A=s:1", True),
        ("--remove-secrets S --update-env-vars S=x", False), ("--clear-secrets --update-env-vars S=x", False),
        ("--update-env-vars A=2", False), ("--update-secrets S=t:2", False),
    ],
)  # fmt: skip
def test_an_update_changes_no_variable_s_kind(flags, is_refused):
    made = plan({**FILES, **of(WRITTEN)}, gcloud=f"run services update shop {flags}")
    words = [one for one in messages(made, "error") if one.startswith("Cannot update environment variable [")]
    assert (words != []) is is_refused


def test_what_no_execution_takes():
    """What it overrides is listed; another flag of a container is told, and changes nothing."""
    made = plan({"job.yaml": job("args: [a]")}, gcloud="run jobs execute nightly --command x --memory 2Gi --args b")
    assert messages(made) == [
        f"{flag} is no flag of gcloud run jobs execute: it is not read" for flag in ("--command", "--memory")
    ]
    assert (made.services[0].command.image_args, made.services[0].resources.memory_mib) == (("b",), 512)
