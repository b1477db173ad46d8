"""rootDir, dockerfilePath, dockerContext, staticPublishPath: what each path means, and what goes wrong with it."""

import pytest

from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, service, web

DEEP = "FROM python:3.11-slim\nCMD deep\n"


def _docker(root: str | None, dockerfile: str | None, context: str | None) -> str:
    fields = {"rootDir": root, "dockerfilePath": dockerfile, "dockerContext": context}
    written = "".join(f"{field}: {value}\n" for field, value in fields.items() if value is not None)
    return web("runtime: docker\n" + written)


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
@pytest.mark.parametrize(
    ("root", "dockerfile", "context", "expected"),
    [
        (None, None, None, ("Dockerfile", ".", ".")),
        (None, "./Dockerfile", "/", ("Dockerfile", ".", ".")),  # case 14
        (None, "./deploy/Dockerfile", "./", ("deploy/Dockerfile", ".", ".")),
        (None, "/deploy/Dockerfile", "./deploy/", ("deploy/Dockerfile", "deploy", ".")),
        (None, "deploy/../Dockerfile", "deploy/..", ("Dockerfile", ".", ".")),
        (None, "deploy//Dockerfile", "/deploy", ("deploy/Dockerfile", "deploy", ".")),
        ("api", None, None, ("api/Dockerfile", "api", "api")),
        ("./api/", "./Dockerfile", ".", ("api/Dockerfile", "api", "api")),
        ("/api", "/Dockerfile", "/", ("api/Dockerfile", "api", "api")),
        ("api", "docker/web.Dockerfile", "docker", ("api/docker/web.Dockerfile", "api/docker", "api")),
        ("''", None, None, ("Dockerfile", ".", ".")),
        (".", None, None, ("Dockerfile", ".", ".")),
    ],
)
def test_paths_are_relative_to_root_dir(root, dockerfile, context, expected, created_from):
    """Every path is joined to rootDir; a leading slash means that root; the context's default is the root itself."""
    files = {
        "render.yaml": _docker(root, dockerfile, context),
        **dict.fromkeys(["Dockerfile", "deploy/Dockerfile", "api/Dockerfile", "api/docker/web.Dockerfile"], DOCKERFILE),
    }
    made = plan(files, created_from)
    build = made.services[0].build
    assert (build.dockerfile, build.context, build.root) == expected
    assert codes(made) == []


def test_a_path_from_the_top_under_root_dir_is_not_found():
    """Case 12: with rootDir apps/api, dockerfilePath apps/api/Dockerfile means apps/api/apps/api/Dockerfile."""
    files = {"render.yaml": _docker("apps/api", "apps/api/Dockerfile", None), "apps/api/Dockerfile": DOCKERFILE}
    made = plan(files, "blueprint")
    assert codes(made, "error") == ["render/dockerfile-missing"]
    found = made.diagnostics[0]
    assert "failed to read dockerfile: open apps/api/Dockerfile: no such file or directory" in found.message
    assert found.facts == ("there is no apps/api/apps/api/Dockerfile in the repository",)
    assert found.help == "it is relative to rootDir: write Dockerfile"
    assert found.origin is not None
    assert found.origin.line == 6


def test_a_context_from_the_top_under_root_dir_gets_the_same_hint():
    """dockerContext apps/api under rootDir apps/api: write a point."""
    files = {"render.yaml": _docker("apps/api", None, "apps/api"), "apps/api/Dockerfile": DOCKERFILE}
    made = plan(files)
    assert codes(made, "error") == ["render/context-missing"]
    assert made.diagnostics[0].help == "it is relative to rootDir: write ."


@pytest.mark.parametrize(
    ("files", "ignored", "said", "fact"),
    [
        ({}, [], "open Dockerfile: no such file or directory", "there is no Dockerfile in the repository"),
        ({"Dockerfile": DOCKERFILE}, ["Dockerfile"], "open Dockerfile: no such file or directory",
         "Dockerfile is on this disk, but git ignores it (.gitignore:1:Dockerfile): Render's clone does not have it"),
        ({"Dockerfile/x": ""}, [], "failed to read dockerfile: Dockerfile is a directory", "Dockerfile is no file"),
    ],
    ids=["missing", "ignored", "a folder"],
)  # fmt: skip
def test_a_missing_dockerfile_fails_in_the_builders_words(files, ignored, said, fact):
    """runtime docker without its Dockerfile: the builder's line, and what really lies there."""
    made = plan({"render.yaml": web("runtime: docker\n"), **files}, ignored=ignored)
    assert codes(made) == ["render/dockerfile-missing"]
    assert said in made.diagnostics[0].message
    assert made.diagnostics[0].facts == (fact,)


def test_without_its_dockerfile_nothing_is_said_to_run():
    """What an image would run that cannot be built is not made up; a dockerCommand still stands."""
    nothing = service({"render.yaml": web("runtime: docker\nstartCommand: x\n"), "Procfile": "web: y\n"})
    assert nothing.command is None
    command = service({"render.yaml": web("runtime: docker\ndockerCommand: ./go\n")}).command
    assert command is not None
    assert command.argv == ("./go",)


@pytest.mark.parametrize(
    ("root", "dockerfile", "context", "code"),
    [
        (None, "../Dockerfile", None, "render/dockerfile-outside-repository"),
        (None, None, "..", "render/context-outside-repository"),
        (None, None, "../..", "render/context-outside-repository"),
        ("api", None, "../..", "render/context-outside-repository"),
        (None, None, "/../x", "render/context-outside-repository"),
        ("..", None, None, "render/root-dir"),
        ("api/../../x", None, None, "render/root-dir"),
    ],
)
def test_nothing_leads_out_of_the_repository(root, dockerfile, context, code):
    """A path that climbs out of the repository is one error, at its place."""
    files = {"render.yaml": _docker(root, dockerfile, context), "Dockerfile": DOCKERFILE, "api/Dockerfile": DOCKERFILE}
    made = plan(files)
    assert codes(made, "error") == [code]
    assert made.diagnostics[0].origin is not None
    assert made.diagnostics[0].origin.file == "render.yaml"
    assert made.diagnostics[0].help


def test_climbing_out_of_root_dir_is_doubtful():
    """dockerContext .. under rootDir stays in the repository; the documentation says those files are not there."""
    made = plan({"render.yaml": _docker("api", None, ".."), "api/Dockerfile": DOCKERFILE})
    assert codes(made) == ["render/outside-root-dir"]
    assert made.services[0].build.context == "."
    assert not made.with_errors()


@pytest.mark.parametrize(
    ("files", "ignored", "why"),
    [
        ({}, [], "does not exist"),
        ({"api": "a file"}, [], "is no folder"),
        ({"api/Dockerfile": DOCKERFILE}, ["api"], "is ignored by git (.gitignore:1:api)"),
    ],
    ids=["missing", "a file", "ignored"],
)
@pytest.mark.parametrize("runtime", ["docker", "python"])
def test_a_wrong_root_dir_is_said_once(files, ignored, why, runtime):
    """A rootDir that cannot be used is the one error; what follows from it is not repeated."""
    made = plan({"render.yaml": web(f"runtime: {runtime}\nrootDir: api\n"), **files}, ignored=ignored)
    assert codes(made, "error") == ["render/root-dir"]
    assert messages(made) == [f"rootDir api {why}"]


def test_a_missing_context_folder_is_an_error():
    """dockerContext must be a folder of the repository."""
    made = plan({"render.yaml": _docker(None, None, "backend"), "Dockerfile": DOCKERFILE})
    assert messages(made) == ["dockerContext backend is no folder of the repository"]


def test_a_context_that_is_a_file_is_an_error():
    """A file is no build context."""
    made = plan({"render.yaml": _docker(None, None, "Dockerfile"), "Dockerfile": DOCKERFILE})
    assert codes(made) == ["render/context-missing"]


def test_the_procfile_and_pins_are_looked_for_in_root_dir():
    """With rootDir the Procfile of the root counts, and .python-version is taken from there, else from the top."""
    files = {"render.yaml": web("runtime: python\nrootDir: api\n"), "Procfile": "web: top\n"}
    made = service({**files, "api/Procfile": "web: deep\n", ".python-version": "3.12\n"})
    assert made.command is not None
    assert made.command.text == "deep"
    assert made.build.base_images == ("python:3.12-slim",)
    nested = service(
        {**files, "api/Procfile": "web: deep\n", ".python-version": "3.12\n", "api/.python-version": "3.13"}
    )
    assert nested.build.base_images == ("python:3.13-slim",)


@pytest.mark.parametrize(
    ("root", "publish", "expected"), [(None, "dist", "dist"), ("site", "./dist/", "site/dist"), (None, None, "public")]
)
def test_publish_path_is_relative_to_root_dir(root, publish, expected):
    """staticPublishPath is joined to rootDir; without one it is the API's default, and a warning says so."""
    fields = "runtime: static\nbuildCommand: make\n" + (f"rootDir: {root}\n" if root else "")
    made = plan({"render.yaml": web(fields + (f"staticPublishPath: {publish}\n" if publish else "")), "site/x": ""})
    assert made.services[0].build.publish == expected
    assert codes(made) == ([] if publish else ["render/publish-path"])
