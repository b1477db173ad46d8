"""Plans of repositories that are a mapping, for table tests."""

from collections.abc import Iterable, Mapping
from textwrap import dedent, indent

from emulator.contract import GivenFile, GivenText, GivenVar, Inputs, Resolution
from emulator.model.choice import Decision
from emulator.model.plan import Plan, Service
from emulator.snapshot import MappingSource, Repository, Snapshot
from platforms import render

DETECTED = Decision(id="platform", question="Which platform?", answer="render", because="the test says so")
DOCKERFILE = 'FROM python:3.11-slim\nCMD ["gunicorn", "app:app"]\n'
REPOSITORY = Repository(name="shop", slug="octo/shop", branch="main", commit="a" * 40, is_git=True)


def resolve(
    files: Mapping[str, str | bytes],
    created_from: str = "repository",
    *,
    ignored: Iterable[str] = (),
    env: Iterable[tuple[str, str]] = (),
    env_file: Iterable[tuple[str, str]] = (),
    services: Iterable[str] = (),
    blueprint: str | None = None,
    preview: bool = False,
    secret_files: Mapping[str, bytes] | None = None,
    answers: Mapping[tuple[str, str], str] | None = None,
    record: Mapping[str, str] | None = None,
) -> Resolution:
    """What Render would do with `files`. `env` stands for --env, `env_file` for --env-file, `answers` for what was
    answered at a terminal, by service and variable, `record` for the files of --service-record."""
    given = [
        GivenVar(name=name, value=value, source="answer", service=service)
        for (service, name), value in (answers or {}).items()
    ]
    given += [GivenVar(name=name, value=value, source="file") for name, value in env_file]
    given += [GivenVar(name=name, value=value, source="flag") for name, value in env]
    options = {"created_from": created_from} | ({"blueprint": blueprint} if blueprint else {})
    options |= {"preview": "True"} if preview else {}
    inputs = Inputs(
        env=tuple(given),
        secret_files=tuple(GivenFile(name=name, content=content) for name, content in (secret_files or {}).items()),
        services=tuple(services),
        options=options,
        options_chosen=("blueprint",) if blueprint else (),
        files={"service_record": tuple(GivenText(file=file, text=text) for file, text in record.items())}
        if record else {},
    )  # fmt: skip
    snapshot = Snapshot(MappingSource(files, ignored=ignored, repository=REPOSITORY))
    return render.resolve(snapshot, inputs, DETECTED)


def plan(files: Mapping[str, str | bytes], created_from: str = "repository", **more: object) -> Plan:
    return resolve(files, created_from, **more).plan  # type: ignore[arg-type]


def web(fields: str, *, type: str = "web", name: str = "web") -> str:
    """A render.yaml of one service with these fields."""
    return f"services:\n  - type: {type}\n    name: {name}\n" + indent(dedent(fields), "    ")


def service(files: Mapping[str, str | bytes], created_from: str = "repository", **more: object) -> Service:
    """The first service of the plan."""
    return plan(files, created_from, **more).services[0]


def codes(of: Plan, *severities: str) -> list[str]:
    """The codes of the plan's diagnostics, of these severities or of all."""
    return [d.code for d in of.diagnostics if not severities or d.severity in severities]


def messages(of: Plan, severity: str = "error") -> list[str]:
    return [d.message for d in of.diagnostics if d.severity == severity]


def variable(of: Service, name: str) -> tuple[str | None, str, str]:
    """A variable's value, kind and phase."""
    found = next(v for v in of.env if v.name == name)
    return found.value, found.kind.value, found.phase.value
