"""`emu plan` and `emu check` beside `docker compose config` and `honcho check`, as whole processes in one run."""

import argparse
import subprocess
import tempfile
from pathlib import Path

from tests.bench.timing import available, emu, in_turn, process, report

FILES = {
    "Procfile": "web: gunicorn app:app\n",
    "app.py": "app = None\n",
    "requirements.txt": "gunicorn\n",
    "Dockerfile": (
        "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
        "CMD gunicorn --bind 0.0.0.0:$PORT app:app\n"
    ),
    "docker-compose.yml": 'services:\n  web:\n    build: .\n    ports: ["10000:10000"]\n',
    "render.yaml": (
        "services:\n  - type: web\n    name: web\n    runtime: docker\n    plan: starter\n"
        "    healthCheckPath: /health\n    envVars:\n      - key: A\n        value: b\n"
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        for name, text in FILES.items():
            (repository / name).write_text(text)
        for arguments in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", "-C", folder, *arguments], check=True)
        commands = {
            "emu plan": [emu(), "plan"],
            "emu plan --format json": [emu(), "plan", "--format", "json"],
            "emu check": [emu(), "check"],
            "docker compose config": ["docker", "compose", "config"],
            "honcho check": [emu().removesuffix("emu") + "honcho", "check"],
        }
        there = {name: command for name, command in commands.items() if available(command)}
        for name in commands.keys() - there.keys():
            print(f"left out, not on this machine: {name}")
        report(in_turn({n: process(c, repository) for n, c in there.items()}, runs), base="emu plan")


if __name__ == "__main__":
    main()
