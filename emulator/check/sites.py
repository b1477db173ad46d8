"""Rules about sites of files: the folder that is published, and paths that only the browser knows.

Evidence for the second: the guides of React Router (createBrowserRouter, "deploying"), Vue Router (createWebHistory,
"HTML5 mode") and Angular ("server configuration"): a server without a fallback to index.html answers 404.
"""

import json
import posixpath
import re
from collections.abc import Iterator

from emulator.model.diagnostic import Diagnostic, Severity
from emulator.model.origin import Origin
from emulator.model.static import Static
from emulator.snapshot import Snapshot, Unreadable

from .rule import CheckRule
from .subject import Subject

NOTHING_TO_PUBLISH = CheckRule(
    code="build/no-publish-folder",
    severity=Severity.ERROR,
    statement="The folder that is to be published is surely not there after the build.",
    why="The platform looks for it when the build command has ended, finds nothing to serve, and fails the deploy.",
    needs_platform_file=True,
)
DEEP_LINKS = CheckRule(
    code="site/deep-links",
    severity=Severity.WARNING,
    statement="An app routes paths in the browser, and no rewrite leads them to its index.html.",
    why=(
        "A link inside the app works, since no server is asked. The same path typed in, reloaded or shared is looked "
        "for as a file, and answered with 404."
    ),
    needs_platform_file=True,
)

RULES = (NOTHING_TO_PUBLISH, DEEP_LINKS)

_ROUTERS = {
    "react-router": r"\bcreateBrowserRouter\b|\bBrowserRouter\b", "vue-router": r"\bcreateWebHistory\s*\(",
    "react-router-dom": r"\bcreateBrowserRouter\b|\bBrowserRouter\b",
    "wouter": r"from\s+['\"]wouter['\"]", "@tanstack/react-router": r"\bcreateRouter\s*\(",
}  # fmt: skip
"""A package, and what its app says that keeps paths in the address itself (not behind a #)."""
_PRERENDER = (
    "next", "nuxt", "gatsby", "astro", "@docusaurus/core", "vitepress", "@11ty/eleventy", "react-snap", "vite-ssg",
    "@sveltejs/kit", "@remix-run/dev", "@react-router/dev", "react-snapshot", "vite-plugin-ssr", "vike",
    "vite-react-ssg", "spa-github-pages", "@tanstack/react-start", "vuepress", "hexo", "umi", "@modern-js/app-tools",
    "prerender",
)  # fmt: skip
"""Packages whose build may write a file for each path."""
_SOURCES = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".vue")
_FOLDERS = ("src", "app", "client")
_MOST_FILES = 300
_SOME_PATH = "/any/path/of-the-app"


def nothing_to_publish(subject: Subject) -> Iterator[Diagnostic]:
    """Where the image that the build makes is known to lack the folder."""
    static, build, worked = subject.service.static, subject.container.build, subject.worked
    if static is None or static.folder is None or build.publish is None or worked is None or worked.failures:
        return
    found = worked.look(static.folder)
    elsewhere = tuple(_built_elsewhere(subject)) if found.kind is None else ()
    if elsewhere or found.state == "unknown" or found.kind == "directory":
        yield from elsewhere
        return
    if found.kind == "file":
        fact = f"{build.publish} is a file"
    else:
        look = subject.repo.look(build.publish)
        fact = f"git ignores {build.publish} ({look.detail})" if look.why == "ignored" else "the repository has none"
    made = "the build command makes none" if build.command else "no build command makes it"
    yield subject.finding(
        NOTHING_TO_PUBLISH.code, Severity.ERROR, f"there is no folder {build.publish} to publish",
        origin=static.folder_origin or subject.origin, facts=(f"{fact}, and {made}",),
        help="name the folder that holds the site, or add the build command that writes it",
    )  # fmt: skip


_STEP = re.compile(
    r"cd\s+(?P<folder>[\w./-]+)|(?:npm|pnpm|yarn|bun)(?:\s+(?:install|ci|i))?(?:\s+--?[\w=-]+)*"
    r"|(?P<build>(?:npm|pnpm|bun)\s+run\s+build|(?:yarn|pnpm)\s+(?:run\s+)?build)"
)
"""A part of a build command that writes no folder but that of the package's own build."""
_WRITES = {"vite build": "dist", "react-scripts build": "build"}
"""What a bundler writes unless it is told otherwise (vite.dev: build.outDir; create-react-app.dev: deployment)."""
_VITE = tuple(f"vite.config.{end}" for end in ("js", "ts", "mjs", "mts", "cjs", "cts"))


def _built_elsewhere(subject: Subject) -> Iterator[Diagnostic]:
    """Where a bundler's default says which folder the build writes, and it is another one."""
    static, build, repo = subject.service.static, subject.container.build, subject.repo
    written = _written(repo, build.root, build.command or "", {one.name for one in subject.container.env})
    if static is None or build.publish is None or written is None:
        return
    if f"{posixpath.normpath(build.publish)}/".startswith(f"{written}/") or repo.look(build.publish).kind is not None:
        return
    yield subject.finding(
        NOTHING_TO_PUBLISH.code, Severity.ERROR, f"there is no folder {build.publish} to publish",
        origin=static.folder_origin or subject.origin, facts=(f"the build writes {written}",),
        help=f"publish {posixpath.relpath(written, build.root)}",
    )  # fmt: skip


def _written(repo: Snapshot, root: str, command: str, variables: set[str]) -> str | None:
    """The folder of the repository that a build command surely writes, and no other; None where nobody knows."""
    here, built = root, None
    for part in re.split(r"&&|;|\n", command):
        step = _STEP.fullmatch(part.strip())
        if step is None or built is not None:
            return None
        here = posixpath.normpath(posixpath.join(here, step["folder"] or "."))
        built = here if step["build"] else None
    if built is None:
        return None
    scripts = _scripts(repo, posixpath.join(built, "package.json"))
    last = re.split(r"&&", scripts.get("build", ""))[-1].strip()
    settings = [path for name in _VITE if repo.is_file(path := posixpath.join(built, name))]
    told = any(re.search(r"outDir|\broot\b|\.\.\.", _text(repo, path) or "...") for path in settings)
    if last not in _WRITES or told or "postbuild" in scripts or "BUILD_PATH" in variables:
        return None
    return posixpath.normpath(posixpath.join(built, _WRITES[last]))


def _scripts(repo: Snapshot, path: str) -> dict[str, str]:
    try:
        data = json.loads(repo.text(path)) if repo.is_file(path) else {}
    except (Unreadable, ValueError, RecursionError):
        return {}
    scripts = data.get("scripts") if isinstance(data, dict) else None
    return {k: v for k, v in scripts.items() if isinstance(v, str)} if isinstance(scripts, dict) else {}


def _text(repo: Snapshot, path: str) -> str | None:
    try:
        return repo.text(path)
    except Unreadable:
        return None


def deep_links(subject: Subject) -> Iterator[Diagnostic]:
    """A router in the app's own sources that keeps paths in the address, and no route for them."""
    static, build, repo = subject.service.static, subject.container.build, subject.repo
    if static is None or any(route.pattern and re.fullmatch(route.pattern, _SOME_PATH) for route in static.routes):
        return
    packages = _packages(repo, posixpath.join(build.root, "package.json"))
    patterns = [pattern for name, pattern in _ROUTERS.items() if name in packages]
    if not patterns or any(name in packages for name in _PRERENDER) or _falls_back(repo, build.root, static):
        return
    place = _first_with(repo, build.root, re.compile("|".join(patterns)))
    if place is not None:
        yield subject.finding(
            DEEP_LINKS.code, Severity.WARNING,
            f"paths that the app routes in the browser answer 404 when they are opened directly: "
            f"no rewrite leads them to {static.index_file}",
            origin=place, help=f"add a route: rewrite /* to /{static.index_file}",
        )  # fmt: skip


def _packages(repo: Snapshot, path: str) -> set[str]:
    """What package.json depends on."""
    try:
        data = json.loads(repo.text(path)) if repo.is_file(path) else {}
    except (Unreadable, ValueError, RecursionError):
        return set()
    tables = (data.get(key) for key in ("dependencies", "devDependencies")) if isinstance(data, dict) else ()
    return {name for table in tables if isinstance(table, dict) for name in table}


def _falls_back(repo: Snapshot, root: str, static: Static) -> bool:
    """Whether a page of its own answers for what is not found: copied as it is, or written by a script."""
    page = static.not_found_file
    if page is None:
        return False
    manifest = posixpath.join(root, "package.json")
    written = page in repo.text(manifest) if repo.is_file(manifest) else False
    return written or any(repo.is_file(posixpath.join(root, folder, page)) for folder in ("public", "static", "."))


def _first_with(repo: Snapshot, root: str, pattern: re.Pattern[str]) -> Origin | None:
    """The first line of the app's sources that says it."""
    for read, path in enumerate(_sources(repo, root)):
        if read >= _MOST_FILES:
            return None
        try:
            text = repo.text(path)
        except Unreadable:
            continue
        found = pattern.search(text)
        if found is not None:
            before = text[: found.start()]
            return Origin(file=path, line=before.count("\n") + 1, column=found.start() - (before.rfind("\n") + 1) + 1)
    return None


def _sources(repo: Snapshot, root: str) -> Iterator[str]:
    """The app's own source files, nearest first."""
    folders = [posixpath.normpath(posixpath.join(root, folder)) for folder in _FOLDERS]
    folders = [folder for folder in folders if repo.look(folder).kind == "directory"]
    while folders:
        folder = folders.pop(0)
        for name in repo.entries(folder):
            path = posixpath.join(folder, name)
            kind = repo.look(path).kind
            if kind == "directory" and name != "node_modules":
                folders.append(path)
            elif kind == "file" and name.endswith(_SOURCES):
                yield path
