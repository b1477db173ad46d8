"""Of what is asked for, built, started and run."""

EXPLANATIONS: dict[str, str] = {
    "build/base-image-missing":
        "An image that the build starts from is not to be had: no registry gives it, or it does not exist. Correct "
        "its name, or replace it with --base-image FROM=TO.",
    "build/broken-repository":
        "git cannot read the repository, so that nobody knows what the platform would receive. Repair it, `git fsck` "
        "says what is wrong.",
    "build/context-outside": "The build's context leads out of the repository, of which the platform has nothing.",
    "build/dockerfile-invalid":
        "The builder refuses the Dockerfile. The message is the builder's own; correct the line that it names.",
    "build/exec-format": "A program of the build is made for another processor. Use one for linux/amd64.",
    "build/file-not-found":
        "A step of the build looks for a file that is not in the stage. Copy it first, or correct the path.",
    "build/module-not-found":
        "A step of the build imports a Python module that is not installed by then. Install it in an earlier step.",
    "build/no-context": "The folder that is the build's context is not there.",
    "build/no-dockerfile": "The Dockerfile is not there.",
    "build/package-unknown":
        "The distribution has no package of that name. Correct it, or run apt-get update in the same step.",
    "build/old-hash":
        "webpack before 5 and loaders of that time hash with MD4, which the OpenSSL of Node 17 and later refuses. Take "
        "newer build tools, an older Node, or set NODE_OPTIONS=--openssl-legacy-provider for the build.",
    "build/package-not-compiled":
        "A Python package has no wheel for this Python and system, so that pip compiles it, and that fails. Pin a "
        "release that has one, take another version of Python, or install what it is compiled with.",
    "build/requirement-not-found":
        "No index has a version of this Python package that fits. Correct its name or version, or use another "
        "Python.",
    "build/requirements-file-missing": "pip is told to read a file that is not in the stage. Copy it before the step.",
    "build/secret-id": "A step asks for a secret by a name that no secret file has. Correct the id, or give the file.",
    "build/secret-missing": "A secret file of the build has no content here. Give it with --secret-file NAME=PATH.",
    "build/step-failed": "A step of the build ended with an error. What it printed last stands above.",
    "build/unreadable": "A file of the context cannot be read. Correct its rights.",
    "check/ignore-without-reason":
        "A comment silences a finding and does not say why. Write the reason behind the code.",
    "check/unused-ignore": "A comment silences a finding that is not there. Remove it.",
    "config/record-disagrees":
        "The service's record and the platform's file say different things of one setting: the record counts until the "
        "file is synced.",
    "deploy/image-gone": "The image of an earlier deploy is not there any more. Deploy again.",
    "deploy/secret-absent": "A secret that is mounted has no value here. Give it with --secret-file or --env.",
    "emu/adapter-fault": "A platform's adapter failed: its own fault, not the project's. Tell whoever wrote it.",
    "emu/not-imitated": "What is asked for is planned, and not imitated by `up`.",
    "emu/own-fault": "A fault of emu itself, not of the project. The message says what to report.",
    "env/prompted-unset":
        "The platform asks for this value when the service is made, and nobody has given it here: it is not set. "
        "Give it with --env.",
    "env/secret-unset":
        "A variable comes from a secret that has no value here: it is not set. Give it with --env, --env-file or "
        "--secret-file.",
    "host/builder-ended": "The builder was ended from outside, often for lack of memory. Deploy again.",
    "host/cache":
        "emu's own folder for builds cannot be used. Correct its rights, or name another with XDG_CACHE_HOME.",
    "host/cannot-watch":
        "The system does not tell of changes of files: --watch cannot be used here, or there are too many folders.",
    "host/cannot-write": "What is printed cannot be written: the disk is full, or the other end has gone.",
    "host/certificate":
        "A server's certificate is not trusted inside the build: often a company's proxy signs it anew. Put its "
        "certificate into the base image.",
    "host/checkout-failed": "git cannot write out the commit that was asked for.",
    "host/command-failed": "A program of this machine that emu needs ended with an error.",
    "host/container-gone": "A container was removed by somebody else while it was in use.",
    "host/disk-full": "No room is left on the engine's disk. `docker system df` says what takes it.",
    "host/docker-context": "The docker context that is chosen does not exist or cannot be read.",
    "host/engine": "The engine refused something for a reason of its own. The message is the engine's.",
    "host/engine-silent": "The engine takes connections and answers none: it hangs, or the machine is very busy. What "
    "runs goes on running; nothing can be built or started until it answers again.",
    "host/engine-lost": "The engine does not answer any more. `emu down` clears what is left once it does.",
    "host/engine-network":
        "The engine could not connect a container to a network: its bridge or its packet rules are gone, as after a "
        "change of the firewall. Restart it.",
    "host/engine-permission": "This user may not speak to the engine. Join the group docker, or use a rootless engine.",
    "host/engine-version": "The engine is too old for what is asked of it.",
    "host/image-missing": "An image that was there is not there any more.",
    "host/memory-too-small": "The engine refuses so small a memory limit.",
    "host/name-resolution": "Inside the build no names can be looked up: the engine has no working DNS.",
    "host/name-taken": "A container of that name is there already, of another program. Remove or rename it.",
    "host/network": "The network did not answer as the build needs it. Try again when it does.",
    "host/networks-exhausted":
        "The engine has no free addresses for another network. `docker network prune` frees those not in use.",
    "host/no-buildx":
        "docker buildx is not there: the engine's classic builder is used, which cannot do all. Install buildx.",
    "host/no-emulation": "The image is made for another processor, and this machine cannot imitate it.",
    "host/no-engine": "No engine answers. Start Docker; `emu doctor` says more.",
    "host/no-helper-image":
        "The small image by which containers are looked at from inside cannot be made. `emu doctor` says why.",
    "host/no-metadata-server": "The metadata server could not be started: the app is told nothing by it.",
    "host/no-port": "No port of this machine is free for the service's address.",
    "host/no-registry":
        "The registry of an image does not answer. `emu doctor` says whether one does; --base-image replaces the "
        "image.",
    "host/no-room": "No room is left on the disk for the site's files.",
    "host/platform-mismatch": "The image is not there for linux/amd64, which the platform runs.",
    "host/port-taken": "A port of this machine is in use by another program.",
    "host/registry-rate-limit": "The registry gives no more images to this address for now. Log in, or wait.",
    "host/repair-failed": "What `emu doctor --fix` tried did not work. The message says what it did.",
    "host/sandbox": "The container that holds an instance's network could not be started.",
    "host/ssh-endpoint": "The engine is reached by ssh, which does not work. `ssh HOST docker version` shows why.",
    "host/stand-in": "An image that stands in for an official one could not be made from packages.",
    "host/temporary-folder": "No temporary files can be written. Make room, or name another folder with TMPDIR.",
    "host/state-folder": "emu's own folder cannot be used. Correct its rights, or name another with XDG_STATE_HOME.",
    "image/denied": "The registry refuses the image to this user: log in, or correct its name.",
    "image/environment": "A variable of the image or the service cannot be set as it is.",
    "image/no-command": "The image has no command, and the service gives none. Add CMD to it.",
    "image/not-found": "No registry has the image. Correct its name or tag.",
    "image/stop-signal": "The image's STOPSIGNAL is no signal.",
    "image/workdir": "The image's WORKDIR is no folder that can be entered.",
    "initial-hook/failed":
        "The hook of the first deploy ended with an error: the deploy has failed, and the next one runs it again.",
    "pre-deploy/failed":
        "The pre-deploy command ended with an error: the new version is not started, and the one before goes on.",
    "start/dependency-refused":
        "The app could not connect to another server, which does not listen where it was asked for. Correct the "
        "address, or start that server first.",
    "start/exited": "The first process ended with an error instead of serving. What it printed last says why.",
    "start/exits":
        "The command ended with status 0 instead of serving: a service must keep running. Name the command that "
        "serves; work that ends belongs in a job.",
    "start/health-check": "The app runs, and its health check is not answered as it must be.",
    "start/host-not-found":
        "The app looked for a server under a name that nobody has here. Correct the variable that holds it.",
    "start/import-error":
        "A Python import failed within a module: what is installed does not fit together, or the name is not in it.",
    "start/not-executable":
        "The command's program is in the image and may not be executed. Set its executable mark, or run it by its "
        "interpreter.",
    "start/not-http": "A port is open and nothing answers HTTP on it. Serve HTTP, or make the service a private one.",
    "start/not-listening": "The app runs and listens on no port. Listen on 0.0.0.0 and the port that PORT says.",
    "start/other-port": "The app listens on another port than the platform asks. Take it from PORT.",
    "start/out-of-memory": "The app was killed for lack of memory. Use less, or give it more.",
    "start/port-in-use":
        "The app's port is taken within its container: it is started twice, or another process of it listens there.",
    "start/script-not-executable":
        "The script that starts the app may not be executed. Set its executable mark in git.",
    "start/script-not-found": "The script that starts the app is not in the image, or its interpreter is not.",
    "start/script-without-shebang":
        "The script that starts the app has no first line that says what runs it. Begin it with #!/bin/sh.",
    "start/startup-probe":
        "The startup probe did not succeed in its time: the platform gives the instance up. The time line says when "
        "it asked and when the app listened.",
    "start/timed-out": "The command went on for longer than it may.",
    "start/uncaught-exception": "The app ended with an exception that nobody caught. Its trace stands in the log.",
    "start/user-not-found":
        "The image's USER is not in its /etc/passwd, or its group is not known: it cannot be started. Create the "
        "user in the image.",
    "start/user-unknown":
        "The image's USER is not in its /etc/passwd, and this platform runs it as root then. Create the user in the "
        "image, or leave USER out.",
    "start/variable-missing": "The app ended for want of a variable. Set it, or give it a default.",
    "start/workdir": "The working directory cannot be entered. Create it in the image, or correct WORKDIR.",
    "up/already-running": "Another `emu up` of this project runs. Use that one, or end it.",
    "up/datastore-failed": "A database server that the services need did not start.",
    "up/datastore-image-missing": "The image of a database server is not to be had.",
    "up/datastore-missing": "A service needs a datastore that is not run here. Give one with --datastore NAME=URL.",
    "up/datastore-password-lost":
        "A database of an earlier run has a password that is not known any more. `emu down --data` removes it.",
    "up/datastore-unreachable": "The datastore of --datastore does not answer at its URL.",
    "up/ended": "The running `emu up` ended while it was asked something.",
    "up/first-deploy-held-back": "The first deploy of a service cannot be kept from getting requests.",
    "up/instances-capped":
        "A request was turned away because no more instances run on this machine; the platform would have started "
        "more.",
    "up/needed-service-missing": "A service refers to another one that is not run in this `up`.",
    "up/no-such-revision":
        "Traffic is to go to a revision that was not deployed in this `up`. `emu traffic` lists those that were.",
    "up/not-running": "No `emu up` of this project runs, and the command is about one. Start it.",
    "up/not-understood": "The running `emu up` is of another version, and does not understand what it is asked.",
    "up/port-taken": "The port that was used before is taken: the service has another address now.",
    "up/revision-exists": "A revision of that name is there with other settings. Choose another name.",
    "usage/bare-repository": "The repository has no work tree: there are no files to plan.",
    "usage/base-image-is-a-stage":
        "A base image to replace has the name of a stage, which the builder would replace instead. Rename the stage.",
    "usage/broken-repository": "git cannot read the repository. `git fsck` says what is wrong.",
    "usage/dubious-ownership":
        "git does not trust a folder that another user owns. Its own message says how to allow it.",
    "usage/git-folder": "The path lies within .git.",
    "usage/git-missing": "The folder is a git repository, and there is no git to read it.",
    "usage/invalid": "The command line cannot be obeyed. The message says what it takes.",
    "usage/no-git": "What is asked for needs git, and the folder is no repository.",
    "usage/no-merge-base": "The two commits have no common ancestor.",
    "usage/no-such-file": "A file that an option names is not there.",
    "usage/not-a-directory": "The path is a file.",
    "usage/outside-root": "The path lies outside of --root.",
    "usage/unknown-revision": "git knows no such commit.",
    "usage/unknown-service": "There is no service of that name. The message lists those there are.",
    "usage/unmerged-index": "The index holds a merge that is not finished.",
    "usage/unreadable-path": "The path is not there, or cannot be read.",
}  # fmt: skip
