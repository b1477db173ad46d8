"""Which language a repository is of, and what the creation form suggests for it."""

import posixpath

from emulator.snapshot import Snapshot

BUILD_COMMANDS = {
    "python": "pip install -r requirements.txt",
    "node": "yarn",
    "go": "go build -tags netgo -ldflags '-s -w' -o app",
    "ruby": "bundle install",
    "rust": "cargo build --release",
    "elixir": "mix deps.get --only prod && mix compile",
}
"""What the creation form suggests (rule render/suggested-build-command)."""

NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")

_MARKS = (
    ("python", ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "uv.lock", "poetry.lock")),
    ("node", ("package.json",)),
    ("ruby", ("Gemfile",)),
    ("go", ("go.mod",)),
    ("rust", ("Cargo.toml",)),
    ("elixir", ("mix.exs",)),
)


def languages_of(repo: Snapshot, root: str) -> list[tuple[str, str]]:
    """The languages the creation form could find, and for each the file that says so; the likeliest first."""
    found = ((language, _first(repo, root, files)) for language, files in _MARKS)
    return [(language, file) for language, file in found if file]


def _first(repo: Snapshot, root: str, files: tuple[str, ...]) -> str | None:
    return next((file for file in files if repo.is_file(posixpath.join(root, file))), None)


_NOT_OF_RENDER = (
    ("Java", ("pom.xml", "build.gradle", "build.gradle.kts")), ("PHP", ("composer.json",)), ("Scala", ("build.sbt",)),
    ("Haskell", ("stack.yaml",)), ("Dart", ("pubspec.yaml",)), ("Swift", ("Package.swift",)), ("Deno", ("deno.json",)),
    ("Clojure", ("project.clj", "deps.edn")),
)  # fmt: skip


def unsupported_language(repo: Snapshot, root: str) -> tuple[str, str] | None:
    """A language that Render has no runtime for, which needs a Dockerfile, and the file that says so."""
    found = ((language, _first(repo, root, files)) for language, files in _NOT_OF_RENDER)
    return next(((language, file) for language, file in found if file), None)


def suggested_build(repo: Snapshot, root: str, language: str) -> str | None:
    """The build command that the form fills in. Of npm and yarn, which both are reported, the one whose lock file is
    there."""
    if language == "node" and _first(repo, root, ("yarn.lock",)) is None and _first(repo, root, NPM_LOCKS):
        return "npm install"
    return BUILD_COMMANDS.get(language)
