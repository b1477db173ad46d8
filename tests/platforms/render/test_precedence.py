"""Which file decides what is built and what runs, for both ways a service comes about."""

import pytest

from tests.platforms.render.planning import DOCKERFILE, codes, messages, plan, service, web

NATIVE = "runtime: python\nbuildCommand: pip install .\nstartCommand: gunicorn shop:app\n"
PROCFILE = "web: gunicorn procfile:app\nworker: celery -A shop worker\nrelease: python manage.py migrate\n"
BASH = ("/bin/bash", "-c")

ROWS = [
    # files, created from, builder, argv, source, shadowed sources
    pytest.param({"Dockerfile": DOCKERFILE}, "repository", "dockerfile", ("gunicorn", "app:app"), "dockerfile", [],
                 id="Dockerfile alone"),
    pytest.param({"Procfile": PROCFILE}, "repository", "native", (*BASH, "gunicorn procfile:app"), "procfile", [],
                 id="Procfile alone"),
    pytest.param({"Dockerfile": DOCKERFILE, "Procfile": PROCFILE}, "repository", "dockerfile", ("gunicorn", "app:app"),
                 "dockerfile", ["procfile"], id="Dockerfile over Procfile"),
    pytest.param({"render.yaml": web(NATIVE)}, "repository", "native", (*BASH, "gunicorn shop:app"), "render.yaml", [],
                 id="render.yaml alone"),
    pytest.param({"render.yaml": web(NATIVE)}, "blueprint", "native", (*BASH, "gunicorn shop:app"), "render.yaml", [],
                 id="render.yaml alone, synced"),
    pytest.param({"render.yaml": web(NATIVE), "Procfile": PROCFILE}, "repository", "native",
                 (*BASH, "gunicorn shop:app"), "render.yaml", ["procfile"], id="render.yaml over Procfile"),
    pytest.param({"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE, "Procfile": PROCFILE}, "repository",
                 "dockerfile", ("gunicorn", "app:app"), "dockerfile", ["render.yaml", "procfile"],
                 id="Dockerfile over all"),
    pytest.param({"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE, "Procfile": PROCFILE}, "blueprint", "native",
                 (*BASH, "gunicorn shop:app"), "render.yaml", ["dockerfile", "procfile"], id="the runtime is the law"),
    pytest.param({"render.yaml": web("runtime: docker\n"), "Dockerfile": DOCKERFILE, "Procfile": PROCFILE}, "blueprint",
                 "dockerfile", ("gunicorn", "app:app"), "dockerfile", ["procfile"], id="docker, synced"),
    pytest.param({"render.yaml": web("runtime: docker\ndockerCommand: ./start.sh\n"), "Dockerfile": DOCKERFILE},
                 "repository", "dockerfile", ("./start.sh",), "render.yaml", ["dockerfile"], id="dockerCommand"),
    pytest.param({"render.yaml": web("runtime: docker\ndockerCommand: ./start.sh\n"), "Dockerfile": DOCKERFILE},
                 "blueprint", "dockerfile", ("./start.sh",), "render.yaml", ["dockerfile"], id="dockerCommand, synced"),
    pytest.param({"render.yaml": web("runtime: python\nstartCommand: a\ndockerCommand: ./x\n"),
                  "Dockerfile": DOCKERFILE}, "repository", "dockerfile", ("gunicorn", "app:app"), "dockerfile",
                 ["render.yaml", "render.yaml"], id="dockerCommand only where render.yaml says docker"),
    pytest.param({"render.yaml": web("runtime: docker\ndockerCommand: ' '\n"), "Dockerfile": DOCKERFILE}, "repository",
                 "dockerfile", ("gunicorn", "app:app"), "dockerfile", [], id="a blank dockerCommand is none"),
    pytest.param({"render.yaml": web(NATIVE, type="pserv"), "Dockerfile": DOCKERFILE}, "repository", "dockerfile",
                 ("gunicorn", "app:app"), "dockerfile", ["render.yaml"], id="a private service switches"),
    pytest.param({"render.yaml": web(NATIVE, type="worker"), "Dockerfile": DOCKERFILE}, "repository", "dockerfile",
                 ("gunicorn", "app:app"), "dockerfile", ["render.yaml"], id="a worker switches"),
    pytest.param({"render.yaml": web(NATIVE + "schedule: 0 3 * * *\n", type="cron"), "Dockerfile": DOCKERFILE},
                 "repository", "native", (*BASH, "gunicorn shop:app"), "render.yaml", ["dockerfile"],
                 id="a cron job never switches"),
    pytest.param({"render.yaml": web("runtime: image\nimage:\n  url: docker.io/n8nio/n8n:1\n"),
                  "Dockerfile": DOCKERFILE}, "repository", "image", None, "image", [], id="an image never switches"),
    pytest.param({"render.yaml": web("runtime: python\n"), "Procfile": PROCFILE}, "repository", "native",
                 (*BASH, "gunicorn procfile:app"), "procfile", [], id="the Procfile fills in a missing startCommand"),
    pytest.param({"render.yaml": web("runtime: python\n", type="worker"), "Procfile": PROCFILE}, "repository", "native",
                 (*BASH, "celery -A shop worker"), "procfile", [], id="a worker takes the worker line"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "created_from", "builder", "argv", "source", "shadowed"), ROWS)
def test_who_decides(files, created_from, builder, argv, source, shadowed):  # noqa: PLR0917  - a row of the table
    """Pointed at: Dockerfile over render.yaml over Procfile. Synced: the runtime."""
    found = service(files, created_from)
    assert found.build.kind == builder
    assert found.command is not None
    assert (found.command.argv, found.command.source) == (argv, source)
    assert [s.source for s in found.command.shadowed] == shadowed


def test_every_loser_is_told_with_its_place_and_reason():
    """The command's shadowed list quotes each command that lost, where it stands and why it lost."""
    files = {"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE, "Procfile": PROCFILE}
    command = service(files).command
    assert command is not None
    assert command.origin is not None
    assert (command.origin.file, command.origin.line) == ("Dockerfile", 2)
    assert [(s.text, s.origin.file, s.origin.line) for s in command.shadowed if s.origin] == [
        ("gunicorn shop:app", "render.yaml", 6),
        ("gunicorn procfile:app", "Procfile", 1),
    ]
    assert all(s.because for s in command.shadowed)


@pytest.mark.parametrize(
    ("created_from", "when", "text", "argv"),
    [
        ("repository", "created-from blueprint", "gunicorn shop:app", (*BASH, "gunicorn shop:app")),
        ("blueprint", "created-from repository", "gunicorn app:app", ("gunicorn", "app:app")),
    ],
)
def test_the_other_way_is_told(created_from, when, text, argv):
    """Where the two ways would run something different, the plan holds the other one and warns."""
    made = plan({"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE}, created_from)
    command = made.services[0].command
    assert command is not None
    assert command.alternative is not None
    assert (command.alternative.when, command.alternative.text, command.alternative.argv) == (when, text, argv)
    assert codes(made, "warning") == ["config/commands-disagree"]
    assert "gunicorn shop:app" in messages(made, "warning")[0]
    assert "gunicorn app:app" in messages(made, "warning")[0]


def test_ways_that_agree_are_not_told_apart():
    """A docker service runs the same whichever way it came about: no alternative, no warning."""
    for created_from in ("repository", "blueprint"):
        made = plan({"render.yaml": web("runtime: docker\n"), "Dockerfile": DOCKERFILE}, created_from)
        assert made.services[0].command is not None
        assert made.services[0].command.alternative is None
        assert made.diagnostics == ()


def test_a_refusal_of_the_other_way_is_told():
    """Pointed at, the Dockerfile runs; synced, Render refuses the file: the alternative quotes its words."""
    files = {"render.yaml": web("runtime: docker\nstartCommand: node server.js\n"), "Dockerfile": DOCKERFILE}
    made = plan(files)
    command = made.services[0].command
    assert command is not None
    assert command.alternative is not None
    assert "services[0] docker runtime must not have startCommand" in command.alternative.when
    assert command.alternative.argv is None
    assert not made.with_errors()


def test_a_refused_service_tells_what_the_repository_would_run():
    """Synced and refused, the plan still says what the other way runs; that one is not called refused."""
    files = {"render.yaml": web("runtime: docker\nstartCommand: node server.js\n"), "Dockerfile": DOCKERFILE}
    made = plan(files, "blueprint")
    assert messages(made) == ["services[0] docker runtime must not have startCommand"]
    command = made.services[0].command
    assert command is not None
    assert command.alternative is not None
    assert command.alternative.when == "created-from repository"
    assert command.alternative.text == "gunicorn app:app"


def test_a_refused_procfile_only_service_says_what_the_repository_would_run():
    """Synced, a Procfile is never read and the service is refused; one line says what it would run otherwise."""
    made = plan(
        {"render.yaml": web("runtime: python\nbuildCommand: ''\n"), "Procfile": "web: gunicorn app:app\n"}, "blueprint"
    )
    assert messages(made) == [
        "services[0] non-docker, non-static, non-image runtime python must have startCommand",
    ]
    assert made.services[0].command is None
    assert codes(made, "warning") == ["config/commands-disagree"]
    assert "`gunicorn app:app` (procfile)" in messages(made, "warning")[0]


def test_a_shadowed_build_command_is_told():
    """With a Dockerfile the buildCommand does not run, and a decision says so."""
    made = service({"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE})
    decision = next(d for d in made.decisions if d.id == "web.build")
    assert [r.answer for r in decision.rejected] == ["pip install ."]
    assert made.build.command is None


def test_what_still_applies_beside_a_dockerfile():
    """Variables, plan, health check, root and disk of render.yaml hold though a Dockerfile builds."""
    fields = (
        "runtime: python\nstartCommand: x\nplan: standard\nrootDir: api\nhealthCheckPath: /hz\n"
        "envVars:\n  - key: A\n    value: b\ndisk:\n  name: d\n  mountPath: /data\n"
    )
    made = service({"render.yaml": web(fields), "api/Dockerfile": DOCKERFILE})
    assert made.build.dockerfile == "api/Dockerfile"
    assert made.resources.memory_mib == 2048
    assert made.probes.health is not None
    assert made.probes.health.path == "/hz"
    assert made.disk is not None
    assert (made.disk.mount_path, made.disk.size_gb) == ("/data", 10)
    assert any(v.name == "A" and v.value == "b" for v in made.env)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, []),
        ({"Dockerfile/readme": "a folder"}, ["Dockerfile does not count: it is a directory"]),
    ],
    ids=["nothing", "Dockerfile is a folder"],
)
def test_nothing_to_run(files, said):
    """With no render.yaml, no Dockerfile and no web line there is one error, with what was seen."""
    made = plan(files)
    assert codes(made, "error") == ["render/nothing-to-run"]
    assert list(made.diagnostics[-1].facts) == said
    assert made.services == ()


def test_a_dockerfile_that_git_ignores_does_not_count():
    """Render's clone does not have it."""
    made = plan({"Dockerfile": DOCKERFILE}, ignored=["Dockerfile"])
    assert codes(made, "error") == ["render/nothing-to-run"]
    assert made.diagnostics[0].facts == ("Dockerfile does not count: git ignores it (.gitignore:1:Dockerfile)",)


def test_an_ignored_dockerfile_leaves_a_native_service_native():
    """An ignored Dockerfile wins over nothing, and the decision says why."""
    made = service({"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE}, ignored=["Dockerfile"])
    assert made.build.kind == "native"
    builder = next(d for d in made.decisions if d.id == "web.builder")
    assert "git ignores it" in builder.rejected[0].because


def test_no_render_yaml_cannot_have_been_synced():
    """A service synced from a Blueprint needs one, even where a Dockerfile lies."""
    made = plan({"Dockerfile": DOCKERFILE}, "blueprint")
    assert codes(made) == ["render/blueprint-missing"]


def test_the_implied_service_is_named_after_the_repository():
    """The name where no file gives one is the repository's."""
    made = service({"Dockerfile": DOCKERFILE})
    assert (made.name, made.type, made.origin) == ("shop", "web", None)


def test_procfile_alone_gets_the_suggested_build_command():
    """The creation form would suggest a build command for the language it finds."""
    made = service({"Procfile": "web: gunicorn app:app\n", "requirements.txt": "gunicorn\n"})
    assert (made.build.runtime, made.build.command) == ("python", "pip install -r requirements.txt")


def test_native_start_with_operators_runs_in_a_shell():
    """`cd backend && yarn start` is one text for the shell."""
    made = service({"render.yaml": web("runtime: node\nbuildCommand: yarn\nstartCommand: cd backend && yarn start\n")})
    assert made.command is not None
    assert made.command.argv == (*BASH, "cd backend && yarn start")
    assert made.command.form == "shell"


def test_unused_runtime_is_covered_as_not_read():
    """What Render leaves unread is told as such, key by key."""
    made = plan({"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE})
    notes = {row.key: row.note for row in made.coverage}
    for key in ("runtime", "buildCommand", "startCommand"):
        assert notes[f"services[0].{key}"] == "not read: Dockerfile decides"


def test_no_command_is_made_up_without_a_language():
    """A Procfile alone: no file names the language, so no build command is suggested, and it is said."""
    made = plan({"Procfile": "web: gunicorn app:app\n"})
    assert made.services[0].build.command is None
    assert codes(made) == ["render/no-language"]
    assert made.diagnostics[0].service == "shop"
    assert not made.with_errors()


def test_a_language_without_a_runtime_needs_a_dockerfile():
    """A Procfile as other platforms read it beside a build file of Java: no other advice helps."""
    made = plan({"Procfile": "web: java -jar target/app.jar\n", "pom.xml": ""})
    assert codes(made) == ["render/no-language"]
    assert made.diagnostics[0].message.startswith("pom.xml says Java, which Render has no runtime for")
    assert made.diagnostics[0].help == "add a Dockerfile"


def test_a_declared_service_needs_no_language_file():
    """Its runtime says so."""
    assert codes(plan({"render.yaml": web(NATIVE)})) == []


def test_lines_that_nobody_runs_are_told_each_at_its_place():
    """release is a preDeployCommand, every other line a service of its own."""
    found = plan({"Procfile": PROCFILE + "beat: celery beat\n", "requirements.txt": ""}).diagnostics
    assert [d.code for d in found] == ["render/process-not-run"] * 2
    assert [d.message for d in found] == [
        "the Procfile's worker, beat lines are run by nobody", "the Procfile's release line is run by nobody",
    ]  # fmt: skip
    assert [d.origin and d.origin.line for d in found] == [2, 3]
    assert "background worker" in (found[0].help or "")
    assert "preDeployCommand" in (found[1].help or "")


@pytest.mark.parametrize("created_from", ["repository", "blueprint"])
def test_a_procfile_that_loses_is_not_read_out(created_from):
    """Where another file says what runs, its other lines are nobody's business."""
    made = plan({"render.yaml": web(NATIVE), "Procfile": PROCFILE}, created_from)
    assert "render/process-not-run" not in codes(made)


@pytest.mark.parametrize(
    ("files", "facts"),
    [
        ({"package.json": "{}", "Gemfile": ""},
         ("package.json says node and Gemfile says ruby, but nothing says how to start it",
          ("the creation form suggests a start: "
           "`yarn start` or `node` with package.json's main for node, `bundle exec puma` for ruby"))),
        ({"requirements.txt": ""},
         ("requirements.txt says python, but nothing says how to start it",
          "the creation form suggests a start: `gunicorn your_application.wsgi`, a placeholder, for python")),
        ({"Procfile": "Web: a\nworker: b\n"}, ("Procfile has the lines Web, worker, and no web",)),
        ({"pom.xml": ""}, ("pom.xml says Java, which Render has no runtime for: it needs a Dockerfile",)),
    ],
)  # fmt: skip
def test_nothing_to_run_names_all_that_was_seen(files, facts):
    """Every language, what the creation form would suggest, and the Procfile's lines."""
    assert plan(files).diagnostics[-1].facts == facts


@pytest.mark.parametrize(
    ("path", "help"),
    [
        ("backend/Dockerfile", "there is backend/Dockerfile: plan that folder with --root backend"),
        ("apps/api/Procfile", "there is apps/api/Procfile: plan that folder with --root apps/api"),
        ("dockerfile", "rename dockerfile to Dockerfile: capital letters count on Linux"),
        ("compose/x/core.Dockerfile",
         "there is compose/x/core.Dockerfile: call it Dockerfile, or name it with dockerfilePath in render.yaml"),
        ("infra/render.yaml", "there is infra/render.yaml: name it with --blueprint infra/render.yaml"),
    ],
)  # fmt: skip
def test_nothing_to_run_names_the_folder(path, help):
    """What would decide lies further down: the help says where."""
    found = plan({"README.md": "", "node_modules/x/Dockerfile": DOCKERFILE, path: "web: x\n"}).diagnostics[-1]
    assert found.code == "render/nothing-to-run"
    assert found.help == help


def test_nothing_to_run_names_the_other_folders_too():
    """Of several the nearest is the example."""
    made = plan({"web/Dockerfile": DOCKERFILE, "api/Procfile": "web: x\n", "worker/Dockerfile": DOCKERFILE})
    named = "there are api/Procfile, web/Dockerfile, worker/Dockerfile"
    assert made.diagnostics[-1].help == f"{named}: plan one of these folders, for example with --root api"


@pytest.mark.parametrize("line", ["COPY api/app.py ./", "COPY --link package.json /srv/", "add ./lib /srv/lib"])
def test_a_dockerfile_for_the_root_is_not_planned_in_its_folder(line):
    """What it copies lies in the root: with its own folder as the context every COPY would fail."""
    files = {"api/app.py": "", "package.json": "{}", "lib/x.py": "", "api/Dockerfile": f"FROM alpine\n{line}\n"}
    found = plan(files).diagnostics[-1]
    assert found.help is not None
    assert found.help.endswith("add a render.yaml with `dockerfilePath: ./api/Dockerfile` and `dockerContext: .`")
    own = plan({**files, "api/Dockerfile": "FROM alpine\nCOPY app.py *.txt ./\nCOPY --from=a /lib /\n"})
    assert (own.diagnostics[-1].help or "").endswith("--root api")


def test_a_cron_job_pointed_at_is_no_synced_service():
    """Words about a Blueprint do not stand in the plan of a service that has none."""
    files = {"render.yaml": web(NATIVE + "schedule: 0 3 * * *\n", type="cron"), "Dockerfile": DOCKERFILE}
    made = plan({**files, "Procfile": PROCFILE})
    assert "synced from a Blueprint" not in str(made)
    assert made.services[0].command is not None
    assert "a cron job with runtime python does not read Dockerfile" in str(made.services[0].command.shadowed)
    assert "render/blueprint-runtime" not in {d.rule for d in made.services[0].decisions}


def test_disagreement_names_both_ways_in_words():
    """The warning says which file the other way goes by."""
    made = plan({"render.yaml": web(NATIVE), "Dockerfile": DOCKERFILE})
    told = messages(made, "warning")[0]
    assert told.startswith("set up from the repository, web runs `gunicorn app:app`")
    assert "; synced from render.yaml, it runs `gunicorn shop:app`" in told


def test_the_same_command_in_two_images_is_no_other_command():
    """What differs is how the image is made, and the warning says that instead of the same words twice."""
    dockerfile = "FROM python:3.11-slim\nCMD gunicorn  shop:app\n"
    [told] = messages(plan({"render.yaml": web(NATIVE), "Dockerfile": dockerfile}), "warning")
    assert told == (
        "set up from the repository, web is built from Dockerfile; synced from render.yaml, it is built for python by "
        "`pip install .`; either runs `gunicorn  shop:app`"
    )


def test_one_row_for_what_a_platform_does_everywhere():
    """A rule that holds for all services stands once; one that does not names those it holds for."""
    text = web(NATIVE) + "\n" + web(NATIVE, type="worker", name="mail").removeprefix("services:\n")
    rows = [(r.key, r.note) for r in plan({"render.yaml": text}).coverage if "/" in r.key]
    keys = [key for key, _ in rows]
    assert sorted(set(keys)) == sorted(keys)
    notes = dict(rows)
    assert "(" not in notes["render/plan-cpu"]
    assert notes["render/public-edge"].endswith("(web)")
