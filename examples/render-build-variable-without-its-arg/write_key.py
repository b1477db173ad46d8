"""Writes the key that it is given beside the app."""

import sys

if not sys.argv[1]:
    sys.exit("there is no key")
with open("key.txt", "w") as file:
    file.write(sys.argv[1][:4])
