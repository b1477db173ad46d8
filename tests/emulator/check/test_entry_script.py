"""Entry scripts of the repository's own: what stays behind them, and what is not concluded of them."""

import pytest

from emulator.check.entry_script import behind_script
from tests.emulator.check.checking import check_files

SERVE = "gunicorn shop.api:app"


@pytest.mark.parametrize(
    ("text", "rest", "program"),
    [
        ('#!/bin/sh\nset -e\npython manage.py migrate\nexec "$@"\n', ("gunicorn", "a:b"), "gunicorn"),
        ('#!/bin/sh\nif [ -z "$X" ]; then\n  exit 1\nfi\nexec gosu app "$@"\n', ("uvicorn", "a:b"), "uvicorn"),
        ("#!/bin/sh\nexec gunicorn \\\n  --bind 0.0.0.0:$PORT a:b\n", (), "gunicorn"),
        ("#!/bin/sh\nexec gunicorn a:b\n# the end\n", ("x",), "gunicorn"),
    ],
)
def test_the_last_command_stays(text: str, rest: tuple[str, ...], program: str):
    """`exec "$@"`, also behind a change of user, or a literal command."""
    run = behind_script(text, rest, {})
    assert (run.program, run.alone, run.closed) == (program, False, False)


@pytest.mark.parametrize(
    "text",
    [
        '#!/bin/sh\nset -- other "$@"\nexec "$@"\n', '#!/bin/sh\ngunicorn "$1"\n', "#!/bin/sh\ngunicorn a:b\nexit 0\n",
        "#!/bin/sh\nif true; then\n  gunicorn a:b\nfi\n", "#!/bin/sh\ntrap x TERM\ngunicorn a:b\n",
        '#!/bin/sh\nif true; then\n  exec "$@"\nfi\n',
        '#!/bin/sh\nexec "$1"\n', "", "#!/bin/sh\ncat <<X\nexec gunicorn a:b\nX\nexec gunicorn a:b\n",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_not_concluded(text: str):
    """Changed arguments, the end of a block, one of the arguments, here-documents, what comes behind."""
    assert behind_script(text, ("gunicorn", "a:b"), {}) is None


def test_a_script_of_simple_commands_is_read_as_a_whole():
    """What it sets and where it goes is known then, and who runs beside; the shell is no command line's."""
    text = "#!/bin/bash\n# start\nset -euo pipefail\nexport FLASK_APP=app:app\ncd src\nflask run \\\n  --port=8080\n"
    run = behind_script(text, (), {})
    assert (run.program, run.directory, run.alone, run.closed, run.shell) == ("flask", "src", True, True, None)
    assert run.variables == {"FLASK_APP": "app:app"}
    assert [arg.text for arg in run.args] == ["run", "--port=8080"]
    beside = behind_script("#!/bin/sh\npython worker.py &\ngunicorn a:b\n", (), {})
    assert not beside.alone


def test_what_a_script_without_exec_starts_is_looked_at():
    """A server that it starts on the loopback address alone."""
    base = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install flask\n"
    files = {"app.py": "app = 1\n", "run.sh": "export FLASK_APP=app:app\nflask run --port=8080\n"}
    assert _codes({**files, "Dockerfile": base + 'CMD ["bash", "run.sh"]\n'}) == ["start/loopback-bind"]
    files["run.sh"] = "flask --app app run --host=0.0.0.0 --port=$PORT\n"
    assert _codes({**files, "Dockerfile": base + 'CMD ["bash", "run.sh"]\n'}) == []


def test_variables_of_the_script_are_not_known_and_its_directory_is_not():
    """What it assigns may be anything; after a `cd` nobody knows where it is."""
    run = behind_script("#!/bin/sh\nPORT=1\ncd app\nexec gunicorn -b :$PORT a:b\n", (), {"PORT": "10000"})
    assert run.directory == ""
    assert not run.args[1].known


def test_the_module_behind_an_entry_script_is_looked_for():
    """At the command's line; the script itself has to be there and executable as well."""
    base = "FROM python:3.12-slim\nWORKDIR /app\nCOPY --chmod=755 . .\nRUN pip install gunicorn\n"
    files = {"shop/__init__.py": "", "shop/api.py": "app = 1\n", "start.sh": '#!/bin/sh\nexec "$@"\n'}
    text = base + 'ENTRYPOINT ["./start.sh"]\nCMD ["gunicorn", "shop.%s:app"]\n'
    assert _codes({**files, "Dockerfile": text % "api"}) == []
    assert _codes({**files, "Dockerfile": text % "old"}) == ["start/module-not-found"]
    assert _codes({**files, "Dockerfile": (text % "api").replace("./start.sh", "./run.sh")}) == [
        "start/program-not-found"
    ]
    plain = (text % "api").replace("--chmod=755", "--chmod=644")
    assert _codes({**files, "Dockerfile": plain}) == ["start/permission-denied"]


def _codes(files: dict[str, str]) -> list[str]:
    return [d.code for d in check_files(files).diagnostics]
