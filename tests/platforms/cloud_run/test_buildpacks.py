"""A source without a Dockerfile: which buildpacks would build it, and what they would start."""

import pytest

from platforms.cloud_run.buildpacks import source
from tests.platforms.cloud_run.planning import codes, messages, plan

UVICORN = "uvicorn main:app --port 8080 --host 0.0.0.0"


@pytest.mark.parametrize(
    ("names", "runtime"),
    [
        (["main.py", "package.json"], "node"),
        (["main.py", "package.json", "Procfile"], "python"),
        (["package.json", "server.js", "Procfile", "scripts/seed.py"], "python"),
        (["package.json", "Procfile", "Gemfile"], "ruby"),
        (["main.py", "tools/gen.go"], "go"),
        (["package.json", "lib/driver.jar"], "node"),
        (["package.json", "driver.jar"], "java"),
        (["package.json", "wp/index.php"], "php"),
        (["main.py", "gulpfile.js"], "python"),
        (["index.js", "Procfile"], "node"),
        (["main.py", "src/a/b/App.csproj"], "dotnet"),
        (["app.runtimeconfig.json", "main.py"], "python"),
        (["app.runtimeconfig.json", "main.py", "Procfile"], "dotnet"),
        (["pubspec.yaml", "main.py"], "python"),
        (["pubspec.yaml", "bin/server.dart", "main.py"], "dart"),
        (["META-INF/MANIFEST.MF", "package.json"], "java"),
        (["package.json", "Gemfile"], "node"),
        (["Gemfile"], "buildpacks"),
        (["app.rb"], "ruby"),
        (["index.ts", "Procfile"], "buildpacks"),
        (["main.py", "Procfile", "composer.json"], "python"),
        (["package.json", "node_modules/x/setup.py", "Procfile"], "node"),
        (["index.js"], "buildpacks"),
        (["index.html"], "buildpacks"),
    ],
)
def test_language(names, runtime):
    """The first group that detects: files in the root, or at any depth except under node_modules."""
    files = {name: "web: run it\n" if name == "Procfile" else "{}" for name in names}
    [found] = plan(files).services
    assert (found.build.kind, found.build.runtime) == ("buildpack", runtime)


@pytest.mark.parametrize(
    ("requirements", "version", "text"),
    [
        ("fastapi\n", "", "gunicorn -b :8080 main:app"),
        ("fastapi[standard]\n", "", UVICORN),
        ("fastapi\nuvicorn==0.30\n", "", UVICORN),
        ("fastapi[standard]>=0.1  # web\n", "", UVICORN),
        ("FastAPI[standard]\n", "", "gunicorn -b :8080 main:app"),
        ("fastapi[all]\n", "", "gunicorn -b :8080 main:app"),
        ("uvicorn-worker\n", "", "gunicorn -b :8080 main:app"),
        ("-e git+https://example.org/uvicorn#egg=uvicorn\n", "", UVICORN),
        ("uvicorn\ngunicorn\n", "", "gunicorn -b :8080 main:app"),
        ("streamlit\n", "", "streamlit run main.py --server.address 0.0.0.0 --server.port 8080"),
        ("gradio\n", "3.13\n", "python main.py"),
        ("uvicorn\n", "3.12\n", "gunicorn -b :8080 main:app"),
        ("flask\n", "", "gunicorn -b :8080 main:app"),
    ],
)
def test_python_command(requirements, version, text):
    """CR-08: from 3.13 on the first server that is declared; before, gunicorn; always on 8080, through bash."""
    files = {"main.py": "", "requirements.txt": requirements} | ({".python-version": version} if version else {})
    command = plan(files).services[0].command
    assert command is not None
    assert (command.argv, command.source) == (("bash", "-c", text), "buildpack")


def test_fastapi_under_gunicorn_is_told():
    """CR-08 (a): it starts, the probe passes, every request gets 500."""
    assert codes(plan({"main.py": "", "requirements.txt": "fastapi\n"})) == ["cloud-run/fastapi-under-gunicorn"]
    assert codes(plan({"main.py": "", "requirements.txt": "fastapi\nuvicorn\n"})) == []


@pytest.mark.parametrize(
    ("package", "beside", "argv"),
    [
        ('{"scripts": {"start": "node x.js"}}', [], ("npm", "run", "start")),
        ('{"main": "lib/a.js"}', [], ("node", "lib/a.js")),
        ('{"main": "lib/a.js"}', ["server.js"], ("npm", "run", "start")),
        ("{}", [], ("node", "index.js")),
        ('{"scripts": {"start": "x", "serve:ssr:web": "node dist/web/server.mjs"}}', [],
         ("node", "dist/web/server.mjs")),
        ("{}", ["nuxt.config.ts", ".output/server/index.mjs"], ("node", ".output/server/index.mjs")),
        ('{"main": "a.js"}', ["nuxt.config.ts"], ("node", "a.js")),
        ("{}", ["svelte.config.js", "build/index.js"], ("node", "build/index.js")),
        ("{}", ["yarn.lock"], ("yarn", "run", "start")),
        ("{}", ["pnpm-lock.yaml", "yarn.lock"], ("yarn", "run", "start")),
        ("{}", ["pnpm-lock.yaml"], ("pnpm", "run", "start")),
        ("{}", ["bun.lock"], ("npm", "run", "start")),
    ],
)
def test_node_command(package, beside, argv):
    """Angular, scripts.start, Nuxt and SvelteKit as they are uploaded, server.js, main, index.js; without a shell."""
    command = plan({"package.json": package} | dict.fromkeys(beside, "")).services[0].command
    assert command is not None
    assert command.argv == argv


def test_procfile():
    """The web line through bash, at its place; CR-06 is this with a stray .py file."""
    command = plan({"main.py": "", "Procfile": "worker: w\nweb: serve --port $PORT\nweb: other\n"}).services[0].command
    assert command is not None
    assert (command.argv, command.source) == (("bash", "-c", "serve --port $PORT"), "procfile")
    assert command.origin is not None
    assert command.origin.line == 2


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"Procfile": "worker: python w.py\n", "main.py": ""},
                     "web process not found in Procfile, found processes: [worker]", id="CR-10"),
        pytest.param({"Procfile": "nothing here\n", "main.py": ""}, "did not find any processes in Procfile",
                     id="none"),
        pytest.param({"Procfile": b"\xff", "main.py": ""}, "Procfile is not UTF-8: byte 0xff", id="no text"),
        pytest.param({"index.html": ""}, "ERROR: failed to detect: no buildpacks participating", id="no language"),
        pytest.param({"app.rb": ""}, "for Ruby, an entrypoint must be manually set, either with "
                     '"GOOGLE_ENTRYPOINT" env var or by creating a "Procfile" file', id="Ruby"),
        pytest.param({"package.json": "not JSON"},
                     "unmarshalling package.json: Expecting value: line 1 column 1 (char 0)", id="no JSON"),
        pytest.param({"package.json": "[1]"}, "unmarshalling package.json: it is no object", id="no object"),
        pytest.param({".python-version": "\n", "main.py": ""},
                     "/workspace/.python-version exists but does not specify a version", id="no version"),
        pytest.param({"pyproject.toml": "[project]\nname = 'a'\n", "tool.py": ""},
                     "for Python with pyproject.toml, provide a main.py or app.py file or a script command in "
                     'pyproject.toml or set an entrypoint with "GOOGLE_ENTRYPOINT" env var or by creating a "Procfile" '
                     "file", id="a project without a script"),
        pytest.param({"tool.py": ""}, "for Python, provide a main.py or app.py file or set an entrypoint with "
                     '"GOOGLE_ENTRYPOINT" env var or by creating a "Procfile" file', id="Python without main.py"),
    ],
)  # fmt: skip
def test_build_fails(files, message):
    """In the buildpacks' own words; there is nothing to run."""
    made = plan(files)
    assert messages(made, "error") == [message]
    assert made.services[0].command is None


@pytest.mark.parametrize(("most", "found"), [(400, ".NET"), (50, "Node")])
def test_deep_tree_ends(monkeypatch, most, found):
    """A source of thousands of folders is looked into so far and no further."""
    monkeypatch.setattr(source, "MOST_FOLDERS", most)
    files = {f"a{n:03}/b/x.txt": "" for n in range(100)} | {"package.json": "{}", "a099/b/app.csproj": ""}
    assert decided(plan(files), "language").answer.startswith(found)


# ---- decisions ----------------------------------------------------------------------------------------


def decided(made, name):
    [found] = [one for service in made.services for one in service.decisions if one.id.endswith(f".{name}")]
    return found


def test_every_group_that_lost_has_its_reason():
    """The order is the builder's; each group says what it did not find, or that another came first."""
    found = decided(plan({"main.py": "", "package.json": "{}"}), "language")
    assert (found.answer, found.because) == ("Node", "package.json is there")
    lost = {one.answer: one.because for one in found.rejected}
    assert list(lost)[:4] == [".NET", ".NET (prebuilt) with an entrypoint", "Dart", "Go"]
    assert lost["Python with an entrypoint"] == "main.py, but no entrypoint"
    assert lost["Python"] == "another group that detects comes first"


@pytest.mark.parametrize(
    ("flag", "files", "runtime"),
    [
        ("GOOGLE_RUNTIME=python", ["main.py", "package.json"], "python"),
        ("GOOGLE_RUNTIME=Nodejs22", ["main.py", "package.json", "Procfile"], "node"),
        ("GOOGLE_RUNTIME=go", ["main.py"], "buildpacks"),
        ("GOOGLE_RUNTIME=php", ["main.py"], "php"),
        ("GOOGLE_NODEJS_VERSION=24,GOOGLE_ENTRYPOINT=node .", ["index.ts"], "node"),
        ("GOOGLE_ENTRYPOINT=python w.py", ["w.py", "package.json"], "python"),
    ],
)
def test_build_variables_decide(flag, files, runtime):
    """GOOGLE_RUNTIME opts the languages in and out; GOOGLE_ENTRYPOINT is an entrypoint as a Procfile is one."""
    files = {name: "web: x\n" if name == "Procfile" else "{}" for name in files}
    made = plan(files, gcloud=f"run deploy a --source . --set-build-env-vars '{flag}'")
    assert made.services[0].build.runtime == runtime


def test_entrypoint_of_the_build_beats_the_procfile():
    """Which is then not read, not even for its mistakes; --command names none."""
    flags = "--set-build-env-vars GOOGLE_ENTRYPOINT='python w.py'"
    made = plan({"w.py": "", "Procfile": "worker: x\n"}, gcloud=f"run deploy a --source . {flags}")
    command = made.services[0].command
    assert command.argv == ("bash", "-c", "python w.py")
    assert messages(made, "error") == []
    made = plan({"w.py": "", "Procfile": "web: x\n"}, gcloud=f"run deploy a --source . {flags}")
    assert [(lost.source, lost.text) for lost in made.services[0].command.shadowed] == [("procfile", "x")]


@pytest.mark.parametrize("table", ["[[build.env]]", "[[io.buildpacks.build.env]]"])
def test_project_toml(table):
    """Its variables count where no flag has them."""
    files = {"w.py": "", "project.toml": f'{table}\nname = "GOOGLE_ENTRYPOINT"\nvalue = "python w.py"\n'}
    command = plan(files).services[0].command
    assert (command.text, command.origin.file, command.origin.line) == ("python w.py", "project.toml", 2)
    flagged = plan(files, gcloud="run deploy a --source . --set-build-env-vars GOOGLE_ENTRYPOINT=other")
    assert flagged.services[0].command.text == "other"
    assert codes(plan({"w.py": "", "project.toml": "[[build"}), "error")[0] == "cloud-run/project-toml"


def test_a_misspelt_build_variable_is_told():
    made = plan({"main.py": ""}, gcloud="run deploy a --source . --set-build-env-vars GOOGLE_ENTRY_POINT=x,OWN=y")
    assert [d.help for d in made.diagnostics if d.code == "cloud-run/build-variable"] == [
        "did you mean GOOGLE_ENTRYPOINT?"
    ]


@pytest.mark.parametrize(
    ("files", "flags", "image"),
    [
        ({}, "", "python:3.13-slim"),
        ({".python-version": "3.11.4\n"}, "", "python:3.11.4-slim"),
        ({".python-version": "3.11\n"}, "GOOGLE_RUNTIME_VERSION=3.12.*", "python:3.12-slim"),
        ({}, "GOOGLE_RUNTIME_VERSION=3.12,GOOGLE_PYTHON_VERSION=3.10.1", "python:3.10.1-slim"),
    ],
)
def test_python_version(files, flags, image):
    """GOOGLE_PYTHON_VERSION, GOOGLE_RUNTIME_VERSION, .python-version, then the newest of google-22."""
    env = f" --set-build-env-vars {flags}" if flags else ""
    made = plan({"main.py": ""} | files, gcloud=f"run deploy a --source .{env}")
    assert made.services[0].build.base_images == (image,)


@pytest.mark.parametrize(
    ("package", "flags", "image"),
    [
        ("{}", "", "node:22-bookworm-slim"),
        ('{"engines": {"node": ">=18 <21"}}', "", "node:20-bookworm-slim"),
        ('{"engines": {"node": "20"}}', "--set-build-env-vars GOOGLE_RUNTIME_VERSION=18", "node:18-bookworm-slim"),
        ("{}", "--base-image us-docker.pkg.dev/x/google-24/run", "node:24-bookworm-slim"),
    ],
)
def test_node_version(package, flags, image):
    """The variables, engines.node, the newest of the stack."""
    made = plan({"package.json": package}, gcloud=f"run deploy a --source . {flags}")
    assert made.services[0].build.base_images == (image,)


@pytest.mark.parametrize(
    ("files", "flags", "manager"),
    [
        ({"requirements.txt": ""}, "", "pip"),
        ({"requirements.txt": ""}, "GOOGLE_PYTHON_PACKAGE_MANAGER=uv", "uv"),
        ({"requirements.txt": "", ".python-version": "3.14"}, "", "uv"),
        ({"requirements.txt": "", "pyproject.toml": "[tool.poetry]", "uv.lock": ""}, "", "pip"),
        ({"pyproject.toml": "[project]\n"}, "", "uv"),
        ({"pyproject.toml": "[project]\n"}, "GOOGLE_PYTHON_PACKAGE_MANAGER=pip", "pip"),
        ({"pyproject.toml": "[tool.poetry]\nname='a'\n"}, "", "poetry"),
        ({"pyproject.toml": "", "poetry.lock": ""}, "GOOGLE_PYTHON_PACKAGE_MANAGER=pip", "poetry"),
    ],
)
def test_python_packages(files, flags, manager):
    """Poetry, uv, pip, in this order; requirements.txt makes a pyproject.toml unread."""
    env = f" --set-build-env-vars {flags}" if flags else ""
    made = plan({"main.py": "", "Procfile": "web: x"} | files, gcloud=f"run deploy a --source .{env}")
    assert decided(made, "packages").answer == manager


@pytest.mark.parametrize(
    ("project", "text"),
    [
        ("[project.scripts]\nserve = 'a:main'\n", "uv run serve"),
        ("[project.scripts]\nserve = 'a:main'\nstart = 'a:b'\n", "uv run start"),
        ("[project.scripts]\na = 'a:main'\nb = 'a:b'\n", "gunicorn -b :8080 main:app"),
        ("[tool.poetry.scripts]\nserve = 'a:main'\n", "poetry run serve"),
        ("[project]\ndependencies = ['uvicorn[standard]>=0.3']\n", UVICORN),
    ],
)
def test_python_project(project, text):
    """A lone script, or one called start, wins over the server that is declared."""
    assert plan({"main.py": "", "pyproject.toml": project}).services[0].command.text == text


def test_gunicorn_is_added_where_it_is_started_by_default():
    """To requirements.txt that lacks it; not beside a Procfile, and not to a pyproject.toml, which is told."""
    added = "pip install gunicorn==22.0.0"

    def dockerfile(files):
        return plan(files).services[0].build.generated_dockerfile

    assert added in dockerfile({"main.py": "", "requirements.txt": "flask\n"})
    assert added in dockerfile({"main.py": ""})
    assert added not in dockerfile({"main.py": "", "requirements.txt": "gunicorn\n"})
    assert added not in dockerfile({"main.py": "", "requirements.txt": "flask\n", "Procfile": "web: x\n"})
    assert codes(plan({"main.py": "", "pyproject.toml": "[project]\n"})) == ["cloud-run/gunicorn-not-installed"]


@pytest.mark.parametrize(
    ("package", "flags", "beside", "answer"),
    [
        ('{"scripts": {"build": "b", "gcp-build": "g", "apphosting:build": "a"}}', "", [], "npm run apphosting:build"),
        ('{"scripts": {"build": "b", "gcp-build": "g"}}', "", [], "npm run gcp-build"),
        ('{"scripts": {"build": "b"}}', "", [], "npm run build"),
        ('{"scripts": {"build": "b"}}', "", ["yarn.lock"], "none"),
        ('{"scripts": {"build": "b"}}', "", ["pnpm-lock.yaml"], "pnpm run build"),
        ('{"scripts": {"build": "b", "gcp-build": ""}}', "", [], "none: the script is empty"),
        ('{"scripts": {"build": "b"}}', "--set-build-env-vars ^;^GOOGLE_NODE_RUN_SCRIPTS=lint,build", [],
         "npm run lint, npm run build"),
        ('{"scripts": {"build": "b"}}', "--set-build-env-vars GOOGLE_NODE_RUN_SCRIPTS=", [], "none"),
    ],
)  # fmt: skip
def test_node_scripts(package, flags, beside, answer):
    """Which scripts the build runs; with yarn it has no build."""
    files = {"package.json": package} | dict.fromkeys(beside, "")
    assert decided(plan(files, gcloud=f"run deploy a --source . {flags}"), "scripts").answer == answer


def test_a_function():
    """--function: the framework serves it; what it lacks ends the build."""
    made = plan({"main.py": "def hello(request): ...\n", "requirements.txt": "flask\n"},
                gcloud="run deploy a --source . --function hello")  # fmt: skip
    service = made.services[0]
    assert service.command.argv == ("functions-framework",)
    assert 'FUNCTION_TARGET="hello"' in service.build.generated_dockerfile
    assert "functions-framework==3.10.2" in service.build.generated_dockerfile
    made = plan({"app.py": ""}, gcloud="run deploy a --source . --function hello")
    assert messages(made, "error")[0].startswith("missing main.py and GOOGLE_FUNCTION_SOURCE not specified.")
    made = plan({"index.js": ""}, gcloud="run deploy a --source . --function hello")
    assert made.services[0].command.argv[:2] == ("/bin/bash", "-c")
    made = plan({"main.py": ""}, gcloud="run deploy a --source . --function hello --command x")
    assert "argument --command: At most one of --command | --function can be specified." in messages(made, "error")


# ---- what goes wrong ----------------------------------------------------------------------------------


def places(made, code):
    return [(d.severity, str(d.origin)) for d in made.diagnostics if d.code == f"cloud-run/{code}"]


def test_cr_02_a_dockerfile_of_another_name_is_told():
    """Neither of them is used, and no flag names one."""
    made = plan({"Dockerfile.prod": "FROM x\n", "docker/Dockerfile": "", "main.py": "", "requirements.txt": "flask\n"})
    assert made.services[0].build.runtime == "python"
    assert places(made, "dockerfile-name") == [("warning", "Dockerfile.prod:1:1")]


def test_cr_06_a_helper_script_and_a_procfile_make_it_python():
    """Sure where the entrypoint calls what only the other language brings; else a warning."""
    files = {"package.json": '{"scripts": {"start": "node server.js"}}', "server.js": "", "scripts/seed.py": "1\n",
             "Procfile": "web: npm start\n"}  # fmt: skip
    made = plan(files)
    assert made.services[0].build.runtime == "python"
    assert places(made, "helper-decides-language") == [("error", "scripts/seed.py:1:1")]
    made = plan(files | {"Procfile": "web: ./start\n"})
    assert places(made, "helper-decides-language") == [("warning", "scripts/seed.py:1:1")]
    assert places(plan(files | {"requirements.txt": ""}), "helper-decides-language") == []
    assert places(plan({"main.py": "", "requirements.txt": "", "tools/gen.go": "//\n"}), "helper-decides-language") == [
        ("warning", "tools/gen.go:1:1")
    ]
    assert places(plan({"main.go": "", "package.json": "{}"}), "helper-decides-language") == []


@pytest.mark.parametrize(
    ("files", "flags", "expected"),
    [
        ({}, "--port 9000", ["error"]),
        ({}, "--port 8080", []),
        ({}, "", []),
        ({"requirements.txt": "gradio\n"}, "--port 9000", ["warning"]),
        ({"Procfile": "web: gunicorn -b :$PORT main:app\n"}, "--port 9000", []),
        ({"package.json": '{"scripts": {"start": "node x"}}'}, "--port 9000", []),
    ],
)
def test_literal_port(files, flags, expected):
    """Python's default commands have 8080 in them: another containerPort is never bound."""
    made = plan({"main.py": ""} | files, gcloud=f"run deploy a --source . {flags}")
    assert [severity for severity, _ in places(made, "buildpack-port")] == expected


def test_cr_08_fastapi_is_told_where_it_is_sure():
    """Silent where a worker is set, where main.py is no FastAPI, and where an adapter is in it."""
    code = "cloud-run/fastapi-under-gunicorn"
    files = {"main.py": "app = FastAPI()\n", "requirements.txt": "flask\nfastapi==0.1\n"}
    [found] = [d for d in plan(files).diagnostics if d.code == code]
    assert (found.origin.file, found.origin.line) == ("requirements.txt", 2)
    assert code in codes(plan(files | {".python-version": "3.12", "requirements.txt": "fastapi\nuvicorn\n"}))
    assert code in codes(plan(files | {"Procfile": "web: gunicorn main:app\n"}))
    for other in (
        {"main.py": "app = Flask(__name__)\n"},
        {"main.py": "api = FastAPI()\napp = ASGIMiddleware(api)\n"},
        {"gunicorn.conf.py": "worker_class = 'uvicorn.workers.UvicornWorker'\n"},
        {"Procfile": "web: gunicorn -k uvicorn.workers.UvicornWorker main:app\n"},
    ):
        assert code not in codes(plan(files | other)), other


def test_a_command_goes_past_the_launcher():
    """It is no entrypoint of the build, and finds no language on its PATH."""
    flags = "run deploy a --source . --command python,main.py"
    made = plan({"main.py": ""}, gcloud=flags)
    command = made.services[0].command
    assert (command.argv, command.source) == (("python", "main.py"), "gcloud")
    assert [lost.source for lost in command.shadowed] == ["buildpack"]
    assert codes(made) == ["cloud-run/launcher-bypassed"]
    assert "PATH=/usr/sbin:/usr/bin:/sbin:/bin" in made.services[0].build.generated_dockerfile
    made = plan({"tool.py": ""}, gcloud=flags)
    assert codes(made) == ["cloud-run/buildpack-fails", "cloud-run/command-not-built-in"]
    assert made.services[0].command is None


def test_args_go_behind_the_launchers_command():
    made = plan({"main.py": ""}, gcloud="run deploy a --source . --args=--reload")
    assert made.services[0].command.argv == ("bash", "-c", "gunicorn -b :8080 main:app", "--reload")
    assert made.services[0].command.image_args == ("--reload",)


@pytest.mark.parametrize(
    ("files", "help_"),
    [
        ({"index.html": "<p>"}, "add a Dockerfile FROM nginx that serves it on 8080: files alone are not served"),
        ({"index.js": "1"}, "add a package.json, or a Procfile that starts index.js"),
        ({"Gemfile": "source 1"}, "add a Procfile with a web line: Ruby has no default command"),
    ],
)
def test_nothing_detects_has_a_place(files, help_):
    [found] = [d for d in plan(files).diagnostics if d.code == "cloud-run/buildpack-fails"]
    assert (found.origin.file, found.help) == (next(iter(files)), help_)


def test_procfile_grammar():
    """The command may begin on a later line; of two lines of a name the first counts, which is told."""
    made = plan({"main.py": "", "Procfile": "a-b: x\nweb:\n  serve it  \nweb: other\n"})
    assert made.services[0].command.text == "serve it"
    assert codes(made) == ["cloud-run/procfile-duplicate"]


def test_what_is_not_uploaded_does_not_count():
    """A Procfile or a script that .gcloudignore leaves out is not there for the buildpacks."""
    files = {"package.json": "{}", "Procfile": "web: x\n", "scripts/seed.py": ""}
    assert plan(files).services[0].build.runtime == "python"
    assert plan(files | {".gcloudignore": "scripts\n"}).services[0].build.runtime == "node"
    assert plan(files | {".gcloudignore": "Procfile\n"}).services[0].build.runtime == "node"


def test_a_base_image_is_for_buildpacks_alone():
    flags = "run deploy a --source . --base-image python313"
    made = plan({"Dockerfile": 'FROM x\nCMD ["x"]\n'}, gcloud=flags)
    assert messages(made, "error") == ["Base image is not supported for services built from Dockerfile."]
    assert messages(plan({"main.py": ""}, gcloud=flags), "error") == []


def test_other_sources_are_told():
    """A bucket and an archive are not read."""
    for place in ("gs://b/a.zip", "a.zip"):
        made = plan({"main.py": ""}, gcloud=f"run deploy a --source {place}")
        assert "not read: the plan takes the root" in messages(made)[0]
