"""What Google's Node buildpacks make of a source: which version, which package manager, which scripts, what starts."""

import json

from emulator.formats.node_versions import newest
from emulator.model.choice import ABSENT, Candidate, Setting, choose
from emulator.model.diagnostic import error, warning
from emulator.model.origin import Origin
from emulator.model.plan import Command
from emulator.snapshot import Unreadable
from platforms.cloud_run import rules

from .building import Building
from .groups import TARGET
from .image import WORKSPACE
from .node_image import FRAMEWORK, FRAMEWORK_LAYER, MANIFEST, Package, node_recipe

SCRIPTS = "GOOGLE_NODE_RUN_SCRIPTS"
_DEFAULT = {"google-22": "22", "google-24": "24"}
_LOCKS = {"yarn": ("yarn.lock",), "pnpm": ("pnpm-lock.yaml",), "bun": ("bun.lockb", "bun.lock")}


def node(of: Building) -> Command:
    """The command, with the recipe left in `of`. Raises BuildEnds."""
    package = _package(of)
    version = _version(of, package)
    manager = _manager(of, package) if package.there else "none"
    scripts = _scripts(of, package, manager) if package.there else ()
    command = of.command
    if of.group.is_function:
        command = _function(of, package)
    elif command is None:
        command = _default(of, package, manager)
    of.recipe = node_recipe(of, package, version, manager, scripts)
    return command


def _package(of: Building) -> Package:
    """An empty one where there is none."""
    try:
        text = of.source.text(MANIFEST)
        data = json.loads(text) if text else {}
    except Unreadable as problem:
        place = Origin(file=MANIFEST, line=problem.line)
        raise of.ends(problem.message, place, "write it as UTF-8 text") from problem
    except (ValueError, RecursionError) as problem:
        line = getattr(problem, "lineno", 1)
        words = f"unmarshalling package.json: {problem}"
        raise of.ends(words, Origin(file=MANIFEST, line=line), "correct the JSON") from problem
    if not isinstance(data, dict):
        raise of.ends("unmarshalling package.json: it is no object", Origin(file=MANIFEST), "write an object")
    main, manager = data.get("main"), data.get("packageManager")
    return Package(
        of.source.has(MANIFEST), text, main if isinstance(main, str) else "", _texts(data, "scripts"),
        _texts(data, "dependencies"), _texts(data, "devDependencies"), _texts(data, "engines"),
        manager if isinstance(manager, str) else "",
    )  # fmt: skip


def _texts(data: dict[str, object], key: str) -> dict[str, str]:
    table = data.get(key)
    return {k: v for k, v in table.items() if isinstance(v, str)} if isinstance(table, dict) else {}


def _version(of: Building, package: Package) -> str:
    """GOOGLE_NODEJS_VERSION, GOOGLE_RUNTIME_VERSION, engines.node, the stack's own."""
    rule, default = rules.BUILDPACK_VERSIONS, _DEFAULT[of.stack]
    engines = package.engines.get("node", "")
    setting: Setting[str] | None = choose(
        of.trace, f"{of.name}.node", "Which Node?",
        of.env.candidate("GOOGLE_NODEJS_VERSION", rule), of.env.candidate("GOOGLE_RUNTIME_VERSION", rule),
        Candidate(engines or ABSENT, source="engines.node", because="package.json names it", rule=rule,
                  origin=package.script("node") if engines else None, absent="package.json does not name it"),
        Candidate(default, source="default", because=f"nothing pins a version: the newest of {of.stack}", rule=rule),
    )  # fmt: skip
    assert setting is not None
    version = newest(setting.value)
    if version is None:
        of.found.append(
            warning(
                "cloud-run/buildpack-version", f"{setting.value!r} in {setting.source} is no version of Node there is",
                origin=setting.origin, service=of.name, rule=rule.id, url=rule.url, help="write one such as 22.x",
            )
        )  # fmt: skip
    return version or default


def _manager(of: Building, package: Package) -> str:
    """yarn, pnpm, bun or npm, the first that detects."""
    rule, wanted = rules.BUILDPACK_PACKAGES, of.env["GOOGLE_PACKAGE_MANAGER"].lower()
    candidates: list[Candidate[str]] = []
    for tool, locks in _LOCKS.items():
        lock = of.source.first(*locks)
        because = f"{lock} is there" if lock else f"GOOGLE_PACKAGE_MANAGER is {tool}"
        candidates.append(
            Candidate(tool if lock or wanted == tool else ABSENT, source=tool, because=because, rule=rule,
                      origin=of.source.place(lock), absent=f"there is no {' or '.join(locks)}")
        )  # fmt: skip
    candidates.append(Candidate("npm", source="npm", because="no other's lock file is there", rule=rule))
    setting: Setting[str] | None = choose(of.trace, f"{of.name}.packages", "What installs the packages?", *candidates)
    assert setting is not None
    named, at, _ = package.manager.partition("@")
    if setting.value in ("yarn", "pnpm", "bun") and at and named != setting.value:
        engine = package.engines.get(setting.value)
        if not engine:
            words = f"{setting.value} was detected but {named} is set in the packageManager package.json field"
            of.found.append(
                error("cloud-run/buildpack-fails", words, origin=package.script("packageManager"), service=of.name,
                      rule=rule.id, url=rule.url, help=f"remove the lock file of {setting.value}, or name it there")
            )  # fmt: skip
    return str(setting.value)


def _scripts(of: Building, package: Package, manager: str) -> tuple[str, ...]:
    """The commands that build, in the buildpacks' order of precedence; yarn knows fewer of them."""
    rule, run = rules.BUILDPACK_SCRIPTS, f"{manager} run"
    listed = of.env[SCRIPTS]
    named = tuple(f"{run} {one.strip()}" for one in listed.split(",")) if listed.strip() else ()

    def script(name: str) -> Candidate[tuple[str, ...]]:
        has = name in package.scripts
        empty = not package.scripts.get(name, "").strip() and manager != "yarn"
        return Candidate(
            (() if empty else (f"{run} {name}",)) if has else ABSENT, source=name, rule=rule,
            shown="none: the script is empty" if empty else f"{run} {name}", because=f"package.json has {name}",
            origin=package.script(name) if has else None, absent="package.json has no such script",
        )  # fmt: skip

    apphosting = of.env["APPHOSTING_BUILD"]
    candidates: list[Candidate[tuple[str, ...]]] = [
        script("apphosting:build"),
        Candidate((apphosting,) if apphosting else ABSENT, source="APPHOSTING_BUILD", because="the variable is set",
                  shown=apphosting, rule=rule, origin=of.env.origin("APPHOSTING_BUILD"), absent="it is not set"),
    ]  # fmt: skip
    if manager != "yarn":
        candidates.append(
            Candidate(named if SCRIPTS in of.env else ABSENT, source=SCRIPTS, because=f"{SCRIPTS} is set",
                      shown=", ".join(named) or "none", rule=rule, origin=of.env.origin(SCRIPTS),
                      absent="it is not set")
        )  # fmt: skip
    candidates.append(script("gcp-build"))
    if manager != "yarn":
        candidates.append(script("build"))
    elif "build" in package.scripts:
        candidates.append(Candidate(ABSENT, source="build", because="", absent="with yarn it is not run"))
    setting: Setting[tuple[str, ...]] | None = choose(
        of.trace, f"{of.name}.scripts", "Which scripts does the build run?", *candidates, none="none"
    )
    return setting.value if setting is not None else ()


# ---- the command --------------------------------------------------------------------------------------


def _default(of: Building, package: Package, manager: str) -> Command:
    source, rule = of.source, rules.BUILDPACK_DEFAULT
    run = (manager, "run", "start")
    if manager in ("yarn", "pnpm", "bun"):
        argv = run if manager != "bun" else ("npm", "run", "start")
        of.because = f"with {manager} the start script is run"
        of.trace.note(f"{of.name}.default", "What do the buildpacks start?", " ".join(argv), of.because, rule=rule)
        return Command(argv=argv, form="exec", text=" ".join(argv), source="buildpack", origin=_start(package))
    angular = next((v for k, v in package.scripts.items() if k.startswith("serve:ssr:")), "")
    nuxt = source.has("nuxt.config.ts") and source.has(".output/server/index.mjs")
    svelte = source.has("svelte.config.js") and source.has("build/index.js")
    made = "" if source.first("nuxt.config.ts", "svelte.config.js") is None else ", or the build makes it: see there"
    table: tuple[tuple[str, tuple[str, ...], bool, str, str], ...] = (
        ("Angular", tuple(angular.split()), bool(angular), "package.json has a script serve:ssr:…", "no such script"),
        ("start", run, "start" in package.scripts, "package.json has a start script", "package.json has none"),
        ("Nuxt", ("node", ".output/server/index.mjs"), nuxt, "nuxt.config.ts is there, and what it is built to",
         f"no nuxt.config.ts with .output/server/index.mjs{made}"),
        ("SvelteKit", ("node", "build/index.js"), svelte, "svelte.config.js is there, and build/index.js",
         f"no svelte.config.js with build/index.js{made}"),
        ("server.js", run, source.has("server.js"), "server.js is there", "there is no server.js"),
        ("main", ("node", package.main), bool(package.main), "package.json names it as main", "it has no main"),
        ("default", ("node", "index.js"), True, "nothing else says what to start", ""),
    )  # fmt: skip
    setting: Setting[tuple[str, ...]] | None = choose(
        of.trace, f"{of.name}.default", "What do the buildpacks start?",
        *(Candidate(argv if holds else ABSENT, source=name, shown=" ".join(argv), because=because, rule=rule,
                    absent=absent or None) for name, argv, holds, because, absent in table),
    )  # fmt: skip
    assert setting is not None
    of.because = setting.winner.because
    text = " ".join(setting.value)
    origin = _start(package) if setting.source == "start" else None
    return Command(argv=setting.value, form="exec", text=text, source="buildpack", origin=origin)


def _start(package: Package) -> Origin | None:
    return package.script("start") if "start" in package.scripts else None


def _function(of: Building, package: Package) -> Command:
    rule = rules.BUILDPACK_FUNCTION
    if "GOOGLE_FUNCTION_SOURCE" in of.env:
        words = "GOOGLE_FUNCTION_SOURCE is not currently supported for Node.js buildpacks"
        raise of.ends(words, of.env.origin("GOOGLE_FUNCTION_SOURCE"), "name the file as main in package.json", rule)
    file = package.main or ("index.js" if of.source.has("index.js") else "function.js")
    if not of.source.has(file.removeprefix("./")):
        raise of.ends(f"{file} does not exist", of.env.origin(TARGET), "put the function into index.js", rule)
    own = FRAMEWORK in package.dependencies
    tool = {"pnpm-lock.yaml": "pnpm", "bun.lock": "bun", "bun.lockb": "bun"}.get(
        of.source.first("pnpm-lock.yaml", "bun.lock", "bun.lockb") or "", ""
    )
    if tool and not own:
        words = (
            f"This project is using {tool} but you have not included the Functions Framework in your dependencies. "
            f"Please add it by running: '{tool} add {FRAMEWORK}'."
        )
        raise of.ends(words, Origin(file=MANIFEST), f"add {FRAMEWORK}", rule)
    folder = "node_modules" if own else f"{FRAMEWORK_LAYER}/node_modules"
    if not own:
        of.launch_env += (("NODE_PATH", f"{WORKSPACE}/node_modules"),)
    return of.function(("/bin/bash", "-c", f"{folder}/.bin/functions-framework"))
