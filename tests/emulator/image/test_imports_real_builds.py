"""What Python can import after a real build, against what the worked-out image says: installations of a project."""

from pathlib import Path

import pytest

from emulator.image.imports import Found, Missing, find_module
from emulator.image.interpreters import python_of
from tests.emulator.image.real_builds import Project, build, work

pytestmark = pytest.mark.docker

SETUP = {"setup.py": "from setuptools import setup\n\nsetup()\n"}
"""setuptools' own way, which the image's pip goes without any network; pyproject.toml is compared with wheels."""
FLAT = SETUP | {
    "setup.cfg": "[metadata]\nname = shop\nversion = 1\n[options]\npackages = shop, shop.sub\n",
    "shop/__init__.py": "", "shop/api.py": "", "shop/sub/__init__.py": "", "shop/sub/x.py": "", "shop/left/y.py": "",
    "tool.py": "", "other/__init__.py": "",
}  # fmt: skip
SRC = SETUP | {
    "setup.cfg": "[metadata]\nname = shop\nversion = 1\n[options]\npackage_dir =\n    = src\npackages = find:\n"
    "[options.packages.find]\nwhere = src\n",
    "src/shop/__init__.py": "", "src/shop/api.py": "", "src/shop/sub/x.py": "", "src/other.py": "", "tool.py": "",
}  # fmt: skip
MODULES = ("shop", "shop.api", "shop.sub", "shop.sub.x", "shop.left", "shop.left.y", "shop.old", "tool", "other", "lib")
PIP = "pip install --no-build-isolation --no-index --no-deps"
SITE = "/usr/local/lib/python3.11/site-packages"
AWAY = "WORKDIR /elsewhere"
CARRIED = f"FROM python:3.11-slim AS app\n{AWAY}\nCOPY --from=made"

SCENARIOS = {
    "installed": (FLAT, f"RUN {PIP} .\n{AWAY}"),
    "editable": (FLAT, f"RUN {PIP} -e .\n{AWAY}"),
    "editable, its sources gone": (FLAT, f"RUN {PIP} -e . && rm -r shop/api.py\n{AWAY}"),
    "where it lies": (FLAT, "WORKDIR /w"),
    "target": (FLAT, f"RUN {PIP} --target /deps .\nENV PYTHONPATH=/deps\n{AWAY}"),
    "prefix": (FLAT, f"RUN {PIP} --prefix=/p .\nENV PYTHONPATH=/p/lib/python3.11/site-packages\n{AWAY}"),
    "user": (FLAT, f"RUN {PIP} --user .\n{AWAY}"),
    "venv": (
        FLAT,
        f"RUN python -m venv --system-site-packages /v && /v/bin/{PIP} .\nENV PATH=/v/bin:$PATH\n{AWAY}",
    ),
    "src": (SRC, f"RUN {PIP} .\n{AWAY}"),
    "src, editable": (SRC, f"RUN {PIP} --editable .\n{AWAY}"),
    "src, not installed": (SRC, "ENV PYTHONPATH=src"),
    "a part of it": (FLAT | {"setup.cfg": FLAT["setup.cfg"].replace(", shop.sub", "")}, f"RUN {PIP} .\n{AWAY}"),
    "site-packages carried": (FLAT, f"RUN {PIP} .\n{CARRIED} {SITE} {SITE}"),
    "a note carried": (FLAT, f"RUN {PIP} -e .\n{CARRIED} {SITE} {SITE}"),
    "a note and the sources carried": (FLAT, f"RUN {PIP} -e .\n{CARRIED} {SITE} {SITE}\nCOPY --from=made /w /w"),
    "the user's carried": (FLAT, f"RUN {PIP} --user .\n{CARRIED} /root/.local /root/.local"),
}


@pytest.mark.parametrize(("files", "lines"), SCENARIOS.values(), ids=SCENARIOS)
def test_what_can_be_imported(files: dict[str, str], lines: str, tmp_path: Path):
    """Found is importable, missing is not; what is not sure is no claim, and little is."""
    stage = "made" if "AS app" in lines else "app"
    asked = " ".join(MODULES)
    text = f"""FROM python:3.11-slim AS {stage}
WORKDIR /w
COPY . .
{lines}
FROM app AS asked
RUN for m in {asked}; do python -c "import $m" 2>/dev/null && echo "$m yes" || echo "$m no"; done > /result
FROM scratch
COPY --from=asked /result /
"""
    repo = Project(dockerfile=text, files=files, dockerignore="Dockerfile\n.dockerignore\n").write(tmp_path)
    built = build(repo)
    assert built.failed_at is None, built.log
    real = dict(line.split() for line in built.paths["/result"][2].decode().splitlines())
    worked = work(repo, target="app")
    environ = {setting.name: setting.value for setting in worked.config.env}
    python = python_of("python", environ, worked.tree)
    here = worked.config.workdir
    paths = [f"{here}/{one}" if one[0] != "/" else one for one in environ.get("PYTHONPATH", "").split(":") if one]
    roots = [here, *paths, "/root/.local/lib/python3.11/site-packages", python.site]
    answers = {module: find_module(worked.tree, roots, module) for module in MODULES}
    wrong = {
        module: (real[module], answer)
        for module, answer in answers.items()
        if (isinstance(answer, Found) and real[module] == "no")
        or (isinstance(answer, Missing) and real[module] == "yes" and not answer.packages)
    }
    assert wrong == {}
    assert sum(isinstance(answer, Found | Missing) for answer in answers.values()) >= 8
