"""Where the TypeScript compiler writes, where its settings say it plainly.

typescriptlang.org/tsconfig: outDir ("emitted into this directory, with the original structure"), rootDir, include
(without it everything below the directory of tsconfig.json). Whatever else may change that makes the answer none.
"""

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from .project_files import Files, NotKnown, folders_below, join, names, strings, table

_TSC = re.compile(r"(?:rimraf [\w./-]+ && )?(?:npx )?tsc(?: (?:-p|--project) (?P<settings>[\w./-]+))?")
_MOST_FILES = 300
_ELSEWHERE = ("declarationDir", "outFile", "out", "rootDirs", "noEmit", "emitDeclarationOnly", "composite")
_LEFT_OPEN = ("allowJs", "resolveJsonModule", "jsx")
"""With these it writes files that are not of a source's own name alone."""
_ENDS = {".ts": ".js", ".mts": ".mjs", ".cts": ".cjs"}


def outputs_of(script: str, directory: str, files: Files) -> tuple[str, ...] | None:
    """The paths that a script of package.json writes, files or one directory; None where it is not tsc alone, or its
    settings do not tell."""
    try:
        scripts = table(json.loads(files.read(join(directory, "package.json")) or ""), "scripts")
    except (ValueError, RecursionError):
        return None
    text = scripts.get(script)
    found = _TSC.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or f"pre{script}" in scripts or f"post{script}" in scripts:
        return None
    named = found["settings"] or "tsconfig.json"
    path = join(directory, named if named.endswith(".json") else f"{named}/tsconfig.json")
    settings = _settings(files.read(path) if files.look(path) == "file" else None)
    if settings is None:
        return None
    return _places(settings, posixpath.dirname(path), files)


def _settings(text: str | None) -> dict[str, Any] | None:
    """tsconfig.json, which may have comments and commas at the end; None where it leads to another file."""
    if text is None:
        return None
    plain = re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda found: found[1] or "", text, flags=re.DOTALL)
    try:
        data = json.loads(re.sub(r",(\s*[}\]])", r"\1", plain))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and not {"extends", "references"} & set(data) else None


def _places(settings: dict[str, Any], directory: str, files: Files) -> tuple[str, ...] | None:
    options = table(settings, "compilerOptions")
    out = options.get("outDir")
    if not isinstance(out, str) or "$" in out or any(options.get(name) for name in _ELSEWHERE):
        return None
    where = join(directory, out)
    if where == directory or not where.startswith(f"{directory.rstrip('/')}/"):
        return None
    told = options.get("tsBuildInfoFile")
    more = (join(directory, told),) if isinstance(told, str) else ()
    root = options.get("rootDir")
    if not isinstance(root, str) or "$" in root or any(options.get(name) for name in _LEFT_OPEN):
        return (where, *more)
    try:
        written = list(_written(join(directory, root), where, files))
    except NotKnown:
        return (where, *more)
    included = strings(settings.get("include", ["**/*"]))
    is_whole = included is not None and "files" not in settings
    return (*written, *more) if is_whole and 0 < len(written) < _MOST_FILES else (where, *more)


def _written(root: str, out: str, files: Files) -> Iterator[str]:
    """What may be written for the sources below rootDir."""
    for folder in (root, *(path for _, path in folders_below(files, root) if "/node_modules" not in path)):
        for name in names(files, folder):
            stem, end = posixpath.splitext(name)
            if end in _ENDS and not stem.endswith(".d"):
                target = join(out, posixpath.relpath(folder, root), stem)
                yield from (f"{target}{one}{more}" for one in (_ENDS[end], f".d{end}") for more in ("", ".map"))
            elif end == ".tsx":
                raise NotKnown("how JSX is written")
    yield join(out, "tsconfig.tsbuildinfo")
