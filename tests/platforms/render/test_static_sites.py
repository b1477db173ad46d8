"""Static sites: what is built and published, by which rules it is served, and what is wrong with them."""

import pytest

from emulator.engine.site import Ask, Site
from emulator.engine.site_files import SiteFiles
from emulator.model.event import BuildFailed, BuildFinished, BuildStarted, Live
from emulator.model.plan import Service
from platforms.render import narrate
from tests.emulator.engine.sites import members
from tests.platforms.render.planning import codes, plan, service, web

STATIC = "runtime: static\n"


def site(fields: str, files: dict[str, str] | None = None, **more: object) -> Service:
    return service({"render.yaml": web(STATIC + fields), **(files or {})}, **more)


def warned(fields: str, files: dict[str, str] | None = None) -> list[tuple[str, str, int]]:
    """Severity, code and line of everything that is found."""
    found = plan({"render.yaml": web(STATIC + fields), **(files or {})}).diagnostics
    return [(d.severity, d.code, d.origin.line) for d in found if d.origin]


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
def test_site_is_built_and_runs_nothing(created_from: str) -> None:
    """Whichever way it came about, and though a Dockerfile lies there."""
    files = {"render.yaml": web(f"{STATIC}buildCommand: make\nstaticPublishPath: ./dist/\n"), "Dockerfile": "FROM x\n"}
    found = service(files, created_from)
    assert (found.type, found.build.kind, found.build.command, found.build.publish) == (
        "static",
        "static",
        "make",
        "dist",
    )
    assert found.command is not None
    assert (found.command.argv, found.command.form, found.port, found.probes.health) == (None, "none", None, None)
    assert found.static is not None
    assert found.static.folder == "/opt/render/project/src/dist"
    assert {v.phase for v in found.env} == {"build"}
    assert (found.lifecycle.port_scan, found.lifecycle.replacement.keep_s) == (None, 0)


@pytest.mark.parametrize(
    ("root", "written", "published"),
    [
        (".", "dist", "dist"), (".", "./dist/", "dist"), (".", "/dist", "dist"), (".", ".", "."), (".", "./", "."),
        ("web", "dist", "web/dist"), ("web", ".", "web"), ("web", "../dist", "dist"), ("web", "/", "web"),
        (".", "a/../b", "b"), (".", "", "public"), (".", "../x", None), ("web", "../../x", None), (".", "..", None),
    ],
)  # fmt: skip
def test_publish_path_is_relative_to_the_root(root: str, written: str, published: str | None) -> None:
    """A leading slash is that root; what leads out of the repository is no folder of it."""
    fields = f"{STATIC}rootDir: {root}\nstaticPublishPath: '{written}'\n"
    found = plan({"render.yaml": web(fields), "web/a": ""})
    assert found.services[0].build.publish == published
    assert ("render/publish-path" in codes(found, "error")) == (published is None)


@pytest.mark.parametrize(
    ("root", "written", "warns"),
    [
        (".", "dist", False), (".", "/dist", True), ("web", "web/dist", True), ("web", "./web/dist", True),
        (".", "npm start", True),
        (".", "my site", False), ("web", "../dist", False), ("web", "webs/dist", False),
    ],
)  # fmt: skip
def test_publish_path_that_is_likely_another(root: str, written: str, warns: bool) -> None:
    """An absolute one, one that repeats rootDir, and a command: a warning, since each may be a folder."""
    fields = f"{STATIC}rootDir: {root}\nstaticPublishPath: {written}\n"
    found = plan({"render.yaml": web(fields), "web/a": ""})
    assert ("render/publish-path" in codes(found, "warning")) == warns


@pytest.mark.parametrize(
    ("command", "files", "env", "install"),
    [
        ("make", {"requirements.txt": ""}, "", "pip install -r requirements.txt"), ("make", {}, "", "nothing"),
        ("make", {"requirements.txt": ""}, "true", "nothing"),
        ("make", {"requirements.txt": ""}, "false", "pip install -r requirements.txt"),
        ("x", {"package.json": "{}"}, "", "npm install"),
        ("x", {"package.json": "{}", "yarn.lock": ""}, "", "yarn install"),
        ("x", {"package.json": "{}", "pnpm-lock.yaml": ""}, "", "pnpm install"),
    ],
)  # fmt: skip
def test_dependencies_are_installed_first(command: str, files: dict[str, str], env: str, install: str) -> None:
    """By the files in the root, unless SKIP_INSTALL_DEPS says not to; the build holds them before its command."""
    variable = f"envVars: [{{key: SKIP_INSTALL_DEPS, value: '{env}'}}]\n" if env else ""
    found = site(f"buildCommand: {command}\nstaticPublishPath: d\n{variable}", files)
    [decision] = [d for d in found.decisions if d.id == "web.install"]
    assert decision.answer == install
    if "requirements.txt" in files:
        assert ("pip install -r" in (found.build.generated_dockerfile or "")) == install.startswith("pip")


def test_without_a_command_the_files_are_taken_as_they_are() -> None:
    """No image of another's is needed."""
    outer = site("staticPublishPath: .\n")
    assert outer.build.generated_dockerfile == "FROM scratch\nCOPY . /opt/render/project/src/\n"
    inner = site("staticPublishPath: .\nrootDir: web\n", {"web/index.html": ""})
    assert inner.build.generated_dockerfile == "FROM scratch\nCOPY . /opt/render/project/src/web/\n"


@pytest.mark.parametrize(
    ("command", "files", "images"),
    [
        ("npm run build", {}, ["node"]), ("npm run build", {"package.json": "{}", "requirements.txt": ""}, ["node"]),
        ("true", {"package.json": "{}"}, ["node"]), ("cd web && npx vite build", {}, ["node"]),
        ("mkdocs build", {"requirements.txt": ""}, ["python"]), ("true", {"requirements.txt": ""}, ["python"]),
        ("bash build.sh", {}, ["python"]), ("pip install x && npm run build", {}, ["python", "node"]),
        ("bundle exec jekyll build", {}, ["ruby"]), ("mdbook build", {}, ["rust"]),
    ],
)  # fmt: skip
def test_site_is_built_with_the_language_that_is_called(command: str, files: dict[str, str], images: list[str]) -> None:
    """By its build command, or by what installs its dependencies; each in the layout of a native build."""
    found = site(f"buildCommand: {command}\nstaticPublishPath: dist\n", files)
    assert [image.partition(":")[0] for image in found.build.base_images] == images
    assert "COPY --chown=render:render . /opt/render/project/src/" in (found.build.generated_dockerfile or "")


def test_version_is_chosen_as_for_a_service() -> None:
    """By a variable or a file."""
    found = site("buildCommand: npm run build\nstaticPublishPath: dist\n", {".node-version": "22.12.0\n"})
    assert found.build.base_images == ("node:22.12.0-bookworm-slim",)


def test_tool_that_is_not_here_is_said() -> None:
    """Planned, not built; nobody is told that it would work."""
    found = plan({"render.yaml": web(f"{STATIC}buildCommand: hugo --minify\nstaticPublishPath: public\n")})
    assert found.services[0].build.generated_dockerfile is None
    assert codes(found, "info") == ["render/runtime-not-built"]


RULES = """\
staticPublishPath: dist
headers:
  - {path: /*.css, name: X-Root, value: '1'}
  - {path: /**/*.css, name: X-Nested, value: '1'}
routes:
  - {type: redirect, source: /a.html, destination: /b}
  - {type: redirect, source: /old/*, destination: /new/*}
  - {type: redirect, source: '/blog/:year/:slug', destination: 'https://blog.test/:slug?y=:year'}
  - {type: rewrite, source: /*, destination: /index.html}
"""
FILES = {"index.html": "home", "a.html": "a", "t.css": "", "assets/t.css": ""}


@pytest.mark.parametrize(
    ("path", "status", "leads_to"),
    [
        ("/a.html", 200, "a.html"), ("/x/y", 200, "index.html"), ("/old/p/q", 301, "/new/p/q"), ("/a", 200, "a.html"),
        ("/blog/2026/spring", 301, "https://blog.test/spring?y=2026"), ("/blog/2026", 200, "index.html"),
    ],
)  # fmt: skip
def test_case_40_static_site_rules(path: str, status: int, leads_to: str) -> None:
    """A file beats a route; the catch-all answers at the same path; a redirect before it carries the tail."""
    static = site(RULES).static
    assert static is not None
    answer = Site(SiteFiles(members(FILES)), static).answer(Ask("GET", path))
    place = dict(answer.headers).get("Location") or (answer.file.path if answer.file else None)
    assert (answer.status, place) == (status, leads_to)


def test_case_40_static_site_headers() -> None:
    """/*.css hits /t.css and not /assets/t.css; /**/*.css the reverse. Browsers are told to ask again, by default."""
    static = site(RULES).static
    assert static is not None
    of = Site(SiteFiles(members(FILES)), static)
    root, nested = (dict(of.answer(Ask("GET", path)).headers) for path in ("/t.css", "/assets/t.css"))
    assert ("X-Root" in root, "X-Nested" in root) == (True, False)
    assert ("X-Root" in nested, "X-Nested" in nested) == (False, True)
    assert root["Cache-Control"] == "public, max-age=0, s-maxage=300"


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        ("{type: redirect, source: /a, destination: /b}", []),
        ("{type: rewrite, source: /a, destination: https://x.test/a}", []),
        ("{type: redirect, source: a, destination: /b}", [6]),
        ("{type: redirect, source: 'https://x.test/a', destination: /b}", [6]),
        ("{type: rewrite, source: /*, destination: index.html}", [6]),
        ("{type: rewrite, source: /*, destination: //x.test}", [6]),
        ("{type: redirect, source: '/a/:b', destination: '/c/:d'}", [6]),
        ("{type: redirect, source: /a, destination: /b/*}", [6]),
        ("{type: redirect, source: /a, destination: /a}", [6]),
        ("{type: redirect, source: '/:p', destination: 'https://x.test:80/:p'}", []),
        ("{type: redirect, source: '/*', destination: '/x/*'}\n  - {type: rewrite, source: /b, destination: /c}", [7]),
        ("{type: redirect, source: /b, destination: /x}\n  - {type: rewrite, source: /b, destination: /c}", [7]),
        ("{type: redirect, source: /b, destination: /x}\n  - {type: rewrite, source: /*, destination: /c}", []),
    ],
)  # fmt: skip
def test_route_that_cannot_be_meant_is_warned_of(rule: str, lines: list[int]) -> None:
    """At its line; the others are silent."""
    found = warned(f"staticPublishPath: dist\nroutes:\n  - {rule}\n")
    assert found == [("warning", "render/site-route", line + 1) for line in lines]


@pytest.mark.parametrize(
    ("rule", "warns"),
    [
        ("{path: /*, name: X-A, value: b}", False),
        ("{path: '*', name: X-A, value: b}", True),
        ("{path: /*, name: X A, value: b}", True),
        ("{path: /*, name: 'X:', value: b}", True),
        ('{path: /*, name: X, value: "a\\r\\nSet-Cookie: b"}', True),
        ("{path: /*, name: Content-Length, value: '0'}", True),
        ("{path: /*, name: Ä, value: b}", True),
        ("{path: /*, name: X, value: ü}", False),
    ],
)  # fmt: skip
def test_header_that_cannot_be_sent_is_warned_of_and_not_served(rule: str, warns: bool) -> None:
    """No value of a file can add a header of its own."""
    fields = f"staticPublishPath: dist\nheaders:\n  - {rule}\n"
    assert [code for _, code, _ in warned(fields)] == ["render/site-header"] * warns
    static = site(fields).static
    assert static is not None
    assert (static.headers[0].pattern == "") == warns


BLUEPRINT = """\
services:
  - {{type: web, name: site, runtime: static, staticPublishPath: ., routes: [{{type: {}, source: /api/*,
      destination: '{}'}}]}}
  - {{type: web, name: My API, runtime: image, image: {{url: x}}}}
  - {{type: worker, name: jobs, runtime: image, image: {{url: x}}}}
"""


@pytest.mark.parametrize(
    ("type", "destination", "neighbours", "leaves"),
    [
        ("rewrite", "https://my-api.onrender.com/*", {"my-api.onrender.com": "My API"}, False),
        ("rewrite", "https://my-api-x1y2.onrender.com:443/*", {"my-api-x1y2.onrender.com": "My API"}, False),
        ("rewrite", "https://my-api.example.org/*", {}, True), ("rewrite", "https://other.onrender.com/*", {}, True),
        ("rewrite", "https://jobs.onrender.com/*", {}, True), ("redirect", "https://other.onrender.com/*", {}, False),
        ("rewrite", "/index.html", {}, False),
    ],
)  # fmt: skip
def test_rewrite_to_another_service_of_the_blueprint(
    type: str, destination: str, neighbours: dict[str, str], leaves: bool
) -> None:
    """Its host, with the letters that Render may add, is that service here; that other requests leave this machine is
    said."""
    found = plan({"render.yaml": BLUEPRINT.format(type, destination)}, "blueprint")
    static = found.services[0].static
    assert static is not None
    assert static.neighbours == neighbours
    assert ("services[0].routes[0]" in {row.key for row in found.coverage}) == leaves


def test_rules_without_their_fields_match_nothing() -> None:
    """What misses a field is told elsewhere, and serves nobody."""
    static = site("staticPublishPath: d\nroutes: [{type: redirect}, {source: /a}]\nheaders: [{path: /*}]\n").static
    assert static is not None
    assert [rule.pattern for rule in (*static.routes, *static.headers)] == ["", "", ""]


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ("buildCommand: make\nstaticPublishPath: d\n",
         ["Running build command 'make'...", "Uploading build...", "Your site is live 🎉"]),
        ("staticPublishPath: d\n",
         ["Empty build command; skipping build", "Uploading build...", "Your site is live 🎉"]),
    ],
)  # fmt: skip
def test_log_of_a_deploy(fields: str, lines: list[str]) -> None:
    """As in logs of 2025 and 2026: nothing calls the build successful."""
    made = site(fields)
    events = (BuildStarted(), BuildFinished(image="i", seconds=1), Live(url=None, seconds=1))
    assert [line for event in events for line in narrate(made, event)] == [f"==> {line}" for line in lines]


@pytest.mark.parametrize(("root", "written"), [(".", "dist"), ("web", "dist"), ("web", "../dist"), (".", "npm start")])
def test_case_40_log_of_a_folder_that_is_not_there(root: str, written: str) -> None:
    """Conformance case 40: with the folder as it is written, from the service's root; any other failure has no such
    line."""
    made = site(f"rootDir: {root}\nstaticPublishPath: {written}\n", {"web/a": ""})
    failed = BuildFailed(step=None, origin=None, message="")
    missing = BuildFailed(step=None, origin=None, message="", code="no-publish-folder")
    assert narrate(made, missing) == (f"==> Publish directory {written} does not exist!", "==> Build failed 😞")
    assert narrate(made, failed) == ("==> Build failed 😞",)
