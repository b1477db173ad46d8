"""The fields of a Knative Service and of a Job as gcloud knows them: their types, and what we make of them.

One table (source: the v1 API schema, revision 20261031, less what gcloud's own classes lack). A type is
"string", "id" (a string, or a whole number that gcloud makes one), "int", "bool", "strings" (a list of strings),
"map" (string to string), "any" (taken as it is), the name of another type here, or "[Name]" for a list of it.
"""

from typing import NamedTuple

from emulator.model.rule import Fidelity

EXACT, APPROXIMATE, NOT_IMITATED = Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.NOT_IMITATED


class Field(NamedTuple):
    """fidelity, note: what `up` makes of it; of a field with fields of its own they say nothing. is_refused: whether
    the platform says that it does not support the field."""

    type: str
    fidelity: Fidelity = EXACT
    note: str = ""
    is_refused: bool = False


def _no_effect(type_: str, note: str) -> Field:
    return Field(type_, NOT_IMITATED, note)


def _refused(type_: str) -> Field:
    return Field(type_, NOT_IMITATED, _UNSUPPORTED, is_refused=True)


_BOOKKEEPING = "bookkeeping of the platform"
_MOUNT = "not mounted"
_BUCKET = "a folder of this machine stands for it: --volume NAME=DIR, else an empty one of the project's own"
_MEMORY = "a file system in memory, which counts as the memory of who writes"
_SECRET = "the value comes from --secret-file, --env, --env-file or a prompt"
_UNSUPPORTED = "not supported by Cloud Run"
_IMAGE_NOTE = "built from the Dockerfile beside it, where there is one; else pulled"
_ACCOUNT = Field("string", APPROXIMATE, "the metadata server tells it; its tokens are fakes")
_TOKEN = "an execution is started by `up`"
_READINESS = "asked from the first success of the startup probe on, in which the instance counts as ready"

_META = {
    "name": Field("string"),
    "namespace": Field("id", APPROXIMATE, "the metadata server tells it; nothing is deployed to a project"),
    "labels": _no_effect("map", "of labels only the region is used, which the metadata server tells"),
    "annotations": Field("map", EXACT, "each by itself"),
}

TYPES: dict[str, dict[str, Field]] = {
    "Service": {
        "apiVersion": Field("string"),
        "kind": Field("string"),
        "metadata": Field("ObjectMeta"),
        "spec": Field("ServiceSpec"),
        "status": Field("any", EXACT, "removed before sending"),
    },
    "ObjectMeta": _META
    | {
        name: _no_effect(type_, _BOOKKEEPING)
        for name, type_ in (
            ("clusterName", "string"),
            ("creationTimestamp", "string"),
            ("deletionGracePeriodSeconds", "int"),
            ("deletionTimestamp", "string"),
            ("finalizers", "strings"),
            ("generateName", "string"),
            ("generation", "int"),
            ("ownerReferences", "any"),
            ("resourceVersion", "string"),
            ("selfLink", "string"),
            ("uid", "string"),
        )
    },
    "ServiceSpec": {"template": Field("RevisionTemplate"), "traffic": Field("[TrafficTarget]")},
    "RevisionTemplate": {"metadata": Field("ObjectMeta"), "spec": Field("RevisionSpec")},
    "RevisionSpec": {
        "containers": Field("[Container]"),
        "containerConcurrency": Field("int", APPROXIMATE, "over HTTP/2 a connection counts as one request"),
        "timeoutSeconds": Field("int", APPROXIMATE, "a WebSocket's container is told when the time is over"),
        "serviceAccountName": _ACCOUNT,
        "volumes": Field("[Volume]"),
        "nodeSelector": _no_effect("map", "there is no GPU"),
        "runtimeClassName": _no_effect("string", "not used"),
        "sandboxes": _no_effect("any", "not used"),
        "enableServiceLinks": _refused("bool"),
        "imagePullSecrets": _refused("any"),
    },
    "Job": {
        "apiVersion": Field("string"),
        "kind": Field("string"),
        "metadata": Field("ObjectMeta"),
        "spec": Field("JobSpec"),
        "status": Field("any", EXACT, "removed before sending"),
    },
    "JobSpec": {
        "template": Field("ExecutionTemplate"),
        "startExecutionToken": _no_effect("string", _TOKEN),
        "runExecutionToken": _no_effect("string", _TOKEN),
    },
    "ExecutionTemplate": {"metadata": Field("ObjectMeta"), "spec": Field("ExecutionSpec")},
    "ExecutionSpec": {
        "taskCount": Field("int"),
        "parallelism": Field("int", APPROXIMATE, "few tasks run at once on this machine"),
        "delayExecution": _no_effect("bool", "an execution starts at once"),
        "template": Field("TaskTemplate"),
    },
    "TaskTemplate": {"spec": Field("TaskSpec")},
    "TaskSpec": {
        "containers": Field("[Container]"),
        "maxRetries": Field("int"),
        "timeoutSeconds": Field("int"),
        "serviceAccountName": _ACCOUNT,
        "volumes": Field("[Volume]"),
        "nodeSelector": _no_effect("map", "there is no GPU"),
        "sandboxes": _no_effect("any", "not used"),
    },
    "Container": {
        "image": Field("string", APPROXIMATE, _IMAGE_NOTE),
        "name": Field("string"),
        "command": Field("strings"),
        "args": Field("strings"),
        "workingDir": Field("string"),
        "env": Field("[EnvVar]"),
        "envFrom": _refused("any"),
        "ports": Field("[ContainerPort]"),
        "resources": Field("ResourceRequirements"),
        "startupProbe": Field("Probe"),
        "livenessProbe": Field("Probe"),
        "readinessProbe": Field("Probe", APPROXIMATE, _READINESS),
        "volumeMounts": Field("[VolumeMount]"),
        "imagePullPolicy": Field("string", EXACT, "without effect"),
        "terminationMessagePath": Field("string", EXACT, "without effect"),
        "terminationMessagePolicy": Field("string", EXACT, "without effect"),
        "securityContext": _no_effect("SecurityContext", _UNSUPPORTED),
        "sandboxLauncher": _no_effect("bool", "not used"),
    },
    "EnvVar": {"name": Field("string"), "value": Field("string"), "valueFrom": Field("EnvVarSource")},
    "EnvVarSource": {
        "secretKeyRef": Field("SecretKeySelector"),
        "configMapKeyRef": _no_effect("any", _UNSUPPORTED),
    },
    "SecretKeySelector": {
        "name": Field("string", APPROXIMATE, _SECRET),
        "key": Field("string", APPROXIMATE, _SECRET),
        "localObjectReference": _refused("any"),
        "optional": _refused("bool"),
    },
    "ContainerPort": {
        "containerPort": Field("int"),
        "name": Field("string", APPROXIMATE, "with h2c, requests are not turned into HTTP/2"),
        "protocol": Field("string"),
    },
    "ResourceRequirements": {
        "limits": Field("map", APPROXIMATE, "memory as a hard limit; CPU only with --limits all"),
        "requests": Field("map", EXACT, "without effect"),
    },
    "SecurityContext": {"runAsUser": _refused("int")},
    "Probe": {
        "httpGet": Field("HTTPGetAction"),
        "tcpSocket": Field("TCPSocketAction"),
        "grpc": Field("GRPCAction"),
        "initialDelaySeconds": Field("int"),
        "timeoutSeconds": Field("int"),
        "periodSeconds": Field("int"),
        "failureThreshold": Field("int"),
        "successThreshold": Field("int"),
    },
    "HTTPGetAction": {
        "path": Field("string"),
        "port": Field("int"),
        "httpHeaders": Field("[HTTPHeader]"),
        "host": _no_effect("string", _UNSUPPORTED),
        "scheme": _no_effect("string", _UNSUPPORTED),
    },
    "HTTPHeader": {"name": Field("string"), "value": Field("string")},
    "TCPSocketAction": {"port": Field("int"), "host": _no_effect("string", _UNSUPPORTED)},
    "GRPCAction": {"port": Field("int"), "service": Field("string")},
    "VolumeMount": {
        "name": Field("string"),
        "mountPath": Field("string"),
        "subPath": _no_effect("string", "the whole volume is mounted"),
        "readOnly": _no_effect("bool", "not used"),
    },
    "Volume": {
        "name": Field("string"),
        "emptyDir": Field("EmptyDir"),
        "secret": Field("SecretVolume"),
        "csi": Field("CSIVolume"),
        "nfs": Field("NFSVolume"),
        "filestore": _no_effect("any", _MOUNT),
        "configMap": _no_effect("any", _UNSUPPORTED),
    },
    "EmptyDir": {"medium": Field("string", APPROXIMATE, _MEMORY), "sizeLimit": Field("string", APPROXIMATE, _MEMORY)},
    "SecretVolume": {
        "secretName": Field("string", APPROXIMATE, _SECRET),
        "items": Field("[KeyToPath]"),
        "defaultMode": Field("int"),
        "optional": _refused("bool"),
    },
    "KeyToPath": {
        "key": Field("string", APPROXIMATE, _SECRET),
        "path": Field("string"),
        "mode": Field("int"),
    },
    "CSIVolume": {
        "driver": Field("string", APPROXIMATE, _BUCKET),
        "readOnly": Field("bool"),
        "volumeAttributes": Field("map", APPROXIMATE, _BUCKET),
    },
    "NFSVolume": {
        "server": Field("string", APPROXIMATE, _BUCKET),
        "path": Field("string", APPROXIMATE, _BUCKET),
        "readOnly": Field("bool"),
    },
    "TrafficTarget": {
        "configurationName": _no_effect("string", "must be empty"),
        "latestRevision": Field("bool"),
        "percent": Field("int"),
        "revisionName": Field("string", APPROXIMATE, "the revisions are those of one running `emu up`"),
        "tag": Field("string"),
        "url": _no_effect("string", "may not be set"),
    },
}
