"""What `npm start`, `npm run X`, `yarn X` and their like run: the script of package.json.

docs.npmjs.com/cli/v11/commands: npm-start ("If the scripts object does not define a start property, npm will run
`node server.js`"), npm-run ("pre" and "post" scripts; arguments behind `--` reach the script; the script runs at the
package's root, with node_modules/.bin before PATH); yarnpkg.com, "yarn run"; pnpm.io, "pnpm run", "pnpm start".
"""

import json
import posixpath
import shlex
from collections.abc import Mapping

from emulator.image.project_files import Files, table
from emulator.model.record import Record, replace

from .command import Started, started
from .shell import words

MAX_DEPTH = 4
_VALUED = {"--prefix": True, "-C": True, "--dir": True, "--cwd": True, "--loglevel": False}
"""Options with a value; whether it is the package's directory."""
_SWITCHES = words("--silent -s --quiet -q --if-present --ignore-scripts --no-audit --no-fund --verbose -d")
_RUNS = {"npm": words("run run-script rum urn"), "yarn": words("run"), "pnpm": words("run run-script"), "bun": {"run"}}
_BY_NAME = {"npm": words("start test restart stop"), "pnpm": words("start test"), "yarn": words("start test dev serve")}


class Call(Record, frozen=True):
    """A script that is asked for. directory: of the package, from where it is called. passed: arguments for it."""

    tool: str
    script: str
    directory: str
    passed: tuple[str, ...] = ()
    optional: bool = False


class Lacking(Record, frozen=True):
    """What is missing of it. is_file: package.json itself, or the server.js that stands in for the script. is_sure:
    False where a step that is not read may have made that, and nothing speaks of it."""

    tool: str
    script: str
    path: str
    is_file: bool
    is_sure: bool = True


class Followed(Record, frozen=True):
    """run: what the script runs, as far as it is understood. lacking: None where nothing is surely missing."""

    run: Started
    lacking: Lacking | None = None


def call_of(run: Started) -> Call | None:
    """The script that a package manager is told to run; None where it does something else, or nobody knows."""
    if run.program not in _RUNS or not run.complete or not all(arg.known for arg in run.args):
        return None
    directory, optional, rest = "", False, [arg.text for arg in run.args]
    name: str | None = None
    while rest:
        word = rest.pop(0)
        head, equals, value = word.partition("=")
        if head in _VALUED:
            value = value if equals else (rest.pop(0) if rest else "")
            directory = value if _VALUED[head] else directory
        elif word in _SWITCHES:
            optional = optional or word == "--if-present"
        elif word.startswith("-"):
            return None
        elif name is None and word in _RUNS[run.program]:
            name = ""
        elif not name:
            if name is None and word not in _BY_NAME.get(run.program, ()):
                return None
            name = word
            break
    if not name:
        return None
    passed = tuple(rest[1:] if rest[:1] == ["--"] and run.program != "yarn" else rest)
    is_plain = run.program != "npm" or not any(word.startswith("-") for word in rest) or rest[:1] == ["--"]
    return Call(run.program, name, directory, passed, optional) if is_plain else None


def follow(run: Started, files: Files, workdir: str, environ: Mapping[str, str | None]) -> Followed:
    """What stays behind package managers' scripts. workdir: where the command starts."""
    for _ in range(MAX_DEPTH):
        call = call_of(run)
        if call is None or run.directory == "" or run.changed:
            break
        here = posixpath.normpath(posixpath.join(workdir, run.directory or "", call.directory))
        scripts = scripts_of(files, here)
        if scripts is None:
            return Followed(run, _without_package(call, here, files))
        script = scripts.get(call.script)
        if not isinstance(script, str):
            return Followed(run, _without_script(call, here, files)) if script is None else Followed(run)
        inner = _started(run, call, script, here, environ, is_first=f"pre{call.script}" not in scripts)
        if not inner.program:
            break
        run = inner
    return Followed(run)


def _started(
    run: Started, call: Call, script: str, here: str, environ: Mapping[str, str | None], *, is_first: bool
) -> Started:
    """What one script runs: sh reads it, at the package's root."""
    text = f"{script} {shlex.join(call.passed)}" if call.passed else script
    inner = started(("/bin/sh", "-c", text), {**environ, **run.variables})
    directory = "" if inner.directory == "" else posixpath.normpath(posixpath.join(here, inner.directory or ""))
    return replace(inner,
        directory=directory, shell=run.shell, init=run.init, runner=run.runner or call.tool,
        variables={**run.variables, **inner.variables}, closed=run.closed and inner.closed and call.tool != "bun",
        alone=run.alone and inner.alone and is_first, changed=inner.changed or not is_first,
    )  # fmt: skip


def scripts_of(files: Files, directory: str) -> dict[str, object] | None:
    """The scripts of a package; None where its package.json is not there, or cannot be read."""
    text = files.read(posixpath.join(directory, "package.json"))
    try:
        data = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None
    return table(data, "scripts") if isinstance(data, dict) else None


def _without_package(call: Call, directory: str, files: Files) -> Lacking | None:
    """npm takes the nearest directory above that has a package.json or node_modules (npm-prefix); none may have. Its
    own node_modules, which `npm install` leaves, brings no script."""
    here, names = directory, ["package.json"]
    while True:
        if any(files.look(posixpath.join(here, name)) != "absent" for name in names):
            return None
        names = ["package.json", "node_modules"]
        if here == "/":
            return Lacking(call.tool, call.script, posixpath.join(directory, "package.json"), is_file=True)
        here = posixpath.dirname(here)


_BUILD_SETTINGS = (
    "package.json", "tsconfig.json", "tsconfig.build.json", "build.js", "build.mjs", "esbuild.js", "esbuild.mjs",
    *(f"{tool}.config.{end}" for tool in ("vite", "webpack", "rollup", "tsup", "esbuild", "next", "svelte")
      for end in ("js", "ts", "mjs", "cjs")),
)  # fmt: skip


def _may_be_built(directory: str, files: Files) -> bool:
    """Whether a build that is not read may write server.js beside package.json: its settings speak of a server, or
    there is a server.ts to compile."""
    paths = [posixpath.join(directory, name) for name in _BUILD_SETTINGS]
    if any("server" in (files.read(path) or "") for path in paths if files.look(path) == "file"):
        return True
    return any(files.look(posixpath.join(directory, f"server.{end}")) == "file" for end in ("ts", "mts", "coffee"))


def _without_script(call: Call, directory: str, files: Files) -> Lacking | None:
    """npm and pnpm start server.js in the place of a missing `start`. yarn, pnpm and bun also run programs of
    node_modules/.bin by such names, of which only `start` is surely none."""
    if call.optional or (call.script != "start" and call.tool != "npm") or call.tool == "bun":
        return None
    if call.script == "start" and call.tool != "yarn":
        path = posixpath.join(directory, "server.js")
        state = files.look(path)
        if state == "file" or (state == "unknown" and _may_be_built(directory, files)):
            return None
        return Lacking(call.tool, "start", path, is_file=True, is_sure=state == "absent")
    if call.script in ("restart", "stop", "env"):
        return None
    return Lacking(call.tool, call.script, posixpath.join(directory, "package.json"), is_file=False)
