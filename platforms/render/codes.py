"""What Render's own diagnostics mean, and what to do, by their codes."""

EXPLANATIONS: dict[str, str] = {
    "render/blueprint-ignored":
        "render.yaml is on this disk and not in what Render would clone: git ignores it. Add it to git if Render is "
        "to see it.",
    "render/blueprint-missing": "The Blueprint that was named is not in the repository. Name one that is.",
    "render/blueprint-name":
        "A file looks like a Blueprint and is called otherwise: Render reads render.yaml in the root. Rename it, or "
        "name it with --blueprint.",
    "render/context-missing":
        "The folder that is the build's context is not in the repository: the build fails at once. Correct "
        "dockerContext or rootDir.",
    "render/context-outside-repository":
        "The build's context leads out of the repository, where Render finds nothing. Name a folder inside it.",
    "render/contradictory-fields":
        "Two fields say the same thing in different ways, or exclude each other. Keep one of them.",
    "render/database-disk": "A database's disk has a size that its plan does not take.",
    "render/database-plan": "A database's plan is not one that Render documents, or does not go with its other fields.",
    "render/deprecated-field": "A field has an old name, which Render still reads. Write the new one.",
    "render/disk-instances":
        "A service with a disk has one instance, and several are asked for. Remove the disk, or scale to one.",
    "render/disk-size":
        "A disk's size is not one that Render takes. Write a whole number of gigabytes within its limits.",
    "render/docker-command-operators":
        "The Docker command has operators or words of a shell, and no shell runs it: the program gets them. Run it "
        "as /bin/sh -c and the commands behind it, without quotes around them.",
    "render/docker-command-quoted":
        "The Docker command is quoted as a whole, so that it is looked for as one program. Take the outer quotes "
        "away.",
    "render/docker-start-command":
        "startCommand stands beside runtime: docker, which Render refuses. It is dockerCommand there.",
    "render/dockerfile-missing":
        "The Dockerfile that the service is built from is not in the repository: the build fails. Correct "
        "dockerfilePath or rootDir.",
    "render/dockerfile-outside-repository": "The Dockerfile's path leads out of the repository. Name one inside it.",
    "render/domain": "A custom domain is no name that can be one.",
    "render/duplicate-name": "Two services, databases or groups have one name. Rename one.",
    "render/env-boolean":
        "A variable's value is written as a boolean and reaches the app as text. Put it in quotes to say so.",
    "render/env-key": "A variable has a name that no process can be given. Use letters, digits and underscores.",
    "render/env-number":
        "A variable's value is written as a number and may reach the app otherwise than it is written. Put it in "
        "quotes.",
    "render/env-several-forms": "A variable says in more than one way where its value comes from. Keep one.",
    "render/env-twice": "A variable is set twice in one place. Remove one.",
    "render/env-value": "No process can be given the variable's value: it holds a NUL, or is longer than Linux takes.",
    "render/env-without-key": "A variable has no name. Add key.",
    "render/env-without-value":
        "A variable has no value and nothing says where one comes from: it is not set. Add value.",
    "render/free-database": "A free database has limits that other fields of it exceed.",
    "render/free-disk": "A service of the free plan has no disk. Choose a paid plan, or remove the disk.",
    "render/free-plan": "The free plan is not for this kind of service, or has not this feature. Choose a paid one.",
    "render/group-link":
        "A service uses an environment group that the Blueprint does not have: Render must know it already.",
    "render/group-prompt":
        "sync: false has no effect in a group: nobody is asked for the value. Set it in the Dashboard, or move it to "
        "the services.",
    "render/group-reference":
        "A variable of a group refers to a service or database, which groups cannot. Move it to the services.",
    "render/groups-disagree":
        "Two groups that a service uses set one variable, each otherwise; which counts is not documented. Rename "
        "one.",
    "render/health-check-path": "A health check's path must begin with a slash and be one on the service itself.",
    "render/health-check-unused": "A health check path is given for a service that gets no checks. Remove it.",
    "render/high-availability": "High availability needs a plan and a version that have it.",
    "render/image-url": "The image's URL is none that an engine can pull: its form is wrong. Correct it.",
    "render/image-without-url": "A service from an image names none. Add image.url.",
    "render/instances": "A number of instances is beyond what the plan or the kind of service has.",
    "render/invalid-runtime": "The runtime is none that Render has. The message lists them.",
    "render/invalid-type": "The type of the service is none that Render has. The message lists them.",
    "render/invalid-value": "A value is none that its field takes. The message lists or describes them.",
    "render/ip-allow-list": "An allow list of addresses stands where Render reads none, or is not the way it must be.",
    "render/ip-source": "An address or range of an allow list is not one.",
    "render/lock-file-not-read":
        "A lock file is there that the command in force does not read: other versions may be installed.",
    "render/maintenance": "The service is in maintenance mode: it runs, and every public request is answered 503.",
    "render/misplaced-field": "A field stands where this kind of service has none, and is ignored. Move or remove it.",
    "render/missing-field": "A field that Render requires is not there. Add it.",
    "render/missing-part": "A mapping lacks a part that the published schema requires. Add it.",
    "render/missing-target":
        "A variable refers to a service or database that the Blueprint does not have. Correct the name, unless it "
        "exists at Render already.",
    "render/more-findings": "There are more findings than are shown. Repair those that are, and look again.",
    "render/mount-path": "A disk is mounted where Render does not allow it. Choose another absolute path.",
    "render/native-fields":
        "A service with a native runtime lacks the commands that build and start it, or has some it cannot use.",
    "render/no-build-command":
        "A native service says nothing of how it is built. Add buildCommand; an empty one skips the build.",
    "render/no-command": "Nothing says what to run. Add a CMD to the Dockerfile, or a command to the service.",
    "render/no-domain": "A service has no name of Render's and no domain of its own: nobody reaches it. Add domains.",
    "render/no-language":
        "No language is found for a native build: none of the files by which Render knows one is there.",
    "render/no-previews": "Previews are asked for, and the Blueprint makes none of this service.",
    "render/no-start-command": "A native service has no start command, and none can be suggested. Add startCommand.",
    "render/node-version-open":
        "The version of Node is open at its upper end: a later deploy may get another one. Pin it.",
    "render/not-a-blueprint":
        "render.yaml holds no Blueprint: at its top there is no mapping with services, databases or groups.",
    "render/nothing-to-run":
        "The repository has no render.yaml, no Dockerfile and no Procfile with a web line: Render would ask what to "
        "run.",
    "render/other-repository": "A service is built from another repository: its fields are checked, its files are not.",
    "render/outside-root-dir": "A path leads out of rootDir, of which alone Render builds. Correct it.",
    "render/plan-spelling": "A plan is written in a way that is not documented; Render's own examples have both.",
    "render/port-not-a-number":
        "PORT is set to what is no number: the app cannot listen on it, and the platform does not find it.",
    "render/postgres-version": "The version of PostgreSQL is none that Render offers.",
    "render/preview-value": "previewValue stands where it has no effect. Move it to a variable with a value.",
    "render/preview-value-unused": "A value for previews is given, and previews are not made.",
    "render/preview-without-value": "A variable has no value in a preview: nobody is asked there. Add previewValue.",
    "render/process-not-run":
        "The Procfile has more processes than web: Render runs none of them. Make each a background worker.",
    "render/publish-path":
        "The folder that a static site publishes is not given, or leads out of the repository, or cannot come out of "
        "the build.",
    "render/python-version":
        "The version of Python is written as Render does not take it: all of its three numbers are needed; or it is "
        "older than any that Render has.",
    "render/record-datastore": "The record holds a datastore, which is not planned from records.",
    "render/record-elsewhere": "The record holds services of another repository, which are not planned.",
    "render/record-field": "The record has a field that is not understood: it has no effect here.",
    "render/record-in-repository":
        "The record of a service lies in the repository. Keep it out of git: it may hold values of variables.",
    "render/record-not-compared":
        "render.yaml has mistakes, and is not compared with the record until they are repaired.",
    "render/record-other-repository": "The record is of a service of another repository than this one.",
    "render/record-suspended": "The record's service is suspended: it would not run at Render.",
    "render/record-undeclared": "The record has what render.yaml does not declare, or the other way round.",
    "render/record-without-env":
        "The record holds no variables: those that Render has are not known. Export them as well, or give them with "
        "--env.",
    "render/reference": "A variable refers to a property that its target has not, or has not in this way.",
    "render/reserved-port": "The port is one of Render's own. Take another.",
    "render/root-dir": "The folder that is the service's root is not in the repository, or leads out of it.",
    "render/runtime-not-built": "The static site names a runtime, which has no effect on its build.",
    "render/runtime-txt": "runtime.txt is not read by Render. Write PYTHON_VERSION or .python-version.",
    "render/scaling": "The numbers of the autoscaling contradict each other, or a target is missing.",
    "render/schedule": "A cron schedule cannot be read, or never comes.",
    "render/secret-files-size": "The secret files are larger together than Render takes.",
    "render/service-record": "The record cannot be read as what Render's API or command line exports.",
    "render/shutdown-delay": "The delay at the end must be a whole number of seconds within Render's limits.",
    "render/site-header": "A header of a static site cannot be sent as it is written.",
    "render/site-route": "A redirect or rewrite of a static site cannot match, or leads nowhere.",
    "render/too-many": "There are more services or other parts than Render takes in one Blueprint.",
    "render/undocumented-plan":
        "A plan is not in Render's documentation; it may exist, and its size is not known here.",
    "render/unknown-field": "A field is not one that Render knows. Correct its name, or remove it.",
    "render/unknown-plan": "A plan is none that Render has. The message lists them.",
    "render/unused-field": "A field has no effect with this runtime or type. Remove it.",
    "render/version": "The Blueprint has a version that Render does not document.",
    "render/workflow-field": "A workflow lacks a field that Render requires.",
    "render/workflow-not-run": "A workflow is declared, which is not run here.",
    "render/wrong-type": "A value has another type than its field: a list where text belongs, for example.",
}  # fmt: skip
