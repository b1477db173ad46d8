"""An image for another machine, and mounts that hide the app's own files."""

import pytest

from emulator.model.diagnostic import Severity
from tests.emulator.check.checking import check_files

SERVICE = "services:\n  - type: web\n    name: a\n    runtime: docker\n    plan: starter\n"


def found(
    code: str, dockerfile: str, *, disk: str = "", files: dict[str, str] | None = None
) -> list[tuple[Severity, int]]:
    mount = f"    disk: {{name: d, sizeGB: 1, mountPath: {disk}}}\n" if disk else ""
    repo = {"app.py": "app = 1\n", "Dockerfile": dockerfile, "render.yaml": SERVICE + mount, **(files or {})}
    plan = check_files(repo, options={"created-from": "blueprint"})
    return [(d.severity, d.origin.line) for d in plan.diagnostics if d.code == code and d.origin]


REST = 'WORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        ("FROM --platform=linux/arm64 python:3.13\n", [1]), ("FROM --platform=linux/arm/v7 python:3.13\n", [1]),
        ("ARG ARCH=arm64\nFROM --platform=linux/$ARCH python:3.13\n", [2]),
        ("FROM --platform=linux/arm64 python:3.13 AS base\nFROM base\n", [1]),
        ("FROM --platform=linux/amd64 python:3.13\n", []), ("FROM --platform=$BUILDPLATFORM python:3.13\n", []),
        ("FROM --platform=$TARGETPLATFORM python:3.13\n", []), ("FROM --platform=linux/386 debian\n", []),
        ("FROM --platform=linux/arm64 node AS assets\nRUN true\nFROM python:3.13\n", []), ("FROM python:3.13\n", []),
    ],
)  # fmt: skip
def test_other_architecture_is_found_at_the_from_of_the_final_image(head: str, lines: list[int]) -> None:
    """Written, by an ARG, and in a stage below; another stage may run anywhere."""
    assert [line for _, line in found("image/other-architecture", head + REST)] == lines


COMMANDS = ["python app.py", "gunicorn app:app", "uvicorn app:app", "/app/app.py"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("disk", "count"), [("/app", 1), ("/app/", 1), ("/app/data", 0), ("/data", 0), ("/ap", 0)])
def test_disk_over_the_app_is_found(command: str, disk: str, count: int) -> None:
    """Where the file that the command runs, or the module it imports, lies below the mount."""
    dockerfile = f"FROM python:3.13-slim\nWORKDIR /app\nCOPY --chmod=755 . .\nCMD exec {command}\n"
    assert len(found("start/hidden-by-mount", dockerfile, disk=disk)) == count


def test_disk_without_known_app_is_silent() -> None:
    """What another image has is not known, and a program of the system lies elsewhere."""
    assert found("start/hidden-by-mount", "FROM someone/app\nWORKDIR /app\n", disk="/app") == []
    assert found("start/hidden-by-mount", "FROM python:3.13\nWORKDIR /app\nCMD sleep infinity\n", disk="/app") == []


KNATIVE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop}
spec:
  template:
    spec:
      volumes: [{name: tools, secret: {secretName: tools}}, {name: cache, emptyDir: {}}]
      containers:
        - image: shop
          volumeMounts: [{name: VOLUME, mountPath: PATH}]
"""


@pytest.mark.parametrize(
    ("volume", "path", "said"),
    [
        ("tools", "/app", "what is mounted at /app hides /app/app.py, which the command runs"),
        ("tools", "/app/conf", "the secret mounted at /app/conf hides /app/conf/a.yaml and 1 more of the image"),
        ("tools", "/app/empty", None),
        ("tools", "/etc/tools", None),
        ("cache", "/app/conf", None),
    ],
)
def test_a_secret_over_the_apps_files_is_found(volume: str, path: str, said: str | None) -> None:
    """The command's own file, and any other that the image surely has; memory may well be meant to hide them."""
    files = {"conf/a.yaml": "", "conf/b.yaml": "", "empty/.gitkeep": "", "app.py": "app = 1\n"}
    yaml = KNATIVE.replace("VOLUME", volume).replace("PATH", path)
    plan = check_files({**files, "Dockerfile": f"FROM python:3.13-slim\n{REST}", "service.yaml": yaml})
    found = [d.message for d in plan.diagnostics if d.code == "start/hidden-by-mount"]
    assert found == ([] if said is None else [said])


def test_gclouds_secret_file_hides_the_whole_directory() -> None:
    """--set-secrets /app/tools.yaml=… mounts a volume at /app."""
    files = {"app.py": "app = 1\n", "Dockerfile": f"FROM python:3.13-slim\n{REST}", "cloudbuild.yaml": ""}
    command = "run deploy shop --source . --set-secrets /app/tools.yaml=tools:latest"
    plan = check_files(files, options={"gcloud": command})
    assert "start/hidden-by-mount" in [d.code for d in plan.diagnostics]
