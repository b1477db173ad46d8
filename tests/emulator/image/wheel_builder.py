"""Builds the project in each directory named on the command line with its own backend, each in a process of its own.

Prints one JSON object: directory → the files of its wheel, or the reason why there is none.
"""

import contextlib
import importlib
import json
import os
import sys
import tempfile
import tomllib
import traceback
import zipfile
from pathlib import Path


def build(directory: str) -> list[str] | str:
    os.chdir(directory)
    pyproject = Path("pyproject.toml")
    data = tomllib.loads(pyproject.read_text()) if pyproject.exists() else {}
    named = data.get("build-system", {}).get("build-backend", "setuptools.build_meta:__legacy__")
    module, _, name = named.partition(":")
    backend = importlib.import_module(module)
    backend = getattr(backend, name) if name else backend
    with tempfile.TemporaryDirectory() as folder:
        wheel = backend.build_wheel(folder)
        return sorted(zipfile.ZipFile(Path(folder, wheel)).namelist())


def in_child(directory: str) -> list[str] | str:
    """A failed build must not spoil the next one."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            result: list[str] | str = build(directory)
        except BaseException:  # noqa: BLE001 - setuptools leaves by SystemExit
            result = traceback.format_exc()
        with os.fdopen(writer, "w") as out:
            json.dump(result, out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.wait()
    return json.loads(text)


if __name__ == "__main__":
    for backend in ("setuptools.build_meta", "hatchling.build", "poetry.core.masonry.api", "flit_core.buildapi"):
        importlib.import_module(backend)
    importlib.import_module("hatchling.builders.wheel")
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        built = {directory: in_child(directory) for directory in sys.argv[1:]}
    sys.stdout.write("\n@@" + json.dumps(built))
