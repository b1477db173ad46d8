"""What variables come to that refer to other services' variables, over as many services as it takes."""

import pytest

from emulator.model.plan import Reference, Service
from tests.platforms.render.planning import DOCKERFILE, codes, resolve

HEAD = "services:\n"


def _service(name: str, *entries: str, type: str = "pserv", more: str = "") -> str:
    lines = "".join(f"      - {{{entry}}}\n" for entry in entries)
    variables = f"    envVars:\n{lines}" if entries else ""
    return f"  - type: {type}\n    name: {name}\n    runtime: docker\n    plan: starter\n{more}{variables}"


def _of(name: str, variable: str) -> str:
    return f"fromService: {{name: {name}, type: pserv, envVarKey: {variable}}}"


def _found(*services: str, groups: str = "", **more: object):
    text = HEAD + "".join(services) + "databases:\n  - name: db\n" + (f"envVarGroups:\n{groups}" if groups else "")
    return resolve({"render.yaml": text, "Dockerfile": DOCKERFILE}, **more)


def _variable(service: Service, name: str = "IT"):
    return next(v for v in service.env if v.name == name)


@pytest.mark.parametrize(
    ("entry", "value", "reference", "made_as"),
    [
        ("value: x", "x", None, None),
        ("generateValue: true", None, None, "b/X"),
        ("fromDatabase: {name: db, property: connectionString}", None, ("db", "connection-string"), None),
        ("fromService: {name: c, type: pserv, property: hostport}", "c:4000", None, None),
        (_of("c", "Y"), "y", None, None),
        (_of("c", "RENDER_SERVICE_NAME"), "c", None, None),
        (_of("c", "NODE_ENV"), None, None, None),
        (_of("b", "RENDER_SERVICE_TYPE"), "pserv", None, None),
    ],
)
def test_a_variable_of_another_service(
    entry: str, value: str | None, reference: tuple[str, str] | None, made_as: str | None
) -> None:
    """A's is B's, whatever form that has; where it ends is what A gets."""
    a = _service("a", f"key: IT, {_of('b', 'X')}")
    c = _service("c", "key: PORT, value: 4000", "key: Y, value: y")
    it = _variable(_found(a, _service("b", f"key: X, {entry}"), c).plan.services[0])
    assert (it.value, it.made_as) == (value, made_as)
    assert it.reference == (Reference(service=reference[0], fact=reference[1]) if reference else None)  # type: ignore[arg-type]
    assert it.kind == "service"


def test_a_circle_has_no_value() -> None:
    """Told, and no endless search."""
    found = _found(_service("a", f"key: IT, {_of('b', 'X')}"), _service("b", f"key: X, {_of('a', 'IT')}"))
    a, b, _ = found.plan.services
    assert (_variable(a, "IT").value, _variable(b, "X").value) == (None, None)
    assert codes(found.plan) == ["render/reference"]


def test_a_long_chain_is_followed() -> None:
    """Hundreds of services, each with the value of the next: no depth of recursion is reached."""
    chain = [_service(f"s{n}", f"key: IT, {_of(f's{n + 1}', 'IT')}") for n in range(900)]
    found = _found(*chain, _service("s900", "key: IT, value: x"), services=["s0", "s899"])
    assert [_variable(s).value for s in found.plan.services[:2]] == ["x", "x"]


def test_a_port_in_a_circle_ends() -> None:
    """A port that refers to a port that refers to it."""
    port = "fromService: {name: %s, type: pserv, property: port}"
    found = _found(_service("a", f"key: PORT, {port % 'b'}"), _service("b", f"key: PORT, {port % 'a'}"))
    assert _variable(found.plan.services[0], "PORT").value == "10000"


def test_another_services_prompt_is_asked_once() -> None:
    """And answered for both: hidden in both."""
    services = (_service("a", f"key: IT, {_of('b', 'X')}"), _service("b", "key: X, sync: false"))
    found = _found(*services)
    assert [(p.service, p.name) for p in found.prompts] == [("b", "X")]
    answered = _found(*services, answers={("b", "X"): "s3cret"})
    assert (answered.secrets.of("a"), answered.secrets.of("b")) == ({"IT": "s3cret"}, {"X": "s3cret"})
    assert (answered.prompts, codes(answered.plan)) == ((), [])


def test_an_answer_is_for_its_service_alone() -> None:
    """Two services that ask for the same name are asked apart."""
    services = (_service("a", "key: X, sync: false"), _service("b", "key: X, sync: false"))
    found = _found(*services, answers={("a", "X"): "s3cret"})
    assert (found.secrets.of("a"), found.secrets.of("b")) == ({"X": "s3cret"}, {})
    assert [(p.service, p.name) for p in found.prompts] == [("b", "X")]


def test_a_prompt_of_a_service_that_is_not_planned_is_told() -> None:
    """With --service a alone, nobody else says that b's X is missing."""
    services = (_service("a", f"key: IT, {_of('b', 'X')}"), _service("b", "key: X, sync: false"))
    found = _found(*services, services=["a"])
    assert [d.message for d in found.plan.diagnostics] == [
        "no value here for b's X: Render asks once, when the service is created"
    ]
    assert [(p.service, p.name) for p in found.prompts] == [("b", "X")]


@pytest.mark.parametrize(
    ("way", "entry", "printed"),
    [("env", "value: x", True), ("env", "sync: false", False), ("env_file", "value: x", False)],
)
def test_what_the_user_gives_reaches_those_who_refer_to_it(way: str, entry: str, *, printed: bool) -> None:
    """As secret there as where it is."""
    services = (_service("a", f"key: IT, {_of('b', 'X')}"), _service("b", f"key: X, {entry}"))
    found = _found(*services, **{way: [("X", "given")]})
    assert _variable(found.plan.services[0]).value == ("given" if printed else None)
    assert found.secrets.of("a").get("IT") == (None if printed else "given")


def test_what_a_chosen_service_needs_through_another_is_planned() -> None:
    """--service a: its value is b's, and b's is the database's."""
    b = _service("b", "key: X, fromDatabase: {name: db, property: host}")
    found = _found(_service("a", f"key: IT, {_of('b', 'X')}"), b, _service("c"), services=["a"])
    assert [s.name for s in found.plan.services] == ["a", "db"]


GROUPS = "".join(
    f"  - name: {name}\n    envVars: [{{key: A, value: {name}}}, {{key: K, generateValue: true}}]\n"
    for name in ("one", "two")
)


@pytest.mark.parametrize("links", [("one", "two"), ("two", "one")])
def test_of_two_groups_the_one_that_stands_last_wins(links: tuple[str, str]) -> None:
    """Render: the newest. The order of linking does not count; a variable of the service's own beats both."""
    entries = [f"fromGroup: {name}" for name in links]
    service = _found(_service("a", *entries), groups=GROUPS).plan.services[0]
    assert (_variable(service, "A").value, _variable(service, "K").made_as) == ("two", "env group two/K")
    own = _found(_service("a", "key: A, value: own", *entries), groups=GROUPS).plan.services[0]
    assert _variable(own, "A").value == "own"


def test_a_groups_generated_value_is_one_for_all() -> None:
    """And not one of a service's."""
    found = _found(_service("a", "fromGroup: one"), _service("b", "fromGroup: one"), groups=GROUPS)
    assert {_variable(s, "K").made_as for s in found.plan.services[:2]} == {"env group one/K"}
