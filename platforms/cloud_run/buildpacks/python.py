"""What Google's Python buildpacks make of a source: which version, which package manager, and what they start."""

import re
from typing import NamedTuple

from emulator.model.choice import ABSENT, Candidate, Setting, choose
from emulator.model.diagnostic import warning
from emulator.model.origin import Origin
from emulator.model.plan import Command
from platforms.cloud_run import rules

from .building import Building
from .groups import TARGET
from .python_image import python_recipe
from .python_packages import Declared, declared_in

MANAGER = "GOOGLE_PYTHON_PACKAGE_MANAGER"
_DEFAULT = {"google-22": "3.13", "google-24": "3.14"}
_SMART, _UV_BY_DEFAULT = (3, 13), (3, 14)
"""From which version on the packages decide what is started, and uv installs requirements.txt."""

_ANY = "0.0.0.0"  # noqa: S104 - the buildpack's words
_UVICORN = ("uvicorn", "{m}:app", "--port", "8080", "--host", _ANY)
_GUNICORN = ("gunicorn", "-b", ":8080", "{m}:app")
_SERVERS = (
    ("gunicorn", _GUNICORN), ("uvicorn", _UVICORN), ("fastapi[standard]", _UVICORN), ("gradio", ("python", "{m}.py")),
    ("streamlit", ("streamlit", "run", "{m}.py", "--server.address", _ANY, "--server.port", "8080")),
    ("google-adk", ("adk", "api_server", "--port", "8080", "--host", _ANY)),
)  # fmt: skip
"""Package → what Python 3.13 and later start, the first that is declared."""
_NO_MAIN = (
    'for Python, provide a main.py or app.py file or set an entrypoint with "GOOGLE_ENTRYPOINT" env var or by '
    'creating a "Procfile" file'
)
_NO_MAIN_OF_PROJECT = (
    "for Python with pyproject.toml, provide a main.py or app.py file or a script command in pyproject.toml or set an "
    'entrypoint with "GOOGLE_ENTRYPOINT" env var or by creating a "Procfile" file'
)
_NO_SOURCE = (
    "missing main.py and GOOGLE_FUNCTION_SOURCE not specified. Either create the function in main.py or specify "
    "GOOGLE_FUNCTION_SOURCE to point to the file that contains the function"
)
_FRAMEWORK = "functions-framework"
_WEBSERVER = "gunicorn==22.0.0"
_FUNCTIONS = "functions-framework==3.10.2 gunicorn==23.0.0"


class _Version(NamedTuple):
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers))


def python(of: Building) -> Command:
    """The command, with the recipe left in `of`. Raises BuildEnds."""
    version = _version(of)
    packages = declared_in(of.source)
    manager = _manager(of, version, packages)
    command = of.command
    adds = ""
    if of.group.is_function:
        command = _function(of, packages)
        adds = "" if packages.has(_FRAMEWORK) else _FUNCTIONS
    elif of.group.has_default:
        command = _default(of, version, packages)
        # Only pip and uv take requirements from other buildpacks, and only where there is no pyproject.toml to read.
        adds = "" if packages.in_project or packages.in_requirements("gunicorn") else _WEBSERVER
        _undeclared_server(of, command, packages)
    assert command is not None
    _asgi_under_wsgi(of, command, packages)
    of.recipe = python_recipe(of, str(version), manager, adds)
    return command


def _version(of: Building) -> _Version:
    """GOOGLE_PYTHON_VERSION, GOOGLE_RUNTIME_VERSION, .python-version, the stack's own."""
    rule = rules.BUILDPACK_VERSIONS
    default = _DEFAULT[of.stack]
    text = of.source.readable(".python-version")
    if of.source.has(".python-version") and not text.strip():
        words = "/workspace/.python-version exists but does not specify a version"
        raise of.ends(words, of.source.place(".python-version"), "write a version such as 3.13 into it", rule)
    setting: Setting[str] | None = choose(
        of.trace, f"{of.name}.python", "Which Python?",
        of.env.candidate("GOOGLE_PYTHON_VERSION", rule), of.env.candidate("GOOGLE_RUNTIME_VERSION", rule),
        Candidate(text.strip() or ABSENT, source=".python-version", because=".python-version names it", rule=rule,
                  origin=of.source.place(".python-version"), absent="there is none"),
        Candidate(default, source="default", because=f"nothing pins a version: the newest of {of.stack}", rule=rule),
    )  # fmt: skip
    assert setting is not None
    found = re.match(r"[\^~=]*\s*(3)\.(\d{1,2})(?:\.(\d{1,2}))?(?![\w-])", setting.value)
    if found is None:
        of.found.append(
            warning(
                "cloud-run/buildpack-version", f"{setting.value!r} in {setting.source} is no version of Python",
                origin=setting.origin, service=of.name, rule=rule.id, url=rule.url, help="write one such as 3.13",
            )
        )  # fmt: skip
        found = re.match(r"(3)\.(\d+)()", default)
    assert found is not None
    return _Version(tuple(int(number) for number in found.groups() if number))


def _manager(of: Building, version: _Version, packages: Declared) -> str:
    """Poetry, uv or pip, the first that detects."""
    wanted, rule = of.env[MANAGER].lower(), rules.BUILDPACK_PACKAGES
    poetry = uv = ""
    if packages.in_project:
        locked = of.source.has("poetry.lock")
        poetry = "poetry.lock is there" if locked else "[tool.poetry] is there" if packages.is_poetry else ""
        if of.source.has("uv.lock"):
            uv = "uv.lock is there"
        elif wanted in ("", "uv"):
            uv = f"{MANAGER} is uv" if wanted else "pyproject.toml is there, and uv is the default for it"
    elif wanted == "uv":
        uv = f"{MANAGER} is uv"
    elif not wanted and version.numbers[:2] >= _UV_BY_DEFAULT:
        uv = "from Python 3.14 on it is the default"
    both = "pyproject.toml and requirements.txt found, prefer requirements.txt" if packages.in_both else ""
    setting: Setting[str] | None = choose(
        of.trace, f"{of.name}.packages", "What installs the packages?",
        Candidate("poetry" if poetry else ABSENT, source="poetry", because=poetry, rule=rule,
                  absent=both or "neither poetry.lock nor [tool.poetry] found"),
        Candidate("uv" if uv else ABSENT, source="uv", because=uv, rule=rule,
                  absent=both or f"{MANAGER} is not uv, and Python is {version}"),
        Candidate("pip", source="pip", because=f"{MANAGER} is pip" if wanted == "pip" else "neither of the others does",
                  rule=rule),
    )  # fmt: skip
    assert setting is not None
    return str(setting.value)


# ---- the command --------------------------------------------------------------------------------------


def _default(of: Building, version: _Version, packages: Declared) -> Command:
    source = of.source
    module = "main" if source.has("main.py") else "app"
    is_smart = version.numbers[:2] >= _SMART
    adk = is_smart and packages.has("google-adk")
    has_module = source.has("main.py") or source.has("app.py")
    script = packages.script
    if not has_module and not adk and not source.has("pyproject.toml"):
        raise of.ends(_NO_MAIN, None, "name the entrypoint: a Procfile with a web line")
    if packages.in_project and not script and not has_module and not adk:
        raise of.ends(_NO_MAIN_OF_PROJECT, Origin(file="pyproject.toml"), "add a script, or a Procfile")
    candidates: list[Candidate[tuple[str, ...]]] = []
    if packages.in_project:
        run = {"poetry": ("poetry", "run"), "uv": ("uv", "run")}.get(packages.runner(of.env[MANAGER]), ())
        candidates.append(
            Candidate((*run, script) if script else ABSENT, source="script", shown=" ".join((*run, script or "")),
                      because=f"pyproject.toml has the script {script}", rule=rules.BUILDPACK_DEFAULT,
                      origin=packages.script_origin, absent="pyproject.toml has no lone script, and none called start")
        )  # fmt: skip
    for name, words in _SERVERS if is_smart else ():
        argv = tuple(word.format(m=module) for word in words)
        place = packages.origin(name)
        candidates.append(
            Candidate(argv if packages.has(name) else ABSENT, source=name, shown=" ".join(argv), origin=place,
                      because=f"{name} is declared", rule=rules.BUILDPACK_DEFAULT, absent="it is not declared")
        )  # fmt: skip
    argv = tuple(word.format(m=module) for word in _GUNICORN)
    because = (
        "no server is declared: gunicorn is the default"
        if is_smart
        else f"Python is {version}: before 3.13 always gunicorn"
    )
    candidates.append(Candidate(argv, source="default", shown=" ".join(argv), because=because,
                                rule=rules.BUILDPACK_DEFAULT, loses="something else is declared"))  # fmt: skip
    setting: Setting[tuple[str, ...]] | None = choose(
        of.trace, f"{of.name}.default", "What do the buildpacks start?", *candidates
    )
    assert setting is not None
    of.because = setting.winner.because
    of.literal_port = bool(setting.source != "script")
    if setting.source == "gradio":
        of.launch_env += (("GRADIO_SERVER_NAME", _ANY), ("GRADIO_SERVER_PORT", "8080"))
    text = " ".join(setting.value)
    return Command(argv=("bash", "-c", text), form="shell", text=text, source="buildpack")


def _function(of: Building, packages: Declared) -> Command:
    written = of.env["GOOGLE_FUNCTION_SOURCE"]
    if not written and not of.source.has("main.py"):
        raise of.ends(_NO_SOURCE, of.env.origin(TARGET), "put the function into main.py", rules.BUILDPACK_FUNCTION)
    if written and not of.source.has(written):
        words = f'GOOGLE_FUNCTION_SOURCE specified file "{written}" but it does not exist'
        origin = of.env.origin("GOOGLE_FUNCTION_SOURCE")
        raise of.ends(words, origin, "name a file of the source", rules.BUILDPACK_FUNCTION)
    if packages.in_project and not packages.has(_FRAMEWORK):
        words = (
            "This project is using pyproject.toml but you have not included the Functions Framework in your "
            "dependencies. Please add it to your pyproject.toml."
        )
        raise of.ends(words, Origin(file="pyproject.toml"), "add functions-framework", rules.BUILDPACK_FUNCTION)
    return of.function((_FRAMEWORK,))


# ---- what goes wrong later ----------------------------------------------------------------------------


def _asgi_under_wsgi(of: Building, command: Command, packages: Declared) -> None:
    """FastAPI started by gunicorn without a worker that speaks ASGI: it starts, and answers every request with 500."""
    text = command.text or ""
    if not re.search(r"(^|[\s;&|(/])gunicorn\s", text) or re.search(r"-k\b|--worker-class|worker|-c\b|--config", text):
        return
    module = re.search(r"\b([A-Za-z_][\w.]*):\w+", text)
    path = f"{module[1].replace('.', '/')}.py" if module else "main.py"
    code = of.source.readable(path)
    settings = code + of.source.readable("gunicorn.conf.py")
    if not packages.names("fastapi") or re.search(r"worker_class|ASGIMiddleware|a2wsgi|asgiref", settings):
        return
    if code.strip() and not re.search(r"\bFastAPI\s*\(", code):
        return
    if any(one.name == "GUNICORN_CMD_ARGS" for container in of.spec.containers for one in container.env):
        return
    rule, file = rules.BUILDPACK_ASGI, packages.file
    helps = "add uvicorn or fastapi[standard] to " + file
    if command.source != "buildpack":
        helps = "start uvicorn, or give gunicorn -k uvicorn.workers.UvicornWorker"
    of.found.append(
        warning(
            "cloud-run/fastapi-under-gunicorn",
            "gunicorn is started for FastAPI: it starts, and every request gets 500",
            origin=command.origin or packages.place("fastapi"), service=of.name, rule=rule.id, url=rule.url, help=helps,
            facts=(of.because,) if command.source == "buildpack" and of.because else (),
        )
    )  # fmt: skip


def _undeclared_server(of: Building, command: Command, packages: Declared) -> None:
    """gunicorn by default, where nothing installs it."""
    if not packages.in_project or packages.has("gunicorn"):
        return
    if not (command.text or "").startswith("gunicorn "):
        return
    rule = rules.BUILDPACK_GUNICORN
    of.found.append(
        warning(
            "cloud-run/gunicorn-not-installed",
            "gunicorn is started, and nothing installs it: pyproject.toml does not declare it",
            origin=Origin(file="pyproject.toml"), service=of.name, rule=rule.id, url=rule.url,
            facts=("the buildpacks add it to requirements.txt alone",), help="declare gunicorn, or another server",
        )
    )  # fmt: skip
