"""The only rooms that touch the world: one file per doorway."""
