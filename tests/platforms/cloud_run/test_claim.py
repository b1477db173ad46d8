"""By what a repository is known to be Cloud Run's."""

import pytest

from emulator.planning import detect
from platforms import PLATFORMS, cloud_run
from tests.platforms.cloud_run.planning import DOCKERFILE, knative, snapshot

WORKFLOW = ".github/workflows/release.yml"
ACTION = "jobs:\n  ship:\n    steps:\n      - uses: google-github-actions/deploy-cloudrun@v2\n"
BUILD = "steps:\n  - name: gcloud\n    args: [run, deploy, shop]\n"


@pytest.mark.parametrize(
    ("files", "because"),
    [
        ({"service.yaml": knative()}, "service.yaml describes a Knative Service"),
        ({".gcloudignore": ""}, ".gcloudignore is there"),
        ({"cloudbuild.yaml": BUILD}, "cloudbuild.yaml is there"),
        ({"cloudbuild.yml": BUILD}, "cloudbuild.yml is there"),
        ({WORKFLOW: ACTION}, f"{WORKFLOW} deploys with google-github-actions/deploy-cloudrun"),
        ({WORKFLOW: "run: gcloud run deploy shop --source .\n"}, f"{WORKFLOW} deploys with gcloud run"),
        ({"deploy.sh": "set -e\n  gcloud beta run deploy shop\n"}, "deploy.sh deploys with gcloud run"),
        ({"Makefile": "ship:\n\tgcloud run jobs replace job.yaml\n"}, "Makefile deploys with gcloud run"),
        ({"package.json": '{"scripts": {"deploy": "gcloud run deploy shop"}}'}, "package.json deploys with gcloud run"),
    ],
)  # fmt: skip
def test_known_by(files, because):
    """Its own files, or a command that deploys; the decision says which."""
    platform, decision = detect(PLATFORMS, snapshot({"Dockerfile": DOCKERFILE, **files}), None)
    assert (platform.NAME, decision.because) == ("cloud-run", because)


@pytest.mark.parametrize(
    "files",
    [
        {"service.yaml": "apiVersion: v1\nkind: Service\n"},
        {WORKFLOW: "run: gcloud builds submit\n"},
        {"deploy.sh": "# gcloud run deploy shop was how it used to be\nkubectl apply -f .\n"},
        {"README.md": "gcloud run deploy shop\n"},
    ],
)
def test_not_known_by(files):
    """What others have as well, or what nobody runs."""
    assert not cloud_run.claim(snapshot({"Dockerfile": DOCKERFILE, **files})).claims


def test_renders_own_file_comes_first():
    """A repository that has both files is planned for the first platform, and the other's claim is told."""
    files = {"render.yaml": "services: []\n", WORKFLOW: ACTION}
    platform, decision = detect(PLATFORMS, snapshot(files), None)
    assert platform.NAME == "render"
    [other] = decision.rejected
    assert other.because == f"{WORKFLOW} deploys with google-github-actions/deploy-cloudrun"
