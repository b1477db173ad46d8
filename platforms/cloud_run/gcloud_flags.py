"""The flags of `gcloud run deploy`, `gcloud run jobs deploy` and their kin, as far as they are known: what each takes,
and what we make of it (source: the command line tool's own classes, release 528; platforms' reference, section 2.10).
"""

from enum import StrEnum
from typing import NamedTuple

from emulator.model.rule import Fidelity

EXACT, APPROXIMATE, NOT_IMITATED = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.NOT_IMITATED


class Takes(StrEnum):
    """nothing: a switch, which `--no-` may turn off; one value; a list "a,b"; pairs "K=V,K=V"."""

    NOTHING = "nothing"
    VALUE = "value"
    LIST = "list"
    PAIRS = "pairs"


class Flag(NamedTuple):
    takes: Takes
    fidelity: Fidelity = EXACT
    note: str = ""
    of_container: bool = False


def _all(names: str, takes: Takes, fidelity: Fidelity = EXACT, note: str = "", *, of: bool = False) -> dict[str, Flag]:
    return dict.fromkeys(names.split(), Flag(takes, fidelity, note, of))


_LOCAL = "no meaning on this machine"
_CPU = "with --limits all; a hundredth of a processor is left between requests"
_SCALED = "at most 5 instances of a revision run here"
_AFFINITY = "the cookie's name is inferred"
_RUN = "the revisions are those of one running `emu up`"
_MOUNT = "secrets and buckets are what --secret-file and --volume give for them"
_OF_NEW = "a new service has no volumes yet"
_KEPT = "of the service as it is, which is not known here, nothing is kept"

FLAGS: dict[str, Flag] = {
    **_all("--image --source --port --cpu --memory", Takes.VALUE, of=True),
    **_all("--command --args", Takes.LIST, of=True),
    **_all("--set-env-vars --set-secrets", Takes.PAIRS, of=True),
    **_all("--update-env-vars --update-secrets", Takes.PAIRS, APPROXIMATE, _KEPT, of=True),
    **_all("--remove-env-vars --remove-secrets", Takes.LIST, APPROXIMATE, _KEPT, of=True),
    **_all("--clear-env-vars --clear-secrets", Takes.NOTHING, of=True),
    **_all("--env-vars-file", Takes.VALUE, of=True),
    **_all("--startup-probe --liveness-probe --readiness-probe", Takes.PAIRS, of=True),
    **_all("--use-http2", Takes.NOTHING, of=True),
    **_all("--depends-on", Takes.LIST, of=True),
    **_all("--container", Takes.VALUE),
    **_all("--add-volume-mount", Takes.PAIRS, APPROXIMATE, _MOUNT, of=True),
    **_all("--remove-volume-mount", Takes.LIST, APPROXIMATE, _OF_NEW, of=True),
    **_all("--clear-volume-mounts", Takes.NOTHING, APPROXIMATE, _OF_NEW, of=True),
    **_all("--base-image", Takes.VALUE, APPROXIMATE, "the versions of its stack count, not the image", of=True),
    **_all("--function", Takes.VALUE, of=True),
    **_all("--gpu", Takes.VALUE, NOT_IMITATED, _LOCAL, of=True),
    **_all("--automatic-updates", Takes.NOTHING, NOT_IMITATED, _LOCAL, of=True),
    **_all("--concurrency --timeout --revision-suffix", Takes.VALUE),
    **_all("--min-instances --max-instances --min --max --scaling", Takes.VALUE, APPROXIMATE, _SCALED),
    **_all("--execution-environment", Takes.VALUE, NOT_IMITATED, "always a Linux container of this machine's engine"),
    **_all("--cpu-throttling", Takes.NOTHING, APPROXIMATE, _CPU),
    **_all("--cpu-boost", Takes.NOTHING, NOT_IMITATED, "an instance starts with the CPU it has"),
    **_all("--session-affinity", Takes.NOTHING, APPROXIMATE, _AFFINITY),
    **_all("--ingress", Takes.VALUE, NOT_IMITATED, "served on this machine only"),
    **_all("--allow-unauthenticated --invoker-iam-check --iap", Takes.NOTHING, NOT_IMITATED, "every request is let in"),
    **_all("--traffic", Takes.NOTHING, APPROXIMATE, _RUN),
    **_all("--tag", Takes.VALUE, APPROXIMATE, _RUN),
    **_all("--tasks --parallelism --max-retries --task-timeout", Takes.VALUE),
    **_all("--execute-now --wait", Takes.NOTHING, EXACT, "an execution is started by `up`"),
    **_all("--add-volume", Takes.PAIRS, APPROXIMATE, _MOUNT),
    **_all("--remove-volume", Takes.LIST, APPROXIMATE, _OF_NEW),
    **_all("--clear-volumes", Takes.NOTHING, APPROXIMATE, _OF_NEW),
    **_all("--set-build-env-vars", Takes.PAIRS),
    **_all("--update-build-env-vars", Takes.PAIRS, APPROXIMATE, _KEPT),
    **_all("--remove-build-env-vars", Takes.LIST, APPROXIMATE, _KEPT),
    **_all("--build-env-vars-file", Takes.VALUE),
    **_all("--clear-build-env-vars --clear-base-image", Takes.NOTHING),
    **_all("--clear-build-worker-pool --clear-build-service-account", Takes.NOTHING, NOT_IMITATED, _LOCAL),
    **_all("--service-account", Takes.VALUE, APPROXIMATE, "the metadata server tells it; its tokens are fakes"),
    **_all("--project --region", Takes.VALUE, APPROXIMATE, "the metadata server tells it; nothing is deployed there"),
    **_all("--add-cloudsql-instances --set-cloudsql-instances --remove-cloudsql-instances", Takes.LIST, NOT_IMITATED,
           "there is no Cloud SQL socket"),
    **_all("--clear-cloudsql-instances", Takes.NOTHING, NOT_IMITATED, "there is no Cloud SQL socket"),
    **_all("--vpc-connector --vpc-egress --network --subnet", Takes.VALUE, NOT_IMITATED,
           "the containers of this machine's engine have its network"),
    **_all("--network-tags --add-custom-audiences --set-custom-audiences --remove-custom-audiences", Takes.LIST,
           NOT_IMITATED, _LOCAL),
    **_all("--labels --update-labels", Takes.PAIRS, NOT_IMITATED, "labels are not used"),
    **_all("--remove-labels", Takes.LIST, NOT_IMITATED, "labels are not used"),
    **_all("--clear-labels --clear-network --clear-network-tags --clear-vpc-connector --clear-key"
           " --clear-custom-audiences --clear-encryption-key-shutdown-hours --clear-post-key-revocation-action-type"
           " --clear-binary-authorization --default-url --deploy-health-check --gpu-zonal-redundancy --async --quiet -q"
           " --log-http --user-output-enabled --breakglass-clear", Takes.NOTHING, NOT_IMITATED, _LOCAL),
    **_all("--platform --format --verbosity --account --configuration --flatten --flags-file"
           " --impersonate-service-account --billing-project --access-token-file --trace-token --description"
           " --binary-authorization --breakglass --key --post-key-revocation-action-type --mesh --gpu-type"
           " --encryption-key-shutdown-hours --build-service-account --build-worker-pool --client-name"
           " --client-version --cluster --cluster-location --namespace --context --kubeconfig --connectivity",
           Takes.VALUE, NOT_IMITATED, _LOCAL),
}  # fmt: skip


_OF_SERVICES = (
    "--port --use-http2 --concurrency --timeout --revision-suffix --min-instances --max-instances --min --max --scaling"
    " --cpu-throttling --cpu-boost --session-affinity --ingress --allow-unauthenticated --traffic --tag"
    " --liveness-probe --readiness-probe"
)
OF_SERVICES = frozenset(_OF_SERVICES.split())
OF_JOBS = frozenset(["--tasks", "--parallelism", "--max-retries", "--task-timeout", "--execute-now", "--wait"])
"""Flags that only the one, or only the other of the two commands has."""


def flag_of(name: str) -> tuple[str, Flag, bool] | None:
    """The flag by the name that was written: (its own name, what it is, whether it is turned on)."""
    if name in FLAGS:
        return name, FLAGS[name], True
    turned = "--" + name.removeprefix("--no-") if name.startswith("--no-") else ""
    if turned in FLAGS and FLAGS[turned].takes is Takes.NOTHING:
        return turned, FLAGS[turned], False
    return None
