"""What the engine is asked: the right values in the right phase, secrets nowhere they can be read, names that hold."""

import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.contract import token
from emulator.engine.docker_args import build_command
from emulator.engine.labels import of_service, project_id, resource_name
from emulator.engine.requests import (
    BUILD_ENV_SECRET,
    build_request,
    conceal,
    container_spec,
    environment,
    pre_deploy_spec,
    reveal,
    task_spec,
)
from emulator.engine.rollout_steps import Unit
from emulator.model.plan import Build, BuildKind, Command, EnvKind, EnvPhase, EnvVar, Resources, Service, Tasks
from emulator.model.record import replace
from emulator.world.building import BuildRequest
from emulator.world.containers import ContainerSpec
from emulator.world.docker import ImageFacts
from tests.emulator.engine.services import WEB, service, variable

ROOT = "/home/me/shop"
SECRET = "s3cret value/with'quotes"
IMAGE = ImageFacts(
    id="sha256:abc", entrypoint=("tini", "--"), cmd=("serve",), env={}, user="", workdir="", exposed=(), labels={},
    architecture="amd64", stop_signal=None, shell=None,
)  # fmt: skip
UNIT = Unit(id=3, deploy=7, slot=2)
NATIVE = Build(kind=BuildKind.NATIVE, runtime="python", generated_dockerfile="FROM scratch")


def to_build(wanted: Service, hidden: dict[str, str] | None = None) -> BuildRequest:
    return build_request(
        wanted, hidden or {}, root=ROOT, platform="render", context="/c", dockerfile="/c/Dockerfile", base_images={},
        deploy=7,
    )  # fmt: skip


def to_start(
    wanted: Service, hidden: dict[str, str] | None = None, *, memory: bool = True, cpu: bool = False,
    unit: Unit = UNIT, attempt: int = 2,
) -> ContainerSpec:  # fmt: skip
    return container_spec(
        wanted, hidden or {}, root=ROOT, platform="render", image=IMAGE, unit=unit, attempt=attempt,
        memory=memory, cpu=cpu, publish={},
    )  # fmt: skip


# ---- variables --------------------------------------------------------------------------------------


def test_each_phase_has_its_variables() -> None:
    """A build variable is not in the container, a container's not in the build, and one without a value in neither."""
    wanted = service(
        env=(
            variable("BOTH", "1"),
            variable("BUILD", "2", EnvPhase.BUILD),
            variable("RUN", "3", EnvPhase.RUN),
            variable("HIDDEN", None),
            variable("UNSET", None),
            variable("EMPTY", ""),
        )
    )
    assert environment(wanted, {"HIDDEN": "x"}, build=True) == {"BOTH": "1", "BUILD": "2", "HIDDEN": "x", "EMPTY": ""}
    assert environment(wanted, {"HIDDEN": "x"}, build=False) == {"BOTH": "1", "RUN": "3", "HIDDEN": "x", "EMPTY": ""}


def test_a_secret_is_on_no_command_line_and_in_no_label() -> None:
    """It travels in the environment of the builder alone, and nothing that prints shows it."""
    wanted = service(env=(variable("TOKEN", None),))
    request = to_build(wanted, {"TOKEN": SECRET})
    assert request.args == {"TOKEN": SECRET}
    assert request.masked == {"TOKEN"}
    command = build_command(request, dockerfile="/c/Dockerfile", builder="default", metadata="/tmp/id")
    assert SECRET not in " ".join(command.argv)
    spec = to_start(wanted, {"TOKEN": SECRET})
    assert spec.env == {"TOKEN": SECRET}
    for shown in (repr(request), repr(spec), repr(request.labels), repr(spec.labels), spec.name, request.tag):
        assert SECRET not in str(shown)


def test_a_native_build_gets_its_variables_as_a_script(tmp_path) -> None:
    """The script gives a shell exactly these values, whatever is in them; a name no shell takes is left out."""
    values = {
        "PLAIN": "1",
        "QUOTES": SECRET,
        "LINES": "a\nb",
        "DOLLAR": "$HOME `id` \\",
        "é": "x",
        "A-B": "x",
        "1A": "x",
    }
    wanted = service(build=NATIVE, env=tuple(variable(name, value) for name, value in values.items()))
    request = to_build(wanted)
    assert request.args.keys() == {"EMU_BUILD_ENV"}
    script = request.secrets[BUILD_ENV_SECRET]
    file = tmp_path / "script"
    file.write_text(script)
    command = ["sh", "-c", f". {shlex.quote(str(file))} && env -0"]
    path = {"PATH": "/bin:/usr/bin"}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=path).stdout
    seen = dict(entry.split("=", 1) for entry in told.split("\0") if entry)
    assert {name: seen.get(name) for name in values} == {
        "PLAIN": "1", "QUOTES": SECRET, "LINES": "a\nb", "DOLLAR": "$HOME `id` \\", "é": None, "A-B": None, "1A": None,
    }  # fmt: skip


def test_a_changed_variable_builds_anew_and_is_not_told() -> None:
    """The one argument a native build has changes with its variables, and is not made of them alone."""
    one, two = (to_build(service(build=NATIVE, env=(variable("A", value),))).args["EMU_BUILD_ENV"] for value in "12")
    assert one != two
    assert re.fullmatch("[0-9a-f]{16}", one)


def test_new_data_build_anew() -> None:
    """A build that fills a datastore is not taken from the cache when the datastore is empty again."""

    def argument(data: str) -> str:
        return build_request(
            service(build=NATIVE), {}, root=ROOT, platform="render", context="/c", dockerfile="/c/Dockerfile",
            base_images={}, deploy=7, data=data,
        ).args["EMU_BUILD_ENV"]  # fmt: skip

    assert argument("") == argument("") != argument("of deploy 7")


# ---- secrets in text --------------------------------------------------------------------------------


def test_reveal_undoes_the_token() -> None:
    """A token in an argv becomes the value; a value that looks like another's token stays what it is."""
    hidden = {"A": token("B"), "B": "two"}
    assert reveal(("run", f"--a={token('A')}", token("B")), hidden) == ("run", f"--a={token('B')}", "two")
    assert reveal(("run",), {}) == ("run",)


@pytest.mark.parametrize(
    ("text", "hidden", "shown"),
    [
        ("key is abcdef.", {"KEY": "abcdef"}, "key is ‹KEY›."),
        ("abcdef and abc", {"SHORT": "abc", "LONG": "abcdef"}, "‹LONG› and ‹SHORT›"),
        ("1 is 1", {"ONE": "1"}, "1 is 1"),
        ("MIIEvQ", {"PEM": "-----BEGIN-----\nMIIEvQ\n-----END-----\n"}, "‹PEM›"),
        ("nothing", {"EMPTY": ""}, "nothing"),
    ],
)
def test_conceal(text: str, hidden: dict[str, str], shown: str) -> None:
    """Values and the lines of long ones become tokens; what is too short to tell anything stays."""
    assert conceal(text, hidden) == shown


@given(st.text(min_size=3), st.text(), st.text())
def test_concealed_is_gone(value: str, before: str, after: str) -> None:
    """Wherever a value stands it is not there any more, unless its token itself spells it."""
    shown = conceal(before + value + after, {"NAME": value})
    assert value not in shown or value in before + token("NAME") + after


# ---- names ------------------------------------------------------------------------------------------

ODD = [
    "web",
    "Web",
    "日本",
    "中国",
    "a b",
    "a-b",
    "-lead",
    "trail-",
    "x" * 200,
    "x" * 201,
    "..",
    "",
    "a/b:c",
    "é",
    "a_b",
]
CONTAINER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")


@pytest.mark.parametrize("name", ODD)
def test_names_are_valid_for_the_engine(name: str) -> None:
    """Whatever a service is called, its container and its image have names the engine takes."""
    assert CONTAINER.fullmatch(resource_name(ROOT, name, 12, 3))
    assert REPOSITORY.fullmatch(resource_name(ROOT, name))
    assert len(resource_name(ROOT, name, 12, 3)) < 128


def test_names_are_not_shared() -> None:
    """Two services, two names, however alike they look."""
    assert len({resource_name(ROOT, name) for name in ODD}) == len(ODD)
    assert resource_name(ROOT, "web") == f"emu-{project_id(ROOT)}-web"


def test_a_path_that_is_no_text_has_an_identity() -> None:
    """A folder's name may be any bytes."""
    assert len(project_id("/home/\udcff")) == 12
    assert to_build(WEB).labels == of_service(ROOT, "render", "shop", 7)


# ---- commands and limits ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        (None, None),
        (Command(argv=("a",), form="exec", text="a", source="dockerfile"), None),
        (Command(argv=None, form="image", text=None, source="image"), None),
        (Command(argv=("sh", "-c", token("S")), form="shell", text="", source="render.yaml"), ("sh", "-c", SECRET)),
        (Command(argv=("sh", "-c", token("UNSET")), form="shell", text="", source="render.yaml"), ("sh", "-c", "")),
        (Command(argv=("tini", "x"), form="exec", text="", source="other", image_args=("x",)), ("tini", "--", "x")),
    ],
)
def test_the_command_replaces_the_images_only_where_the_platform_does(command, argv) -> None:
    """The image's own command is not repeated, secrets are put in, arguments stand behind the image's entrypoint."""
    wanted = service(command=command, env=(variable("S", None), variable("UNSET", None)))
    assert to_start(wanted, {"S": SECRET}).argv == argv


def test_limits_as_asked() -> None:
    """Memory by default, the processor on demand, neither when refused."""
    assert (to_start(WEB).memory_mib, to_start(WEB).cpus) == (512, None)
    assert to_start(WEB, cpu=True).cpus == 0.5
    assert to_start(WEB, memory=False).memory_mib is None
    assert to_start(service(resources=Resources())).memory_mib is None


# ---- work that ends ---------------------------------------------------------------------------------


def test_a_task_finds_its_numbers_in_its_variables() -> None:
    """Each attempt has a name of its own and the numbers where the platform puts them; nobody reaches it."""
    base = replace(to_start(service(env=(variable("A", "1"),))), publish={10000: 0})
    tasks = Tasks(
        count=2, parallelism=None, max_retries=1, timeout_s=1, index_variable="INDEX", attempt_variable="ATTEMPT"
    )
    made = task_spec(base, tasks, 1, 0)
    assert made.env == {"A": "1", "INDEX": "1", "ATTEMPT": "0"}
    assert (made.publish, made.argv, made.labels, made.memory_mib) == ({}, base.argv, base.labels, base.memory_mib)
    assert len({task_spec(base, tasks, index, attempt).name for index in (0, 1, 11) for attempt in (0, 1)}) == 6
    assert task_spec(base, None, 0, 0).env == {"A": "1"}
    assert "'1'" not in repr(made)


def test_a_pre_deploy_command_runs_as_the_service_does_but_for_its_command() -> None:
    """Its own argv, secrets revealed and what nobody gave left out; image, variables and limits are the service's."""
    env = (variable("DSN", None), variable("NOBODY", None))
    what = service(env=env, pre_deploy_argv=("./migrate", token("DSN"), f"x{token('NOBODY')}"))
    base = replace(to_start(what, {"DSN": "postgres://x"}), publish={10000: 0})
    made = pre_deploy_spec(base, what, {"DSN": "postgres://x"})
    assert made.argv == ("./migrate", "postgres://x", "x")
    assert made.name != base.name
    assert replace(made, argv=base.argv, name=base.name, publish=base.publish) == base
    assert made.publish == {}


# ---- a name for each instance -----------------------------------------------------------------------


def _named(unit: Unit, env: tuple[EnvVar, ...]) -> str:
    spec = container_spec(
        service(env=env, instance_variable="ID"), {}, root=ROOT, platform="render", image=IMAGE, unit=unit, attempt=1,
        memory=True, cpu=False, publish={},
    )  # fmt: skip
    return spec.env["ID"]


def test_each_instance_has_a_name_of_its_own() -> None:
    """Other letters after the last dash, in each instance of each deploy; the same at a restart of one."""
    env = (EnvVar(name="ID", value="srv-abc-00000", kind=EnvKind.PLATFORM),)
    units = [Unit(id=id, deploy=deploy, slot=1) for id, deploy in ((1, 1), (2, 1), (1, 2), (1, 1))]
    names = [_named(unit, env) for unit in units]
    assert len(set(names)) == 3
    assert names[0] == names[3]
    assert all(re.fullmatch(r"srv-abc-[0-9a-f]{5}", name) for name in names)


def test_what_the_user_calls_an_instance_stays() -> None:
    """One given with --env is not the platform's."""
    assert _named(Unit(id=1, deploy=1, slot=1), (EnvVar(name="ID", value="mine-x", kind=EnvKind.FLAG),)) == "mine-x"
