"""The image, worked out without building it: what each stage's filesystem holds after each instruction.

Reads a Dockerfile as a program over the snapshot. What it says is exact, and where it cannot be sure
it says "unknown". Nothing here is loaded by `emu plan`.
"""
