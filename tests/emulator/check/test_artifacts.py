"""What maven and cargo leave, asked for by a later stage under the right name or another."""

import pytest

from tests.emulator.check.checking import check_files

POM = "<project xmlns='http://maven.apache.org/POM/4.0.0'>%s<artifactId>internship-portal</artifactId>%s</project>\n"
VERSION = "<version>0.0.1-SNAPSHOT</version>"
PARENT = "<parent><artifactId>spring</artifactId><version>3.4.1</version></parent>"
PLAIN = POM % ("", VERSION)
CARGO = '[package]\nname = "shop-api"\nversion = "1.0.0"\n'


def found(text: str, files: dict[str, str]) -> list[tuple[int, tuple[str, ...]]]:
    plan = check_files({**files, "Dockerfile": text})
    told = [one for one in plan.diagnostics if one.code == "build/artifact-not-built"]
    return [(one.origin.line, one.facts) for one in told if one.origin]


def java(jar: str, *, run: str = "RUN mvn clean package -DskipTests") -> str:
    build = f"FROM maven:3.9 AS Build\nWORKDIR /app\nCOPY . .\n{run}\n"
    return f"{build}FROM eclipse-temurin:17\nCOPY --from=build {jar} a\n"


def rust(path: str, *, run: str = "RUN cargo build --release") -> str:
    return f"FROM rust:1 AS b\nWORKDIR /src\nCOPY . .\n{run}\nFROM debian:12-slim\nCOPY --from=b {path} /a\n"


def test_maven_names_the_archive_after_the_pom():
    """At the COPY, with the name it has."""
    fact = "it makes /app/target/internship-portal-0.0.1-SNAPSHOT.jar"
    assert found(java("/app/target/portal-0.0.1-SNAPSHOT.jar"), {"pom.xml": PLAIN}) == [(6, (fact,))]
    later = POM % (PARENT, "<build><finalName>${project.artifactId}</finalName></build>")
    assert found(java("/app/target/portal.jar"), {"pom.xml": later}) == [
        (6, ("it makes /app/target/internship-portal.jar",))
    ]


@pytest.mark.parametrize(
    ("jar", "pom"),
    [
        ("/app/target/internship-portal-0.0.1-SNAPSHOT.jar", PLAIN), ("/app/target/*.jar", PLAIN),
        ("/app/target/internship-portal-0.0.1-SNAPSHOT-exec.jar", PLAIN), ("/app/target/x.jar", "not xml"),
        ("/app/target/internship-portal-3.4.1.jar", POM % (PARENT, "")), ("/app/web/target/x.jar", PLAIN),
        ("/app/target/x.jar", POM % ("", "<version>${revision}</version>")),
        ("/app/target/x.jar", POM % ("", VERSION + "<plugin><finalName>x</finalName></plugin>")),
        ("/app/target/x.jar", POM % ("", VERSION + "<modules><module>web</module></modules>")),
    ],
)  # fmt: skip
def test_maven_names_that_are_right_or_not_certain(jar: str, pom: str):
    """Classifiers, patterns, plugins with names of their own, properties, modules."""
    assert found(java(jar), {"pom.xml": pom}) == []
    moved = java("/app/target/x.jar", run="RUN mvn package && mv target/*.jar target/x.jar")
    assert found(moved, {"pom.xml": pom}) == []
    assert found(java("/app/target/x.jar", run="RUN ./make.sh"), {"pom.xml": pom, "make.sh": ""}) == []


@pytest.mark.parametrize(
    ("path", "run", "fact"),
    [
        ("/src/target/release/shop", "RUN cargo build --release", "it makes /src/target/release/shop-api"),
        ("/src/target/release/shop_api", "RUN cargo build -r", "it makes /src/target/release/shop-api"),
        ("/src/target/release/shop-api", "RUN cargo build", "it makes /src/target/debug/shop-api"),
    ],
)
def test_cargo_names_the_program_after_the_package(path: str, run: str, fact: str):
    """A dash stays a dash, and the folder is that of the profile."""
    assert found(rust(path, run=run), {"Cargo.toml": CARGO, "src/main.rs": ""}) == [(6, (fact,))]


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("/src/target/release/shop-api", {"Cargo.toml": CARGO}), ("/src/target/release/*", {"Cargo.toml": CARGO}),
        ("/src/target/release/other", {"Cargo.toml": CARGO + '[[bin]]\nname = "other"\n'}),
        ("/src/target/release/tool", {"Cargo.toml": CARGO, "src/bin/tool.rs": ""}),
        ("/src/target/release/x", {"Cargo.toml": CARGO + '[workspace]\nmembers = ["a"]\n'}),
        ("/src/target/release/x", {"Cargo.toml": "[package"}), ("/src/target/release/x", {"a": ""}),
    ],
)
def test_cargo_names_that_are_right_or_not_certain(path: str, files: dict[str, str]):
    """Programs of their own, workspaces, patterns, and what is copied there."""
    assert found(rust(path), files) == []
    copies = "RUN cargo build --release && cp target/release/shop-api target/release/x"
    assert found(rust(path, run=copies), files) == []
