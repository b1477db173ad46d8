"""The annotations that Cloud Run reads: where each belongs, and what we make of it."""

from typing import NamedTuple

from emulator.formats.yaml import Mapping, Node, Scalar
from emulator.model.diagnostic import Diagnostic, error, warning
from emulator.model.plan import Coverage
from emulator.model.rule import Fidelity
from emulator.model.spelling import nearest

from . import rules

RESTRICTED = ("run.googleapis.com/", "autoscaling.knative.dev/")
"""Namespaces in which only known annotations have a meaning."""

RUN, SCALE = RESTRICTED
DEPENDENCIES = f"{RUN}container-dependencies"
THROTTLING = f"{RUN}cpu-throttling"
EXECUTION = f"{RUN}execution-environment"


class Annotation(NamedTuple):
    """kinds: the resources that take it, in the server's order. fidelity, note: what `up` makes of it. values: what it
    may be, none for any text."""

    kinds: tuple[str, ...]
    fidelity: Fidelity
    note: str
    values: tuple[str, ...] = ()


def _row(kinds: str, note: str, fidelity: Fidelity = Fidelity.NOT_IMITATED, values: str = "") -> Annotation:
    return Annotation(tuple(kinds.split(", ")), fidelity, note, tuple(values.split()))


A_NUMBER = "0…"
"""Stands for any whole number."""
_SWITCH = "true false"
_INGRESS = "all internal internal-and-cloud-load-balancing"
_EGRESS = "all-traffic private-ranges-only"
_HERE = "always a Linux container of this machine's engine"


_SCALED = "at most 5 instances of a revision run here"
_BUILD = "bookkeeping of a build"
_LOCAL = "no meaning on this machine"
_NETWORK = "the containers of this machine's engine have its network"
_CPU = "with --limits all; a hundredth of a processor is left between requests"
_BOOST = "an instance starts with the CPU it has"
_SECRET = "values come from --secret-file, --env, --env-file or a prompt"

KNOWN: dict[str, Annotation] = {
    f"{SCALE}minScale": _row("Revision", _SCALED, Fidelity.APPROXIMATE, values=A_NUMBER),
    f"{SCALE}maxScale": _row("Revision", _SCALED, Fidelity.APPROXIMATE, values=A_NUMBER),
    f"{RUN}minScale": _row("Service", _SCALED, Fidelity.APPROXIMATE, values=A_NUMBER),
    f"{RUN}maxScale": _row("Service", _SCALED, Fidelity.APPROXIMATE, values=A_NUMBER),
    f"{RUN}scalingMode": _row("Service", _SCALED, Fidelity.APPROXIMATE, values="automatic manual"),
    f"{RUN}manualInstanceCount": _row("Service", _SCALED, Fidelity.APPROXIMATE, values=A_NUMBER),
    f"{RUN}base-images": _row("Service, Revision", _BUILD),
    f"{RUN}binary-authorization": _row("Service, Job, Execution", _LOCAL),
    f"{RUN}binary-authorization-breakglass": _row("Service, Job", _LOCAL),
    f"{RUN}build-base-image": _row("Service", _BUILD),
    f"{RUN}build-enable-automatic-updates": _row("Service", _BUILD),
    f"{RUN}build-environment-variables": _row("Service", _BUILD),
    f"{RUN}build-function-target": _row("Service, Revision", _BUILD),
    f"{RUN}build-id": _row("Service, Revision", _BUILD),
    f"{RUN}build-image-uri": _row("Service", _BUILD),
    f"{RUN}build-name": _row("Service", _BUILD),
    f"{RUN}build-service-account": _row("Service", _BUILD),
    f"{RUN}build-source-location": _row("Service, Revision", _BUILD),
    f"{RUN}build-worker-pool": _row("Service", _BUILD),
    f"{RUN}cloudsql-instances": _row("Revision, Execution, Instance", "there is no Cloud SQL socket"),
    DEPENDENCIES: _row("Revision, Instance", "containers start in this order", Fidelity.EXACT),
    THROTTLING: _row("Revision", _CPU, Fidelity.APPROXIMATE, values=_SWITCH),
    f"{RUN}startup-cpu-boost": _row("Revision", _BOOST, values=_SWITCH),
    EXECUTION: _row("Revision, Execution", _HERE, values="gen1 gen2"),
    f"{RUN}custom-audiences": _row("Service", _LOCAL),
    f"{RUN}default-url-disabled": _row("Service", _LOCAL),
    f"{RUN}description": _row("Service", _LOCAL),
    f"{RUN}encryption-key": _row("Revision, Execution, Instance", _LOCAL),
    f"{RUN}encryption-key-shutdown-hours": _row("Revision", _LOCAL),
    f"{RUN}post-key-revocation-action-type": _row("Revision", _LOCAL),
    f"{RUN}gc-traffic-tags": _row("Service", _LOCAL),
    f"{RUN}gpu-zonal-redundancy-disabled": _row("Revision", _LOCAL),
    f"{RUN}health-check-disabled": _row("Revision", "the check is made all the same", values=_SWITCH),
    f"{RUN}ingress": _row("Service, Instance", "served on this machine only", values=_INGRESS),
    f"{RUN}invoker-iam-disabled": _row("Service, Instance", "every request is let in"),
    f"{RUN}iap-enabled": _row("Service", "every request is let in"),
    f"{RUN}launch-stage": _row("Service, Job", "preview fields are not held against it", values="ALPHA BETA GA"),
    f"{RUN}network-interfaces": _row("Revision, Execution, Instance", _NETWORK),
    f"{RUN}vpc-access-connector": _row("Revision, Execution", _NETWORK),
    f"{RUN}vpc-access-egress": _row("Revision, Execution, Instance", _NETWORK, values=_EGRESS),
    f"{RUN}secrets": _row("Revision, Execution", _SECRET, Fidelity.APPROXIMATE),
    f"{RUN}secure-session-agent": _row("Revision", _LOCAL),
    f"{RUN}sessionAffinity": _row("Revision", "the cookie's name is inferred", Fidelity.APPROXIMATE, values=_SWITCH),
}

_DOCUMENTED_ELSEWHERE = ("Execution", DEPENDENCIES)
"""The schema gives it to services alone; the documentation of jobs has it for a task's containers as well."""

BOOKKEEPING = ("client-name", "client-version", "operation-id", "ingress-status", "urls", "sources")
"""What gcloud and the server write themselves, and an export therefore holds; accepted everywhere."""


def examine(node: Node | None, path: str, kind: str) -> tuple[list[Diagnostic], list[Coverage]]:
    """What is wrong with the annotations of a "Service", "Revision", "Job" or "Execution", and a row for each."""
    found: list[Diagnostic] = []
    rows: list[Coverage] = []
    for key, _ in node.pairs if isinstance(node, Mapping) else ():
        known, bookkeeping = KNOWN.get(key.text), _is_bookkeeping(key.text)
        fidelity, note = Fidelity.EXACT, "kept by the platform, without effect"
        if known is not None:
            fidelity, note = known.fidelity, known.note
            if (kind, key.text) == _DOCUMENTED_ELSEWHERE:
                fidelity, note = Fidelity.NOT_IMITATED, "checked; the first container of a task alone is run"
            if kind not in known.kinds and (kind, key.text) != _DOCUMENTED_ELSEWHERE:
                found.append(_misplaced(key, path, kind, known))
        elif key.text.startswith(RESTRICTED) and not bookkeeping:
            fidelity, note = Fidelity.UNKNOWN, "Cloud Run has no such annotation"
            found.append(_unknown(key, kind))
        rows.append(Coverage(key=f'{path}["{key.text}"]', origin=key.origin, fidelity=fidelity, note=note))
    return found, rows


def _is_bookkeeping(name: str) -> bool:
    return name.startswith(RUN) and name.removeprefix(RUN) in BOOKKEEPING


def _misplaced(key: Scalar, path: str, kind: str, known: Annotation) -> Diagnostic:
    template, whole = ("Execution", "Job") if kind in ("Job", "Execution") else ("Revision", "Service")
    help_ = "remove it"
    if template in known.kinds:
        help_ = "move it to spec.template.metadata.annotations"
    elif whole in known.kinds:
        help_ = "move it to metadata.annotations"
    return error(
        "cloud-run/annotation-kind",
        f"{path}[{key.text}]: Annotation '{key.text}' is not supported on resources of kind '{kind}'. "
        f"Supported kinds are: {', '.join(known.kinds)}",
        origin=key.origin, rule=rules.ANNOTATION_KIND.id, url=rules.ANNOTATION_KIND.url, help=help_,
    )  # fmt: skip


def _unknown(key: Scalar, kind: str) -> Diagnostic:
    close = nearest(key.text, [k for k, a in KNOWN.items() if kind in a.kinds], cutoff=0.8)
    return warning(
        "cloud-run/unknown-annotation", f"no annotation {key.text} of a {kind.lower()} is known", origin=key.origin,
        rule=rules.ANNOTATION_KIND.id, url=rules.ANNOTATION_KIND.url,
        help=f"did you mean {close}?" if close else "look its spelling up; the server refuses what it does not know",
    )  # fmt: skip
