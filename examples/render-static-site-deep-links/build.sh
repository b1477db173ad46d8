#!/bin/bash
# What a bundler does, as far as it matters here: one page, and one script that routes in the browser.
set -euo pipefail
mkdir -p dist
cp src/index.html src/main.js dist/
