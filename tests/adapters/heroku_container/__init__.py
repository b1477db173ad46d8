"""Heroku's container stack as an adapter of its own distribution: the smallest one that plans, boots and explains.

It is what platforms/README.md builds step by step, and what the tests install beside emu. Facts are Heroku's own
documentation of heroku.yml and of dynos, read 2026-11-24.
"""

from typing import TYPE_CHECKING, Any

from emulator.contract import Claim, Inputs, Option, Resolution
from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, parse_yaml
from emulator.model.choice import ABSENT, Candidate, Decision, Trace, choose
from emulator.model.diagnostic import Diagnostic, error, info
from emulator.model.lifecycle import Lifecycle, Probe, Probes, Shutdown
from emulator.model.origin import Origin
from emulator.model.plan import (
    Build,
    BuildKind,
    Command,
    Container,
    EnvKind,
    EnvVar,
    Plan,
    Port,
    Resources,
    Service,
    ServiceType,
    Shadowed,
)
from emulator.model.rule import Evidence, Fidelity
from emulator.snapshot import Snapshot, Unreadable
from platforms.common import read_dockerfile, unknown_service, unreadable
from platforms.rulebook import RuleBook

if TYPE_CHECKING:
    from emulator.model.event import Event

NAME = "heroku-container"
TITLE = "Heroku (container stack)"
FILE = "heroku.yml"
OPTIONS: tuple[Option, ...] = ()

# 1. What the platform does: one row a rule, each with its source.

_DOCS = "https://devcenter.heroku.com/articles/"
_rule = RuleBook(NAME, checked="2026-11-24")
MANIFEST = _rule(
    "manifest", "A push to an app on the container stack is built by heroku.yml in the root.",
    f"{_DOCS}build-docker-images-heroku-yml", Evidence.DOCUMENTED,
)  # fmt: skip
CONTEXT = _rule(
    "context", "The build context is the folder that holds the Dockerfile.",
    f"{_DOCS}build-docker-images-heroku-yml", Evidence.DOCUMENTED,
)  # fmt: skip
RUN = _rule(
    "run", "The command is run.web of heroku.yml, by a shell; without one the image's CMD runs.",
    f"{_DOCS}build-docker-images-heroku-yml", Evidence.DOCUMENTED,
)  # fmt: skip
PORT = _rule(
    "port", "A web process gets a PORT of the platform's choosing.",
    f"{_DOCS}runtime-principles", Evidence.DOCUMENTED, Fidelity.APPROXIMATE, note="it is another one at each start",
)  # fmt: skip
BOOT = _rule(
    "boot-timeout", "A web process must bind to PORT within 60 seconds.",
    f"{_DOCS}error-codes", Evidence.DOCUMENTED,
)  # fmt: skip
SHUTDOWN = _rule(
    "shutdown", "SIGTERM, then SIGKILL after 30 seconds.", f"{_DOCS}dynos", Evidence.DOCUMENTED,
)  # fmt: skip
RULES = _rule.rules

_PORT = 23456


# 2. Whether a repository speaks of it.


def claim(repo: Snapshot) -> Claim:
    if repo.is_file(FILE):
        return Claim(claims=True, because=f"{FILE} is there", origin=Origin(file=FILE))
    return Claim(claims=False, because=f"there is no {FILE}")


# 3. Snapshot and inputs → the plan. Every decision through `choose`, every mistake a diagnostic with its place.


def resolve(repo: Snapshot, inputs: Inputs, detected: Decision) -> Resolution:
    if other := [name for name in inputs.services if name != "web"]:
        raise unknown_service(other[0], ("web",))
    trace, found = Trace(), list[Diagnostic]()
    document = _read(repo, found)
    services = (_web(repo, inputs, document, trace, found),) if document is not None else ()
    plan = Plan(
        platform=NAME, created_from=None, snapshot=repo.info, detected=detected,
        services=tuple(service for service in services if service is not None), diagnostics=tuple(found),
    )  # fmt: skip
    return Resolution(plan=plan)


def _read(repo: Snapshot, found: list[Diagnostic]) -> Node | None:
    if not repo.is_file(FILE):
        found.append(
            error(
                f"{NAME}/no-manifest", f"there is no {FILE}: the container stack builds nothing without it",
                rule=MANIFEST.id, url=MANIFEST.url, help=f"write a {FILE} with build.docker.web: Dockerfile",
            )
        )  # fmt: skip
        return None
    try:
        read = parse_yaml(repo.text(FILE), FILE, dialect=Dialect.YAML_1_1)
    except Unreadable as problem:
        found.append(unreadable(problem, FILE))
        return None
    found += read.diagnostics
    return read.document


def _scalar(node: Node | None, *path: str) -> Scalar | None:
    for step in path:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node if isinstance(node, Scalar) and node.text else None


def _web(
    repo: Snapshot, inputs: Inputs, document: Node, trace: Trace, found: list[Diagnostic]
) -> Service | None:
    named = _scalar(document, "build", "docker", "web")
    if named is None:
        found.append(
            error(
                f"{NAME}/nothing-to-build", f"{FILE} has no build.docker.web", origin=document.origin,
                rule=MANIFEST.id, help="name the Dockerfile of the web process: build.docker.web: Dockerfile",
            )
        )  # fmt: skip
        return None
    if not repo.is_file(named.text):
        found.append(
            error(
                f"{NAME}/dockerfile-missing", f"the platform has no {named.text}", origin=named.origin, service="web",
                rule=MANIFEST.id, help="correct the path, or commit the file",
            )
        )  # fmt: skip
        return None
    image = read_dockerfile(repo, named.text, {}, "web")
    found += image.diagnostics
    build = Build(
        kind=BuildKind.DOCKERFILE, runtime="docker", dockerfile=named.text,
        context=named.text.rpartition("/")[0] or ".", base_images=image.base_images,
    )  # fmt: skip
    env = (EnvVar(name="PORT", value=str(_PORT), kind=EnvKind.PLATFORM), *_given(inputs))
    command, port = _command(document, image, trace, found), Port(number=_PORT, source="platform")
    # A TCP probe waits out its timeout: 60 seconds in which the port has to open.
    startup = Probe(
        kind="tcp", port=_PORT, initial_delay_s=0, timeout_s=60, period_s=60, failure_threshold=1,
        success_threshold=1, waits_for_port=True, implicit=True,
    )  # fmt: skip
    probes, resources = Probes(startup=startup), Resources(plan="basic", memory_mib=512)
    container = Container(
        name="web", ingress=True, build=build, command=command, port=port, env=env, probes=probes, resources=resources
    )  # fmt: skip
    return Service(
        name="web", type=ServiceType.WEB, origin=named.origin, build=build, command=command, port=port, env=env,
        probes=probes, containers=(container,), lifecycle=Lifecycle(deadline_s=60, restarts_during_deploy=False),
        resources=resources, shutdown=Shutdown(grace_seconds=30), decisions=trace.decisions,
    )  # fmt: skip


def _given(inputs: Inputs) -> tuple[EnvVar, ...]:
    return tuple(
        EnvVar(name=given.name, value=given.value, kind=EnvKind.FLAG, origin=given.origin) for given in inputs.env
    )


def _command(document: Node, image: Any, trace: Trace, found: list[Diagnostic]) -> Command:
    """run.web before the image's own command: the first candidate that is there."""
    run = _scalar(document, "run", "web")
    chosen = choose(
        trace, "web.command", "Which command runs?",
        Candidate(run.text if run else ABSENT, source=FILE, because="run.web is set", rule=RUN,
                  origin=run.origin if run else None, absent="no run.web"),
        Candidate(image.text or "the image's own", source="dockerfile", because="run.web is not set", rule=RUN,
                  origin=image.origin, loses="run.web is set, and replaces it"),
    )  # fmt: skip
    assert chosen is not None
    if run is None:
        return Command(argv=image.argv, form=image.form, text=image.text, source="dockerfile", origin=image.origin)
    lost = [Shadowed(source="dockerfile", text=image.text, origin=image.origin, because="run.web is set")]
    if image.text:
        found.append(
            info(
                f"{NAME}/command-replaced", "run.web replaces the Dockerfile's command", origin=run.origin,
                service="web", rule=RUN.id, help="keep one of them",
            )
        )  # fmt: skip
    return Command(
        argv=("/bin/sh", "-c", run.text), form="shell", text=run.text, source=FILE, origin=run.origin,
        shadowed=tuple(lost) if image.text else (),
    )  # fmt: skip


# 4. What it prints itself, word for word, and what else the contract asks for.


def narrate(service: Service, event: "Event") -> tuple[str, ...]:
    from emulator.model.event import ContainerStarted

    command = service.command.text if service.command else ""
    return (f"heroku[web.1]: Starting process with command `{command}`",) if isinstance(event, ContainerStarted) else ()


def schemas() -> dict[str, dict[str, Any]]:
    return {}


def explanations() -> dict[str, str]:
    return {
        f"{NAME}/command-replaced": "run.web replaces the command of the Dockerfile. Keep one of them.",
        f"{NAME}/dockerfile-missing": "The Dockerfile that build.docker.web names is not there. Correct the path.",
        f"{NAME}/no-manifest": "The container stack builds by heroku.yml, and there is none. Write one.",
        f"{NAME}/nothing-to-build": "build.docker.web is not set: no web process is built. Name its Dockerfile.",
    }


def next_run(service: Service, after: float) -> float | None:
    del service, after
    return None
