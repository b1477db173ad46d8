"""File name → content type, by a table of our own: the system's differs from machine to machine."""

import posixpath

UNKNOWN = "application/octet-stream"

_TEXT = {
    "text/html": "html htm", "text/css": "css", "text/javascript": "js mjs cjs", "text/plain": "txt text log conf",
    "text/csv": "csv", "text/markdown": "md markdown", "text/xml": "xml xsl", "text/calendar": "ics",
    "text/vtt": "vtt", "text/vcard": "vcf",
}  # fmt: skip
_BINARY = {
    "application/json": "json map", "application/manifest+json": "webmanifest", "application/ld+json": "jsonld",
    "application/geo+json": "geojson", "application/wasm": "wasm", "application/pdf": "pdf", "application/zip": "zip",
    "application/gzip": "gz tgz", "application/xhtml+xml": "xhtml", "application/rss+xml": "rss",
    "application/atom+xml": "atom", "application/rtf": "rtf", "application/yaml": "yaml yml",
    "image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg jpeg", "image/gif": "gif", "image/webp": "webp",
    "image/avif": "avif", "image/x-icon": "ico", "image/bmp": "bmp", "image/tiff": "tif tiff", "image/apng": "apng",
    "font/woff": "woff", "font/woff2": "woff2", "font/ttf": "ttf", "font/otf": "otf",
    "application/vnd.ms-fontobject": "eot", "audio/mpeg": "mp3", "audio/ogg": "ogg oga opus", "audio/wav": "wav",
    "audio/mp4": "m4a", "audio/aac": "aac", "audio/flac": "flac", "video/mp4": "mp4 m4v", "video/webm": "webm",
    "video/ogg": "ogv", "video/quicktime": "mov", "application/vnd.apple.mpegurl": "m3u8", "video/mp2t": "ts",
}  # fmt: skip

_TYPES = {f".{ending}": f"{name}; charset=utf-8" for name, endings in _TEXT.items() for ending in endings.split()}
_TYPES |= {f".{ending}": name for name, endings in _BINARY.items() for ending in endings.split()}


def content_type(path: str) -> str:
    """By the last ending of the name, whatever its case."""
    return _TYPES.get(posixpath.splitext(path)[1].lower(), UNKNOWN)
