"""Which commands may change what the next one finds."""

import pytest

from emulator.check.command import started
from emulator.check.forerunners import text_may_change


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("cd src && gunicorn a:b", False), ("python manage.py migrate && gunicorn a:b", False),
        ("echo x && alembic upgrade head && uvicorn a:b", False), ("python wait.py && gunicorn a:b", False),
        ("flask db upgrade; gunicorn a:b", False), ("mkdir -p logs && gunicorn a:b", False),
        ("npm run build && node dist/a.js", True), ("cp a.py b.py && python b.py", True),
        (". venv/bin/activate && gunicorn a:b", True), ("echo x > a.py && python a.py", True),
        ("pip install x && gunicorn a:b", True), ("python -m pip install x && gunicorn a:b", True),
        ("chmod +x run && ./run", True), ("$X && gunicorn a:b", True), ("gunicorn a:b", False),
    ],
)  # fmt: skip
def test_what_runs_before(line: str, changed: bool):
    """Data and databases are of no matter; files, modes and environments are."""
    assert started(("sh", "-c", line), {}).changed is changed


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("#!/bin/sh\nset -e\nuntil pg_isready -h db; do\n  sleep 1\ndone\npython manage.py migrate --noinput\n", False),
        ('if [ "$A" = 1 ]; then\n  echo "a > b" >&2\nfi\n# cp a b\nnc -z db 5432 > /dev/null 2>&1\n', False),
        ("DB=x python manage.py collectstatic\nexport A=1\n", False),
        ("if [ -f a ]; then cp a b.py; fi\n", True), ("cat a > b.py\n", True), ("source .env\n", True),
        ("export PYTHONPATH=src\n", True), ("git clone x\n", True), ("npm run build\n", True),
    ],
)  # fmt: skip
def test_what_a_script_does_before(text: str, changes: bool):
    """Read word by word, whatever the script's form."""
    assert text_may_change(text) is changes
