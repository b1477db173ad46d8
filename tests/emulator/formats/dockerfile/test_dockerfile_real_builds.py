"""The worked-out configuration against images that Docker really built from the same text."""

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from emulator.formats.dockerfile import (
    EMPTY_IMAGE,
    CommandLine,
    ImageConfig,
    Setting,
    argv_of,
    image_config,
    parse_dockerfile,
)
from emulator.model.record import replace

pytestmark = pytest.mark.docker

PYTHON = "python:3.11-slim"
BUILD_ARGS = {"GIVEN": "given value", "TARGETARCH": "arm64"}

_TEXTS = [
    "v",
    "$A",
    "${B}",
    '"$A x"',
    "'$A'",
    "${A:-d}",
    "${NONE:-$B}",
    "${A:+s}",
    "x\\ y",
    "${GIVEN}",
    "$PATH:/x",
    "é",
]
_COMMANDS = [
    '["a", "b c"]',
    "[]",
    "run  $A \\\n   on",
    "exec \"x y\" 'z'",
    "['a']",
    '["\\u0041\\n"]',
    "[ -f x ] && y",
    "",
    '[ "a" ]',
]
_PATHS = ["/a", "b", "../c", "/x/../y/", "./d/", "$A", "/p/${B:-q}", '"s t"', "/"]
_PORTS = ["80", "443/tcp 53/UDP", "1-3", "${P:-9}", "$NONE", "7:8", "8000-8001/sctp 80"]

CASES = {
    "ENV A=1\nARG A=2\nENV B=$A": "an ARG below an ENV is what later lines see",
    "WORKDIR /a/../b/": "an absolute WORKDIR is kept as written",
    "WORKDIR /a/../b/\nWORKDIR c/": "a relative one cleans the path",
    'WORKDIR ""': "an empty WORKDIR is /",
    "EXPOSE 80${X:-80} 1-3/udp 127.0.0.1:7:9": "a default inside a word",
    'CMD x\nENTRYPOINT []\nSTOPSIGNAL 9\nUSER "a b"': "an empty ENTRYPOINT keeps the CMD above",
    "CMD\nENTRYPOINT": "no argument is an empty shell command",
    'SHELL ["x","-y"]\nCMD a  b\\\n  c\nENTRYPOINT': "SHELL is in front of both",
    "LABEL a b c\nLABEL x=1 y='2 3'": "the old form of LABEL takes the rest of the line",
    'ENV $A=1 "B C"=2': "a name is substituted as well",
    'HEALTHCHECK --interval=1m30s --start-interval=2s --retries=4 CMD ["a","b"]': "all parts of a health check",
    "HEALTHCHECK --unknown=1 NONE": "flags of NONE are not looked at",
    'ONBUILD CMD ["y"]\nONBUILD ENV Z=1': "ONBUILD is kept as text",
    "ENV P=a:b:c\nENV Q=${P#*:} R=${P##*:} S=${P%:*} T=${P%%:*} U=${P/b/x}": "patterns",
    'ENV A=1 \\\n# note\n  B=2\nCMD ["a", \\\n "b"]': "continuations and comments",
    'VOLUME a b ["c"]\nVOLUME ["x y"]': "VOLUME reads JSON only when all of it is",
}  # fmt: skip
"""Each was a question once; the engine answered it."""


def docker(*arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tag() -> Iterator[str]:
    name = f"emu-test-dockerfile-{uuid4().hex[:12]}"
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=False)


def built(text: str, tag: str, folder: Path, target: str | None = None) -> dict:
    """What Docker says of the image, its old-style `Config`."""
    (folder / "Dockerfile").write_text(text)
    args = [f"--build-arg={name}={value}" for name, value in BUILD_ARGS.items()]
    args += [f"--target={target}"] if target else []
    docker("buildx", "build", "--quiet", "--load", "--tag", tag, *args, str(folder))
    return json.loads(docker("image", "inspect", tag))[0]["Config"]


def process_of(tag: str) -> tuple[str, ...]:
    """The argv of a container's first process, () when Docker finds none to run."""
    done = subprocess.run(["docker", "create", "--network=none", tag], capture_output=True, text=True, check=False)
    if done.returncode and "no command specified" in done.stderr:
        return ()
    assert done.returncode == 0, done.stderr
    try:
        container = json.loads(docker("container", "inspect", done.stdout.strip()))[0]
    finally:
        docker("container", "rm", done.stdout.strip())
    return (container["Path"], *container["Args"])


def known_python() -> ImageConfig:
    config = json.loads(docker("image", "inspect", PYTHON))[0]["Config"]
    pairs = (entry.partition("=") for entry in config["Env"])
    return ImageConfig(
        cmd=CommandLine(form="exec", text="", argv=tuple(config["Cmd"])),
        env=tuple(Setting(name=name, value=value) for name, _, value in pairs),
        labels=tuple(Setting(name=k, value=v) for k, v in (config.get("Labels") or {}).items()),
        workdir=config.get("WorkingDir") or "",
    )


def predicted(config: ImageConfig) -> dict:
    """Our answer in the shape of Docker's."""
    check = config.healthcheck
    return {
        "Entrypoint": list(config.entrypoint.argv) if config.entrypoint else [],
        "Cmd": list(config.cmd.argv) if config.cmd else [],
        "Env": [f"{setting.name}={setting.value}" for setting in config.env],
        "WorkingDir": config.workdir,
        "User": config.user,
        "ExposedPorts": sorted(port.name for port in config.exposed),
        "StopSignal": config.stopsignal or "",
        "Volumes": sorted(volume.name for volume in config.volumes),
        "Labels": {setting.name: setting.value for setting in config.labels},
        "OnBuild": list(config.onbuild),
        "Healthcheck": {
            key: value
            for key, value in {
                "Test": list(check.test),
                "Interval": round(check.interval_s * 1e9),
                "Timeout": round(check.timeout_s * 1e9),
                "StartPeriod": round(check.start_period_s * 1e9),
                "StartInterval": round(check.start_interval_s * 1e9),
                "Retries": check.retries,
            }.items()
            if value
        }
        if check
        else {},
    }


def actual(config: dict) -> dict:
    listed = {name: config.get(name) or [] for name in ("Entrypoint", "Cmd", "Env", "OnBuild")}
    texts = {name: config.get(name) or "" for name in ("WorkingDir", "User", "StopSignal")}
    keyed = {name: sorted(config.get(name) or {}) for name in ("ExposedPorts", "Volumes")}
    return {
        **listed,
        **texts,
        **keyed,
        "Labels": config.get("Labels") or {},
        "Healthcheck": config.get("Healthcheck") or {},
    }


def agree(text: str, tag: str, folder: Path, target: str | None = None) -> None:
    dockerfile = parse_dockerfile(text, "Dockerfile")
    bases = {PYTHON: known_python()} if PYTHON in text else {}
    config = image_config(dockerfile, build_args=BUILD_ARGS, target=target, base_config=bases.get)
    assert config.diagnostics == ()
    image = built(text, tag, folder, target)
    assert predicted(config) == actual(image)
    if "SHELL" in text:
        assert list(config.shell) == (image.get("Shell") or ["/bin/sh", "-c"])
    assert argv_of(config) == process_of(tag)


@pytest.mark.parametrize("body", CASES, ids=CASES.values())
def test_kept_cases(body: str, tag: str, tmp_path: Path):
    """What Docker was once seen to do, it still does, and so do we."""
    agree(f"FROM scratch\n{body}\n", tag, tmp_path)


@pytest.mark.parametrize("seed", range(24))
def test_generated_dockerfiles(seed: int, tag: str, tmp_path: Path):
    """Stages, arguments and every instruction that shapes the configuration, mixed."""
    chosen = random.Random(seed)
    agree(_generated(chosen), tag, tmp_path, target=chosen.choice([None, None, "s0"]))


def test_image_without_path_gets_one(tag: str, tmp_path: Path):
    """PATH is always set, even from nothing."""
    assert built("FROM scratch\nUSER a\n", tag, tmp_path)["Env"] == [f"PATH={EMPTY_IMAGE.env[0].value}"]
    assert replace(EMPTY_IMAGE, user="").workdir == "/"


def _generated(chosen: random.Random) -> str:
    lines = ["ARG GIVEN", "ARG TAG=3.11-slim", "ARG P"]
    for stage in range(chosen.randint(1, 3)):
        bases = ["scratch", "scratch", "python:$TAG"] + [f"s{earlier}" for earlier in range(stage)]
        # PYTHON in full lets the reader of the text know that it is used.
        base = chosen.choice(bases).replace("python:$TAG", PYTHON)
        lines.append(f"FROM {base} AS s{stage}")
        lines += [_line(chosen, stage) for _ in range(chosen.randint(2, 9))]
    return "\n".join(lines) + "\n"


def _line(chosen: random.Random, stage: int) -> str:
    text = chosen.choice(_TEXTS)
    lines = [
        f"ENV {chosen.choice('AB')}={text}",
        f"ENV {chosen.choice('AB')} {text} and",
        f"ENV A={text} B=$A C=${{C}}:{text}",
        f"ARG {chosen.choice('ABP')}={text}",
        "ARG GIVEN",
        "ARG TARGETARCH TARGETOS",
        f"LABEL l={text} m=$TARGETARCH$TARGETOS",
        f"CMD {chosen.choice(_COMMANDS)}",
        f"CMD {chosen.choice(_COMMANDS)}",
        f"ENTRYPOINT {chosen.choice(_COMMANDS)}",
        f"WORKDIR {chosen.choice(_PATHS)}",
        f"EXPOSE {chosen.choice(_PORTS)}",
        # WORKDIR makes its folder as this user, so a name that the image lacks would fail the build.
        f"USER {chosen.choice(['12', '${NONE:-7:8}', '${A:+0}'])}",
        f"STOPSIGNAL {chosen.choice(['SIGINT', 'quit', '12', '${S:-TERM}'])}",
        f"HEALTHCHECK --interval={stage + 1}s CMD {text}",
        'SHELL ["/bin/sh", "-ec"]',
        f"ONBUILD ENV O{stage}={text}",
        f"ONBUILD CMD {chosen.choice(_COMMANDS[:4])}",
        f"VOLUME /v/{stage} $A/w",
    ]
    return chosen.choice(lines)
