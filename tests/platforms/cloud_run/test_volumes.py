"""Volumes and secrets: what is mounted where, what is refused, and what stands for a secret's value."""

import pytest

from emulator.contract import GivenFile, GivenVar, Inputs, Resolution
from emulator.model.plan import Service
from platforms import cloud_run
from tests.platforms.cloud_run.planning import DETECTED, codes, job, messages, of, plan, service, snapshot

MOUNT = "volumeMounts:\n  - {name: v, mountPath: /data}\n"
SECRET = "volumes:\n  - name: v\n    secret:\n      secretName: token\n"
TWO = "      items:\n        - {key: '3', path: deep/tok.txt, mode: 0400}\n        - {key: latest, path: b}\n"
ITEMS = SECRET + TWO
MEMORY = "volumes: [{name: v, emptyDir: {medium: Memory}}]"
GEN1 = "annotations:\n  run.googleapis.com/execution-environment: gen1"
ENV = "env:\n  - name: TOKEN\n    valueFrom:\n      secretKeyRef: {name: token, key: '3'}\n"
TOKEN = "projects/PROJECT/secrets/token"
V = "spec.template.spec.volumes"


def resolved(files: dict[str, str], *, env: tuple[tuple[str, str], ...] = (), **secrets: str) -> Resolution:
    """`secrets` stand for --secret-file, `_` for the colon before a version; `env` for --env."""
    inputs = Inputs(
        env=tuple(GivenVar(name=name, value=value, source="flag") for name, value in env),
        secret_files=tuple(
            GivenFile(name=name.replace("_", ":"), content=text.encode()) for name, text in secrets.items()
        ),
    )
    return cloud_run.resolve(snapshot(files), inputs, DETECTED)


def by_gcloud(words: str) -> Service:
    return service({"Dockerfile": "FROM x\nCMD x\n"}, gcloud=f"run deploy shop --source . {words}")


@pytest.mark.parametrize(
    ("volume", "memory", "size"),
    [
        pytest.param("{}", "", 256, id="half of the memory"),
        pytest.param("{sizeLimit: 100Mi}", "", 100, id="its own limit"),
        pytest.param("{sizeLimit: 4Gi}", "", 512, id="no more than there is"),
        pytest.param("{medium: ''}", "resources: {limits: {memory: 2Gi}}\n", 1024, id="no medium"),
    ],
)
def test_a_volume_in_memory(volume, memory, size):
    """At most its size limit and the memory of all containers; without a limit half of that."""
    found = service(of(memory + MOUNT, spec=f"volumes: [{{name: v, emptyDir: {volume}}}]"))
    [made] = found.volumes
    assert (made.kind, made.size_mib) == ("memory", size)
    assert [(m.path, m.kind, m.name, m.read_only) for m in found.containers[0].mounts] == [
        ("/data", "volume", "v", False)
    ]


@pytest.mark.parametrize(
    ("spec", "files"),
    [
        pytest.param(SECRET, [("token", "0444", "latest", 0)], id="named like the secret"),
        pytest.param(ITEMS, [("deep/tok.txt", "0400", "3", 0), ("b", "0444", "latest", 1)], id="items"),
        pytest.param(SECRET + "      defaultMode: 0770\n", [("token", "0550", "latest", 0)], id="umask 0222"),
        pytest.param(SECRET + "      defaultMode: 0\n", [("token", "0444", "latest", 0)], id="mode 0"),
    ],
)
def test_a_secret_that_is_files(spec, files):
    """Paths, modes through the umask, and the server's words for each version that is not there."""
    found = service(of(MOUNT, spec=spec))
    [made] = found.volumes
    assert made.kind == "secret"
    assert [(f.path, f.mode, f.absent) for f in made.files] == [
        (path, mode, f"{V}[0].secret.items[{at}].key: Secret {TOKEN}/versions/{version} was not found")
        for path, mode, version, at in files
    ]  # fmt: skip
    assert found.containers[0].mounts[0].read_only
    assert found.secret_names == ("token",)


def test_a_jobs_volumes():
    """They stand beside the containers of its tasks."""
    text = job("volumeMounts: [{name: v, mountPath: /data}]", task=MEMORY)
    [made] = service({"job.yaml": text}).volumes
    assert (made.name, made.size_mib) == ("v", 256)


@pytest.mark.parametrize(
    ("volume", "stands_for"),
    [
        ("{name: v, csi: {driver: gcsfuse.run.googleapis.com, volumeAttributes: {bucketName: b}}}", "the bucket b"),
        ("{name: v, nfs: {server: 10.0.0.1, path: /share, readOnly: true}}", "the network share 10.0.0.1:/share"),
    ],
)
def test_buckets_and_shares(volume, stands_for):
    """A folder stands for them, and the run says so."""
    made = plan(of(MOUNT, spec=f"volumes: [{volume}]"))
    [found] = made.services[0].volumes
    assert (found.kind, found.stands_for) == ("folder", stands_for)
    assert made.services[0].containers[0].mounts[0].read_only == ("nfs" in volume)
    assert "cloud-run/bucket-and-share-volumes" in [row.key for row in made.coverage]


@pytest.mark.parametrize(
    ("container", "spec", "template", "said"),
    [
        pytest.param(MOUNT, "", "", "containers[0] mounts v, which is no volume", id="no volume"),
        pytest.param("", "volumes: [{name: v}]", "", "volumes[0] is nothing; a volume is one thing", id="no kind"),
        pytest.param("", "volumes: [{name: v, emptyDir: {}, nfs: {server: a, path: /b}}]", "",
                     "volumes[0] is emptyDir, nfs; a volume is one thing", id="two kinds"),
        pytest.param("", "volumes: [{emptyDir: {}}]", "", "volumes[0] has no name", id="no name"),
        pytest.param("", "volumes: [{name: cloudsql, emptyDir: {}}]", "",
                     "volumes[0]: the name cloudsql is reserved", id="reserved"),
        pytest.param("", "volumes: [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}]", "",
                     "two volumes are called v", id="the same name"),
        pytest.param("", "volumes: [{name: v, emptyDir: {sizeLimit: lots}}]", "",
                     "volumes[0]: 'lots' is no amount of memory", id="no quantity"),
        pytest.param("", "volumes: [{name: v, emptyDir: {medium: Tape}}]", "", "volumes[0]: Tape is no medium",
                     id="no medium"),
        pytest.param("", "volumes: [{name: v, secret: {}}]", "", "volumes[0] names no secret", id="no secret"),
        pytest.param("", SECRET + "      items: [{key: '1'}]\n", "",
                     "volumes[0].secret.items[0] needs both key and path", id="no path"),
        pytest.param("", SECRET + "      items: [{key: '1', path: ../x}]\n", "",
                     "volumes[0].secret.items[0]: the path ../x must be relative, without ..", id="outside"),
        pytest.param("", "volumes: [{name: v, csi: {driver: x}}]", "",
                     "volumes[0]: the driver of a bucket is gcsfuse.run.googleapis.com", id="driver"),
        pytest.param("", "volumes: [{name: v, nfs: {server: x}}]", "", "volumes[0] needs a server and a path",
                     id="no share"),
        pytest.param("", "volumes: [{name: v, nfs: {server: x, path: /y}}]", GEN1,
                     "volumes[0]: buckets and network shares need the gen2 execution environment", id="gen1"),
        pytest.param("volumeMounts: [{name: v, mountPath: data}]", MEMORY, "",
                     "containers[0]: the mount path data must be absolute, not / itself, and without a colon",
                     id="relative"),
        pytest.param("volumeMounts: [{name: v, mountPath: '/a:b'}]", MEMORY, "",
                     "containers[0]: the mount path /a:b must be absolute, not / itself, and without a colon",
                     id="colon"),
        pytest.param(MOUNT + "  - {name: v, mountPath: /data/x}\n", MEMORY, "",
                     "containers[0] mounts /data/x inside /data; mounts cannot be nested", id="nested"),
        pytest.param("volumeMounts: [{name: v, mountPath: /data, subPath: x}]", SECRET, "",
                     "containers[0]: subPath is not supported where a secret is mounted", id="subPath"),
        pytest.param("volumeMounts: [{name: v, mountPath: /tmp}]", SECRET, GEN1,
                     "containers[0]: the gen1 execution environment cannot mount a secret at /tmp", id="gen1 at /tmp"),
    ],
)  # fmt: skip
def test_what_is_refused(container, spec, template, said):
    """At its line, one finding for one mistake."""
    made = plan(of(container, spec=spec, template=template))
    assert messages(made, "error") == [said]
    assert all(d.origin is not None and d.origin.line > 1 for d in made.diagnostics)


def test_mounts_beside_each_other_are_no_nesting():
    """/data and /data2."""
    text = of("volumeMounts:\n  - {name: v, mountPath: /data}\n  - {name: v, mountPath: /data2}\n", spec=MEMORY)
    assert codes(plan(text), "error") == []


def test_cloud_sqls_sockets_are_no_volume():
    """What mounts `cloudsql` without a volume of that name means the instance's connections."""
    assert codes(plan(of("volumeMounts: [{name: cloudsql, mountPath: /cloudsql}]")), "error") == []


# ---- secrets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "value"),
    [({"token": "any"}, "any"), ({"token_3": "third", "token": "any"}, "third"), ({"token_2": "second"}, None)],
)
def test_a_variables_secret_by_its_name(given, value):
    """--secret-file gives the value of a secret, or of one version of it."""
    made = resolved(of(ENV), **given)
    assert made.secrets.of("shop") == ({} if value is None else {"TOKEN": value})
    assert codes(made.plan) == ([] if value is not None else ["env/secret-unset"])
    assert [p.name for p in made.prompts] == ([] if value is not None else ["TOKEN"])


def test_a_secret_by_a_variable_of_its_name():
    """It is the secret's value for all that read it, and no variable of its own."""
    made = resolved(of(ENV + MOUNT, spec=SECRET), env=(("token", "s3cret"),))
    [found] = made.plan.services
    assert made.secrets.of("shop") == {"TOKEN": "s3cret"}
    assert [(f.name, f.content) for f in made.secret_files["shop"]] == [("token", b"s3cret")]
    assert "token" not in [v.name for v in found.env]
    assert codes(made.plan) == []


def test_a_version_of_its_own_for_a_file():
    """The file that reads it has that one, the other what is given for all."""
    made = resolved(of(MOUNT, spec=ITEMS), token_3="third", token="any")
    assert [f.secret for f in made.plan.services[0].volumes[0].files] == ["token:3", "token"]
    assert made.plan.services[0].secret_names == ("token", "token:3")


def test_a_file_that_nobody_gave():
    """A warning that names the option; no value is made up."""
    made = resolved(of(MOUNT, spec=SECRET))
    assert codes(made.plan) == ["cloud-run/secret-unset"]
    assert made.plan.diagnostics[0].help == "give it with --secret-file token=PATH"


def test_a_secret_of_another_project():
    """By the alias of the annotation, or by its whole name."""
    alias = "annotations:\n  run.googleapis.com/secrets: token:projects/7/secrets/shared-token"
    assert service(of(ENV, template=alias)).secret_names == ("shared-token",)
    assert service(of(ENV.replace("name: token", "name: projects/7/secrets/other"))).secret_names == ("other",)


# ---- gcloud and the v2 API ----------------------------------------------------------------------------


def test_secrets_of_gcloud():
    """A path is a file, in a volume at its directory; the files of a directory are versions of one secret."""
    found = by_gcloud("--set-secrets /etc/tok/a=token:3,/etc/tok/b=token,/srv/x/y=other:latest,KEY=third:1")
    assert [(m.path, m.read_only) for m in found.containers[0].mounts] == [("/etc/tok", True), ("/srv/x", True)]
    assert [[f.path for f in v.files] for v in found.volumes] == [["a", "b"], ["y"]]
    assert found.secret_names == ("other", "third", "token")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--set-secrets /a=token:1", "Mount path [/a] must be in the form /<mountPath>/<path>"),
        ("--set-secrets /a/b=token:1,/a/c=other:1",
         "Multiple secrets are specified for directory [/a]. Cloud Run only supports one secret per directory"),
        ("--add-volume-mount volume=v", "Added Volume mounts must have a `volume` and a `mount-path`"),
        ("--add-volume type=in-memory", "argument --add-volume: a volume needs a name"),
        ("--add-volume name=v,type=tape", "argument --add-volume: 'tape' is no type of a volume"),
    ],
)  # fmt: skip
def test_what_gcloud_refuses(words, said):
    """In its own words where they are known."""
    made = plan({"Dockerfile": "FROM x\nCMD x\n"}, gcloud=f"run deploy shop --source . {words}")
    assert said in messages(made, "error")


def test_volumes_of_gcloud():
    """Each type, and where it is mounted."""
    found = by_gcloud(
        "--add-volume name=m,type=in-memory,size-limit=64Mi --add-volume-mount volume=m,mount-path=/m "
        "--add-volume name=b,type=cloud-storage,bucket=pics,readonly=true --add-volume-mount volume=b,mount-path=/b "
        "--add-volume=name=n,type=nfs,location=10.0.0.2:/share --add-volume-mount=volume=n,mount-path=/n "
        "--add-volume name=s,type=secret,secret=tok,version=2,path=t --add-volume-mount volume=s,mount-path=/s"
    )
    assert [(v.name, v.kind, v.size_mib or v.stands_for) for v in found.volumes] == [
        ("m", "memory", 64), ("b", "folder", "the bucket pics"), ("n", "folder", "the network share 10.0.0.2:/share"),
        ("s", "secret", None),
    ]  # fmt: skip
    assert [(m.path, m.read_only) for m in found.containers[0].mounts] == [
        ("/m", False), ("/b", True), ("/n", False), ("/s", True),
    ]  # fmt: skip


def test_volumes_of_the_v2_form():
    """Buckets, secrets and memory have other names there."""
    text = """
    {"template": {"containers": [{"image": "x", "volumeMounts": [{"name": "g", "mountPath": "/g"}]}],
     "volumes": [{"name": "g", "gcs": {"bucket": "pics", "readOnly": true}},
                 {"name": "s", "secret": {"secret": "tok", "items": [{"version": "2", "path": "t", "mode": 256}]}},
                 {"name": "m", "emptyDir": {"sizeLimit": "64Mi"}},
                 {"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:r:i"]}}]}}
    """
    made = plan({"service.json": text}, config="service.json")
    assert codes(made, "error") == []
    [found] = made.services
    assert [(v.name, v.kind) for v in found.volumes] == [("g", "folder"), ("s", "secret"), ("m", "memory")]
    [file] = found.volumes[1].files
    assert (file.path, file.mode) == ("t", "0400")
    assert file.absent.startswith("template.volumes[1].secret.items[0].key: Secret projects/")
