"""Whether what a script of package.json writes stays in its package: only well-known tools, told nothing else."""

import json
import posixpath
import re

from .project_files import Files, join, table

_TOOLS = frozenset({
    "tsc", "tsc-alias", "vite", "next", "react-scripts", "remix", "nest", "webpack", "rollup", "esbuild", "tsup",
    "astro", "nuxt", "svelte-kit", "ng", "swc", "babel", "vue-cli-service", "prisma", "eslint", "prettier", "rimraf",
    "tailwindcss", "postcss", "sass", "vitest", "jest", "echo", "true", "husky", "patch-package",
})  # fmt: skip
"""They write below the directory they run in, unless a setting or an option says otherwise (their documentation)."""
_BEFORE = ("cross-env", "npx", "bunx")
_SETTINGS = (
    "tsconfig.json", "tsconfig.build.json", "angular.json", "nest-cli.json", "vue.config.js",
    *(f"{tool}.config.{end}" for end in ("js", "ts", "mjs", "cjs", "mts")
      for tool in ("vite", "next", "webpack", "rollup", "tsup", "svelte", "astro", "nuxt", "remix")),
)  # fmt: skip
_LEADS_OUT = re.compile(r"(?:out|dist|dest|output|build|path|publish)\w*[\"']?\s*[:=(][^\n]*\.\./", re.IGNORECASE)
_DEEPEST = 5


def stays_inside(name: str, directory: str, files: Files, depth: int = 0) -> bool:
    """Whether a script, with what npm runs before and after it, surely writes below the package's directory alone."""
    try:
        data = json.loads(files.read(join(directory, "package.json")) or "")
    except (ValueError, RecursionError):
        return False
    scripts = table(data, "scripts")
    if depth > _DEEPEST or name not in scripts or (depth == 0 and _settings_lead_out(directory, files)):
        return False
    around = [one for one in (f"pre{name}", name, f"post{name}") if one in scripts]
    return all(_is_harmless(scripts[one], directory, files, depth) for one in around)


def _is_harmless(text: object, directory: str, files: Files, depth: int) -> bool:
    if not isinstance(text, str) or re.search(r"\.\.|[$`|><*~]|(?<![\w.@-])/", text):
        return False
    for part in re.split(r"&&|;", text):
        words = part.split()
        while words and (words[0] in _BEFORE or re.fullmatch(r"\w+=[^\s]*", words[0])):
            words = words[1:]
        if words[:1] and words[0] in ("npm", "pnpm", "yarn", "bun") and words[1:2] == ["run"] and len(words) == 3:
            if not stays_inside(words[2], directory, files, depth + 1):
                return False
        elif not words or words[0] not in _TOOLS:
            return False
    return True


def _settings_lead_out(directory: str, files: Files) -> bool:
    """Whether a tool's settings may name a folder outside of the package."""
    for name in _SETTINGS:
        path = posixpath.join(directory, name)
        state = files.look(path)
        if state == "absent":
            continue
        text = files.read(path) if state == "file" else None
        if text is None or _LEADS_OUT.search(text):
            return True
    return False
