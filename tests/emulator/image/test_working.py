"""A Dockerfile worked out: what is there, who wrote it at which line, and what stays unknown."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.formats.dockerfile import Instruction, parse_dockerfile
from emulator.image.steps import Ran, State
from emulator.image.tree import File, Unknown, make_folders, walk
from emulator.image.working import Worked, open_context, work_out
from emulator.snapshot import from_mapping

FILES = {"app.py": "a", "pkg/mod.py": "b", "requirements.txt": "c"}


def worked(*lines: str, files: dict[str, str] = FILES, readers: Sequence = (), **more) -> Worked:
    repo = from_mapping(files)
    parsed = parse_dockerfile("\n".join(lines) + "\n", "Dockerfile")
    return work_out(open_context(repo, ".", "Dockerfile"), parsed, readers=readers, **more)


def states(work: Worked, *paths: str) -> list[str]:
    return [work.look(path).state for path in paths]


def test_a_copied_file_names_its_source_and_its_line():
    """From which file of the repository, by which instruction; also deep in a copied directory."""
    work = worked("FROM scratch", "WORKDIR /app", "COPY . .")
    answer = work.look("/app/pkg/mod.py")
    assert (answer.state, answer.kind, answer.size, answer.mode) == ("there", "file", 1, 0o644)
    assert (answer.made.by, answer.made.path, answer.made.origin.line) == ("context", "pkg/mod.py", 3)
    assert work.look("/app").made.origin.line == 2


@pytest.mark.parametrize(
    "lines",
    [
        ["WORKDIR /bin/", "COPY --from=one /go/bin/tool ."],
        ["COPY --from=one /go/bin/tool /bin/"],
        ["COPY --from=one /go/bin/tool /bin/tool"],
        ["COPY --from=one /go/bin /bin"],
    ],
)
def test_what_is_not_known_may_come_to_a_directory_that_is_often_a_link(lines):
    """From scratch /bin is no link: a program of a stage that only its base knows is perhaps there."""
    work = worked("FROM golang:1 AS one", "FROM scratch", *lines)
    assert states(work, "/bin/tool", "/lib/tool") == ["unknown", "absent"]


def test_from_scratch_everything_is_known():
    """What nobody wrote is surely not there."""
    work = worked("FROM scratch", "COPY app.py /")
    assert states(work, "/app.py", "/bin/sh", "/app.py/in") == ["there", "absent", "absent"]


def test_an_unknown_image_may_hold_anything():
    """Only what was copied is known; what else lies beside it is not."""
    work = worked("FROM registry.example/base", "WORKDIR /app", "COPY . .")
    assert states(work, "/app/app.py", "/app/other.py", "/app/pkg/other.py") == ["there", "unknown", "unknown"]


@pytest.mark.parametrize("base", ["python:3.11-slim", "node:22", "docker.io/library/debian:12"])
def test_a_well_known_image_has_no_app_folder(base: str):
    """Its root directory is known by its names: a directory that WORKDIR makes there is new and empty."""
    work = worked(f"FROM {base}", "WORKDIR /app", "COPY app.py ./")
    assert states(work, "/app/app.py", "/app/other.py", "/usr/bin/env", "/var/x", "/nope") == [
        "there", "absent", "unknown", "unknown", "absent",
    ]  # fmt: skip


def test_a_well_known_image_begins_in_the_root():
    """It sets no WORKDIR, so that relative destinations are known."""
    assert states(worked("FROM python:3.12", "COPY app.py ./"), "/app.py") == ["there"]
    assert states(worked("FROM registry.example/base", "COPY app.py ./"), "/app.py") == ["unknown"]


def test_a_file_at_a_name_that_may_be_a_directory_is_unknown():
    """COPY x /var/y puts it into y where the image has a directory y."""
    work = worked("FROM python:3.12", "COPY app.py /var/y", "COPY app.py /var/z/")
    assert states(work, "/var/y", "/var/z/app.py") == ["unknown", "there"]


def test_through_a_directory_that_is_often_a_link_nothing_is_claimed():
    """/bin is /usr/bin in one image and not in the next."""
    work = worked("FROM python:3.12", "COPY app.py /usr/bin/tool/", "COPY app.py /bin/tool/app.py", "WORKDIR /x")
    assert states(work, "/bin/tool/app.py", "/usr/bin/tool/app.py", "/x") == ["unknown", "unknown", "there"]


def test_an_opaque_step_makes_everything_unknown():
    """Whatever stood there before; what is copied afterwards is known again."""
    work = worked("FROM scratch", "COPY . /app/", "RUN make", "COPY app.py /new/")
    assert states(work, "/app/app.py", "/new/app.py") == ["unknown", "there"]
    before = work.stages[0].steps[0]
    assert before.tree.get("app").get("app.py").size == 1


def test_a_reader_of_steps_says_what_a_step_does():
    """It sees the state before the step, and what it answers is claimed."""
    seen: list[State] = []

    def mkdir(instruction: Instruction, state: State) -> Ran | None:
        seen.append(state)
        if not instruction.text.startswith("mkdir "):
            return None
        return Ran(tree=make_folders(state.tree, instruction.text.split()[1], state.tree.get("app.py").made))

    work = worked("FROM scratch", "ENV A=1", "USER me", "COPY app.py /", "RUN mkdir /made", readers=[mkdir])
    assert states(work, "/made", "/app.py", "/other") == ["there", "there", "absent"]
    assert (seen[0].variables["A"], seen[0].user, seen[0].workdir, seen[0].base) == ("1", "me", "/", "scratch")
    assert states(worked("FROM scratch", "COPY app.py /", "RUN x", readers=[mkdir]), "/app.py") == ["unknown"]


def test_a_stage_that_is_not_reached_is_not_walked():
    """Its failures fail no build."""
    work = worked("FROM scratch AS one", "COPY nope /", "FROM scratch", "COPY app.py /")
    assert set(work.stages) == {1}
    assert work.failures == ()
    assert worked("FROM scratch AS one", "COPY nope /", "FROM scratch", target="one").failures[0].source == "/nope"


def test_stages_on_the_same_base_do_not_disturb_each_other():
    """Each begins with what the base ended with, its variables included."""
    work = worked(
        "FROM scratch AS base", "ENV D=/base", "FROM base AS one", "ENV D=/one", "COPY app.py $D/",
        "FROM base AS two", "COPY app.py $D/", "FROM scratch", "COPY --from=one / /1/", "COPY --from=two / /2/",
    )  # fmt: skip
    assert states(work, "/1/one/app.py", "/2/base/app.py", "/2/one") == ["there", "there", "absent"]


def test_a_missing_source_names_its_word():
    """The word, not the line; and the rest is worked out all the same."""
    work = worked("FROM scratch", "COPY app.py nope also /to/")
    assert [(f.source, f.origin.column) for f in work.failures] == [("/nope", 13), ("/also", 18)]


@pytest.mark.parametrize(
    "line",
    [
        "COPY $UNSET_BY_BASE/x /",
        "COPY --from=registry.example/other /nope /",
        "COPY --parents nope /",
        "ADD https://example.org/x /",
        "ADD https://github.com/o/r.git /",
        "COPY nope* /",
    ],
)
def test_what_cannot_be_known_does_not_fail(line: str):
    """A variable of the base, another image's files, flags that changed, the network, a pattern."""
    assert worked("FROM registry.example/base", line).failures == ()


TREE = {
    "a.txt": "1", "b.md": "2", "src/a.txt": "3", "src/a.py": "4", "src/x/b.txt": "5", "src/x/y/c.txt": "6",
    "x/y/a.txt": "7", "x/y/b.txt": "8", "y/a.txt": "9", "src/x/only.md": "10",
}  # fmt: skip


def _written(line: str) -> set[str]:
    """The files of an image that begins empty."""
    work = worked("FROM scratch", line, files=TREE)
    assert work.failures == ()
    return {path for path, node in walk(work.tree) if isinstance(node, File)}


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("COPY --exclude=*.txt src /to/", {"/to/a.py", "/to/x/b.txt", "/to/x/only.md", "/to/x/y/c.txt"}),
        ("COPY --exclude=**/*.txt src /to/", {"/to/a.py", "/to/x/only.md"}),
        ("COPY --exclude=x --exclude=*.py src /to/", {"/to/a.txt"}),
        ("COPY --exclude=x/y src /to/", {"/to/a.py", "/to/a.txt", "/to/x/b.txt", "/to/x/only.md"}),
        ("COPY --exclude=src/*.txt src/x /to/", {"/to/b.txt", "/to/only.md", "/to/y/c.txt"}),
        ("COPY --exclude=*.txt b.md /to/", {"/to/b.md"}),
        ("COPY --exclude=* src /to/", set()),
        ("COPY ./x/y/a.txt ./y/a.txt /to/", {"/to/a.txt"}),
        ("COPY --parents ./x/y/a.txt ./y/a.txt /to/", {"/to/x/y/a.txt", "/to/y/a.txt"}),
        ("COPY --parents ./x/./y/*.txt /to/", {"/to/y/a.txt", "/to/y/b.txt"}),
        ("COPY --parents ./src/**/*.txt /to/", {"/to/src/a.txt", "/to/src/x/b.txt", "/to/src/x/y/c.txt"}),
        ("COPY --parents src/x /to/", {"/to/src/x/b.txt", "/to/src/x/only.md", "/to/src/x/y/c.txt"}),
        ("COPY --parents --exclude=**/*.txt src/x /to/", {"/to/src/x/only.md"}),
        ("COPY --parents=false src/x/y /to/", {"/to/c.txt"}),
        ("COPY --parents nope/*.txt /to/", set()),
    ],
)
def test_files_left_out_and_parents_kept(line, files):
    """--exclude is judged from the source on; --parents keeps the way there, from "/./" on (Docker's own examples of
    both)."""
    assert _written(line) == files


@pytest.mark.parametrize(
    "line",
    [
        "COPY --exclude=*.txt a.txt /to/", "COPY --exclude=*.txt *.txt /to/", "COPY --exclude=$X src /to/",
        "COPY --exclude=!a src /to/", "COPY --parents nope /to/", "COPY --parents . /to/",
        "COPY --parents --chmod=700 src /to/",
    ],
)  # fmt: skip
def test_what_the_builders_code_and_its_documentation_tell_differently_is_unknown(line):
    work = worked("FROM scratch", line, files=TREE)
    assert (work.failures, states(work, "/to/a.txt")) == ((), ["unknown"])


def test_another_language_is_not_claimed_to_be_understood():
    """`# syntax=` may name a frontend with rules of its own."""
    lines = ["FROM scratch", "COPY nope /"]
    assert worked("# syntax=example/other:1", *lines).failures == ()
    assert worked("# syntax=example/other:1", *lines).look("/x").state == "unknown"
    assert worked("# syntax=docker/dockerfile:1", *lines).failures != ()


def test_a_build_argument_without_a_value_is_unknown():
    """A secret's value is not in the plan: what depends on it is not claimed."""
    lines = ["ARG BASE=scratch", "FROM $BASE", "ARG WHAT=nope", "COPY $WHAT /"]
    assert worked(*lines).failures[0].source == "/nope"
    assert worked(*lines, build_args={"WHAT": None}).failures == ()
    assert worked(*lines, build_args={"WHAT": "app.py", "BASE": None}).look("/x").state == "unknown"


def test_an_archive_is_unpacked_and_not_claimed():
    """ADD takes a compressed file apart; COPY does not, and a text file is none."""
    files = {"a.tgz": "\x1f\x8b", "t.txt": "text"}
    files["a.tgz"] = b"\x1f\x8b\x08"  # type: ignore[assignment]
    work = worked("FROM scratch", "ADD a.tgz /x/", "COPY a.tgz /y/", "ADD t.txt /z/", files=files)
    assert states(work, "/x/a.tgz", "/y/a.tgz", "/z/t.txt") == ["unknown", "there", "there"]


def test_the_worked_out_image_can_be_printed():
    """Every value on the way from the repository to the image is one that can be looked at."""
    text = "\n".join(worked("FROM scratch", "COPY app.py nope /a/").lines())
    assert "fails at Dockerfile:2:13: /nope is not there" in text


def test_an_ignore_file_that_docker_refuses_fails_at_its_line():
    """At the first instruction that needs the context, by the place in the ignore file."""
    files = {**FILES, ".dockerignore": "fine\n!"}
    assert str(worked("FROM scratch", "COPY . /", files=files).failures[0].origin) == ".dockerignore:2:1"
    assert worked("FROM scratch", "WORKDIR /x", files=files).failures == ()


# ---- bad input -----------------------------------------------------------------------------------------

HOSTILE = {
    "ten thousand stages": "".join(f"FROM scratch AS s{n}\nCOPY --from=s{n - 1} / /\n" for n in range(1, 10_000)),
    "a chain of ten thousand": "FROM scratch AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(10_000)),
    "a star": "FROM scratch AS b\n" + "ENV A=1\n" * 2000 + "".join(f"FROM b AS s{n}\n" for n in range(3000))
    + "FROM b\n" + "".join(f"COPY --from=s{n} /x /\n" for n in range(3000)),
    "a circle": "FROM a AS b\nFROM b AS a\n"
    "FROM scratch AS c\nCOPY --from=d / /\nFROM scratch AS d\nCOPY --from=c / /\n",
    "many copies into one folder": "FROM scratch\n" + "".join(f"COPY app.py /d/f{n}\n" for n in range(8000)),
    "a deep path": "FROM scratch\nCOPY app.py " + "/a" * 20_000 + "\n",
    "deep globs": "FROM scratch\n" + ("COPY " + "*/" * 200 + "x /\n") * 200,
    "a hostile pattern": "FROM scratch\n" + ("COPY " + "*a" * 3000 + " /\n") * 20,
    "many heredocs": "FROM scratch\nENV A=" + "x" * 60_000 + "\n" + "COPY <<a /b\n$A$A\na\n" * 20_000,
    "copied into itself": "FROM scratch AS s0\nCOPY . /\n"
    + "".join(f"FROM s{n} AS s{n + 1}\nCOPY --from=s{n} / /d/\n" for n in range(300)),
    "copied through many stages": "FROM scratch AS s0\nCOPY . /\n"
    + "".join(f"FROM scratch AS s{n + 1}\nCOPY --from=s{n} / /\nCOPY app.py /f{n}\n" for n in range(3000)),
    "doubled again and again": "FROM scratch AS s0\nCOPY . /\n" + "".join(
        f"FROM scratch AS s{n + 1}\nCOPY --from=s{n} / /a/\nCOPY --from=s{n} / /b/\nCOPY --from=s{n} / /a/\n"
        for n in range(200)
    ),
    "the same again": "FROM scratch\n" + "COPY . /app\n" * 3000,
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_dockerfiles_are_bounded(text: str):
    """Whatever somebody writes, the answer comes in seconds."""
    started = time.perf_counter()
    work = worked(text)
    work.look("/x/y")
    assert time.perf_counter() - started < 20


WORDS = st.text(alphabet="ab/*?[]-$.{}\\ <'\"x0", min_size=0, max_size=12)
LINES = st.tuples(
    st.sampled_from(["COPY", "ADD", "WORKDIR", "FROM", "ENV", "ARG", "RUN", "COPY --from=0", "COPY --chmod=7"]),
    WORDS,
    WORDS,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(LINES, max_size=8))
def test_any_dockerfile_has_an_answer(lines: list[tuple[str, str, str]]):
    """Never an exception, whatever the words are."""
    work = worked("FROM scratch", *(" ".join(line) for line in lines))
    work.look("/a")
    assert all(not isinstance(failure.origin, Unknown) for failure in work.failures)


def test_a_usual_repository_takes_milliseconds():
    """The Dockerfile of a web application."""
    lines = [
        "FROM node:22 AS front", "WORKDIR /src", "COPY package.json ./", "COPY . .", "RUN npm run build",
        "FROM python:3.11-slim", "WORKDIR /app", "COPY requirements.txt .", "RUN pip install -r requirements.txt",
        "COPY . .", "COPY --from=front /src/dist ./static", 'CMD ["python", "app.py"]',
    ]  # fmt: skip
    files = {**FILES, "package.json": "{}"} | {f"src/{n}.js": "" for n in range(500)}
    parsed = parse_dockerfile("\n".join(lines) + "\n", "Dockerfile")
    context = open_context(from_mapping(files), ".", "Dockerfile")
    work_out(context, parsed)
    started = time.process_time()
    work_out(context, parsed)
    assert time.process_time() - started < 0.02


def test_a_file_that_nobody_knows_leaves_the_directory_it_goes_to():
    """By its name it is a file, so that it brings no more than itself; a name that may be a directory's brings all."""
    lines = ["FROM acme/tools AS one", "FROM scratch", "WORKDIR /app", "COPY app.py ."]
    work = worked(*lines, "COPY --from=one /made/requirements.txt .")
    assert states(work, "/app/requirements.txt", "/app/other", "/app/app.py") == ["unknown", "absent", "there"]
    assert states(worked(*lines, "COPY --from=one /made/dist ."), "/app/other") == ["unknown"]
