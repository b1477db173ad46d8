"""Variables that a platform passes to the build, and a RUN that uses them without an ARG."""

import pytest

from tests.emulator.check.checking import check_files

SERVICE = """\
services:
  - type: web
    name: a
    runtime: docker
    plan: starter
    envVars:
      - {key: API_URL, value: "https://example.org"}
      - {key: TOKEN, sync: false}
"""


def lines(text: str) -> list[int]:
    """Lines of the findings; `text` begins at line 2."""
    files = {
        "Dockerfile": f'FROM python:3.13-slim\n{text}\nCMD ["python", "-m", "http.server"]\n',
        "render.yaml": SERVICE,
    }
    plan = check_files(files, options={"created-from": "blueprint"})
    return [d.origin.line for d in plan.diagnostics if d.code == "build/argument-not-declared" and d.origin]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN build --url $API_URL", [2]), ('RUN build "--token=${TOKEN}"', [2]), ("RUN A=$API_URL build", [2]),
        ("RUN build $API_URL\nRUN build $API_URL $TOKEN", [2, 3]), ("RUN build $API_URL\nARG API_URL", [2]),
        ("ARG TOKEN\nFROM python:3.13-slim\nRUN build $TOKEN", [4]),
    ],
)  # fmt: skip
def test_use_without_arg_is_found(text: str, expected: list[int]) -> None:
    """At the first RUN that uses it; an ARG that comes later, or in another stage, is none."""
    assert lines(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ARG API_URL\nRUN build $API_URL", "ENV API_URL=x\nRUN build $API_URL", "RUN build ${API_URL:-x}",
        "RUN API_URL=x && build $API_URL", "RUN export API_URL=x; build $API_URL", "RUN build '$API_URL'",
        "RUN build $OTHER", "RUN echo $API_URL", 'RUN ["build", "$API_URL"]', "RUN . ./env && build $API_URL",
        "RUN --mount=type=secret,id=TOKEN,env=TOKEN build $TOKEN", "RUN build \\$API_URL",
        "FROM python AS b\nARG API_URL\nFROM b\nRUN build $API_URL",
    ],
)  # fmt: skip
def test_what_has_a_value_is_silent(text: str) -> None:
    """Declared, set in the step, with a default, quoted, or not the service's."""
    assert lines(text) == []
