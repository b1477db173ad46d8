"""Jobs: their tasks, what each finds, and what the client and the server refuse."""

import pytest

from emulator.model.event import (
    ContainerStarted,
    DeployFailed,
    Event,
    RunFinished,
    Stopped,
    TaskEvent,
)
from emulator.model.lifecycle import Shutdown
from emulator.model.plan import Plan, Tasks
from platforms import cloud_run
from platforms.cloud_run import narrate
from tests.platforms.cloud_run.planning import (
    DOCKERFILE,
    IMAGE,
    codes,
    environment,
    job,
    knative,
    messages,
    plan,
    resolve,
    service,
    snapshot,
)

BUILT = {"Dockerfile": DOCKERFILE}


def of(container: str = "", **more: str) -> dict[str, str]:
    """The repository of a job.yaml with this container."""
    return {"job.yaml": job(container, **more)}


# ---- what an execution is ---------------------------------------------------------------------------


def test_a_job_with_nothing_said():
    """One task, three retries, ten minutes an attempt; half a gigabyte, one CPU; SIGTERM and ten seconds."""
    made = service(of())
    assert (made.type, made.name) == ("job", "nightly")
    assert made.tasks == Tasks(
        count=1, parallelism=None, max_retries=3, timeout_s=600, index_variable="CLOUD_RUN_TASK_INDEX",
        attempt_variable="CLOUD_RUN_TASK_ATTEMPT",
    )  # fmt: skip
    assert (made.resources.cpu, made.resources.memory_mib) == (1, 512)
    assert made.shutdown == Shutdown(signal="SIGTERM", grace_seconds=10)
    assert (made.lifecycle.success_is_exit_zero, made.lifecycle.restarts_during_deploy) == (True, False)
    assert codes(plan(of())) == []


def test_nothing_asks_a_job():
    """No port, no probe, no instances, no traffic, no requests."""
    made = service(of())
    assert (made.port, made.probes.startup, made.instances, made.concurrency) == (None, None, None, None)
    assert (made.request_timeout_s, made.traffic, made.router) == (None, (), None)
    assert [container.port for container in made.containers] == [None]


@pytest.mark.parametrize(
    ("execution", "task", "expected"),
    [
        ("taskCount: 2\nparallelism: 1", "maxRetries: 0\ntimeoutSeconds: 5", (2, 1, 0, 5)),
        ("taskCount: 10000", "maxRetries: 10\ntimeoutSeconds: 86400", (10000, None, 10, 86400)),
        ("parallelism: 0\ntaskCount: 0", "", (1, None, 3, 600)),
        ('taskCount: "3"', 'timeoutSeconds: "60"', (3, None, 3, 60)),
    ],
)
def test_what_is_written_counts(execution, task, expected):
    """Numbers, quoted or not; 0 tasks are as many as are unset, 0 at once are all; 0 retries are none."""
    tasks = service(of(execution=execution, task=task)).tasks
    assert tasks is not None
    assert (tasks.count, tasks.parallelism, tasks.max_retries, tasks.timeout_s) == expected
    assert codes(plan(of(execution=execution, task=task))) == []


def test_its_decision_says_what_an_execution_is():
    """In one line, with its rule."""
    made = service(of(execution="taskCount: 2", task="maxRetries: 1\ntimeoutSeconds: 5"))
    [decision] = [d for d in made.decisions if d.id == "nightly.tasks"]
    assert decision.answer == "2 tasks of 5 s, each started again once"
    assert decision.rule == "cloud-run/job-tasks"


@pytest.mark.parametrize(
    ("execution", "task", "message"),
    [
        ("taskCount: 10001", "", "taskCount is 10001; it must be from 0 to 10000"),
        ("taskCount: -1", "", "taskCount is -1; it must be from 0 to 10000"),
        ("parallelism: -1", "", "parallelism is -1; it must be from 0 to 10000"),
        ("", "maxRetries: 11", "maxRetries is 11; it must be from 0 to 10"),
        ("", "timeoutSeconds: 0", "timeoutSeconds is 0; it must be from 1 to 604800"),
        ("", "timeoutSeconds: 604801", "timeoutSeconds is 604801; it must be from 1 to 604800"),
    ],
)
def test_limits(execution, task, message):
    """Each number's limits, told at its line; the plan goes on with the default."""
    files = of(execution=execution, task=task)
    [found] = plan(files).diagnostics
    assert (found.code, found.severity, found.message) == ("cloud-run/out-of-range", "error", message)
    assert found.origin is not None
    assert message.split()[0] in files["job.yaml"].splitlines()[found.origin.line - 1]
    tasks = service(files).tasks
    assert tasks is not None
    assert (tasks.count, tasks.max_retries, tasks.timeout_s) == (1, 3, 600)


def test_more_than_a_day_is_a_warning():
    """It is in preview."""
    [found] = plan(of(task="timeoutSeconds: 86401")).diagnostics
    assert (found.code, found.severity) == ("cloud-run/task-timeout", "warning")
    assert codes(plan(of(task="timeoutSeconds: 604800"))) == ["cloud-run/task-timeout"]


def test_too_little_memory():
    """A job has the second generation's environment and CPU always, and the server says so."""
    [message] = messages(plan(of("resources:\n  limits:\n    memory: 256Mi")), "error")
    assert message.endswith(
        "Total memory < 512 Mi is not supported with gen2 execution environment with cpu always allocated (unthrottled)"
    )
    assert codes(plan(of("resources:\n  limits:\n    cpu: 500m")), "error") == ["cloud-run/limits"]


# ---- what a task finds ------------------------------------------------------------------------------


def test_its_variables():
    """Names and count; not its own numbers, which differ from task to task; no PORT and nothing of a service's."""
    made = environment(service(of("env:\n  - name: A\n    value: b", execution="taskCount: 2")))
    execution = made.pop("CLOUD_RUN_EXECUTION")
    assert made == {"A": "b", "CLOUD_RUN_JOB": "nightly", "CLOUD_RUN_TASK_COUNT": "2"}
    assert execution is not None
    assert execution.startswith("nightly-")
    assert len(execution) == len("nightly-abcde")
    assert execution == environment(service(of()))["CLOUD_RUN_EXECUTION"]


@pytest.mark.parametrize("name", ["JOB", "EXECUTION", "TASK_INDEX", "TASK_ATTEMPT", "TASK_COUNT"])
def test_reserved_names(name):
    """They are refused in the server's words, in the file and on the command line, and the system's value stays."""
    variable = f"CLOUD_RUN_{name}"
    words = (
        "spec.template.spec.template.spec.containers[0].env: The following reserved env names were provided: "
        f"{variable}. These values are automatically set by the system"
    )
    made = plan(of(f"env:\n  - name: {variable}\n    value: mine"))
    assert messages(made, "error") == [words]
    assert messages(plan(of(), env=[(variable, "mine")]), "error") == [words]
    assert environment(made.services[0]).get(variable) != "mine"


def test_a_job_may_set_port():
    """Only a service's PORT is the system's; and a service may set a job's names."""
    assert codes(plan(of("env:\n  - name: PORT\n    value: '1'"))) == []
    assert codes(plan({"service.yaml": knative("env:\n  - name: CLOUD_RUN_JOB\n    value: x")})) == []


def test_a_secret():
    """Its value comes from here and is not printed."""
    text = "env:\n  - name: TOKEN\n    valueFrom:\n      secretKeyRef:\n        name: token\n        key: latest"
    assert codes(plan(of(text))) == ["env/secret-unset"]
    made = resolve(of(text), env_file=[("TOKEN", "s3cret")])
    assert made.secrets.of("nightly") == {"TOKEN": "s3cret"}
    assert "s3cret" not in repr(made.plan)


# ---- what is run ------------------------------------------------------------------------------------


def test_the_command():
    """command and args as in a service; what they come from is the job's file."""
    made = service(of('command: ["python", "work.py"]\nargs: ["--all"]'))
    assert made.command is not None
    assert (made.command.argv, made.command.source) == (("python", "work.py", "--all"), "job.yaml")
    assert made.build.image == IMAGE


def test_a_dockerfile_beside_it():
    """It is taken to be what the image is built from, as with a service."""
    made = service({**of(), **BUILT})
    assert made.command is not None
    assert (made.build.kind, made.command.argv, made.command.source) == (
        "dockerfile", ("gunicorn", "app:app"), "dockerfile",
    )  # fmt: skip


def test_an_image_must_exist():
    """`jobs replace` builds nothing either."""
    text = job().replace(f"            - image: {IMAGE}\n", "            - name: work\n")
    assert messages(plan({"job.yaml": text}), "error") == [
        "containers[0] has no image, and `gcloud run jobs replace` builds none"
    ]


@pytest.mark.parametrize(
    ("container", "field"),
    [
        ("ports:\n  - containerPort: 8080", "ports"),
        ("livenessProbe:\n  httpGet:\n    path: /\n    port: 8080", "livenessProbe"),
    ],
)
def test_what_serves_has_no_use_in_a_job(container, field):
    """A warning: nothing asks a job."""
    [found] = plan(of(container)).diagnostics
    assert (found.code, found.severity) == ("cloud-run/job-serves", "warning")
    assert found.message == f"containers[0] of a job has {field}, and nothing asks a job"


def test_several_containers():
    """The first is run; nobody needs ports, and none takes requests; that the others are not run is said."""
    text = job(name="nightly") + f"            - image: {IMAGE}\n              name: proxy\n"
    made = plan({"job.yaml": text})
    assert codes(made) == ["cloud-run/sidecars"]
    assert [(c.name, c.ingress) for c in made.services[0].containers] == [("nightly-1", False), ("proxy", False)]


# ---- the file ---------------------------------------------------------------------------------------


NOT_TEXT = (
    "Failed to parse value in protobuf [Job]: Job.??: \"Expected type <class 'str'> for field value, found 1 "
    "(type <class 'int'>)\""
)
BAD_NAME = (
    "Invalid resource name [Nightly_1]. The name must use only lowercase alphanumeric characters and dashes, cannot "
    "begin or end with a dash, and cannot be longer than 63 characters"
)
NOT_THERE = (
    "spec.template.metadata.annotations[autoscaling.knative.dev/maxScale]: Annotation "
    "'autoscaling.knative.dev/maxScale' is not supported on resources of kind 'Execution'. "
    "Supported kinds are: Revision"
)
OUT_OF_MEMORY = (
    "Memory limit of 512 MiB exceeded with 512 MiB used. Consider increasing the memory limit, see "
    "https://cloud.google.com/run/docs/configuring/memory-limits"
)


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (job(execution="containers: []"),
         "Failed to parse value(s) in protobuf [Job]: Job.spec.template.spec.containers",
         "a job has containers under spec.template.spec.template.spec"),
        (job(task="taskCount: 2"),
         "Failed to parse value(s) in protobuf [Job]: Job.spec.template.spec.template.spec.taskCount",
         "a job has taskCount under spec.template.spec"),
        (job(task="timeout: 60s"),
         "Failed to parse value(s) in protobuf [Job]: Job.spec.template.spec.template.spec.timeout",
         "v1 calls it timeoutSeconds"),
        (job("env:\n  - name: A\n    value: 1"),
         NOT_TEXT, 'put it in quotes: "1"'),
        (job().replace("run.googleapis.com/v1", "run.googleapis.com/v2"),
         "apiVersion is run.googleapis.com/v2; a job's is run.googleapis.com/v1",
         "write `apiVersion: run.googleapis.com/v1`"),
        (job(name="Nightly_1"),
         BAD_NAME, "choose another name"),
        (job(template="annotations:\n  autoscaling.knative.dev/maxScale: '1'"),
         NOT_THERE, "remove it"),
    ],
)  # fmt: skip
def test_what_gcloud_and_the_server_say(text, message, help):
    """In their words, with the level at which a field belongs."""
    found = [d for d in plan({"job.yaml": text}).diagnostics if d.severity == "error"]
    assert [d.message for d in found] == [message]
    assert found[0].help == help


def test_annotations_of_an_execution():
    """Those of an execution stand in its template; those of the job above; dependencies are documented for both."""
    annotations = (
        "annotations:\n  run.googleapis.com/execution-environment: gen2\n"
        "  run.googleapis.com/container-dependencies: ''\n"
    )
    assert codes(plan(of(template=annotations)), "error") == []


@pytest.mark.parametrize(
    ("files", "config", "claims"),
    [
        (of(), "job.yaml", True),
        ({"job.yaml": "apiVersion: batch/v1\nkind: Job\n"}, None, False),
        ({"service.yaml": knative(), **of()}, "service.yaml", True),
        ({"service.yaml": "apiVersion: v1\nkind: Service\n", **of()}, "job.yaml", True),
    ],
)
def test_which_file_is_read(files, config, claims):
    """A job.yaml of Cloud Run's claims the repository; beside a service it is named, and not planned."""
    assert cloud_run.claim(snapshot(files)).claims is claims
    made: Plan = plan(files)
    decision = next(d for d in made.decisions if d.id == "config")
    assert decision.answer == (config or "none")
    assert ("cloud-run/job-beside" in codes(made)) == (config == "service.yaml")
    assert [lost.answer for lost in decision.rejected] == {
        "service.yaml": ["job.yaml"], "job.yaml": [], None: ["service.yaml", "job.yaml"],
    }[config]  # fmt: skip


def test_a_job_of_another_name():
    """--config names it; which kind it is the file says."""
    made = plan({"run/nightly.yaml": job(), "service.yaml": knative()}, config="run/nightly.yaml")
    assert [(s.name, s.type) for s in made.services] == [("nightly", "job")]


def test_coverage():
    """Nothing of a service's requests; that few tasks run at once here is said."""
    rows = {row.key for row in plan(of()).coverage}
    assert "cloud-run/job-parallelism" in rows
    assert not {"cloud-run/request-path", "cloud-run/scaling"} & rows


# ---- its words --------------------------------------------------------------------------------------

MADE = service(of(execution="taskCount: 2", task="timeoutSeconds: 5"))
EXECUTION = environment(MADE)["CLOUD_RUN_EXECUTION"]
DETAILS = ("View details about this execution by running:", f"gcloud run jobs executions describe {EXECUTION}")


def _stopped(code: int, *, oom: bool = False, signal: str | None = None) -> Stopped:
    return Stopped(exit_code=code, signal=signal, oom=oom, graceful=False, seconds=1)


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (ContainerStarted(argv=("x",), port=None, url=None), ()),
        (TaskEvent(index=1, attempt=0, state="timed_out", seconds=5.01),
         ("Terminating task because it has reached the maximum timeout of 5 seconds.",)),
        (TaskEvent(index=1, attempt=0, state="retrying", exit_code=1), ()),
        (_stopped(1), ("Container called exit(1).",)),
        (_stopped(0), ("Container called exit(0).",)),
        (_stopped(137, signal="SIGTERM"), ()),
        (_stopped(137, oom=True), (OUT_OF_MEMORY,)),
        (RunFinished(ok=True, tasks=2, succeeded=2, seconds=1),
         (f"Execution [{EXECUTION}] has successfully completed.", "", *DETAILS)),
        (RunFinished(ok=False, tasks=2, succeeded=1, seconds=1),
         ("Executing job failed", "ERROR: (gcloud.run.jobs.execute) The execution failed.", *DETAILS)),
        (DeployFailed(phase="boot", reason="x", code="failed"), ()),
    ],
)  # fmt: skip
def test_what_the_platform_says(event: Event, lines: tuple[str, ...]):
    """A task's ends and gcloud's last words, word for word; nothing of a service's port."""
    assert narrate(MADE, event) == lines
