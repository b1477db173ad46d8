"""Plans of repositories that are a mapping, for table tests."""

from collections.abc import Iterable, Mapping
from textwrap import dedent, indent

from emulator.contract import GivenVar, Inputs, Resolution
from emulator.model.choice import Decision
from emulator.model.lifecycle import Probe
from emulator.model.plan import Plan, Service
from emulator.snapshot import MappingSource, Repository, Snapshot
from platforms import cloud_run

DETECTED = Decision(id="platform", question="Which platform?", answer="cloud-run", because="the test says so")
DOCKERFILE = 'FROM python:3.11-slim\nCMD ["gunicorn", "app:app"]\n'
REPOSITORY = Repository(name="Shop_1", is_git=True)
IMAGE = "europe-docker.pkg.dev/p/r/shop:1"


def snapshot(files: Mapping[str, str | bytes], ignored: Iterable[str] = ()) -> Snapshot:
    return Snapshot(MappingSource(files, ignored=ignored, repository=REPOSITORY))


def resolve(
    files: Mapping[str, str | bytes],
    *,
    ignored: Iterable[str] = (),
    env: Iterable[tuple[str, str]] = (),
    env_file: Iterable[tuple[str, str]] = (),
    services: Iterable[str] = (),
    **options: str,
) -> Resolution:
    """What Cloud Run would do with `files`. `env` stands for --env, `env_file` for --env-file."""
    given = [GivenVar(name=name, value=value, source="file") for name, value in env_file]
    given += [GivenVar(name=name, value=value, source="flag") for name, value in env]
    inputs = Inputs(env=tuple(given), services=tuple(services), options=options, options_chosen=tuple(options))
    return cloud_run.resolve(snapshot(files, ignored), inputs, DETECTED)


def plan(files: Mapping[str, str | bytes], **more: object) -> Plan:
    return resolve(files, **more).plan  # type: ignore[arg-type]


def service(files: Mapping[str, str | bytes], **more: object) -> Service:
    """The service of the plan."""
    [found] = plan(files, **more).services
    return found


def knative(container: str = "", *, spec: str = "", template: str = "", meta: str = "", name: str = "shop") -> str:
    """A service.yaml of one container with these fields; `spec` goes beside its containers, `template` into the
    revision's metadata, `meta` into the service's."""
    return (
        f"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: {name}\n{_fields(meta, 2)}"
        f"spec:\n  template:\n    metadata:\n      labels: {{}}\n{_fields(template, 6)}    spec:\n{_fields(spec, 6)}"
        f"      containers:\n        - image: {IMAGE}\n{_fields(container, 10)}"
    )


def job(container: str = "", *, execution: str = "", task: str = "", template: str = "", name: str = "nightly") -> str:
    """A job.yaml of one container with these fields; `execution` goes beside the template of its tasks, `task` beside
    the containers, `template` into the execution's metadata."""
    return (
        f"apiVersion: run.googleapis.com/v1\nkind: Job\nmetadata:\n  name: {name}\nspec:\n  template:\n"
        f"    metadata:\n      labels: {{}}\n{_fields(template, 6)}    spec:\n{_fields(execution, 6)}"
        f"      template:\n        spec:\n{_fields(task, 10)}"
        f"          containers:\n            - image: {IMAGE}\n{_fields(container, 14)}"
    )


def several(*containers: str, template: str = "") -> str:
    """A service.yaml of several containers, each its fields."""
    items = "".join(f"        - image: {IMAGE}\n{_fields(fields, 10)}" for fields in containers)
    return knative(template=template).partition("        - image")[0] + items


def _fields(text: str, by: int) -> str:
    return indent(dedent(text).strip("\n") + "\n", " " * by) if text.strip() else ""


def of(container: str = "", **more: str) -> dict[str, str]:
    """The repository of a service.yaml with this container."""
    return {"service.yaml": knative(container, **more)}


def startup(container: str = "") -> Probe:
    found = service(of(container)).probes.startup
    assert found is not None
    return found


def codes(found: Plan, *severities: str) -> list[str]:
    """The codes of the plan's diagnostics, of these severities or of all."""
    return [d.code for d in found.diagnostics if not severities or d.severity in severities]


def messages(found: Plan, *severities: str) -> list[str]:
    return [d.message for d in found.diagnostics if not severities or d.severity in severities]


def environment(found: Service) -> dict[str, str | None]:
    return {variable.name: variable.value for variable in found.env}
