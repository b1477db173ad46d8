"""Rules about the build: what the image worked out says will fail in it (emulator/image/findings)."""

from emulator.model.diagnostic import Severity

from .rule import CheckRule, Sample

_FROM = "FROM python:3.13-slim\nWORKDIR /app\n"
_CMD = 'CMD ["python", "app.py"]\n'
_APP = {"app.py": "print('hello')\n"}


def _dockerfile(line: str) -> dict[str, str]:
    return {**_APP, "Dockerfile": f"{_FROM}{line}\n{_CMD}"}


MISSING = CheckRule(
    code="build/copy-source-missing",
    severity=Severity.ERROR,
    statement="A COPY or ADD names a path that the builder does not get.",
    why="The build ends at that line. A clean clone is built: what is not in the repository is not there.",
    wrong=Sample(files=_dockerfile("COPY ap.py ."), file="Dockerfile", line=3),
    right=Sample(files=_dockerfile("COPY app.py .")),
)
IGNORED_BY_GIT = CheckRule(
    code="build/copy-source-ignored-by-git",
    severity=Severity.ERROR,
    statement="A COPY or ADD names a path that git ignores.",
    why=(
        "It may lie on your disk, where `docker build` finds it; the platform builds what git has. Output of a build "
        "belongs into a stage of the Dockerfile."
    ),
    wrong=Sample(
        files=_dockerfile("COPY dist ./dist") | {"dist/index.html": "hello\n"}, ignored=("dist",), file="Dockerfile",
        line=3,
    ),
    right=Sample(files=_dockerfile("COPY dist app.py ./") | {"dist/index.html": "hello\n"}),
)  # fmt: skip
IGNORED = CheckRule(
    code="build/copy-source-ignored",
    severity=Severity.ERROR,
    statement="A COPY or ADD names a path that the ignore file keeps from the builder.",
    why="The build ends at that line, as if the path did not exist.",
    wrong=Sample(files=_dockerfile("COPY app.py .") | {".dockerignore": "*.py\n"}, file="Dockerfile", line=3),
    right=Sample(files=_dockerfile("COPY app.py .") | {".dockerignore": "*.py\n!app.py\n"}),
)
NOT_UPLOADED = CheckRule(
    code="build/copy-source-not-uploaded",
    severity=Severity.ERROR,
    statement="A COPY or ADD names a path that the deploy command does not upload.",
    why="The build runs on what was uploaded, and ends at that line. It may lie on your disk, or in git.",
    needs_platform_file=True,
)
OUTSIDE = CheckRule(
    code="build/copy-source-outside-context",
    severity=Severity.ERROR,
    statement="A COPY or ADD names a path that lies above the build context.",
    why="A builder gets nothing from above its context: `..` stays at the context's own root.",
    needs_platform_file=True,
)
A_FILE = CheckRule(
    code="build/path-is-a-file",
    severity=Severity.ERROR,
    statement="An instruction needs a directory where a file is.",
    why="The build ends at that line.",
    wrong=Sample(files=_dockerfile("COPY app.py ./api\nCOPY app.py ./api/main.py"), file="Dockerfile", line=4),
    right=Sample(files=_dockerfile("COPY app.py ./\nCOPY app.py ./api/main.py")),
)
BAD_PATTERN = CheckRule(
    code="build/bad-copy-pattern",
    severity=Severity.ERROR,
    statement="A source of COPY or ADD is a pattern that cannot be read.",
    why="The build ends at that line.",
    wrong=Sample(files=_dockerfile("COPY [a-*.py ."), file="Dockerfile", line=3),
    right=Sample(files=_dockerfile("COPY a*.py .")),
)
BAD_IGNORE_FILE = CheckRule(
    code="build/bad-ignore-file",
    severity=Severity.ERROR,
    statement="A line of the ignore file cannot be read.",
    why="Docker refuses to build with it at all.",
    wrong=Sample(files=_dockerfile("COPY app.py .") | {".dockerignore": "[a\n"}, file=".dockerignore", line=1),
    right=Sample(files=_dockerfile("COPY app.py .") | {".dockerignore": "b*\n"}),
)
URL = CheckRule(
    code="build/copy-of-url",
    severity=Severity.ERROR,
    statement="COPY fetches nothing: a URL is no source of it.",
    why="The build ends at that line; ADD fetches.",
    wrong=Sample(files=_dockerfile("COPY https://example.org/a.tar.gz ."), file="Dockerfile", line=3),
    right=Sample(files=_dockerfile("ADD https://example.org/a.tar.gz .")),
)

RULES = (MISSING, IGNORED_BY_GIT, IGNORED, NOT_UPLOADED, OUTSIDE, A_FILE, BAD_PATTERN, BAD_IGNORE_FILE, URL)
