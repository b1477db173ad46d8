"""Rules about package managers: what they surely do not find at the line that calls them."""

import pytest

from tests.emulator.check.checking import check_files

FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
SCM = """\
[build-system]
requires = ["setuptools>=80", "setuptools-scm>=8"]
build-backend = "setuptools.build_meta"
[project]
name = "the-shop"
dynamic = ["version"]
[tool.setuptools_scm]
"""
SHOP = {"shop/__init__.py": "", "shop/__main__.py": "print('hello')\n"}


def found(dockerfile: str, files: dict[str, str]) -> list[tuple[str, int | None]]:
    """(code, line) of the errors about the build."""
    plan = check_files({**files, "Dockerfile": dockerfile})
    told = [one for one in plan.diagnostics if one.severity == "error" and one.code.startswith("build/")]
    return [(one.code, one.origin.line if one.origin else None) for one in told]


VERSION = "build/version-needs-git"


@pytest.mark.parametrize(
    ("lines", "more", "expected"),
    [
        ("COPY pyproject.toml ./\nCOPY shop shop\nRUN pip install .\n", {}, [(VERSION, 5)]),
        ("COPY pyproject.toml ./\nCOPY shop shop\nRUN pip install -e .\n", {}, [(VERSION, 5)]),
        ("COPY . .\nRUN pip install .\n", {}, []),  # a clone has .git, and no platform says that it keeps it back
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git\n"}, [(VERSION, 4)]),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": "**/.git\n"}, [(VERSION, 4)]),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git*\n!.git\n"}, []),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git\n", "PKG-INFO": "Version: 1\n"}, []),
        ("ENV SETUPTOOLS_SCM_PRETEND_VERSION=1\nCOPY . .\nRUN pip install .\n", {".dockerignore": ".git\n"}, []),
        ("ARG SETUPTOOLS_SCM_PRETEND_VERSION\nCOPY . .\nRUN pip install .\n", {".dockerignore": ".git\n"}, []),
        (
            "COPY . .\nRUN export SETUPTOOLS_SCM_PRETEND_VERSION_FOR_THE_SHOP=1 && pip install .\n",
            {".dockerignore": ".git\n"},
            [],
        ),
        ("RUN apt-get install -y git\nCOPY . .\nRUN git init . && pip install .\n", {".dockerignore": ".git\n"}, []),
        ("COPY . .\nRUN --mount=source=.git,target=.git,type=bind pip install .\n", {}, []),
        ("COPY . .\nRUN pip install .\n", {".dockerignore": ".git\n", "pyproject.toml": SCM + 'root = ".."\n'}, []),
        (
            "COPY . .\nRUN pip install .\n",
            {".dockerignore": ".git\n", "pyproject.toml": SCM.replace(', "setuptools-scm>=8"', "")},
            [],
        ),
    ],
)
def test_a_version_from_git(lines: str, more: dict[str, str], expected: list[tuple[str, int]]) -> None:
    """Only where .git is surely not there, and no variable tells the version."""
    files = {**SHOP, "pyproject.toml": SCM, **more}
    assert found(f'{FROM}{lines}CMD ["python", "-m", "shop"]\n', files) == expected


def test_git_that_is_ignored_is_told_at_its_pattern() -> None:
    """The pattern is related, and the variable is named as the tool reads it."""
    files = {**SHOP, "pyproject.toml": SCM, ".dockerignore": "dist\n.git\n"}
    files["Dockerfile"] = f'{FROM}COPY . .\nRUN pip install .\nCMD ["python", "-m", "shop"]\n'
    [one] = [one for one in check_files(files).diagnostics if one.code == VERSION]
    assert [str(related.origin) for related in one.related] == [".dockerignore:2:1"]
    assert one.help is not None
    assert "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_THE_SHOP" in one.help


PROJECT = "build/project-file-missing"
GO = "FROM golang:1.24 AS build\nWORKDIR /src\n"
RUST = "FROM rust:1.90\nWORKDIR /src\n"
NODE = "FROM node:22-slim\nWORKDIR /src\n"
EMPTY = (
    "main.go", "other/main.go", "go.mod", "a/go.mod", "Cargo.toml", "Gemfile", "composer.json", "pom.xml", "mix.exs",
    "build.js",
)  # fmt: skip
TREE = dict.fromkeys(EMPTY, "") | {"package.json": '{"scripts": {"build": "node build.js"}}'}

LACKING = [
    f"{GO}RUN go mod download\nCOPY . .\n",
    f"{GO}COPY main.go .\nRUN go build -o /bin/shop .\n",
    f'{GO}COPY main.go .\nRUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.v=$V" -o /bin/shop\n',
    f"{GO}COPY other .\nRUN go build ./...\n",
    f"{RUST}COPY main.go .\nRUN cargo build --release\n",
    f"{RUST}COPY main.go .\nRUN cargo +nightly fetch\n",
    f"{RUST}COPY . .\nRUN cargo install --path other\n",
    f"{NODE}COPY build.js .\nRUN npm run build\n",
    f"{NODE}COPY build.js .\nRUN yarn build\n",
    f'{NODE}COPY build.js .\nSHELL ["/bin/sh", "-c"]\nRUN pnpm install\n',
    "FROM ruby:3.4\nWORKDIR /app\nCOPY main.go .\nRUN bundle install\n",
    "FROM composer:2\nWORKDIR /src\nCOPY main.go .\nRUN composer -n install --no-dev\n",
    "FROM maven:3-eclipse-temurin-21\nWORKDIR /src\nCOPY main.go .\nRUN mvn -B -P prod -DskipTests clean package\n",
    "FROM elixir:1.18\nWORKDIR /src\nCOPY main.go .\nRUN mix deps.get --only prod\n",
]  # fmt: skip

NOT_LACKING = [
    f"{GO}COPY . .\nRUN go mod download && go build ./...\n",
    f"{GO}COPY . /\nRUN go mod download\n",  # above it
    f"{GO}COPY go.mod ./\nRUN go mod download\n",
    f"{GO}RUN --mount=type=bind,source=go.mod,target=go.mod go mod download\n",
    f"{GO}RUN --mount=target=. --mount=type=cache,target=/root/.cache go build -o /bin/shop ./...\n",
    f"{GO}RUN --mount=type=bind,target=/src,rw go build -o /bin/shop .\n",
    f"{GO}RUN --mount=type=cache,target=/src/x cd x && go build .\n",
    f"{GO}RUN git clone https://example.com/shop . && go build .\n",
    f"{GO}ADD https://example.com/shop.git .\nRUN go build .\n",
    f"{GO}COPY --from=acme/sources /src .\nRUN go build .\n",
    f"{GO}RUN test -f go.mod && go build . || true\n",
    f"{GO}RUN go mod init shop && go mod tidy\n",
    f"{GO}COPY main.go .\nRUN go build main.go\n",
    f"{GO}RUN go install github.com/acme/tool@v1\n",
    f"{GO}COPY main.go .\nRUN GO111MODULE=off go build .\n",
    f"{GO}COPY main.go .\nRUN go build $WHAT\n",
    f"{GO}COPY . .\nRUN cd a && go mod download\n",
    "FROM golang:1.12\nWORKDIR /go/src/shop\nCOPY main.go .\nRUN go build .\n",
    "FROM golang:1.24\nCOPY main.go .\nRUN go build .\n",  # where it works is the base image's
    "FROM acme/go:1.24\nWORKDIR /src\nRUN go mod download\n",
    f"{RUST}RUN cargo install cargo-chef\n",
    f"{RUST}RUN cargo new shop && cd shop && cargo build\n",
    f"{RUST}COPY . .\nRUN cargo build --manifest-path Cargo.toml\n",
    f"{NODE}COPY build.js .\nRUN yarn install\n",
    f"{NODE}COPY build.js .\nRUN yarn policies set-version\n",
    f"{NODE}COPY build.js .\nRUN npm install -g pnpm\n",
    "FROM ruby:3.4\nWORKDIR /app\nENV BUNDLE_GEMFILE=/x\nRUN bundle install\n",
    "FROM composer:2\nRUN composer global require acme/tool\n",
    "FROM composer:2\nRUN composer install\n",
    "FROM maven:3-eclipse-temurin-21\nWORKDIR /src\nRUN mvn -f /other/pom.xml package\n",
    "FROM elixir:1.18\nWORKDIR /src\nRUN mix local.hex --force\n",
]


@pytest.mark.parametrize("dockerfile", LACKING)
def test_a_build_tool_without_its_project(dockerfile: str) -> None:
    """At the line of the RUN."""
    line = next(number for number, text in enumerate(dockerfile.splitlines(), 1) if text.startswith("RUN"))
    assert found(f'{dockerfile}CMD ["true"]\n', TREE) == [(PROJECT, line)]


@pytest.mark.parametrize("dockerfile", NOT_LACKING)
def test_a_build_tool_that_may_find_its_project(dockerfile: str) -> None:
    """Or does not need one."""
    assert found(f'{dockerfile}CMD ["true"]\n', TREE) == []


def test_a_project_that_comes_too_late_names_the_line() -> None:
    """The COPY that brings it is related."""
    plan = check_files({**TREE, "Dockerfile": f'{GO}RUN go mod download\nCOPY . .\nCMD ["true"]\n'})
    [one] = [one for one in plan.diagnostics if one.code == PROJECT]
    assert [str(related.origin) for related in one.related] == ["Dockerfile:4:1"]
    assert "go mod download needs /src/go.mod" in one.message


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("RUN python manage.py collectstatic\nCOPY . .\n", [(PROJECT, 3)]),
        ("COPY app ./\nRUN chmod +x start.sh\n", [(PROJECT, 4)]), ("RUN ./build.sh\n", [(PROJECT, 3)]),
        ("COPY app ./\nRUN cd sub && sh ../gone.sh\n", [(PROJECT, 4)]),
        ("RUN python -u /app/gone.py\n", [(PROJECT, 3)]),
        ("COPY . .\nRUN python manage.py migrate && chmod +x start.sh && ./start.sh && sh build.sh\n", []),
        ("ADD http://x.org/get.py ./\nRUN python get.py\n", []), ("RUN python -m venv x && sh -c ls\n", []),
        ("RUN python gone.py || true\n", []), ("RUN if [ -f x.py ]; then python x.py; fi\n", []),
        ("RUN chmod -R 755 gone && chmod 755 *.sh\n", []), ("RUN echo 'x' > go.sh && chmod +x go.sh && ./go.sh\n", []),
        ("RUN --mount=type=bind,target=. python manage.py check\n", []), ("RUN printf x | python -\n", []),
        ("COPY app ./\nRUN mv .env.example .env\n", [(PROJECT, 4)]), ("RUN cp -r /app/gone /x\n", [(PROJECT, 3)]),
        ("COPY . .\nRUN cp build.sh x.sh && mv x.sh y.sh && sh y.sh && cp app/* /x && cp -T a b || ls\n", []),
        ("RUN <<E cat > /app/go.sh\nls\nE\nRUN sh go.sh\n", []), ("ARG S=gone.py\nRUN python $S\n", [(PROJECT, 4)]),
    ],
)  # fmt: skip
def test_a_step_that_runs_a_file_that_is_not_there_yet(lines: str, expected: list[tuple[str, int]]):
    """Interpreters, programs by their path and chmod; silent where a step may have made it, or a failure may pass."""
    files = {"manage.py": "", "start.sh": "", "build.sh": "", "app/app.py": "", "app/sub/x": ""}
    assert found(FROM + lines, files) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM node:20\nCOPY package.json .\nRUN npm build\n", [("build/script-missing", 3)]),
        ("FROM node:20\nCOPY package.json .\nRUN npm run build\n", []),
        ("FROM node:14\nCOPY package.json .\nRUN npm build\n", []),
        ("FROM someone/node\nCOPY package.json .\nRUN npm build\n", []),
        ("FROM node:22-slim\nCOPY package.json .\nRUN npm install -g npm@6\nRUN npm build\n", []),
    ],
)
def test_a_script_without_run(text: str, expected: list[tuple[str, int]]):
    """npm 7 and later refuse it."""
    assert found(text, {"package.json": '{"scripts": {"build": "x"}}'}) == expected


@pytest.mark.parametrize(
    ("install", "is_found"),
    [
        ("pip install poetry", True), ("pip install --no-cache-dir 'poetry==2.1.0' gunicorn", True),
        ("pip install poetry==1.8.2", False), ("pip install -r tools.txt", False), ("pip install poetry-core", False),
        ("pip install poetry==$POETRY_VERSION", False), ("curl https://install.python-poetry.org | python -", False),
    ],
)
def test_poetry_2_ends_where_it_cannot_install_the_project(install: str, is_found: bool):
    """Poetry 1 warns and goes on (tried with 2.5)."""
    project = '[tool.poetry]\nname = "shop"\nversion = "1"\nauthors = []\n[build-system]\nrequires = ["poetry-core"]\n'
    files = {"pyproject.toml": project + 'build-backend = "poetry.core.masonry.api"\n', "tools.txt": "poetry\n"}
    text = f"{FROM}COPY pyproject.toml tools.txt ./\nRUN {install}\nRUN poetry install\nCOPY . .\n"
    assert found(text, {**files, "shop/__init__.py": ""}) == ([("build/package-not-copied", 5)] if is_found else [])


@pytest.mark.parametrize(
    ("script", "help_"),
    [
        ("#!/bin/bash\npip install .\necho done\n", "let it fail: write `set -e` as the first command of build.sh"),
        ("#!/bin/bash\nset -eu\npip install . || true\n", "let it fail: remove what swallows it"),
    ],
)
def test_what_swallows_a_failure_is_told(script: str, help_: str) -> None:
    """A script goes on behind what fails unless it says otherwise: there nothing is to be removed."""
    files = SHOP | {"pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n", "build.sh": script}
    dockerfile = f'{FROM}COPY . .\nRUN bash build.sh\nCMD ["python", "-m", "shop"]\n'
    [told] = [d for d in check_files({**files, "Dockerfile": dockerfile}).diagnostics if d.code.endswith("swallowed")]
    assert told.help == help_
