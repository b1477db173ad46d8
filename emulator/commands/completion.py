"""`emu completion SHELL`: the script by which a shell completes `emu`.

It asks `emu __complete WORDS…` for the words that may follow, so it knows the options of this very version and the
services of the repository one stands in. argcomplete does the same for bash and zsh, but takes the words from inside
the parse and has no descriptions in fish; shtab writes scripts that know no services.
"""

import argparse

from emulator.request import Request, World
from emulator.show.completion_scripts import SCRIPTS

EXAMPLES = (
    ("emu completion bash > ~/.emu.bash", "for bash, with `source ~/.emu.bash` in ~/.bashrc"),
    ("emu completion zsh > ~/.zfunc/_emu", "for zsh, with ~/.zfunc in fpath before compinit"),
    ("emu completion fish > ~/.config/fish/completions/emu.fish", "for fish"),
)


def configure(parser: argparse.ArgumentParser, world: World) -> None:
    del world
    parser.add_argument("shell", choices=tuple(SCRIPTS), metavar="SHELL", help="bash, zsh or fish")


def run(request: Request, world: World) -> int:
    """Print the script."""
    world.terminal.out(SCRIPTS[request.shell])
    return 0
