"""Commands that are over at once: found where that is certain, silent about whatever stays."""

import pytest

from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import check_files

CODE = "start/ends-by-itself"
PACKAGE = '{"scripts": {"start": "tsc", "dev": "tsc --watch", "serve": "tsc && node app.js"}}'


WEB = {"render.yaml": "services:\n  - {name: c, runtime: docker, plan: starter, type: web}\n"}


def found(last: str, *, base: str = "python:3.13-slim", **files: str) -> list[tuple[Severity, int]]:
    """Severity and line of each finding."""
    repo = {"app.py": "", "package.json": PACKAGE, "Dockerfile": f"FROM {base}\nCOPY . /app\nWORKDIR /app\n{last}"}
    plan = check_files(repo | files, options={"created-from": "blueprint"} if files.keys() & WEB.keys() else None)
    return [(d.severity, d.origin.line) for d in plan.diagnostics if d.code == CODE and d.origin]


@pytest.mark.parametrize(
    "last",
    [
        "CMD pip install -r requirements.txt",
        "CMD cd /app && flask db upgrade", "CMD alembic upgrade head", "CMD django-admin migrate",
        'CMD ["gunicorn", "-D", "app:app"]', "CMD gunicorn --daemon -b 0.0.0.0:$PORT app:app",
        "CMD service cron start", "CMD pm2 start app.js", "CMD npm ci", "CMD npm start", "CMD next build",
        "CMD redis-server --daemonize yes", 'ENTRYPOINT ["tini", "--"]\nCMD ["npm", "install"]',
    ],
)  # fmt: skip
def test_command_that_is_over_is_found_at_its_line(last: str) -> None:
    """Installers, compilers, migrations, prompts without a terminal, daemons that leave the foreground."""
    assert found(last) == [(Severity.ERROR, 4 + last.count("\n"))]


@pytest.mark.parametrize(
    "last",
    [
        'CMD ["python", "app.py"]', "CMD pip install x && python app.py", "CMD python manage.py runserver 0:$PORT",
        'CMD ["python", "-c", "import app"]', "CMD python $SCRIPT", "CMD npm run dev", "CMD npm run serve",
        "CMD pm2 start app.js && pm2 logs", "CMD pm2 start app.js --no-daemon", "CMD pm2-runtime start app.js",
        "CMD flask run", 'CMD ["bash", "run.sh"]', "CMD gunicorn app:app & echo started; wait", "CMD sleep infinity",
        "CMD redis-server --daemonize no", "CMD python app.py & pip list", 'CMD ["nginx", "-g", "daemon off;"]',
        'ENTRYPOINT ["/whoami"]', 'CMD ["./date", "--port", "80"]',
        'ENTRYPOINT ["/entrypoint.sh"]\nCMD ["bash"]', "CMD if true; then pip list; fi", "CMD vite preview",
    ],
)  # fmt: skip
def test_command_that_may_stay_is_silent(last: str) -> None:
    """Servers, whatever runs beside a command, and what is not understood."""
    assert found(last) == []


@pytest.mark.parametrize("base", ["python:3.13-slim", "node:22", "debian:12", "ubuntu", "alpine:3.20", "golang:1.23"])
def test_image_without_a_command_is_found(base: str) -> None:
    """The base image's own command is a shell or a prompt. Certain where a file declares the service: otherwise the
    platform's settings may hold a command, as `docker run` may have one."""
    assert found("", base=base) == [(Severity.WARNING, 1)]
    assert found("", base=base, **WEB) == [(Severity.ERROR, 1)]


@pytest.mark.parametrize("last", ['CMD ["python"]', 'CMD ["bash"]', "CMD echo started"])
def test_image_that_may_be_a_workshop_is_certain_only_as_a_declared_service(last: str) -> None:
    """People start such an image with a command of their own."""
    assert found(last) == [(Severity.WARNING, 4)]
    assert found(last, **WEB) == [(Severity.ERROR, 4)]


@pytest.mark.parametrize("base", ["nginx", "someone/python:3", "php:8-apache", "tiangolo/uvicorn-gunicorn", "caddy:2"])
def test_base_images_that_bring_a_server_or_are_not_known_are_silent(base: str) -> None:
    """nginx serves by itself, and what another image does only it knows."""
    assert found("", base=base) == []


def test_command_of_an_earlier_stage_of_the_chain_counts() -> None:
    """A stage takes over the CMD of the stage that it is built on."""
    assert found('CMD ["python", "app.py"]\nFROM base', base="python:3.13 AS base") == []


@pytest.mark.parametrize("last", ['CMD ["nginx"]', "CMD nginx"])
def test_nginx_leaves_the_foreground_unless_its_configuration_says_no(last: str) -> None:
    """The official image says so in its own CMD, not in its nginx.conf."""
    assert found(last, base="nginx:1.27") == [(Severity.ERROR, 4)]
    assert (
        found("COPY nginx.conf /etc/nginx/nginx.conf\n" + last, base="nginx:1.27", **{"nginx.conf": "daemon off;"})
        == []
    )
    assert found("RUN echo 'daemon off;' >> /etc/nginx/x.conf\n" + last, base="nginx:1.27") == []


def test_what_is_meant_to_end_is_silent() -> None:
    """A cron service ends; a worker's end is only likely a mistake."""
    head = "services:\n  - {name: c, runtime: docker, plan: starter, "
    assert found("CMD pip list", **{"render.yaml": head + "type: cron, schedule: '0 0 * * *'}\n"}) == []
    assert found("CMD pip list", **{"render.yaml": head + "type: worker}\n"}) == [(Severity.WARNING, 4)]


FLASK = "from flask import Flask\napp = Flask(__name__)\n\n@app.get('/')\ndef home():\n    return app.run.__name__\n"


@pytest.mark.parametrize(
    "text",
    [FLASK, "import os\n" + FLASK + "app.register_blueprint(None)\n", "from fastapi import FastAPI\napp = FastAPI()\n"],
)
def test_script_that_only_defines_its_app_is_found(text: str) -> None:
    """Told at the command, with the place of the app."""
    assert found("CMD exec python app.py", **{"app.py": text}) == [(Severity.ERROR, 4)]


@pytest.mark.parametrize(
    "text",
    [
        FLASK + "app.run()\n", FLASK + "if __name__ == '__main__':\n    app.run()\n", FLASK + "main()\n", "x = 1\n",
        "import lib.own\n" + FLASK, "import own\n" + FLASK, "from . import own\n" + FLASK,
        FLASK + "s = serve(app)\n", FLASK + "while x: pass\n",
        "from other import Flask\napp = Flask()\n", FLASK + "from gevent.pywsgi import x\nx(app).serve_forever()\n",
    ],
)  # fmt: skip
def test_script_that_may_serve_is_silent(text: str) -> None:
    """A call that serves, a call that is not known, code of the repository's own."""
    assert found("CMD exec python app.py", **{"app.py": text, "own.py": "", "lib/own.py": ""}) == []


def test_server_that_imports_the_app_is_silent() -> None:
    """The same text is right for a server that imports it, and beside other arguments."""
    assert found("CMD exec gunicorn app:app", **{"app.py": FLASK}) == []
    assert found("CMD exec python app.py serve", **{"app.py": FLASK}) == []


def test_subcommands_of_manage_py_are_certain_where_it_is_djangos() -> None:
    """Another script of that name may do anything."""
    last = 'CMD ["python", "manage.py", "migrate"]'
    django = "from django.core.management import execute_from_command_line as main\n"
    assert found(last, **{"manage.py": django}) == [(Severity.ERROR, 4)]
    assert found(last, **{"manage.py": "print(1)\n"}, **WEB) == [(Severity.WARNING, 4)]
