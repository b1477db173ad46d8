"""Which changed files of a push lead to a deploy (rule render/build-filter).

Patterns are globs from the repository's root: `?` one character and `*` any number of them, neither a slash; `**` any
number of folders; `[abc]`, `[a-z]` and their contrary with `^`.
"""

import re

from emulator.model.choice import Trace
from emulator.model.plan import AutoDeploy, Build, BuildKind, PathPattern

from . import rules
from .declarations import ServiceSpec, Value

_PIECES = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|\[\^?[^\]/]+\]")
_MEANS = {"**/": "(?:[^/]+/)*", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def auto_deploy(spec: ServiceSpec, build: Build, trace: Trace) -> AutoDeploy:
    """What the service's trigger, filter and root say."""
    root = build.root
    paths, ignored = (tuple(map(_pattern, listed)) for listed in (spec.filter_paths, spec.filter_ignored))
    within = root if root != "." and not paths else None
    if paths or ignored or within:
        answer = ", ".join(one.written for one in paths) or (f"those in {within}" if within else "all")
        without = f", without {', '.join(one.written for one in ignored)}" if ignored else ""
        place = spec.keys.get("buildFilter") or spec.keys.get("rootDir")
        because = "buildFilter says so" if paths or ignored else "rootDir is set"
        trace.note(
            f"{spec.name}.auto-deploy", "Which changed files lead to a deploy?", answer + without, because,
            rule=rules.BUILD_FILTER, origin=place,
        )  # fmt: skip
    return AutoDeploy(off=_off(spec, build), paths=paths, ignored_paths=ignored, within=within)


def trigger_of(spec: ServiceSpec) -> Value | None:
    """autoDeployTrigger, which wins over its deprecated form: true and false, or the API's yes and no."""
    old = spec.filled("autoDeploy")
    return spec.filled("autoDeployTrigger") or (old and Value("commit" if old.is_true else "off", old.origin))


def _off(spec: ServiceSpec, build: Build) -> str:
    trigger = trigger_of(spec)
    if build.kind is BuildKind.IMAGE:
        return "its image is ready-made"
    return "its auto-deploys are off" if trigger is not None and trigger.text == "off" else ""


def _pattern(written: Value) -> PathPattern:
    return PathPattern(written=written.text, pattern=regex(written.text), origin=written.origin)


def regex(glob: str) -> str:
    """The regular expression that a whole path has to match."""
    found, end = "", 0
    for piece in _PIECES.finditer(glob):
        found += re.escape(glob[end : piece.start()])
        found += _MEANS.get(piece[0]) or _set(piece[0])
        end = piece.end()
    return found + re.escape(glob[end:])


def _set(text: str) -> str:
    inside = text[1:-1].removeprefix("^")
    said = "".join(letter if letter == "-" else re.escape(letter) for letter in inside)
    return f"[{'^/' if text[1] == '^' else ''}{said}]"
