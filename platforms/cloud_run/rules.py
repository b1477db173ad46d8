"""What Cloud Run does, one row a rule: the unit of truth that decisions and diagnostics cite.

`checked` is the day the source was last read. Sources are Google's documentation and API schema where they
speak; elsewhere the tool whose sources say it, or the kind of log it was seen in.
"""

from emulator.model.rule import Evidence, Fidelity, Rule
from platforms.rulebook import RuleBook

CHECKED = "2026-11-20"
DOCS = "https://cloud.google.com/run/docs/"
CONTRACT = DOCS + "container-contract"
HEALTH = DOCS + "configuring/healthchecks"
MEMORY_DOCS = DOCS + "configuring/services/memory-limits"
CPU_DOCS = DOCS + "configuring/services/cpu"
SIDECAR_DOCS = DOCS + "deploying#sidecars"
KNOWN_ISSUES = DOCS + "known-issues"
QUOTAS = DOCS + "quotas"
V1_SCHEMA = "https://run.googleapis.com/$discovery/rest?version=v1"
V2_SCHEMA = "https://run.googleapis.com/$discovery/rest?version=v2"
GCLOUD = "gcloud SDK 528: what its sources say and what it printed when run"
PROVIDER = "https://github.com/hashicorp/terraform-provider-google/blob/main/website/docs/r/"
BUILDPACKS = "https://github.com/GoogleCloudPlatform/buildpacks"
HEADERS = "request and response headers quoted in public repositories"
LOGS = "platform logs and server errors quoted in public repositories"

_rule = RuleBook("cloud-run", CHECKED)

DOCUMENTED, SCHEMA, LOG = Evidence.DOCUMENTED, Evidence.SCHEMA, Evidence.LOG
COMMUNITY, INFERRED = Evidence.COMMUNITY, Evidence.INFERRED
APPROXIMATE, NOT_IMITATED = Fidelity.APPROXIMATE, Fidelity.NOT_IMITATED

# ---- what is deployed ---------------------------------------------------------------------------------

DOCKERFILE = _rule(
    "dockerfile",
    "A file called exactly Dockerfile in the source's root selects a Docker build; no flag names another.",
    DOCS + "deploying-source-code", DOCUMENTED,
)  # fmt: skip
DOCKERFILE_ON_DISK = _rule(
    "dockerfile-on-disk",
    "Whether there is a Dockerfile is asked of the local folder, before the rules say what is uploaded.",
    GCLOUD, SCHEMA,
)  # fmt: skip
BUILDPACKS_OTHERWISE = _rule(
    "buildpacks", "A source without a Dockerfile is built by Google's buildpacks.", DOCS + "deploying-source-code",
    DOCUMENTED, NOT_IMITATED, note="The plan names the language and the command; `up` does not build with them yet.",
)  # fmt: skip
BUILDPACK_ORDER = _rule(
    "buildpack-order", "The first group of buildpacks whose members all detect builds the source.",
    BUILDPACKS, DOCUMENTED, APPROXIMATE,
    note="Languages are told by their files; functions, pinned runtimes and project.toml are not read.",
)  # fmt: skip
BUILDPACK_ENTRYPOINT = _rule(
    "buildpack-entrypoint", "A Procfile's web line is the entrypoint, run by bash; without a web line the build fails.",
    BUILDPACKS, DOCUMENTED, APPROXIMATE, note="GOOGLE_ENTRYPOINT is not read.",
)  # fmt: skip
BUILDPACK_DEFAULT = _rule(
    "buildpack-default-command",
    "Without an entrypoint a language's buildpack chooses the command; it listens on 8080.",
    BUILDPACKS, DOCUMENTED, APPROXIMATE, note="Python and Node are known; the other languages' commands are not.",
)  # fmt: skip
UPLOAD_SET = _rule(
    "upload-set", "What .gcloudignore leaves is uploaded; without one, what the root's .gitignore leaves.",
    "https://cloud.google.com/sdk/gcloud/reference/topic/gcloudignore", DOCUMENTED, APPROXIMATE,
    note="A link is sent as a link: one that leads out of the folder leads nowhere. The .git folder is never sent.",
)  # fmt: skip
IMAGE = _rule(
    "image", "A given image is pulled and run; nothing is built.", DOCS + "deploying", DOCUMENTED,
)  # fmt: skip
REPLACE_NEVER_BUILDS = _rule(
    "replace-never-builds", "`gcloud run services replace` and `jobs replace` build nothing: the image must exist.",
    GCLOUD, SCHEMA, APPROXIMATE,
    note="Where a Dockerfile lies beside the YAML, the ingress container's image is taken to be built from it.",
)  # fmt: skip
CONFIG = _rule(
    "service-yaml",
    "A service is described in YAML by Knative's Service, serving.knative.dev/v1; a job by run.googleapis.com/v1.",
    DOCS + "reference/yaml/v1", DOCUMENTED,
)  # fmt: skip
V2_FORM = _rule(
    "v2-form", "The v2 API describes services and jobs in JSON, without kind and apiVersion, template at the top.",
    V2_SCHEMA, SCHEMA,
)  # fmt: skip
V2_FIELDS = _rule(
    "v2-fields",
    "The v2 API refuses names it does not know; whole numbers may be in quotes, durations are seconds as in 300s.",
    V2_SCHEMA, SCHEMA, note="The words are those of Google's APIs in general, quoted in public repositories.",
)  # fmt: skip
V2_ANNOTATIONS = _rule(
    "v2-annotations",
    "The v2 API takes no labels or annotations under run.googleapis.com, cloud.googleapis.com, serving.knative.dev and "
    "autoscaling.knative.dev: it has fields for them.", V2_SCHEMA, SCHEMA,
)  # fmt: skip
V2_CPU_IDLE = _rule(
    "v2-cpu-idle", "Where resources are given without cpuIdle, CPU is always allocated; without resources it is not.",
    V2_SCHEMA, SCHEMA,
)  # fmt: skip
DEPLOY_COMMAND = _rule(
    "gcloud-command",
    "gcloud run deploy makes a service of its flags; a new one has the defaults of what no flag says.",
    "https://cloud.google.com/sdk/gcloud/reference/run/deploy", DOCUMENTED, APPROXIMATE,
    note="What an earlier deploy set, and this one would keep, is not known here.",
)  # fmt: skip
TERRAFORM = _rule(
    "terraform",
    "Terraform's google_cloud_run_v2_service, google_cloud_run_v2_job and google_cloud_run_service make what their "
    "blocks say, with the API's defaults for the rest.", PROVIDER + "cloud_run_v2_service.html.markdown", DOCUMENTED,
    note="Modules are not followed; nothing that Terraform has made before is known.",
)  # fmt: skip
TERRAFORM_VALUES = _rule(
    "terraform-values",
    "A variable has the value given when Terraform runs, else that of terraform.tfvars and *.auto.tfvars, else its "
    "default.", "https://developer.hashicorp.com/terraform/language/values/variables", DOCUMENTED, APPROXIMATE,
    note="Literals, and variables and locals that are literals, have values; all else is unknown, and never guessed.",
)  # fmt: skip
TERRAFORM_WORDS = _rule(
    "terraform-schema", "Terraform refuses arguments and blocks that the provider's schema has not.",
    "https://developer.hashicorp.com/terraform/language/attr-as-blocks", DOCUMENTED,
    note="The words are those of Terraform's errors quoted in public repositories.",
)  # fmt: skip
RESOURCE_KINDS = _rule(
    "resource-kinds", "Cloud Run also has worker pools and instances.", DOCS + "reference/yaml/v1", DOCUMENTED,
    NOT_IMITATED, note="Only services and jobs are planned.",
)  # fmt: skip
AMD64 = _rule("amd64", "Only linux/amd64 programs run.", CONTRACT, DOCUMENTED)

# ---- the YAML -----------------------------------------------------------------------------------------

UNKNOWN_FIELD = _rule(
    "unknown-field", "gcloud refuses fields that the schema does not have, the shallowest level first.", GCLOUD, SCHEMA,
)  # fmt: skip
FIELD_TYPE = _rule(
    "field-type", "gcloud refuses a number or a boolean where the schema has text; a quoted whole number is accepted.",
    GCLOUD, SCHEMA,
)  # fmt: skip
ONE_DOCUMENT = _rule("one-document", "The file holds one YAML document.", GCLOUD, SCHEMA)
RESOURCE_NAME = _rule(
    "resource-name",
    "A service's name has lower-case letters, digits and dashes, no dash at an end, and at most 63 characters.",
    GCLOUD, SCHEMA, note="The documentation limits it to 49 characters; above that a warning is given.",
)  # fmt: skip
CONTAINER_COUNT = _rule("container-count", "A service has 1 to 10 containers.", SIDECAR_DOCS, DOCUMENTED)
ONE_INGRESS = _rule(
    "one-ingress-container", "With several containers exactly one has `ports`: it takes the requests.", LOGS, LOG
)
SIDECARS = _rule(
    "sidecars",
    "All containers of an instance start and stop together and share its network, in which each has 127.0.0.1 under "
    "its name; their files and processes are their own.", SIDECAR_DOCS, DOCUMENTED,
)  # fmt: skip
INSTANCE_STARTED = _rule(
    "instance-started",
    "An instance gets requests once its ingress container has started; a startup probe that fails, of any container, "
    "fails the instance.", SIDECAR_DOCS, DOCUMENTED, APPROXIMATE,
    note="Requests wait for the startup probes of the other containers as well, so that one that fails is told.",
)  # fmt: skip
INSTANCE_ENDS = _rule(
    "instance-ends",
    "A container that ends takes its instance with it: the others get SIGTERM, and SIGKILL after 10 s.",
    SIDECAR_DOCS, INFERRED, APPROXIMATE,
    note="Documented of the Instance resource alone, whose containers are restarted together: assumed of services.",
)  # fmt: skip
JOB_SIDECARS = _rule(
    "job-sidecars", "The containers of a task beside its first one run with it.", DOCS + "create-jobs", DOCUMENTED,
    NOT_IMITATED, note="The first container of a task alone is run; the others are planned.",
)  # fmt: skip
DEPENDENCIES = _rule(
    "container-dependencies",
    "The annotation run.googleapis.com/container-dependencies names, for a container, those that start before it: it "
    "starts when their startup probes have succeeded.", V1_SCHEMA, SCHEMA,
)  # fmt: skip
DEPENDENCY_PROBE = _rule(
    "dependency-has-probe", "A container that others depend on must have a startup probe.", LOGS, LOG,
    note="The documentation now describes an order without waiting when it has none.",
)  # fmt: skip
ANNOTATION_KIND = _rule(
    "annotation-kind",
    "Annotations under run.googleapis.com and autoscaling.knative.dev belong to the service or to its template.",
    V1_SCHEMA, SCHEMA,
)  # fmt: skip
TRAFFIC = _rule(
    "traffic", "Traffic goes to the latest ready revision, or is split by percent, which must add up to 100.",
    V1_SCHEMA, SCHEMA, APPROXIMATE,
    note="The revisions are those of one running `emu up`; of 100 requests each gets exactly its percentage.",
)  # fmt: skip
NO_TRAFFIC = _rule(
    "no-traffic",
    "With --no-traffic the new revision is started and checked, and requests stay with the former one; a new service "
    "cannot have it. Without it gcloud leaves the traffic as it is.",
    GCLOUD, SCHEMA,
)  # fmt: skip
TRAFFIC_TAGS = _rule(
    "traffic-tags",
    "A revision with a tag is reached at https://TAG---HOST; a tag has 3 characters at least, and 46 at most together "
    "with its service's name.",
    LOGS, LOG, APPROXIMATE, note="Here at any host that begins with TAG---, such as TAG---SERVICE.localhost.",
)  # fmt: skip
SESSION_AFFINITY = _rule(
    "session-affinity",
    "With session affinity a cookie of 30 days leads a client to the instance that it had, before any traffic split, "
    "while that one is there and has room.",
    DOCS + "configuring/session-affinity", DOCUMENTED, APPROXIMATE,
    note="The cookie's name, GAESA, is inferred from answers quoted in public.",
)  # fmt: skip
VOLUMES = _rule(
    "volumes", "Volumes hold secrets, memory, buckets or network shares; mounts are absolute and not nested.",
    V1_SCHEMA, SCHEMA, note="The server's words for volumes and mounts that it refuses are not published.",
)  # fmt: skip
MEMORY_VOLUME = _rule(
    "memory-volume",
    "emptyDir is memory that an instance's containers share: at most its sizeLimit and their memory, half of that "
    "where there is none. What is in it counts as their memory and is gone with the instance.",
    V1_SCHEMA, SCHEMA, APPROXIMATE,
    note="It counts as the memory of the container that wrote it; any user may write there.",
)  # fmt: skip
SECRET_VOLUME = _rule(
    "secret-volume",
    "A secret that is mounted is a folder of files, 0444 unless a mode is given, that nobody can change; it hides what "
    "the image has there.",
    DOCS + "configuring/services/secrets", DOCUMENTED, APPROXIMATE,
    note="Values are those of --secret-file or --env when the instance starts; on Cloud Run a file is read anew each "
    "time.",
)  # fmt: skip
FOLDER_VOLUME = _rule(
    "bucket-and-share-volumes", "A bucket or a network share is mounted as a folder, in the gen2 environment.",
    DOCS + "configuring/services/cloud-storage-volume-mounts", DOCUMENTED, APPROXIMATE,
    note="A folder of this machine stands for it: --volume NAME=DIR names one, else one is kept for the project, empty "
    "at first. It is an ordinary file system, with all that a bucket lacks.",
)  # fmt: skip
SECRETS = _rule(
    "secrets",
    "A secret is looked up when a service is deployed, which is refused where it is missing, and read when an instance "
    "starts.",
    DOCS + "configuring/services/secrets", DOCUMENTED, APPROXIMATE,
    note="Values come from --secret-file NAME=PATH, --env, --env-file or a prompt. Without one a variable is not set, "
    "and a service that mounts the secret is refused.",
)  # fmt: skip

# ---- command and environment --------------------------------------------------------------------------

COMMAND = _rule(
    "command-and-args", "`command` replaces ENTRYPOINT and discards CMD; `args` alone replaces CMD.", GCLOUD, SCHEMA,
    note="The schema's text for args says that CMD is used when args are absent, without a word on command.",
)  # fmt: skip
NO_REFERENCES = _rule(
    "no-references", "$(NAME) in command, args and values is not replaced, and no shell runs them.", V1_SCHEMA, SCHEMA
)
MOST_ARGS = _rule("most-args", "A container has at most 1000 args.", QUOTAS, DOCUMENTED)
PORT = _rule(
    "port", "The ingress container listens on its containerPort, or on 8080; EXPOSE and the image's PORT do not count.",
    CONTRACT, DOCUMENTED,
)  # fmt: skip
ANY_ADDRESS = _rule(
    "any-address", "Probes and requests arrive from outside: a server on 127.0.0.1 is not reached.", CONTRACT,
    DOCUMENTED,
)  # fmt: skip
SERVICE_ENV = _rule(
    "service-env",
    "K_SERVICE, K_REVISION and K_CONFIGURATION are set in every container, PORT in the ingress container alone.",
    CONTRACT, DOCUMENTED,
    note="A revision that is not named is called SERVICE-00001-xyz, always with the same letters.",
)  # fmt: skip
RESERVED_ENV = _rule("reserved-env", "Variables that the system sets cannot be set.", LOGS, LOG)
ENV_ORDER = _rule(
    "env-order", "A variable of the service beats the image's; of two literals of one name the last counts.",
    V1_SCHEMA, SCHEMA,
)  # fmt: skip
X_GOOGLE = _rule("x-google-env", "Names of variables must not begin with X_GOOGLE_.", GCLOUD, SCHEMA)

# ---- probes -------------------------------------------------------------------------------------------

DEFAULT_PROBE = _rule(
    "default-startup-probe",
    "An ingress container without a startup probe gets one by TCP: timeout 240 s, period 240 s, one failure.",
    HEALTH, DOCUMENTED,
)  # fmt: skip
PROBE_DEFAULTS = _rule(
    "probe-defaults",
    "A probe that is written out has timeout 1 s, period 10 s and 3 failures unless it says otherwise.",
    V1_SCHEMA, SCHEMA,
)  # fmt: skip
PROBE_ACTION = _rule("probe-action", "A probe has exactly one of httpGet, tcpSocket and grpc.", HEALTH, DOCUMENTED)
PROBE_PORT = _rule(
    "probe-port", "A probe asks the container's port unless it names another, which no change of containerPort moves.",
    HEALTH, DOCUMENTED,
)  # fmt: skip
NAMED_PORT = _rule("named-probe-port", "A probe's port is a number; gcloud refuses a name.", GCLOUD, SCHEMA)
PROBE_TIMEOUT = _rule(
    "probe-timeout", "A probe's timeout must not be longer than its period.", LOGS, LOG,
    note="The server says less than; the default probe has them equal, so equal is accepted.",
)  # fmt: skip
STARTUP_CEILING = _rule(
    "startup-ceiling", "Failures times period of a startup probe may be 240 s; the newest documentation says 600 s.",
    V1_SCHEMA, SCHEMA, note="From 241 to 600 s a warning is given.",
)  # fmt: skip
PROBE_LIMITS = _rule(
    "probe-limits",
    "Startup: delay, period and timeout up to 240 s; liveness: up to 3600 s; readiness: up to 300 s, without a delay.",
    V1_SCHEMA, SCHEMA, note="The newest documentation allows a startup probe 600 s, and a liveness delay of 600 s.",
)  # fmt: skip
SUCCESS_THRESHOLD = _rule(
    "success-threshold", "Only a readiness probe may ask for more than one success.", HEALTH, DOCUMENTED,
    note="The schema says that it must be 1 if set.",
)  # fmt: skip
TCP_WAITS = _rule(
    "tcp-probe-waits", "A TCP probe tries to connect until its timeout is over.", LOGS, LOG
)  # fmt: skip
HTTP_REFUSED = _rule(
    "http-probe-refused", "An attempt of an HTTP probe fails at the first refused connection.", LOGS, LOG
)
HTTP_STATUSES = _rule(
    "http-probe-statuses", "An HTTP probe succeeds with 200 to 399; redirects are not followed.", HEALTH, DOCUMENTED
)
PROBE_HOST = _rule(
    "probe-host", "httpGet.host, httpGet.scheme, tcpSocket.host and exec are not supported.", V1_SCHEMA, SCHEMA
)
LIVENESS_TCP = _rule(
    "liveness-not-tcp", "Liveness and readiness probes ask by HTTP or gRPC, not by TCP.", HEALTH, DOCUMENTED
)
DELAY_ADDS = _rule(
    "initial-delay",
    "The initial delay comes before the first attempt and adds to the startup ceiling.",
    HEALTH,
    DOCUMENTED,
)
STARTUP_RETRIED = _rule(
    "startup-retried", "During a deploy an instance that did not start is started again until 4 minutes are over.",
    LOGS, LOG, APPROXIMATE, note="Every 17 s or so in logs; the numbers are not published.",
)  # fmt: skip
LIVENESS = _rule(
    "liveness", "A container that fails its liveness probe is killed with SIGKILL; another instance takes its place.",
    HEALTH, DOCUMENTED, APPROXIMATE, note="It is started again at once.",
)  # fmt: skip
READINESS = _rule(
    "readiness", "An instance that fails its readiness probe gets no new requests.", HEALTH, DOCUMENTED, APPROXIMATE,
    note="It counts as ready from its start on: whether the platform waits for a first success is not published.",
)  # fmt: skip
HEALTH_CHECK_DISABLED = _rule(
    "health-check-disabled", "An annotation of the revision skips the check at the deploy.", V1_SCHEMA, SCHEMA,
    NOT_IMITATED, note="The check is made all the same.",
)  # fmt: skip
REPLACE = _rule(
    "replace",
    "Requests go to a new revision when it is ready; the old one's instances answer what they have and get SIGTERM.",
    DOCS + "rollouts-rollbacks-traffic-migration", DOCUMENTED, APPROXIMATE,
    note="An old instance is waited for as long as a request may take.",
)  # fmt: skip
OVERLAP = _rule(
    "overlapping-deploys", "Of two deploys at once the newer one's revision gets the requests.", V1_SCHEMA, INFERRED,
    APPROXIMATE, note="The older deploy is canceled: how Cloud Run orders them is not published.",
)  # fmt: skip
FAILED_REVISION = _rule(
    "failed-revision", "A revision that does not start gets no traffic; the one before goes on serving.",
    DOCS + "rollouts-rollbacks-traffic-migration", DOCUMENTED,
)  # fmt: skip

# ---- requests on their way ----------------------------------------------------------------------------

EDGE = _rule(
    "request-path",
    "Google's front end ends TLS, speaks HTTP/2 and HTTP/3 to clients and decodes some escapes in a path, such as %41.",
    KNOWN_ISSUES, DOCUMENTED, NOT_IMITATED, note="Clients speak without TLS here; a path stays as it was sent.",
)  # fmt: skip
REQUEST_HEADERS = _rule(
    "request-headers",
    "The container gets X-Forwarded-For, X-Forwarded-Proto: https, Forwarded, and one trace and span as both "
    "X-Cloud-Trace-Context and Traceparent.",
    HEADERS, LOG, APPROXIMATE,
    note="Host stays as the client sent it: redirects and links built from it must work here. Every request counts as "
    "sampled, and a trace that the client began is not continued.",
)  # fmt: skip
RESPONSE_HEADERS = _rule(
    "response-headers", "An answer carries the request's trace in X-Cloud-Trace-Context, and Server: Google Frontend.",
    HEADERS, LOG, APPROXIMATE, note="Alt-Svc is left out, since nobody speaks HTTP/3 here.",
)  # fmt: skip
PRIVATE_COOKIES = _rule(
    "private-cookies", "An answer with Set-Cookie is marked Cache-Control: private.", CONTRACT, DOCUMENTED, APPROXIMATE,
    note="One that says private, no-store or no-cache by itself stays as it is: what becomes of it is not published.",
)  # fmt: skip
INVOKER = _rule(
    "invoker",
    "Unless public access is given, a request needs the token of somebody who may invoke the service; its signature is "
    "taken off before the container sees it.",
    DOCS + "authenticating/overview", DOCUMENTED, NOT_IMITATED,
    note="Every request is let in, and its Authorization stays as it is.",
)  # fmt: skip
HTTP2 = _rule(
    "http2", "A container whose port is called h2c is spoken to in HTTP/2 without TLS; one without HTTP/2 gets 503.",
    DOCS + "configuring/http2", DOCUMENTED, APPROXIMATE,
    note="Requests are not turned into HTTP/2: a client's own HTTP/2 is passed on unread, without headers and limits, "
    "and HTTP/1.1 as it is to a container that speaks HTTP/2.",
)  # fmt: skip
METHODS = _rule(
    "unsupported-methods", "TRACE and CONNECT never reach the container.", KNOWN_ISSUES, DOCUMENTED,
    note="They are answered 405: with what Google answers them is not published.",
)  # fmt: skip
RESERVED_PATHS = _rule(
    "reserved-paths",
    "/eventlog, what is under /_ah/, and some paths that end in z are answered 404 by Google; probes do not come that "
    "way.",
    KNOWN_ISSUES, DOCUMENTED, APPROXIMATE,
    note="Of those that end in z only /healthz: /readyz and /livez were seen to arrive. So was /_ah/health, once.",
)  # fmt: skip
REQUEST_SIZE = _rule(
    "request-size", "In HTTP/1 a request's body may have 32 MiB; a larger one is answered 413.", QUOTAS, DOCUMENTED,
    note="The status is what users report. Of a body in chunks the container may get a beginning.",
)  # fmt: skip
RESPONSE_SIZE = _rule(
    "response-size",
    "In HTTP/1 an answer that is not sent in chunks may have 32 MiB; a larger one is replaced by 500.",
    QUOTAS, DOCUMENTED, note="The status is what users report, and that the head counts as well.",
)  # fmt: skip
REQUEST_TIMEOUT = _rule(
    "request-timeout",
    "A request, or a WebSocket, may take 300 s unless timeoutSeconds, 1 to 3600, says otherwise; then comes 504.",
    V1_SCHEMA, SCHEMA, APPROXIMATE,
    note="The container is not told, and runs on; that of a WebSocket is.",
)  # fmt: skip
CLIENT_LEAVES = _rule(
    "client-leaves", "In HTTP/1.1 the container is not told that a client left.", CONTRACT, DOCUMENTED, APPROXIMATE,
    note="It is where a request's body or a WebSocket ends early.",
)  # fmt: skip
ERROR_ANSWERS = _rule(
    "error-answers",
    "503 is answered where the connection to an instance fails or its answer is malformed, 504 when the time is over, "
    "429, 500 or 503 where there is no instance, 500 where none could start.",
    DOCS + "troubleshooting", DOCUMENTED, APPROXIMATE,
    note="The pages say what the request log says: what they say there is not published.",
)  # fmt: skip

# ---- jobs ---------------------------------------------------------------------------------------------

JOB_TASKS = _rule(
    "job-tasks",
    "An execution has taskCount tasks, 1 to 10000; it succeeds when the container of every task ends with 0.",
    DOCS + "create-jobs", DOCUMENTED,
)  # fmt: skip
JOB_PARALLELISM = _rule(
    "job-parallelism", "At most `parallelism` tasks run at once; unset and 0 are as many as possible.", V1_SCHEMA,
    SCHEMA, APPROXIMATE, note="Only a few tasks run at once on this machine.",
)  # fmt: skip
JOB_RETRIES = _rule(
    "job-retries", "A task that fails is started again up to maxRetries times: 3 unless it says otherwise, at most 10.",
    DOCS + "configuring/max-retries", DOCUMENTED,
    note="How long the platform waits before a retry is not published: it begins at once.",
)  # fmt: skip
JOB_OTHERS = _rule(
    "job-other-tasks", "An execution is done when all its tasks are: one that failed for good ends no other.",
    DOCS + "configuring/task-timeout", DOCUMENTED,
    note="In 2022, in preview, tasks were seen canceled beside one that had failed.",
)  # fmt: skip
JOB_TIMEOUT = _rule(
    "job-timeout",
    "An attempt of a task may take timeoutSeconds, 600 unless it says otherwise, at most 168 hours: then SIGTERM, "
    "10 seconds, SIGKILL, and it has failed.",
    DOCS + "configuring/task-timeout", DOCUMENTED, note="More than 24 hours is in preview: a warning is given.",
)  # fmt: skip
JOB_ENV = _rule(
    "job-env",
    "CLOUD_RUN_JOB, CLOUD_RUN_EXECUTION and CLOUD_RUN_TASK_INDEX, _ATTEMPT and _COUNT are set in a job; no PORT is.",
    CONTRACT, DOCUMENTED, note="An execution is called JOB-xxxxx, always with the same letters.",
)  # fmt: skip
JOB_CONTAINER = _rule(
    "job-container", "A job's container need not listen; no request and no probe reaches it.", CONTRACT, DOCUMENTED,
    APPROXIMATE, note="Which fields the server refuses in it is not published: a warning is given.",
)  # fmt: skip
JOB_ENVIRONMENT = _rule(
    "job-environment", "Jobs run in the second generation's environment with CPU always: 512 MiB at least.",
    DOCS + "about-execution-environments", DOCUMENTED,
    note="The server's words for too little were seen for jobs; the path in front of them is inferred.",
)  # fmt: skip

# ---- limits and life ----------------------------------------------------------------------------------

MEMORY = _rule("memory", "A container has 512 MiB of memory unless its limits say otherwise.", MEMORY_DOCS, DOCUMENTED)
MEMORY_FILES = _rule(
    "memory-files", "Files that a container writes count as its memory.", CONTRACT, DOCUMENTED, APPROXIMATE,
    note="They lie on this machine's disk and are measured up to five times a second, once a second while none "
    "changes: the memory limit is lowered by them. A file that is deleted and still open is not counted.",
)  # fmt: skip
HOME = _rule(
    "home", "HOME is /home in gen1; in gen2 it is what /etc/passwd says, else /home.", CONTRACT, DOCUMENTED,
    APPROXIMATE, note="Where no generation is asked for, it is the second. A user without an entry finds / here.",
)  # fmt: skip
UNKNOWN_USER = _rule(
    "unknown-user", "An image's USER that its /etc/passwd does not know runs as root.", CONTRACT, DOCUMENTED,
    NOT_IMITATED, note="Here its container does not start, which is told.",
)  # fmt: skip
OPEN_FILES = _rule(
    "open-files", "A container may have 25,000 files open.", QUOTAS, DOCUMENTED, APPROXIMATE,
    note="The limit is of each process, and no higher than the engine's own.",
)  # fmt: skip
NO_SETUID = _rule(
    "no-new-privileges", "sudo and other setuid programs get no more rights than who calls them.", LOGS, LOG,
)  # fmt: skip
CPU = _rule(
    "cpu", "A container has 1 CPU unless its limits say otherwise.", CPU_DOCS, DOCUMENTED, APPROXIMATE,
    note="Applied with --limits all; never throttled between requests.",
)  # fmt: skip
CPU_MEMORY = _rule(
    "cpu-and-memory",
    "How much memory there may be follows from the CPUs, all containers together.",
    CPU_DOCS,
    DOCUMENTED,
)
CPU_CONCURRENCY = _rule(
    "cpu-and-concurrency", "With less than 1 CPU an instance takes one request at a time.", LOGS, LOG
)
CONCURRENCY = _rule(
    "concurrency", "An instance takes 80 requests at once unless containerConcurrency, 1 to 1000, says otherwise.",
    V1_SCHEMA, SCHEMA, APPROXIMATE,
    note="Over HTTP/2 a connection counts as one request. A request waits for room for 3.5 mean startup times, 10 s at "
    "least; older documentation says 60 s.",
)  # fmt: skip
SCALING = _rule(
    "scaling",
    "Between the minimum (0) and the maximum (100) there are as many instances as the requests need: 60 % of their "
    "concurrency in the mean of a minute; one that is not needed is kept for up to 15 minutes.",
    DOCS + "about-instance-autoscaling", DOCUMENTED, APPROXIMATE,
    note="At most 5 of a revision run here, and CPU use adds none; the last one goes with --scale-to-zero-after alone.",
)  # fmt: skip
METADATA = _rule(
    "metadata-server", "http://metadata.google.internal tells project, region and gives tokens.", CONTRACT, DOCUMENTED,
    NOT_IMITATED, note="There is no metadata server.",
)  # fmt: skip
SHUTDOWN = _rule("shutdown", "SIGTERM to all containers, 10 seconds, SIGKILL.", CONTRACT, DOCUMENTED)
LOG_LINES = _rule(
    "log-lines", "Starts, probes, exits and kills stand in the platform's log in fixed words.", LOGS, LOG, APPROXIMATE,
    note="gcloud hides them from `run services logs read`; the Logs URL of a failed deploy is left out.",
)  # fmt: skip

RULES: tuple[Rule, ...] = _rule.rules
