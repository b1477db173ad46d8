"""What a Python module's text says of the names it has, without running it."""

import ast
from enum import StrEnum
from functools import lru_cache

MAX_CHARACTERS = 1024 * 1024


class Defined(StrEnum):
    """Whether a module has a name when it has been imported. UNKNOWN: its text alone does not tell."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def defines(text: str, name: str) -> Defined:
    """Whether the module of this text has `name` at its top level.

    A name is there for certain where a statement that always runs binds it last. What only some runs bind (under
    `if`, `try`, in a loop), what `from x import *`, `__getattr__`, `globals()` or `exec` may bring, and text that
    this Python cannot read, are UNKNOWN.
    """
    tree = parsed(text)
    if tree is None:
        return Defined.UNKNOWN
    answer = Defined.NO
    for statement in tree.body:
        answer = _after(statement, name, answer)
    if answer is Defined.NO and _may_bring(tree, name):
        return Defined.UNKNOWN
    return answer


def only_binding(text: str, name: str) -> ast.stmt | None:
    """The one statement that binds `name`, where it stands at the top level and nothing else may bind that name."""
    tree = parsed(text)
    if tree is None or defines(text, name) is not Defined.YES or _may_bring(tree, name):
        return None
    found = [statement for statement in _all_statements(tree.body) if name in _bound_by(statement)]
    return found[0] if len(found) == 1 and any(found[0] is one for one in tree.body) else None


def bound_names(text: str) -> tuple[str, ...]:
    """Every name bound anywhere at the top level, for a suggestion; sorted."""
    tree = parsed(text)
    if tree is None:
        return ()
    found = {name for statement in _all_statements(tree.body) for name in _bound_by(statement)}
    return tuple(sorted(found - {"*"}))


def has_call(text: str, name: str) -> bool:
    """Whether `name` is a function or class of this module, something a server can call to get the application."""
    tree = parsed(text)
    return tree is not None and any(
        isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and statement.name == name
        for statement in tree.body
    )


@lru_cache(maxsize=2)
def parsed(text: str) -> ast.Module | None:
    """The module, None when this Python cannot read it. Several rules look at the same script one after another."""
    if len(text) > MAX_CHARACTERS:
        return None
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _after(statement: ast.stmt, name: str, before: Defined) -> Defined:
    """The answer after one more statement."""
    if isinstance(statement, ast.Delete):
        removed = {n for target in statement.targets for n in _names_in(target)}
        return Defined.NO if name in removed else before
    if name in _bound_by(statement):
        return Defined.YES
    nested = list(_nested(statement))
    if not nested:
        return before
    if isinstance(statement, ast.With | ast.AsyncWith):
        answer = before
        for inner in nested:
            answer = _after(inner, name, answer)
        return answer
    touched = any(name in _bound_by(inner) or isinstance(inner, ast.Delete) for inner in _all_statements(nested))
    if not touched:
        return before
    return _after_branches(statement, name, before)


def _after_branches(statement: ast.stmt, name: str, before: Defined) -> Defined:
    """Under a condition: certain only where every branch says the same."""
    if isinstance(statement, ast.If):
        ends = {_after_all(statement.body, name, before), _after_all(statement.orelse, name, before)}
        return ends.pop() if len(ends) == 1 else Defined.UNKNOWN
    if isinstance(statement, ast.Try) and statement.finalbody:
        last = _after_all(statement.finalbody, name, Defined.NO)
        if last is Defined.YES:
            return last
    return Defined.YES if before is Defined.YES and not _deletes(statement) else Defined.UNKNOWN


def _after_all(body: list[ast.stmt], name: str, before: Defined) -> Defined:
    for statement in body:
        before = _after(statement, name, before)
    return before


def _deletes(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Delete) for node in ast.walk(statement))


def _bound_by(statement: ast.stmt) -> set[str]:
    """Names that one statement binds in its own scope; those of its branches apart."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Assign():
            return {name for target in statement.targets for name in _names_in(target)} | _walrus(statement.value)
        case ast.AnnAssign() | ast.AugAssign():
            has_value = statement.value is not None
            return _names_in(statement.target) if has_value else set()
        case ast.Import():
            return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        case ast.ImportFrom():
            return {alias.asname or alias.name for alias in statement.names}
        case ast.For() | ast.AsyncFor():
            return set()
        case ast.With() | ast.AsyncWith():
            return {n for item in statement.items if item.optional_vars for n in _names_in(item.optional_vars)}
        case ast.Expr():
            return _walrus(statement.value)
    return set()


def _names_in(target: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del)}


def _walrus(value: ast.expr) -> set[str]:
    return {n.target.id for n in ast.walk(value) if isinstance(n, ast.NamedExpr)}


def _nested(statement: ast.stmt) -> list[ast.stmt]:
    """The statements under one that share its scope."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return []
    found: list[ast.stmt] = []
    for field in ("body", "orelse", "finalbody"):
        found += getattr(statement, field, [])
    for handler in getattr(statement, "handlers", []):
        found += handler.body
    for case in getattr(statement, "cases", []):
        found += case.body
    return found


def _all_statements(body: list[ast.stmt]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    pending = list(body)
    while pending:
        statement = pending.pop()
        found.append(statement)
        pending += _nested(statement)
    return found


def _may_bring(tree: ast.Module, name: str) -> bool:
    """Whether a name may come that no statement of the text surely binds."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom() if any(alias.name == "*" for alias in node.names):
                return True
            case ast.Name() if node.id in ("globals", "exec", "locals"):
                return True
            case ast.Global() if name in node.names:
                return True
            case ast.Attribute() if node.attr == "modules":  # sys.modules[__name__]
                return True
    for statement in _all_statements(tree.body):
        match statement:
            case ast.FunctionDef() if statement.name == "__getattr__":
                return True
            case ast.For() | ast.AsyncFor() if name in _names_in(statement.target):
                return True
            case ast.Match():
                return True
    return False
