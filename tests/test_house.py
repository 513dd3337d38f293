"""The house: imports run downwards, one place builds models, and `import` is light."""

import ast
import inspect
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import bayes_scaling
from bayes_scaling.responses import RESPONSES

PACKAGE = Path(bayes_scaling.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
FLOORS = {
    "__main__": 10,
    "cli": 9,
    "reporting": 8,
    "plotting": 7,
    "registry": 6,
    "decision": 6,
    "evaluation": 5,
    "forecasting": 4,
    "simulation": 4,
    "inference": 3,
    "responses": 2,
    "specification": 1,
    "data": 1,
    "ledger": 1,
    "outputs": 1,
    "arrays": 0,
    "errors": 0,
    "metrics": 0,
    "scales": 0,
}
HEAVY = {"pymc", "pytensor", "arviz", "nutpie", "numba", "matplotlib", "pandas", "scipy", "xarray"}


def room(path):
    """The first name below the package: a folder or a module; None for the front door."""
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return None if name == "__init__" else name


def imported_rooms(source):
    """Yield the rooms that a module's text imports, wherever in the text it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "bayes_scaling" and rest:
                yield rest.split(".")[0]


def climbs(own, source):
    """What a module of a room imports that isn't below it."""
    others = {name for name in imported_rooms(source) if name in FLOORS} - {own}
    return sorted(name for name in others if FLOORS[name] >= FLOORS[own])


def test_every_module_has_a_floor():
    assert {room(path) for path in MODULES} - {None} <= FLOORS.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downwards(path):
    if (own := room(path)) is not None:
        assert climbs(own, path.read_text()) == []


def test_an_import_that_climbs_is_seen():
    assert climbs("data", "from bayes_scaling.specification.spec import Spec") == ["specification"]
    assert climbs("errors", "def f():\n    import bayes_scaling.cli") == ["cli"]
    assert climbs("inference", "from bayes_scaling import forecasting") == ["forecasting"]
    assert climbs("inference", "from bayes_scaling.data import read_runs") == []


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def what_runs(node):
    """Yield the nodes of a tree, functions included, but for what stands under TYPE_CHECKING."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            child = ast.Module(child.orelse, [])
        yield from what_runs(child)


def imported_modules(source, known):
    """Yield which of the known modules a text imports, when it is read or in a function."""
    for node in what_runs(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from known & {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from known & (names | {node.module})


def find_circle(sources):
    """Name the modules of a circle of imports, the first again at the end; empty without one.

    An import in a function closes a circle as one at the top does: neither file can be understood,
    tested or moved without the other. A type that is only named, under TYPE_CHECKING, doesn't: a
    record may call the function that works on it.
    """
    imports = {
        name: set(imported_modules(source, sources.keys())) - {name}
        for name, source in sources.items()
    }
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_imports_make_no_circle_inside_a_room_either():
    assert find_circle({module_name(path): path.read_text() for path in MODULES}) == []


@pytest.mark.parametrize(
    ("first", "second", "seen"),
    [
        ("from room.second import f", "from room.first import g", True),
        ("from room import second", "import room.first", True),
        ("def f():\n    from room.second import g", "import room.first", True),
        ("class A:\n    def f(self):\n        import room.second", "import room.first", True),
        ("if True:\n    import room.second", "import room.first", True),
        ("if TYPE_CHECKING:\n    import room.second", "import room.first", False),
        ("if typing.TYPE_CHECKING:\n    import room.second", "import room.first", False),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import room.second", "import room.first", True),
        ("import room.second", "import room.third", False),
    ],
)
def test_a_circle_is_seen(first, second, seen):
    texts = {"room": "", "room.first": first, "room.second": second, "room.third": ""}
    circle = find_circle(texts)
    assert set(circle) == ({"room.first", "room.second"} if seen else set())


def test_a_long_circle_is_seen():
    texts = {f"room.m{i}": f"def f():\n    import room.m{(i + 1) % 4}" for i in range(4)}
    assert len(find_circle(texts)) == 5


def builds_a_model(source):
    withs = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.With))
    calls = (item.context_expr for node in withs for item in node.items)
    return any(ast.unparse(call).startswith(("pm.Model", "pymc.Model", "Model(")) for call in calls)


def test_models_are_built_in_one_place_for_each_response():
    builders = {path for path in MODULES if builds_a_model(path.read_text())}
    room = PACKAGE / "inference"
    assert builders == {
        room / name for name in ("plain.py", "plain_sampling.py", "graph.py", "passes/graph.py")
    }


CLASSES = {"Fit", "Forecast", "Design"}
BRANCHES = {
    ("data/mapping.py", "ours == 'loss'"): "a column, which is read with its unit",
    ("inference/fits.py", "isinstance(value, Fit)"): "refuses what is no fit at all",
    (
        "reporting/writing.py",
        "backtest.response != fit.response.name",
    ): "refuses one of another",
    ("evaluation/stacking.py", "isinstance(made, Forecast)"): "refuses what is no forecast",
    ("plotting/problems.py", "isinstance(given, Forecast)"): "takes a fit or its forecast",
    ("responses/response.py", "spec.response == self.name"): "what verbs of one response demand",
    ("specification/laws/law.py", "way.response == response"): "looks up in the law's own table",
}


def branches_on_responses(source):
    """Yield the expressions that ask for the class, or the name, that a response has."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            asked = [node.args[1]]
        elif isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.In | ast.NotIn):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchClass):
            asked = [node.cls]
        else:
            continue
        inside = [part for one in asked for part in ast.walk(one)]
        classes = {part.id for part in inside if isinstance(part, ast.Name)} & CLASSES
        names = {part.attr for part in asked if isinstance(part, ast.Attribute)} & {"response"}
        names |= {part.value for part in asked if isinstance(part, ast.Constant)} & {*RESPONSES}
        if classes or names:
            yield ast.unparse(node)


def test_what_differs_between_responses_is_looked_up():
    found = {
        (str(path.relative_to(PACKAGE)), branch)
        for path in MODULES
        for branch in branches_on_responses(path.read_text())
    }
    assert found == BRANCHES.keys()
    for path in PACKAGE.rglob("*.j2"):
        assert re.findall(r"response *[!=]=.*", path.read_text()) == [], path


@pytest.mark.parametrize(
    "text",
    [
        "if isinstance(fit, Fit):\n    pass",
        "a = 1 if isinstance(fit, int | fits.Fit | Fit) else 2",
        "while type(forecast) is not Forecast:\n    pass",
        "if spec.response == name:\n    pass",
        "if kind != 'passes':\n    pass",
        "match fit:\n    case Fit(spec=spec):\n        pass",
    ],
)
def test_a_branch_on_a_response_is_seen(text):
    assert len([*branches_on_responses(text)]) == 1


def test_what_is_no_branch_on_a_response_is_let_pass():
    text = "if 'loss' in runs or isinstance(x, int) or response.name in table or fit == other: ..."
    assert [*branches_on_responses(text)] == []


def tables_by_response(path):
    """Yield the names of the tables of a module that are said to have an entry a response."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AnnAssign) and "ByResponse[" in ast.unparse(node.annotation):
            yield node.target.id


def test_every_table_has_an_entry_a_response():
    tables = [(module_name(path), name) for path in MODULES for name in tables_by_response(path)]
    assert len({module.split(".")[1] for module, _ in tables}) >= 7
    for module, name in tables:
        table = getattr(import_module(module), name)
        assert table.keys() == RESPONSES.keys(), f"{module}.{name}"


def test_import_is_light():
    code = "import sys, bayes_scaling; print(*{name.partition('.')[0] for name in sys.modules})"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(out.stdout.split()) == set()


@pytest.mark.parametrize("name", bayes_scaling.__all__)
def test_public_names_resolve(name):
    value = getattr(bayes_scaling, name)
    assert value.__name__ == name
    assert value.__module__.startswith("bayes_scaling.")
    assert inspect.getdoc(value)


def test_public_names_are_said_once():
    assert sorted(bayes_scaling.__all__) == sorted(bayes_scaling._HOME_OF)
    assert set(bayes_scaling.__all__) <= set(dir(bayes_scaling))


def test_no_module_has_the_name_of_a_function():
    modules = {path.stem for path in MODULES} | {path.parent.name for path in MODULES}
    assert modules & set(bayes_scaling.__all__) == set()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'fitt'"):
        _ = bayes_scaling.fitt
