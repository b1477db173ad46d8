"""What the TypeScript compiler writes, where its settings say it plainly."""

import json

import pytest

from emulator.image.tsc import outputs_of
from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import check_files

SETTINGS: dict[str, object] = {"outDir": "dist", "rootDir": "src"}
SOURCES = {"src/index.ts": "", "src/routes/user.ts": "", "src/types.d.ts": "", "src/readme.md": ""}
DOCKERFILE = (
    "FROM node:22-slim AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\nFROM node:22-slim\n"
    'WORKDIR /app\nCOPY --from=build /app/%s ./dist\nCMD ["node", "dist/%s"]\n'
)


class _Files:
    """A filesystem that is a mapping, below /app."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = {f"/app/{path}": text for path, text in files.items()}

    def look(self, path: str) -> str:
        if path in self.files:
            return "file"
        return "directory" if any(one.startswith(f"{path}/") for one in self.files) else "absent"

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def names(self, path: str) -> tuple[str, ...]:
        below = (one.removeprefix(f"{path}/") for one in self.files if one.startswith(f"{path}/"))
        return tuple(dict.fromkeys(one.partition("/")[0] for one in below))


def _outputs(script: str = "tsc", options: dict[str, object] | None = None, **more: object) -> tuple[str, ...] | None:
    files = {
        "package.json": json.dumps({"scripts": {"build": script}}),
        "tsconfig.json": json.dumps({"compilerOptions": SETTINGS if options is None else options, **more}), **SOURCES,
    }  # fmt: skip
    return outputs_of("build", "/app", _Files(files))


def test_each_source_has_its_output():
    """With its declarations and maps; a declaration alone has none."""
    code = {one for one in _outputs() or () if one.endswith(".js")}
    assert code == {"/app/dist/index.js", "/app/dist/routes/user.js"}
    assert _outputs("rimraf dist && npx tsc -p tsconfig.json") == _outputs()


@pytest.mark.parametrize(
    "options",
    [{"outDir": "dist"}, {**SETTINGS, "allowJs": True}, {**SETTINGS, "resolveJsonModule": True}],
)
def test_otherwise_the_directory_alone_is_known(options: dict[str, object]):
    """Where rootDir is worked out by tsc itself, or other files are written as well."""
    assert _outputs(options=options) == ("/app/dist",)


def test_what_leads_elsewhere_is_not_known():
    """Other settings, other programs, no outDir."""
    assert _outputs(extends="./base.json") is None
    assert _outputs(options={}) is None
    assert _outputs(options={**SETTINGS, "declarationDir": "types"}) is None
    for script in ("tsc && node copy.js", "tsc --outDir build", "vite build", "tsc -b"):
        assert _outputs(script) is None, script


def test_settings_may_have_comments():
    """As tsc --init writes them."""
    text = '{\n  // where\n  "compilerOptions": {"outDir": "./dist", /* from */ "rootDir": "./src",},\n}\n'
    files = {"package.json": '{"scripts": {"build": "tsc"}}', "tsconfig.json": text, **SOURCES}
    assert "/app/dist/index.js" in (outputs_of("build", "/app", _Files(files)) or ())


def _told(copied: str, started: str) -> list[tuple[str, int]]:
    files = {
        "package.json": '{"scripts": {"build": "tsc"}}', "package-lock.json": "{}", **SOURCES,
        "tsconfig.json": json.dumps({"compilerOptions": SETTINGS}), "Dockerfile": DOCKERFILE % (copied, started),
    }  # fmt: skip
    plan = check_files(files)
    return [(d.code, d.origin.line if d.origin else 0) for d in plan.diagnostics if d.severity is Severity.ERROR]


def test_what_is_copied_and_started_is_looked_for_there():
    """Another folder than the compiler's, and a file that no source comes to."""
    assert _told("dist", "index.js") == []
    assert _told("build", "index.js") == [("build/copy-source-missing", 8)]
    assert _told("dist", "server.js") == [("start/file-not-found", 9)]
