"""A Terraform file's google_cloud_run_v2_service, _v2_job or google_cloud_run_service → the service or job it makes."""

from collections.abc import Iterator

from emulator.contract import GivenText
from emulator.formats.hcl import Block, parse_hcl
from emulator.formats.yaml import Mapping, Node, Scalar
from emulator.model.choice import Trace
from emulator.model.diagnostic import Diagnostic, Fault, error, info, warning
from emulator.model.origin import Origin
from emulator.model.record import replace
from emulator.model.rule import Fidelity
from emulator.snapshot import Snapshot, Unreadable
from platforms.common import unreadable

from . import fields, fields_v2, manifest_v2, rules, shape_v2
from .fields import Field
from .manifest import Manifest, ServiceSpec, spec_of
from .reading import Text
from .terraform_tree import Tree, read_resource
from .terraform_values import Unknown, Values

_TERRAFORM = Field("any", Fidelity.EXACT, "Terraform's own, without effect on what runs")
_NO_CLOUD = Field("any", Fidelity.APPROXIMATE, "the metadata server tells it; nothing is deployed there")
_OWN = dict.fromkeys(
    ("count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection", "timeouts",
     "deletion_protection", "deletion_policy", "autogenerate_revision_name"),
    _TERRAFORM,
) | dict.fromkeys(("location", "project"), _NO_CLOUD)  # fmt: skip
"""Arguments that the provider has and the API has not, or not there."""

_V1 = fields.TYPES | {
    "Root": {
        "name": fields.TYPES["ObjectMeta"]["name"], "metadata": Field("ObjectMeta"),
        "template": Field("RevisionTemplate"), "traffic": fields.TYPES["ServiceSpec"]["traffic"],
    }
}  # fmt: skip
"""The v1 resource has its name beside what Knative has under spec."""

_ROOTS = {"google_cloud_run_v2_service": "Service", "google_cloud_run_v2_job": "Job", "google_cloud_run_service": ""}


def read_terraform(
    repo: Snapshot, config: str, files: tuple[GivenText, ...], default_name: str, trace: Trace
) -> Manifest:
    """What --config FILE[:NAME] means, a file that is there; NAME is the resource's, or the service's own. `files`:
    those of --var-file."""
    path, _, wanted = config.partition(":")
    try:
        read = parse_hcl(repo.text(path), path)
    except Unreadable as problem:
        return Manifest(None, (unreadable(problem, path),))
    if read.body is None:
        return Manifest(None, tuple(_said(problem) for problem in read.diagnostics))
    resources = [block for block in read.body.blocks if _kind(block) is not None]
    chosen = [block for block in resources if _is(block, wanted)] if wanted else resources
    if not chosen:
        return Manifest(None, (_nothing(path, wanted, resources, read.body),))
    values, found = _values(repo, path, read.body, files)
    service = _service(chosen[0], path, values, default_name)
    for used in values.used.values():
        trace.note(
            used.name, f"What is {used.name}?", used.shown, used.because, rule=rules.TERRAFORM_VALUES,
            origin=used.origin,
        )  # fmt: skip
    others = () if wanted else tuple(_beside(path, block) for block in chosen[1:])
    return service._replace(diagnostics=(*found, *_copies(chosen[0], values), *service.diagnostics, *others))


def _kind(block: Block) -> str | None:
    """ "Service", "Job", "" for the v1 resource; None for every other block."""
    if block.type.text != "resource" or len(block.labels) != 2:
        return None
    return _ROOTS.get(block.labels[0].text)


def _is(block: Block, wanted: str) -> bool:
    own = block.get("name")
    names = (block.labels[1].text, f"{block.labels[0].text}.{block.labels[1].text}")
    return wanted in names or (isinstance(own, Scalar) and own.text == wanted)


def _service(block: Block, path: str, values: Values, default_name: str) -> Manifest:
    kind = _kind(block)
    types, root = (fields_v2.TYPES, kind) if kind else (_V1, "Root")
    tree = read_resource(block, root or "", types, values, own=_OWN)
    problems = list(tree.diagnostics)
    name = tree.document.get("name")
    if name is None and block.get("name") is not None:
        problems = [problem for problem in problems if not _is_of_name(problem)]
        problems.append(_unnamed(block, values, default_name))
    if kind:
        problems += shape_v2.examine(tree.document, kind).diagnostics
        make = manifest_v2.as_job if kind == "Job" else manifest_v2.as_service
        written = make(tree.document, default_name)
    else:
        written = _as_knative(tree)
    service: ServiceSpec = spec_of(written, kind or "Service", path, default_name)
    service = service._replace(
        origin=block.origin, written_in=path, is_v2=bool(kind),
        project=_known(block, values, "project") or service.project, region=_known(block, values, "location"),
    )  # fmt: skip
    return Manifest(service, tuple(problems), tree.coverage)


def _known(block: Block, values: Values, name: str) -> Text | None:
    """An argument's text; None where it is not there or not known here."""
    written = block.get(name)
    value = values.value(written) if written is not None else None
    return Text(value.text, value.origin) if isinstance(value, Scalar) and value.text else None


def _as_knative(tree: Tree) -> Mapping:
    """The v1 resource as a Knative Service."""
    document, origin = tree.document, tree.document.origin
    meta, name = document.get("metadata"), document.key("name")
    pairs = meta.pairs if isinstance(meta, Mapping) else ()
    if name is not None:
        pairs = ((name, document.get("name") or name), *(pair for pair in pairs if pair[0].text != "name"))
    spec = tuple(pair for pair in document.pairs if pair[0].text in ("template", "traffic"))
    return _object(origin, metadata=Mapping(pairs=pairs, origin=origin), spec=Mapping(pairs=spec, origin=origin))


def _object(origin: Origin, **fields_: Node) -> Mapping:
    pairs = ((Scalar(text=name, style="plain", tag="", origin=origin), node) for name, node in fields_.items())
    return Mapping(pairs=tuple(pairs), origin=origin)


# ---- the folder's other files -------------------------------------------------------------------------


def _values(
    repo: Snapshot, path: str, body: Block, files: tuple[GivenText, ...]
) -> tuple[Values, tuple[Diagnostic, ...]]:
    """The variables and locals of the file's folder, and the values that Terraform loads by itself: terraform.tfvars,
    then *.auto.tfvars in their order, then the files that are named."""
    values, found = Values(), []
    values.declare(body)
    folder = path.rpartition("/")[0] or "."
    names = [name if folder == "." else f"{folder}/{name}" for name in repo.entries(folder)]
    for other in names:
        if other != path and other.endswith(".tf") and repo.is_file(other):
            found += _read_into(values.declare, repo, other)
    first = [name for name in names if name.rpartition("/")[2] == "terraform.tfvars"]
    for other in (*first, *(name for name in names if name.endswith(".auto.tfvars"))):
        if repo.is_file(other):
            found += _read_into(lambda body, file=other: values.give(body, f"{file} gives it"), repo, other)
    for given in files:
        read = parse_hcl(given.text, given.file)
        if read.body is not None:
            values.give(read.body, "--var-file gives it")
        found += [_said(problem) for problem in read.diagnostics]
    return values, tuple(found)


def _read_into(take: object, repo: Snapshot, path: str) -> list[Diagnostic]:
    assert callable(take)
    try:
        read = parse_hcl(repo.text(path), path)
    except Unreadable as problem:
        return [unreadable(problem, path)]
    if read.body is not None:
        take(read.body)
    return [_said(problem) for problem in read.diagnostics]


# ---- what is said -------------------------------------------------------------------------------------


def _said(problem: Diagnostic) -> Diagnostic:
    return replace(problem, rule=rules.TERRAFORM.id, url=rules.TERRAFORM.url)


def _is_of_name(problem: Diagnostic) -> bool:
    return problem.code == "cloud-run/terraform-value" and " of name is " in problem.message


def _unnamed(block: Block, values: Values, default_name: str) -> Diagnostic:
    written = block.get("name")
    assert written is not None
    value = values.value(written)
    text = value.text if isinstance(value, Unknown) else "null"
    what = "job" if _kind(block) == "Job" else "service"
    return info(
        "cloud-run/terraform-value", f"the {what}'s name is not known here: {text}. It is called {default_name}",
        origin=written.origin, rule=rules.TERRAFORM_VALUES.id, url=rules.TERRAFORM_VALUES.url,
        help="name a file with the values of variables: --var-file FILE",
    )  # fmt: skip


def _copies(block: Block, values: Values) -> Iterator[Diagnostic]:
    """`count` and `for_each`: one of them is planned."""
    for name in ("count", "for_each"):
        written = block.get(name)
        if written is None:
            continue
        value = values.value(written)
        rule, url = rules.TERRAFORM_VALUES.id, rules.TERRAFORM_VALUES.url
        if isinstance(value, Scalar) and value.text == "1":
            continue
        if isinstance(value, Scalar) and value.text == "0":
            yield warning(
                "cloud-run/terraform-count", "count is 0: Terraform makes nothing of this resource",
                origin=written.origin, rule=rule, url=url, help="plan another one with --config FILE:NAME",
            )  # fmt: skip
            continue
        shown = f"{value.text}" if isinstance(value, Scalar | Unknown) else "a list or a map"
        yield info(
            "cloud-run/terraform-count", f"how often it is made says {name} = {shown}: the plan is that of one",
            origin=written.origin, fault=Fault.GAP, rule=rule, url=url,
            help="what differs between them is not known here",
        )  # fmt: skip


def _nothing(path: str, wanted: str, resources: list[Block], body: Block) -> Diagnostic:
    names = ", ".join(f"{path}:{block.labels[1].text}" for block in resources)
    if wanted:
        message = f"{path} has no Cloud Run service or job {wanted}"
        help_ = f"known are {names}" if names else "name a file that has one"
        return error("cloud-run/config-missing", message, rule=rules.TERRAFORM.id, url=rules.TERRAFORM.url, help=help_)
    module = next((block for block in body.blocks if block.type.text == "module"), None)
    facts = ("the file uses modules, whose own files are not looked into",) if module is not None else ()
    return error(
        "cloud-run/config-missing", f"{path} has no resource of a Cloud Run service or job", facts=facts,
        origin=module.origin if module else Origin(file=path), rule=rules.TERRAFORM.id, url=rules.TERRAFORM.url,
        help='name the file with resource "google_cloud_run_v2_service"',
    )  # fmt: skip


def _beside(path: str, block: Block) -> Diagnostic:
    what, name = ("job" if _kind(block) == "Job" else "service"), block.labels[1].text
    return info(
        "cloud-run/terraform-beside", f"{path} has the {what} {name} as well, which is not in this plan",
        origin=block.origin, rule=rules.TERRAFORM.id, url=rules.TERRAFORM.url,
        help=f"plan it with --config {path}:{name}",
    )  # fmt: skip
