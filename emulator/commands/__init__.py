"""One verb per file: `configure(parser)` declares its options, `run(request, world)` returns the exit code."""
