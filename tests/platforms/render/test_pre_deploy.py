"""The pre-deploy command: whose service has one, and what it is executed as."""

import pytest

from emulator.contract import token
from platforms.render import rules
from tests.platforms.render.planning import DOCKERFILE, codes, plan, resolve, service, web

DOCKER = "runtime: docker\n"
PYTHON = "runtime: python\nbuildCommand: make\nstartCommand: python app.py\n"
IMAGE = "runtime: image\nimage:\n  url: docker.io/library/nginx:1\n"
FILES = {"Dockerfile": DOCKERFILE}


def _made(fields: str, command: str = "./migrate.sh", *, type: str = "web", **more: object):
    files = {"render.yaml": web(f"{fields}preDeployCommand: {command}\n", type=type), **FILES}
    return service(files, "blueprint", **more)


@pytest.mark.parametrize("type", ["web", "pserv", "worker"])
@pytest.mark.parametrize(
    ("fields", "command", "argv"),
    [
        (PYTHON, "cd api && ./migrate $PORT", ("/bin/bash", "-c", "cd api && ./migrate $PORT")),
        (DOCKER, "python manage.py migrate", ("python", "manage.py", "migrate")),
        (DOCKER, "/bin/sh -c a && b", ("/bin/sh", "-c", "a && b")),
        (DOCKER, "chmod +x ./x && ./x", ("chmod", "+x", "./x", "&&", "./x")),
        (IMAGE, "./migrate --to $RENDER", ("./migrate", "--to", "true")),
    ],
)
def test_what_is_executed(type, fields, command, argv):
    """Bash runs a native service's; an image's is split as a dockerCommand is, its variables replaced."""
    made = _made(fields, command, type=type)
    assert (made.pre_deploy_command, made.pre_deploy_argv) == (command, argv)
    assert made.pre_deploy_origin is not None
    [decision] = [d for d in made.decisions if d.id == "web.pre-deploy"]
    assert (decision.answer, decision.rule) == (command, rules.PRE_DEPLOY_COMMAND.id)


def test_a_dockerfile_that_wins_decides_here_too():
    """A service created from the repository runs by its Dockerfile, and so does what comes before it."""
    made = service({"render.yaml": web(PYTHON + "preDeployCommand: a && b\n"), **FILES}, "repository")
    assert made.pre_deploy_argv == ("a", "&&", "b")


def test_a_secret_stays_one():
    """Where its value would stand, its token does."""
    fields = DOCKER + "envVars:\n  - key: DSN\n    sync: false\npreDeployCommand: ./migrate $DSN\n"
    made = resolve({"render.yaml": web(fields), **FILES}, env_file=[("DSN", "postgres://x")])
    [found] = made.plan.services
    assert found.pre_deploy_argv == ("./migrate", token("DSN"))
    assert "postgres://x" not in repr(made.plan)


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("a && b", "render/docker-command-operators",
         "'&&' reaches the program as a plain argument: no shell runs a preDeployCommand"),
        ('sh -c "a && b"', "render/docker-command-quoted",
         "the quotes after `sh -c` are kept: the shell looks for one program of that whole name"),
    ],
)  # fmt: skip
def test_how_they_go_wrong(command, code, message):
    """As a dockerCommand does, and told at the command's own line; a native one has a shell, and is fine."""
    text = web(f"{DOCKER}preDeployCommand: '{command}'\n")
    [found] = plan({"render.yaml": text, **FILES}, "blueprint").diagnostics
    assert (found.code, found.message) == (code, message)
    assert found.origin is not None
    assert "preDeployCommand" in text.splitlines()[found.origin.line - 1]
    assert codes(plan({"render.yaml": web(f"{PYTHON}preDeployCommand: '{command}'\n")}, "blueprint")) == []


def test_who_has_none():
    """A static site's is planned only; a cron job's is not read; a free service has none; nor has a blank one."""
    static = _made("runtime: static\nbuildCommand: make\nstaticPublishPath: dist\n")
    assert (static.pre_deploy_command, static.pre_deploy_argv) == ("./migrate.sh", None)
    cron = _made(DOCKER + "schedule: 0 3 * * *\n", type="cron")
    assert (cron.pre_deploy_command, cron.pre_deploy_argv) == (None, None)
    assert _made(DOCKER + "plan: free\n").pre_deploy_argv is None
    assert (_made(DOCKER, "''").pre_deploy_command, _made(DOCKER, "' '").pre_deploy_argv) == (None, None)


def test_how_long_it_may_take():
    """Half an hour, for those who may have one."""
    assert _made(DOCKER).lifecycle.pre_deploy_timeout_s == 1800
    assert _made(DOCKER + "schedule: 0 3 * * *\n", type="cron").lifecycle.pre_deploy_timeout_s is None


@pytest.mark.parametrize("field", ["initialDeployHook", "afterFirstDeployCommand"])
@pytest.mark.parametrize(
    ("fields", "argv"),
    [
        (PYTHON, ("/bin/bash", "-c", "psql $DSN -c 'CREATE EXTENSION x'")),
        (DOCKER, ("psql", "url", "-c", "CREATE EXTENSION x")),
    ],
)
def test_the_hook_after_the_first_deploy(field, fields, argv):
    """It is executed as a pre-deploy command is, whichever of its names is used."""
    more = f"envVars:\n  - key: DSN\n    value: url\n{field}: psql $DSN -c 'CREATE EXTENSION x'\n"
    made = service({"render.yaml": web(fields + more), **FILES}, "blueprint")
    assert (made.initial_deploy_hook, made.initial_hook_argv) == ("psql $DSN -c 'CREATE EXTENSION x'", argv)
    [decision] = [d for d in made.decisions if d.id == "web.initial-hook"]
    assert decision.rule == rules.INITIAL_HOOK.id


def test_a_site_and_a_cron_job_have_no_hook():
    """Nothing of theirs is ever live in that sense."""
    files = {"render.yaml": web(PYTHON + "schedule: 0 3 * * *\ninitialDeployHook: ./seed\n", type="cron")}
    assert service(files, "blueprint").initial_deploy_hook is None
