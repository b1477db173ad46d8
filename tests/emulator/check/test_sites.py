"""Sites of files: a folder that is surely not there, and paths that only the browser knows."""

import json

import pytest

from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import check_files

HEAD = "services:\n  - type: web\n    name: a\n    runtime: static\n"


def found(code: str, fields: str, files: dict[str, str], ignored: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    """Where it is found: file and line."""
    text = HEAD + "".join(f"    {line}\n" for line in fields.splitlines())
    plan = check_files({"render.yaml": text, **files}, ignored=ignored)
    return [(d.origin.file, d.origin.line) for d in plan.diagnostics if d.code == code and d.origin]


@pytest.mark.parametrize(
    ("fields", "files", "is_found"),
    [
        ("staticPublishPath: dist", {"site/index.html": ""}, True), ("staticPublishPath: site",
        {"site/index.html": ""}, False),
        ("staticPublishPath: .", {}, False), ("staticPublishPath: site", {"site": "a file"}, True),
        ("staticPublishPath: site\nrootDir: web", {"site/index.html": "", "web/a": ""}, True),
        ("staticPublishPath: site\nrootDir: web", {"web/site/index.html": ""}, False),
        ("staticPublishPath: dist\nbuildCommand: mkdir -p dist && cp -r site/. dist/", {"site/a": ""}, False),
        ("staticPublishPath: dist\nbuildCommand: mkdir -p out && cp -r site/. out/", {"site/a": ""}, True),
        ("staticPublishPath: dist\nbuildCommand: bash build.sh", {"build.sh": "mkdir dist\n"}, False),
        ("staticPublishPath: dist\nbuildCommand: make", {}, False), ("staticPublishPath: dist\nbuildCommand: hugo",
        {}, False),
        ("staticPublishPath: dist\nbuildCommand: npm run build", {"package.json": "{}"}, False),
        ("staticPublishPath: dist", {"package.json": '{"scripts": {"build": "vite build"}}'}, True),
        ("staticPublishPath: dist\nbuildCommand: npm install", {"package.json": "{}"}, True),
        ("staticPublishPath: dist\nbuildCommand: npm ci", {"package.json": '{"scripts": {"prepare": "make"}}'}, False),
        ("staticPublishPath: dist", {"package.json": '{"scripts": {"postinstall": "vite build"}}'}, False),
    ],
)  # fmt: skip
def test_folder_that_is_surely_not_there(fields: str, files: dict[str, str], is_found: bool) -> None:
    """Only where all that makes the site is known: what a script or a tool writes is not. That packages were installed,
    and nobody built with them, is the failure most often reported."""
    assert found("build/no-publish-folder", fields, files) == [("render.yaml", 5)] * is_found


VITE = {"web/package.json": '{"scripts": {"build": "tsc && vite build"}}', "web/vite.config.ts": "export default {}\n"}
CRA = {"web/package.json": '{"scripts": {"build": "react-scripts build"}}'}


@pytest.mark.parametrize(
    ("fields", "files", "expected"),
    [
        ("staticPublishPath: dist\nbuildCommand: cd web && npm ci && npm run build", VITE, "web/dist"),
        ("staticPublishPath: build\nrootDir: web\nbuildCommand: npm install; npm run build", VITE, "dist"),
        ("staticPublishPath: web/dist\nbuildCommand: cd web && yarn && yarn build", CRA, "web/build"),
        ("staticPublishPath: web/build/app\nbuildCommand: cd web && yarn && yarn build", CRA, None),
        ("staticPublishPath: dist\nrootDir: web\nbuildCommand: npm ci && npm run build", VITE, None),
        ("staticPublishPath: dist\nbuildCommand: cd web && npm run build && cp -r dist ..", VITE, None),
        ("staticPublishPath: out\nbuildCommand: cd web && npm ci && npm run build", {"web/package.json": "{}"}, None),
        ("staticPublishPath: out\nrootDir: web\nbuildCommand: npm run build",
         {**VITE, "web/vite.config.ts": "export default {build: {outDir: 'out'}}"}, None),
        ("staticPublishPath: out\nrootDir: web\nbuildCommand: npm run build\nenvVars:\n- {key: BUILD_PATH, value: out}",
         CRA, None),
        ("staticPublishPath: x\nrootDir: web\nbuildCommand: npm run build",
         {"web/package.json": '{"scripts": {"build": "vite build", "postbuild": "mv dist x"}}'}, None),
        ("staticPublishPath: x\nrootDir: web\nbuildCommand: npm run build",
         {"web/package.json": '{"scripts": {"build": "vite build --outDir x"}}'}, None),
    ],
)  # fmt: skip
def test_folder_that_a_bundler_does_not_write(fields: str, files: dict[str, str], expected: str | None) -> None:
    """The default of Vite and Create React App, where nothing says otherwise and nothing else writes."""
    text = HEAD + "".join(f"    {line}\n" for line in fields.splitlines())
    told = [d for d in check_files({"render.yaml": text, **files}).diagnostics if d.code == "build/no-publish-folder"]
    assert [d.help for d in told] == ([f"publish {expected}"] if expected else [])


def test_folder_that_git_ignores_is_not_there() -> None:
    """Though it lies on this disk."""
    files = {"dist/index.html": ""}
    assert found("build/no-publish-folder", "staticPublishPath: dist", files, ignored=("dist",)) == [("render.yaml", 5)]


def manifest(*packages: str, build: str = "vite build") -> str:
    return json.dumps({"dependencies": dict.fromkeys(packages, "1"), "scripts": {"build": build}})


BROWSER = "import { createBrowserRouter } from 'react-router-dom'\n\nconst router = createBrowserRouter([])\n"
BUILT = "buildCommand: npm run build\nstaticPublishPath: dist"
REWRITE = "\nroutes:\n  - {type: rewrite, source: /*, destination: /index.html}"
OTHER = "\nroutes:\n  - {type: redirect, source: /old, destination: /new}"


@pytest.mark.parametrize(
    ("fields", "files", "place"),
    [
        (BUILT, {"package.json": manifest("react-router-dom"), "src/main.jsx": BROWSER}, ("src/main.jsx", 1)),
        (BUILT + OTHER, {"package.json": manifest("react-router-dom"), "src/a/b.tsx": BROWSER}, ("src/a/b.tsx", 1)),
        (BUILT, {"package.json": manifest("vue-router"), "src/r.js": "\nhistory: createWebHistory('/')\n"},
        ("src/r.js", 2)),
        (BUILT + "\nrootDir: web", {"web/package.json": manifest("vue-router"), "web/src/r.ts": "createWebHistory()"},
         ("web/src/r.ts", 1)),
        (BUILT + REWRITE, {"package.json": manifest("react-router-dom"), "src/main.jsx": BROWSER}, None),
        (BUILT, {"package.json": manifest("vue-router"), "src/r.js": "history: createWebHashHistory()"}, None),
        (BUILT, {"package.json": manifest("react"), "src/main.jsx": BROWSER}, None),
        (BUILT, {"package.json": manifest("react-router-dom", "gatsby"), "src/main.jsx": BROWSER}, None),
        (BUILT, {"package.json": manifest("react-router-dom"), "src/main.jsx": BROWSER, "public/404.html": ""}, None),
        (BUILT, {"package.json": manifest("react-router-dom", build="vite build && cp dist/index.html dist/404.html"),
                 "src/main.jsx": BROWSER}, None),
        (BUILT, {"package.json": manifest("react-router-dom"), "src/README.md": BROWSER}, None),
        (BUILT, {"package.json": "{", "src/main.jsx": BROWSER}, None), (BUILT, {"src/main.jsx": BROWSER}, None),
        (BUILT, {"package.json": '{"dependencies": ["react-router-dom"]}', "src/main.jsx": BROWSER}, None),
    ],
)  # fmt: skip
def test_deep_links_are_found_at_the_router(fields: str, files: dict[str, str], place: tuple[str, int] | None) -> None:
    """In the app's own sources; silent with a rewrite, a page of its own, a router behind #, and what renders pages."""
    assert found("site/deep-links", fields, files) == ([place] if place else [])


def test_deep_links_are_no_error() -> None:
    """The deploy goes well: a warning."""
    files = {
        "render.yaml": HEAD + "    staticPublishPath: d\n",
        "package.json": manifest("vue-router"),
        "src/r.js": "createWebHistory()",
    }
    [severity] = [d.severity for d in check_files(files).diagnostics if d.code == "site/deep-links"]
    assert severity is Severity.WARNING
