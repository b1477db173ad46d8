"""Where a server listens, as far as its command line decides it."""

import pytest

from emulator.check import servers
from emulator.check.servers import HOST_OPTIONS
from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import FROM, check_files, codes, findings

LOOPBACK, HARD, LITERAL = "start/loopback-bind", "start/port-hard-coded", "start/port-literal"


@pytest.mark.parametrize(
    "cmd",
    [
        'CMD ["gunicorn", "--bind", "127.0.0.1:10000", "app:app"]',
        'CMD ["gunicorn", "-b127.0.0.1:10000", "app:app"]',
        'CMD ["gunicorn", "-b", "localhost:80", "-b", "127.0.0.1:81", "app:app"]',
        "CMD exec gunicorn --bind=localhost:$PORT app:app",
        "CMD exec gunicorn app:app --bind 127.0.0.1:${PORT:-8000}",
        'CMD ["uvicorn", "app:app", "--host", "127.0.0.1", "--port", "8000"]',
        'CMD ["uvicorn", "app:app"]',
        'CMD ["python", "-m", "uvicorn", "app:app", "--port", "8000"]',
        'CMD ["python3.13", "-u", "-m", "uvicorn", "app:app", "--port", "8000"]',
        'CMD ["poetry", "run", "uvicorn", "app:app"]',
        'CMD ["uv", "run", "--no-sync", "uvicorn", "app:app"]',
        'CMD ["tini", "--", "uvicorn", "app:app"]',
        'ENTRYPOINT ["dumb-init", "--"]\nCMD ["uvicorn", "app:app"]',
        'CMD ["gosu", "app", "uvicorn", "app:app"]',
        'CMD ["env", "A=b", "uvicorn", "app:app"]',
        'CMD ["bash", "-lc", "cd /srv && exec uvicorn app:app --port $PORT"]',
        "CMD python manage.py migrate && exec uvicorn app:app",
        "CMD alembic upgrade head; exec uvicorn app:app --port $PORT",
        'CMD ["hypercorn", "app:app"]',
        'CMD ["daphne", "-p", "8000", "app:app"]',
        'CMD ["flask", "--app", "shop", "run"]',
        'CMD ["flask", "run", "-h", "127.0.0.1", "-p", "5000"]',
        'CMD ["python", "manage.py", "runserver", "127.0.0.1:8000"]',
        'CMD ["fastapi", "dev", "app.py"]',
        'ENV FLASK_RUN_HOST=127.0.0.1\nCMD ["flask", "run"]',
        'CMD ["php", "-S", "localhost:8000"]',
        'CMD ["streamlit", "run", "app.py", "--server.address=localhost"]',
    ],
)
def test_loopback_is_found(cmd: str) -> None:
    """A server told to listen on the loopback address, or that does unless told otherwise, is an error."""
    [found] = [d for d in findings(cmd) if d.code == LOOPBACK]
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("cmd", "why"),
    [
        ('CMD ["gunicorn", "app:app"]', "gunicorn takes PORT by itself"),
        ('CMD ["gunicorn", "-b", "127.0.0.1:80", "-b", "0.0.0.0:81", "app:app"]', "one address is open"),
        ('CMD ["gunicorn", "-b", "unix:/tmp/s", "app:app"]', "a socket belongs to a proxy"),
        ('CMD ["gunicorn", "-b", ":8000", "app:app"]', "no host is every address"),
        ('CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]', "open"),
        ('CMD ["uvicorn", "app:app", "--host", "::"]', "open, IPv6"),
        ('CMD ["uvicorn", "app:app", "--uds", "/tmp/s"]', "a socket"),
        ('ENV UVICORN_HOST=0.0.0.0\nCMD ["uvicorn", "app:app"]', "the image's variable says so"),
        ("CMD UVICORN_HOST=0.0.0.0 uvicorn app:app", "the command's variable says so"),
        ('CMD ["env", "UVICORN_HOST=0.0.0.0", "uvicorn", "app:app"]', "env says so"),
        ('CMD ["doppler", "run", "--", "uvicorn", "app:app"]', "variables come from elsewhere"),
        ('CMD ["uv", "run", "--env-file", ".env", "uvicorn", "app:app"]', "variables come from a file"),
        ("CMD . ./env.sh && uvicorn app:app", "variables come from a file"),
        ("CMD uvicorn app:app $EXTRA", "more arguments may come"),
        ("CMD uvicorn app:app $(cat options)", "more arguments may come"),
        ("CMD nginx && uvicorn app:app", "a proxy may stand before it"),
        ("CMD service nginx start; uvicorn app:app", "a proxy may stand before it"),
        ("CMD uvicorn app:app & nginx -g 'daemon off;'", "it is not the last one"),
        ("CMD if true; then uvicorn app:app; fi", "a condition is not read"),
        ('ENTRYPOINT ["/entrypoint.sh"]\nCMD ["uvicorn", "app:app"]', "a script may do anything"),
        ('CMD ["supervisord", "-n"]', "not a server that is known"),
        ('CMD ["python", "app.py", "--host", "127.0.0.1"]', "an app's own option"),
        ('CMD ["python", "manage.py", "runserver"]', "manage.py is not there to read"),
        ('CMD ["flask", "run", "--host=0.0.0.0"]', "open"),
        ('CMD ["php", "-S", "0.0.0.0:80"]', "open"),
        ('CMD ["fastapi", "run", "app.py"]', "open by default"),
        ('CMD ["hypercorn", "-c", "file.toml", "app:app"]', "a file may say otherwise"),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_silent(cmd: str, why: str) -> None:
    """Nothing is said where something else may decide the address."""
    assert LOOPBACK not in codes(findings(cmd)), why


@pytest.mark.parametrize(
    ("cmd", "option"),
    [
        ("CMD exec gunicorn -b 127.0.0.1 app:app", "--bind 0.0.0.0:$PORT"),
        ('CMD ["gunicorn", "-b", "127.0.0.1:81", "app:app"]', "--bind 0.0.0.0:81"),
        ('CMD ["uvicorn", "app:app"]', "--host 0.0.0.0"),
        ('CMD ["daphne", "app:app"]', "-b 0.0.0.0"),
        ('CMD ["python", "manage.py", "runserver", "127.0.0.1:8000"]', "runserver 0.0.0.0:8000"),
        ('CMD ["php", "-S", "localhost:8000"]', "-S 0.0.0.0:8000"),
        ('CMD ["python", "-m", "http.server", "--bind", "127.0.0.1"]', "--bind 0.0.0.0"),
    ],
)
def test_each_server_has_its_own_option(cmd: str, option: str) -> None:
    """The help names the option that this server has for its address."""
    [found] = [d for d in findings(cmd) if d.code == LOOPBACK]
    assert found.help == f"let it listen on every address: {option}"


def test_every_server_is_told_its_address_by_some_option() -> None:
    """A server whose address is read can be told another: a new one needs its row."""
    assert set(HOST_OPTIONS) == {*servers._READERS, "python"}


def test_default_counts_only_on_a_known_base() -> None:
    """A base image that is not known may set the server's variables; what the command itself says counts anyhow."""
    base = "FROM registry.example.com/python-with-more:1\n"
    assert codes(findings('CMD ["uvicorn", "app:app"]', base=base)) == []
    assert codes(findings('CMD ["uvicorn", "app:app", "--host", "127.0.0.1"]', base=base)) == [LOOPBACK]


def test_variable_of_the_service_counts() -> None:
    """A host given by the service's variables is no finding."""
    assert codes(findings('CMD ["uvicorn", "app:app"]', env={"UVICORN_HOST": "0.0.0.0"})) == []


def test_flask_reads_its_own_file() -> None:
    """A .flaskenv may name another host, so its default is not sure."""
    files = {"backend/.flaskenv": "FLASK_RUN_HOST=0.0.0.0\n"}
    assert codes(findings('CMD ["flask", "run"]', files=files)) == []


def test_runserver_counts_where_manage_is_plain() -> None:
    """runserver without an address listens on the loopback address, unless manage.py changes that."""
    cmd = 'CMD ["python", "manage.py", "runserver"]'
    assert codes(findings(cmd, files={"manage.py": "import sys\n"})) == [LOOPBACK]
    assert codes(findings(cmd, files={"manage.py": "Command.default_addr = '0.0.0.0'\n"})) == []


def test_worker_may_listen_where_it_likes() -> None:
    """Nobody looks for a worker's port."""
    yaml = "services:\n  - {type: worker, name: w, runtime: docker}\n"
    plan = check_files({"Dockerfile": FROM + 'CMD ["uvicorn", "app:app"]\n', "render.yaml": yaml})
    assert codes(plan.diagnostics) == []


def test_private_service_is_looked_for_too() -> None:
    """A private service's port is scanned for like a web service's."""
    yaml = "services:\n  - {type: pserv, name: p, runtime: docker, plan: starter}\n"
    plan = check_files({"Dockerfile": FROM + 'CMD ["uvicorn", "app:app"]\n', "render.yaml": yaml})
    assert codes(plan.diagnostics) == [LOOPBACK]


@pytest.mark.parametrize(
    ("cmd", "port"),
    [
        ('CMD ["gunicorn", "-b", "0.0.0.0:5000", "app:app"]', 5000),
        ('CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]', 8000),
        ('CMD ["flask", "run", "--host", "0.0.0.0"]', 5000),
        ('CMD ["python", "-m", "http.server"]', 8000),
        ('CMD ["streamlit", "run", "app.py", "--server.port", "8501"]', 8501),
        ('CMD ["next", "start", "-p", "3000"]', 3000),
        ('ENV FLASK_RUN_HOST=0.0.0.0 FLASK_RUN_PORT=5001\nCMD ["flask", "run"]', 5001),
        ('CMD ["env", "UVICORN_PORT=8001", "uvicorn", "app:app", "--host", "0.0.0.0"]', 8001),
    ],
)  # fmt: skip
def test_other_port_is_an_error_where_one_is_asked(cmd: str, port: int) -> None:
    """Where the platform asks one port, a server on another is an error; where it scans, it is none."""
    [found] = [d for d in findings(cmd, one_port=True) if d.code == HARD]
    assert str(port) in found.message
    assert "8080" in found.message
    assert HARD not in codes(findings(cmd))


@pytest.mark.parametrize(
    "cmd",
    [
        'CMD ["gunicorn", "-b", "0.0.0.0:8080", "app:app"]',
        "CMD exec gunicorn -b 0.0.0.0:$PORT app:app",
        "CMD exec gunicorn -b 0.0.0.0:${PORT:-5000} app:app",
        "CMD exec gunicorn -b 0.0.0.0:${WEB_PORT:-5000} app:app",
        'CMD ["python", "app.py", "--port", "3000"]',
        'CMD ["gunicorn", "-b", "0.0.0.0:5000", "-b", "0.0.0.0:8080", "app:app"]',
    ],
)
def test_right_or_unknown_port_is_silent(cmd: str) -> None:
    """The asked port, PORT itself, an app's own option, and a second address are no findings."""
    assert codes(findings(cmd, one_port=True)) == []


VAIN = "start/port-set-in-vain"


@pytest.mark.parametrize(
    ("start", "env", "said"),
    [
        ("gunicorn app:app", "PORT: '3000'", "GUNICORN_CMD_ARGS says so, a variable of the platform's own"),
        ("gunicorn app:app", "PORT: '3000', GUNICORN_CMD_ARGS: --bind=0.0.0.0:4000", "GUNICORN_CMD_ARGS says so"),
        ("gunicorn -b 0.0.0.0:4000 app:app", "PORT: '3000'", ""),
        ("uvicorn --host 0.0.0.0 --port 4000 app:app", "PORT: '3000'", ""),
        ("gunicorn app:app", "PORT: '10000'", None),
        ("gunicorn app:app", "OTHER: '3000'", None),
        ("gunicorn app:app", "PORT: '3000', GUNICORN_CMD_ARGS: --preload", None),
        ("gunicorn -b 0.0.0.0:$PORT app:app", "PORT: '3000'", None),
        ("gunicorn -b 127.0.0.1:4000 app:app", "PORT: '3000'", None),
        ("uvicorn --port 4000 app:app && true", "PORT: '3000'", None),
    ],
)
def test_a_port_that_is_set_in_vain_is_a_warning(start: str, env: str, said: str | None) -> None:
    """Whoever sets PORT means the server to take it; where it surely does not, the finding says who decides instead."""
    pairs = ", ".join(f"{{key: {one.replace(': ', ', value: ')}}}" for one in env.split(", "))
    text = (
        "services:\n  - {type: web, name: a, runtime: python, buildCommand: pip install -r requirements.txt,\n"
        f'     envVars: [{pairs}],\n     startCommand: "{start}"}}\n'
    )
    files = {"render.yaml": text, "requirements.txt": "gunicorn\nuvicorn\n", "app.py": "app = 1\n"}
    found = [d for d in check_files(files).diagnostics if d.code == VAIN]
    assert [("; ".join(d.facts), str(d.severity)) for d in found] == ([] if said is None else [(said, "warning")])


def test_wrong_address_and_wrong_port_are_one_finding() -> None:
    """Both have one cause, the line, and are told together."""
    [found] = findings('CMD ["uvicorn", "app:app"]', one_port=True)
    assert found.code == LOOPBACK
    assert found.facts == (
        "the startup probe, tcp on port 8080, comes from outside and never succeeds",
        "and its port is 8000, where 8080 is looked at",
    )


def test_finding_says_how_the_platform_looks_and_by_which_rule() -> None:
    """Why it fails on this platform: its own way of looking, its time, its rule."""
    [found] = findings('CMD ["uvicorn", "app:app"]')
    assert found.facts == ("the platform looks for an open port from outside, for 300 s, then gives the deploy up",)
    assert found.rule is not None


def test_reserved_port_is_an_error_where_ports_are_scanned() -> None:
    """A port of the platform's own is not found by its scan."""
    assert codes(findings('CMD ["gunicorn", "-b", "0.0.0.0:18012", "app:app"]')) == [HARD]


@pytest.mark.parametrize(
    "cmd",
    [
        'CMD ["gunicorn", "-b", "0.0.0.0:$PORT", "app:app"]',
        'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "${PORT}"]',
        'ENTRYPOINT ["uvicorn"]\nCMD ["app:app", "--host", "0.0.0.0", "--port", "$PORT"]',
        'CMD ["tini", "--", "gunicorn", "-b", ":$PORT", "app:app"]',
        'CMD ["gunicorn", "--bind=:$PORT", "app:app"]',
    ],
)
def test_literal_port_is_an_error(cmd: str) -> None:
    """No shell replaces $PORT in exec form, and a server refuses it."""
    [found] = findings(cmd)
    assert (found.code, found.severity) == (LITERAL, Severity.ERROR)
    assert "exec" in (found.help or "")


def test_single_quotes_keep_the_port_literal() -> None:
    """In single quotes no shell replaces it."""
    [found] = findings("CMD exec gunicorn -b '0.0.0.0:$PORT' app:app")
    assert (found.code, found.severity) == (LITERAL, Severity.ERROR)
    assert "quotes" in found.message


def test_literal_port_of_an_app_is_a_warning() -> None:
    """An app of one's own may replace it by itself."""
    [found] = findings('CMD ["python", "app.py", "--port", "$PORT"]')
    assert (found.code, found.severity) == (LITERAL, Severity.WARNING)


@pytest.mark.parametrize(
    "cmd",
    [
        "CMD exec gunicorn -b 0.0.0.0:$PORT app:app",
        'CMD ["sh", "-c", "exec gunicorn -b 0.0.0.0:$PORT app:app"]',
        'CMD ["gunicorn", "-e", "WHERE=$PORT", "app:app"]',
        'CMD ["java", "-Dserver.port=${PORT}", "-jar", "app.jar"]',
        'ENTRYPOINT ["/entrypoint.sh"]\nCMD ["gunicorn", "-b", "0.0.0.0:$PORT", "app:app"]',
    ],
)
def test_replaced_port_is_no_literal(cmd: str) -> None:
    """A shell replaces it, and other programs may."""
    assert LITERAL not in codes(findings(cmd))


def test_finding_takes_the_place_of_the_plans_own() -> None:
    """What the plan warns of is an error where the program is known, and is told once."""
    args = '          args: ["--bind", "0.0.0.0:$PORT", "app:app"]\n'
    yaml = (
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  template:\n    spec:\n"
        "      containers:\n        - image: shop\n"
    )
    files = {"Dockerfile": FROM + 'ENTRYPOINT ["gunicorn"]\n', "service.yaml": yaml + args}
    found = check_files(files).diagnostics
    assert [d.code for d in found if "expanded" in d.code or d.code == LITERAL] == [LITERAL]


APP = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("call", "one_port", "expected"),
    [
        ("app.run(port=10000)", False, [LOOPBACK]),
        ('app.run("0.0.0.0", 5000)', False, []),
        ('app.run("0.0.0.0", 5000)', True, ["start/port-hard-coded"]),
        ('app.run("0.0.0.0", int(os.environ["PORT"]))', True, []),
        ('app.run(os.environ.get("HOST", "127.0.0.1"))', False, [LOOPBACK]),
        ("app.run(host=config.HOST)", False, []),
    ],
)
def test_a_script_that_listens_itself_is_read(call: str, one_port: bool, expected: list[str]) -> None:
    """At the call's own line, and as a warning."""
    files = {"app.py": f"import os\n{APP}{call}\n"}
    base = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install flask\n"
    found = findings("CMD python app.py", base=base, files=files, one_port=one_port)
    found = [d for d in found if d.code != "start/shell-swallows-signals"]
    assert [d.code for d in found] == expected
    assert all((d.origin.file, d.origin.line, d.severity) == ("app.py", 4, Severity.WARNING) for d in found if d.origin)


def test_an_address_that_is_set_elsewhere_is_a_second_place() -> None:
    """The call is the place; one whose own line says the address is underlined there."""
    server = "import http.server\n{}\nhttp.server.HTTPServer({}, H).serve_forever()\n"
    for made, given, places in (
        ('AT = ("127.0.0.1", 80)', "AT", ["app.py:3:1", "app.py:2:7"]),
        ("", '("127.0.0.1", 80)', ["app.py:3:25"]),
    ):
        files = {"Dockerfile": FROM + 'COPY . .\nCMD ["python", "app.py"]\n', "app.py": server.format(made, given)}
        [found] = [one for one in check_files(files).diagnostics if one.code == LOOPBACK]
        assert [str(found.origin), *(str(one.origin) for one in found.related)] == places
