"""The file that makes a directory a project, of build tools whose every other effect is not read.

Each of them ends with an error where its file is missing; tried with go 1.24, cargo 1.9x, bundler 2.6, composer 2,
maven 3.9 and mix 1.18 in an empty directory.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from emulator.formats.dockerfile.base_images import short_name
from emulator.model.record import Record

from .project_files import Files, Need, join
from .shell import Command, Word

if TYPE_CHECKING:
    from .packages import PackageStep
    from .tree_files import TreeFiles

Environ = Mapping[str, str | None]


class ToolReport(Record, frozen=True, kw_only=True):
    """needs: files of the project that are surely missing. may_fail: whether a failure that is let pass is meant so, as
    of `cp x y || true`. refused: the script that the system does not execute, and why: "mode" or "line-ends"."""

    needs: tuple[Need, ...]
    may_fail: bool = False
    refused: tuple[str, str] | None = None


class _Wanted(Record, frozen=True, kw_only=True):
    """What a call needs: one of `names`, in its directory or, with above, in one of those that hold it."""

    action: str
    names: tuple[str, ...]
    directory: str = "."
    above: bool = False
    why: str = ""


def project_need(
    command: Command, files: Files, environ: Environ, base: str
) -> "tuple[PackageStep, ToolReport] | None":
    """The call of a build tool whose project is surely not there; None for every other command.

    environ: the variables of the command. base: the image that the build began with.
    """
    program = command.words[0].text if command.words else None
    reader = _READERS.get(posixpath.basename(program or ""))
    if program is not None and program.startswith(("./", "../")):
        reader = _own_program
    if program is None or reader is None or command.cwd is None or command.assumed:
        return None
    wanted = reader(command.words if reader is _own_program else command.words[1:], environ, base)
    if wanted is None:
        return None
    directory = join(command.cwd, wanted.directory)
    places = [directory, *(_above(directory) if wanted.above else ())]
    if any(files.look(join(place, name)) != "absent" for place in places for name in wanted.names):
        return None
    from .packages import PackageStep

    step = PackageStep(
        tool=posixpath.basename(program), program=program, action=wanted.action, directory=directory, line=command.line
    )
    where = " or a directory above" if wanted.above else ""
    why = wanted.why or f"{step.tool} {step.action} works on the project of its directory{where}"
    need = Need(path=join(directory, wanted.names[0]), why=why, state="missing", line=command.line)
    return step, ToolReport(needs=(need,), may_fail=bool(wanted.why))


def refused_script(command: Command, files: "TreeFiles") -> "tuple[PackageStep, ToolReport] | None":
    """The call of a script by its path that the system surely refuses; None for every other command."""
    program = command.words[0].text if command.words else None
    if program is None or "/" not in program:
        return None
    from .packages import PackageStep
    from .scripts_called import refusal

    found = refusal(command, files)
    if found is None:
        return None
    step = PackageStep(tool=program, program=program, action="", directory=command.cwd, line=command.line)
    return step, ToolReport(needs=(), refused=found)


def _above(directory: str) -> Iterator[str]:
    while directory != "/":
        directory = posixpath.dirname(directory)
        yield directory


# ---- go ----------------------------------------------------------------------------------------------

_GO_SWITCHES = {
    "-v", "-x", "-a", "-n", "-i", "-race", "-trimpath", "-work", "-msan", "-asan", "-cover", "-modcacherw",
    "-linkshared", "-short", "-json", "-failfast", "-benchmem", "-c",
}  # fmt: skip
_GO_BUILDS = {"build", "test", "vet", "install"}
_GO_MODS = {"download", "tidy", "vendor", "verify"}


def _go(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """go.dev/ref/mod#go-mod-file and #mod-commands: go.mod here or above, or a go.work. Before Go 1.16 a build
    without one could do."""
    texts = [word.text for word in words]
    modules = environ.get("GO111MODULE", "on") == "on" and environ.get("GOWORK", "off") == "off"
    flags = environ.get("GOFLAGS", "")
    if not texts or not modules or flags is None or "modfile" in flags or short_name(base) != "golang" or _old_go(base):
        return None
    if texts[0] == "mod" and len(texts) > 1 and texts[1] in _GO_MODS:
        plain = all(text in ("-x", "-v", "-json", "-e") for text in texts[2:])
        return _Wanted(action=f"mod {texts[1]}", names=("go.mod", "go.work"), above=True) if plain else None
    if texts[0] in _GO_BUILDS and _of_the_module(words[1:]):
        return _Wanted(action=texts[0], names=("go.mod", "go.work"), above=True)
    return None


def _old_go(base: str) -> bool:
    version = re.search(r":1\.(\d+)", base)
    return version is not None and int(version[1]) < 16


def _of_the_module(words: Sequence[Word]) -> bool:
    """Whether the packages that are built are those of the directory: `.`, `./cmd/x`, `./...`, or none."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        text = word.text if word.text is not None else word.prefix
        if word.many or text.startswith(("-C", "-modfile", "-overlay")):
            return False
        if text.startswith("-"):
            takes_next = "=" not in text and (word.text is None or text not in _GO_SWITCHES)
            if takes_next and (word.text is None or not rest or rest.pop(0).many):
                return False
        elif word.text is None or text.endswith(".go") or not (text == "." or text.startswith("./")):
            return False
    return True


# ---- the others --------------------------------------------------------------------------------------

_CARGO = {"build", "b", "check", "test", "run", "fetch", "clippy", "doc", "vendor", "update", "rustc"}


def _cargo(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """doc.rust-lang.org/cargo/commands/cargo-build: Cargo.toml here or above; `install --path` in that very place."""
    del environ, base
    texts = _plain(words)
    if texts and texts[0].startswith("+"):
        texts = texts[1:]
    if not texts or any(text.startswith(("-C", "--manifest-path", "--config", "-Z")) for text in texts):
        return None
    if texts[0] in _CARGO and "--" not in texts:
        return _Wanted(action=texts[0], names=("Cargo.toml",), above=True)
    if texts[0] == "install" and "--path" in texts[1:-1]:
        at = texts[texts.index("--path") + 1]
        return _Wanted(action="install", names=("Cargo.toml",), directory=at)
    return None


def _bundle(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """bundler.io/man/bundle-install: Gemfile or gems.rb, here or above; .bundle/config may name another."""
    del base
    texts = _plain(words)
    options = texts is not None and any(text.startswith("--gemfile") for text in texts)
    if texts is None or options or "BUNDLE_GEMFILE" in environ or (texts and texts[0] != "install"):
        return None
    return _Wanted(action="install", names=("Gemfile", "gems.rb", ".bundle"), above=True)


def _composer(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """getcomposer.org/doc/03-cli: composer.json, or the file that COMPOSER names."""
    del base
    texts = _plain(words)
    if texts is None or "COMPOSER" in environ or any(text.startswith(("-d", "--working-dir")) for text in texts):
        return None
    action = next((text for text in texts if not text.startswith("-")), "")
    known = action in ("install", "update", "dump-autoload") and not {"--help", "-h", "-V"} & {*texts}
    return _Wanted(action=action, names=("composer.json",), above=True) if known else None


_PHASES = {"clean", "validate", "compile", "test", "package", "verify", "install", "deploy"}
_GOALS = {"dependency:go-offline", "dependency:resolve", "dependency:copy-dependencies"}
_MAVEN_VALUES = {
    "-s", "--settings", "-gs", "--global-settings", "-P", "--activate-profiles", "-pl", "--projects", "-T", "--threads",
    "-t", "--toolchains", "-l", "--log-file", "-D", "--define", "-rf", "--resume-from", "-b", "--builder",
}  # fmt: skip


def _maven(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """maven.apache.org/guides, MissingProjectException: a lifecycle phase asks for a pom.xml in the directory.
    .mvn/maven.config may name another."""
    del base
    texts = _plain(words)
    if texts is None or "MAVEN_ARGS" in environ or any(text.startswith(("-f", "--file", "-v", "-h")) for text in texts):
        return None
    goals: list[str] = []
    rest = list(texts)
    while rest:
        text = rest.pop(0)
        if text in _MAVEN_VALUES:
            rest[:1] = []
        elif not text.startswith("-"):
            goals.append(text)
    if not goals or not {*goals} <= _PHASES | _GOALS:
        return None
    return _Wanted(action=" ".join(goals), names=("pom.xml", ".mvn"))


def _mix(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """hexdocs.pm/mix: mix.exs in the directory, or the file that MIX_EXS names."""
    del base
    texts = _plain(words)
    if not texts or "MIX_EXS" in environ or texts[0] not in ("deps.get", "deps.compile", "compile", "release"):
        return None
    return _Wanted(action=texts[0], names=("mix.exs",))


_INTERPRETER_SWITCHES = {"-u", "-O", "-B", "-e", "-x", "-ex", "-eux", "-ux"}
"""Of python and of shells: what follows is still the file. `python -e` is none, and fails anyway."""


def _script(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """The file that an interpreter is told to run."""
    del environ, base
    texts = [word.text for word in words]
    while texts and texts[0] in _INTERPRETER_SWITCHES:
        texts = texts[1:]
    file = texts[0] if texts else None
    is_file = file is not None and not file.startswith(("-", "/dev/", "/proc/")) and "." in posixpath.basename(file)
    return _Wanted(action=file or "", names=(file,), why="it runs that file") if is_file and file is not None else None


def _own_program(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """A program by a path from the working directory."""
    del environ, base
    name = words[0].text
    return _Wanted(action="", names=(name,), why="the shell runs that file") if name is not None else None


def _chmod(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """`chmod MODE FILE`: it fails at a file that is not there."""
    del environ, base
    texts = _plain(words)
    if texts is None or len(texts) != 2 or any(word.many for word in words) or texts[1].startswith("-"):
        return None
    return _Wanted(action=" ".join(texts), names=(texts[1],), why="it changes the mode of that file")


def _moved(words: Sequence[Word], environ: Environ, base: str) -> _Wanted | None:
    """`cp` and `mv` of one file: they fail where it is not there."""
    del environ, base
    texts = _plain(words)
    if texts is None or any(word.many for word in words):
        return None
    plain = [text for text in texts if not text.startswith("-")]
    known = all(text.strip("-rRafpvn") == "" for text in texts if text.startswith("-"))
    if not known or len(plain) != 2:
        return None
    return _Wanted(action=" ".join(plain), names=(plain[0],), why="it takes that file")


def _plain(words: Sequence[Word]) -> list[str] | None:
    """The words, None when one of them is not known."""
    texts = [word.text for word in words if word.text is not None]
    return texts if len(texts) == len(words) else None


_READERS: dict[str, Callable[[Sequence[Word], Environ, str], _Wanted | None]] = {
    "go": _go, "cargo": _cargo, "bundle": _bundle, "composer": _composer, "mvn": _maven, "mix": _mix,
    "python": _script, "python3": _script, "sh": _script, "bash": _script, "chmod": _chmod, "cp": _moved, "mv": _moved,
}  # fmt: skip
