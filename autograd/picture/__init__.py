"""Pictures of a graph: `draw`, `explain`, `step`. One model of the graph; Graphviz, SVG, HTML and text read it."""

from autograd.picture.drawing import Drawing, draw, draw_dot, mimebundle
from autograd.picture.explanation import Explanation, explain
from autograd.picture.formula.labels import text as label_text
from autograd.picture.stepper import Stepper, step

__all__ = ["Drawing", "Explanation", "Stepper", "draw", "draw_dot", "explain", "label_text", "mimebundle", "step"]
