"""Shell text → tree, by the POSIX grammar (Shell Command Language, XCU 2.3 and 2.10) and the little of bash
that scripts of images use. One pass; nesting is limited, so any text is answered in time proportional to it.
"""

import re
from typing import Literal, cast

from emulator.model.record import Record

from .nodes import (
    AndOr,
    Choice,
    Definition,
    Group,
    Item,
    Loop,
    Node,
    Part,
    Pipeline,
    RawRedirection,
    RawWord,
    Read,
    Sequence,
    Simple,
)
from .quotes import NotUnderstood, Reader

_RESERVED = {"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!"}
_BASH_ONLY = {"select", "coproc", "time"}
_CLOSERS = {"then", "else", "elif", "fi", "do", "done", "esac", "}"}
_OPERATOR = re.compile(r"&&|\|\||;;&?|;&|&>>?|\|&|[;&|()\n]")
_REDIRECTION = re.compile(r"(\d{0,9})(<<<|<<-?|<&|<>|>>|>&|>\||<|>)")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)(\+?)=")
_NAME = r"[A-Za-z_][A-Za-z_0-9]*"
_SHORT_WORD = re.compile(r"[^ \t\n;&|()<>'\"\\$`#]{1,9}(?=[ \t\n;&|()<>]|\Z)")
_FUNCTION = re.compile(r"[ \t]*\([ \t]*\)")
_TEST_END = r"(?<=[ \t\n])\]\](?=[ \t\n;&|)]|\Z)"
_BOTH = r"&>>?"
_BLANKS = re.compile(r"(?:[ \t]|\\\n)+")
_COMMENT = re.compile(r"#[^\n]*")


MAX_TEXT = 128 * 1024 - 1
"""As many bytes as Linux takes for one argument (MAX_ARG_STRLEN): no shell can be given a longer script."""


def parse_shell(text: str, *, bash: bool = False) -> Read:
    """Read `text`. bash: what only bash has is read as bash does; otherwise it is not understood."""
    if len(text) > MAX_TEXT:
        return Read(Sequence(), {}, f"the script has more than {MAX_TEXT:,} characters", 0)
    parser = Parser(text, bash=bash)
    problem = None
    try:
        parser.script()
    except NotUnderstood as reason:
        problem = str(reason)
    return Read(Sequence(items=tuple(parser.complete)), parser.bodies, problem, parser.complete_at)


class _Announced(Record, frozen=True):
    """A here-document whose body follows on the next line. start: the offset of its name."""

    name: str
    quoted: bool
    chomp: bool
    start: int


class Parser(Reader):
    """Reads commands; `Reader` reads the words."""

    def __init__(self, text: str, *, bash: bool, depth: int = 0) -> None:
        super().__init__(text, bash=bash, depth=depth)
        self._pending: list[_Announced] = []
        self.bodies: dict[int, tuple[Part, ...]] = {}
        self.complete: list[Item] = []
        """What was read whole, at the top, of the lists that are being read."""
        self.complete_at = 0

    def script(self) -> None:
        """Reads the whole text into `complete`."""
        self.lists(stop=())
        if not self.at_end():
            raise NotUnderstood(f"{self.text[self.position]!r} stands where no command can begin")

    def at_end(self) -> bool:
        self._skip_blank_lines()
        return self.position >= len(self.text)

    def sub_parser(self, text: str) -> "Parser":
        return Parser(text, bash=self.bash, depth=self.depth + 1)

    def substitution(self) -> Sequence:
        """What stands in `$(`, up to its `)`, which is consumed."""
        body = self.sequence(stop=())
        if not self._take(")"):
            raise NotUnderstood("a $( is not closed")
        return body

    def whole(self) -> Sequence:
        """The whole text, of backquotes."""
        body = self.sequence(stop=())
        if not self.at_end():
            raise NotUnderstood("what stands in backquotes is no list of commands")
        return body

    def sequence(self, stop: tuple[str, ...]) -> Sequence:
        self.depth += 1
        self.check_depth()
        items = self.lists(stop)
        self.depth -= 1
        return Sequence(items=tuple(items))

    def lists(self, stop: tuple[str, ...]) -> list[Item]:
        """Lists up to a reserved word of `stop`, a `)`, a `;;` or the end."""
        items: list[Item] = []
        self._skip_blank_lines()
        while self.position < len(self.text) and not self._stands_at(")", ";;", ";&") and not self._at_word(stop):
            start = self.position
            node = self._and_or()
            background = False
            if self._stands_at(";;", ";&") or self._take(";") or self._newline():
                pass
            elif self._stands_at("&") and not self._stands_at("&&"):
                self._take("&")
                background = True
            elif self.position < len(self.text) and not self._stands_at(")"):
                raise NotUnderstood(f"{self._near()} stands where a command must end")
            items.append(Item(node=node, asks="$?" in self.text[start : self.position], background=background))
            self._skip_blank_lines()
            if self.depth == 0:
                self.complete, self.complete_at = items, self.position
        return items

    def _and_or(self) -> Node:
        parts = [self._pipeline()]
        operators: list[Literal["&&", "||"]] = []
        while (operator := self._operator("&&", "||")) is not None:
            operators.append(cast(Literal["&&", "||"], operator))
            self._skip_blank_lines()
            parts.append(self._pipeline())
        return AndOr(parts=tuple(parts), operators=tuple(operators)) if operators else parts[0]

    def _pipeline(self) -> Node:
        self.skip_blanks()
        negated = False
        while self._at_word(("!",)):
            self.position += 1
            self.skip_blanks()
            negated = not negated
        parts = [self._command()]
        while not self._stands_at("||") and self._stands_at("|"):
            if self._stands_at("|&") and not self.bash:
                raise NotUnderstood("|& means different things to different shells")
            self.position += 2 if self._stands_at("|&") else 1
            self._skip_blank_lines()
            parts.append(self._command())
        return Pipeline(parts=tuple(parts), negated=negated) if negated or len(parts) > 1 else parts[0]

    def _command(self) -> Node:
        self.skip_blanks()
        if self.position >= len(self.text):
            raise NotUnderstood("the text ends where a command must follow")
        if self._stands_at("((") and self.bash:
            raise NotUnderstood("an arithmetic command")
        if self._stands_at("("):
            return self._group("(", ")")
        word = self._word_ahead()
        match word:
            case "{":
                return self._group("{", "}")
            case "if":
                return self._if()
            case "while" | "until":
                return self._while(word)
            case "for":
                return self._for()
            case "case":
                return self._case()
            case "function" if self.bash:
                return self._bash_function()
            case "[[" if self.bash:
                return self._test()
        if word in _RESERVED or (word in _BASH_ONLY and self.bash and word != "time"):
            raise NotUnderstood(f"{word} stands where a command must begin")
        return self._simple()

    def _group(self, opener: str, closer: str) -> Node:
        start = self.position
        self.position += 1
        body = self.sequence((closer,) if closer == "}" else ())
        self._expect(closer)
        return Group(body=body, subshell=opener == "(", start=start, redirections=self._redirections())

    def _if(self) -> Node:
        start = self.position
        conditions, bodies = [], []
        word = "if"
        while word in ("if", "elif"):
            self.position += len(word)
            conditions.append(self.sequence(("then",)))
            self._expect("then")
            bodies.append(self.sequence(("elif", "else", "fi")))
            word = self._word_ahead() or ""
        if word == "else":
            self._expect("else")
            bodies.append(self.sequence(("fi",)))
        self._expect("fi")
        return Choice(
            conditions=tuple(conditions), bodies=tuple(bodies), otherwise=word == "else", start=start,
            redirections=self._redirections(),
        )  # fmt: skip

    def _while(self, word: str) -> Node:
        start = self.position
        self.position += len(word)
        condition = self.sequence(("do",))
        body = self._do_group()
        return Loop(body=body, start=start, condition=condition, redirections=self._redirections())

    def _for(self) -> Node:
        start = self.position
        self.position += len("for")
        self.skip_blanks()
        name = re.compile(_NAME).match(self.text, self.position)
        if name is None:
            raise NotUnderstood("a for without a name")
        self.position = name.end()
        self._skip_blank_lines()
        words: list[RawWord] = []
        if self._at_word(("in",)):
            self.position += 2
            self.skip_blanks()
            while not self._stands_at(";", "\n") and self.position < len(self.text):
                words.append(self.word())
                self.skip_blanks()
        self._take(";")
        self._skip_blank_lines()
        body = self._do_group()
        return Loop(
            body=body, start=start, variable=name.group(), words=tuple(words), redirections=self._redirections()
        )

    def _do_group(self) -> Sequence:
        self._expect("do")
        body = self.sequence(("done",))
        self._expect("done")
        return body

    def _case(self) -> Node:
        start = self.position
        self.position += len("case")
        self.skip_blanks()
        subject = self.word()
        self._skip_blank_lines()
        self._expect("in")
        bodies: list[Sequence] = []
        otherwise = False
        self._skip_blank_lines()
        while not self._at_word(("esac",)):
            self._take("(")
            self.skip_blanks()
            patterns = [self.word()]
            self.skip_blanks()
            while self._take("|"):
                self.skip_blanks()
                patterns.append(self.word())
                self.skip_blanks()
            if not self._take(")"):
                raise NotUnderstood("a pattern of case does not end with )")
            otherwise = otherwise or any(pattern.plain == "*" for pattern in patterns)
            bodies.append(self.sequence(("esac",)))
            if self._operator(";;&", ";&"):
                raise NotUnderstood("a case that falls through")
            if self._operator(";;") is None and not self._at_word(("esac",)):
                raise NotUnderstood("a case without its esac")
            self._skip_blank_lines()
        self._expect("esac")
        return Choice(
            conditions=(), bodies=tuple(bodies), otherwise=otherwise, start=start, subject=(subject,),
            redirections=self._redirections(),
        )  # fmt: skip

    def _bash_function(self) -> Node:
        self.position += len("function")
        self.skip_blanks()
        name = self.word().plain or ""
        self.skip_blanks()
        if self._take("("):
            self._expect(")")
        return self._definition(name)

    def _definition(self, name: str) -> Node:
        self._skip_blank_lines()
        self.depth += 1
        self.check_depth()
        body = self._command()
        self.depth -= 1
        if isinstance(body, Simple):
            raise NotUnderstood("the body of a function is a simple command")
        return Definition(name=name, body=body)

    def _test(self) -> Node:
        start = self.position
        end = re.compile(_TEST_END).search(self.text, self.position)
        if end is None or any(opener in self.text[start : end.end()] for opener in ("$(", "`")):
            raise NotUnderstood("a [[ that is not closed, or has a command in it")
        self.position = end.end()
        words = (RawWord((), start, self.text[start : end.end()]),)
        return Simple(start=start, words=words, redirections=self._redirections(), test=True)

    def _simple(self) -> Node:
        start = self.position
        assignments: list[tuple[str, RawWord]] = []
        words: list[RawWord] = []
        redirections: list[RawRedirection] = []
        while True:
            if self._redirection(redirections):
                continue
            if self.position >= len(self.text) or _OPERATOR.match(self.text, self.position):
                break
            assigned = _ASSIGNMENT.match(self.text, self.position) if not words else None
            if assigned is not None:
                self.position = assigned.end()
                value = self.word(may_be_empty=True)
                if self._stands_at("("):
                    raise NotUnderstood("an array")
                appended = assigned[2] == "+"
                assignments.append((assigned[1], value if not appended else RawWord((), assigned.start(), "+=")))
                continue
            words.append(self.word())
            if len(words) == 1 and not assignments and not redirections and self._function_ahead():
                return self._definition(words[0].plain or "")
        if self._stands_at("("):
            raise NotUnderstood(f"a ( after {words[-1].source if words else 'nothing'}")
        if self._stands_at("&>") and not self.bash:
            raise NotUnderstood("&> means different things to different shells")
        if not (assignments or words or redirections):
            raise NotUnderstood(f"{self._near()} stands where a command must begin")
        return Simple(start=start, assignments=tuple(assignments), words=tuple(words), redirections=tuple(redirections))

    def _function_ahead(self) -> bool:
        found = _FUNCTION.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found is not None

    def _redirections(self) -> tuple[RawRedirection, ...]:
        found: list[RawRedirection] = []
        while self._redirection(found):
            pass
        return tuple(found)

    def _redirection(self, into: list[RawRedirection]) -> bool:
        self.skip_blanks()
        if self.bash and (both := re.compile(_BOTH).match(self.text, self.position)):
            self.position = both.end()
            self.skip_blanks()
            into.append(RawRedirection(operator=both[0], descriptor=1, target=self.word()))
            return True
        found = _REDIRECTION.match(self.text, self.position)
        if found is None:
            return False
        self.position = found.end()
        if self._stands_at("(") and found[2] in ("<", ">"):
            raise NotUnderstood("a process substitution")
        descriptor = int(found[1]) if found[1] else 0 if found[2].startswith("<") else 1
        self.skip_blanks()
        target = self.word()
        operator = found[2].removesuffix("-") if found[2] == "<<-" else found[2]
        into.append(RawRedirection(operator=operator, descriptor=descriptor, target=target))
        if operator == "<<":
            name = re.sub(r"['\"\\]", "", target.source)
            self._pending.append(_Announced(name, name != target.source, found[2] == "<<-", target.start))
        return True

    def _newline(self) -> bool:
        """Take a newline, and the here-documents that begin behind it."""
        if not self._stands_at("\n"):
            return False
        self.position += 1
        pending, self._pending = self._pending, []
        for one in pending:
            self.bodies[one.start] = self.document(self._body(one.name, chomp=one.chomp), quoted=one.quoted)
        return True

    def _body(self, name: str, *, chomp: bool) -> str:
        lines: list[str] = []
        while self.position < len(self.text):
            end = self.text.find("\n", self.position)
            end = len(self.text) if end < 0 else end
            line = self.text[self.position : end]
            self.position = min(end + 1, len(self.text))
            line = line.lstrip("\t") if chomp else line
            if line == name:
                return "".join(lines)
            lines.append(line + "\n")
        raise NotUnderstood(f"the here-document {name} does not end")

    def _skip_blank_lines(self) -> None:
        self.skip_blanks()
        while self._newline():
            self.skip_blanks()

    def skip_blanks(self) -> None:
        """Over blanks and a comment."""
        if found := _BLANKS.match(self.text, self.position):
            self.position = found.end()
        if found := _COMMENT.match(self.text, self.position):
            self.position = found.end()

    def _stands_at(self, *texts: str) -> bool:
        return any(self.text.startswith(text, self.position) for text in texts)

    def _take(self, text: str) -> bool:
        self.skip_blanks()
        if not self._stands_at(text):
            return False
        self.position += len(text)
        return True

    def _operator(self, *operators: str) -> str | None:
        self.skip_blanks()
        found = next((operator for operator in operators if self._stands_at(operator)), None)
        self.position += len(found or "")
        return found

    def _word_ahead(self) -> str | None:
        """The plain word that stands here, if one does."""
        found = _SHORT_WORD.match(self.text, self.position)
        return found.group() if found else None

    def _at_word(self, words: tuple[str, ...]) -> bool:
        return bool(words) and self._word_ahead() in words

    def _expect(self, text: str) -> None:
        self.skip_blanks()
        if not (self._stands_at(text) if text == ")" else self._at_word((text,))):
            raise NotUnderstood(f"{text} is missing before {self._near()}")
        self.position += len(text)

    def _near(self) -> str:
        return repr(self.text[self.position : self.position + 20] or "the end")
