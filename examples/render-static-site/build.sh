#!/bin/bash
# Writes the site: one page for each note, and an index of them.
set -euo pipefail
mkdir -p dist/assets
cp assets/* dist/assets/
for note in notes/*.txt; do
    name=$(basename "$note" .txt)
    printf '<!doctype html><title>%s</title><pre>%s</pre>\n' "$name" "$(cat "$note")" >"dist/$name.html"
done
printf '<!doctype html><title>%s</title><div id="app"></div>\n' "$SITE_TITLE" >dist/index.html
printf '<!doctype html><title>Nothing here</title>\n' >dist/404.html
