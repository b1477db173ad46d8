"""Of the checks of `emu verify`."""

EXPLANATIONS: dict[str, str] = {
    "verify/cold-start":
        "From the start of a container until it takes requests, against the time that the platform gives it. A service "
        "that sleeps, or scales to zero, has its next visitor wait that long. Do less before it listens.",
    "verify/empty-disk":
        "A new container has the files of its image and nothing that an earlier one wrote; the platform starts a new "
        "one at every deploy, restart and move. Make at the start what the start needs, or keep it in a database or on "
        "a disk.",
    "verify/health":
        "While many requests come at once, the health check is asked as the platform asks it. One that is answered too "
        "late counts as failed, and the instance is taken for ill just when it is needed. Answer it beside the other "
        "requests, and keep it cheap.",
    "verify/interfaces":
        "An address such as 127.0.0.1 is the container's own: nobody else reaches it. Bind 0.0.0.0, or :: for both "
        "families.",
    "verify/logs":
        "A stdout that is no terminal is buffered by many languages: lines come in blocks, late, and a crash or a kill "
        "loses the last ones, which say why. Set PYTHONUNBUFFERED=1 for Python, flush after each line elsewhere.",
    "verify/memory":
        "The most memory that a container was seen to hold, without the engine's cache of files, against its limit. At "
        "the limit the kernel kills a process. Use less, or take a larger plan.",
    "verify/port":
        "The platform says by PORT where it sends requests, and it may be set to another number. An app that has the "
        "number in its code is not found there. Read PORT.",
    "verify/shutdown":
        "At every deploy, restart and scaling down an instance is told to end by a signal, has its grace, and is "
        "killed at the end of it. It should take no new requests, answer those it has, and end with 0. A shell as PID "
        "1 does not pass the signal on: write `exec` before the program.",
}  # fmt: skip
