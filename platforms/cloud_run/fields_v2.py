"""The fields of a Service and of a Job as the v2 API knows them: their types, and what we make of them.

One table (source: the v2 API schema, revision 20261031). Types are those of `fields`, and besides "number", "duration"
(text such as "300s"), and the names of ENUMS. A field that v1 has too, by whatever name, has what is said of it there.
"""

from emulator.model.rule import Fidelity

from . import annotations, fields
from .fields import Field

_OF_V1 = fields.TYPES


def _no_effect(type_: str, note: str) -> Field:
    return Field(type_, Fidelity.NOT_IMITATED, note)


def _like(type_: str, v1: str) -> Field:
    """What becomes of a field of this type is what becomes of v1's "Type.field"."""
    kind, _, name = v1.partition(".")
    return Field(type_, *_OF_V1[kind][name][1:])


def _annotated(type_: str, name: str) -> Field:
    """v1 has it as an annotation."""
    return Field(type_, *annotations.KNOWN[name][1:3])


def _same(kind: str, *names: str) -> dict[str, Field]:
    """Fields that v1 has by the same names and with the same types."""
    return {name: _OF_V1[kind][name] for name in names}


RUN, SCALE = annotations.RUN, annotations.SCALE
_CLIENT = Field("string", Fidelity.EXACT, "without effect")
WRITTEN_THERE = Field("any", Fidelity.EXACT, "written by the platform, ignored when it is sent")
_LOCAL = "no meaning on this machine"
_BUILD = "built from the source at hand"
_GPU = "there is no GPU"
_USERS = Field("map", Fidelity.EXACT, "kept by the platform, without effect")
_LABELS = _no_effect("map", "labels are not used")

ENUMS: dict[str, tuple[str, ...]] = {
    "AmbientScope": ("AMBIENT_SCOPE_UNSPECIFIED", "AMBIENT_SCOPE_REGIONAL", "AMBIENT_SCOPE_GLOBAL"),
    "Egress": ("VPC_EGRESS_UNSPECIFIED", "ALL_TRAFFIC", "PRIVATE_RANGES_ONLY"),
    "ExecutionEnvironment": (
        "EXECUTION_ENVIRONMENT_UNSPECIFIED", "EXECUTION_ENVIRONMENT_GEN1", "EXECUTION_ENVIRONMENT_GEN2",
    ),
    "FunctionalType": ("FUNCTIONAL_TYPE_UNSPECIFIED", "FUNCTIONAL_TYPE_AGENT", "FUNCTIONAL_TYPE_MCP_SERVER"),
    "IdentityType": (
        "IDENTITY_TYPE_UNSPECIFIED", "IDENTITY_TYPE_SERVICE_ACCOUNT", "IDENTITY_TYPE_AGENT_IDENTITY",
    ),
    "Ingress": (
        "INGRESS_TRAFFIC_UNSPECIFIED", "INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_NONE",
    ),
    "LaunchStage": (
        "LAUNCH_STAGE_UNSPECIFIED", "UNIMPLEMENTED", "PRELAUNCH", "EARLY_ACCESS", "ALPHA", "BETA", "GA", "DEPRECATED",
    ),
    "Medium": ("MEDIUM_UNSPECIFIED", "MEMORY", "DISK"),
    "RevocationAction": ("ENCRYPTION_KEY_REVOCATION_ACTION_UNSPECIFIED", "PREVENT_NEW", "SHUTDOWN"),
    "ScalingMode": ("SCALING_MODE_UNSPECIFIED", "AUTOMATIC", "MANUAL"),
    "TrafficType": (
        "TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST",
        "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
    ),
}  # fmt: skip

_RESOURCE: dict[str, Field] = {
    "name": Field("string"),
    "annotations": _USERS,
    "labels": _LABELS,
    "binaryAuthorization": Field("BinaryAuthorization"),
    "client": _CLIENT,
    "clientVersion": _CLIENT,
    "etag": Field("string", Fidelity.EXACT, "nothing is changed that another could have changed"),
    "functionalType": _no_effect("FunctionalType", _LOCAL),
    "launchStage": _annotated("LaunchStage", RUN + "launch-stage"),
} | dict.fromkeys(
    (
        "conditions", "createTime", "creator", "deleteTime", "expireTime", "generation", "lastModifier",
        "observedGeneration", "reconciling", "satisfiesPzs", "terminalCondition", "uid", "updateTime",
    ),
    WRITTEN_THERE,
)  # fmt: skip
"""What a service and a job both have at the top."""

_INSTANCE: dict[str, Field] = {
    "containers": Field("[Container]"),
    "encryptionKey": _annotated("string", RUN + "encryption-key"),
    "executionEnvironment": _annotated("ExecutionEnvironment", annotations.EXECUTION),
    "gpuZonalRedundancyDisabled": _annotated("bool", RUN + "gpu-zonal-redundancy-disabled"),
    "nodeSelector": Field("NodeSelector"),
    "sandboxes": _no_effect("any", "not used"),
    "serviceAccount": _like("string", "RevisionSpec.serviceAccountName"),
    "volumes": Field("[Volume]"),
    "vpcAccess": Field("VpcAccess"),
    "workloadIdentityConfig": Field("WorkloadIdentityConfig"),
}
"""What a revision and a task both have."""

TYPES: dict[str, dict[str, Field]] = {
    "Service": _RESOURCE
    | {
        "buildConfig": Field("BuildConfig"),
        "customAudiences": _annotated("strings", RUN + "custom-audiences"),
        "defaultUriDisabled": _annotated("bool", RUN + "default-url-disabled"),
        "description": _annotated("string", RUN + "description"),
        "iapEnabled": _annotated("bool", RUN + "iap-enabled"),
        "ingress": _annotated("Ingress", RUN + "ingress"),
        "invokerIamDisabled": _annotated("bool", RUN + "invoker-iam-disabled"),
        "multiRegionSettings": Field("MultiRegionSettings"),
        "scaling": Field("ServiceScaling"),
        "sshEnabled": _no_effect("bool", _LOCAL),
        "template": Field("RevisionTemplate"),
        "traffic": Field("[TrafficTarget]"),
    }
    | dict.fromkeys(
        (
            "latestCreatedRevision",
            "latestReadyRevision",
            "threatDetectionEnabled",
            "trafficStatuses",
            "uri",
            "urls",
        ),
        WRITTEN_THERE,
    ),
    "Job": _RESOURCE
    | {
        "template": Field("ExecutionTemplate"),
        "runExecutionToken": _like("string", "JobSpec.runExecutionToken"),
        "startExecutionToken": _like("string", "JobSpec.startExecutionToken"),
        "executionCount": WRITTEN_THERE,
        "latestCreatedExecution": WRITTEN_THERE,
    },
    "RevisionTemplate": _INSTANCE
    | {
        "ambientNetworking": Field("AmbientNetworking"),
        "annotations": _USERS,
        "client": _CLIENT,
        "clientVersion": _CLIENT,
        "encryptionKeyRevocationAction": _annotated("RevocationAction", RUN + "post-key-revocation-action-type"),
        "encryptionKeyShutdownDuration": _annotated("duration", RUN + "encryption-key-shutdown-hours"),
        "healthCheckDisabled": _annotated("bool", RUN + "health-check-disabled"),
        "labels": _LABELS,
        "maxInstanceRequestConcurrency": _like("int", "RevisionSpec.containerConcurrency"),
        "revision": Field("string"),
        "scaling": Field("RevisionScaling"),
        "serviceMesh": Field("ServiceMesh"),
        "sessionAffinity": _annotated("bool", RUN + "sessionAffinity"),
        "timeout": _like("duration", "RevisionSpec.timeoutSeconds"),
    },
    "ExecutionTemplate": {
        "annotations": _USERS,
        "client": _CLIENT,
        "clientVersion": _CLIENT,
        "labels": _LABELS,
        "template": Field("TaskTemplate"),
    }
    | _same("ExecutionSpec", "taskCount", "parallelism", "delayExecution"),
    "TaskTemplate": _INSTANCE
    | {
        "maxRetries": _like("int", "TaskSpec.maxRetries"),
        "timeout": _like("duration", "TaskSpec.timeoutSeconds"),
    },
    "Container": {
        "baseImageUri": _annotated("string", RUN + "base-images"),
        "buildConfig": _no_effect("any", _BUILD),
        "buildInfo": WRITTEN_THERE,
        "dependsOn": _annotated("strings", annotations.DEPENDENCIES),
        "env": Field("[EnvVar]"),
        "livenessProbe": _like("Probe", "Container.livenessProbe"),
        "ports": Field("[ContainerPort]"),
        "readinessProbe": _like("Probe", "Container.readinessProbe"),
        "resources": Field("ResourceRequirements"),
        "sourceCode": _no_effect("any", _BUILD),
        "startupProbe": _like("Probe", "Container.startupProbe"),
        "volumeMounts": Field("[VolumeMount]"),
    }
    | _same("Container", "name", "image", "command", "args", "workingDir", "sandboxLauncher"),
    "EnvVar": {"name": Field("string"), "value": Field("string"), "valueSource": Field("EnvVarSource")},
    "EnvVarSource": {"secretKeyRef": Field("SecretKeySelector")},
    "SecretKeySelector": {
        "secret": _like("string", "SecretKeySelector.name"),
        "version": _like("string", "SecretKeySelector.key"),
    },
    "ContainerPort": _same("ContainerPort", "containerPort", "name"),
    "ResourceRequirements": {
        "limits": _like("map", "ResourceRequirements.limits"),
        "cpuIdle": _annotated("bool", annotations.THROTTLING),
        "startupCpuBoost": _annotated("bool", RUN + "startup-cpu-boost"),
    },
    "Probe": {
        "httpGet": Field("HTTPGetAction"),
        "tcpSocket": Field("TCPSocketAction"),
        "grpc": Field("GRPCAction"),
    }
    | _same("Probe", "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"),
    "HTTPGetAction": _same("HTTPGetAction", "path", "port", "httpHeaders"),
    "HTTPHeader": _same("HTTPHeader", "name", "value"),
    "TCPSocketAction": _same("TCPSocketAction", "port"),
    "GRPCAction": _same("GRPCAction", "port", "service"),
    "VolumeMount": _same("VolumeMount", "name", "mountPath", "subPath"),
    "Volume": {
        "name": _like("string", "Volume.name"),
        "cloudSqlInstance": Field("CloudSqlInstance"),
        "emptyDir": Field("EmptyDir"),
        "filestore": _like("any", "Volume.filestore"),
        "gcs": Field("GCSVolume"),
        "nfs": Field("NFSVolume"),
        "secret": Field("SecretVolume"),
    },
    "CloudSqlInstance": {"instances": _annotated("strings", RUN + "cloudsql-instances")},
    "EmptyDir": {
        "medium": _like("Medium", "EmptyDir.medium"),
        "sizeLimit": _like("string", "EmptyDir.sizeLimit"),
    },
    "GCSVolume": {
        "bucket": _like("string", "CSIVolume.volumeAttributes"),
        "mountOptions": _like("strings", "CSIVolume.volumeAttributes"),
        "readOnly": _like("bool", "CSIVolume.readOnly"),
    },
    "NFSVolume": _same("NFSVolume", "server", "path", "readOnly"),
    "SecretVolume": {
        "secret": _like("string", "SecretVolume.secretName"),
        "items": Field("[VersionToPath]"),
        "defaultMode": _like("int", "SecretVolume.defaultMode"),
    },
    "VersionToPath": {
        "version": _like("string", "KeyToPath.key"),
        "path": _like("string", "KeyToPath.path"),
        "mode": _like("int", "KeyToPath.mode"),
    },
    "ServiceScaling": {
        "manualInstanceCount": _annotated("int", RUN + "manualInstanceCount"),
        "maxInstanceCount": _annotated("int", RUN + "maxScale"),
        "minInstanceCount": _annotated("int", RUN + "minScale"),
        "scalingMode": _annotated("ScalingMode", RUN + "scalingMode"),
    },
    "RevisionScaling": {
        "concurrencyUtilization": _annotated("number", SCALE + "maxScale"),
        "cpuUtilization": _annotated("number", SCALE + "maxScale"),
        "maxInstanceCount": _annotated("int", SCALE + "maxScale"),
        "minInstanceCount": _annotated("int", SCALE + "minScale"),
    },
    "TrafficTarget": {
        "percent": _like("int", "TrafficTarget.percent"),
        "revision": _like("string", "TrafficTarget.revisionName"),
        "tag": _like("string", "TrafficTarget.tag"),
        "type": _like("TrafficType", "TrafficTarget.latestRevision"),
    },
    "VpcAccess": {
        "connector": _annotated("string", RUN + "vpc-access-connector"),
        "egress": _annotated("Egress", RUN + "vpc-access-egress"),
        "networkInterfaces": Field("[NetworkInterface]"),
    },
    "NetworkInterface": {
        name: _annotated(type_, RUN + "network-interfaces")
        for name, type_ in (("network", "string"), ("subnetwork", "string"), ("tags", "strings"))
    },
    "AmbientNetworking": {
        "ambientScope": _annotated("AmbientScope", RUN + "network-interfaces"),
        "enabled": _annotated("bool", RUN + "network-interfaces"),
    },
    "NodeSelector": {"accelerator": _no_effect("string", _GPU)},
    "BinaryAuthorization": {
        "breakglassJustification": _no_effect("string", _LOCAL),
        "policy": _no_effect("string", _LOCAL),
        "useDefault": _no_effect("bool", _LOCAL),
    },
    "BuildConfig": {
        "baseImage": _no_effect("string", _BUILD),
        "enableAutomaticUpdates": _no_effect("bool", _BUILD),
        "environmentVariables": _no_effect("map", _BUILD),
        "functionTarget": _no_effect("string", _BUILD),
        "imageUri": _no_effect("string", _BUILD),
        "name": WRITTEN_THERE,
        "serviceAccount": _no_effect("string", _BUILD),
        "sourceLocation": _no_effect("string", _BUILD),
        "workerPool": _no_effect("string", _BUILD),
    },
    "MultiRegionSettings": {
        "multiRegionId": _no_effect("string", _LOCAL),
        "regions": _no_effect("strings", _LOCAL),
    },
    "ServiceMesh": {"mesh": _no_effect("string", _LOCAL)},
    "WorkloadIdentityConfig": {
        "identity": _no_effect("string", _LOCAL),
        "identityCertificateEnabled": _no_effect("bool", _LOCAL),
        "identityType": _no_effect("IdentityType", _LOCAL),
    },
}
