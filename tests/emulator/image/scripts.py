"""Shell scripts that make, copy, move, link and remove files in /w, as a strategy."""

from hypothesis import strategies as st

FILES = {"a/x.py": "x", "a/y.txt": "y", "b/a/z": "z", "c": "c", "d.py": "d", ".h": "h"}
LINKS = {"l": "a", "m": "c", "n": "nowhere"}
EXECUTABLE = ("a/x.py",)

PATHS = st.sampled_from(
    ["a", "b", "c", "d.py", "a/x.py", "b/a", "l", "m", "n", "new", "new/in", "/w/e", "b/new", "l/x.py", "../w/c",
     "./a/", "new/", "a/", "q", ".h", "$D", "$D/x", "${E:-a}", "'c'", "a/..", "b/a/z"]
)  # fmt: skip
WILD = st.sampled_from(["*.py", "a/*", "*", "b/*", "?", "[ac]", "a/*.txt", "no*", ".*h", "l/*", "*/x.py", "../w/c/*"])
MODES = st.sampled_from(["755", "600", "+x", "u+w,go-r", "a=r", "0711", "u=rwX,go=rX", "-x", "g+s", "1777", "a-r"])

COMMANDS = (
    "mkdir {a}", "mkdir -p {a} {b}", "mkdir -m 700 {a}", "mkdir -m u=rwx,go= {a}", "mkdir -pm 711 {a}/k/j",
    "mkdir -p x/{{p,q}}", "umask 077; mkdir {a}", "touch {a}", "touch {a} {b}", "touch 'a b' \"$D c\"", "touch ~/z {a}",
    "touch {a} 2>/dev/null", "cp {s} {b}", "cp -r {s} {b}", "cp -a {a} {b}/", "cp -T {a} {b}", "cp -rT {a} {b}",
    "cp -r -t {b} {a} {s}", "cp {a} {s} {b}", "cp -p {a} {b}", "cp -rL {a} {b}", "cp -n {a} {b}", "cp -rf {a}/. {b}",
    "mv {s} {b}", "mv -T {a} {b}", "mv -f {a} {s} {b}", "mv -t {b} {s}", "mv -n {a} {b}", "rm {s}", "rm -f {s} {a}",
    "rm -rf {s}", "rm -r {a}", "rm -rf ./* {b}", "rm -rf b/.??*", "rm {a} > {b} 2>&1", "rmdir {a}", "rmdir -p {a}",
    "ln -s {a} {b}", "ln -sf {a} {b}", "ln {a} {b}", "ln -sfn {a} {b}", "ln -s {a}", "ln -f {a} {b}", "ln -sT {a} {b}",
    "ln -sr {a} {b}", "chmod {m} {s}", "chmod -R {m} {a}", "chown root {a}", "install -d {a}", "install -m 640 {a} {b}",
    "install -D {a} {b}/k/f", "install -d -m 700 {a} {b}", "install {a} {s} {b}", "echo hi > {a}", "echo hi >> {a}",
    "cat {a} > {b}", "cat {a} {b} >> {a}", ": > {a}", "printf '%s\\n' a b > {a}", "> {a}", "cat <<X > {a}\nhi $D\nX\n",
    "tee {a} <<'X'\nhi $D\nX\n", "echo a | tee {a}", "echo a | tee -a {a} > {b}", "cd {a}", "cd {a} && touch in",
    "(cd {a}; touch sub)", "cd -P {a} && rm x.py", "cd; cd -; touch k", "sed -i s/x/y/ {s}", "sed -i -e s/x/y/ {a}",
    "sed s/a/b/ {a} > {b}", "D={a}", "export E={a}", "D={a} touch $D/x", "[ -e {a} ]", "test -d {a}", "true", "false",
    "X=$(echo {a})-x; touch $X", "X=`ls`; touch k", "find {a} -name '*.py' -delete", "exit 0", "exit 1", "exit",
    "find {a} -type f -exec chmod 600 {{}} +", "find . -name x.py | xargs rm", "tar cf - {a} | tar xf - -C {b}",
    "ls {s} > {b}", "head -1 {a} > {b}", "truncate -s 0 {a}", "unlink {a}", "mktemp -d /w/tmpXXXX", "set -e", "set +e",
    "for i in {s} {b}; do touch $i.k; done", "for i in 1 2; do mkdir -p {a}/$i; done", "! rm {a}", "exec touch {a}",
    "while [ -e {a} ]; do rm -rf {a} || break; done", "case {a} in a*) touch {b};; *) rm {b};; esac", "command rm {a}",
    "eval 'touch {a}'", "sh -c 'touch {a}; exit 1'", "sh -ec 'rm {a}; touch {b}'", "f() {{ touch $1; }}; f {a}",
    "env A=1 touch {a}", "touch {a} &\nwait", "python -c 'open(\"/w/py\", \"w\")'",
)  # fmt: skip


@st.composite
def commands(draw: st.DrawFn) -> str:
    some = draw(st.one_of(PATHS, PATHS, WILD))
    return draw(st.sampled_from(COMMANDS)).format(a=draw(PATHS), b=draw(PATHS), s=some, m=draw(MODES))


@st.composite
def scripts(draw: st.DrawFn, depth: int = 0) -> str:
    """Commands one after another, some in groups, of which what fails may or may not end the script."""
    text = draw(commands())
    for _ in range(draw(st.integers(0, 5))):
        nested = depth < 2 and draw(st.integers(0, 5)) == 0
        following = f"({draw(scripts(depth + 1))}\n)" if nested else draw(commands())
        between = draw(st.sampled_from([" && ", " && ", "; ", "; ", " || ", "\n"]))
        text += ("\n" if text.endswith("\n") else between) + following
    if depth:
        return text
    shape = draw(st.integers(0, 7))
    if shape == 0:
        return f"D=v; set -e; {text}"
    if shape == 1:
        return f"D=v; if [ -e {draw(PATHS)} ]; then {text}\nelse {draw(commands())}\nfi; true"
    if shape == 2:
        return f"D=v; {{ {text}\n}} || true; {draw(commands())}"
    return f"D=v; {text}" if shape == 3 else f"D=v; {text}\ntrue"
