"""Dockerfile text → `Dockerfile`, with everything wrong about its form found in one pass."""

from emulator.model.diagnostic import Diagnostic, Fault, error
from emulator.model.origin import Origin
from emulator.model.record import replace

from .instructions import announced_heredocs, read_instruction
from .lines import LineReader, LogicalLine
from .records import MAX_CHARACTERS, Dockerfile, Heredoc, Instruction
from .splitting import heredoc_heads


def parse_dockerfile(text: str, file: str) -> Dockerfile:
    """Read `text`, whose path `file` is for origins. Never raises: what is wrong is in `diagnostics`."""
    if len(text) > MAX_CHARACTERS:
        return Dockerfile(file=file, diagnostics=(_too_large(len(text), file),))
    reader = LineReader(text, file)
    found = reader.diagnostics
    instructions: list[Instruction] = []
    while (line := reader.logical()) is not None:
        instruction = read_instruction(line, reader.escape, found.append)
        if announced_heredocs(instruction):
            instruction = _with_heredocs(instruction, reader, line)
        instructions.append(instruction)
    found += _order_problems(instructions, text, file)
    return Dockerfile(
        lines=tuple(text.split("\n")),
        file=file,
        escape=reader.escape,
        directives=tuple(reader.directives),
        instructions=tuple(instructions),
        diagnostics=tuple(sorted(found, key=_place)),
    )


def _with_heredocs(instruction: Instruction, reader: LineReader, line: LogicalLine) -> Instruction:
    heredocs: list[Heredoc] = []
    for head in heredoc_heads(line.text):
        read = reader.heredoc(head.name, chomp=head.chomp)
        if read is None:
            reader.diagnostics.append(
                error(
                    "dockerfile/unterminated-heredoc",
                    f"the here-document {head.name} does not end before the file does",
                    origin=instruction.origin,
                    help=f"add a line that holds only {head.name}",
                )
            )
            break
        heredocs.append(
            Heredoc(
                name=head.name, expand=head.expand, chomp=head.chomp, body=read[0], origin=read[1],
                descriptor=head.descriptor,
            )
        )  # fmt: skip
    end_line, end_column = reader.last_place()
    origin = replace(instruction.origin, end_line=end_line, end_column=end_column)
    return replace(instruction, heredocs=tuple(heredocs), origin=origin)


def _order_problems(instructions: list[Instruction], text: str, file: str) -> list[Diagnostic]:
    """No FROM at all, or something else than ARG before the first."""
    if not instructions:
        what = "holds no instructions" if text.strip() else "is empty"
        help = "begin with FROM and the image to build on"
        return [error("dockerfile/empty", f"{file} {what}", origin=Origin(file=file), help=help)]
    if not any(instruction.keyword == "FROM" for instruction in instructions):
        return [
            error(
                "dockerfile/no-from",
                f"{file} has no FROM",
                origin=instructions[0].origin,
                help="begin with FROM and the image to build on",
            )
        ]
    for instruction in instructions:
        if instruction.keyword == "FROM":
            break
        if instruction.keyword != "ARG":
            return [
                error(
                    "dockerfile/before-from",
                    f"{instruction.keyword} stands before the first FROM, where only ARG may",
                    origin=instruction.origin,
                    help="move it below FROM",
                )
            ]
    return []


def _too_large(characters: int, file: str) -> Diagnostic:
    return error(
        "dockerfile/too-large",
        f"{file} has {characters:,} characters; we read at most {MAX_CHARACTERS:,}",
        fault=Fault.GAP,
        origin=Origin(file=file),
        help="move its content to files that are copied in",
    )


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    origin = diagnostic.origin
    return (origin.line, origin.column) if origin else (0, 0)
