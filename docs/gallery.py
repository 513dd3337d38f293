"""Run the numbered examples cell by cell, and keep their pages with what they print and draw.

``python docs/gallery.py`` runs them all, which takes minutes, and writes ``docs/gallery``. The
build of the site only reads those pages; a test runs the examples again and compares what they say.
"""

import ast
import io
import re
import shutil
import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES, KEPT = ROOT / "examples", ROOT / "docs" / "gallery"
CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)
FIGURES = {".png"}
CHANGING = re.compile(r"\b[0-9a-f]{12,}\b|[-+]?\d[\d.,e+/-]*|\S*/tmp/\S*")


@dataclass(frozen=True)
class Cell:
    """A part of an example: prose, or code with what it printed and the figures that it wrote."""

    text: str
    is_prose: bool = False
    said: str = ""
    figures: tuple[str, ...] = ()


def read_cells(path):
    """Split an example at its cell marks; one without any is its docstring and its code."""
    text = path.read_text(encoding="utf-8")
    _, *parts = CELL.split(text)
    if not parts:
        head, _, rest = ast.get_docstring(ast.parse(text)).partition("\n")
        title = re.match(r".*?[.?!](?= |$)", head)[0]
        yield Cell(f"# {title.rstrip('.')}\n\n{head[len(title) :]} {rest}".strip(), is_prose=True)
        yield Cell(text.split('"""', 2)[2].strip())
    for mark, text in zip(parts[::2], parts[1::2], strict=True):
        if "markdown" in mark:
            yield Cell(re.sub(r"(?m)^# ?", "", text).strip(), is_prose=True)
        else:
            yield Cell(text.strip())


def run_cells(path, folder):
    """Run an example, whose files go to a folder, and yield its cells with what each said."""
    import matplotlib.pyplot as plt

    names, before = {"__name__": "__main__"}, set()
    for cell in read_cells(path):
        if cell.is_prose:
            yield cell
            continue
        said = io.StringIO()
        with redirect_stdout(said):
            exec(compile(cell.text, str(path), "exec"), names)
        now = {one.name for one in Path(folder).iterdir() if one.suffix in FIGURES}
        yield Cell(cell.text, said=said.getvalue(), figures=tuple(sorted(now - before)))
        before |= now
    plt.close("all")


def write_page(path, cells, folder):
    """Write an example as a page: prose, code, output, figures."""
    parts: list[str] = []
    for cell in cells:
        if cell.is_prose:
            parts.append(f"#{cell.text}" if parts and cell.text.startswith("# ") else cell.text)
            continue
        parts.append(f"```python\n{cell.text}\n```")
        if cell.said:
            said = cell.said.replace(str(folder), "folder").rstrip()
            parts.append(f"```text\n{said}\n```")
        parts += [f"![{words_of(name)}]({path.stem}_{name})" for name in cell.figures]
    return "\n\n".join(parts) + "\n"


def words_of(name):
    """Say what a figure is, by the name of its file."""
    return f"The figure {Path(name).stem.replace('_', ' ')}, as the code above draws it"


def shape_of(text):
    """Return the words of an output, without numbers, hashes, paths and blanks."""
    return " ".join(CHANGING.sub("#", text).split())


def said_in(page):
    """Return what a kept page says that its code printed."""
    return "\n".join(re.findall(r"(?ms)^```text\n(.*?)^```", page))


def keep(path):
    """Run one example, and keep its page and its figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sys.argv = [path.stem, str(folder)]
        page = write_page(path, list(run_cells(path, folder)), folder)
        (KEPT / f"{path.stem}.md").write_text(page, encoding="utf-8")
        for figure in folder.iterdir():
            if figure.suffix in FIGURES:
                shutil.copy(figure, KEPT / f"{path.stem}_{figure.name}")


if __name__ == "__main__":
    import matplotlib as mpl

    mpl.use("Agg")
    KEPT.mkdir(exist_ok=True)
    chosen = sys.argv[1:]
    for example in sorted(EXAMPLES.glob("[0-9]*.py")):
        if not chosen or example.stem in chosen:
            keep(example)
