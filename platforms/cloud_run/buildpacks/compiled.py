"""Go, which can be built here, and the languages that are planned alone: Java, .NET, PHP, Ruby, Dart."""

import re
import shlex

from emulator.model.choice import Candidate, Setting, choose
from emulator.model.plan import Command
from platforms.cloud_run import rules

from .building import Building
from .image import Recipe

_GO_DEFAULT = "1.26"
_BINARY = "/layers/google.go.build/bin/main"
_GO_IMAGE = "golang:{}-bookworm"
RUBY_NEEDS_ONE = (
    'for Ruby, an entrypoint must be manually set, either with "GOOGLE_ENTRYPOINT" env var or by creating a '
    '"Procfile" file'
)
_PLANNED = {
    "java": "the executable JAR is started: java -jar",
    "dotnet": "the published assembly is started",
    "php": "nginx on port 8080 and php-fpm are started, the front controller is index.php",
    "dart": "the compiled server is started",
    "ruby": "the functions framework is started",
}


def go(of: Building) -> Command:
    """The binary of GOOGLE_BUILDABLE, of the only main package, or of the root's."""
    if of.group.is_function:
        of.because = "a function of Go is built with the functions framework, which is not done here"
        return Command(argv=None, form="image", text="the functions framework", source="buildpack")
    version = _go_version(of)
    buildable = of.env["GOOGLE_BUILDABLE"]
    guess = 'only "main" package of go list ./..., else .'
    setting: Setting[str] | None = choose(
        of.trace, f"{of.name}.buildable", "Which package is built?",
        of.env.candidate("GOOGLE_BUILDABLE", rules.BUILDPACK_DEFAULT),
        Candidate(guess, source="default", because="nothing names it", rule=rules.BUILDPACK_DEFAULT),
    )  # fmt: skip
    assert setting is not None
    # As the buildpack searches: one package with a main, else Go's own default.
    found = "$(go list -f '{{if eq .Name \"main\"}}{{.Dir}}{{end}}' ./...)"
    package = f'"{buildable}"' if buildable else '"$package"'
    search = "" if buildable else f'package={found}; [ "$(echo "$package" | wc -w)" = 1 ] || package=.; '
    flags = "".join(
        f" {flag} {shlex.quote(of.env[name])}"
        for flag, name in (("-gcflags", "GOOGLE_GOGCFLAGS"), ("-ldflags", "GOOGLE_GOLDFLAGS"))
        if of.env[name]
    )
    modules = ()
    if of.source.has("go.mod") and of.source.anywhere("go") is not None and not of.source.has("vendor/modules.txt"):
        modules = (*(() if of.source.has("go.sum") else ("go mod tidy",)), "go mod download")
    outside = "" if of.source.has("go.mod") else "GO111MODULE=off "
    of.recipe = Recipe(
        _GO_IMAGE.format(version), steps=(*modules, f"{search}{outside}go build -o {_BINARY}{flags} {package}"),
        path=(_BINARY.rpartition("/")[0],), build_env=(("GOPATH", "/layers/google.go.gomod/gopath"),),
    )  # fmt: skip
    if of.command is not None:
        return of.command
    of.because = "the binary that is built is started"
    return Command(argv=(_BINARY,), form="exec", text=_BINARY, source="buildpack")


def _go_version(of: Building) -> str:
    rule, because = rules.BUILDPACK_VERSIONS, f"nothing pins a version: the newest of {of.stack}"
    setting: Setting[str] | None = choose(
        of.trace, f"{of.name}.go", "Which Go?",
        of.env.candidate("GOOGLE_GO_VERSION", rule), of.env.candidate("GOOGLE_RUNTIME_VERSION", rule),
        Candidate(_GO_DEFAULT, source="default", because=because, rule=rule),
    )  # fmt: skip
    assert setting is not None
    found = re.match(r"1\.\d+(\.\d+)?", setting.value)
    return found[0] if found else _GO_DEFAULT


def planned(of: Building) -> Command:
    """A language whose images are not built here: its command, as far as it is known."""
    language = of.group.language
    if language == "ruby" and of.group.has_default:
        raise of.ends(RUBY_NEEDS_ONE, of.source.place(of.group.evidence), "add a Procfile with a web line")
    if of.command is not None:
        return of.command
    of.because = _PLANNED[language]
    of.literal_port = language == "php"
    of.trace.note(
        f"{of.name}.default", "What do the buildpacks start?", of.because, "nobody names an entrypoint",
        rule=rules.BUILDPACK_DEFAULT,
    )  # fmt: skip
    return Command(argv=None, form="image", text=None, source="buildpack")
