"""Lock files that are behind what the project asks for, with tools that refuse them."""

import json

import pytest

from tests.emulator.check.checking import check_files


def _found(files: dict[str, str]) -> list[str]:
    told = [d for d in check_files(files).diagnostics if d.code == "build/lock-out-of-date"]
    assert all(d.help and d.related for d in told)
    return [f"{d.origin.line if d.origin else 0}: {d.message}" for d in told]


def _node(asked: dict[str, str], run: str, *, base: str = "node:22-slim", **more: object) -> list[str]:
    """express 5.1.0 and a scoped package are locked, by every tool."""
    packages = {"": {}, "node_modules/express": {"version": "5.1.0"}, "node_modules/@a/b": {"version": "1.0.0"}}
    return _found({
        "s.js": "", "package.json": json.dumps({"dependencies": asked, **more}),
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages}),
        "yarn.lock": 'express@5.1.0:\n  version "5.1.0"\n\n"@a/b@^1.0.0":\n  version "1.0.0"\n',
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n\n  .:\n    dependencies:\n      '@a/b':\n"
        "        specifier: ^1.0.0\n      express:\n        specifier: 5.1.0\n        version: 5.1.0\n",
        "Dockerfile": f'FROM {base}\nWORKDIR /app\nCOPY . .\n{run}\nCMD ["node", "s.js"]\n',
    })  # fmt: skip


GOOD = {"express": "5.1.0", "@a/b": "^1.0.0"}
STRICT = ("RUN npm ci", "RUN npm ci --omit=dev", "RUN npm i -g pnpm && pnpm install --frozen-lockfile",
          "RUN yarn install --frozen-lockfile")  # fmt: skip


@pytest.mark.parametrize("run", STRICT)
def test_what_the_lock_file_does_not_have_is_refused(run: str):
    """A dependency of package.json that it does not list; what it lists is nothing to tell."""
    assert _node(GOOD, run) == []
    (told,) = _node({**GOOD, "cors": "2.8.5"}, run)
    assert told.startswith("4: ")
    assert told.endswith(" does not have cors")


def test_another_version_is_refused_by_npm():
    """One version, or a range of `^`, that the locked one lies outside of."""
    for wanted, is_refused in (("5.0.0", True), ("^4.21.0", True), ("^5.0.0", False), ("^5.2.0", True), ("5", False),
                               (">=6", False), ("latest", False), ("~4.0.0", False)):  # fmt: skip
        assert bool(_node({"express": wanted}, "RUN npm ci")) is is_refused, wanted


@pytest.mark.parametrize(
    "run",
    ["RUN npm install", "RUN npm ci || true", "RUN yarn install", "RUN npm install cors && npm ci",
     "RUN npm install --package-lock-only && npm ci"],
)  # fmt: skip
def test_where_the_lock_file_is_made_anew_nothing_is_said(run: str):
    """Or a failure is let pass: then another finding says so."""
    assert _node({**GOOD, "cors": "2.8.5"}, run) == []


def test_what_else_has_a_say_is_not_looked_at():
    """Workspaces, overrides, an old npm."""
    assert _node({**GOOD, "cors": "2.8.5"}, "RUN npm ci", workspaces=["a"]) == []
    assert _node({**GOOD, "cors": "2.8.5"}, "RUN npm ci", overrides={"cors": "1.0.0"}) == []
    assert _node({**GOOD, "cors": "2.8.5"}, "RUN npm ci", base="node:12") == []


def _python(run: str, *, lock: str, names: str = '["Flask", "typing_extensions"]') -> list[str]:
    packages = "".join(f'[[package]]\nname = "{name}"\nversion = "1"\n\n' for name in ("flask", "typing-extensions"))
    project = f'[project]\nname = "shop"\nversion = "1"\ndependencies = {names}\n'
    return _found({
        "shop.py": "", "pyproject.toml": project, lock: packages,
        "Dockerfile": f'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\n{run}\nCMD ["python", "shop.py"]\n',
    })  # fmt: skip


def test_uv_and_poetry():
    """`uv sync` alone makes the lock file anew; --frozen does not look."""
    uv = "RUN pip install uv && uv sync --no-install-project "
    poetry = "RUN pip install poetry && poetry install --no-root"
    more = '["flask", "httpx>=0.27"]'
    assert _python(f"{uv}--locked", lock="uv.lock") == []
    assert _python(poetry, lock="poetry.lock") == []
    assert _python(f"{uv}--locked", lock="uv.lock", names=more) == ["4: uv sync refuses: uv.lock does not have httpx"]
    assert _python(poetry, lock="poetry.lock", names=more) == [
        "4: poetry install refuses: poetry.lock does not have httpx"
    ]
    assert _python(f"{uv}--frozen", lock="uv.lock", names=more) == []
    assert _python(uv, lock="uv.lock", names=more) == []
