"""What differs between two plans of a service."""

import json

import msgspec

from emulator.model.difference import service_differences
from emulator.model.plan import Mount, Service
from emulator.model.record import replace
from platforms import cloud_run
from tests.emulator.test_saves import DETECTED, START, Inputs, from_mapping, planned

SERVICE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop}
spec:
  template:
    spec:
      containers:
        - {name: web, image: europe-docker.pkg.dev/a/b/web:1, ports: [{containerPort: 8080}]}
        - {name: cache, image: europe-docker.pkg.dev/a/b/cache:1, env: [{name: SIZE, value: "1"}]}
"""


def service(text: str = SERVICE):
    return cloud_run.resolve(from_mapping({"service.yaml": text}), Inputs(), DETECTED).plan.services[0]


def differences(before, after):
    return [(d.key, d.before, d.after) for d in service_differences(before, after)]


def test_what_changes_in_a_container_beside_the_first_is_told_by_its_name():
    changed = service(SERVICE.replace("cache:1", "cache:2").replace('value: "1"', 'value: "2"'))
    assert ("containers.cache.env.SIZE", "1", "2") in differences(service(), changed)
    image = "europe-docker.pkg.dev/a/b/cache"
    assert ("containers.cache.build.image", f"{image}:1", f"{image}:2") in differences(service(), changed)


def test_a_container_that_comes_or_goes_is_one_line():
    alone = service("\n".join(SERVICE.splitlines()[:-1]) + "\n")
    image = "europe-docker.pkg.dev/a/b/cache:1"
    assert ("containers.cache", None, image) in differences(alone, service())
    assert ("containers.cache", image, None) in differences(service(), alone)


def test_what_the_first_container_mounts_counts():
    """A service has no key of its own for it."""
    before = service()
    first, *rest = before.containers
    mounted = replace(first, mounts=(Mount(path="/cache", kind="volume", name="scratch", read_only=False),))
    found = differences(before, replace(before, containers=(mounted, *rest)))
    assert ("containers.web.mounts.scratch.path", None, "/cache") in found


def test_the_same_is_no_difference():
    assert differences(service(), service(SERVICE + "# a remark\n")) == []


def test_numbers_are_the_same_after_they_were_written_down():
    """Where something else has changed, they are read again as what the file says they are."""
    known = json.loads(json.dumps(msgspec.to_builtins(planned(START).resolution.plan.services[0])))
    text = START["render.yaml"].replace("healthCheckPath: /", "healthCheckPath: /up")
    later = planned({**START, "render.yaml": text}).resolution.plan.services[0]
    assert differences(msgspec.convert(known, Service), later) == [("probes.health.path", "/", "/up")]
