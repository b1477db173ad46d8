"""The files that a command runs: there or not, executable, with a first line the system can read."""

from collections.abc import Mapping

import pytest

from emulator.model.diagnostic import Diagnostic, Severity
from tests.emulator.check.checking import ONE_PORT, check_files

PYTHON = "FROM python:3.12-slim\nWORKDIR /app\n"
APP = {
    "app.py": "", "src/server.py": "", "dist/server.js": "", "start.sh": "#!/bin/sh\nexec python app.py\n",
    "requirements.txt": "flask\n", "lib/index.js": "",
}  # fmt: skip
OF_FILES = (
    "start/file-not-found", "start/program-not-found", "start/permission-denied", "start/script-line-ends",
    "start/exec-format", "start/shell-missing",
)  # fmt: skip


def found(text: str, files: Mapping[str, str] | None = None) -> list[Diagnostic]:
    plan = check_files({**APP, "Dockerfile": text, **(files or {})})
    return [d for d in plan.diagnostics if d.code in OF_FILES]


def _base_of(cmd: str) -> str:
    """The base that has the program."""
    return PYTHON.replace("python:3.12-slim", "node:22") if cmd.startswith("node") else PYTHON


@pytest.mark.parametrize(
    "cmd",
    [
        "python app.py", "python src/server.py", "cd src && python server.py", "node dist/server.js", "node lib",
        "node dist/server", "sh start.sh", "python $SCRIPT", "python -c 'x'", "flask run", "/usr/bin/env",
        "bash -c 'python app.py'",
    ],
)  # fmt: skip
def test_what_is_there_or_may_be_is_not_told(cmd: str):
    """Scripts from their directory, Node's endings, what a base image may have."""
    text = f"{_base_of(cmd)}COPY . .\nRUN pip install -r requirements.txt\nCMD {cmd}\n"
    assert found(text) == []


@pytest.mark.parametrize(
    ("cmd", "code"),
    [
        ("python server.py", "file"), ("python src/app.py", "file"), ("node dist/main.js", "file"),
        ("sh run.sh", "file"), ("./run.sh", "program"), ("/app/bin/start", "program"), ("gunicorn app:app", "program"),
    ],
)  # fmt: skip
def test_what_is_surely_not_there(cmd: str, code: str):
    """At the command's line, with one thing to do."""
    text = f"{_base_of(cmd)}COPY . .\nRUN pip install -r requirements.txt\nCMD {cmd}\n"
    [one] = found(text)
    assert (one.code, one.origin.line, one.severity) == (f"start/{code}-not-found", 5, Severity.ERROR)
    assert one.help


def test_a_step_that_may_make_it_silences():
    """A build that is not read, and one that writes code; data alone brings no script."""
    for run, silent in (("./configure", True), ("npm run build", True), ("python manage.py collectstatic", False)):
        files = {"manage.py": "", "configure": "", "package.json": '{"scripts": {"build": "x"}}'}
        assert (found(f"{PYTHON}COPY . .\nRUN {run}\nCMD node dist/main.js\n", files) == []) == silent


def test_the_place_of_a_file_that_is_not_copied():
    """Where the repository has it, and why it is not in the image."""
    [one] = found(f"{PYTHON}COPY app.py .\nCMD python server.py\n")
    assert one.facts == ("the repository has src/server.py: it is not copied there",)
    [one] = found(f"{PYTHON}COPY . .\nCMD python server.py\n", {".dockerignore": "src\n"})
    assert one.facts == ("the repository has src/server.py: the builder does not get it",)


def test_who_brings_a_server():
    """An extra may, a package under another name may; of one that is not known it is only said that it seems so."""
    text = f"{PYTHON}COPY . .\nRUN pip install -r requirements.txt\nCMD exec uvicorn app:app --host 0.0.0.0\n"
    app = {"app.py": "app = 1\n"}
    assert found(text, {**app, "requirements.txt": "fastapi[standard]\n"}) == []
    [one] = found(text, {**app, "requirements.txt": "fastapi\n"})
    assert one.severity is Severity.ERROR
    assert "installed: fastapi" in one.facts[0]
    [one] = found(text, {**app, "requirements.txt": "fastapi\nsomething-else\n"})
    assert one.severity is Severity.WARNING
    assert found(text.replace("-r requirements.txt", "git+https://h/x"), app) == []


def test_a_script_that_the_system_refuses():
    """Its mode, its line ends, its first line; each only where nothing mends it."""
    run = 'CMD ["./start.sh"]\n'
    assert [d.code for d in found(f"{PYTHON}COPY --chmod=644 start.sh app.py ./\n{run}")] == ["start/permission-denied"]
    assert found(f"{PYTHON}COPY --chmod=644 start.sh app.py ./\nRUN chmod +x start.sh\n{run}") == []
    windows = {"start.sh": "#!/bin/sh\r\nexec python app.py\r\n"}
    copied = f"{PYTHON}COPY --chmod=755 start.sh app.py ./\n"
    assert [d.code for d in found(f"{copied}{run}", windows)] == ["start/script-line-ends"]
    assert found(f"{copied}RUN sed -i 's/\\r//' start.sh\n{run}", windows) == []
    assert found(f"{copied}{run}", {**windows, ".gitattributes": "*.sh text eol=lf\n"}) == []
    stored = {**windows, ".gitattributes": "# text files\n*.apk filter=lfs diff=lfs merge=lfs -text\n"}
    assert [one.code for one in found(f"{copied}{run}", stored)] == ["start/script-line-ends"]
    bare = {"start.sh": "exec python app.py\n"}
    assert [d.code for d in found(f"{copied}{run}", bare)] == ["start/exec-format"]
    assert found(f"{copied}CMD ./start.sh\n", bare) == []


def test_bash_on_alpine():
    """Only where nothing could have brought it."""
    cmd = 'CMD ["bash", "-c", "python app.py"]\n'
    base = "FROM python:3.12-alpine\nWORKDIR /app\nCOPY . .\n"
    assert [d.code for d in found(f"{base}{cmd}")] == ["start/shell-missing"]
    assert found(f"{base}RUN apk add --no-cache bash\n{cmd}") == []
    assert found(f"{PYTHON}COPY . .\n{cmd}") == []


def test_an_entrypoint_of_the_base_image_may_stand_before_the_command():
    """Of a base that is not known nothing is said; one that the Dockerfile sets itself is known."""
    base = "FROM gcr.io/distroless/nodejs20-debian12\nWORKDIR /app\nCOPY --chmod=644 . .\n"
    assert found(base + 'CMD ["./dist/server.js"]\n') == []
    assert [d.code for d in found(base + 'ENTRYPOINT ["/app/dist/server.js"]\n')] == ["start/permission-denied"]


def _native(files: Mapping[str, str]) -> list[tuple[str, Severity]]:
    plan = check_files({"app.py": "app = None\n", **files})
    return [(d.code, d.severity) for d in plan.diagnostics if d.code.startswith(("start/", "build/"))]


def test_a_build_command_that_nobody_wrote_is_no_certainty():
    """A suggested build command is edited before it runs, and an empty one leaves who knows what: a warning, where the
    same command in the user's file is an error."""
    web, yaml = "web: gunicorn app:app\n", "services:\n  - type: web\n    name: w\n    runtime: python\n"
    start = "    startCommand: gunicorn app:app\n"
    assert _native({"Procfile": web, "pyproject.toml": ""}) == [("build/requirements-missing", Severity.WARNING)]
    asked = {"requirements.txt": "flask\n"}
    assert _native({"Procfile": web, **asked}) == [("start/program-not-found", Severity.WARNING)]
    written = f"{yaml}{start}    buildCommand: pip install -r requirements.txt\n"
    assert _native({"render.yaml": written}) == [("build/requirements-missing", Severity.ERROR)]
    assert _native({"render.yaml": written, **asked}) == [("start/program-not-found", Severity.ERROR)]
    empty = f'{yaml}{start}    buildCommand: ""\n'
    assert _native({"render.yaml": empty}) == [("start/program-not-found", Severity.WARNING)]


@pytest.mark.parametrize(
    ("cmd", "missing"),
    [
        ("streamlit run server.py", "/app/server.py"), ("fastapi run src/main.py", "/app/src/main.py"),
        ("gunicorn -c conf.py --reload app:app", "/app/conf.py"), ("gunicorn --config=file:c.py app:app", "/app/c.py"),
        ("uvicorn --reload app:app --log-config log.ini", "/app/log.ini"),
        ("supervisord -n -c conf/all.conf", "/app/conf/all.conf"),
        ("streamlit run app.py --server.port 1", None), ("fastapi run app.py", None), ("fastapi run", None),
        ("gunicorn -c app.py app:app", None), ("gunicorn -c python:conf app:app", None),
        ("gunicorn -c $CONF app:app", None), ("streamlit run https://h/x.py", None), ("streamlit hello", None),
        ("supervisord -c /etc/supervisord.conf", None), ("cp a conf.py && gunicorn -c conf.py app:app", None),
    ],
)  # fmt: skip
def test_the_files_that_a_server_is_given(cmd: str, missing: str | None):
    """Scripts, configurations and logging settings are read at the start, from where the command runs."""
    servers = {"requirements.txt": "streamlit\nfastapi-cli\ngunicorn\nuvicorn\n", "app.py": "app = 1\n"}
    told = found(f"{PYTHON}COPY . .\nRUN pip install -r requirements.txt\nCMD {cmd}\n", servers)
    assert [(d.code, d.message.rpartition(" ")[2]) for d in told] == (
        [("start/file-not-found", missing)] if missing else []
    )


def test_a_virtual_environment_that_stayed_behind():
    """PATH is known where a plain base has it, so that what it names and the image lacks is known as well."""
    build = f"{PYTHON}RUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY requirements.txt .\n"
    build = build.replace("FROM python:3.12-slim", "FROM python:3.12-slim AS build")
    last = f"RUN pip install -r requirements.txt\n{PYTHON}ENV PATH=/opt/venv/bin:$PATH\n%sCOPY . .\n"
    cmd = 'CMD ["gunicorn", "app:app"]\n'
    files = {"requirements.txt": "gunicorn\n"}
    assert found(build + last % "COPY --from=build /opt/venv /opt/venv\n" + cmd, files) == []
    [one] = found(build + last % "" + cmd, files)
    assert (one.code, one.severity) == ("start/program-not-found", Severity.ERROR)
    assert one.facts[-1] == "PATH names /opt/venv/bin, which the image does not have"
    assert one.help == "make /opt/venv in this stage, or copy it from the one that makes it"


@pytest.mark.parametrize("path", ["/root/.local/bin:$PATH", "$PATH:/root/.local/bin"])
def test_programs_of_a_users_own_installation(path: str):
    """`pip install --user` puts them beside no Python, in a directory that PATH names as well."""
    build = "FROM python:3.12-slim AS build\nCOPY requirements.txt .\nRUN pip install --user -r requirements.txt\n"
    copied = "COPY --from=build /root/.local /root/.local\n"
    text = f'{build}{PYTHON}%sENV PATH={path}\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'
    assert found(text % copied, {"requirements.txt": "gunicorn\n"}) == []
    assert [one.code for one in found(text % "", {"requirements.txt": "gunicorn\n"})] == ["start/program-not-found"]


def test_a_program_beside_the_virtual_environment():
    """The system's own Python has it, and PATH names that place as well."""
    text = f"{PYTHON}COPY . .\nRUN pip install -r requirements.txt && python -m venv /venv\n"
    text += 'RUN /venv/bin/pip install flask\nENV PATH=/venv/bin:$PATH\nCMD ["gunicorn", "app:app"]\n'
    assert found(text, {"requirements.txt": "gunicorn\n"}) == []
    assert [one.code for one in found(text, {"requirements.txt": "flask\n"})] == ["start/program-not-found"]


@pytest.mark.parametrize(
    ("cmd", "asked", "codes"),
    [
        ("python -m uvicorn app:app", "uvicorn\n", []), ("python -m uvicorn app:app", "fastapi[standard]\n", []),
        ("python -m uvicorn app:app", "flask\n", ["start/program-not-found"]),
        ("python3 -m gunicorn app:app", "flask\n", ["start/program-not-found"]),
        ("python -m flask run", "-r more.txt\n", []), ("python -m flask run", "git+https://x.org/y.git\n", []),
    ],
)  # fmt: skip
def test_a_server_as_a_module(cmd: str, asked: str, codes: list[str]):
    """`python -m` needs the distribution as well as the program of that name does."""
    text = f"{PYTHON}COPY . .\nRUN pip install -r requirements.txt\nCMD exec {cmd}\n"
    assert [one.code for one in found(text, {"requirements.txt": asked})] == codes


@pytest.mark.parametrize(("place", "codes"), [("/usr/bin/", []), ("/app/", ["start/program-not-found"])])
def test_programs_that_are_copied_to_those_of_the_system(place: str, codes: list[str]):
    """What a stage puts beside the base image's own programs is not known by name."""
    text = f"FROM python:3.12 AS b\nRUN make bin\n{PYTHON}RUN pip install flask\n"
    text += f"COPY --from=b /made/* {place}\nCOPY . .\nCMD exec uvicorn app:app\n"
    assert [one.code for one in found(text)] == codes


def test_a_script_of_entrypoint_is_told_at_its_line():
    """CMD only gives it arguments."""
    both = 'ENTRYPOINT ["/app/start.sh"]\nCMD ["python", "app.py"]\n'
    [told] = found(f"{PYTHON}COPY --chmod=644 . .\n{both}")
    assert (told.code, told.origin.line) == ("start/permission-denied", 4)
    [told] = found(f"{PYTHON}COPY --chmod=755 app.py .\n{both}")
    assert (told.code, told.origin.line) == ("start/program-not-found", 4)
    [told] = found(f"{PYTHON}COPY --chmod=755 . .\n{both}", {"start.sh": '#!/bin/sh\r\nexec "$@"\r\n'})
    assert (told.code, told.origin.line) == ("start/script-line-ends", 4)


DISTROLESS = (
    "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /out/shop .\nFROM gcr.io/distroless/static\n"
)


def _go(lines: str) -> list[Diagnostic]:
    return found(DISTROLESS + lines, {"go.mod": "module shop\n", "main.go": "package main\n"})


def test_a_shell_form_needs_a_shell_that_distroless_images_do_not_have():
    """A CMD that is no JSON array is given to /bin/sh; the help writes the array."""
    copied = "COPY --from=build /out/shop /shop\n"
    (told,) = _go(f"{copied}CMD /shop -v\n")
    assert (told.code, told.origin.line) == ("start/shell-missing", 7)
    assert told.help == 'start the program itself, as a JSON array: ["/shop", "-v"]'
    assert _go(f'{copied}CMD ["/shop"]\n') == []
    assert _go(f"COPY --from=busybox /bin/sh /bin/sh\n{copied}CMD /shop\n") == []
    assert _go(f"COPY --from=debian / /\n{copied}CMD /shop\n") == []


def test_a_shell_on_scratch():
    """There is nothing in it."""
    text = "FROM scratch\nCOPY shop /shop\nCMD /shop\n"
    assert [d.code for d in found(text, {"shop": ""})] == ["start/shell-missing"]


def test_the_debugging_variant_of_distroless_has_a_shell():
    """Busybox, at a place of its own: nothing is said of it."""
    assert found(DISTROLESS.replace("static", "static:debug") + "COPY --from=build /out/shop /shop\nCMD /shop\n") == []


def test_what_lies_in_the_root_of_a_distroless_image_is_known():
    """A binary of another name than the one that is copied is told."""
    copied = "COPY --from=build /out/shop /shop\n"
    assert [d.code for d in _go(f'{copied}CMD ["/server"]\n')] == ["start/program-not-found"]


def test_what_scratch_holds_is_known():
    """Nothing but what is copied."""
    copied = "FROM scratch\nCOPY shop /shop\n"
    assert [d.code for d in found(copied + 'CMD ["/server"]\n', {"shop": ""})] == ["start/program-not-found"]


def test_a_program_that_is_named_again_behind_nodes_own_entrypoint():
    """distroless starts node itself: the first word of CMD is the script."""
    base = "FROM gcr.io/distroless/nodejs22-debian12\nWORKDIR /app\nCOPY . .\n"
    for run in ('CMD ["node", "server.js"]\n', 'CMD ["npm", "start"]\n'):
        [told] = found(base + run, {"server.js": ""})
        assert told.code == "start/file-not-found"
        assert told.facts == ("the ENTRYPOINT of gcr.io/distroless/nodejs22-debian12 is node, and CMD its arguments",)
    assert found(base + 'CMD ["server.js"]\n', {"server.js": ""}) == []


def test_where_a_distroless_image_begins():
    """In / or, of the nonroot variant, in that user's home; a digest may be either."""
    copied = "COPY --from=build /out/shop /home/nonroot/shop\n"
    run = 'CMD ["./shop"]\n'
    assert [d.code for d in _go(copied + run)] == ["start/program-not-found"]
    for variant in (":nonroot", "-debian12:nonroot-amd64", "@sha256:" + "0" * 64):
        text = DISTROLESS.replace("static", f"static{variant}") + copied + run
        assert found(text, {"go.mod": "module shop\n", "main.go": "package main\n"}) == [], variant


def test_bash_behind_the_entrypoint_of_nodes_image():
    """docker-entrypoint.sh runs what it is given."""
    base = "FROM node:22-alpine\nWORKDIR /app\nCOPY . .\n"
    assert [d.code for d in found(base + 'CMD ["bash", "-c", "node server.js"]\n', {"server.js": ""})] == [
        "start/shell-missing"
    ]


@pytest.mark.parametrize(("directory", "found"), [("/app/src", False), ("/app", True), ("/app/lib", True)])
def test_a_start_in_another_directory_than_the_image_s(directory: str, found: bool) -> None:
    """What the command names is looked for where the service starts it."""
    files = {
        "Dockerfile": f'{PYTHON}COPY . .\nCMD ["python", "main.py"]\n', "src/main.py": "print(1)\n",
        "service.yaml": f"{ONE_PORT}          workingDir: {directory}\n",
    }  # fmt: skip
    codes = {one.code for one in check_files(files).diagnostics}
    assert ("start/file-not-found" in codes) is found
