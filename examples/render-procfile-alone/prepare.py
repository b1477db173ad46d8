"""What the release line would run: leaves a mark that the data is prepared."""

from pathlib import Path

Path("prepared.txt").write_text("yes\n")
print("data prepared")
