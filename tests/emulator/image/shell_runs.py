"""Scripts run by the real shell of a base image, many in one container: what `RUN` leaves, without a build each."""

import base64
import json
import subprocess
from types import TracebackType
from typing import Self

from tests.emulator.image.real_builds import Built

IMAGE = "python:3.11-slim"

SERVER = r"""
import base64, json, os, shutil, stat, subprocess, sys

def seen(path):
    found = os.lstat(path)
    mode = found.st_mode & 0o7777
    if stat.S_ISDIR(found.st_mode):
        return ["directory", mode]
    if stat.S_ISLNK(found.st_mode):
        return ["link", os.readlink(path)]
    with open(path, "rb") as file:
        return ["file", mode, base64.b64encode(file.read()).decode()]

def laid(asked):
    os.chdir("/")
    shutil.rmtree("/w", ignore_errors=True)
    os.mkdir("/w")
    os.chmod("/w", 0o755)
    for path, (text, mode) in asked["files"].items():
        os.makedirs(os.path.dirname("/w/" + path), exist_ok=True)
        with open("/w/" + path, "w") as file:
            file.write(text)
        os.chmod("/w/" + path, mode)
    for path, target in asked["links"].items():
        os.symlink(target, "/w/" + path)

os.umask(0o022)
for line in sys.stdin:
    asked = json.loads(line)
    laid(asked)
    try:
        done = subprocess.run(["/bin/sh", "-c", asked["script"]], cwd="/w", stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=20)
        code, said = done.returncode, done.stderr.decode(errors="replace")
    except subprocess.TimeoutExpired:
        code, said = 124, "it does not end"
    paths = {}
    for place, folders, files in os.walk("/w"):
        for name in [*folders, *files]:
            path = place + "/" + name
            paths[path] = seen(path)
    if os.path.lexists("/w"):
        paths["/w"] = ["directory", 0o755]  # what COPY makes of a directory's contents
    print(json.dumps({"code": code, "said": said, "paths": paths}), flush=True)
"""


class ShellRuns:
    """A container that lays out files in /w, runs a script there as root, and tells what then lies in /w."""

    def __enter__(self) -> Self:
        command = ["docker", "run", "--rm", "-i", "--network=none", IMAGE, "python", "-c", SERVER]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.communicate(timeout=60)

    def run(self, script: str, files: dict[str, tuple[str, int]], links: dict[str, str], *, line: int) -> Built:
        """files: path → text and mode. line: at which a build would fail where the script does."""
        stdin, stdout = self._server.stdin, self._server.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"script": script, "files": files, "links": links}) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        if answer["code"]:
            return Built(paths={}, failed_at=line, log=answer["said"])
        return Built(paths={path: _entry(seen) for path, seen in answer["paths"].items()}, log=answer["said"])


def _entry(seen: list) -> tuple:
    return (seen[0], seen[1], base64.b64decode(seen[2])) if seen[0] == "file" else tuple(seen)
