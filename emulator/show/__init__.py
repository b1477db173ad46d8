"""Values → what people and programs read. Nothing here decides anything."""
