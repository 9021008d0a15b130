"""How Sphinx builds the site; `python -m docs` runs it."""

import re
from typing import Any

from docutils import nodes
from latex2mathml import converter

import autograd

project = "chainrule"
author = "The chainrule authors"
version = release = autograd.__version__
extensions = ["myst_nb", "sphinx_copybutton"]
nb_execution_mode = "off"  # the outputs are those that were committed, which tests hold to a fresh run
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

smartquotes = False  # an empty string is two straight quotes

html_theme = "furo"
html_title = "chainrule"
html_static_path = ["assets"]
html_favicon = "assets/favicon.svg"
html_css_files = ["site.css"]
html_show_sphinx = html_show_copyright = html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {"footer_icons": []}
copybutton_prompt_text = "$ "


def mathml(latex: str, display: str) -> str:
    """A formula without a script: browsers draw MathML themselves.

    `split` is what the converter calls `aligned`; a prime is as large as its letter, and a minus sign after another
    sign stands close to its number.
    """
    latex = re.sub(r"\\\\\[\w+\]", r"\\\\", latex.replace("{aligned}", "{split}"))
    text = converter.convert(latex, display=display)
    text = re.sub(r"<msup>(<m[io]>[^<]*</m[io]>)<mi>&#x02032;</mi></msup>", rf"\1{PRIME}", text)
    return re.sub(r"(<mo[^>]*>(?:&#x0003D;|&#x000B7;|&#x00028;)</mo>)<mo>(&#x02212;)", r'\1<mo form="prefix">\2', text)


PRIME = '<mo lspace="0" rspace="0">&#x02032;</mo>'


def _inline(writer: Any, node: nodes.Element) -> None:
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.Element) -> None:
    writer.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> None:
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
