"""What Render does, one row a rule: the unit of truth that decisions and diagnostics cite.

Rows and nothing else, so that it may be long. `checked` is the day the source was last read. Sources are Render's
documentation where it speaks; elsewhere the kind of log or thread it was seen in.
"""

from emulator.model.rule import Evidence, Fidelity, Rule
from platforms.rulebook import RuleBook

CHECKED = "2026-11-20"
DOCS = "https://render.com/docs/"

_rule = RuleBook("render", CHECKED)

DOCUMENTED, SCHEMA, LOG = Evidence.DOCUMENTED, Evidence.SCHEMA, Evidence.LOG
COMMUNITY, INFERRED = Evidence.COMMUNITY, Evidence.INFERRED
APPROXIMATE, NOT_IMITATED = Fidelity.APPROXIMATE, Fidelity.NOT_IMITATED

BLUEPRINT_PATH = _rule(
    "blueprint-path", "A Blueprint is read from render.yaml at the repository's root unless another path was given.",
    DOCS + "infrastructure-as-code", DOCUMENTED,
)  # fmt: skip
REPOSITORY_PRECEDENCE = _rule(
    "repository-precedence",
    "A service set up by pointing at a repository: a Dockerfile wins over render.yaml, which wins over a Procfile.",
    "field reports of services created from a repository", COMMUNITY, APPROXIMATE,
    note="The documentation speaks only of a language chosen in the form; --created-from blueprint follows it.",
)  # fmt: skip
BLUEPRINT_RUNTIME = _rule(
    "blueprint-runtime",
    "A service synced from a Blueprint runs by its `runtime`; a Dockerfile beside a native runtime is not read.",
    DOCS + "docker", INFERRED,
)  # fmt: skip
BUILD_FILTER = _rule(
    "build-filter",
    "A push deploys a service when a changed file matches one of buildFilter's paths, or there are none, and none of "
    "its ignoredPaths; where rootDir is set and no path is, when it lies below that. The Blueprint always counts.",
    DOCS + "monorepo-support", DOCUMENTED, APPROXIMATE,
    note="By `up --watch`; how paths outside rootDir combine with it is not published: a path that is named counts.",
)  # fmt: skip
SERVICE_RECORD = _rule(
    "service-record",
    "A deploy consults the service's own settings alone: render.yaml is read at a Blueprint sync, a Procfile never.",
    DOCS + "infrastructure-as-code", DOCUMENTED,
)  # fmt: skip
SYNC_OVERWRITES = _rule(
    "sync-overwrites", "A Blueprint sync sets what render.yaml says, whatever was changed in the Dashboard since.",
    DOCS + "infrastructure-as-code", DOCUMENTED,
)  # fmt: skip
SYNC_OMITTED = _rule(
    "sync-omitted",
    "Of what render.yaml leaves out, a sync keeps some settings (plan, instances, auto-deploys, variables) and empties "
    "build filters; others almost definitely get their defaults.",
    DOCS + "blueprint-spec", DOCUMENTED, APPROXIMATE, note="The documentation names what is kept, not what is not.",
)  # fmt: skip
CRON_RUNTIME = _rule(
    "cron-runtime", "A cron job runs by its `runtime`; a Dockerfile beside a native runtime is not read.",
    DOCS + "cronjobs", INFERRED,
)  # fmt: skip
PROCFILE_IGNORED = _rule(
    "procfile-ignored", "A service synced from a Blueprint never reads a Procfile.",
    DOCS + "migrate-from-heroku", DOCUMENTED,
)  # fmt: skip
PROCFILE_WEB = _rule(
    "procfile-web", "With no Dockerfile and no render.yaml, the Procfile's web line is the start command.",
    "field reports of services created from a repository", COMMUNITY, APPROXIMATE,
)  # fmt: skip
SUGGESTED_BUILD = _rule(
    "suggested-build-command",
    "The creation form suggests a build command from the language it finds.",
    DOCS + "language-support",
    COMMUNITY,
    APPROXIMATE,
    note="The strings are those people report; the form lets you edit them.",
)
DOCKER_COMMAND = _rule(
    "docker-command", "A dockerCommand replaces the image's ENTRYPOINT and CMD.",
    "a change by Render's staff to an official template, August 2026", COMMUNITY,
    note="The documentation says it replaces CMD only.",
)  # fmt: skip
DOCKER_COMMAND_SHELL = _rule(
    "docker-command-shell",
    "After `sh -c` the rest of a dockerCommand is one argument, word for word, quotes included.",
    "a comment in an official template and five logs", LOG,
)  # fmt: skip
DOCKER_COMMAND_WORDS = _rule(
    "docker-command-words",
    "A dockerCommand without a shell is split into words; $NAME is replaced from the service's variables.",
    "an official example",
    COMMUNITY,
    APPROXIMATE,
    note="One user reports that variables are not replaced without a shell.",
)
IMAGE_COMMAND = _rule(
    "image-command", "With no dockerCommand the image's ENTRYPOINT and CMD run.", DOCS + "blueprint-spec", DOCUMENTED
)
DOCKER_NO_START_COMMAND = _rule(
    "docker-no-start-command", "A Blueprint is refused when a docker service has a startCommand.",
    "validator output quoted by six projects", COMMUNITY,
)  # fmt: skip
NATIVE_START_COMMAND = _rule(
    "native-start-command", "A native service must have a startCommand; it runs in a shell.",
    "validator output quoted by projects", COMMUNITY,
)  # fmt: skip
NATIVE_BUILD_COMMAND = _rule(
    "native-build-command", "A native service must have a buildCommand; an empty one skips the build.",
    DOCS + "blueprint-spec", DOCUMENTED, APPROXIMATE,
    note="What a Blueprint without one is answered is not known: it is warned of, and nothing is built.",
)  # fmt: skip
NATIVE_SHELL = _rule(
    "native-shell",
    "Build and start commands of native services run through bash.",
    "official examples that use `cd … && …`",
    INFERRED,
)
ROOT_DIR = _rule(
    "root-dir",
    "dockerfilePath, dockerContext and commands are relative to rootDir; files outside it are not there.",
    DOCS + "monorepo-support",
    DOCUMENTED,
    APPROXIMATE,
    note="Other pages say the repository's root; a field report follows rootDir.",
)
DOCKERFILE_PATH = _rule(
    "dockerfile-path",
    "The Dockerfile is ./Dockerfile unless dockerfilePath names another.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
)
DOCKER_CONTEXT = _rule(
    "docker-context", "The build context is the service's root unless dockerContext names another folder.",
    DOCS + "blueprint-spec", DOCUMENTED,
)  # fmt: skip
OTHER_REPOSITORY = _rule(
    "other-repository", "A service with `repo` is built from that repository, wherever the Blueprint lies.",
    DOCS + "blueprint-spec", DOCUMENTED, NOT_IMITATED,
    note="Its fields are checked, its files are not; one of the same name is taken for a fork of the one at hand.",
)  # fmt: skip
CLEAN_CLONE = _rule(
    "clean-clone",
    "A build starts from a fresh clone: files that git ignores are not there.",
    DOCS + "deploys",
    INFERRED,
)
BUILD_CACHE = _rule(
    "build-cache", "What a build caches is kept between builds of the same service.", DOCS + "deploys", DOCUMENTED,
    APPROXIMATE, note="What a native build keeps is not published: what its tools put into ~/.cache here.",
)  # fmt: skip
BUILD_NETWORK = _rule(
    "build-network",
    "A native build reaches the private network: its command may migrate a database.", DOCS + "deploy-django",
    DOCUMENTED, APPROXIMATE,
    note="The guide's build.sh does so. Here it reaches the datastores its service refers to, which are up before it; "
    "a build from the cache has run once for the data that are there.",
)  # fmt: skip
BUILD_ARGS = _rule(
    "build-args", "Every variable of the service is a build argument; a Dockerfile sees those it declares with ARG.",
    DOCS + "docker-secrets", DOCUMENTED,
)  # fmt: skip
AMD64 = _rule("linux-amd64", "Images are built for and run on linux/amd64.", DOCS + "deploying-an-image", DOCUMENTED)
DEFAULT_PORT = _rule(
    "default-port", "PORT is 10000 for a web service unless the user sets it.", DOCS + "web-services", DOCUMENTED
)
PORT_SCAN = _rule(
    "port-scan",
    "A web service is found by scanning its ports on 0.0.0.0; after about 5 minutes without one the deploy fails.",
    "timestamped deploy logs, October 2026",
    LOG,
    note="Documentation gives 15 minutes, one post-mortem 90 seconds.",
)
DETECTED_PORT = _rule(
    "detected-port", "`Detected service running on port N` follows `Your service is live`, from a later scan.",
    "two deploy logs; a tutorial of Render's shows it before", LOG, APPROXIMATE,
    note="Told at once here: in one log it came five minutes later. Not told where other ports are open as well, since "
    "their protocols would stand there.",
)  # fmt: skip
SEVERAL_PORTS = _rule(
    "several-ports",
    "Of several open ports the one that PORT names gets the public requests, else one that speaks HTTP; the others are "
    "for the private network. At most 75 may be open.",
    DOCS + "web-services", DOCUMENTED, APPROXIMATE,
    note="PORT's is taken even if it speaks no HTTP. Which one where none is PORT's is not published: the lowest here. "
    "75 is not watched.",
)  # fmt: skip
HEALTH_CHECK = _rule(
    "health-check",
    "GET on healthCheckPath must answer 200-399 within 5 seconds; failing for 15 minutes cancels the deploy.",
    DOCS + "health-checks",
    DOCUMENTED,
)
CRASH = _rule(
    "crash-restart", "A process that ends during a deploy is started again until the deploy times out.",
    "https://render.com/tutorials/when-deploys-go-wrong/health-checks-and-crashes", LOG, APPROXIMATE,
    note="The waits between starts are not published: 1 s, doubling to 5 min.",
)  # fmt: skip
EARLY_EXIT = _rule(
    "early-exit", "A service whose process ends with status 0 has exited early, which is a failure as well.",
    "the API's reasons of failure, and deploy logs", LOG,
)  # fmt: skip
OUT_OF_MEMORY = _rule(
    "out-of-memory",
    "A process that needs more memory than its plan has is killed, told as `Out of memory (used over 512Mi)`, and "
    "started again.",
    "events and logs quoted in public repositories", COMMUNITY, APPROXIMATE,
    note="The Dashboard's own word, `Ran out of memory (used over 512MB) while running your code.`, is no log line.",
)  # fmt: skip
CRASH_LOOP = _rule(
    "crash-loop-suspension", "A service that crashes again and again may be suspended.",
    "the API's reasons of suspension", INFERRED, NOT_IMITATED, note="It is started again for ever here.",
)  # fmt: skip
BUILD_TIMEOUT = _rule(
    "build-timeout", "A build may take 120 minutes, with 2 CPUs and 8 GB of memory.", DOCS + "build-pipeline",
    DOCUMENTED, NOT_IMITATED, note="It takes this machine's own time and memory here.",
)  # fmt: skip
WORKER_LIVE = _rule(
    "worker-stays-up",
    "A background worker is live when its process stays up.",
    DOCS + "deploys",
    INFERRED,
    APPROXIMATE,
    note="How long it must stay up is not published: here 10 s, or 2 s where it does nothing any more by then.",
)
SHUTDOWN = _rule(
    "shutdown",
    "SIGTERM, then SIGKILL after maxShutdownDelaySeconds (1 to 300, default 30).",
    DOCS + "deploys",
    DOCUMENTED,
)
MEMORY = _rule(
    "plan-memory",
    "An instance is killed when it uses more memory than its plan has.",
    "https://github.com/render-oss/skills",
    COMMUNITY,
    note="Memory is applied as a hard limit without swap; CPU is not.",
)
DEFAULT_PLAN = _rule("default-plan", "A service without a plan gets starter.", DOCS + "blueprint-spec", DOCUMENTED)
DEFAULT_ENV = _rule(
    "default-env",
    "Render sets RENDER, RENDER_* and its language's variables.",
    DOCS + "environment-variables",
    DOCUMENTED,
    APPROXIMATE,
    note="Identifiers are made up here, the same for the same repository and service; WEB_CONCURRENCY is not there in "
    "a build, where Render's is empty.",
)
ENV_FORMS = _rule(
    "env-forms", "A variable has one form: value, generateValue, sync: false, fromDatabase, fromService, or a group.",
    DOCS + "blueprint-spec", SCHEMA,
    note="Its words for two at once, quoted by seven projects: cannot simultaneously specify fields value and sync.",
)  # fmt: skip
ENV_VALUES = _rule(
    "env-values",
    "A literal value is read as YAML first and then made text: true is the text true, 0123 a number.",
    "official examples with `value: true`",
    COMMUNITY,
    APPROXIMATE,
    note="The published schema allows strings and numbers only.",
)
ENV_GROUPS = _rule(
    "env-groups",
    "Variables of a group have a value or generateValue; a service's own variable beats its groups', and of two groups "
    "the one created last wins.",
    DOCS + "configure-environment-variables",
    DOCUMENTED,
    APPROXIMATE,
    note="Groups are taken to be created in the order of the file; Render promises no winner among them.",
)
GENERATED_VALUE = _rule(
    "generated-value",
    "generateValue makes a random 256-bit value, base64, once; a group's is one for all that link it.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
    note="Made once for a project on this machine and kept; `emu env --forget NAME` has it made anew.",
)
PROMPTED_VALUE = _rule(
    "prompted-value",
    "sync: false is asked for when the Blueprint is first created, and never again.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
)
PYTHON_VERSION = _rule(
    "python-version",
    "Python is PYTHON_VERSION (full x.y.z), else .python-version, else 3.14.3 for new services. 3.7.3 is the oldest.",
    DOCS + "python-version",
    DOCUMENTED,
    APPROXIMATE,
    note="The base image's patch release may differ; the plan names the image.",
)
NODE_VERSION = _rule(
    "node-version",
    "Node is NODE_VERSION, else .node-version, .nvmrc, or engines.node of package.json (the root's, else the first in "
    "a folder below), else 24.14.1; a range without an upper end is the newest Node there is.",
    DOCS + "node-version", DOCUMENTED, APPROXIMATE,
    note="The default is that of logs of April 2026; a copy of the page gives 22.22.0 for services since 2026-01-14.",
)  # fmt: skip
BUN_VERSION = _rule("bun-version", "Bun is BUN_VERSION, else 1.3.4.", DOCS + "language-support", DOCUMENTED)
POETRY_VERSION = _rule(
    "poetry-version", "Poetry is always there: POETRY_VERSION, else 2.1.3.", DOCS + "poetry-version", DOCUMENTED,
    APPROXIMATE, note="Installed where a command calls it.",
)  # fmt: skip
UV_VERSION = _rule(
    "uv-version", "uv is there when uv.lock lies in the service's root: UV_VERSION, else 0.10.2.", DOCS + "uv-version",
    DOCUMENTED,
)  # fmt: skip
RUBY_VERSION = _rule(
    "ruby-version",
    "Ruby is that of the Gemfile's ruby directive, else .ruby-version, else 3.4.4. 3.1.0 is the oldest.",
    DOCS + "language-support", DOCUMENTED, APPROXIMATE,
    note="Which of the two comes first is not published, nor whether the service's root or the repository's is meant.",
)  # fmt: skip
GO_VERSION = _rule(
    "go-version", "Go is the newest stable 1.x; go.mod does not select another.", DOCS + "language-support", DOCUMENTED
)
RUST_VERSION = _rule(
    "rust-version", "Rust is RUSTUP_TOOLCHAIN, else rust-toolchain, else stable.", DOCS + "language-support", DOCUMENTED
)
ELIXIR_VERSION = _rule(
    "elixir-version",
    "Elixir is ELIXIR_VERSION (1.12 or later), else 1.18.4; Erlang is ERLANG_VERSION, else one to match.",
    DOCS + "language-support", DOCUMENTED, APPROXIMATE, note="Erlang is the one that the image of Elixir has.",
)  # fmt: skip
NATIVE_TOOLS = _rule(
    "native-tools",
    "bun, node, npm, pnpm, yarn and python3 are there in every language; uv where uv.lock lies in the service's root.",
    DOCS + "native-runtimes", DOCUMENTED, APPROXIMATE,
    note="Node and its tools are added to another language where its commands call them; ffmpeg, libvips, imagemagick, "
    "ghostscript, pandoc and princexml are not there.",
)  # fmt: skip
GO_DIRECTORY = _rule(
    "go-directory", "A Go service's code lies in /opt/render/project/go/src/github.com/OWNER/REPO.", DOCS + "disks",
    DOCUMENTED,
)  # fmt: skip
NATIVE_LAYOUT = _rule(
    "native-layout", "Native code lies in /opt/render/project/src with a virtual environment in .venv, on Debian 12.",
    DOCS + "native-runtimes", DOCUMENTED, APPROXIMATE,
    note="The image is generated; of the preinstalled tools the common ones are there (compiler, git, curl, make, …), "
    "and libpq-dev: logs show psycopg2 built from source.",
)  # fmt: skip
NATIVE_USER = _rule(
    "native-user", "Native services run as the user render, uid 1000.", "paths seen in logs", INFERRED, APPROXIMATE
)
UNKNOWN_FIELD = _rule(
    "unknown-field",
    "A Blueprint with an unknown field is refused.",
    "https://render.com/schema/render.yaml.json",
    SCHEMA,
    note="Its words, quoted by six unrelated projects: field nodeVersion not found in type file.Service.",
)
UNKNOWN_TYPE = _rule(
    "unknown-type", "A service of an unknown type is refused; Postgres and static sites are no types of their own.",
    'validator output quoted by nine projects: unknown type "static"', COMMUNITY,
)  # fmt: skip
EMPTY_BUT_REQUIRED = _rule(
    "empty-but-required", "A reference to a service must name its type.",
    "validator output quoted by one project: fromService.type empty but required", COMMUNITY,
    note="The published schema requires it as well, and the name.",
)  # fmt: skip
SERVICE_PROPERTY = _rule(
    "service-property", "fromService takes connectionString, host, hostport and port; another property is refused.",
    "validator output quoted by four projects", COMMUNITY,
)  # fmt: skip
NESTED_FIELDS = _rule(
    "nested-fields",
    "Fields inside a field are required as the published schema says.",
    "https://render.com/schema/render.yaml.json",
    SCHEMA,
    APPROXIMATE,
    note="What only the schema requires is a warning: the server is not known to refuse it.",
)
DEPRECATED_FIELDS = _rule(
    "deprecated-fields",
    "Deprecated names are still taken; autoDeployTrigger wins over autoDeploy.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
)
MISPLACED_FIELD = _rule(
    "misplaced-field",
    "A field of another kind of service is no unknown one; a static site is refused for a region and the free plan.",
    "validator output quoted by eight projects", COMMUNITY, APPROXIMATE,
    note="No other refusal of such a field is on record, nor that each is taken.",
)  # fmt: skip
INVALID_RUNTIME = _rule(
    "invalid-runtime", "An unknown runtime is refused.", "validator output quoted by projects", COMMUNITY
)
IMAGE_RUNTIME = _rule(
    "image-runtime", "An image service pulls image.url at every deploy.", DOCS + "deploying-an-image", DOCUMENTED
)
WORKFLOWS = _rule(
    "workflows",
    "A Blueprint may define workflows, whose tasks run when asked for.",
    "https://render.com/changelog/added-blueprint-support-for-render-workflows",
    DOCUMENTED,
    NOT_IMITATED,
    note="They are read and left out of the plan. Its validator asks for repo and buildCommand (a pull request of "
    "render-oss/skills, 2026-09-18), which an older official example has not.",
)
REFERENCES = _rule(
    "references",
    "fromDatabase, fromService and fromGroup are resolved at each sync.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
    APPROXIMATE,
    note="Resolved at each deploy: what the file refers to is what runs here.",
)
SECRET_FILES = _rule(
    "secret-files",
    "A secret file is at /etc/secrets/NAME, without Docker in the service's root as well, for root and group 1000 to "
    "read; a Docker build mounts it by an id that has _ for every sign but letters and digits.",
    DOCS + "docker-secrets",
    DOCUMENTED,
    APPROXIMATE,
    note="Every service gets those of --secret-file; that native builds see them too is not documented.",
)
PREVIEWS = _rule(
    "previews",
    "A preview has a copy of every service but those with generation off, with IS_PULL_REQUEST=true, previewValue and "
    "previews.plan in force, minInstances where there is scaling, new empty datastores, and nothing of sync: false.",
    DOCS + "preview-environments",
    DOCUMENTED,
    APPROXIMATE,
    note="Names and addresses are those of the service itself; Render's carry the number of the pull request.",
)
PRIVATE_NETWORK = _rule(
    "private-network",
    "Web services, unless free, and private services are reached by name from inside their region; workers and cron "
    "jobs are not.",
    DOCS + "private-network",
    DOCUMENTED,
    APPROXIMATE,
    note="Names are the services' own: Render may add letters to them. Everything is in one region here.",
)
DATASTORES = _rule(
    "datastores",
    "Key Value is Valkey 8; Postgres is of the version asked for, the newest by default.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
    APPROXIMATE,
    note="Local servers in containers: no TLS, no backups, no replicas, no pool; IP allow lists are not applied.",
)
CONNECTION_STRINGS = _rule(
    "connection-strings",
    "Services get the internal strings: postgresql://user:password@host:port/database and redis://host:6379.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
    note="Render's own examples also show postgres:// without the port; clients read both alike. Those for the outside "
    "(sslmode=require, rediss://) are in no variable that a Blueprint can ask for.",
)
DATABASE_NAMES = _rule(
    "database-names",
    "A database without databaseName or user gets them from its own name, and Render may add letters to the former.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
    APPROXIMATE,
    note="The name with _ for -, and _user behind it for the user, as deploys show; nothing is added.",
)
CONNECTION_LIMITS = _rule(
    "connection-limits",
    "A Postgres takes 100 connections, from 8 GB of memory on 200, from 16 GB 400, from 32 GB 500; the next one is "
    "refused.",
    "https://render.com/tutorials/postgres-on-render/connection-limits-and-pooling",
    DOCUMENTED,
    note="Of databases made by the plans of today; three of them are kept for the server's own use here.",
)
KEY_VALUE_LIMITS = _rule(
    "key-value-limits",
    "A Key Value keeps as much as its plan has memory, then does as its maxmemoryPolicy says; a free one takes 50 "
    "connections, a starter 250.",
    "the instance's own page as quoted in three repositories",
    COMMUNITY,
    APPROXIMATE,
    note="The connections that larger plans take are in no copy that was read: the server's own limit there.",
)
IP_ALLOW_LIST = _rule(
    "ip-allow-list", "A Key Value store must have an ipAllowList.", "validator output quoted by projects", COMMUNITY
)
IP_SOURCES = _rule(
    "ip-sources", "The sources of an ipAllowList are IP addresses and CIDR ranges.", DOCS + "blueprint-spec", DOCUMENTED
)
DOMAINS = _rule(
    "domains", "Custom domains are host names; a service that refuses its onrender.com name must have one.",
    DOCS + "custom-domains", DOCUMENTED,
)  # fmt: skip
FREE_PLAN = _rule(
    "free-plan",
    "The free plan is for web services, Key Value and Postgres: one instance, no disk, no pre-deploy command.",
    DOCS + "free",
    DOCUMENTED,
    note="The words of the refusal are those quoted for static sites.",
)
INSTANCES = _rule(
    "instances",
    "numInstances, or scaling's minimum and maximum, say how many run; a disk allows one.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
    APPROXIMATE,
    note="As many as the minimum are run.",
)
DATABASE_PLAN = _rule(
    "database-plan",
    "A new Postgres takes the basic, pro and accelerated plans; the old names are refused.",
    DOCS + "blueprint-spec",
    DOCUMENTED,
)
DATABASE_WORDS = _rule(
    "database-words", "A database with a plan that there is not, or a disk that is no multiple of 5 GB, is refused.",
    "validator output quoted by one project that tried them, August 2026", COMMUNITY,
    note="1 GB is taken.",
)  # fmt: skip
FREE_DATABASE = _rule(
    "free-database", "A workspace has one free Postgres: creating a second fails, and the sync with it.",
    "sync output quoted by ten projects", COMMUNITY,
    note="One that the workspace has already cannot be known here.",
)  # fmt: skip
DATABASES = _rule(
    "databases", "postgresMajorVersion is 13 to 18 for a new database, the newest by default; replicas are 5 at most.",
    DOCS + "blueprint-spec", DOCUMENTED,
)  # fmt: skip
RESERVED_PORT = _rule(
    "reserved-ports", "Ports 18012, 18013 and 19099 are Render's own.", DOCS + "web-services", DOCUMENTED
)
PUBLISH_PATH = _rule(
    "publish-path",
    "A static site serves staticPublishPath, which is relative to rootDir.",
    DOCS + "monorepo-support",
    DOCUMENTED,
)
SITE_ROUTES = _rule(
    "site-routes",
    "A file that is there comes before every route; of the routes the first that matches counts. A redirect answers "
    "301, a rewrite serves its destination at the path that was asked for.",
    DOCS + "redirects-rewrites", DOCUMENTED,
    note="Whether a redirect keeps the query is not published: it does here, unless its destination has one.",
)  # fmt: skip
SITE_ROUTE_SYNTAX = _rule(
    "site-route-syntax",
    "In a route's source `*` is any text from there on and `:name` one component of the path; its destination, a path "
    "or a full URL, repeats them.",
    DOCS + "redirects-rewrites", DOCUMENTED,
    note="How several `*` share a path is not published: each but the last takes as little as it can.",
)  # fmt: skip
SITE_HEADER_PATHS = _rule(
    "site-header-paths",
    "A header's path matches the path asked for: /* every one, /blog/* those below, /*.css those at the root alone, "
    "/**/*.css those in folders alone.",
    DOCS + "static-site-headers", DOCUMENTED,
    note="That all rules which match count is inferred, and so is that of one name the last does.",
)  # fmt: skip
SITE_FILES = _rule(
    "site-files",
    "A folder answers with its index.html, /about with about.html, and what is not there with 404.html.",
    "sites that rely on it", INFERRED, APPROXIMATE,
    note="Only what a path of a file gives is documented. The rest is as is usual: no redirect adds or takes a slash; "
    "methods other than GET and HEAD get 405; a single range is served.",
)  # fmt: skip
SITE_CACHE = _rule(
    "site-cache",
    "A static site lies in a CDN, which forgets it at each deploy, and speaks HTTP/2.",
    DOCS + "static-sites", DOCUMENTED, APPROXIMATE,
    note="Nothing is cached here, over HTTP/1.1. Which Cache-Control Render sets is not published: browsers are told "
    "to ask again each time (public, max-age=0, s-maxage=300), unless a header rule says otherwise.",
)  # fmt: skip
SITE_COMPRESSION = _rule(
    "site-compression",
    "Texts, scripts, styles, SVG and fonts that are not compressed by themselves go compressed to a client that takes "
    "it, by Brotli or gzip.",
    DOCS + "static-sites", DOCUMENTED, APPROXIMATE,
    note="By gzip alone here. Which types and sizes are is not published by Render: those of the CDN before it.",
)  # fmt: skip
SITE_DEPENDENCIES = _rule(
    "site-dependencies",
    "Before a static site's build command its dependencies are installed, unless SKIP_INSTALL_DEPS is true.",
    DOCS + "static-sites", DOCUMENTED, APPROXIMATE,
    note="How they are found is not published: by the lock file or manifest in the service's root here.",
)  # fmt: skip
SITE_LIVE = _rule(
    "site-live", "A static site is live once its folder is uploaded; a folder that the build did not make fails it.",
    "deploy logs of static sites, 2025 and 2026", LOG,
)  # fmt: skip
EDGE = _rule(
    "public-edge",
    "Cloudflare and Render's balancer stand before a web service: they end TLS, redirect to HTTPS, compress answers "
    "and speak HTTP/2 to clients.",
    DOCS + "web-services", DOCUMENTED, NOT_IMITATED,
    note="Clients speak HTTP/1.1 without TLS here; nothing is redirected, compressed or cached.",
)  # fmt: skip
EDGE_REQUEST_HEADERS = _rule(
    "edge-request-headers",
    "The app gets HTTP/1.1 with X-Forwarded-For (client, CDN, balancer), X-Forwarded-Proto: https, True-Client-IP, "
    "CF-Connecting-IP, CF-IPCountry, CF-Ray, CF-Visitor, CDN-Loop, Rndr-Id, Render-Proxy-Ttl and X-Request-Start.",
    "request headers logged by apps, 2024 to 2026", LOG, APPROXIMATE,
    note="Host and Accept-Encoding stay as the client sent them: redirects and links built from Host must work here, "
    "and the client must understand the answer. The addresses of CDN and balancer are made up; the country is XX.",
)  # fmt: skip
EDGE_RESPONSE_HEADERS = _rule(
    "edge-response-headers",
    "An answer carries the request's Rndr-Id and CF-Ray, Server: cloudflare, CF-Cache-Status: DYNAMIC, and the app's "
    "own Server, or Render where it has none, as X-Render-Origin-Server.",
    "answers quoted in public repositories", COMMUNITY, APPROXIMATE,
    note="Alt-Svc is left out: nobody speaks HTTP/3 here. Vary is the app's own: nothing is compressed.",
)  # fmt: skip
EDGE_UNREACHABLE = _rule(
    "edge-unreachable", "Where the app's process cannot be talked to, or no deploy is live, the edge answers 502.",
    DOCS + "troubleshooting-deploys", DOCUMENTED,
)  # fmt: skip
EDGE_ROUTING_HEADER = _rule(
    "edge-routing-header",
    "What the edge answers by itself says why in X-Render-Routing: no-deploy where none is live, dynamic-paid-error or "
    "dynamic-free-error where the process does not answer.",
    "answers quoted in public repositories", COMMUNITY, APPROXIMATE,
    note="A service that nobody knows, one that sleeps and one that is limited have other words and statuses.",
)  # fmt: skip
MAINTENANCE = _rule(
    "maintenance-mode",
    "In maintenance mode a service runs on and every public request is answered with 503 and a page; the private "
    "network reaches it.",
    DOCS + "maintenance-mode", DOCUMENTED, APPROXIMATE,
    note="The page is our own: Render's, or the one at `uri`, is not fetched.",
)  # fmt: skip
RESPONSE_LIMIT = _rule(
    "response-limit", "An answer may take 100 minutes.", DOCS + "web-services", DOCUMENTED, APPROXIMATE,
    note="What is answered then is not published: 524 here, as Cloudflare does at its own limit. WebSockets go on.",
)  # fmt: skip
FREE_SLEEP = _rule(
    "free-spin-down",
    "A free web service is stopped after 15 minutes without a request; the next one starts it and waits for about a "
    "minute. /robots.txt is answered without it; a wake that fails is answered with 503 and hibernate-wake-error.",
    DOCS + "free", DOCUMENTED, APPROXIMATE,
    note="Only with --sleep-after; without it the service stays up. The request that wakes it waits here, a browser's "
    "as well: what Render's loading page looks like, and who gets it, is not published.",
)  # fmt: skip
CPU = _rule(
    "plan-cpu",
    "A plan gives a share of a CPU.",
    "https://github.com/render-oss/skills",
    COMMUNITY,
    NOT_IMITATED,
    note="Applied only with --limits all; boots are faster here than on a small plan.",
)
PRE_DEPLOY = _rule(
    "pre-deploy",
    "preDeployCommand runs on a separate instance before the new one starts.",
    DOCS + "deploys",
    DOCUMENTED,
    note="Not for a restart or a rollback: whether it runs again there is not published.",
)
PRE_DEPLOY_TIMEOUT = _rule(
    "pre-deploy-timeout", "A pre-deploy command that fails, or takes more than 30 minutes, fails the deploy.",
    DOCS + "deploys", DOCUMENTED, note="How one that takes too long is ended is not published: as an instance is.",
)  # fmt: skip
PRE_DEPLOY_COMMAND = _rule(
    "pre-deploy-command",
    "A pre-deploy command of an image is split as a dockerCommand is: no shell runs it; a native one runs in bash.",
    "deploy logs of Docker services quoted in two repositories", LOG, APPROXIMATE,
    note="That bash runs a native service's is inferred from its build and start commands.",
)  # fmt: skip
INITIAL_HOOK = _rule(
    "initial-deploy-hook", "initialDeployHook runs once, after the first deploy of a service that is live.",
    DOCS + "blueprint-spec", DOCUMENTED, APPROXIMATE,
    note="The first deploy is the first that this project remembers. Not published, and so taken from a pre-deploy "
    "command: that it has an instance of its own, how it is split into words, 30 minutes. One that fails leaves the "
    "deploy live here.",
)  # fmt: skip
CRON_SCHEDULE = _rule(
    "cron-schedule", "A cron job's schedule has five fields, in UTC; weekdays may be named.", DOCS + "cronjobs",
    DOCUMENTED, APPROXIMATE,
    note="The documentation shows numbers, *, steps, ranges and names; the rest follows crontab(5).",
)  # fmt: skip
CRON_RUN = _rule(
    "cron-run", "A cron run succeeds when its command ends with status 0; after 12 hours it is stopped.",
    DOCS + "cronjobs", DOCUMENTED,
    note="How it is stopped is not published: by SIGTERM, 30 seconds and SIGKILL, as an instance is.",
)  # fmt: skip
CRON_OVERLAP = _rule(
    "cron-overlap",
    "Of a cron job one run at most is active: a scheduled run waits for the end of the active one, a run triggered by "
    "hand cancels it. A build leaves the active run alone.",
    DOCS + "cronjobs", DOCUMENTED, APPROXIMATE,
    note="Runs that come due while one waits are not made up for: what becomes of them is not published. An image is "
    "pulled at the deploy, not before each run. The schedule is kept while `up` runs; --time-scale leaves it as it is.",
)  # fmt: skip
HEALTH_AFTER_LIVE = _rule(
    "health-after-live",
    "A live instance that fails its health check for 15 seconds gets no requests; after 60 it is started anew.",
    DOCS + "health-checks", DOCUMENTED, APPROXIMATE,
    note="At one check every 5 seconds, as logs show, these are 3 and 12 failures in a row.",
)  # fmt: skip
REPLACE = _rule(
    "replace",
    "A new instance starts beside the old one; requests go over when it is healthy; 60 seconds later the old one is "
    "told to end. Of several instances one at a time is replaced.",
    DOCS + "deploys", DOCUMENTED, APPROXIMATE,
    note="An old instance without requests is ended before the 60 seconds are over, unless --faithful-timing is given.",
)  # fmt: skip
FAILED_DEPLOY = _rule(
    "failed-deploy", "A deploy that fails is canceled and the instances before it go on serving.", DOCS + "deploys",
    DOCUMENTED,
)  # fmt: skip
RESTART = _rule(
    "restart", "A restart is a deploy of what runs, with the values it has: changes that wait are not picked up.",
    DOCS + "deploys", DOCUMENTED,
)  # fmt: skip
ROLLBACK = _rule(
    "rollback", "A rollback makes what an earlier deploy built live again.", DOCS + "deploys", DOCUMENTED, APPROXIMATE,
    note="The last three that were live can be gone back to here; a free service keeps two there.",
)  # fmt: skip
TRIGGERS = _rule(
    "deploy-triggers", "A push, a deploy hook, a changed variable or env group, a sync starts a deploy.",
    DOCS + "deploys", DOCUMENTED, NOT_IMITATED,
    note="A second `emu up` does here, and `emu up --watch` at every save.",
)  # fmt: skip
ONE_OFF_JOBS = _rule(
    "one-off-jobs", "A one-off job runs a command on an instance of its own, from the service's current build.",
    DOCS + "one-off-jobs", DOCUMENTED, NOT_IMITATED,
)  # fmt: skip
DISK_STOPS_FIRST = _rule(
    "disk-stops-first", "A service with a disk is stopped before its new instance starts.", DOCS + "disks", DOCUMENTED,
    note="After a failed deploy the old instance is started again: the documentation does not say how it comes back.",
)  # fmt: skip
OVERLAP = _rule(
    "overlapping-deploys",
    "A deploy asked for during another waits for its end, and of several that wait the newest alone is made.",
    DOCS + "deploys", DOCUMENTED,
    note="The default of workspaces since 2025-07-14; older ones may cancel the running deploy (Override).",
)  # fmt: skip
DISK = _rule(
    "disk",
    "A disk begins empty, is mounted at a path of its own in the running instance alone (not at build, nor for a "
    "pre-deploy command or a one-off job), is kept between deploys and forbids overlap and several instances.",
    DOCS + "disks",
    DOCUMENTED,
    APPROXIMATE,
    note="It is a volume of the engine's, kept until `emu down --data`; its size is not limited. Whose it is there is "
    "not published: root's here, and its group 1000, which reads secret files, may write.",
)

RULES: tuple[Rule, ...] = _rule.rules
