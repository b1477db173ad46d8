"""What the check finds at native services: their build is worked out like a Dockerfile's."""

import json

import pytest

from tests.emulator.check.checking import check_files


def _found(runtime: str, build: str, start: str, files: dict[str, str]) -> list[tuple[str, int]]:
    """Codes and lines of what is wrong; the build command stands in line 6, the start command in line 5."""
    text = f"services:\n  - type: web\n    name: a\n    runtime: {runtime}\n    startCommand: {start}\n"
    plan = check_files({"render.yaml": f"{text}    buildCommand: {build}\n", **files})
    assert all(one.origin.file for d in plan.diagnostics for one in d.related), "a place in no file of the user's"
    return [(d.code, d.origin.line) for d in plan.diagnostics if d.severity == "error" and d.origin]


def _package(**more: object) -> dict[str, str]:
    return {"package.json": json.dumps({"name": "a", "version": "1.0.0", **more}), "index.js": ""}


APP = {"requirements.txt": "gunicorn\n", "app.py": "app = 1\n"}
START = {"scripts": {"start": "node index.js", "build": "tsc"}}


@pytest.mark.parametrize(
    ("build", "start", "files", "expected"),
    [
        ("npm install", "npm start", _package(**START), []),
        ("npm install", "npm start", _package(scripts={"dev": "node ."}), [("start/script-missing", 5)]),
        ("npm install", "npm start", _package() | {"server.js": ""}, []),
        ("npm install", "npm start", _package(scripts={"start": "node dist/main.js"}), [("start/file-not-found", 5)]),
        ("npm run build", "node dist/main.js", _package(**START), []),
        ("npm install", "node server.js", _package(), [("start/file-not-found", 5)]),
        ("npm install", "node server.js", {"web/server.js": ""}, [("start/file-not-found", 5)]),
        ("npm install", "npm start", {"web/package.json": "{}"}, [("start/file-not-found", 5)]),
        ("npm install", "cd web && npm start", _package(**START), [("start/file-not-found", 5)]),
        ("npm install", "cd web || true; npm start", _package(**START), []),
        ("npm ci", "node index.js", _package(), [("build/requirements-missing", 6)]),
        ("npm ci", "node index.js", _package() | {"package-lock.json": "{}"}, []),
        ("npm install && npm run compile", "node index.js", _package(**START), [("build/script-missing", 6)]),
        ("sh make.sh", "node server.js", _package() | {"make.sh": "cp index.js server.js"}, []),
        ("npm install", "next start", _package(dependencies={"next": "15"}), []),
    ],
)  # fmt: skip
def test_a_node_service(build: str, start: str, files: dict[str, str], expected: list[tuple[str, int]]) -> None:
    """Scripts, files and lock files that are surely missing; silent where a tool or a script may make them."""
    assert _found("node", build, start, files) == expected


@pytest.mark.parametrize(
    ("build", "start", "files", "expected"),
    [
        ("pip install -r requirements.txt", "gunicorn app:app", {"app.py": "app = 1\n"},
         [("build/requirements-missing", 6)]),
        ("pip install -r requirements.txt", "gunicorn api:app", APP, [("start/module-not-found", 5)]),
        ("pip install -r requirements.txt", "gunicorn app:app", APP, []),
        ("pip install -r requirements.txt", "python main.py", {"requirements.txt": ""}, [("start/file-not-found", 5)]),
        ("make", "gunicorn api:app", {"Makefile": "all:\n"}, []),
    ],
)  # fmt: skip
def test_a_python_service(build: str, start: str, files: dict[str, str], expected: list[tuple[str, int]]) -> None:
    """Requirements, modules and files; silent after a tool that nobody reads."""
    assert _found("python", build, start, files) == expected
