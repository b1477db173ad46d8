"""What holds for every platform: its rules are sourced, its decisions explained, its answers the same each time.

A new platform comes under all of this by its line in `platforms/__init__.py`, and a sample of each kind of its files in
SAMPLES.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml

from emulator.contract import Inputs, Platform, Resolution
from emulator.model.choice import Decision
from emulator.model.origin import Origin
from emulator.model.plan import Plan, ServiceType
from emulator.model.record import to_json
from emulator.model.rule import Fidelity, Rule
from emulator.planning import resolve
from emulator.snapshot import from_mapping
from platforms import PLATFORMS
from tests.example_files import Case, example_folders, load_example

every_platform = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
every_rule = pytest.mark.parametrize("rule", [rule for p in PLATFORMS.values() for rule in p.RULES], ids=lambda r: r.id)


class Planned(NamedTuple):
    """Files, and what a platform makes of them."""

    platform: Platform
    files: Mapping[str, bytes]
    plan: Plan


class Sample(NamedTuple):
    """A platform's file in which every part it can have is there once; `places` are parts that take keys,
    each by a line after which a key may stand."""

    file: str
    text: str
    places: tuple[str, ...]


RENDER = Sample(
    file="render.yaml",
    text="""\
previews:
  generation: off
services:
  - type: web
    name: shop
    runtime: docker
    plan: starter
    envVars:
      - key: COLOUR
        value: blue
      - fromGroup: shared
    scaling:
      minInstances: 1
      maxInstances: 2
    disk:
      name: files
      mountPath: /files
      sizeGB: 1
databases:
  - name: books
    plan: free
envVarGroups:
  - name: shared
    envVars:
      - key: WORD
        generateValue: true
projects:
  - name: attic
    environments:
      - name: production
        services:
          - type: worker
            name: mailer
            runtime: docker
""",
    places=(
        "previews:\n  generation: off\n",
        "    plan: starter\n",
        "        value: blue\n",
        "      maxInstances: 2\n",
        "      sizeGB: 1\n",
        "    plan: free\n",
        "        generateValue: true\n",
        "  - name: attic\n",
        "      - name: production\n",
        "            runtime: docker\n",
    ),
)

CLOUD_RUN = Sample(
    file="service.yaml",
    text="""\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
  labels:
    team: books
  annotations:
    run.googleapis.com/ingress: all
spec:
  template:
    metadata:
      name: shop-blue
      annotations:
        run.googleapis.com/container-dependencies: '{"web": ["cache"]}'
    spec:
      containerConcurrency: 10
      timeoutSeconds: 60
      containers:
        - name: web
          image: example.org/web:1
          args: [serve]
          ports:
            - containerPort: 3000
          env:
            - name: COLOUR
              value: blue
            - name: TOKEN
              valueFrom:
                secretKeyRef:
                  name: token
                  key: latest
          resources:
            limits:
              memory: 1Gi
          livenessProbe:
            httpGet:
              path: /live
              httpHeaders:
                - name: X-Probe
                  value: live
            periodSeconds: 30
          volumeMounts:
            - name: files
              mountPath: /files
        - name: cache
          image: example.org/cache:1
          startupProbe:
            tcpSocket:
              port: 6379
      volumes:
        - name: files
          emptyDir:
            sizeLimit: 10Mi
  traffic:
    - latestRevision: true
      percent: 100
""",
    places=(
        "kind: Service\n",
        "  name: shop\n",
        "    team: books\n",
        "      name: shop-blue\n",
        "      timeoutSeconds: 60\n",
        "        - name: web\n",
        "            - containerPort: 3000\n",
        "              value: blue\n",
        "                  key: latest\n",
        "              memory: 1Gi\n",
        "              path: /live\n",
        "                  value: live\n",
        "            periodSeconds: 30\n",
        "              mountPath: /files\n",
        "              port: 6379\n",
        "            sizeLimit: 10Mi\n",
        "      percent: 100\n",
    ),
)

CLOUD_RUN_JOB = Sample(
    file="job.yaml",
    text="""\
apiVersion: run.googleapis.com/v1
kind: Job
metadata:
  name: nightly
  labels:
    team: books
  annotations:
    run.googleapis.com/launch-stage: BETA
spec:
  template:
    metadata:
      annotations:
        run.googleapis.com/execution-environment: gen2
    spec:
      taskCount: 2
      parallelism: 1
      template:
        spec:
          maxRetries: 1
          timeoutSeconds: 60
          serviceAccountName: worker
          containers:
            - image: example.org/nightly:1
              command: [work]
              env:
                - name: COLOUR
                  value: blue
              resources:
                limits:
                  memory: 1Gi
              volumeMounts:
                - name: files
                  mountPath: /files
          volumes:
            - name: files
              emptyDir:
                sizeLimit: 10Mi
""",
    places=(
        "kind: Job\n",
        "  name: nightly\n",
        "    team: books\n",
        "      parallelism: 1\n",
        "          maxRetries: 1\n",
        "            - image: example.org/nightly:1\n",
        "                  value: blue\n",
        "                  memory: 1Gi\n",
        "                  mountPath: /files\n",
        "                sizeLimit: 10Mi\n",
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "render": (RENDER,),
    "cloud-run": (CLOUD_RUN, CLOUD_RUN_JOB),
}
"""Every kind of file that a platform has."""

every_sample = pytest.mark.parametrize(
    ("platform", "sample"),
    [
        pytest.param(PLATFORMS[name], sample, id=f"{name}: {sample.file}")
        for name, samples in SAMPLES.items()
        for sample in samples
    ],
)

DOCKERFILE = b'FROM python:3.11-slim\nCMD ["app"]\n'


def _planned(platform: Platform, files: Mapping[str, bytes], options: Mapping[str, str] | None = None) -> Planned:
    return Planned(platform, files, _resolved(platform, files, options).plan)


def _resolved(platform: Platform, files: Mapping[str, bytes], options: Mapping[str, str] | None) -> Resolution:
    inputs = Inputs(options=_defaults(platform) | dict(options or {}), options_chosen=tuple(options or ()))
    return resolve({platform.NAME: platform}, from_mapping(files), inputs, platform.NAME)


def _defaults(platform: Platform) -> dict[str, str]:
    return {option.name: option.default for option in platform.OPTIONS if option.default is not None}


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _options(case: Case) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in case.options.items()}


@pytest.fixture(
    params=[
        pytest.param((platform, folder, case), id=f"{platform.NAME} on {folder.name}: {case.name}")
        for platform in PLATFORMS.values()
        for folder in example_folders()
        for case in load_example(folder).case
    ]
)
def planned(request: pytest.FixtureRequest) -> Planned:
    """Every platform on every example, also those of another platform."""
    platform, folder, case = request.param
    return _planned(platform, _contents(folder), _options(case) if folder.name.startswith(platform.NAME) else None)


@every_rule
def test_rule_says_what_and_since_when(rule: Rule) -> None:
    """A rule is one sentence with a day on which it was checked; its source is a web address or a phrase."""
    assert rule.statement.endswith(".")
    assert date.fromisoformat(rule.checked).isoformat() == rule.checked
    assert re.fullmatch(r"https://[a-z0-9.-]+/\S*|(?!\w+:)[^\s].*\s.*\S", rule.source), rule.source


@every_platform
def test_rule_ids_are_the_platforms_own_and_unique(platform: Platform) -> None:
    """A rule's id is "<platform>/<kebab-case>", and no two rules share one."""
    ids = [rule.id for rule in platform.RULES]
    assert len(set(ids)) == len(ids)
    assert [id for id in ids if not re.fullmatch(rf"{re.escape(platform.NAME)}/[a-z0-9]+(-[a-z0-9]+)*", id)] == []


def test_same_files_give_the_same_bytes(planned: Planned) -> None:
    """Whatever order the files come in, and however often one asks, the document is the same, byte for byte."""
    turned = dict(reversed(planned.files.items()))
    options = {"created_from": planned.plan.created_from} if planned.plan.created_from else {}
    again = _planned(planned.platform, turned, options).plan
    assert to_json(again) == to_json(_planned(planned.platform, planned.files, options).plan)


def test_every_decision_gives_its_reason(planned: Planned) -> None:
    """A decision asks a question, gives an answer and a reason, and cites a rule that exists, with its source;
    what it rejected was something else, for a stated reason."""
    rules = {rule.id: rule for rule in planned.platform.RULES}
    for decision in _decisions(planned.plan):
        assert decision.question.endswith("?"), decision
        assert decision.answer, decision
        assert decision.because, decision
        assert decision.rule is None or decision.source == rules[decision.rule].url, decision
        assert all(lost.because and lost.answer for lost in decision.rejected), decision


def test_every_diagnostic_stands_alone(planned: Planned) -> None:
    """A finding is one sentence without an end, cites a rule that exists, and names a service of the plan."""
    rules = {rule.id for rule in planned.platform.RULES}
    names = {service.name for service in planned.plan.services}
    for found in planned.plan.diagnostics:
        assert found.rule is None or found.rule in rules
        assert found.service is None or found.service in names
        assert "\n" not in found.message
        assert not found.message.endswith(".")


def test_every_place_is_in_a_file(planned: Planned) -> None:
    """Wherever the document points, there is such a line, and the column is in it."""
    for origin in _origins(planned.plan):
        if origin.file in ("", "."):
            continue  # the command line; the repository as a whole
        lines = str(planned.files[origin.file], "utf-8").splitlines()
        assert 1 <= origin.line <= max(1, len(lines)), origin
        assert 1 <= origin.column <= len(lines[origin.line - 1]) + 1, origin


def test_every_service_has_what_the_engine_needs(planned: Planned) -> None:
    """Names are unique; one container of a web service takes the traffic, and one at most of others; a command's argv
    and form agree; no name has two values."""
    names = [service.name for service in planned.plan.services]
    assert len(set(names)) == len(names)
    for service in planned.plan.services:
        taking = [c.ingress for c in service.containers].count(True)
        assert taking == 1 if service.type is ServiceType.WEB else taking <= 1
        assert service.command is None or (service.command.argv is None) == (service.command.form in ("image", "none"))
        variables = [variable.name for variable in service.env]
        assert variables == sorted(set(variables))


@every_sample
def test_every_key_is_covered(platform: Platform, sample: Sample) -> None:
    """Coverage has a row for every key of the platform's file, its own or that of the part it belongs to."""
    plan = _planned(platform, {sample.file: sample.text.encode(), "Dockerfile": DOCKERFILE}).plan
    assert [d for d in plan.diagnostics if d.severity == "error"] == []
    assert list(_uncovered(plan, sample)) == []


@pytest.mark.parametrize(
    ("platform", "sample", "place"),
    [
        pytest.param(PLATFORMS[name], sample, place, id=f"{name}: {sample.file} after {' '.join(place.split())}")
        for name, samples in SAMPLES.items()
        for sample in samples
        for place in sample.places
    ],
)
def test_unknown_key_is_reported(platform: Platform, sample: Sample, place: str) -> None:
    """A key that the platform does not know is found at every level of its file, at its place."""
    before, part, after = sample.text.partition(place)
    indent = re.match(r"[ -]*", place.splitlines()[-1])
    assert part
    assert indent is not None
    text = f"{before}{part}{' ' * len(indent[0])}no_such_key: 1\n{after}"
    plan = _planned(platform, {sample.file: text.encode(), "Dockerfile": DOCKERFILE}).plan
    line = (before + part).count("\n") + 1
    assert [d.message for d in plan.diagnostics if d.origin and d.origin.line == line], f"no finding:\n{text}"
    assert Fidelity.EXACT not in {row.fidelity for row in plan.coverage if row.origin and row.origin.line == line}


def _decisions(plan: Plan) -> Iterator[Decision]:
    yield plan.detected
    yield from plan.decisions
    for service in plan.services:
        yield from service.decisions


def _origins(value: Any) -> Iterator[Origin]:
    """Every place that stands anywhere in a value."""
    if isinstance(value, Origin):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _origins(getattr(value, name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _origins(part)


def _uncovered(plan: Plan, sample: Sample) -> Iterator[str]:
    """Paths of keys for which no row stands, nor for a part of the file they belong to."""
    rows = {
        (row.origin.line, row.key.rpartition(".")[2])
        for row in plan.coverage
        if row.origin is not None and row.origin.file == sample.file and "/" not in row.key
    }

    def walk(node: yaml.Node, path: str) -> Iterator[str]:
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                yield from walk(item, f"{path}[{number}]")
        elif isinstance(node, yaml.MappingNode):
            named = {key.value: value.value for key, value in node.value}
            if (node.start_mark.line + 1, named.get("name")) in rows:
                return  # the part as a whole has a row, by its name
            for key, value in node.value:
                if (key.start_mark.line + 1, key.value) not in rows:
                    yield from walk(value, f"{path}.{key.value}")
        else:
            yield path

    yield from walk(yaml.compose(sample.text), "")
