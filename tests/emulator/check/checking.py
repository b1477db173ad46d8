"""Checked plans of repositories that are a mapping."""

from collections.abc import Iterable, Mapping

from emulator.check import checked
from emulator.check.registry import LACKING, rules_of
from emulator.config import read_config
from emulator.contract import GivenVar, Inputs
from emulator.model.diagnostic import Diagnostic
from emulator.model.plan import Plan
from emulator.planning import detect
from emulator.snapshot import MappingSource, Snapshot
from platforms import PLATFORMS

FROM = "FROM python:3.13-slim\n"
ONE_PORT = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - image: shop
"""
"""A service on a platform that asks one port."""


def check_files(
    files: Mapping[str, str],
    *,
    env: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
    executable: Iterable[str] = (),
) -> Plan:
    """The checked plan of `files`. env: as with --env. executable: those that git marks so."""
    repo = Snapshot(MappingSource(files, ignored=ignored, executable=executable))
    platform, decision = detect(PLATFORMS, repo, None)
    defaults = {o.name: o.default for o in platform.OPTIONS if o.default is not None}
    given = tuple(GivenVar(name=name, value=value, source="flag") for name, value in (env or {}).items())
    inputs = Inputs(env=given, options=defaults | dict(options or {}))
    plan = platform.resolve(repo, inputs, decision).plan
    return checked(repo, plan, read_config(repo).ignored)


def findings(
    cmd: str,
    *,
    base: str = FROM,
    one_port: bool = False,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> list[Diagnostic]:
    """What the check adds for an image with this last line."""
    repo = {"Dockerfile": f"{base}{cmd}\n", **(files or {})}
    if one_port:
        repo["service.yaml"] = ONE_PORT
    return [d for d in check_files(repo, env=env).diagnostics if of_the_check(d)]  # fmt: skip


OF_THE_IMAGE = {rule.code for finder in LACKING for rule in rules_of(finder.module)}


def of_the_check(found: Diagnostic) -> bool:
    """Of the command; what the image lacks is another matter: most images here have no app in them."""
    return found.code.startswith(("start/", "env/referenced", "check/")) and found.code not in OF_THE_IMAGE


def codes(found: Iterable[Diagnostic]) -> list[str]:
    """Their codes, but for what the image lacks."""
    return [d.code for d in found if not d.suppressed and d.code not in OF_THE_IMAGE]
