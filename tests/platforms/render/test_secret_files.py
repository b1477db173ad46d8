"""Secret files: where they are, what a Dockerfile mounts of them, and what is wrong with that."""

import pytest

from emulator.model.plan import BuildSecret
from tests.platforms.render.planning import codes, plan, service, web

FILES = {".env": b"A=1\n", "key.pem": b"k"}


def _docker(step: str, head: str = "") -> dict[str, str]:
    return {"Dockerfile": f'{head}FROM python:3.11-slim\n{step}\nCMD ["gunicorn", "app:app"]\n'}


def test_case_26_in_docker_they_are_in_one_place() -> None:
    """Case 26: at /etc/secrets, not beside the code; to a build by an id with _ for the dot."""
    made = service(_docker("RUN true"), secret_files=FILES)
    assert [(m.path, m.kind, m.read_only, m.group, m.mode) for m in made.containers[0].mounts] == [
        ("/etc/secrets/.env", "secret", True, 1000, "0440"),
        ("/etc/secrets/key.pem", "secret", True, 1000, "0440"),
    ]
    assert made.build.secrets == (BuildSecret(id="_env", name=".env"), BuildSecret(id="key_pem", name="key.pem"))


@pytest.mark.parametrize(("root", "folder"), [("", ""), ("rootDir: api", "/api")])
def test_case_26_without_docker_they_are_in_the_root_as_well(root: str, folder: str) -> None:
    """At run time and, as far as can be told, in the build."""
    home = f"/opt/render/project/src{folder}"
    fields = f"runtime: python\nbuildCommand: make\nstartCommand: run\n{root}\n"
    made = service({"render.yaml": web(fields), "api/x": ""}, secret_files={".env": b"x"})
    paths = ["/etc/secrets/.env", f"{home}/.env"]
    assert [m.path for m in made.containers[0].mounts] == paths
    text = made.build.generated_dockerfile or ""
    [step] = [line for line in text.splitlines() if "emu_build_env" in line and line.startswith("RUN")]
    assert all(f"--mount=type=secret,id=_env,target={path},gid=1000,mode=0440 " in step for path in paths)


def test_an_image_has_them_too() -> None:
    """It is not built."""
    made = service({"render.yaml": web("runtime: image\nimage: {url: nginx}\n")}, secret_files={"a": b"x"})
    assert ([m.path for m in made.containers[0].mounts], made.build.secrets) == (["/etc/secrets/a"], ())


@pytest.mark.parametrize(
    ("mount", "found"),
    [
        ("type=secret,id=_env,dst=/etc/secrets/.env", []),
        ("type=secret,id=key_pem,required=true", []),
        ("type=secret,target=/etc/secrets/key_pem", []),
        ("type=secret,id=npmrc", ["warning build/secret-missing"]),
        ("type=secret,id=npmrc,required=true", ["warning build/secret-missing"]),
        ("type=secret,target=/root/npmrc", ["warning build/secret-missing"]),
        ("type=secret,id=.env", ["warning build/secret-id"]),
        ("type=secret,id=.env,required", ["error build/secret-id"]),
        ("type=secret,id=.env,required=false", ["warning build/secret-id"]),
        ("type=secret,id=$NAME", []),
        ("type=cache,id=.env,target=/x", []),
    ],
)  # fmt: skip
def test_what_a_dockerfile_mounts(mount: str, found: list[str]) -> None:
    """An id that no secret file of Render can have; one that none of the given has."""
    made = plan(_docker(f"RUN --mount={mount} true"), secret_files=FILES)
    assert [f"{d.severity} {d.code}" for d in made.diagnostics] == found


def test_a_stage_that_is_not_built_asks_for_nothing() -> None:
    """The builder does not run its steps."""
    head = "FROM alpine AS other\nRUN --mount=type=secret,id=npmrc true\n"
    assert codes(plan(_docker("RUN true", head))) == []


def test_too_large() -> None:
    """1 MB together."""
    half = b"x" * (512 * 1024)
    assert codes(plan(_docker("RUN true"), secret_files={"a": half, "b": half})) == []
    assert codes(plan(_docker("RUN true"), secret_files={"a": half, "b": half + b"x"})) == ["render/secret-files-size"]
