"""Rules about package managers in a build: what they need and surely do not find at that very line."""

import posixpath
import re
from collections.abc import Iterator

from emulator.image.causes import cause_of
from emulator.image.findings import Builds
from emulator.image.installing import Installed
from emulator.image.node_project import NodeReport
from emulator.image.project_files import Built, Need
from emulator.image.project_tools import ToolReport
from emulator.image.python_project import Report
from emulator.image.tree import look
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Step, Worked, WorkedStage
from emulator.model.diagnostic import Diagnostic, Related, Severity, error, warning
from emulator.model.origin import Origin
from emulator.model.plan import Build, Service
from emulator.model.record import Record, replace, to_json
from emulator.snapshot import Unreadable

from .rule import CheckRule, Sample
from .subject import build_is_written
from .tool_versions import is_npm_7, is_poetry_2

_FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
_CMD = 'CMD ["python", "-m", "shop"]\n'
_SYSTEM = '[build-system]\nrequires = ["%s"]\nbuild-backend = "%s"\n[project]\nname = "shop"\nversion = "1"\n'
_SETUPTOOLS = _SYSTEM % ("setuptools", "setuptools.build_meta")
_HATCHLING = _SYSTEM % ("hatchling", "hatchling.build")
_SHOP = {"shop/__init__.py": "", "shop/__main__.py": "print('hello')\n"}


def _shop(install: str, project: str = _SETUPTOOLS) -> dict[str, str]:
    return {**_SHOP, "pyproject.toml": project, "Dockerfile": f"{_FROM}{install}{_CMD}"}


PROJECT_MISSING = CheckRule(
    code="build/pip-project-missing",
    severity=Severity.ERROR,
    statement="A project is installed from a directory that holds no project at that point of the build.",
    why=(
        "There is neither a pyproject.toml nor a setup.py: it lies outside of the build context, or a later line "
        "copies it. On your machine the same command runs at the repository's root."
    ),
    wrong=Sample(files=_shop("COPY shop shop\nRUN pip install -e .\n"), file="Dockerfile", line=4),
    right=Sample(files=_shop("COPY . .\nRUN pip install -e .\n")),
)
FILE_MISSING = CheckRule(
    code="build/requirements-missing",
    severity=Severity.ERROR,
    statement="A package manager reads a list or lock file that is not there at that point of the build.",
    why="The step ends with an error, and the build with it. A COPY that comes later does not help.",
    wrong=Sample(
        files=_shop("RUN pip install -r requirements.txt\nCOPY . .\n") | {"requirements.txt": "flask\n"},
        file="Dockerfile", line=3,
    ),
    right=Sample(
        files=_shop("COPY . .\nRUN pip install -r requirements.txt\n") | {"requirements.txt": "flask\n"}
    ),
)  # fmt: skip
NOT_COPIED = CheckRule(
    code="build/package-not-copied",
    severity=Severity.ERROR,
    statement="A project is built at a point where its own package, or a file it names, is not there.",
    why=(
        "To keep the layer of the dependencies, pyproject.toml is often copied alone. That works until the project has "
        "a package to build: its build backend then finds no sources, or no README, and refuses."
    ),
    wrong=Sample(files=_shop("COPY pyproject.toml .\nRUN pip install .\n", _HATCHLING), file="Dockerfile", line=4),
    right=Sample(files=_shop("COPY . .\nRUN pip install .\n", _HATCHLING)),
)
PROJECT_FILE = CheckRule(
    code="build/project-file-missing",
    severity=Severity.ERROR,
    statement="A step works on a file of the project that is not there at that point of the build.",
    why=(
        "go.mod, Cargo.toml, package.json, Gemfile, composer.json, pom.xml or mix.exs is what such a tool looks for "
        "first; python, sh, cp, mv and chmod are given the file. It is not in the build context, or a later line "
        "copies it, or the step runs in another directory."
    ),
    wrong=Sample(
        files={
            "go.mod": "module shop\n", "main.go": "package main\nfunc main() {}\n",
            "Dockerfile": 'FROM golang:1.24\nWORKDIR /src\nRUN go mod download\nCOPY . .\n'
            'RUN go build -o /shop .\nCMD ["/shop"]\n',
        },
        file="Dockerfile", line=3,
    ),
    right=Sample(
        files={
            "go.mod": "module shop\n", "main.go": "package main\nfunc main() {}\n",
            "Dockerfile": 'FROM golang:1.24\nWORKDIR /src\nCOPY go.mod ./\nRUN go mod download\nCOPY . .\n'
            'RUN go build -o /shop .\nCMD ["/shop"]\n',
        },
    ),
)  # fmt: skip
_FROM_GIT = (
    _HATCHLING.replace('"hatchling"', '"hatchling", "hatch-vcs"').replace('version = "1"', 'dynamic = ["version"]')
    + '[tool.hatch.version]\nsource = "vcs"\n'
)
_PARTS = "COPY pyproject.toml ./\nCOPY shop shop\n"
VERSION = CheckRule(
    code="build/version-needs-git",
    severity=Severity.ERROR,
    statement="A project takes its version from git, and .git is not there where it is built.",
    why=(
        "setuptools-scm and hatch-vcs ask git for the last tag. Nothing copies .git into the image, or the ignore file "
        "keeps it from the builder, and the build backend ends."
    ),
    wrong=Sample(files=_shop(f"{_PARTS}RUN pip install .\n", _FROM_GIT), file="Dockerfile", line=5),
    right=Sample(files=_shop(f"{_PARTS}RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_SHOP=1.0 pip install .\n", _FROM_GIT)),
)
SCRIPT_MISSING = CheckRule(
    code="build/script-missing",
    severity=Severity.ERROR,
    statement="A build runs a script that package.json does not have.",
    why="npm ends with `Missing script`, and the build with it.",
    wrong=Sample(
        files={
            "package.json": '{"scripts": {"start": "node server.js"}}', "server.js": "",
            "Dockerfile": 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm run build\nCMD ["node", "server.js"]\n',
        },
        file="Dockerfile", line=4,
    ),
    right=Sample(
        files={
            "package.json": '{"scripts": {"build": "node build.js"}}', "server.js": "", "build.js": "",
            "Dockerfile": 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm run build\nCMD ["node", "server.js"]\n',
        },
    ),
)  # fmt: skip
_OWN_SCRIPT = "FROM python:3.13-slim\nWORKDIR /app\n%sRUN ./build.sh\n" + _CMD
_BUILD = {"shop/__init__.py": "", "shop/__main__.py": "print('hello')\n", "build.sh": "#!/bin/sh\nmkdir data\n"}
DENIED = CheckRule(
    code="build/permission-denied",
    severity=Severity.ERROR,
    statement="A build runs a script by its path that is not marked as executable.",
    why=(
        "The shell answers `Permission denied`, status 126, and the build ends. On Windows nothing is marked; git "
        "keeps the mark (`git update-index --chmod=+x`)."
    ),
    wrong=Sample(
        files=_BUILD | {"Dockerfile": _OWN_SCRIPT % "COPY --chmod=644 . .\n"}, file="Dockerfile", line=4
    ),
    right=Sample(files=_BUILD | {"Dockerfile": _OWN_SCRIPT % "COPY --chmod=755 . .\n"}),
)
LINE_ENDS = CheckRule(
    code="build/script-line-ends",
    severity=Severity.ERROR,
    statement="A build runs a script by its path that has Windows line ends.",
    why="The system looks for an interpreter whose name ends in a carriage return: `not found`, status 127.",
    wrong=Sample(
        files=_BUILD | {"build.sh": "#!/bin/sh\r\nls\r\n", "Dockerfile": _OWN_SCRIPT % "COPY --chmod=755 . .\n"},
        file="Dockerfile", line=4,
    ),
    right=Sample(files=_BUILD | {"Dockerfile": _OWN_SCRIPT % "COPY --chmod=755 . .\n"}),
)  # fmt: skip
SWALLOWED = CheckRule(
    code="build/failure-swallowed",
    severity=Severity.WARNING,
    statement="An installation surely fails, or may fail, and the build goes on as if it had not.",
    why=(
        "`|| true` and its like turn the build green, not the app: the image lacks what was to be installed, and the "
        "container ends as soon as it starts."
    ),
    wrong=Sample(files=_shop("COPY shop shop\nRUN pip install -e . || true\n"), file="Dockerfile", line=4),
    right=Sample(files=_shop("COPY . .\nRUN pip install -e .\n")),
)

RULES = (
    PROJECT_MISSING, FILE_MISSING, PROJECT_FILE, NOT_COPIED, VERSION, SCRIPT_MISSING, DENIED, LINE_ENDS, SWALLOWED,
)  # fmt: skip

_PROJECT_FILES = ("pyproject.toml", "setup.py", "package.json")


class _Scene(Record, frozen=True):
    """One installation and what surrounds it. before: the step's tree; later: the steps that follow it."""

    worked: Worked
    stage: WorkedStage
    number: int
    install: Installed

    @property
    def step(self) -> Step:
        return self.stage.steps[self.number]

    @property
    def line(self) -> str:
        """The line of the Dockerfile, in words: that of the RUN where the call stands in a script."""
        here, run = self.install.origin, self.step.instruction.origin
        return f"line {here.line}" if here.file == run.file else f"line {run.line} of {run.file}"


def install_findings(builds: Builds, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """Why installations of these services' builds end, each reason once."""
    found: dict[bytes, Diagnostic] = {}
    for service in services:
        for build in dict.fromkeys((service.build, *(container.build for container in service.containers))):
            worked = builds.of(build)
            for diagnostic in _of_build(worked) if worked is not None else ():
                placed = _placed(diagnostic, build, service)
                if placed is not None:
                    found.setdefault(to_json(placed), replace(placed, service=service.name))
    yield from found.values()


def _placed(diagnostic: Diagnostic, build: Build, service: Service) -> Diagnostic | None:
    """The finding in the user's files: a Dockerfile of ours stands for the service's build command."""
    if build.generated_dockerfile is None:
        return diagnostic
    decision = next((one for one in service.decisions if one.id == f"{service.name}.build"), None)
    origin = decision.origin if decision is not None and decision.origin is not None else service.origin
    facts = (*diagnostic.facts, f"the build command is: {build.command}") if build.command else diagnostic.facts
    # Repositories whose scripts lack the mark are deployed on native runtimes all the same, by what they say of it.
    is_sure = build_is_written(build, service) and diagnostic.code != DENIED.code
    severity = diagnostic.severity if is_sure else Severity.WARNING
    if diagnostic.origin is not None and diagnostic.origin.file:  # a script of the user's, which that command runs
        origin = diagnostic.origin
    return replace(diagnostic, severity=severity, origin=origin, related=(), facts=facts)


def _of_build(worked: Worked) -> Iterator[Diagnostic]:
    for _, stage in sorted(worked.stages.items()):
        for number, step in enumerate(stage.steps):
            if step.failures:
                return  # nothing behind that line is reached
            for install in step.installs:
                found = next(_of_install(_Scene(worked, stage, number, install)), None)
                if found is not None:
                    yield found
                    if found.severity is Severity.ERROR:
                        return


def _of_install(scene: _Scene) -> Iterator[Diagnostic]:
    install = scene.install
    if install.certainty != "always" or install.step.unclear:
        return
    found = next(_reasons(scene), None)
    if install.failure == "fails":
        if found is not None:
            yield found
    elif isinstance(install.report, ToolReport) and install.report.may_fail:
        return
    elif install.failure == "swallowed" and found is not None:
        yield replace(
            found, code=SWALLOWED.code, severity=Severity.WARNING,
            message=f"{_call(install)} fails here, and the build goes on: {found.message}",
            help=f"{_to_let_it_fail(scene)}; then {found.help}",
        )  # fmt: skip
    elif install.failure == "swallowed" and _installs(install):
        message = f"a failure of {_call(install)} is swallowed: the image is then built without it"
        yield warning(SWALLOWED.code, message, origin=install.origin, help=_to_let_it_fail(scene))


def _to_let_it_fail(scene: _Scene) -> str:
    """A script of the user's goes on behind a command that fails unless it says otherwise."""
    here, run = scene.install.origin, scene.step.instruction.origin
    if here.file == run.file:
        return "let it fail: remove what swallows it"
    try:
        script = scene.worked.context.repo.text(here.file)
    except Unreadable:
        script = ""
    if _ENDS_AT_A_FAILURE.search(script):
        return "let it fail: remove what swallows it"
    return f"let it fail: write `set -e` as the first command of {here.file}"


_ENDS_AT_A_FAILURE = re.compile(r"^\s*set\s+(?:-\w*e|-o\s+errexit)|^#!.*\s-\w*e", re.MULTILINE)


def _installs(install: Installed) -> bool:
    return isinstance(install.report, Report) or (
        isinstance(install.report, NodeReport) and install.step.action in ("install", "ci")
    )


def _call(install: Installed) -> str:
    tool = "uv pip" if install.step.tool == "uv-pip" else install.step.tool
    return f"{tool} {install.step.action}".rstrip()


def _reasons(scene: _Scene) -> Iterator[Diagnostic]:
    """Why the call surely fails."""
    report = scene.install.report
    if not isinstance(report, ToolReport):
        yield from _behind(scene)
    if isinstance(report, Report):
        settled = scene.install.step.tool == "poetry" and is_poetry_2(scene.stage, scene.number)
        yield from _of_python(scene, replace(report, fatal=True) if settled else report)
    elif isinstance(report, NodeReport):
        yield from _no_command(scene)
        for need in report.needs:
            if need.state == "missing":
                is_project = posixpath.basename(need.path) == "package.json"
                yield _missing(scene, need, PROJECT_FILE if is_project else FILE_MISSING)
        if report.refusal is not None:
            yield _refused(scene, SCRIPT_MISSING, report.refusal, "add the script to package.json, or correct its name")
        if scene.install.step.script is not None:
            yield from _without_its_tool(scene)
    elif isinstance(report, ToolReport):
        for need in report.needs:
            yield _missing(scene, need, PROJECT_FILE)
        if report.refused is not None:
            yield _not_executed(scene, *report.refused)


def _behind(scene: _Scene) -> Iterator[Diagnostic]:
    """A lock file that lacks what the project asks for."""
    step = scene.install.step
    if step.action not in ("install", "ci", "sync") or step.tool not in ("npm", "yarn", "pnpm", "uv", "poetry"):
        return
    from .lock_files import OUT_OF_DATE, behind, makes_lock  # many builds install without one

    earlier = [one for part in scene.stage.steps[: scene.number + 1] for one in part.installs if one != scene.install]
    if any(makes_lock(one.step, step.tool) for one in earlier):
        return

    files = TreeFiles(scene.step.tree, scene.worked.context.repo)
    found = behind(step, files, is_npm_7=is_npm_7(scene.stage))
    if found is not None:
        made = look(scene.step.tree, found.file).made
        here = Origin(file=made.path, line=found.line or 1) if made is not None and made.by == "context" else None
        message = f"{_call(scene.install)} refuses: {found.lock} does not have {found.what}"
        related = (Related(origin=here, message="asked for here"),) if here is not None else ()
        yield error(OUT_OF_DATE.code, message, origin=scene.install.origin, related=related, help=found.to_do)


def _not_executed(scene: _Scene, path: str, why: str) -> Diagnostic:
    found = look(scene.step.tree, path)
    file = found.made.path if found.made is not None and found.made.by == "context" else path
    if why == "mode":
        text = TreeFiles(scene.step.tree, scene.worked.context.repo).read(path) or ""
        shell = "bash" if "bash" in text.partition("\n")[0] else "sh"
        message, help = f"{path} is not executable", f"git update-index --chmod=+x {file}, or run it as: {shell} {file}"
        facts = ("the shell answers Permission denied, status 126",)
        return error(DENIED.code, message, origin=scene.install.origin, facts=facts, help=help)
    message = f"{path} has Windows line ends: its interpreter is not found"
    help = f"save {file} with Unix line ends, and keep them: `*.sh text eol=lf` in .gitattributes"
    return error(LINE_ENDS.code, message, origin=scene.install.origin, help=help)


def _without_its_tool(scene: _Scene) -> Iterator[Diagnostic]:
    """A script whose program no installation before it brings."""
    from .node_installed import TOOLS, surely_not_there, tool_of  # few builds lack it
    from .package_scripts import scripts_of
    from .tools_used import NOT_FOUND

    step = scene.install.step
    scripts = scripts_of(TreeFiles(scene.step.tree, scene.worked.context.repo), step.directory or "/")
    script = (scripts or {}).get(step.script or "")
    tool = tool_of(script)
    gone = surely_not_there(scene.worked, TOOLS[tool], before=(scene.stage, scene.number)) if tool is not None else None
    if tool is not None and gone is not None:
        related = (Related(origin=gone.line, message="installs without it"),) if gone.line is not None else ()
        message = f"{_call(scene.install)} {step.script} runs {tool}, and {TOOLS[tool]} is not installed"
        origin = scene.install.origin
        yield error(NOT_FOUND.code, message, origin=origin, facts=(gone.why,), related=related, help=gone.to_do)


_SCRIPTS = ("build", "dev", "serve", "compile", "prod", "production", "generate", "lint", "watch", "preview")
"""Names of scripts that are no commands of npm (docs.npmjs.com/cli/commands); npm 6 let `npm build` pass."""


def _no_command(scene: _Scene) -> Iterator[Diagnostic]:
    action = scene.install.step.action
    if scene.install.step.tool == "npm" and action in _SCRIPTS and is_npm_7(scene.stage):
        yield _refused(scene, SCRIPT_MISSING, f"npm has no command {action}", f"write npm run {action}")


def _of_python(scene: _Scene, report: Report) -> Iterator[Diagnostic]:
    for built in report.projects:
        yield from _of_project(scene, built, fatal=report.fatal)
        yield from _of_another_python(scene, built)
    if report.names:
        yield from _compiled(scene, report)
    for need in report.needs:
        if need.state != "missing" or need.unless or any(need in built.needs for built in report.projects):
            continue
        is_project = posixpath.basename(need.path) in _PROJECT_FILES
        if report.fatal or is_project:
            yield _missing(scene, need, PROJECT_MISSING if is_project else FILE_MISSING)


def _of_project(scene: _Scene, built: Built, *, fatal: bool) -> Iterator[Diagnostic]:
    if built.refusal is None:
        return
    missing = [need for need in built.needs if need.state == "missing" and not need.unless]
    alone = [need for need in missing if posixpath.basename(need.path) == "pyproject.toml"]
    if alone and not built.backend:
        yield _missing(scene, alone[0], PROJECT_MISSING)
    elif missing and fatal and posixpath.basename(missing[0].path) == ".git":
        yield _without_git(scene, missing[0], built)
    elif missing and fatal:
        yield _missing(scene, missing[0], NOT_COPIED)
    elif fatal and "TOML" not in built.refusal:
        help = f"copy the package's sources before {scene.line}, or install what they need alone"
        yield _refused(scene, NOT_COPIED, built.refusal, help)


def _compiled(scene: _Scene, report: Report) -> Iterator[Diagnostic]:
    """What has no wheel, where there is no compiler."""
    from .compiled import COMPILED, lacks_compiler

    found = lacks_compiler(scene.worked, scene.stage, scene.number, scene.install.step, report.names)
    if found is not None:
        message = f"{_call(scene.install)} has to compile {found[0]}, and there is no compiler here"
        facts = ("the index has no wheel of it for Linux",)
        yield error(COMPILED.code, message, origin=scene.install.origin, facts=facts, help=found[1])


def _of_another_python(scene: _Scene, built: Built) -> Iterator[Diagnostic]:
    """A project that the tool refuses for its requires-python. uv and pdm look for another Python instead."""
    if scene.install.step.tool not in ("pip", "poetry") or scene.install.step.has("--ignore-requires-python"):
        return
    from .language_versions import asked_of_python, told  # few repositories install a project of their own

    files = TreeFiles(scene.step.tree, scene.worked.context.repo)
    asked = asked_of_python(scene.worked, scene.stage, built.directory, files)
    if asked is not None:
        yield told(asked, scene.worked, scene.install.origin, _call(scene.install))


def _without_git(scene: _Scene, need: Need, built: Built) -> Diagnostic:
    name = re.sub(r"[-_.]+", "_", built.name or "").upper()
    variable = f"SETUPTOOLS_SCM_PRETEND_VERSION{f'_FOR_{name}' if name else ''}"
    gone = scene.worked.context.git_is_left_out_at
    related = (Related(origin=gone, message="keeps .git from the builder"),) if gone is not None else ()
    message = f"{_call(scene.install)} needs {need.path} to tell the version, and it is not there"
    return error(
        VERSION.code, message, origin=scene.install.origin, facts=(need.why,), related=related,
        help=f"give the version before {scene.line}, as an ARG or ENV {variable}",
    )  # fmt: skip


def _missing(scene: _Scene, need: Need, rule: CheckRule) -> Diagnostic:
    facts, related, help = _where_it_is(scene, need.path)
    message = f"{_call(scene.install)} needs {need.path}, which is not there at this point"
    return error(
        rule.code, message, origin=scene.install.origin, facts=(need.why, *facts), related=related, help=help
    )  # fmt: skip


def _refused(scene: _Scene, rule: CheckRule, refusal: str, help: str) -> Diagnostic:
    later = _later(scene, scene.install.step.directory or "/")
    message = f"{_call(scene.install)} fails: {refusal}"
    return error(rule.code, message, origin=scene.install.origin, related=later, help=help)


def _where_it_is(scene: _Scene, path: str) -> tuple[tuple[str, ...], tuple[Related, ...], str]:
    """Where else a path of the image is: copied later, kept away, outside of the context; and what to do."""
    for step in scene.stage.steps[scene.number + 1 :]:
        if look(step.tree, path).state == "there":
            origin = step.instruction.origin
            message = "brings it, which is too late"
            return (), (Related(origin=origin, message=message),), f"copy it before {scene.line}"
    context = scene.worked.context
    directory = scene.install.step.directory or "/"
    inside = posixpath.relpath(path, directory) if path.startswith(directory.rstrip("/") + "/") else path.strip("/")
    cause = cause_of(context, f"/{inside}")
    if cause.where == "left-out" and cause.left_out is not None:
        gone = cause.left_out
        related = (Related(origin=gone.origin, message=f"leaves out {gone.path}"),) if gone.origin else ()
        what = "git does not have it" if gone.by == "git" else f"{gone.where or 'the upload'} keeps it from the builder"
        return (what,), related, "commit it" if gone.by == "git" else "remove the pattern, or add an exception below it"
    if cause.where == "outside":
        fact = f"the repository has it at {cause.path}, outside of the build context {context.directory}/"
        return (fact,), (), "build with a context that holds it, or move it into the context"
    if context.entry(inside).kind is not None:
        return (f"the build context has {inside}, and nothing copied it",), (), f"add `COPY {inside} ./` before it"
    help = f"did you mean {cause.meant}?" if cause.meant is not None else "correct the path, or commit the file"
    return ("the build context has none either",), (), help


def _later(scene: _Scene, directory: str) -> tuple[Related, ...]:
    """The next COPY into the directory that is installed."""
    for step in scene.stage.steps[scene.number + 1 :]:
        origin: Origin = step.instruction.origin
        if step.instruction.keyword in ("COPY", "ADD") and step.workdir == directory:
            return (Related(origin=origin, message="brings files there, which is too late"),)
    return ()
