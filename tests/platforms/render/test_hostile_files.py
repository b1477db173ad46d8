"""Files made to exhaust whoever reads them: there is an answer, soon, and it is short."""

import time

import pytest

from tests.platforms.render.planning import DOCKERFILE, codes, plan

LIMIT_S = 20
"""Far above what each takes (3 s), far below what took minutes when the time grew with the square of the size."""

MANY = 20_000
ONE = "services:\n  - type: web\n    name: a\n    runtime: docker\n"


def _many(line: str) -> str:
    return "".join(line.replace("#", str(n)).replace("NEXT", str((n + 1) % MANY)) for n in range(MANY))


BOMB = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "yaml/alias-explosion"),
        ("a: " + "[" * 100_000, "yaml/too-deep"),
        ("".join(" " * n + "a:\n" for n in range(1000)), "yaml/too-deep"),
        ("a: &a {b: *a}\n", "yaml/recursive-alias"),
        ("#" * (10 * 1024 * 1024), "file/too-large"),
    ],
    ids=["aliases of aliases", "brackets", "indentation", "itself", "ten megabytes"],
)
def test_what_is_refused_at_once(text, code):
    """One error, at its place, with what to do; nothing is planned."""
    began = time.process_time()
    made = plan({"render.yaml": text}, "blueprint")
    assert time.process_time() - began < LIMIT_S
    assert codes(made, "error") == [code]
    assert made.diagnostics[0].help
    assert made.services == ()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        "services:\n" + _many("  - {type: web, name: s#, runtime: docker}\n"),
        "services:\n" + _many("  - {type: web, name: s, runtime: docker}\n"),
        "services:\n" + _many("  - text\n"),
        ONE + _many("    k#: 1\n"),
        ONE + "    envVars:\n" + _many("      - {key: K#, value: x}\n"),
        ONE + "    envVars:\n" + _many("      - {key: K, value: x}\n"),
        ONE + "    envVars:\n"
        + _many("      - {key: K#, fromService: {name: b, type: web, envVarKey: KNEXT}}\n")
        + "  - type: web\n    name: b\n    runtime: docker\n    envVars:\n"
        + _many("      - {key: K#, fromService: {name: a, type: web, envVarKey: KNEXT}}\n"),
        "services:\n"
        + _many("  - {type: web, name: s#, runtime: docker, envVars: [{key: A, fromService: "
                "{name: sNEXT, type: web, envVarKey: A}}]}\n"),
        "databases:\n" + _many("  - {name: d#}\n"),
        "envVarGroups:\n" + _many("  - {name: g#, envVars: [{key: A, value: b}]}\n"),
        _many("k#: 1\n"),
    ],
    ids=["services", "one name", "no services", "fields", "variables", "one variable", "a circle of variables",
         "a circle of services", "databases", "groups", "roots"],
)  # fmt: skip
def test_twenty_thousand_of_anything(text):
    """Bounded time, and no more findings than anyone reads."""
    began = time.process_time()
    made = plan({"render.yaml": text, "Dockerfile": DOCKERFILE}, "blueprint")
    assert time.process_time() - began < LIMIT_S
    assert len(made.diagnostics) <= 201


LATE = "    maxShutdownDelaySeconds: 0\n"
"""Told after all that reading finds."""


def test_errors_are_kept_where_findings_are_left_out():
    """A file with more warnings than are shown still says that it is refused."""
    rows = "".join("      - {key: K, value: x}\n" for _ in range(300))
    made = plan({"render.yaml": ONE + "    envVars:\n" + rows + LATE, "Dockerfile": DOCKERFILE}, "blueprint")
    assert made.with_errors()
    assert codes(made, "error", "info") == ["render/shutdown-delay", "render/more-findings"]


def test_a_thousand_services_are_read():
    """More are no Blueprint: an error that is ours, and the first thousand are planned."""
    rows = "".join(f"  - {{type: keyvalue, name: k{n}, ipAllowList: []}}\n" for n in range(1001))
    made = plan({"render.yaml": "services:\n" + rows}, "blueprint")
    assert codes(made) == ["render/too-many"]
    assert (made.diagnostics[0].fault, len(made.services)) == ("gap", 1000)
    assert made.diagnostics[0].origin is not None
    assert made.diagnostics[0].origin.line == 1002
