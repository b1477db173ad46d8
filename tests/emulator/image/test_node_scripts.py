"""Scripts of package.json whose tools write in their own package alone."""

import json

import pytest

from emulator.image.node_scripts import stays_inside
from emulator.snapshot import Snapshot, from_mapping
from tests.emulator.image.test_running import states, work


class Files:
    """The files of a mapping, at /app."""

    def __init__(self, files: dict[str, str]) -> None:
        self.repo: Snapshot = from_mapping(files)

    def look(self, path: str) -> str:
        return "file" if self.repo.is_file(path.removeprefix("/app/")) else "absent"

    def read(self, path: str) -> str | None:
        return self.repo.text(path.removeprefix("/app/")) if self.look(path) == "file" else None


@pytest.mark.parametrize(
    ("scripts", "files", "expected"),
    [
        ({"build": "vite build"}, {}, True), ({"build": "tsc && NODE_ENV=production vite build"}, {}, True),
        ({"build": "npm run types && next build", "types": "tsc --noEmit"}, {}, True),
        ({"build": "prisma generate && next build", "postbuild": "echo done"}, {}, True),
        ({"build": "node build.js"}, {}, False), ({"build": "vite build --outDir ../web"}, {}, False),
        ({"build": "vite build", "postbuild": "cp -r dist ../"}, {}, False), ({"build": "vite build > /x"}, {}, False),
        ({"build": "npm run other"}, {}, False), ({"build": "npm run build"}, {}, False), ({}, {}, False),
        ({"build": "vite build"}, {"vite.config.ts": "build: {outDir: '../static'}"}, False),
        ({"build": "tsc"}, {"tsconfig.json": '{"extends": "../tsconfig.json"}'}, True),
        ({"build": "tsc"}, {"tsconfig.json": '{"compilerOptions": {"outDir": "../dist"}}'}, False),
        ({"build": "turbo run build"}, {}, False), ({"build": "$TOOL build"}, {}, False),
    ],
)  # fmt: skip
def test_what_stays_in_the_package(scripts: dict[str, str], files: dict[str, str], expected: bool):
    """Well-known tools, what npm runs before and after, settings that lead out."""
    there = Files({"package.json": json.dumps({"scripts": scripts}), **files})
    assert stays_inside("build", "/app", there) is expected  # type: ignore[arg-type]


def test_what_lies_beside_a_package_is_known_after_its_build():
    """A frontend that is built says nothing of the backend beside it."""
    for script, state in (("vite build", "absent"), ("node build.js", "unknown")):
        files = {"web/package.json": json.dumps({"scripts": {"build": script}})}
        lines = ("FROM node:22-slim", "WORKDIR /w", "COPY . .", "RUN cd web && npm run build")
        assert states(work(*lines, files=files), "/w/gone.py", "/w/web/dist/x.js") == [state, "unknown"]
