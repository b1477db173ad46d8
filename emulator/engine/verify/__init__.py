"""The battery of `emu verify`: what is tried with a service that runs (the `*_run` files, through doors), what is seen
(`seen`), and what each check concludes from it (one file a check, pure; `checks` is their table)."""
