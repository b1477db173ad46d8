"""What Cloud Run's own diagnostics mean, and what to do, by their codes."""

EXPLANATIONS: dict[str, str] = {
    "cloud-run/annotation-kind":
        "An annotation stands where Cloud Run does not read it: some belong to the service, others to "
        "spec.template.metadata. The server refuses it; move it there.",
    "cloud-run/annotation-value":
        "An annotation has a value that is none of those which Cloud Run lists for it, such as gen3 for the execution "
        "environment. Write one of them.",
    "cloud-run/api-version":
        "The file's apiVersion is not one that Cloud Run knows. A service has serving.knative.dev/v1, a job "
        "run.googleapis.com/v1.",
    "cloud-run/bad-quantity":
        "A limit of CPU or memory is written in a way that cannot be read. CPU is as in 1 or 500m, memory as in "
        "512Mi or 1Gi.",
    "cloud-run/base-image":
        "A base image is named for a source that has a Dockerfile, which names its own. Leave --base-image out, or "
        "the Dockerfile.",
    "cloud-run/build-variable":
        "A variable of the build is set that the buildpacks do not read, or not to such a value. Correct its name or "
        "value.",
    "cloud-run/buildpack-fails":
        "The buildpacks would end the build with this message: no language is found, or no command to start. Add "
        "what they look for, such as a Procfile, or a Dockerfile.",
    "cloud-run/buildpack-port":
        "The command that a buildpack chooses listens on 8080, whatever PORT says, and the service's port is "
        "another. Leave the port at 8080, or give the command in a Procfile.",
    "cloud-run/buildpack-version":
        "A language's version is asked for in a way that the buildpack does not obey, or that it does not have. Name "
        "it by the variable or file that it reads.",
    "cloud-run/command-not-built-in":
        "--command does not reach a build with buildpacks, so that the entrypoint is still missing there. "
        "GOOGLE_ENTRYPOINT among the build's variables, or a Procfile, does.",
    "cloud-run/config-missing":
        "The file that was to describe what is deployed is not there, or describes something else.",
    "cloud-run/config-twice":
        "--config and --gcloud both describe what is deployed, and they may disagree. Leave one of them out.",
    "cloud-run/container-count": "A service or a task has at least one container and ten at most.",
    "cloud-run/container-name":
        "The name of a container must have lower-case letters, digits and dashes, and be no other one's.",
    "cloud-run/dependencies":
        "The order of the containers cannot be obeyed: a name in it is no container's, or they wait for each other.",
    "cloud-run/dependency-probe":
        "A container that another one waits for has no startup probe, by which the platform would know when it has "
        "started. Give it one.",
    "cloud-run/deploy-command":
        "A build file or a workflow deploys with a gcloud command whose flags are the service's settings. They are "
        "not read until --gcloud names it.",
    "cloud-run/dockerfile-name":
        "A file looks like a Dockerfile and is called otherwise: gcloud takes only one called Dockerfile in the "
        "root, and builds with buildpacks without it. Rename it.",
    "cloud-run/dockerfile-unusable":
        "What is called Dockerfile is no file that can be built, and gcloud chooses it all the same. Replace it, or "
        "give it another name.",
    "cloud-run/duplicate-env":
        "A variable is set twice: of two literals the last one counts, and a secret must be alone. Remove one.",
    "cloud-run/env-name": "A variable's name is empty or holds what no name may hold. Correct it.",
    "cloud-run/env-source":
        "A variable has neither a value nor a whole reference to a secret, or both. Write one of the two.",
    "cloud-run/env-worked-out":
        "A variable's value is worked out where the file is applied, and not known here: the container has it not. "
        "Give it with --env.",
    "cloud-run/fastapi-under-gunicorn":
        "The buildpack starts gunicorn for an app that is ASGI: it starts, the probe passes, and every request gets "
        "500. Declare uvicorn, or give the command in a Procfile.",
    "cloud-run/gcloud-command":
        "The command deploys nothing, cannot be found in the file, or is another service's. Write it as in a script, "
        "or name its file and line.",
    "cloud-run/gcloud-flag": "gcloud would refuse a flag of the command, or does not know it. Correct the flag.",
    "cloud-run/gcloud-no-source":
        "The command has neither --source nor --image. In a terminal gcloud asks for the folder; in a workflow or a "
        "build it ends with this message. Add one of the two.",
    "cloud-run/gcloud-source":
        "The command builds another folder than the one that is planned. Plan that one with --root.",
    "cloud-run/gcloud-value":
        "A value of the command is put in where the command runs, by a shell, a build or a workflow. The plan holds "
        "without it; give the whole command with --gcloud to have it.",
    "cloud-run/gcloudignore-include":
        ".gcloudignore includes a file that is not beside it, or includes others itself. gcloud stops there; write "
        "the patterns out.",
    "cloud-run/gunicorn-not-installed":
        "gunicorn starts the app, and nothing installs it: with a pyproject.toml alone the buildpack does not add "
        "it. Declare it.",
    "cloud-run/helper-decides-language":
        "A file that only helps decides the language, since buildpacks look at every folder and take the first "
        "language that matches. Exclude it in .gcloudignore, or set GOOGLE_RUNTIME.",
    "cloud-run/http-probe-version":
        "An HTTP probe speaks HTTP/1.1, also to a container whose port is called h2c; a server of HTTP/2 alone does "
        "not answer that. Ask by grpc or tcpSocket, or let the server speak both.",
    "cloud-run/image-missing": "A container names no image, and nothing builds one for it. Add image.",
    "cloud-run/job-beside":
        "job.yaml describes a job beside the service that is planned. Plan it with --config job.yaml.",
    "cloud-run/job-serves":
        "A field of a job only has a meaning where requests come, and none come to a job. Remove it.",
    "cloud-run/kind": "The file describes a resource that is no service and no job, or that is not planned here.",
    "cloud-run/launcher-bypassed":
        "command replaces the launcher of an image that buildpacks make, which would have set PATH: what was "
        "installed may not be found. Begin the command with the launcher, or set the entrypoint in the build.",
    "cloud-run/limits":
        "CPU, memory and concurrency do not go together, or one is beyond what there is. The message is the "
        "server's; change what it names.",
    "cloud-run/liveness-not-tcp":
        "Liveness and readiness probes ask by HTTP or gRPC, not by TCP. Ask in one of these ways.",
    "cloud-run/named-probe-port": "A probe's port is a name, and gcloud takes numbers alone. Write the number.",
    "cloud-run/no-command": "Neither the image nor the file says what to run. Add a CMD to the Dockerfile, or command.",
    "cloud-run/not-expanded":
        "$(NAME) or $NAME stands in a command that no shell runs: Cloud Run hands it over as it is, unlike "
        "Kubernetes. Run it by a shell, or read the variable in the app.",
    "cloud-run/one-ingress-container":
        "Of several containers exactly one must have ports: it gets the requests. Give ports to that one alone.",
    "cloud-run/out-of-range":
        "A number is beyond the limits of its field; the server refuses it. Write one within them.",
    "cloud-run/ports":
        "The ports of a container have something that Cloud Run does not take: more than one entry, another protocol "
        "or name, or no number from 1 to 65535.",
    "cloud-run/probe-action": "A probe must have exactly one of httpGet, tcpSocket and grpc.",
    "cloud-run/probe-host":
        "A probe names a host or a scheme, which Cloud Run does not support: it asks the instance itself. Remove it.",
    "cloud-run/probe-limits":
        "A number of a probe is beyond its limits, or stands in a probe that has no such number. The message names "
        "them.",
    "cloud-run/probe-port":
        "A probe asks a port that does not exist, or names none where the container has none. Write the number.",
    "cloud-run/probe-timeout":
        "An attempt of a probe may not take longer than the time to the next one. Raise periodSeconds, or lower "
        "timeoutSeconds.",
    "cloud-run/procfile-duplicate": "The Procfile has a process twice: the first one counts. Remove the other.",
    "cloud-run/project-toml": "project.toml cannot be read as the build needs it. Correct it at its place.",
    "cloud-run/reserved-env":
        "The system sets this variable itself, and refuses one of that name. Remove it; PORT follows from the "
        "container's port.",
    "cloud-run/resource-name":
        "A name breaks the rules for names of services and jobs, or is longer than the documentation allows. Shorten "
        "it; lower-case letters, digits and dashes alone.",
    "cloud-run/revision-name":
        "A revision's name must begin with the service's name and a dash, and be a name as the service's is.",
    "cloud-run/secret-unset":
        "A secret has no value here: Cloud Run reads it from Secret Manager. Give it with --secret-file, --env or "
        "--env-file.",
    "cloud-run/sidecars":
        "Containers of a task beside its first one are not run here. What the first one needs of them, it will not "
        "find.",
    "cloud-run/startup-ceiling":
        "A startup probe may take longer than Cloud Run allows for a start: failures times period. Put what exceeds "
        "it into initialDelaySeconds, which comes on top.",
    "cloud-run/success-threshold":
        "Only a readiness probe may ask for more than one success. Remove it from the others.",
    "cloud-run/task-timeout": "A task may take longer than a day, which is in preview. Lower it to be sure.",
    "cloud-run/terraform-argument":
        "A block has an argument that the provider's schema has not, or a block where there is an argument. "
        "Terraform refuses it.",
    "cloud-run/terraform-beside":
        "A file has more resources for Cloud Run than the one that is planned. Name another with --config FILE:NAME.",
    "cloud-run/terraform-block":
        "A block of Terraform stands where the provider's schema has none, or too often. Terraform refuses it.",
    "cloud-run/terraform-count":
        "A resource is made a number of times, or for each of some values: one of them is planned, or none where the "
        "number is 0.",
    "cloud-run/terraform-dynamic":
        "A dynamic block is made from values that are not known here: what it holds is not in the plan.",
    "cloud-run/terraform-missing":
        "A block lacks an argument or a block that the provider requires. Terraform refuses it.",
    "cloud-run/terraform-resource":
        "A Terraform file describes a service or a job, which is not read until --config names it.",
    "cloud-run/terraform-type": "A value in a Terraform file has another type than its argument. Terraform refuses it.",
    "cloud-run/terraform-value":
        "A value in a Terraform file is not known before Terraform runs. Give variables with --var-file; the plan "
        "holds without the rest.",
    "cloud-run/too-many-args": "A container has more than 1000 args. Put them into a file that the app reads.",
    "cloud-run/too-many-variables":
        "A container has more than 1000 variables. Put them into a file that is mounted as a secret.",
    "cloud-run/traffic":
        "The shares or tags of the traffic cannot be obeyed: they do not add up to 100, name a revision in two ways, "
        "or a tag is no name.",
    "cloud-run/unknown-annotation":
        "An annotation of Cloud Run's own is not known: a mistyped one has no effect. Correct its name.",
    "cloud-run/unknown-field":
        "A field is not in the schema: gcloud refuses the file. Fields of Kubernetes that Cloud Run lacks are of "
        "this kind. Correct its name, or remove it.",
    "cloud-run/unsupported-field":
        "A field of Kubernetes is in Cloud Run's schema, which says that it is not supported: variables from envFrom, "
        "for example, are not there. Remove it, and say it as the help tells.",
    "cloud-run/upload-unknown":
        "A file whose rules say what is uploaded is not known here; all is taken to be uploaded.",
    "cloud-run/v2-annotation":
        "The v2 API takes no labels and annotations of Cloud Run's own: it has fields for them. Use the field.",
    "cloud-run/v2-name":
        "The v2 form has no name of its own: it is told where the service is created. One is made up from the "
        "folder.",
    "cloud-run/volumes":
        "A volume or its mount is refused: what it is, where it is mounted, or a name that is not there. The message "
        "says which.",
    "cloud-run/wrong-type":
        "A value has another type than its field: a number where text belongs, for example. Put it in quotes, or "
        "take them away.",
    "cloud-run/x-google-env": "A variable's name begins with X_GOOGLE_, which gcloud refuses. Rename it.",
}  # fmt: skip
