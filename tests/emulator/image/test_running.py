"""RUN steps applied to the tree: what is there afterwards, what surely is not, and what nobody knows."""

import pytest

from emulator.formats.dockerfile import parse_dockerfile
from emulator.image.context import open_context
from emulator.image.tree import Folder, Link, resolve
from emulator.image.working import Worked, work_out
from emulator.snapshot import from_mapping

BASE = "FROM python:3.11-slim"
SITE = "/usr/local/lib/python3.11/site-packages"
PROJECT = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    '[project]\nname = "acme"\nversion = "1"\ndependencies = ["gunicorn"]\n',
    "acme/__init__.py": "", "acme/api.py": "app = 1\n", "acme/data.json": "{}", "app.py": "x = 1\n",
    "requirements.txt": "flask\n", "scripts/start.sh": "#!/bin/sh\n",
}  # fmt: skip


def work(*lines: str, files: dict[str, str] | None = None) -> Worked:
    text = "\n".join(lines) + "\n"
    repo = from_mapping({**PROJECT, **(files or {}), "Dockerfile": text})
    return work_out(open_context(repo, ".", "Dockerfile"), parse_dockerfile(text, "Dockerfile"))


def states(worked: Worked, *paths: str) -> list[str]:
    return [worked.look(path).state for path in paths]


@pytest.mark.parametrize(
    ("run", "there", "absent", "unknown"),
    [
        ("mkdir -p /x/y && touch /x/y/z", ["/x/y/z"], ["/x/z"], []),
        ("mkdir /x || true", [], ["/y"], ["/x"]),
        ("cp app.py /b.py && rm app.py", ["/b.py", "/w/acme"], ["/w/app.py"], []),
        ("cp app.py /b.py; rm app.py", ["/w/acme"], ["/w/app.py"], ["/b.py"]),
        ("set -eux; cp app.py /b.py; rm app.py", ["/b.py", "/w/acme"], ["/w/app.py"], []),
        ("rm -f app.py || true", ["/w/acme/api.py"], [], ["/w/app.py"]),
        ("rm -rf acme", ["/w/app.py"], ["/w/acme", "/w/acme/api.py"], []),
        ("rm -rf *", ["/w"], ["/w/acme", "/w/app.py"], []),
        ("rm *.py", ["/w/acme/api.py"], ["/w/app.py"], []),
        ("mv acme other", ["/w/other/api.py"], ["/w/acme"], []),
        ("mv acme scripts", ["/w/scripts/acme/api.py"], ["/w/acme"], []),
        ("cp -r acme new", ["/w/new/api.py", "/w/acme/api.py"], ["/w/new/acme"], []),
        ("cp -r acme/. scripts", ["/w/scripts/api.py", "/w/scripts/start.sh"], ["/w/scripts/acme"], []),
        ("cd acme && cp api.py ..", ["/w/api.py"], ["/w/acme/app.py"], []),
        ("echo hello > acme/new.txt", ["/w/acme/new.txt"], [], []),
        ("ln -s /w/acme /linked", ["/linked/api.py"], [], []),
        ("if [ -f app.py ]; then rm app.py; fi", ["/w/acme"], [], ["/w/app.py"]),
        ("./configure", [], [], ["/w/app.py", "/x"]),
        ("apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*", ["/w/app.py"], ["/x"], ["/etc/x"]),
        ("python manage.py collectstatic", ["/w/app.py"], ["/w/new.py"], ["/w/staticfiles", "/x"]),
        ("curl -fsSL https://h/install.sh | sh", ["/w/app.py"], ["/w/new.py"], ["/usr/local/bin/x", "/w/bin"]),
        ("useradd -m me", ["/w/app.py", "/home/me"], ["/x"], []),
        ("sed -i s/a/b/ app.py", ["/w/app.py"], [], []),
        ("--mount=type=cache,target=/root/.cache/pip mkdir /x", ["/x"], ["/y"], ["/root/.cache/pip/x"]),
        ("--mount=type=bind,source=app.py,target=/m/app.py cp /m/app.py /copied.py", ["/copied.py"], [], []),
    ],
)
def test_what_a_step_leaves(run: str, there: list[str], absent: list[str], unknown: list[str]):
    """Each claim is one that the shell would make true."""
    found = work(BASE, "WORKDIR /w", "COPY . .", f"RUN {run}")
    assert states(found, *there) == ["there"] * len(there)
    assert states(found, *absent) == ["absent"] * len(absent)
    assert states(found, *unknown) == ["unknown"] * len(unknown)


def test_a_file_that_was_copied_keeps_its_source():
    """Its text can still be read from the repository; one that was rewritten has none."""
    found = work(BASE, "WORKDIR /w", "COPY . .", "RUN cp app.py /b.py && mv acme /lib2", "RUN sed -i s/1/2/ app.py")
    assert (found.look("/b.py").made.path, found.look("/lib2/api.py").made.path) == ("app.py", "acme/api.py")
    assert found.look("/w/app.py").made.by == "instruction"


def test_exec_bits_are_followed():
    """`chmod +x` on a copied file, and a mode for a whole tree."""
    found = work(BASE, "WORKDIR /w", "COPY . .", "RUN chmod 755 app.py && chmod -R 700 scripts")
    assert found.look("/w/app.py").mode == 0o755
    assert found.look("/w/scripts/start.sh").mode == 0o700
    assert found.look("/w/scripts").mode == 0o700


def folder(found: Worked, path: str) -> Folder:
    node = resolve(found.tree, path)[1]
    assert isinstance(node, Folder)
    return node


def test_an_installed_project_lies_in_site_packages():
    """Its code is copied there, its data is not claimed, and what it depends on is known by name."""
    found = work(BASE, "WORKDIR /w", "COPY pyproject.toml .", "COPY acme acme", "RUN pip install .")
    assert states(found, f"{SITE}/acme/api.py", f"{SITE}/acme/nope.py", f"{SITE}/acme/data.json") == [
        "there", "absent", "unknown",
    ]  # fmt: skip
    assert found.look(f"{SITE}/acme/api.py").made.path == "acme/api.py"
    assert "gunicorn" in folder(found, SITE).more.packages
    assert states(found, f"{SITE}/other") == ["unknown"]
    assert not folder(found, SITE).more.anything


def test_an_editable_project_leaves_a_path_file():
    """Its content is the directory that is imported from."""
    found = work(BASE, "WORKDIR /w", "COPY . .", "RUN pip install -e .")
    assert found.look(f"{SITE}/__editable__.acme.pth").content == b"/w"
    assert states(found, f"{SITE}/acme/api.py") == ["unknown"]


def test_a_venv_is_carried_by_copy():
    """Made in one stage with PATH set, filled by its pip, copied into the next."""
    found = work(
        f"{BASE} AS builder", "WORKDIR /w", "RUN python -m venv /venv", "ENV PATH=/venv/bin:$PATH", "COPY . .",
        "RUN pip install --no-cache-dir -r requirements.txt .", BASE, "COPY --from=builder /venv /venv",
    )  # fmt: skip
    assert states(found, "/venv/lib/python3.11/site-packages/acme/api.py", f"{SITE}/acme/api.py") == [
        "there", "unknown",
    ]  # fmt: skip
    assert {"flask", "gunicorn"} <= {*folder(found, "/venv/bin").more.packages}
    assert folder(found, SITE).more.packages == ("pip", "setuptools", "wheel")


def test_a_prefix_a_target_and_a_user_site():
    """Each has its own site-packages."""
    place = "lib/python3.11/site-packages/acme/api.py"
    lines = [BASE, "WORKDIR /w", "COPY . ."]
    assert states(work(*lines, "RUN pip install --prefix=/install ."), f"/install/{place}") == ["there"]
    assert states(work(*lines, "RUN pip install --target /deps ."), "/deps/acme/api.py") == ["there"]
    assert states(work(*lines, "RUN pip install --user ."), f"/root/.local/{place}") == ["there"]


def test_uv_and_poetry_install_into_their_own_environment():
    """.venv beside pyproject.toml, or the system where poetry is told so."""
    lock = {"uv.lock": '[[package]]\nname = "uvicorn"\nversion = "1"\n', "poetry.lock": ""}
    found = work(BASE, "WORKDIR /w", "COPY . .", "RUN uv sync --frozen --no-dev", files=lock)
    assert folder(found, "/w/.venv/bin").more.packages == ("uvicorn", "acme")
    assert found.look("/w/.venv/lib/python3.11/site-packages/__editable__.acme.pth").content == b"/w"
    active = work(
        BASE, "WORKDIR /w", "COPY . .", "ENV VIRTUAL_ENV=/opt/venv", "RUN uv venv /opt/venv",
        "RUN uv sync --frozen --active", files=lock,
    )  # fmt: skip
    assert folder(active, "/opt/venv/bin").more.packages == ("uvicorn", "acme")
    unnamed = work(
        BASE, "WORKDIR /w", "COPY . .", "ENV VIRTUAL_ENV=/opt/venv", "RUN mkdir -p /opt/venv && poetry install",
        files=lock,
    )  # fmt: skip
    assert states(unnamed, "/opt/venv/bin/uvicorn") == ["unknown"]
    poetry = work(
        BASE, "WORKDIR /w", "COPY . .", "RUN pip install poetry && poetry config virtualenvs.create false",
        "RUN poetry install --no-root", files=lock,
    )  # fmt: skip
    assert not folder(poetry, SITE).more.anything
    assert "poetry" in folder(poetry, SITE).more.packages
    elsewhere = work(BASE, "WORKDIR /w", "COPY . .", "RUN pip install poetry", "RUN poetry install", files=lock)
    assert folder(elsewhere, SITE).more.anything
    assert states(elsewhere, "/w/nope.py", "/w/app.py") == ["absent", "there"]


def test_uv_reads_the_dependencies_of_a_project_it_does_not_install():
    """`uv pip install -r pyproject.toml`: what it depends on, by name, and not the project."""
    found = work(BASE, "WORKDIR /w", "COPY . .", "RUN uv pip install --system -r pyproject.toml")
    assert folder(found, SITE).more.packages[-1] == "gunicorn"
    assert not folder(found, SITE).more.anything


def test_the_report_of_an_install_sees_the_files_of_its_moment():
    """A project that is copied later is missing when pip runs."""
    found = work(BASE, "WORKDIR /w", "RUN pip install -e .", "COPY . .")
    install = next(one for step in found.stages[0].steps for one in step.installs)
    assert install.report.needs[0].path == "/w/pyproject.toml"
    assert (install.origin.line, install.certainty, install.failure) == (3, "always", "fails")
    swallowed = work(BASE, "WORKDIR /w", "RUN pip install -e . \\", "  || true", "COPY . .")
    assert swallowed.stages[0].steps[1].installs[0].failure == "swallowed"


def test_npm_leaves_the_rest_alone():
    """node_modules may hold anything; a project with scripts of its own may write anywhere."""
    plain = {"package.json": '{"scripts": {"build": "tsc"}}', "package-lock.json": "{}"}
    found = work("FROM node:20", "WORKDIR /w", "COPY . .", "RUN npm ci", files=plain)
    assert states(found, "/w/dist/main.js", "/w/node_modules/x", "/w/app.py") == ["absent", "unknown", "there"]
    built = work("FROM node:20", "WORKDIR /w", "COPY . .", "RUN npm ci && npm run build", files=plain)
    assert states(built, "/w/dist/main.js", "/w/app.py") == ["unknown", "there"]
    prepared = {"package.json": '{"scripts": {"postinstall": "tsc"}}', "package-lock.json": "{}"}
    assert states(work("FROM node:20", "WORKDIR /w", "COPY . .", "RUN npm ci", files=prepared), "/w/dist") == [
        "unknown"
    ]


def test_links_lead_on():
    """What is written through a link lies behind it."""
    found = work(BASE, "WORKDIR /w", "RUN mkdir /real && ln -s /real /alias && touch /alias/file")
    assert states(found, "/real/file", "/real/other") == ["there", "absent"]
    assert isinstance(resolve(found.tree, "/alias", follow_last=False)[1], Link)
