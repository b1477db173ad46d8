"""Really building a Dockerfile and comparing, path for path, with the image worked out."""

import io
import posixpath
import re
import subprocess
import tarfile
from pathlib import Path

from emulator.edge.context import prepare_context
from emulator.edge.disk import open_repository
from emulator.formats.dockerfile import parse_dockerfile
from emulator.image.glob import has_wildcards
from emulator.image.tree import File, Folder, Link, Unknown, walk
from emulator.image.working import Worked, open_context, work_out
from emulator.model.record import Record
from emulator.snapshot import Snapshot
from tests.emulator.edge.git_repositories import Repo


class Project(Record, frozen=True, kw_only=True):
    """A repository to build. files: path → text; links: path → target, both below the context, as are Dockerfile and
    ignore file. beside: files above the context, where that is not the root."""

    dockerfile: str
    files: dict[str, str] = {}
    links: dict[str, str] = {}
    executable: tuple[str, ...] = ()
    dockerignore: str | None = None
    gitignore: str | None = None
    target: str | None = None
    context: str = "."
    beside: dict[str, str] = {}

    def write(self, folder: Path) -> Snapshot:
        """The repository in an empty folder; with a .gitignore it is one of git's."""
        if self.gitignore is not None:
            Repo(folder).git("init", "-q")
        texts = {**self.files, "Dockerfile": self.dockerfile}
        texts |= {".dockerignore": self.dockerignore} if self.dockerignore is not None else {}
        texts |= {".gitignore": self.gitignore} if self.gitignore is not None else {}
        for path, text in self.beside.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        for path, text in texts.items():
            place = folder / self.context / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
            place.chmod(0o755 if path in self.executable else 0o644)
        for path, target in self.links.items():
            place = folder / self.context / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)
        return open_repository(str(folder), root=str(folder))


class Built(Record, frozen=True, kw_only=True):
    """What the engine said: the files of the image, or the line at which the build ended and its words."""

    paths: dict[str, tuple]
    failed_at: int | None = None
    log: str = ""


def work(repo: Snapshot, target: str | None = None, context: str = ".") -> Worked:
    name = posixpath.normpath(f"{context}/Dockerfile")
    parsed = parse_dockerfile(repo.text(name), "Dockerfile")
    return work_out(open_context(repo, context, name), parsed, target=target)


def build(repo: Snapshot, target: str | None = None, directory: str = ".") -> Built:
    """Build with the engine, as `emu up` does it."""
    name = posixpath.normpath(f"{directory}/Dockerfile")
    with prepare_context(repo, context=directory, dockerfile=name) as context:
        command = ["docker", "buildx", "build", "--progress=plain", "--output", "type=tar,dest=-"]
        command += ["--target", target] if target else []
        command += ["-f", context.dockerfile, context.directory]
        done = subprocess.run(command, capture_output=True, check=False)
    log = done.stderr.decode(errors="replace")
    if done.returncode:
        at = re.findall(r"^Dockerfile:(\d+)$", log, re.MULTILINE)
        return Built(paths={}, failed_at=int(at[-1]) if at else 0, log=log)
    paths = {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        for member in tar:
            path = "/" + member.name.strip("/")
            if member.isdir():
                paths[path] = ("directory", member.mode & 0o7777)
            elif member.issym():
                paths[path] = ("link", member.linkname)
            else:
                content = tar.extractfile(member)
                paths[path] = ("file", member.mode & 0o7777, content.read() if content else b"")
    paths.pop("/", None)
    return Built(paths=paths, log=log)


def differences(repo: Snapshot, target: str | None = None, context: str = ".") -> tuple[list[str], int]:
    """What differs between the image worked out and the one that was built, and how many paths were compared."""
    return compared(work(repo, target, context), build(repo, target, context))


def compared(worked: Worked, built: Built) -> tuple[list[str], int]:
    """As `differences`, of what is there already."""
    if built.failed_at is not None:
        return _of_failures(worked, built), 1
    if worked.failures:
        return [f"we say it fails ({worked.failures[0].reason}), and it does not"], 1
    expected = dict(walk(worked.tree))
    found: list[str] = []
    count = 0
    for path, node in expected.items():
        if path == "/" or isinstance(node, Unknown):
            continue
        count += 1
        actual = built.paths.get(path)
        if actual is None:
            found.append(f"{path} is not in the image")
        elif not _same(worked, node, actual):
            found.append(f"{path}: worked out {_shown(worked, node)}, built {actual}")
    found += [f"{path} is in the image only" for path in built.paths if not _may_be(worked.tree, path)]
    return found, count


def _of_failures(worked: Worked, built: Built) -> list[str]:
    if "dockerfile parse error" in built.log or worked.diagnostics:
        return []
    if not worked.failures:
        # What is unknown may fail; what is known may not.
        silent = _has_unknown(worked) or _follows_inner_links(worked, built)
        return [] if silent else [f"the build fails and we do not say so: {built.log[-1500:]}"]
    lines = {failure.origin.line for failure in worked.failures}
    if any(failure.kind in ("bad-pattern", "bad-ignore-file") for failure in worked.failures):
        lines.add(0)  # the context is not even sent, and no line is named
    if built.failed_at not in lines and not _has_unknown(worked):
        return [f"we say line {sorted(lines)}, the build fails at {built.failed_at}: {built.log[-1500:]}"]
    return []


def _follows_inner_links(worked: Worked, built: Built) -> bool:
    """This builder (0.13) refuses a pattern when a link deep in a directory it matches leads nowhere, and newer ones
    do not: we claim neither."""
    line = worked.dockerfile.instructions
    failed = [i for i in line if i.origin.line <= (built.failed_at or 0) <= (i.origin.end_line or i.origin.line)]
    return "failed to calculate checksum" in built.log and any(has_wildcards(w.text) for i in failed for w in i.words)


def _has_unknown(worked: Worked) -> bool:
    return any(
        isinstance(node, Unknown) or (isinstance(node, Folder) and not node.complete)
        for stage in worked.stages.values()
        for step in stage.steps
        if not step.failures
        for _, node in walk(step.tree)
    )


def _shown(worked: Worked, node: object) -> tuple:
    if isinstance(node, Folder):
        return ("directory", node.mode)
    if isinstance(node, Link):
        return ("link", node.target)
    assert isinstance(node, File)
    content = node.content if node.made.by == "instruction" else worked.context.repo.read(node.made.path)
    return ("file", node.mode, content)


def _same(worked: Worked, node: object, actual: tuple) -> bool:
    shown = _shown(worked, node)
    return len(shown) == len(actual) and all(a is None or a == b for a, b in zip(shown, actual, strict=True))


def _may_be(root: Folder, path: str) -> bool:
    node: object = root
    for part in path.strip("/").split("/"):
        if isinstance(node, Unknown):
            return True
        if not isinstance(node, Folder):
            return False
        node = node.get(part)
    return isinstance(node, File | Folder | Link | Unknown)
