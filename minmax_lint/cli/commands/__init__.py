"""One module a command: `add(parser)` declares its options, `run(args)` does it and returns the exit code."""
