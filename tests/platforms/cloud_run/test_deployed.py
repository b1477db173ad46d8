"""What is deployed: a Dockerfile in the root, an image, a service's YAML; and whose repository it is."""

import pytest

from emulator.model.diagnostic import UsageError
from platforms import cloud_run
from tests.platforms.cloud_run.planning import DOCKERFILE, IMAGE, codes, knative, messages, of, plan, service, snapshot

KNATIVE = knative()
KUBERNETES = "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n"


@pytest.mark.parametrize(
    ("files", "options", "kind", "image"),
    [
        pytest.param({"Dockerfile": DOCKERFILE}, {}, "dockerfile", None, id="a Dockerfile"),
        pytest.param({"Dockerfile": DOCKERFILE}, {"image": "x/y"}, "image", "x/y", id="--image over a Dockerfile"),
        pytest.param({}, {"image": "x/y"}, "image", "x/y", id="--image alone"),
        pytest.param({"service.yaml": KNATIVE}, {}, "image", IMAGE, id="service.yaml alone"),
        pytest.param({"service.yaml": KNATIVE, "Dockerfile": DOCKERFILE}, {}, "dockerfile", None,
                     id="a Dockerfile beside service.yaml"),
        pytest.param({"service.yaml": KNATIVE, "Dockerfile": DOCKERFILE}, {"image": "x/y"}, "image", "x/y",
                     id="--image over both"),
        pytest.param({"service.yaml": KUBERNETES, "Dockerfile": DOCKERFILE}, {}, "dockerfile", None,
                     id="a service.yaml that is Kubernetes's"),
        pytest.param({"run/api.yaml": KNATIVE}, {"config": "run/api.yaml"}, "image", IMAGE, id="--config"),
        pytest.param({"Dockerfile.prod": DOCKERFILE, "docker/Dockerfile": DOCKERFILE, "main.py": "",
                      "requirements.txt": "flask\n"}, {}, "buildpack", None, id="CR-02: other names do not count"),
        pytest.param({"dockerfile": DOCKERFILE, "main.py": ""}, {}, "buildpack", None, id="exact case"),
    ],
)  # fmt: skip
def test_what_is_deployed(files, options, kind, image):
    """--image, else the Dockerfile in the root, else the YAML's image, else buildpacks."""
    build = service(files, **options).build
    assert (build.kind, build.image) == (kind, image)


def test_docker_build_sees_no_variables():
    """A service's variables are not the build's: none is a build argument."""
    files = of("env:\n  - name: COLOUR\n    value: blue\n") | {"Dockerfile": DOCKERFILE}
    found = service(files)
    assert (found.build.dockerfile, found.build.context, found.build.args) == ("Dockerfile", ".", ())
    assert {variable.phase for variable in found.env} == {"run"}


def test_dockerfile_of_another_name_is_told():
    """CR-02: a look-alike is named, with the reason, and the plan goes on."""
    made = plan({"Dockerfile.prod": DOCKERFILE, "docker/Dockerfile": DOCKERFILE, "main.py": ""})
    assert codes(made) == ["cloud-run/dockerfile-name"]
    [decision] = [d for d in made.services[0].decisions if d.id == "shop-1.dockerfile"]
    assert [lost.answer for lost in decision.rejected] == ["Dockerfile.prod", "docker/Dockerfile"]


def test_dockerfile_that_is_not_uploaded_selects_docker_all_the_same():
    """The test for a Dockerfile looks at the local folder; the build then does not find it."""
    made = plan({"Dockerfile": DOCKERFILE, "main.py": ""}, ignored=["Dockerfile"])
    assert made.services[0].build.kind == "dockerfile"
    assert codes(made, "error") == ["cloud-run/dockerfile-unusable"]


def test_directory_called_dockerfile_counts():
    """A folder of that name exists, too."""
    made = plan({"Dockerfile/readme.md": "", "main.py": ""})
    assert made.services[0].build.kind == "dockerfile"
    assert made.diagnostics[0].facts == ("it is a directory",)


def test_losing_image_is_named_with_its_reason():
    """Beside a Dockerfile the YAML's image is taken to be built from it; the decision says so."""
    [decision] = [
        d for d in service({"service.yaml": KNATIVE, "Dockerfile": DOCKERFILE}).decisions if "builder" in d.id
    ]
    assert IMAGE in decision.because
    assert [lost.answer for lost in decision.rejected] == [f"the image {IMAGE}"]


@pytest.mark.parametrize("name", ["cloudbuild.yaml", "docker-compose.yml", "app.yaml"])
def test_other_files_are_not_read(name):
    """`run deploy --source` reads no other tool's file."""
    files = {"Dockerfile": DOCKERFILE, name: "steps: [{name: nobody}]\n"}
    assert service(files).build == service({"Dockerfile": DOCKERFILE}).build


def test_name_without_a_file_is_the_repositorys():
    """A name that no service may have is made one."""
    assert service({"Dockerfile": DOCKERFILE}).name == "shop-1"


def test_config_that_is_not_there():
    """--config names a file of the repository."""
    made = plan({"Dockerfile": DOCKERFILE}, config="run.yaml")
    assert (codes(made), made.services) == (["cloud-run/config-missing"], ())
    near = plan({"Dockerfile": DOCKERFILE, "deploy/service.yaml": "", "deploy/x.yaml": ""}, config="deploy/servce.yml")
    assert near.diagnostics[0].help == "did you mean deploy/service.yaml?"


def test_unknown_service():
    """--service names the service; another name is a wrong call, unless the file itself is broken."""
    with pytest.raises(UsageError, match="there is no service 'shpo'") as wrong:
        plan(of(), services=["shpo"])
    assert (wrong.value.exit_code, wrong.value.diagnostic.help) == (2, "did you mean shop?")
    assert plan(of(meta="annotations: 1"), services=["other"]).with_errors()
    assert [s.name for s in plan(of(), services=["shop"]).services] == ["shop"]


def test_image_missing():
    """`services replace` builds nothing, so a container needs an image."""
    text = KNATIVE.replace(f"        - image: {IMAGE}\n", "        - name: web\n")
    made = plan({"service.yaml": text})
    assert messages(made, "error") == ["containers[0] has no image, and `gcloud run services replace` builds none"]
    assert made.services[0].command is not None


def test_first_revision():
    """K_REVISION is the name written, else of the server's form; the same each time."""
    assert service(of(template="name: shop-blue\n")).env[1].value == "shop-blue"
    given = service(of()).env[1]
    assert given.name == "K_REVISION"
    assert given.value is not None
    assert given.value.startswith("shop-00001-")
    assert len(given.value) == len("shop-00001-abc")


@pytest.mark.parametrize(
    ("files", "claims"),
    [
        ({"service.yaml": KNATIVE}, True),
        ({"service.yaml": "# ours\napiVersion:   'serving.knative.dev/v1'\n"}, True),
        ({"service.yaml": KUBERNETES}, False),
        ({"service.yaml": b"\xff\x00"}, False),
        ({"service.yaml": "data:\n  apiVersion: serving.knative.dev/v1\n"}, False),
        ({".gcloudignore": ""}, True),
        ({"cloudbuild.yaml": ""}, True),
        ({"Dockerfile": DOCKERFILE}, False),
    ],
)
def test_claim(files, claims):
    """A Knative service.yaml, .gcloudignore or cloudbuild.yaml speak of Cloud Run; a Dockerfile speaks of nobody."""
    found = cloud_run.claim(snapshot(files))
    assert found.claims is claims
    assert found.because
    assert (found.origin is not None) is claims
