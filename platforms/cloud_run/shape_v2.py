"""Whether a document has the shape of the v2 API's Service or Job, in Google's APIs' words; and a row for every key."""

import re

from emulator.formats.yaml import Dialect, Mapping, Node, Scalar, value_of
from emulator.model.diagnostic import Diagnostic, error
from emulator.model.origin import Origin
from emulator.model.rule import Rule
from emulator.model.spelling import nearest

from . import rules
from .fields_v2 import ENUMS, TYPES
from .shape import Shape, Walk, whole

_RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
_DURATION = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?s")
_OF_PROTO = {"string": "TYPE_STRING", "int": "TYPE_INT32", "bool": "TYPE_BOOL", "number": "TYPE_FLOAT"}
_EXAMPLES = {"int": "a whole number, such as 10", "bool": "true or false", "number": "a number, such as 0.6"}
_ELSEWHERE = {
    "containerConcurrency": "v2 has maxInstanceRequestConcurrency under template instead",
    "timeoutSeconds": 'v2 calls it timeout, with a unit: "300s"',
    "serviceAccountName": "v2 calls it serviceAccount",
    "valueFrom": "v2 calls it valueSource",
    "successThreshold": "v2 has no such field; remove it",
    "exec": "ask by httpGet, tcpSocket or grpc",
    "metadata": "v2 has name, labels and annotations at the top, and a revision's under template",
    "spec": "v2 has what v1 has under spec directly at the top",
}
"""Fields of the v1 form, and what to write instead."""


def examine(document: Mapping, root: str) -> Shape:
    """The document, a "Service" or a "Job", as the v2 API sees it."""
    walk = _Walk(root, TYPES)
    walk.message(document, root, "")
    return Shape((*walk.unknown_fields(), *walk.found), tuple(walk.rows))


class _Walk(Walk):
    """The server's words in place of gcloud's."""

    def unknown_fields(self) -> list[Diagnostic]:
        """One finding for each name: the server lists them all."""
        return [
            _said(
                "unknown-field",
                f'Invalid JSON payload received. Unknown name "{key.text}" at \'{self._proto(path)}\': '
                "Cannot find field",
                key.origin, self._instead(key.text, path),
            )
            for path, keys in self._unknown.items()
            for key in keys
        ]  # fmt: skip

    def _proto(self, path: str) -> str:
        """A path as the server writes it: "template.maxRetries" → "job.template.max_retries"."""
        return re.sub("([A-Z])", r"_\1", f"{self._root}.{path}".rstrip(".")).lower().removeprefix("_")

    def _instead(self, name: str, path: str) -> str:
        if name in _ELSEWHERE:
            return _ELSEWHERE[name]
        type_ = self._root
        for part in path.split(".") if path else ():
            type_ = TYPES[type_][part.partition("[")[0]].type.strip("[]")
        close = nearest(name, TYPES[type_], cutoff=0.7)
        return f"did you mean `{close}`?" if close else f"remove it; known are {', '.join(TYPES[type_])}"

    def _map(self, key: Scalar, value: Node, path: str) -> None:
        if not isinstance(value, Mapping):
            self._wrong(value, path, "a mapping")
            return
        for number, (name, item) in enumerate(value.pairs):
            self._scalar("value", item, "string", f"{path}[{number}].value")
            namespace = name.text.partition("/")[0]
            if key.text in ("annotations", "labels") and namespace in _RESERVED:
                words = f"{path} has {name.text}, and v2 takes none of {namespace}"
                help_ = "set the field that v2 has for it, and remove it here"
                self.found.append(_said("v2-annotation", words, name.origin, help_, rules.V2_ANNOTATIONS))

    def _scalar(self, name: str, value: Node, type_: str, path: str) -> None:
        if not isinstance(value, Scalar):
            wanted = {"string": "text", "duration": 'text, such as "300s"', **_EXAMPLES}
            self._wrong(value, path, wanted.get(type_, "one of its words"))
            return
        found = value_of(value, Dialect.YAML_1_1)
        if found is None or _fits(type_, found):
            return
        shown = f'"{found}"' if isinstance(found, str) else value.text
        at = f"Invalid value at '{self._proto(path)}'"
        if type_ in ENUMS:
            words, help_ = f"{at}, {shown}", f"write one of {', '.join(ENUMS[type_])}"
        elif type_ == "duration":
            words = (
                f"{at} (type.googleapis.com/google.protobuf.Duration), Field '{name}', Illegal duration format; "
                "duration must end with 's'"
            )
            help_ = f'write "{value.text}s"' if value.text.isdigit() else 'write seconds, such as "300s"'
        else:
            words = f"{at} ({_OF_PROTO[type_]}), {shown}"
            help_ = f'put it in quotes: "{value.text}"' if type_ == "string" else f"write {_EXAMPLES[type_]}"
        self.found.append(_said("wrong-type", words, value.origin, help_))

    def _wrong(self, value: Node, path: str, wanted: str) -> None:
        words = f"{self._proto(path)} must be {wanted}"
        self.found.append(_said("wrong-type", words, value.origin, f"write {wanted} here"))


def _fits(type_: str, found: object) -> bool:
    """Whether the server takes a value: a number in quotes is a number, and an enum's word may be its number."""
    if type_ in ENUMS:
        return found in ENUMS[type_] or type(found) is int
    if type_ == "duration":
        return isinstance(found, str) and _DURATION.fullmatch(found) is not None
    if type_ == "string":
        return isinstance(found, str)
    if type_ == "bool":
        return isinstance(found, bool) or found in ("true", "false")
    if type_ == "number":
        return type(found) in (int, float) or (isinstance(found, str) and re.fullmatch(r"[0-9.]+", found) is not None)
    if isinstance(found, str):
        return whole(found) is not None
    return type(found) is int or (isinstance(found, float) and found.is_integer())


def _said(code: str, words: str, origin: Origin, help_: str, rule: Rule = rules.V2_FIELDS) -> Diagnostic:
    return error(f"cloud-run/{code}", words, origin=origin, rule=rule.id, url=rule.url, help=help_)
