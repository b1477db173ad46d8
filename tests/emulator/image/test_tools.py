"""What commands do to the filesystem, and what package managers are asked to install: by table."""

import pytest

from emulator.image.effects import (
    Copy,
    Install,
    Link,
    MakeFile,
    MakeFolder,
    Mode,
    Place,
    Remove,
    Rewrite,
    Touch,
    Unknown,
    Venv,
    changed_mode,
    written,
)
from emulator.image.packages import PackageStep
from emulator.image.shell import State, read_script
from emulator.image.tools import effects_of


def effects(text: str) -> tuple:
    state = State(cwd="/app", environ={"A": "a b", "U": None}, complete=True)
    script = read_script(text, state)
    assert script.opaque is None
    return tuple(effect for command in script.commands for effect in effects_of(command))


def p(*paths: str) -> tuple[Place, ...]:
    return tuple(Place(path=path, pattern="*" in path) for path in paths)


def f(path: str, content: str | None = None, append: bool = False) -> MakeFile:
    return MakeFile(path=path, content=content, append=append)


def d(path: str, parents: bool = False, mode: int | None = None) -> MakeFolder:
    return MakeFolder(path=path, parents=parents, mode=mode)


FILES = [
    ("mkdir x", [d("/app/x")]),
    ("mkdir -p x/y /z", [d("/app/x/y", True), d("/z", True)]),
    ("mkdir -pm 0700 x", [d("/app/x", True, 0o700)]),
    ("cp a b", [Copy(sources=p("/app/a"), destination="/app/b")]),
    ("cp -r a b/", [Copy(sources=p("/app/a"), destination="/app/b", recursive=True, must_be_folder=True)]),
    ("cp a c /d", [Copy(sources=p("/app/a", "/app/c"), destination="/d", must_be_folder=True)]),
    ("cp -a x/. /d", [Copy(sources=p("/app/x"), destination="/d", recursive=True, contents=(0,))]),
    ("cp -t /d a", [Copy(sources=p("/app/a"), destination="/d", into=True, must_be_folder=True)]),
    ("cp *.py /d", [Copy(sources=p("/app/*.py"), destination="/d")]),
    ("mv a b", [Copy(sources=p("/app/a"), destination="/app/b", recursive=True, moved=True)]),
    ("rm -rf a 'b'/*", [Remove(paths=p("/app/a", "/app/b/*"), recursive=True, force=True)]),
    ("rm a", [Remove(paths=p("/app/a"))]),
    ("ln -s ../t l", [Link(target="../t", path="/app/l", symbolic=True)]),
    ("ln -sfn /t /l", [Link(target="/t", path="/l", symbolic=True, force=True)]),
    ("ln -s /x/t", [Link(target="/x/t", path="/app/t", symbolic=True, into=False)]),
    ("ln a b", [Link(target="/app/a", path="/app/b", symbolic=False)]),
    ("touch a b", [Touch(path="/app/a"), Touch(path="/app/b")]),
    ("chmod +x a", [Mode(paths=p("/app/a"), change="+x")]),
    ("chmod -R 755 a *.sh", [Mode(paths=p("/app/a", "/app/*.sh"), change="755", recursive=True)]),
    ("chown -R app:app /app", []),
    ("echo hi > a", [f("/app/a", "hi\n")]),
    ("echo -n hi >> a", [f("/app/a", "hi", True)]),
    ('echo "$A" > a', [f("/app/a", "a b\n")]),
    ("echo $U > a", [f("/app/a")]),
    ("echo 'a\\n' > a", [f("/app/a")]),
    ("printf 'a\\n' > a", [f("/app/a", "a\n")]),
    ("printf '%s\\n' a b > a", [f("/app/a", "a\nb\n")]),
    ("cat <<E > a\nx\nE\n", [f("/app/a", "x\n")]),
    ("cat a > b", [f("/app/b")]),
    ("echo hi 2> e > a", [f("/app/e"), f("/app/a", "hi\n")]),
    ("echo hi > /dev/null 2>&1", []),
    ("> a", [f("/app/a")]),
    ("sed -i s/a/b/ x y", [Rewrite(paths=p("/app/x", "/app/y"))]),
    ("sed s/a/b/ x", []),
    ("tee a <<E\nx\nE\n", [f("/app/a", "x\n")]),
    ("install -d a", [d("/app/a", True), Mode(paths=p("/app/a"), change="755")]),
    ("python3 -m venv /venv", [Venv(path="/venv", tool="venv")]),
    ("cd /x && mkdir y", [d("/x/y")]),
    ("test -f a && [ -d b ]", []),
    ("cat a b", []),
    ("env A=b mkdir x", [d("/app/x")]),
    ("node --version", []),
    ("curl -fsSLo x https://h/x", [f("/app/x")]),
    ("wget -qO- https://h/x", []),
    ("useradd -m app", [
        Unknown(paths=("/etc", "/var"), why="useradd writes the account's files", keeps=True), d("/home/app", True),
        Unknown(paths=("/home/app/.bashrc", "/home/app/.profile", "/home/app/.bash_logout", "/home/app/.cache"),
                why="useradd copies /etc/skel there", keeps=True)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FILES, ids=[text for text, _ in FILES])
def test_effects(text: str, expected: list):
    """Each command has just these effects."""
    assert list(effects(text)) == expected


UNKNOWN = [
    ("make", ("/",), False),
    ("./configure", ("/",), False),
    ("$U x", ("/",), False),
    ("rm -rf $U", ("/",), False),
    ("cp --weird a b", ("/app/a", "/app/b"), False),
    ("cp --weird=/x a b", ("/",), False),
    ("rm -rf /src/x-$U y", ("/src", "/app/y"), False),
    ("mkdir -p /a/$U/b", ("/a",), False),
    ("git checkout x", ("/app",), False),
    ("gpg --verify a b", ("/root", "/home", "/tmp"), True),
    ("awk '{ print > \"x\" }' y", ("/",), False),
    ("cd a; rm b", ("/",), False),
    ("tar xzf a.tgz -C /opt", ("/opt",), True),
    ("tar -xf a.tgz", ("/app",), True),
    ("unzip a.zip -d b", ("/app/b",), True),
    ("curl -O https://h/x", ("/app",), True),
    ("wget https://h/x", ("/app",), True),
    ("git clone https://h/x.git", ("/app",), True),
    ("git clone https://h/x.git y", ("/app/y",), True),
    ("find . -name '*.py' -delete", ("/app",), False),
    ("python setup.py build", ("/",), True),
    ("npx prisma generate", ("/",), True),
    ("bash build.sh", ("/",), False),
    ("xargs rm", ("/",), False),
]


def test_a_program_known_to_write_only_data_leaves_no_code():
    """`collectstatic` may write anywhere, and no module; clearing away byte code takes nothing that is needed."""
    assert effects("python manage.py collectstatic --noinput")[-1] == Unknown(
        paths=("/",), why="python writes files", keeps=True, data=True
    )
    assert not effects("python manage.py makemigrations")[-1].data
    assert effects("find . -name '*.pyc' -delete") == ()


@pytest.mark.parametrize(("text", "paths", "keeps"), UNKNOWN)
def test_what_is_not_certain_is_unknown(text: str, paths: tuple[str, ...], keeps: bool):
    """The last effect says where anything may be."""
    last = effects(text)[-1]
    assert isinstance(last, Unknown)
    assert (last.paths, last.keeps) == (paths, keeps)


SYSTEM = ["apt-get update", "apk add --no-cache gcc", "yum install -y x", "apt-get install -y $U"]


@pytest.mark.parametrize("text", SYSTEM)
def test_system_packages_stay_in_their_directories(text: str):
    """Neither /app nor /usr/local is touched, and nothing goes away."""
    [effect] = effects(text)
    assert effect.keeps
    assert not {"/app", "/usr/local", "/usr", "/", "/home", "/root"} & set(effect.paths)


def step(text: str) -> PackageStep:
    [effect] = effects(text)
    assert isinstance(effect, Install)
    return effect.step


def said(text: str) -> dict:
    """What a step says beyond the ordinary."""
    found = step(text)
    plain = PackageStep(tool="", program="", action="", directory="/app", line=1)
    fields = {name: getattr(found, name) for name in PackageStep.__struct_fields__}
    said = {name: value for name, value in fields.items() if value != getattr(plain, name)}
    for name in ("projects", "requirements", "constraints"):
        if name in said:
            said[name] = [one.path for one in said[name]]
    said.pop("flags", None)
    if said["program"] == said["tool"]:
        del said["program"]
    return said


STEPS = [
    ("pip install .", {"tool": "pip", "action": "install", "projects": ["/app"]}),
    ("pip install --no-cache-dir --no-deps -e '.[dev,x]'",
     {"tool": "pip", "action": "install", "projects": ["/app"], "no_deps": True}),
    ("pip3 install --user ./lib flask==3 ../o",
     {"tool": "pip", "program": "pip3", "action": "install", "user": True, "projects": ["/app/lib", "/o"],
      "names": ("flask==3",)}),
    ("pip install -r requirements.txt -c c.txt -rdev.txt",
     {"tool": "pip", "action": "install", "requirements": ["/app/requirements.txt", "/app/dev.txt"],
      "constraints": ["/app/c.txt"]}),
    ("/venv/bin/pip install --prefix=/p --target t x.whl",
     {"tool": "pip", "program": "/venv/bin/pip", "action": "install", "prefix": "/p", "target": "/app/t",
      "projects": ["/app/x.whl"]}),
    ("python3.11 -m pip install 'git+https://h/x' 'a @ file:///b'",
     {"tool": "pip", "program": "python3.11 -m pip", "action": "install", "names": ("git+https://h/x", "a @ file:///b")}),
    ("pip install $U", {"tool": "pip", "action": "install", "unclear": True}),
    ("pip wheel -w /wheels -r r.txt", {"tool": "pip", "action": "wheel", "requirements": ["/app/r.txt"]}),
    ("uv sync --frozen --no-dev", {"tool": "uv", "action": "sync"}),
    ("uv sync --locked --no-install-project", {"tool": "uv", "action": "sync", "project": False}),
    ("uv sync --project sub --extra x", {"tool": "uv", "action": "sync", "directory": "/app/sub"}),
    ("uv pip install --system -r r.txt .",
     {"tool": "uv-pip", "program": "uv", "action": "install", "system": True, "requirements": ["/app/r.txt"],
      "projects": ["/app"]}),
    ("poetry install --no-root --only main", {"tool": "poetry", "action": "install", "project": False}),
    ("poetry install", {"tool": "poetry", "action": "install"}),
    ("poetry -C sub install", {"tool": "poetry", "action": "install", "directory": "/app/sub"}),
    ("pdm install --prod --no-self", {"tool": "pdm", "action": "install", "project": False}),
    ("pipenv install --system --deploy", {"tool": "pipenv", "action": "install", "system": True, "project": False}),
    ("npm ci --omit=dev", {"tool": "npm", "action": "ci"}),
    ("npm --prefix web run build", {"tool": "npm", "action": "run", "script": "build", "directory": "/app/web"}),
    ("npm i express", {"tool": "npm", "action": "install", "names": ("express",)}),
    ("npm start", {"tool": "npm", "action": "start", "script": "start"}),
    ("yarn", {"tool": "yarn", "action": "install"}),
    ("yarn build", {"tool": "yarn", "action": "run", "script": "build"}),
    ("pnpm install --frozen-lockfile", {"tool": "pnpm", "action": "install"}),
    ("pnpm -C web run build", {"tool": "pnpm", "action": "run", "script": "build", "directory": "/app/web"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STEPS, ids=[text for text, _ in STEPS])
def test_package_steps(text: str, expected: dict):
    """What is installed, from where, to where."""
    assert said(text) == expected


def test_projects_keep_extras_and_editable():
    """`-e .[dev]` is an editable project with an extra."""
    [project] = step("pip install -e '.[dev,x]'").projects
    assert (project.editable, project.extras, project.line) == (True, ("dev", "x"), 1)


MODES = [
    ("755", 0o644, False, 0o755),
    ("+x", 0o644, False, 0o755),
    ("u+x", 0o644, False, 0o744),
    ("a-w", 0o666, False, 0o444),
    ("go=", 0o755, False, 0o700),
    ("u=rwx,g=rx,o=", 0o644, False, 0o750),
    ("a+X", 0o644, True, 0o755),
    ("a+X", 0o644, False, 0o644),
    ("+w", 0o444, False, 0o644),
    ("u+s", 0o755, False, None),
    ("+x", None, False, None),
]


@pytest.mark.parametrize(("change", "mode", "folder", "expected"), MODES)
def test_changed_mode(change: str, mode: int | None, folder: bool, expected: int | None):
    """What chmod makes of permission bits."""
    assert changed_mode(change, mode, folder=folder) == expected


def test_what_may_be_written():
    """For a command that may not run: below which paths it could have changed something."""
    [copy] = effects("cp a /d")
    [remove] = effects("rm -r x/*.log")
    [move] = effects("mv a b")
    assert (written(copy), written(remove), written(move)) == (("/d",), ("/app/x",), ("/app/b", "/app/a"))
