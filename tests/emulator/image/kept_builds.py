"""Repositories about which BuildKit was asked once. Each name is the sentence that its build proved."""

from tests.emulator.image.real_builds import Project


def of(*lines: str, **more: object) -> Project:
    return Project(dockerfile="FROM scratch\n" + "\n".join(lines) + "\n", **more)


FILES = {"a": "1", "d/x": "2", "d/e/y": "3", "z.txt": "4"}

KEPT = {
    "a directory's contents are copied, not itself": of("COPY d /to", files=FILES),
    "a file goes into a directory that is there": of("WORKDIR /to", "COPY a /to", files=FILES),
    "a file becomes the destination": of("COPY a /to", files=FILES),
    "a slash at the end makes a directory": of("COPY a /to/", files=FILES),
    "a dot at the end makes a directory": of("COPY a /to/.", files=FILES),
    "several files without a slash": of("COPY a z.txt /to", files=FILES),
    "nothing matches": of("COPY no* /to/", "COPY a /", files=FILES),
    "nothing matches below a missing directory": of("COPY no/* /to/", files=FILES),
    "a pattern in a file": of("COPY a/* /to/", files=FILES),
    "a directory that matches gives its contents": of("COPY d* /to/", files=FILES),
    "nothing matches below a directory, which is then not sent": of("COPY d/no* /to/", files=FILES),
    "a pattern that matches a directory with a link that leads nowhere": of(
        "COPY d* /to/", files=FILES, links={"d/l": "/nope"}
    ),
    "a malformed pattern behind a star": of("COPY x*a[ /to/", files=FILES),
    "a malformed line behind a star": of("COPY a /", files=FILES, dockerignore="x*.[*"),
    "a malformed line": of("COPY a /", files=FILES, dockerignore="b\n![a"),
    "a context below the root": of("COPY a ../a /to/", files=FILES, context="api", beside={"a": "beside"}),
    "names with blanks": of('COPY ["a b", "/to it/"]', files={"a b": "1"}),
    "--link": of("COPY d /to", "COPY --link a /to/", files=FILES),
    "an owner by number": of("COPY --chown=12:13 d /to/", files=FILES),
    "a source that climbs into the context's root and beyond": of("COPY d/../../../a /to/", files=FILES),
    "a missing file": of("COPY a /", "COPY nope /", files=FILES),
    "a path that climbs out begins at the root": of("COPY ../a ../../d/../z.txt /to/", files=FILES),
    "a malformed pattern": of("COPY [a /to/", files=FILES),
    "a link as a source is followed": of("COPY l /to", files=FILES, links={"l": "d/x"}),
    "a link to a directory as a source gives its contents": of("COPY l /to", files=FILES, links={"l": "d"}),
    "a link in a copied directory stays one": of("COPY . /to", files=FILES, links={"d/l": "../a"}),
    "an absolute link in the context stays in it": of("COPY l /to", files=FILES, links={"l": "/d/x"}),
    "a link that matches is followed": of("COPY l* /to/", files=FILES, links={"l1": "a", "l2": "d"}),
    "a link that leads nowhere": of("COPY l /to", files=FILES, links={"l": "nope"}),
    "a link in the middle of a source": of("COPY l/x /to", files=FILES, links={"l": "d"}),
    "a pattern behind a link": of("COPY l/* /to/", files=FILES, links={"l": "d"}),
    "a link whose target Docker ignores": of("COPY l /to", files=FILES, links={"l": "d/x"}, dockerignore="d"),
    "a file over a directory": of("COPY d/e /a", "COPY a /", files=FILES),
    "a directory over a file": of("COPY a /to", "COPY d /to", files=FILES),
    "through a file": of("COPY a /to", "COPY z.txt /to/in", files=FILES),
    "a link at the destination is followed": of("COPY . /", "COPY a /l", files=FILES, links={"l": "q/r"}),
    "a link in the destination's directory is followed": of("COPY . /", "COPY a /l/new", files=FILES, links={"l": "d"}),
    "a link in a directory is replaced by a file of its name": of(
        "COPY . /in/", "COPY s/l /in/", files={**FILES, "s/l": "5"}, links={"l": "d"}
    ),
    "a directory over a link to one": of("COPY . /", "COPY s /", files={**FILES, "s/l/x": "5"}, links={"l": "d"}),
    "a mode for everything": of("COPY --chmod=0700 d /to", files=FILES),
    "a directory keeps the mode it has": of("WORKDIR /to", "COPY --chmod=0700 d /to", files=FILES),
    "an executable file": of("COPY a /", files=FILES, executable=("a",)),
    "here-documents": of("COPY <<x <<'y' /to/", "a $PATH", "x", "b $PATH", "y"),
    "a here-document as the file": of("COPY <<x /to", "a", "x"),
    "ADD of no archive": of("ADD a d /to/", files=FILES),
    "WORKDIR through a file": of("COPY a /to", "WORKDIR /to/in", files=FILES),
    "WORKDIR through a link": of("COPY . /", "WORKDIR /l/new", files=FILES, links={"l": "d"}),
    "a pattern that a directory did not need any more does not count below it": of(
        "COPY . /", files=FILES, dockerignore="d\n!d/x\n*"
    ),
    "an ignored directory whose exception comes back": of(
        "COPY . /", files=FILES, dockerignore="d\n!d/e/y\nDockerfile\n.dockerignore"
    ),
    "a directory of which every file is ignored stays": of("COPY d /to", files=FILES, dockerignore="d/x\nd/e/*"),
    "a directory of which git ignores every file does not stay": of("COPY d /to", files=FILES, gitignore="x\ny"),
    "from another stage": Project(
        dockerfile="FROM scratch AS one\nCOPY d /from\nFROM scratch\nCOPY --from=one /from/e from/x /to/\n", files=FILES
    ),
    "from another stage by its number": Project(
        dockerfile="FROM scratch\nCOPY d /from\nFROM scratch\nCOPY --from=0 /nope /to/\n", files=FILES
    ),
    "a stage that is not reached is not looked at": Project(
        dockerfile="FROM scratch AS one\nCOPY nope /\nFROM scratch\nCOPY a /\n", files=FILES
    ),
}
