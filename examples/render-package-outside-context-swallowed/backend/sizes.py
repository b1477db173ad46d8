"""The edge lengths, in pixels, that thumbnails come in."""

SIZES = [64, 128, 256]
