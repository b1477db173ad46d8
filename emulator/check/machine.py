"""Rules about an image and the place it runs in: another machine's architecture, mounts over the app's own files."""

import posixpath
from collections.abc import Iterator

from emulator.image.tree import Folder, Refused, Unsure, resolve
from emulator.model.diagnostic import Diagnostic, Related, Severity

from .image_view import ImageView, view_of
from .rule import CheckRule, Sample
from .subject import Subject

_APP = {"app.py": "print('hello')\n"}
_REST = 'WORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'

ARCHITECTURE = CheckRule(
    code="image/other-architecture",
    severity=Severity.ERROR,
    statement="The Dockerfile asks for an image of another architecture than the platform's machines have.",
    why=(
        "Its programs are made for another processor: the first one that is executed, in the build or at the start, "
        "ends with `exec format error`."
    ),
    wrong=Sample(
        files=_APP | {"Dockerfile": f"FROM --platform=linux/arm64 python:3.13-slim\n{_REST}"}, file="Dockerfile", line=1
    ),
    right=Sample(files=_APP | {"Dockerfile": f"FROM python:3.13-slim\n{_REST}"}),
)
HIDDEN = CheckRule(
    code="start/hidden-by-mount",
    severity=Severity.WARNING,
    statement="A disk or a volume is mounted over what the app is started from, or a secret over other files of it.",
    why=(
        "What the image has at that path cannot be seen while something is mounted there: the app finds what the disk "
        "or the volume holds, which at first is nothing of its own code."
    ),
    needs_platform_file=True,
)

RULES = (ARCHITECTURE, HIDDEN)

_FOREIGN = {"linux/amd64": ("arm64", "aarch64", "arm", "ppc64le", "s390x", "riscv64")}
"""Architectures whose programs a machine cannot execute. (amd64 executes those of 386.)"""


def other_architecture(subject: Subject) -> Iterator[Diagnostic]:
    """--platform of the FROM that the final image begins with."""
    stage = subject.first_stage
    asked = stage.platform if stage is not None and stage.image is not None else None
    if stage is None or not asked:
        return
    wanted = subject.container.build.platform
    system, _, rest = asked.partition("/")
    architecture = rest.partition("/")[0] or system
    if architecture in _FOREIGN.get(wanted, ()):
        yield subject.finding(
            ARCHITECTURE.code, Severity.ERROR, f"the image is made for {asked}; the platform runs {wanted}",
            origin=stage.origin, help="leave --platform away: the platform's builder chooses its own",
        )  # fmt: skip


def hidden_by_mount(subject: Subject) -> Iterator[Diagnostic]:
    """The script of the command, or the directory that it imports from, below a mount."""
    view, disk = view_of(subject), subject.service.disk
    if view is None:
        return
    mounts = [mount.path for mount in subject.container.mounts]
    mounts += [disk.mount_path] if disk is not None and len(subject.service.containers) == 1 else []
    place = _own_file(view)
    for mount in dict.fromkeys(posixpath.normpath(path) for path in mounts if path.startswith("/")):
        if place is not None and (place + "/").startswith(mount.rstrip("/") + "/"):
            found = view.worked.look(place)
            made = found.made.origin if found.made is not None else None
            yield subject.finding(
                HIDDEN.code, Severity.WARNING, f"what is mounted at {mount} hides {place}, which the command runs",
                related=(Related(origin=made, message="comes into the image here"),) if made is not None else (),
                help="mount it at a directory of its own, for example below the app's data",
            )  # fmt: skip
        elif mount in _secret_mounts(subject) and (hidden := _files_of_the_app(view, mount)):
            others = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
            yield subject.finding(
                HIDDEN.code, Severity.WARNING, f"the secret mounted at {mount} hides {hidden[0]}{others} of the image",
                facts=("a secret is mounted as a whole directory, whatever its file is called",),
                help="mount it at a directory of its own, such as /secrets, and read it there",
            )  # fmt: skip


def _secret_mounts(subject: Subject) -> frozenset[str]:
    """Where volumes of secrets are mounted."""
    secret = {volume.name for volume in subject.service.volumes if volume.kind == "secret"}
    return frozenset(posixpath.normpath(m.path) for m in subject.container.mounts if m.name in secret)


def _files_of_the_app(view: ImageView, path: str) -> list[str]:
    """Files of the repository that the image surely has in a directory; those for git and the like do not count."""
    try:
        _, node = resolve(view.tree, path)
    except (Refused, Unsure):
        return []
    names = [name for name in node.names() if not name.startswith(".")] if isinstance(node, Folder) else []
    found = [(name, view.worked.look(posixpath.join(path, name))) for name in names]
    return [
        posixpath.join(path, name)
        for name, seen in found
        if seen.state == "there" and seen.made is not None and seen.made.by == "context"
    ]


def _own_file(view: ImageView) -> str | None:
    """The file of the repository that the command runs, where the image has it."""
    run, candidates = view.run, []
    if run.script is not None and view.directory is not None:
        candidates.append(posixpath.join(view.directory, run.script))
    candidates += view.paths
    if view.import_directory is not None:
        for argument in run.args:
            module = argument.text.partition(":")[0].partition(".")[0]
            if argument.known and module.isidentifier():
                candidates += [posixpath.join(view.import_directory, module + end) for end in (".py", "/__init__.py")]
    for path in map(posixpath.normpath, candidates):
        found = view.worked.look(path)
        if found.state == "there" and found.kind == "file" and found.made is not None and found.made.by == "context":
            return path
    return None
