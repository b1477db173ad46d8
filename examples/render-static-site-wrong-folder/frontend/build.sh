#!/bin/bash
# Writes the site to dist, beside this file.
set -euo pipefail
mkdir -p dist
cp src/* dist/
