"""The rule about installations into a directory that belongs to root, by another user.

docs.docker.com/reference/dockerfile: WORKDIR makes the directory if it is not there. Found out with both builders: it
is then root's where no USER stood before. COPY does not change the owner of a directory that is there.
"""

import json
import re
from collections.abc import Iterator

from emulator.formats.dockerfile.base_images import short_name
from emulator.image.findings import Builds
from emulator.image.installing import Installed
from emulator.image.project_files import join, table
from emulator.image.tree_files import TreeFiles
from emulator.image.working import Step, Worked, WorkedStage
from emulator.model.diagnostic import Diagnostic, Related, Severity, error
from emulator.model.plan import Service

from .each_build import first_of_each
from .rule import CheckRule, Sample
from .shell import words
from .tools_used import base_of, commands_of, program_of, steps_to

_NODE = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\n%sRUN npm ci\nCMD ["node", "server.js"]\n'
_LOCKED = {"": {"dependencies": {"express": "5.1.0"}}, "node_modules/express": {"version": "5.1.0"}}
_FILES = {
    "server.js": "",
    "package.json": '{"dependencies": {"express": "5.1.0"}}\n',
    "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": _LOCKED}),
}
NOT_WRITABLE = CheckRule(
    code="build/not-writable",
    severity=Severity.ERROR,
    statement="A package manager installs into a directory of root's, as another user.",
    why=(
        "WORKDIR made the directory while root was the user, and COPY does not change its owner: to make node_modules "
        "or .venv in it is refused, `EACCES: permission denied`. On your machine the folder is yours."
    ),
    wrong=Sample(files=_FILES | {"Dockerfile": _NODE % "USER node\n"}, file="Dockerfile", line=5),
    right=Sample(files=_FILES | {"Dockerfile": _NODE % "RUN chown node:node /app\nUSER node\n"}),
)  # fmt: skip

RULES = (NOT_WRITABLE,)

_ROOT = ("", "root", "0")
_OFFICIAL = words("node python debian ubuntu alpine")
_OF_SYSTEMS = words("bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var")
"""What a root directory has (Filesystem Hierarchy Standard 3.0, ch. 3); seen so in Debian's, whose /usr/src, /opt and
/srv are empty."""
_CHANGE_NO_OWNER = words(
    "npm yarn pnpm corepack pip pip3 apt-get apt apk useradd adduser groupadd addgroup usermod echo mkdir rm cp touch "
    "node python python3 uv"
)


def ownership_findings(builds: Builds, services: tuple[Service, ...]) -> Iterator[Diagnostic]:
    """The first such installation of each build, each once."""
    yield from first_of_each(builds, services, _of_build)


def _of_build(worked: Worked) -> Iterator[Diagnostic]:
    for _, stage in sorted(worked.stages.items()):
        for number, step in enumerate(stage.steps):
            for one in step.installs if number else ():
                made = _made_by_root(worked, stage, number, one)
                if made is not None:
                    folder, related = _made_in(one), Related(origin=made.instruction.origin, message="root's from here")
                    yield error(
                        NOT_WRITABLE.code,
                        f"{one.step.tool} makes {folder} as the user {step.user}, in a directory of root's",
                        origin=one.origin, related=(related,),
                        help=f"add RUN chown {step.user} {one.step.directory} before USER, or install before USER",
                    )  # fmt: skip


def _made_in(one: Installed) -> str:
    return join(one.step.directory or "/", "node_modules" if one.step.is_of_node else ".venv")


def _made_by_root(worked: Worked, stage: WorkedStage, number: int, one: Installed) -> Step | None:
    """The WORKDIR that made the directory of an installation for root, where that one surely makes a folder in it as
    another user."""
    step, directory = stage.steps[number], one.step.directory
    is_other = step.user is not None and "$" not in step.user and not _is_root(step.user)
    if not is_other or directory is None or one.certainty != "always" or one.failure != "fails":
        return None
    if one.step.unclear or any(flag.name == "mount" for flag in step.instruction.flags):
        return None
    files = TreeFiles(stage.steps[number - 1].tree, worked.context.repo)
    if not _installs(one, directory, files) or files.look(_made_in(one)) != "absent":
        return None
    steps = (steps_to(worked, stage, number) or ())[:-1]
    if any(_may_change_owners(worked, earlier) for earlier in steps) or not _is_new(base_of(worked, stage), directory):
        return None
    made = next((earlier for earlier in steps if _makes(earlier, directory)), None)
    return made if made is not None and _is_root(made.user) else None


def _makes(step: Step, directory: str) -> bool:
    """Whether a directory is there after a WORKDIR, if it was not before."""
    return step.instruction.keyword == "WORKDIR" and f"{step.workdir}/".startswith(f"{directory}/")


def _is_new(base: str, directory: str) -> bool:
    """Whether an official image surely does not have a directory."""
    first = directory.split("/")[1]
    empty = directory.startswith(("/usr/src/", "/opt/", "/srv/")) and not directory.startswith("/opt/yarn")
    return short_name(base) in _OFFICIAL and (empty or first not in _OF_SYSTEMS)


def _is_root(user: str | None) -> bool:
    """None: only the base image knows."""
    return user is not None and user.partition(":")[0] in _ROOT


def _installs(one: Installed, directory: str, files: TreeFiles) -> bool:
    step = one.step
    if step.tool == "uv":
        return step.action == "sync" and files.look(join(directory, "pyproject.toml")) == "file"
    if not step.is_of_node or step.action not in ("install", "ci") or step.names or step.has("-g", "--global"):
        return False
    try:
        data = json.loads(files.read(join(directory, "package.json")) or "")
    except (ValueError, RecursionError):
        return False
    return bool(table(data, "dependencies")) if isinstance(data, dict) and "workspaces" not in data else False


def _may_change_owners(worked: Worked, step: Step) -> bool:
    match step.instruction.keyword:
        case "COPY" | "ADD":
            return step.instruction.flag("chown") is not None
        case "SHELL" | "ONBUILD":
            return True
        case "ENV" | "ARG":
            return "UV_PROJECT_ENVIRONMENT" in step.instruction.source  # it is made elsewhere
        case "RUN":
            commands = commands_of(worked, step)
            is_harmless = commands is not None and all(program_of(one) in _CHANGE_NO_OWNER for one in commands)
            names_it = re.search(r"\b(?:chown|chmod|setfacl|install -[a-z]*o)\b", step.instruction.source)
            return not is_harmless or names_it is not None
    return False
