"""Fills the database of a developer's machine."""

print("INSERT INTO notes VALUES ('hello');")
