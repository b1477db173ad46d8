"""`--preview`: the Blueprint as a pull request's preview has it."""

import pytest

from emulator.model.plan import Service
from tests.platforms.render.planning import DOCKERFILE, codes, plan, resolve, service, variable, web

ON = "previews:\n  generation: automatic\n"


def _files(fields: str, *, type: str = "web", root: str = ON) -> dict[str, str]:
    return {"render.yaml": root + web(f"runtime: docker\n{fields}", type=type), "Dockerfile": DOCKERFILE}


def _value(files: dict[str, str], name: str = "A", **more: object) -> str | None:
    return variable(service(files, **more), name)[0]


@pytest.mark.parametrize("word", ["true", "yes", "on", "Y"])
def test_any_word_of_go_s_that_switches_previews_on(word: str) -> None:
    """Where a boolean is wanted, its YAML takes the older words."""
    whole, own = _files("", root=f"previewsEnabled: {word}\n"), _files(f"pullRequestPreviewsEnabled: {word}\n", root="")
    for files in (whole, own):
        assert "render/no-previews" not in codes(plan(files, preview=True))
    in_maintenance = plan(_files(f"maintenanceMode: {{enabled: {word}}}\n", root=""))
    assert codes(in_maintenance) == ["render/maintenance"]


A = "envVars:\n  - key: A\n    value: live\n    previewValue: trial\n"


def test_preview_values() -> None:
    """previewValue wins in a preview, and only there; --env beats it."""
    assert _value(_files(A)) == "live"
    assert _value(_files(A), preview=True) == "trial"
    assert _value(_files(A), preview=True, env=[("A", "flag")]) == "flag"
    told = [_value(_files(A), "IS_PULL_REQUEST", preview=preview) for preview in (False, True)]
    assert told == ["false", "true"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [("sync: false", []), ("generateValue: true", []),
     ("fromDatabase: {name: db, property: host}", ["render/preview-value"])],
)  # fmt: skip
def test_a_preview_value_replaces_any_form(entry: str, told: list[str]) -> None:
    """What would be asked for, made or taken from elsewhere is that text; beside a reference the schema has it not."""
    files = _files(f"envVars:\n  - key: A\n    {entry}\n    previewValue: trial\n")
    found = resolve(files, preview=True)
    assert variable(found.plan.services[0], "A") == ("trial", "literal", "both")
    assert (found.prompts, codes(found.plan)) == ((), told)


def test_a_group_has_no_preview_values() -> None:
    """Its variables have a value or a generated one (blueprint-spec); what is written beside it is told."""
    group = "envVarGroups: [{name: g, envVars: [{key: A, value: 1, previewValue: 2}]}]\n"
    found = plan(_files("envVars: [{fromGroup: g}]\n", root=ON + group), preview=True)
    assert variable(found.services[0], "A")[0] == "1"
    assert [(d.code, d.origin and d.origin.line) for d in found.diagnostics] == [("render/preview-value", 3)]


def test_a_worker_has_no_preview_values() -> None:
    """They are documented for web and private services."""
    found = plan(_files(A + "plan: starter\n", type="worker"), preview=True)
    assert variable(found.services[0], "A")[0] == "live"
    assert codes(found) == ["render/preview-value-unused"]
    assert codes(plan(_files(A + "plan: starter\n", type="worker"))) == []


PROMPT = "envVars:\n  - key: A\n    sync: false\n  - fromGroup: g\n"
GROUP = "envVarGroups:\n  - name: g\n    envVars:\n      - key: {key}\n        value: of the group\n"


def test_sync_false_is_not_copied() -> None:
    """Nobody is asked, and an answer of the service itself is not used; a group's value is."""
    files = _files(PROMPT, root=ON + GROUP.format(key="B"))
    found = resolve(files, preview=True)
    assert (variable(found.plan.services[0], "A")[0], found.prompts) == (None, ())
    assert codes(found.plan) == ["render/preview-without-value"]
    assert _value(_files(PROMPT, root=ON + GROUP.format(key="A")), preview=True) == "of the group"
    given = resolve(files, preview=True, env=[("A", "s3cret")])
    assert (given.secrets.of("web"), codes(given.plan)) == ({"A": "s3cret"}, [])
    assert variable(given.plan.services[0], "A")[0] is None


def test_generated_values_are_the_previews_own() -> None:
    """A preview is a copy with new random values."""
    files = _files("envVars:\n  - key: A\n    generateValue: true\n")
    made = [next(v for v in service(files, preview=p).env if v.name == "A").made_as for p in (False, True)]
    assert made == ["web/A", "web (preview)/A"]


def _shape(of: Service) -> tuple[str | None, int, int]:
    assert of.instances is not None
    return of.resources.plan, of.instances.min, of.instances.max


@pytest.mark.parametrize(
    ("fields", "live", "preview"),
    [
        ("plan: standard\npreviews: {plan: starter}\n", ("standard", 1, 1), ("starter", 1, 1)),
        ("plan: standard\npreviewPlan: starter\n", ("standard", 1, 1), ("starter", 1, 1)),
        ("plan: standard\npreviews: {generation: manual}\n", ("standard", 1, 1), ("standard", 1, 1)),
        ("numInstances: 3\npreviews: {numInstances: 2}\n", ("starter", 3, 3), ("starter", 2, 2)),
        ("numInstances: 3\n", ("starter", 3, 3), ("starter", 3, 3)),
        ("scaling: {minInstances: 2, maxInstances: 5, targetCPUPercent: 50}\n", ("starter", 2, 5), ("starter", 2, 2)),
    ],
)  # fmt: skip
def test_plan_and_instances(fields: str, live: tuple[str, int, int], preview: tuple[str, int, int]) -> None:
    """previews.plan (before: previewPlan), previews.numInstances; with scaling, minInstances."""
    assert _shape(service(_files(fields))) == live
    assert _shape(service(_files(fields), preview=True)) == preview


def test_datastores_are_new_and_smaller() -> None:
    """previewPlan; nothing of the real ones, and nothing stays."""
    text = ON + (
        "services:\n  - {type: keyvalue, name: kv, plan: pro, previewPlan: free, ipAllowList: []}\n"
        "databases:\n  - {name: db, plan: basic-1gb, previewPlan: basic-256mb}\n"
    )
    for preview, plans in ((False, ["pro", "basic-1gb"]), (True, ["free", "basic-256mb"])):
        found = plan({"render.yaml": text}, preview=preview).services
        assert [s.resources.plan for s in found] == plans
        assert [s.datastore.persistent for s in found if s.datastore] == [not preview] * 2


def test_a_preview_has_a_disk_of_its_own() -> None:
    """What the service's holds is not there, and stays as it is."""
    files = _files("disk: {name: data, mountPath: /data}\n")
    names = [found.disk.name for preview in (False, True) if (found := service(files, preview=preview)).disk]
    assert names == ["data", "data-preview"]


def _names(root: str, one: str = "", two: str = "") -> tuple[list[str], list[str]]:
    text = root + "services:\n" + "".join(
        f"  - {{type: web, name: {name}, runtime: docker{more}}}\n" for name, more in (("one", one), ("two", two))
    )  # fmt: skip
    found = plan({"render.yaml": text, "Dockerfile": DOCKERFILE}, preview=True)
    return [s.name for s in found.services], [c for c in codes(found) if "preview" in c]


OFF, OWN = ", previews: {generation: off}", ", previews: {generation: manual}"


@pytest.mark.parametrize(
    ("root", "one", "two", "names", "told"),
    [
        (ON, "", "", ["one", "two"], []),
        (ON, OFF, "", ["two"], []),
        ("previews: {generation: manual}\n", "", "", ["one", "two"], []),
        ("", OWN, "", ["one"], []),
        ("", ", pullRequestPreviewsEnabled: true", "", ["one"], []),
        ("previewsEnabled: true\n", "", OFF, ["one"], []),
        ("", "", "", ["one", "two"], ["render/no-previews"]),
        ("previews: {generation: off}\n", "", "", ["one", "two"], ["render/no-previews"]),
        ("previewsEnabled: false\n", "", "", ["one", "two"], ["render/no-previews"]),
    ],
)  # fmt: skip
def test_which_services_a_preview_has(root: str, one: str, two: str, names: list[str], told: list[str]) -> None:
    """generation of the whole, and of each; where Render would make none, that is said, and all are planned."""
    assert _names(root, one, two) == (names, told)


def test_without_a_blueprint() -> None:
    """A service set up from the repository has previews too."""
    assert _value({"Dockerfile": DOCKERFILE}, "IS_PULL_REQUEST", preview=True) == "true"
