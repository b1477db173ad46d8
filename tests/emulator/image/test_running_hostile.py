"""RUN steps that nobody writes by hand: an answer comes in bounded time and memory, whatever they hold."""

import time

import pytest

from tests.emulator.check.checking import check_files

pytestmark = pytest.mark.thorough

BASE = "FROM python:3.12-slim\nWORKDIR /w\n"
HOSTILE = {
    "directories": BASE + "RUN " + " && ".join(f"mkdir d{i}" for i in range(20_000)),
    "one deep directory": BASE + "RUN mkdir -p " + "/".join("a" for _ in range(20_000)),
    "stages on each other": "".join(
        f"FROM {f's{i - 1}' if i else 'python:3.12-slim'} AS s{i}\nRUN mkdir x{i} && cp -r /w /y{i}\n"
        for i in range(2_000)
    ),
    "a line of a megabyte": BASE + "RUN echo " + "a" * 900_000,
    "installations": BASE + "RUN " + " && ".join("pip install a" for _ in range(4_000)),
    "copies of copies": BASE + "RUN mkdir a && " + " && ".join(f"cp -r a b{i} && mv b{i} a/" for i in range(400)),
    "what may have run": BASE + "COPY . .\nRUN " + " ; ".join(f"mkdir q{i} || rm -rf q{i - 1}" for i in range(1_500)),
    "steps": BASE + "".join(f"RUN touch f{i} || true\n" for i in range(2_000)),
    "links to links": BASE + "RUN " + " && ".join(f"ln -s l{i + 1} l{i}" for i in range(2_000)) + " && touch l0/x",
    "wildcards": BASE
    + "RUN " + " && ".join(f"touch x{i}" for i in range(1_500))
    + "\nRUN " + " && ".join("rm -f *a*b*c*d*e*f*g*" for _ in range(300)),
    "modes": BASE + "RUN " + " && ".join("chmod -R 755 /w" for _ in range(2_900)),
}  # fmt: skip


@pytest.mark.parametrize("dockerfile", HOSTILE.values(), ids=HOSTILE)
def test_an_answer_comes_in_time(dockerfile: str):
    """Seconds on a slow machine, where a quadratic way would take minutes."""
    began = time.monotonic()
    check_files({"Dockerfile": f'{dockerfile}\nCMD ["python", "-m", "a.b.c"]\n', "app.py": ""})
    assert time.monotonic() - began < 15
