"""The image worked out against what BuildKit really makes of the same repository: kept cases, and generated ones.

EMU_BUILDS=1000 builds so many generated ones instead of the few of a usual run, each time others.
"""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.emulator.image.kept_builds import KEPT
from tests.emulator.image.real_builds import Project, build, differences, work

pytestmark = pytest.mark.docker

MORE = int(os.environ.get("EMU_BUILDS", "0"))
GENERATED = settings(
    max_examples=MORE or 30,
    derandomize=not MORE,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("project", KEPT.values(), ids=KEPT)
def test_kept_cases(project: Project, tmp_path: Path):
    """What BuildKit was once seen to do, it still does, and so do we."""
    found, _ = differences(project.write(tmp_path), project.target, project.context)
    assert found == []


NAMES = st.sampled_from(["a", "b", "c", "d.py", ".e", "a.txt", "a b"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TARGETS = st.sampled_from(["a", "b", "a/b", "../a", "/a", ".", "..", "/b/c", "nowhere", "c"])


@st.composite
def trees(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    """Files, links and which files are executable, without one lying below another."""
    taken: set[str] = set()

    def fits(path: str) -> bool:
        above = {path[:at] for at, character in enumerate(path) if character == "/"}
        free = path not in taken and not (above & taken) and not any(t.startswith(path + "/") for t in taken)
        if free:
            taken.add(path)
        return free

    files = {path: path for path in draw(st.lists(PATHS, min_size=1, max_size=7)) if fits(path)}
    links = {path: draw(TARGETS) for path in draw(st.lists(PATHS, max_size=4)) if fits(path)}
    return files, links, tuple(path for path in files if draw(st.integers(0, 4)) == 0)


ODD_SOURCES = st.sampled_from(
    [".", "/", "./", "*", "a*", "?", "*/b", "a/*", "[ab]", "no*", "../a", "/a/", "a/.", "*.py", "./a/../b", "nope"]
)


def sources_of(paths: list[str]) -> st.SearchStrategy[str]:
    """Mostly what is there, so that most builds go on to their end."""
    above = {path[:at] for path in paths for at, character in enumerate(path) if character == "/"}
    there = st.sampled_from(sorted({*paths, *above}))
    return st.one_of(there, there, there, there, st.sampled_from([".", "*", "/"]), ODD_SOURCES)


DESTINATIONS = st.sampled_from(
    ["/", ".", "./", "/x", "/x/", "x/y", "/a", "a/", "/a/b/", "../z", "/x/.", "/a/b", "$V/q", "/x/../w/", "b", "/c/d"]
)
FROM_STAGES = st.sampled_from(["/", ".", "*", "/*", "/", "/x", "/a", "a/*", "/v", "/c"])
PATTERNS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "*",
            "!a",
            "!b",
            "**/b",
            "*.py",
            "a/*",
            "!a/b",
            "a/b",
            "**",
            "!**/d.py",
            "/c",
            "c/",
            ".e",
            "!*.txt",
        ),
        *("?", "[ab]", "!a/*", "**/.e", "# a", " b ", "a/**", "!c/a/b", "./b", "a/../c", "**/a/b", "a**", "Dockerfile"),
    ]
)
GIT_PATTERNS = st.sampled_from(["a", "b", "a/", "c/b", "*.py", ".e", "/a/b", "!a", "a/*", "**/b/*", "[ab]"])


@st.composite
def copies(draw: st.DrawFn, stages: int, sources_here: st.SearchStrategy[str]) -> str:
    sources = draw(st.lists(sources_here, min_size=1, max_size=draw(st.sampled_from([1, 1, 2, 3]))))
    flags = draw(st.sampled_from(["", "", "", "", "--chmod=0700 ", "--link ", "--chown=1:2 "]))
    keyword = draw(st.sampled_from(["COPY", "COPY", "COPY", "ADD"]))
    if keyword == "COPY" and stages and draw(st.booleans()):
        flags += f"--from=s{draw(st.integers(0, stages - 1))} "
        sources = draw(st.lists(FROM_STAGES, min_size=1, max_size=2))
    words = [*sources, draw(DESTINATIONS)]
    as_json = draw(st.booleans()) or any(" " in word for word in words)
    return f"{keyword} {flags}{json.dumps(words) if as_json else ' '.join(words)}"


@st.composite
def dockerfiles(draw: st.DrawFn, paths: list[str]) -> str:
    sources_here = sources_of(paths)
    lines: list[str] = []
    for stage in range(draw(st.sampled_from([1, 1, 2, 3]))):
        base = draw(st.sampled_from(["scratch", *(f"s{earlier}" for earlier in range(stage))]))
        lines += [f"FROM {base} AS s{stage}", "ENV V=/v"]
        for _ in range(draw(st.integers(1, 5))):
            kind = draw(st.integers(0, 9))
            if kind == 0:
                lines.append(f"WORKDIR {draw(DESTINATIONS)}")
            elif kind == 1:
                lines += [f"COPY <<one {draw(sources_here)} <<'two' {draw(DESTINATIONS)}", "1 $V", "one", "2 $V", "two"]
            else:
                lines.append(draw(copies(stage, sources_here)))
    return "\n".join(lines) + "\n"


@st.composite
def projects(draw: st.DrawFn) -> Project:
    files, links, executable = draw(trees())
    context = draw(st.sampled_from([".", ".", ".", "api", "api/v1"]))
    return Project(
        context=context,
        beside={"a": "beside", "b/c": "beside", "api.txt": ""} if context != "." else {},
        dockerfile=draw(dockerfiles([*files, *links])),
        files=files,
        links=links,
        executable=executable,
        dockerignore=draw(st.none() | st.lists(PATTERNS, max_size=4).map("\n".join)),
        gitignore=draw(st.none() | st.lists(GIT_PATTERNS, max_size=2).map("\n".join)),
    )


def agree(project: Project) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found, compared = differences(project.write(Path(folder)), project.target, project.context)
        note(f"compared {compared}")
        COUNTED.append(compared)
        assert found == []


COUNTED: list[int] = []


@GENERATED
@given(projects())
def test_generated_repositories(project: Project):
    """Files, links, ignore files of Docker and git, stages and every form of COPY, mixed."""
    agree(project)


@settings(GENERATED, max_examples=MORE or 15)
@given(tree=trees(), patterns=st.lists(PATTERNS, min_size=1, max_size=6))
def test_generated_ignore_files(tree: tuple[dict[str, str], dict[str, str], tuple[str, ...]], patterns: list[str]):
    """What of a tree reaches the builder."""
    files, links, executable = tree
    agree(
        Project(
            dockerfile="FROM scratch\nCOPY . /\n", files=files, links=links, executable=executable,
            dockerignore="\n".join(patterns),
        )
    )  # fmt: skip


def test_the_comparison_can_fail(tmp_path: Path):
    """An image that differs from the one worked out is seen to differ."""
    repo = Project(dockerfile="FROM scratch\nCOPY a /\n", files={"a": "1"}).write(tmp_path)
    assert work(repo).look("/a").state == "there"
    assert build(repo).paths == {"/a": ("file", 0o644, b"1")}
    (tmp_path / "a").chmod(0o600)
    assert differences(repo) == (["/a: worked out ('file', 420, b'1'), built ('file', 384, b'1')"], 1)
