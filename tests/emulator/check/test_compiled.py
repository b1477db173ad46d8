"""Python distributions that are compiled when they are installed, on an image without a compiler."""

import pytest

from tests.emulator.check.checking import check_files


def _found(*lines: str, requirements: str = "flask\npsycopg2==2.9.9\n", base: str = "python:3.13-slim") -> list[str]:
    text = "\n".join((f"FROM {base}", "WORKDIR /app", "COPY . .", *lines, 'CMD ["python", "app.py"]', ""))
    plan = check_files({"app.py": "", "requirements.txt": requirements, "Dockerfile": text})
    return [f"{d.origin.line}: {d.help}" for d in plan.diagnostics if d.code == "build/compiler-missing" and d.origin]


ALL = "RUN pip install -r requirements.txt"


def test_a_distribution_without_wheels_is_told():
    """Also on Alpine, and named on the command line; what else to do, where there is something."""
    told = ["4: require psycopg2-binary, which is compiled already"]
    assert _found(ALL) == told
    assert _found("RUN pip install psycopg2", base="python:3.13-alpine") == told
    assert _found(ALL, requirements="mysqlclient\n") == [
        "4: install what it needs before: apt-get install -y gcc pkg-config default-libmysqlclient-dev"
    ]
    assert _found("RUN apt-get update", ALL) == ["5: require psycopg2-binary, which is compiled already"]


@pytest.mark.parametrize(
    ("lines", "requirements", "base"),
    [
        ([ALL], "psycopg2-binary\n", "python:3.13-slim"), ([ALL], "psycopg2\n", "python:3.13"),
        (["RUN apt-get update && apt-get install -y libpq-dev gcc", ALL], "psycopg2\n", "python:3.13-slim"),
        (["RUN apt-get update && apt-get install -y build-essential && pip install -r requirements.txt"], "psycopg2\n",
         "python:3.13-slim"),
        (["RUN ./setup.sh", ALL], "psycopg2\n", "python:3.13-slim"),
        (["COPY --from=other /usr /usr", ALL], "psycopg2\n", "python:3.13-slim"),
        (["RUN pip install --extra-index-url https://example.org -r requirements.txt"], "psycopg2\n",
         "python:3.13-slim"),
        ([ALL], "psycopg2 ; sys_platform == 'win32'\n", "python:3.13-slim"), ([ALL], "psycopg2\n", "acme/python:slim"),
        (["ENV PIP_INDEX_URL=https://example.org", ALL], "psycopg2\n", "python:3.13-slim"),
    ],
)  # fmt: skip
def test_where_it_may_be_compiled_or_need_not_be(lines: list[str], requirements: str, base: str):
    """A compiler may come from any system package, script or image; another index may have wheels."""
    assert _found(*lines, requirements=requirements, base=base) == []
