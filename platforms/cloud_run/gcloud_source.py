"""What a deploy command says of the source and its build: --source, --function, variables of the build."""

from typing import TYPE_CHECKING

from emulator.model.diagnostic import warning

from . import rules
from .gcloud_env_file import read_env_file
from .gcloud_refusals import refuse_archive
from .reading import Text

if TYPE_CHECKING:
    from .gcloud import Reader, _Given, _Group


def source_problems(reader: "Reader", sources: "list[_Given]") -> bool:
    """What is built is the root of what is planned; other sources are told. Returns whether the source is an archive,
    which gcloud does not look into for a Dockerfile (rule cloud-run/archive-source)."""
    is_archive = False
    if len(sources) > 1:
        message = "At most one container can be deployed from source."
        reader.refuse("gcloud-flag", message, sources[1].origin, "give the other container an --image")
    for one in sources:
        path = (one.value or "").rstrip("/")
        said, help_ = f"--source {path} is built there; the plan takes the root", f"add --root {path}"
        if path in (".", ""):
            continue
        refuse_archive(reader, one, path)
        if path.startswith("gs://") or path.endswith((".zip", ".tgz", ".gz")):
            is_archive = True
            where = "in its bucket" if path.startswith("gs://") else "an archive"
            said = f"--source {path} is {where}, and not read: the plan takes the root"
            help_ = "plan the folder that it was made of"
        rule = rules.DEPLOY_COMMAND
        reader.found.append(
            warning(
                "cloud-run/gcloud-source", said, origin=one.origin, rule=rule.id, url=rule.url, help=help_,
            )
        )  # fmt: skip
    return is_archive


def build_env(reader: "Reader", groups: "list[_Group]") -> dict[str, Text]:
    """Variables of the build in the order of their flags, and the function that --function names."""
    found: dict[str, Text] = {}
    for one in reader.whole.given:
        if one.name in ("--set-build-env-vars", "--update-build-env-vars"):
            found |= {key: Text(value, one.origin) for key, value in reader.pairs(one).items()}
        elif one.name == "--clear-build-env-vars":
            found = {}
        elif one.name == "--build-env-vars-file" and one.value:
            file = read_env_file(reader.repo, one.value, one.origin, one.name)
            reader.found += file.diagnostics
            found |= {entry.name: Text(entry.value or "", entry.origin) for entry in file.entries}
    for group in groups:
        function = group.last("--function")
        if function is None:
            continue
        if group.text("--command") is not None:
            message = "argument --command: At most one of --command | --function can be specified."
            reader.refuse("gcloud-flag", message, function.origin, "leave one of them out")
        found["GOOGLE_FUNCTION_TARGET"] = Text(function.value or "", function.origin)
    return found
