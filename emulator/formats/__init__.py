"""Text to values that remember their line: pure, one format per file, and bad input is a diagnostic."""
