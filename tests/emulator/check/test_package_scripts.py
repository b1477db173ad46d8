"""Scripts of package.json behind `npm start` and its like: there or not, and what they run."""

import json
from collections.abc import Mapping

import pytest

from emulator.check.command import started
from emulator.check.package_scripts import call_of
from tests.emulator.check.checking import check_files

PACKAGE = '{"scripts": {"build": "%s", "strat": "remix-serve"}}'
NODE = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
LOCK = {"package-lock.json": "{}", "index.js": ""}


def found(cmd: str, scripts: Mapping[str, str], files: Mapping[str, str] | None = None) -> list[str]:
    package = {"package.json": json.dumps({"scripts": scripts})}
    plan = check_files({**LOCK, **package, **(files or {}), "Dockerfile": f"{NODE}CMD {cmd}\n"})
    return [d.code.removeprefix("start/") for d in plan.diagnostics if d.code.endswith(("-missing", "-not-found"))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("npm start", ("npm", "start", "", ())), ("npm run serve -- --port 1", ("npm", "serve", "", ("--port", "1"))),
        ("npm --prefix web run -s x", ("npm", "x", "web", ())),
        ("yarn start --port 1", ("yarn", "start", "", ("--port", "1"))),
        ("yarn --cwd=web run x", ("yarn", "x", "web", ())), ("pnpm start", ("pnpm", "start", "", ())),
        ("npm install", None), ("yarn vite", None), ("npm run", None), ("npm -w web start", None),
        ("npm start --flag", None), ("pnpm exec vite", None), ("npm run $X", None),
    ],
)  # fmt: skip
def test_which_script_is_asked_for(line: str, expected: tuple[object, ...] | None):
    """By its name, in its package; None where another thing is done, or options are not known."""
    call = call_of(started(("sh", "-c", line), {}))
    assert (call and (call.tool, call.script, call.directory, call.passed)) == expected


@pytest.mark.parametrize(
    ("cmd", "scripts", "files"),
    [
        ('["npm", "start"]', {"start": "node index.js"}, {}),
        ('["npm", "start"]', {}, {"server.js": ""}),
        ('["npm", "run", "x", "--if-present"]', {}, {}),
        ('["yarn", "serve"]', {}, {}),
        ('["npm", "start"]', {"start": "node dist/index.js", "prestart": "tsc"}, {}),
        ('["npm", "start"]', {"start": "npm run build && node dist/index.js", "build": "tsc"}, {}),
        ('["npm", "start"]', {"start": "node ."}, {}),
        ('["npm", "start"]', {"start": "next start"}, {}),
        ("npm run build && npm run other", {}, {}),
        ('["npm", "--prefix", "web", "start"]', {}, {"web/package.json": '{"scripts": {"start": "node ../index.js"}}'}),
    ],
)
def test_what_is_there_or_may_be_is_not_told(cmd: str, scripts: Mapping[str, str], files: Mapping[str, str]):
    """The script, what stands in for it, what an earlier script makes, what another tool finds."""
    assert found(cmd, scripts, files) == []


@pytest.mark.parametrize(
    ("cmd", "scripts", "files", "code"),
    [
        ('["npm", "start"]', {"dev": "node index.js"}, {}, "script-missing"),
        ('["npm", "run", "serve"]', {"start": "node index.js"}, {}, "script-missing"),
        ('["yarn", "start"]', {"dev": "node index.js"}, {}, "script-missing"),
        ('["npm", "start"]', {"start": "npm run prod"}, {}, "script-missing"),
        ('["npm", "start"]', {"start": "node dist/index.js"}, {}, "file-not-found"),
        ('["npm", "start"]', {"start": "cross-env NODE_ENV=production node main.js"}, {}, "file-not-found"),
        ("cd web && exec npm start", {}, {"web/package.json": '{"scripts": {"start": "node x.js"}}'}, "file-not-found"),
        ("cd nowhere && exec npm start", {}, {}, "file-not-found"),
    ],
)
def test_what_is_surely_not_there(cmd: str, scripts: Mapping[str, str], files: Mapping[str, str], code: str | None):
    """In the package where it is called, also behind another script; a package above may be meant."""
    assert found(cmd, scripts, files) == ([code] if code else [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ["warning"]), ({"server.ts": ""}, []), ({"tsconfig.json": '{"files": ["src/server.ts"]}'}, []),
        ({"vite.config.ts": "export default {}"}, ["warning"]), ({"package.json": PACKAGE % "esbuild server"}, []),
    ],
)  # fmt: skip
def test_a_start_script_that_is_missing_behind_a_build(files: Mapping[str, str], expected: list[str]):
    """The build may write server.js, which would do; where nothing speaks of a server it is likely that it does not."""
    text = f'{NODE}RUN npm run build\nCMD ["pnpm", "start"]\n'.replace("COPY", "RUN npm i -g pnpm\nCOPY", 1)
    plan = check_files({"package.json": PACKAGE % "remix build", **LOCK, **files, "Dockerfile": text})
    assert [d.severity for d in plan.diagnostics if d.code == "start/script-missing"] == expected


def test_a_package_that_is_not_in_the_image():
    """Neither where the command starts nor above; an installation makes one only where it is told what to install."""
    text = 'FROM node:22-slim\nWORKDIR /srv\n%sCMD ["npm", "start"]\n'
    [one] = check_files({"package.json": "{}", "Dockerfile": text % ""}).diagnostics
    assert one.code == "start/file-not-found"
    assert one.facts == ("the repository has package.json: it is not copied there",)
    [one] = check_files({"Dockerfile": text % "RUN npm install\n"}).diagnostics
    assert one.code == "start/file-not-found"
    assert check_files({"Dockerfile": text % "RUN npm install express\n"}).diagnostics == ()


def test_where_a_script_listens():
    """The address behind a script counts like one of the command itself; the shell of npm is npm's own matter."""
    files = {"package.json": '{"scripts": {"start": "next start -H 127.0.0.1"}}', **LOCK}
    plan = check_files({**files, "Dockerfile": NODE + 'CMD ["npm", "start"]\n'})
    assert [d.code for d in plan.diagnostics] == ["start/loopback-bind"]
