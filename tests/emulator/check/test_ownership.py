"""Installations by another user than the one whose directory it is."""

import json

import pytest

from tests.emulator.check.checking import check_files

LOCK = {"": {"dependencies": {"express": "5.1.0"}}, "node_modules/express": {"version": "5.1.0"}}
FILES = {
    "server.js": "", "package.json": '{"dependencies": {"express": "5.1.0"}}',
    "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": LOCK}), "yarn.lock": "express@5.1.0:\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n',
    "uv.lock": 'version = 1\n[[package]]\nname = "flask"\n[[package]]\nname = "shop"\n',
}  # fmt: skip
COPY = "COPY . ."


def found(*lines: str, base: str = "node:22-slim", files: dict[str, str] | None = None) -> list[int]:
    text = "\n".join((f"FROM {base}", *lines, 'CMD ["node", "server.js"]')) + "\n"
    plan = check_files({**FILES, **(files or {}), "Dockerfile": text})
    return [d.origin.line if d.origin else 0 for d in plan.diagnostics if d.code == "build/not-writable"]


@pytest.mark.parametrize("run", ["npm ci", "npm install", "yarn install", "yarn", "npm ci --omit=dev"])
def test_a_directory_that_workdir_made_for_root(run: str):
    assert found("WORKDIR /app", COPY, "USER node", f"RUN {run}") == [5]
    assert found("USER root", "WORKDIR /app", "USER 1000:1000", COPY, f"RUN {run}") == [6]
    assert found("RUN mkdir -p /tmp/x", "WORKDIR /app", "RUN npm -v", COPY, "USER node", f"RUN {run}") == [7]


def test_what_it_says():
    plan = check_files({
        **FILES, "Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\nUSER node\nRUN npm ci\nCMD node server.js\n",
    })  # fmt: skip
    (told,) = [d for d in plan.diagnostics if d.code == "build/not-writable"]
    assert told.message == "npm makes /app/node_modules as the user node, in a directory of root's"
    assert [(one.origin.line, one.message) for one in told.related] == [(2, "root's from here")]
    assert told.help == "add RUN chown node /app before USER, or install before USER"


def test_the_environment_of_a_python_project():
    uv = ("WORKDIR /app", "RUN pip install uv && useradd -m app", COPY, "USER app", "RUN uv sync")
    assert found(*uv, base="python:3.13-slim") == [6]
    assert found("ENV UV_PROJECT_ENVIRONMENT=/tmp/venv", *uv, base="python:3.13-slim") == []
    assert found(uv[0], "ENV UV_PROJECT_ENVIRONMENT=/tmp/venv", *uv[1:], base="python:3.13-slim") == []
    pip = ("WORKDIR /app", "RUN useradd -m app", COPY, "USER app", "RUN pip install flask")
    assert found(*pip, base="python:3.13-slim") == []


@pytest.mark.parametrize(
    "lines",
    [
        ["WORKDIR /app", COPY, "RUN npm ci", "USER node"],
        ["USER node", "WORKDIR /app", COPY, "RUN npm ci"],
        ["WORKDIR /app", COPY, "RUN chown -R node /app", "USER node", "RUN npm ci"],
        ["WORKDIR /app", "COPY --chown=node . .", "USER node", "RUN npm ci"],
        ["WORKDIR /app", COPY, "RUN sh setup.sh", "USER node", "RUN npm ci"],
        ["WORKDIR /app", "RUN chmod 777 .", COPY, "USER node", "RUN npm ci"],
        ["RUN mkdir /app && chown node /app", "WORKDIR /app", COPY, "USER node", "RUN npm ci"],
        ["WORKDIR /app", COPY, "USER node", "RUN npm ci || true"],
        ["WORKDIR /app", COPY, "USER node", "RUN npm install -g pnpm"],
        ["WORKDIR /app", COPY, "USER root", "RUN npm ci"], ["WORKDIR /app", COPY, "USER 0:0", "RUN npm ci"],
        ["ARG WHO=root", "WORKDIR /app", COPY, "USER $WHO", "RUN npm ci"],
        ["WORKDIR /home/node", COPY, "USER node", "RUN npm ci"],
        ["WORKDIR /app", COPY, "USER node", "RUN --mount=type=bind,target=/app npm ci"],
    ],
)  # fmt: skip
def test_what_may_be_writable(lines: list[str]):
    assert found(*lines) == []
    assert found("WORKDIR /app", COPY, "USER node", "RUN npm ci", base="acme/node:22") == []
    assert found("WORKDIR /app", COPY, "USER node", "RUN npm i", files={"package.json": "{}"}) == []
