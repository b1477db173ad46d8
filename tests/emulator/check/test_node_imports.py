"""What a Node script requires at its start, and surely does not find."""

import json

import pytest

from emulator.model.diagnostic import Diagnostic
from tests.emulator.check.checking import check_files

ALL = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'
CODE = {"lib/items.js": "", "lib/index.js": "", "data.json": "{}", "routes/User.js": ""}


def found(server: str, files: dict[str, str] | None = None, text: str = ALL) -> list[Diagnostic]:
    plan = check_files({**CODE, "server.js": server, "Dockerfile": text, **(files or {})})
    return [d for d in plan.diagnostics if d.code == "start/require-not-found"]


@pytest.mark.parametrize(
    "server",
    [
        "const a = require('./lib/items');\nconst b = require('./lib'), c = require('./data');\n",
        "import x from './lib/items';\nimport './lib/items.js';\n",
        "const fs = require('fs');\nrequire('node:path');\n",
        "function f() { return require('./gone'); }\nconst g = () => require('./gone');\n",
        "// const a = require('./gone');\n",
        "/*\nconst a = require('./gone');\n*/\n",
        "const t = `\nrequire('./gone')\n`;\n",
        "try {\n  require('./gone');\n} catch {}\n",
        "const a = x ? require('./gone') : 0;\n",
        "x && require('./gone');\n",
        "const a = require('./' + name);\n",
        "const a = await import('./gone');\n",
        "const a = require('express');\n",
        "require('module-alias/register');\nconst a = require('./gone');\n",
        "define(function(){ require('./gone') });\n",
    ],
)
def test_what_is_there_or_may_be_is_not_told(server: str):
    """Endings and folders as Node tries them; what only some runs require; packages without a lock file."""
    assert found(server) == []


@pytest.mark.parametrize(
    ("server", "name", "line"),
    [
        ("const fs = require('fs');\nconst a = require('./gone');\n", "./gone", 2),
        ('import { a } from "./gone.js";\n', "./gone.js", 1), ("import {\n  a,\n} from './gone';\n", "./gone", 3),
        ("app.use('/x', require('./routes/gone'));\n", "./routes/gone", 1), ("export * from './gone'\n", "./gone", 1),
        ("module.exports = require('./gone')\n", "./gone", 1), ("const { a, b } = require('./gone');\n", "./gone", 1),
    ],
)  # fmt: skip
def test_a_file_that_is_surely_not_there(server: str, name: str, line: int):
    """Told at the command, with the line that asks for it."""
    [one] = found(server)
    assert f"requires '{name}'" in one.message
    assert (one.origin.line, one.related[0].origin.file, one.related[0].origin.line) == (4, "server.js", line)


def test_one_file_leads_to_another_and_npm_start_to_the_first():
    """Behind the script of package.json as well."""
    files = {"lib/items.js": "const a = require('../gone');\n", "package.json": '{"scripts": {"start": "node server"}}'}
    for text in (ALL, ALL.replace('"node", "server.js"', '"npm", "start"')):
        [one] = found("require('./lib/items');\n", files, text)
        assert one.message == "lib/items.js requires '../gone', which the image does not have"


def test_upper_and_lower_case_count():
    """On a Mac and on Windows they do not."""
    [one] = found("const user = require('./routes/user');\n")
    assert one.facts == ("there is User.js: upper and lower case count on Linux",)


def test_what_the_ignore_file_keeps_away():
    """The repository has it."""
    [one] = found("require('./lib/items');\n", {".dockerignore": "lib\n"})
    assert one.facts == ("the repository has lib/items.js",)


def test_an_es_module_names_files_in_full():
    """Also in a package that says so; a loader may do otherwise."""
    module = {"package.json": '{"type": "module"}'}
    [one] = found("import x from './lib/items';\n", module)
    assert one.help == "write './lib/items.js'"
    assert found("import x from './lib/items.js';\n", module) == []
    loader = ALL.replace('"server.js"', '"--import", "tsx", "server.js"')
    assert found("import x from './lib/items';\n", module, loader) == []


def _packages(asked: dict[str, object], *lines: str, server: str = "require('cors');\n") -> list[Diagnostic]:
    lock = {"": asked, "node_modules/express": {}, "node_modules/jest": {"dev": True}, "node_modules/ms": {}}
    files = {
        "package.json": json.dumps({"name": "shop", **asked}),
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": lock}),
    }
    text = "\n".join(("FROM node:22-slim AS one", "WORKDIR /app", "COPY . .", *lines, 'CMD ["node", "server.js"]', ""))
    return found(server, files, text)


EXPRESS = {"dependencies": {"express": "5"}, "devDependencies": {"jest": "30"}}


def test_a_package_that_no_installation_brings():
    """By the lock file: what other packages depend on is there."""
    [one] = _packages(EXPRESS, "RUN npm ci")
    assert (one.facts, one.related[1].origin.line) == (("package.json does not ask for it",), 4)
    for name in ("express", "ms/index", "shop", "jest", "fs/promises", "#lib"):
        assert _packages(EXPRESS, "RUN npm ci", server=f"require('{name}');\n") == []
    assert _packages(EXPRESS, "RUN npm ci && npm install cors") == []
    assert _packages(EXPRESS, "ENV NODE_PATH=/opt/x", "RUN npm ci") == []
    assert _packages(EXPRESS) == []


def test_a_package_for_development_that_is_left_out():
    """By an option or by NODE_ENV; a stage that has it may be copied from."""
    jest = "require('jest');\n"
    for lines in (["RUN npm ci --omit=dev"], ["ENV NODE_ENV=production", "RUN npm install"]):
        [one] = _packages(EXPRESS, *lines, server=jest)
        assert one.help == "move jest to dependencies, or install with --include=dev"
    assert _packages(EXPRESS, "ENV NODE_ENV=production", "RUN npm ci --include=dev", server=jest) == []
    second = ["RUN npm ci", "FROM node:22-slim", "WORKDIR /app", "COPY . .", "RUN npm ci --omit=dev"]
    assert len(_packages(EXPRESS, *second, server=jest)) == 1
    assert _packages(EXPRESS, *second, "COPY --from=one /app/node_modules ./node_modules", server=jest) == []


def _tools(*lines: str) -> list[tuple[str, int]]:
    """jest and typescript are for development; `npm run build` is tsc, and `npm start` ts-node."""
    scripts = {"build": "tsc -p .", "start": "ts-node server.ts", "serve": "node server.js"}
    asked = {"dependencies": {"express": "5"}, "devDependencies": {"typescript": "5", "ts-node": "10"}}
    names = {"express": {}, "typescript": {"dev": True}, "ts-node": {"dev": True}}
    lock = {"": asked, **{f"node_modules/{name}": entry for name, entry in names.items()}}
    files = {
        "package.json": json.dumps({"name": "shop", "scripts": scripts, **asked}), "server.js": "", "server.ts": "",
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": lock}),
    }  # fmt: skip
    text = "\n".join(("FROM node:22-slim", "WORKDIR /app", "COPY . .", *lines, ""))
    told = [d for d in check_files({**files, "Dockerfile": text}).diagnostics if d.code.endswith("/program-not-found")]
    assert all(d.help == "move typescript to dependencies, or install with --include=dev" or "ts-node" in d.message
               for d in told)  # fmt: skip
    return [(d.code, d.origin.line if d.origin else 0) for d in told]


def test_a_tool_for_development_that_is_left_out():
    """What a script of package.json starts, in the build and as the command."""
    serve, start = 'CMD ["npm", "run", "serve"]', 'CMD ["npm", "start"]'
    assert _tools("RUN npm ci --omit=dev && npm run build", serve) == []  # the same step: nothing is known between them
    assert _tools("RUN npm ci --omit=dev", "RUN npm run build", serve) == [("build/program-not-found", 5)]
    assert _tools("RUN npm ci", "RUN npm run build", serve) == []
    assert _tools("RUN npm ci --omit=dev", "RUN npm i -g typescript", "RUN npm run build", serve) == []
    assert _tools("RUN npm ci --omit=dev", start) == [("start/program-not-found", 5)]
    assert _tools("RUN npm ci", start) == []
