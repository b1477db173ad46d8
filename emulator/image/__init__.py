"""The image, worked out without building it: what each stage's filesystem holds after each instruction.

Reads a Dockerfile as a program over the snapshot. What it says is exact, and where it cannot be sure
it says "unknown". Nothing here is loaded by `emu plan`; what reads the calls of package managers and the projects they
install is loaded for a RUN that makes such a call, a pattern that few repositories meet is a text that `re` compiles
when it is first used.
"""
