"""The variables of a container: the system's, the file's, the user's."""

import pytest

from tests.platforms.cloud_run.planning import (
    DOCKERFILE,
    codes,
    environment,
    messages,
    of,
    plan,
    resolve,
    service,
    several,
)

RESERVED = (
    "spec.template.spec.containers[0].env: The following reserved env names were provided: {}. "
    "These values are automatically set by the system"
)


def _literal(*names: str) -> str:
    return "env:\n" + "".join(f'  - name: {name}\n    value: "{name.lower()}"\n' for name in names)


SECRET = "env:\n  - name: TOKEN\n    valueFrom:\n      secretKeyRef:\n        name: token\n        key: latest\n"


@pytest.mark.parametrize(("fields", "port"), [("", "8080"), ("ports:\n  - containerPort: 3000", "3000")])
def test_cr_14_system_variables(fields, port):
    """CR-14: PORT is the containerPort, or 8080, whatever the image says; K_* name the service."""
    image = {"Dockerfile": 'FROM python:3.11-slim\nENV PORT=5000\nEXPOSE 5000\nCMD ["app"]\n'}
    found = environment(service(of(fields) | image))
    assert (found["PORT"], found["K_SERVICE"], found["K_CONFIGURATION"]) == (port, "shop", "shop")


def test_cr_16_port_is_for_the_ingress_container_alone():
    """CR-16: a sidecar has K_* and no PORT, and may set a PORT of its own."""
    found = service({"service.yaml": several("name: app\nports: [{containerPort: 8080}]", "name: proxy")})
    app, proxy = ({v.name for v in container.env} for container in found.containers)
    assert app == {"PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"}
    assert proxy == app - {"PORT"}
    own = several("name: app\nports: [{containerPort: 8080}]", f"name: proxy\n{_literal('PORT')}")
    assert codes(plan({"service.yaml": own}), "error") == []


@pytest.mark.parametrize(
    ("names", "said"),
    [(["PORT"], "PORT"), (["K_SERVICE", "A"], "K_SERVICE"), (["K_REVISION", "PORT"], "K_REVISION, PORT")],
)
def test_reserved_names_are_refused(names, said):
    """The server's words; the system's value stays."""
    made = plan(of(_literal(*names)))
    assert messages(made, "error") == [RESERVED.format(said)]
    assert made.diagnostics[0].origin is not None
    assert environment(made.services[0])["PORT"] == "8080"


def test_reserved_name_on_the_command_line():
    """--env PORT is refused in the same words, also without a file."""
    made = plan({"Dockerfile": DOCKERFILE}, env=[("PORT", "3000")])
    assert messages(made, "error") == [RESERVED.format("PORT")]
    assert environment(made.services[0])["PORT"] == "8080"


def test_literals():
    """A value is taken as it is, an absent one is empty, of two the last counts and that is told."""
    fields = (
        'env:\n  - name: A\n    value: "$(B) $C"\n  - name: E\n  - name: D\n    value: x\n  - name: D\n    value: y\n'
    )
    made = plan(of(fields))
    found = environment(made.services[0])
    assert (found["A"], found["E"], found["D"]) == ("$(B) $C", "", "y")
    assert codes(made) == ["cloud-run/duplicate-env"]


@pytest.mark.parametrize(
    ("generation", "env", "home"),
    [("gen1", "", "/home"), ("gen1", "env: [{name: HOME, value: /srv}]", "/srv"), ("gen2", "", None)],
)
def test_home(generation, env, home):
    """In gen1 it is /home, unless the service says otherwise; in gen2 the image's /etc/passwd decides."""
    template = f"annotations:\n  run.googleapis.com/execution-environment: {generation}"
    assert environment(service(of(env, template=template))).get("HOME") == home


def test_secret_has_no_value():
    """A secret's value is null, asked for and warned of."""
    made = resolve(of(SECRET))
    [variable] = [v for v in made.plan.services[0].env if v.name == "TOKEN"]
    assert (variable.value, variable.kind) == (None, "secret")
    assert [prompt.name for prompt in made.prompts] == ["TOKEN"]
    assert codes(made.plan) == ["env/secret-unset"]
    assert made.plan.diagnostics[0].facts[0] == "TOKEN is version latest of the secret token"


@pytest.mark.parametrize("way", ["env", "env_file"])
def test_secret_given_stays_hidden(way):
    """A value given for a secret reaches the container and is not printed, however it was given."""
    made = resolve(of(SECRET), **{way: [("TOKEN", "s3cret")]})
    [variable] = [v for v in made.plan.services[0].env if v.name == "TOKEN"]
    assert (variable.value, variable.kind) == (None, "secret")
    assert made.secrets.of("shop") == {"TOKEN": "s3cret"}
    assert (made.prompts, codes(made.plan)) == ((), [])


def test_given_variables():
    """--env may be printed and beats the file; what comes from a file of variables is hidden."""
    made = resolve(of(_literal("A")), env=[("A", "1"), ("B", "2")], env_file=[("C", "3")])
    kinds = {v.name: (v.value, v.kind) for v in made.plan.services[0].env if v.kind != "platform"}
    assert kinds == {"A": ("1", "flag"), "B": ("2", "flag"), "C": (None, "secret")}
    assert made.secrets.of("shop") == {"C": "3"}


def test_given_variables_are_the_ingress_containers():
    """gcloud's flags speak of the container that takes the requests."""
    text = several("name: proxy", "name: app\nports: [{containerPort: 80}]")
    proxy, app = service({"service.yaml": text}, env=[("A", "1")]).containers
    assert "A" not in {v.name for v in proxy.env}
    assert "A" in {v.name for v in app.env}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("env:\n  - value: x\n", "cloud-run/env-name"),
        (_literal("X_GOOGLE_A"), "cloud-run/x-google-env"),
        (SECRET + "  - name: TOKEN\n    value: x\n", "cloud-run/duplicate-env"),
        (_literal(*(f"A{n}" for n in range(1001))), "cloud-run/too-many-variables"),
    ],
)
def test_bad_names(fields, code):
    """Names that are missing, gcloud's own, given twice with a secret; and too many of them."""
    assert codes(plan(of(fields)), "error") == [code]


def test_variables_are_sorted_and_unique():
    """The engine gets each name once."""
    names = [v.name for v in service(of(_literal("B", "A", "B"))).env]
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('value: "1"\n    valueFrom: {secretKeyRef: {name: s, key: latest}}', "has both a value and a valueFrom"),
        ("valueFrom: {configMapKeyRef: {name: c, key: k}}", "has a valueFrom without secretKeyRef"),
        ("valueFrom: {secretKeyRef: {name: s}}", "has a secretKeyRef without key"),
        ("valueFrom: {secretKeyRef: {}}", "has a secretKeyRef without name and key"),
    ],
)
def test_where_a_value_comes_from(source, expected):
    """A variable has a value, or a whole reference to a secret."""
    assert messages(plan(of(f"env:\n  - name: A\n    {source}")), "error") == [f"the variable A {expected}"]
