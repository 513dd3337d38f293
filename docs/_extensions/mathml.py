"""Formulas as MathML, which browsers lay out by themselves: no script and no font is fetched."""

import html
import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

LOG = logging.getLogger(__name__)
SIZES = re.compile(r"\\[bB]igg?[lrm]?(?![A-Za-z])")  # brackets stretch by themselves


def as_mathml(node: nodes.Node, *, as_block: bool) -> str:
    """Translate a formula; one that can't be is shown as it is written, with a warning."""
    try:
        return str(tex2mathml(SIZES.sub("", node.astext()), as_block=as_block))
    except MathError as error:
        LOG.warning("formula: %s: %s", error, node.astext(), location=node)
        return f"<code>{html.escape(node.astext())}</code>"


def show_inline(translator: Any, node: nodes.Node) -> None:
    """Write a formula in a line."""
    translator.body.append(as_mathml(node, as_block=False))
    raise nodes.SkipNode


def show_block(translator: Any, node: nodes.Node) -> None:
    """Write a formula that stands by itself."""
    translator.body.append(f'<div class="math-block">{as_mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Offer it to Sphinx as a renderer."""
    app.add_html_math_renderer("mathml", (show_inline, None), (show_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
