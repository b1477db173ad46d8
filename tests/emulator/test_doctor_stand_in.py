"""The default base images behave as the official ones do, whether they are those or stand-ins."""

import json

import pytest

from emulator.edge.provision_facts import ASK_INDEX
from emulator.engine.checkup import DEFAULT_BASES, STAND_IN_FROM_LABEL, STAND_IN_LABEL
from emulator.engine.repair import STAND_INS

pytestmark = pytest.mark.docker

INSTALL = "pip install -q --root-user-action=ignore"
WHERE = "cd / && python -c 'import thing; print(thing.__file__)'"
PACKAGE = """
mkdir -p /tmp/p/thing && cd /tmp/p
echo 'VALUE = 1' > thing/__init__.py
printf '[build-system]\\nrequires = ["setuptools"]\\nbuild-backend = "setuptools.build_meta"\\n' > pyproject.toml
printf '[project]\\nname = "thing"\\nversion = "1"\\n[tool.setuptools]\\npackages = ["thing"]\\n' >> pyproject.toml
"""


@pytest.fixture(params=DEFAULT_BASES)
def base(request, engine):
    """A base image that is at hand."""
    from docker.errors import ImageNotFound

    try:
        engine.images.get(request.param)
    except ImageNotFound:
        engine.images.pull(request.param)
    return request.param


@pytest.fixture
def shell(engine, base):
    """Run a script in a container of the image; what it printed. It must succeed."""

    def run(script: str, **more) -> str:
        said = engine.containers.run(
            base,
            ["bash", "-euo", "pipefail", "-c", script],
            remove=True,
            labels={"emu.test": "doctor"},
            stderr=True,
            **more,
        )
        return said.decode().strip()

    return run


def minor(base: str) -> str:
    return base.removeprefix("python:").removesuffix("-slim")


def test_python_and_pip_are_in_usr_local(shell, base):
    """`python`, `python3` and `pip` come from /usr/local/bin, in the version the tag names."""
    said = shell("command -v python python3 pip; python -c 'import sys; print(sys.prefix)'; python --version")
    places, version = said.splitlines()[:-1], said.splitlines()[-1]
    assert places == ["/usr/local/bin/python", "/usr/local/bin/python3", "/usr/local/bin/pip", "/usr/local"]
    assert version.startswith(f"Python {minor(base)}.")


def test_the_image_starts_python_and_names_its_version(engine, base):
    """CMD and environment are the official image's."""
    config = engine.images.get(base).attrs["Config"]
    environ = dict(entry.split("=", 1) for entry in config["Env"])
    assert config["Cmd"] == ["python3"]
    assert environ["PATH"].startswith("/usr/local/bin:")
    assert environ["PYTHON_VERSION"].startswith(minor(base) + ".")


def test_packages_go_to_site_packages(shell, base):
    """A plain install, with a compiled extension from a wheel, lands in /usr/local and is importable."""
    said = shell(f"{INSTALL} markupsafe && python -c 'import markupsafe._speedups as s; print(s.__file__)'")
    assert said.splitlines()[-1].startswith(f"/usr/local/lib/python{minor(base)}/site-packages/markupsafe/")


def test_user_and_prefix_installs_go_where_multi_stage_builds_look(shell, base):
    """`pip install --user .` fills ~/.local, `--prefix=/install` has no "local" below the prefix."""
    said = shell(f"{PACKAGE}{INSTALL} --prefix=/install . && {INSTALL} --user . && ls -d /install/lib/*/* && {WHERE}")
    assert said.splitlines()[-2:] == [
        f"/install/lib/python{minor(base)}/site-packages",
        f"/root/.local/lib/python{minor(base)}/site-packages/thing/__init__.py",
    ]


def test_editable_installs_and_environments_work(shell):
    """`pip install -e .` sees the source; `python -m venv` makes an environment with a pip of its own."""
    environment = "python -m venv /opt/venv && /opt/venv/bin/pip --version"
    prefix = "/opt/venv/bin/python -c 'import sys; print(sys.prefix)'"
    said = shell(f"{PACKAGE}{INSTALL} -e . && {WHERE} && {environment} && {prefix}")
    source, pip, place = said.splitlines()[-3:]
    assert (source, place) == ("/tmp/p/thing/__init__.py", "/opt/venv")
    assert pip.startswith("pip ")


def test_the_image_has_no_compiler_and_no_package_lists(shell):
    """A slim image is slim: what a build forgets to install fails here as it fails there."""
    assert shell("command -v gcc git curl || true; ls /var/lib/apt/lists | grep -v -e partial -e lock || true") == ""


def test_a_stand_in_says_that_it_is_one(engine, base):
    """Whatever was made here carries both labels, and only then may its Python differ in the patch version."""
    labels = engine.images.get(base).labels
    if labels.get(STAND_IN_LABEL):
        assert labels[STAND_IN_FROM_LABEL] == f"debian {STAND_INS[base][0]}"


def test_an_untrusted_certificate_is_recognised(engine, base):
    """With no CA to trust, the question to the package index ends as a certificate problem and nothing else."""
    said = engine.containers.run(
        base, ["python3", "-c", ASK_INDEX.replace("LIMIT", "10")], remove=True, labels={"emu.test": "doctor"},
        environment={"SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/nonexistent"},
    )  # fmt: skip
    assert json.loads(said)[1] == "certificate"


def test_an_unknown_name_and_a_closed_door_are_recognised(engine, base):
    """Names that do not exist, and ports on which nobody listens, are told apart."""
    kinds = [
        json.loads(
            engine.containers.run(
                base, ["python3", "-c", ASK_INDEX.replace("LIMIT", "5")], remove=True, labels={"emu.test": "doctor"},
                environment={"PIP_INDEX_URL": url},
            )
        )[1]
        for url in ("https://nobody.invalid/simple", "https://127.0.0.1:9/simple")
    ]  # fmt: skip
    assert kinds == ["dns", "refused"]
