"""Sources without a Dockerfile, built by the buildpacks' rules and booted for real."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.engine.labels import PROJECT, project_id
from tests.running_emu import run_emu

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = [pytest.mark.docker, pytest.mark.timeout(400)]

SERVER = (
    "import json, os, sys\nfrom http.server import BaseHTTPRequestHandler, HTTPServer\nimport {module}\n"
    "print(json.dumps({{'cwd': os.getcwd(), 'uid': os.getuid(), 'unbuffered': os.environ.get('PYTHONUNBUFFERED'),\n"
    "                   'build': os.environ.get('ONLY_AT_BUILD'), 'from': {module}.__file__}}), flush=True)\n"
    "HTTPServer(('0.0.0.0', int(os.environ['PORT'])), BaseHTTPRequestHandler).serve_forever()\n"
)


@pytest.fixture
def project(tmp_path: Path, engine: "DockerClient") -> Iterator[Path]:
    """A folder of its own; its images are gone after the test."""
    root = tmp_path / "emu-test-buildpacks"
    root.mkdir()
    yield root
    for image in engine.images.list(filters={"label": f"{PROJECT}={project_id(str(root))}"}):
        engine.images.remove(image.id, force=True)


def _up(
    project: Path, files: Mapping[str, str], flags: str = "", *more: str, env: Mapping[str, str] | None = None
) -> list[Any]:
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    command = f"run deploy shop --source . {flags}"
    words = ("--platform", "cloud-run", "--gcloud", command, "--root", str(project), *more)
    return run_emu("up", "--once", "--format", "json", *words, env=env, timeout=300).lines()


def _lines(events: list[Any], stream: str) -> list[str]:
    return [event["line"] for event in events if event["event"] == "log" and event["stream"] == stream]


def test_pip_fills_a_layer_and_the_source_runs_in_workspace(project: Path) -> None:
    """As the user cnb, on the port that is asked, without the build's variables; no line is buffered."""
    events = _up(
        project, {"w.py": SERVER.format(module="idna"), "requirements.txt": "idna==3.11\n"},
        "--port 9000 --set-build-env-vars ^;^GOOGLE_ENTRYPOINT='python w.py';ONLY_AT_BUILD=yes",
    )  # fmt: skip
    assert events[-1]["verdict"] == "live", events[-1]
    said = json.loads(_lines(events, "stdout")[0])
    assert said.pop("from").startswith("/layers/google.python.pip/pip/lib/")
    assert said == {"cwd": "/workspace", "uid": 1000, "unbuffered": "TRUE", "build": None}


def test_incompatible_packages_end_the_build(project: Path) -> None:
    """The source's own requirements come last and win; `pip check` then finds what they broke."""
    files = {"main.py": "def hello(request):\n    return 'ok'\n", "requirements.txt": "click==7.1.2\n"}
    events = _up(project, files, "--function hello")
    assert events[-1]["verdict"] == "build_failed", events[-1]
    assert "pip check exited with status 1" in events[-1]["reason"]
    assert any(line.lower().startswith("flask ") and "click 7.1.2" in line for line in _lines(events, "build"))


def test_uv_makes_the_environment_of_a_pyproject(project: Path) -> None:
    """Without a lock file it makes one; the environment's programs are on PATH."""
    events = _up(
        project,
        {
            "main.py": SERVER.format(module="idna"),
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
                              'dependencies = ["idna==3.11"]\n',
            "Procfile": "web: python main.py\n",
        },
    )  # fmt: skip
    assert events[-1]["verdict"] == "live", events[-1]
    said = json.loads(_lines(events, "stdout")[0])
    assert said["from"].startswith("/layers/google.python.uv/uv-dependencies/.venv/lib/")


def test_a_command_goes_past_the_launcher_and_finds_no_python(project: Path) -> None:
    """What the launcher would have set is missing: the plan says so, and so it ends."""
    events = _up(project, {"main.py": "print('runs')\n"}, "--command python,main.py", "--build-anyway")
    assert events[-1]["verdict"] == "boot_failed", events[-1]
    assert "cloud-run/launcher-bypassed" in [d["code"] for d in events[0]["plan"]["diagnostics"]]
    assert _lines(events, "stdout") == []


def test_a_function_is_served_by_the_framework(project: Path) -> None:
    """--function names it, and the framework is installed for it."""
    events = _up(project, {"main.py": "def hello(request):\n    return 'ok'\n"}, "--function hello")
    assert events[-1]["verdict"] == "live", events[-1]
    assert events[0]["plan"]["services"][0]["command"]["argv"] == ["functions-framework"]


def test_node_builds_with_its_dev_dependencies_and_runs_without_them(project: Path) -> None:
    """The build script sees them and the build's variables; the process runs for production."""
    manifest = {
        "name": "shop", "version": "1.0.0", "scripts": {"build": "mustache v.json p.mustache > p.html && env > built"},
        "main": "start.js", "dependencies": {"ms": "2.1.3"}, "devDependencies": {"mustache": "4.2.0"},
    }  # fmt: skip
    events = _up(
        project,
        {
            "package.json": json.dumps(manifest), "v.json": '{"n": "world"}', "p.mustache": "Hello, {{n}}",
            "start.js": "const fs = require('fs');\n"
                        "const built = fs.readFileSync('built', 'utf8').includes('OF_BUILD=7');\n"
                        "console.log(JSON.stringify([fs.readFileSync('p.html', 'utf8'), process.env.NODE_ENV, built,\n"
                        "  fs.existsSync('node_modules/mustache'), require('ms')('1s'), process.env.OF_BUILD]));\n"
                        "require('http').createServer((_, to) => to.end()).listen(process.env.PORT, '0.0.0.0');\n",
        },
        "--set-build-env-vars OF_BUILD=7",
    )  # fmt: skip
    assert events[-1]["verdict"] == "live", events[-1]
    assert events[0]["plan"]["services"][0]["command"]["argv"] == ["node", "start.js"]
    assert json.loads(_lines(events, "stdout")[0]) == ["Hello, world", "production", True, False, 1000, None]


# ---- with pack ----------------------------------------------------------------------------------------

PACK = """#!/bin/sh
# Stands for Google's builder: an image of the source with a launcher that sets what only it knows.
set -eu
[ "$1" = build ] && image=$2 && shift 2
while [ $# -gt 0 ]; do
    case $1 in --path) source=$2 ;; esac
    shift
done
echo "===> DETECTING"
if [ -e "$source/broken" ]; then
    echo "ERROR: failed to build: exit status 1"
    exit 51
fi
echo "variable: $OF_BUILD, files: $(cd "$source" && echo *)"
mkdir "$source/.fake" && cat > "$source/.fake/launcher" <<'EOF'
#!/bin/sh
SET_BY_LAUNCHER=yes exec python3 w.py "$@"
EOF
chmod +x "$source/.fake/launcher"
printf '%s\\n' 'FROM python:3.13-slim' 'COPY . /workspace' 'WORKDIR /workspace' \
    'LABEL io.buildpacks.lifecycle.metadata={}' 'ENTRYPOINT ["/workspace/.fake/launcher"]' > "$source/.fake/Dockerfile"
docker build -q -t "$image" -f "$source/.fake/Dockerfile" "$source" >/dev/null
"""
LAUNCHED = (
    "import os, sys\nfrom http.server import BaseHTTPRequestHandler, HTTPServer\n"
    "print('launched:', os.environ.get('SET_BY_LAUNCHER'), sys.argv[1:], flush=True)\n"
    "HTTPServer(('0.0.0.0', int(os.environ['PORT'])), BaseHTTPRequestHandler).serve_forever()\n"
)


@pytest.fixture
def with_pack(tmp_path: Path, engine: "DockerClient") -> Iterator[dict[str, str]]:
    """A `pack` on PATH, and an image by the builder's name."""
    program = tmp_path / "bin" / "pack"
    program.parent.mkdir()
    program.write_text(PACK)
    program.chmod(0o755)
    builder = "gcr.io/buildpacks/builder:google-22"
    engine.images.get("python:3.13-slim").tag(builder)
    yield {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    engine.images.remove(builder)


def test_pack_builds_where_it_is_there(project: Path, with_pack: dict[str, str], engine: "DockerClient") -> None:
    """It gets what is uploaded and the build's variables; its image's launcher starts the process; our labels are on
    it."""
    files = {"w.py": LAUNCHED, "secret.txt": "no", ".gcloudignore": "secret.txt\n.gcloudignore\n",
             "Procfile": "web: python w.py\n"}  # fmt: skip
    events = _up(project, files, "--set-build-env-vars OF_BUILD=7 --args=--reload", env=with_pack)
    assert events[-1]["verdict"] == "live", events[-1]
    said = _lines(events, "build")
    assert said[0] == "pack builds it with gcr.io/buildpacks/builder:google-22"
    assert "variable: 7, files: Procfile w.py" in said
    assert _lines(events, "stdout") == ["launched: yes ['--reload']"]
    assert [e["kind"] for e in events if e["event"] == "mismatch"] == []
    assert engine.images.list(filters={"label": f"{PROJECT}={project_id(str(project))}"})


def test_a_failure_of_pack_is_a_failed_build(project: Path, with_pack: dict[str, str]) -> None:
    """In the lifecycle's own words."""
    events = _up(project, {"w.py": "", "broken": "", "Procfile": "web: python w.py\n"}, env=with_pack)
    assert events[-1]["verdict"] == "build_failed", events[-1]
    assert "ERROR: failed to build: exit status 1" in events[-1]["reason"]
