"""No save is lost: whatever is saved, in whatever order, and whatever comes between, in the end each service runs what
lies there, or its check says why not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.check import checked
from emulator.commands.planning import Planned
from emulator.commands.saves import Saves, Step, begin, react, unplanned
from emulator.commands.unmet import errors_of
from emulator.contract import Inputs
from emulator.model.choice import Decision
from emulator.model.record import replace
from emulator.snapshot import from_mapping
from platforms import render

DETECTED = Decision(id="platform", question="Which platform?", answer="", because="")
NAMES = ("api", "jobs")
GOOD = "FROM python:3.11-slim\nCOPY app.py app.py\nCMD python app.py\n"
BAD = "FROM python:3.11-slim\nCOPY nowhere.py app.py\nCMD python app.py\n"
YAML = """\
envVarGroups:
  - name: shared
    envVars: [{{key: TONE, value: "{tone}"}}]
services:
  - {{type: web, name: api, runtime: docker, rootDir: api, healthCheckPath: {path}, envVars: [{{fromGroup: shared}}]}}
  - {{type: worker, name: jobs, runtime: docker, rootDir: jobs}}
"""
START = {
    "render.yaml": YAML.format(tone="low", path="/"), "notes.md": "0",
    "api/Dockerfile": GOOD, "api/app.py": "0", "jobs/Dockerfile": GOOD, "jobs/app.py": "0",
}  # fmt: skip
SAVES = {
    "render.yaml": (START["render.yaml"], YAML.format(tone="high", path="/up"), "services: [}"),
    "api/Dockerfile": (GOOD, BAD), "jobs/Dockerfile": (GOOD, BAD),
    "api/app.py": ("0", "1"), "jobs/app.py": ("0", "1"), "notes.md": ("0", "1"),
}  # fmt: skip


def planned(files: dict[str, str], *, check: bool = True) -> Planned:
    repo = from_mapping(files)
    found = render.resolve(repo, Inputs(), DETECTED)
    if check and found.plan.services:
        found = replace(found, plan=checked(repo, found.plan, ()))
    return Planned(repo, render, Inputs(), found)


PLANNED: dict[tuple[tuple[str, str], ...], Planned] = {}


def known(files: dict[str, str]) -> Planned:
    """A folder's plan, made once."""
    key = tuple(sorted(files.items()))
    if key not in PLANNED:
        PLANNED[key] = planned(files)
    return PLANNED[key]


def made_of(files: dict[str, str], name: str) -> object:
    """All that decides what a service runs."""
    service = next((s for s in known(files).resolution.plan.services if s.name == name), None)
    return files[f"{name}/app.py"], files[f"{name}/Dockerfile"], service and (service.probes.health, service.env)


class Desk:
    """A folder, somebody who saves in it, and a session that deploys."""

    def __init__(self) -> None:
        self.files = dict(START)
        self.saves: Saves = begin(known(self.files))
        self.runs = {name: made_of(self.files, name) for name in NAMES}
        """What the newest decided deploy of each service is made of."""
        self.under_way: dict[str, object] = {}
        self.told: list[str] = []
        """Services whose last word was that they are refused."""

    def save(self, changes: dict[str, str], *, anyway: tuple[str, ...] = ()) -> Step:
        paths = frozenset(path for path, text in changes.items() if self.files[path] != text)
        self.files |= changes
        self.saves, step = react(self.saves, known(self.files), paths, frozenset(self.under_way), anyway=anyway)
        gone = set(self.under_way) if step.is_refused and not step.refused else step.concerned
        for name in gone:
            self.under_way.pop(name, None)
        self.under_way |= {name: made_of(self.files, name) for name in step.deploys}
        self.told = [name for name in self.told if name not in step.deploys] + list(step.refused)
        return step

    def lose(self, changes: dict[str, str]) -> None:
        """Saved while no plan could be made."""
        paths = frozenset(path for path, text in changes.items() if self.files[path] != text)
        self.files |= changes
        self.saves = unplanned(self.saves, paths)

    def decide(self, name: str) -> None:
        """Its deploy goes live, or fails."""
        if name in self.under_way:
            self.runs[name] = self.under_way.pop(name)


CHANGE = st.sampled_from(sorted(SAVES)).flatmap(lambda path: st.tuples(st.just(path), st.sampled_from(SAVES[path])))
CHANGES = st.lists(CHANGE, min_size=1, max_size=3).map(dict)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), CHANGES), st.tuples(st.just("lose"), CHANGES),
        st.tuples(st.just("decide"), st.sampled_from(NAMES)), st.tuples(st.just("anyway"), st.none()),
    ),
    max_size=12,
)  # fmt: skip


@pytest.mark.thorough
@pytest.mark.timeout(120)
@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_save_is_lost(steps):
    """The last save concerns nobody, and then one mends all; every deploy is decided in the end."""
    desk = Desk()
    for kind, what in steps:
        match kind:
            case "save":
                desk.save(what)
            case "lose":
                desk.lose(what)
            case "decide":
                desk.decide(what)
            case "anyway":
                desk.save({}, anyway=NAMES)
    desk.save({"notes.md": "2"})
    wrong = errors_of(known(desk.files))
    for name in NAMES:
        desk.decide(name)
        if wrong is not None and name not in wrong:
            assert desk.runs[name] == made_of(desk.files, name)
    desk.save({path: variants[0] for path, variants in SAVES.items()})
    for name in NAMES:
        desk.decide(name)
        assert desk.runs[name] == made_of(START, name)


def test_a_save_deploys_only_whom_it_concerns():
    """The other one's deploy goes on."""
    desk = Desk()
    assert desk.save({"api/app.py": "1"}).deploys == ("api",)
    assert desk.save({"jobs/app.py": "1"}).deploys == ("jobs",)
    assert set(desk.under_way) == set(NAMES)


def test_a_changed_group_deploys_its_users_and_a_changed_field_its_service():
    desk = Desk()
    assert desk.save({"render.yaml": YAML.format(tone="high", path="/")}).deploys == ("api",)
    assert desk.save({"render.yaml": YAML.format(tone="high", path="/up")}).deploys == ("api",)
    assert desk.save({"render.yaml": YAML.format(tone="high", path="/up") + "# a remark\n"}).deploys == ()


def test_one_that_the_check_refuses_does_not_hold_back_another():
    """It is told once, and is deployed with all that was saved meanwhile when it can be again."""
    desk = Desk()
    step = desk.save({"api/Dockerfile": BAD, "api/app.py": "1"})
    assert (step.deploys, step.refused) == ((), ("api",))
    step = desk.save({"jobs/app.py": "1"})
    assert (step.deploys, step.refused) == (("jobs",), ())
    step = desk.save({"api/app.py": "0"})
    assert (step.deploys, step.refused) == ((), ("api",))
    step = desk.save({"api/Dockerfile": GOOD})
    assert (step.deploys, step.refused) == (("api",), ())


def test_a_refused_one_is_built_anyway_on_request():
    desk = Desk()
    desk.save({"api/Dockerfile": BAD})
    desk.save({"jobs/Dockerfile": BAD})
    assert desk.save({}, anyway=("api",)).deploys == ("api",)
    assert desk.save({}, anyway=NAMES).deploys == ("jobs",)
    assert desk.save({}, anyway=NAMES).deploys == ()


def test_a_plan_that_cannot_be_made_refuses_all_and_loses_nothing():
    """What was under way is called off, and made up for by the save that repairs it."""
    desk = Desk()
    desk.save({"jobs/app.py": "1"})
    assert desk.save({"render.yaml": "services: [}", "api/app.py": "1"}).is_refused
    assert desk.under_way == {}
    step = desk.save({"render.yaml": START["render.yaml"]})
    assert set(step.deploys) == set(NAMES)
    assert step.reaction.path == "api/app.py"
