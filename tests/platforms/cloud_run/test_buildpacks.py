"""A source without a Dockerfile: which buildpacks would build it, and what they would start."""

import pytest

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
        ("FastAPI[all, standard]>=0.1  # web\n", "", UVICORN),
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
        ("not JSON", [], ("node", "index.js")),
        ("[1]", [], ("node", "index.js")),
    ],
)
def test_node_command(package, beside, argv):
    """scripts.start, server.js, main, index.js; run without a shell."""
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
        pytest.param({"Gemfile": ""}, "for Ruby, an entrypoint must be manually set, either with "
                     '"GOOGLE_ENTRYPOINT" env var or by creating a "Procfile" file', id="Ruby"),
        pytest.param({"tool.py": ""}, "for Python, provide a main.py or app.py file or set an entrypoint with "
                     '"GOOGLE_ENTRYPOINT" env var or by creating a "Procfile" file', id="Python without main.py"),
    ],
)  # fmt: skip
def test_build_fails(files, message):
    """In the buildpacks' own words; there is nothing to run."""
    made = plan(files)
    assert messages(made, "error") == [message]
    assert made.services[0].command is None


def test_deep_tree_ends():
    """A source of thousands of folders is looked into so far and no further."""
    files = {f"a{n}/b/c/x.txt": "" for n in range(3000)} | {"package.json": "{}"}
    assert plan(files).services[0].build.runtime == "node"
