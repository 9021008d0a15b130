"""Formulas in the notations that stack fractions and roots: LaTeX and MathML."""

from html import escape

from autograd.picture.formula.typeset import GREEK, Box

_LATEX = {
    "∂": r"\partial ",
    "·": r"\cdot ",
    "−": "-",
    "…": r"\ldots ",
    "Σ": r"\textstyle\sum ",
    "∞": r"\infty ",
    "′": "'",
    "≥": r"\ge ",
    "≤": r"\le ",
    "|": "|",
    "‖": r"\Vert ",
    "→": r"\to ",
    "×": r"\times ",
    "½": r"\tfrac12 ",
    "≠": r"\ne ",
} | {letter: rf"\{name} " for name, letter in GREEK.items()}
_LATEX_ESCAPES = {
    "\\": r"\backslash ",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\^{}",
    "~": r"\sim ",
}
_LATEX_FUNCTIONS = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"}


def _latex_text(plain: str) -> str:
    return "".join(_LATEX.get(c, _LATEX_ESCAPES.get(c, c)) for c in plain)


def latex(box: Box) -> str:
    kind = box[0]
    if kind == "ref":
        return latex(box[1])
    if kind == "id":
        plain = box[1]
        if len(plain) == 1:
            return _latex_text(plain)
        words = plain.replace("\\", r"\textbackslash ").replace("{", r"\{").replace("}", r"\}")
        for character in "$&#%_":
            words = words.replace(character, "\\" + character)
        return r"\mathit{" + words.replace("^", r"\^{}").replace("~", r"\~{}").replace(" ", r"\ ") + "}"
    if kind == "fn":
        plain = box[1]
        if plain in _LATEX_FUNCTIONS:
            return f"\\{plain} "
        return _latex_text(plain) if len(plain) == 1 else r"\operatorname{" + _latex_text(plain) + "}"
    if kind == "num":
        mantissa, e, exponent = box[1].partition("e")
        return _latex_text(mantissa) + (r" \cdot 10^{" + _latex_text(exponent) + "}" if e else "")
    if kind == "op":
        return _latex_text(box[1])
    if kind == "bin":
        return f" {_latex_text(box[1]).strip()} "
    if kind == "row":
        return "".join(latex(part) for part in box[1:])
    if kind == "fence":
        return rf"\left{box[2]}{latex(box[1])}\right{box[3]}"
    if kind == "template":
        return box[2].format(*[f"{{{latex(part)}}}" if part[0] == "scripts" else latex(part) for part in box[3]])
    if kind == "cases":
        yes, condition, no = (latex(part) for part in box[1:])
        return rf"\begin{{cases}} {yes} & {condition} \\ {no} & \text{{else}} \end{{cases}}"
    if kind == "root":
        return rf"\sqrt{{{latex(box[1])}}}"
    if kind == "frac":
        return rf"\frac{{{latex(box[1])}}}{{{latex(box[2])}}}"
    base, sub, sup = box[1:]
    shown = latex(base)
    if base[0] == "scripts":
        shown = f"{{{shown}}}"
    if sub is not None:
        shown += f"_{{{latex(sub)}}}"
    if sup is not None:
        shown += f"^{{{latex(sup)}}}"
    return shown


def mathml(box: Box) -> str:
    """MathML Core, the inside of a <math> element."""
    kind = box[0]
    if kind == "id":
        return f"<mi>{escape(box[1])}</mi>"
    if kind == "fn":
        return f'<mi mathvariant="normal">{escape(box[1])}</mi>'
    if kind == "num":
        if box[1].startswith("−"):
            return f'<mrow><mo form="prefix">−</mo><mn>{escape(box[1][1:])}</mn></mrow>'
        return f"<mn>{escape(box[1])}</mn>"
    if kind in ("op", "bin"):
        return f"<mo>{escape(box[1])}</mo>"
    if kind == "row":
        return "<mrow>" + "".join(mathml(part) for part in box[1:]) + "</mrow>"
    if kind == "fence":
        return f"<mrow><mo>{box[2]}</mo>{mathml(box[1])}<mo>{box[3]}</mo></mrow>"
    if kind == "ref":
        return str(box[2])
    if kind == "template":
        return mathml(box[1])
    if kind == "cases":
        yes, condition, no = (f"<mtd>{mathml(part)}</mtd>" for part in box[1:])
        other = "<mtd><mtext>else</mtext></mtd>"
        return f"<mrow><mo>{{</mo><mtable><mtr>{yes}{condition}</mtr><mtr>{no}{other}</mtr></mtable></mrow>"
    if kind == "root":
        return f"<msqrt>{mathml(box[1])}</msqrt>"
    if kind == "frac":
        return f"<mfrac>{mathml(box[1])}{mathml(box[2])}</mfrac>"
    base, sub, sup = box[1:]
    tag = "msubsup" if sub is not None and sup is not None else "msub" if sub is not None else "msup"
    return f"<{tag}>{''.join(mathml(part) for part in (base, sub, sup) if part is not None)}</{tag}>"


def math_element(box: Box, display: bool = False) -> str:
    block = ' display="block"' if display else ""
    return f"<math{block}>{mathml(box)}</math>"
