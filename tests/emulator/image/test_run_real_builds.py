"""RUN steps worked out against what the shell of a real build really does: kept scripts, and generated ones.

EMU_BUILDS=1000 builds so many generated ones instead of the few of a usual run, each time others.
"""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.emulator.image.real_builds import Project, differences

pytestmark = pytest.mark.docker

MORE = int(os.environ.get("EMU_BUILDS", "0"))
GENERATED = settings(
    max_examples=MORE or 12,
    derandomize=not MORE,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
FILES = {"a/x.py": "x", "a/y.txt": "y", "b/a/z": "z", "c": "c", "d.py": "d"}
LINKS = {"l": "a", "m": "c", "n": "nowhere"}

KEPT = {
    "copies": "cp c e && cp -r a f && cp -r a b && cp -r a/. g && cp c d.py b/",
    "moves": "mv c e; mv a b; mv b/a h; mv d.py e",
    "removals": "rm c; rm -r a; rm -f nope; rm -rf b/*; rm *.py",
    "links": "ln -s a k; ln -sf c d.py; ln -s /w/a/x.py b/q; ln -s x l",
    "through links": "touch l/new; cp c l; echo 1 > m; echo 2 > n; rm l",
    "over links": "mv -T c l; mv d.py m; ln -s m o; sed -i s/d/e/ o",
    "perhaps a link": "(ln -sf a c && mkdir a && mkdir a); rm d.py; ln -s a c",
    "modes": "chmod 600 c; chmod -R 700 a; chmod +x d.py; chmod u=rwx,go= b",
    "directories": "mkdir -p x/y/z && mkdir -m 711 q && cd x && touch t && cd y && touch u && cd /w && mkdir v",
    "conditions": "if [ -e c ]; then rm c; else touch no; fi; [ -d nope ] && touch no2; [ -f d.py ] || touch no3",
    "subshells": "(cd a && rm x.py); touch here; (exit 1) || touch there; { cd b; touch in; }; touch in2",
    "output": "echo hello > o; echo -n more >> o; printf 'a\\nb\\n' > p; cat <<E > q\nin it\nE\n",
    "wildcards": "mkdir t && cp *.py t/ && mv a/*.txt t && rm -r b/* && ls * > names",
    "set -e": "set -e; touch a1; mkdir -p s; cd s; touch s1; cd ..; rm -r a",
    "variables": "D=t; mkdir $D && cp c ${D}/e; X= ; touch z$X; E=$D/f; touch $E",
}


def project(script: str, *, heredoc: bool = False) -> Project:
    """A stage that runs the script in a copy of the files, and an image that holds what it left."""
    run = f"RUN <<SCRIPT\n{script}\nSCRIPT" if heredoc else f"RUN {script}"
    lines = ["FROM python:3.11-slim AS s0", "WORKDIR /w", "COPY . .", run, "FROM scratch", "COPY --from=s0 /w /w"]
    return Project(
        dockerfile="\n".join(lines) + "\n", files=FILES, links=LINKS, executable=("a/x.py",),
        dockerignore="Dockerfile\n.dockerignore\n",
    )  # fmt: skip


@pytest.mark.parametrize("script", KEPT.values(), ids=KEPT)
def test_kept_scripts(script: str, tmp_path: Path):
    """What is claimed of each path is so, and nothing is there that was said not to be."""
    found, compared = differences(project(script, heredoc="\n" in script).write(tmp_path))
    assert found == []
    assert compared > 3 or script == KEPT["perhaps a link"]


PATHS = st.sampled_from(
    ["a", "b", "c", "d.py", "a/x.py", "b/a", "l", "m", "n", "new", "new/in", "/w/e", "b/new", "l/x.py"]
)
WILD = st.sampled_from(["*.py", "a/*", "*", "b/*", "?"])
MODES = st.sampled_from(["755", "600", "+x", "u+w,go-r", "a=r"])


@st.composite
def commands(draw: st.DrawFn) -> str:
    one, two = draw(PATHS), draw(PATHS)
    some = draw(st.one_of(PATHS, PATHS, WILD))
    return draw(
        st.sampled_from(
            [
                f"mkdir {one}", f"mkdir -p {one}", f"touch {one}", f"cp {some} {two}", f"cp -r {some} {two}",
                f"mv {some} {two}", f"rm -rf {some}", f"rm {one}", f"ln -s {one} {two}", f"ln -sf {one} {two}",
                f"chmod {draw(MODES)} {some}", f"chmod -R {draw(MODES)} {one}", f"echo hi > {one}", f"echo hi >> {one}",
                f"cd {one}", f"cp -r {one}/. {two}", f"mv -T {one} {two}", f"cp -a {one} {two}/", f"rmdir {one}",
                f"cat {one} > {two}", f"sed -i s/x/y/ {one}",
            ]
        )
    )  # fmt: skip


@st.composite
def scripts(draw: st.DrawFn) -> str:
    parts = [draw(commands())]
    for _ in range(draw(st.integers(0, 5))):
        parts += [draw(st.sampled_from([" && ", "; ", "; ", " || ", " ; ", "\n"])), draw(commands())]
    text = "".join(parts)
    shape = draw(st.integers(0, 5))
    if shape == 0:
        return f"set -e; {text}"
    if shape == 1:
        return f"({text}); {draw(commands())}"
    if shape == 2:
        return f"if [ -e {draw(PATHS)} ]; then {text}; else {draw(commands())}; fi; true"
    return f"{text}; true"


@given(script=scripts())
@GENERATED
def test_generated_scripts(script: str):
    """As for the kept ones; a script that fails ends its build, and says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        found, compared = differences(project(script, heredoc="\n" in script).write(Path(folder)))
    note(f"{compared} paths compared")
    found = [one for one in found if "the build fails and we do not say so" not in one]
    assert found == [], script
