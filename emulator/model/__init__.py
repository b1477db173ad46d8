"""The nouns: frozen values that print as JSON and load back. Imports nothing else of ours."""
