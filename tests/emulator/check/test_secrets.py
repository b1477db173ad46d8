"""Secrets that become part of an image: variables, files; and what only looks like one."""

import pytest

from tests.emulator.check.checking import check_files

BASE = "FROM python:3.13-slim\nWORKDIR /app\n"
LAST = 'COPY . .\nCMD ["python", "app.py"]\n'


def lines(text: str, **files: str) -> list[int]:
    found = check_files({"app.py": "", "Dockerfile": f"{BASE}{text}{LAST}", **files}).diagnostics
    assert "hunter2-hunter2" not in str(found)
    return [d.origin.line for d in found if d.code == "image/secret-baked-in"]


@pytest.mark.parametrize(
    "text",
    [
        "ENV API_KEY=hunter2-hunter2\n", "ENV DB_PASSWORD hunter2-hunter2\n",
        'ENV A=1 \\\n  AUTH_TOKEN="hunter2-hunter2"\n',
        "ENV DATABASE_URL=postgres://shop:hunter2-hunter2@db.shop.io/shop\n", "ENV KEY=AKIAIOSFODNN7ABCDEFG\n",
        "ENV SECRET_KEY_BASE=hunter2-hunter2\n", "ENV DB_PASS=hunter2-hunter2\n",
        "ARG AWS_SECRET_ACCESS_KEY\nENV AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY\n",
    ],
)  # fmt: skip
def test_a_variable_that_stays_is_told_at_its_line(text: str):
    """The value itself is never printed."""
    assert len(lines(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "ENV SECRET_KEY=dummy-for-collectstatic\n", "ENV API_KEY=\n",
        "ARG SECRET_KEY=dummy-key\nENV SECRET_KEY=$SECRET_KEY\n", "ENV SECRET_KEY_BASE_DUMMY=1\n",
        "ENV DATABASE_URL=postgres://postgres:postgres@db.shop.io/x\n", "ENV DATABASE_URL=postgres://u:hunter2-hunter2@db/x\n",
        "ENV DATABASE_URL=postgres://u:$PASS@db.shop.io/x\n", "ENV PROXY=http://proxy.shop.io:3128\n",
        "ENV SECRET_KEY_FILE=/run/secrets/hunter2-hunter2\n",
        "ENV STRIPE_PUBLISHABLE_API_KEY=pk_live_hunter2\n", "ARG API_KEY\n", "ENV TOKEN_TTL=3600\n",
        "ENV KEYBOARD=hunter2-h\n",
        "RUN --mount=type=secret,id=API_KEY true\n", "ENV PASSWORD=changeme\n",
    ],
)  # fmt: skip
def test_what_is_no_secret_is_not_told(text: str):
    """Placeholders, names that only look like one, arguments that do not stay."""
    assert lines(text) == []


def test_private_files_are_told_where_they_come_in():
    """At the COPY; not where an ignore file keeps them out, and not their samples."""
    assert lines("", **{".env": "A=1\n"}) == [3]
    assert lines("", **{".env": "A=1\n", ".dockerignore": ".env\n"}) == []
    assert lines("", **{".env.example": "A=1\n"}) == []
    assert lines("", id_rsa="x") == [3]
