"""What can be seen of a project's files at one point of a build, and what building it says: shared shapes."""

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Literal, Protocol

from emulator.model.record import Record

Kind = Literal["file", "directory", "absent", "unknown"]

MAX_FOLDERS = 3000
"""A larger source tree is not walked."""


class Files(Protocol):
    """A filesystem of which parts may be unknown. Paths are absolute."""

    def look(self, path: str) -> Kind:
        """What is there, links followed; "absent" only when it is surely not there."""
        ...

    def read(self, path: str) -> str | None:
        """The text of a file; None when it is not known."""
        ...

    def names(self, path: str) -> tuple[str, ...] | None:
        """What a directory holds; None when that is not known in full."""
        ...


class NotKnown(Exception):
    """The answer depends on what is not known; the message says on what."""


class Refused(Exception):
    """The build surely fails; the message says why in the tool's own sense."""


class Need(Record, frozen=True, kw_only=True):
    """A path something needs. why: who needs it; file and line: where it is named, None where nobody names it.
    state: "missing" for sure, or "unknown" whether it is there; what is there is no Need. unless: it is not needed
    where an environment variable is set whose name begins with one of these."""

    path: str
    why: str
    state: Literal["missing", "unknown"]
    file: str | None = None
    line: int | None = None
    unless: tuple[str, ...] = ()


class Package(Record, frozen=True, kw_only=True):
    """An importable package. name: dotted; path: its directory in the sources. whole: all below it is there, too;
    otherwise its own modules only."""

    name: str
    path: str
    whole: bool


class Module(Record, frozen=True, kw_only=True):
    """An importable module of one file."""

    name: str
    path: str


class Provided(Record, frozen=True, kw_only=True):
    """What can be imported after an installation. unknown: why more may be there, or this may not be; None when
    it is exact."""

    packages: tuple[Package, ...] = ()
    modules: tuple[Module, ...] = ()
    unknown: str | None = None

    def top_level(self) -> frozenset[str]:
        """The names that an import may begin with."""
        named = [one.name for one in self.packages] + [one.name for one in self.modules]
        return frozenset(name.partition(".")[0] for name in named)


class Built(Record, frozen=True, kw_only=True):
    """What building a project comes to. refusal: why it surely fails, None when nothing says it does."""

    directory: str
    backend: str
    name: str | None = None
    needs: tuple[Need, ...] = ()
    provided: Provided = Provided()
    refusal: str | None = None


def join(*parts: str) -> str:
    """An absolute path, clean."""
    return posixpath.normpath(posixpath.join(*parts))


def is_file(files: Files, path: str) -> bool:
    """Raises NotKnown."""
    return _known(files, path) == "file"


def is_folder(files: Files, path: str) -> bool:
    """Raises NotKnown."""
    return _known(files, path) == "directory"


def names(files: Files, path: str) -> tuple[str, ...]:
    """What a directory holds. Raises NotKnown."""
    found = files.names(path)
    if found is None:
        raise NotKnown(f"what {path} holds is not known")
    return found


def _known(files: Files, path: str) -> Kind:
    kind = files.look(path)
    if kind == "unknown":
        raise NotKnown(f"whether {path} is there is not known")
    return kind


def folders_below(files: Files, where: str) -> Iterator[tuple[str, str]]:
    """(dotted name, path) of every directory below `where`, names with a dot left out. Raises NotKnown."""
    pending = [("", where)]
    count = 0
    while pending:
        prefix, folder = pending.pop()
        for name in names(files, folder):
            path = join(folder, name)
            if "." in name or not is_folder(files, path):
                continue
            count += 1
            if count > MAX_FOLDERS:
                raise NotKnown(f"{where} holds more than {MAX_FOLDERS:,} directories")
            yield f"{prefix}{name}", path
            pending.append((f"{prefix}{name}.", path))


def has_code(files: Files, folder: str) -> bool:
    """Whether a directory itself holds a Python file. Raises NotKnown."""
    # Nearly every package has this one, and a large directory need not be listed then.
    if files.look(join(folder, "__init__.py")) == "file":
        return True
    return any(name.endswith((".py", ".pyi", ".so")) for name in names(files, folder))


def code_below(files: Files, folder: str) -> bool:
    """Whether a directory or one below holds a Python file. Raises NotKnown."""
    return has_code(files, folder) or any(has_code(files, path) for _, path in folders_below(files, folder))


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def need(files: Files, path: str, why: str, *, file: str | None = None, line: int | None = None) -> tuple[Need, ...]:
    """A Need where the path is missing or unknown, else nothing."""
    kind = files.look(path)
    if kind in ("file", "directory"):
        return ()
    state: Literal["missing", "unknown"] = "missing" if kind == "absent" else "unknown"
    return (Need(path=path, why=why, state=state, file=file, line=line),)


def read_toml(text: str, path: str) -> dict[str, Any]:
    """Raises Refused."""
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise Refused(f"{path} is not valid TOML: {problem}") from None


def table(data: object, *keys: str) -> dict[str, Any]:
    """The table at a path of keys, {} where it is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def strings(value: object) -> list[str] | None:
    """A list of texts, None for anything else."""
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


def line_of(text: str, *words: str) -> int | None:
    """The first line that holds all the words."""
    for number, line in enumerate(text.splitlines(), 1):
        if all(word in line for word in words):
            return number
    return None
