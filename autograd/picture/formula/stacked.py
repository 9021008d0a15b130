"""Formulas in the notations that stack fractions and roots: LaTeX and MathML."""

import re
from html import escape

from autograd.picture.formula.typeset import GREEK, Box

_LIKE_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))  # for which LaTeX has no names
_GREEK = {letter: rf"\{name} " for name, letter in GREEK.items()} | {
    letter: rf"\mathrm{{{latin}}}" for letter, latin in _LIKE_LATIN.items()
}
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
} | _GREEK
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
_LATEX_ACCENTS = {"\u0304": "bar", "\u0307": "dot"}
_LATEX_FUNCTIONS = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"}


def _latex_text(plain: str) -> str:
    return "".join(_LATEX.get(c, _LATEX_ESCAPES.get(c, c)) for c in plain)


def latex(box: Box) -> str:
    match box:
        case "id", name:
            if name[1:] in _LATEX_ACCENTS:
                return f"\\{_LATEX_ACCENTS[name[1:]]}{{{_latex_text(name[0])}}}"
            return _latex_text(name) if len(name) == 1 else _latex_name(name)
        case "fn", name:
            if name in _LATEX_FUNCTIONS:
                return f"\\{name} "
            return _latex_text(name) if len(name) == 1 else r"\operatorname{" + _latex_text(name) + "}"
        case "num", number:
            mantissa, e, exponent = number.partition("e")
            return _latex_text(mantissa) + (r" \cdot 10^{" + _latex_text(exponent) + "}" if e else "")
        case "op", sign:
            return _latex_text(sign)
        case "bin", sign:
            return f" {_latex_text(sign).strip()} "
        case "row", *parts:
            return "".join(map(latex, parts))
        case "fence", body:
            return rf"\left({latex(body)}\right)"
        case "template", _, written, operands:
            return written.format(*[f"{{{latex(part)}}}" if part[0] == "scripts" else latex(part) for part in operands])
        case "cases", *parts:
            yes, condition, no = map(latex, parts)
            return rf"\begin{{cases}} {yes} & {condition} \\ {no} & \text{{else}} \end{{cases}}"
        case "root", body:
            return rf"\sqrt{{{latex(body)}}}"
        case "frac", above, below:
            return rf"\frac{{{latex(above)}}}{{{latex(below)}}}"
        case "scripts", base, sub, sup:
            shown = f"{{{latex(base)}}}" if base[0] == "scripts" else latex(base)
            below = "" if sub is None else f"_{{{latex(sub)}}}"
            return shown + below + ("" if sup is None else f"^{{{latex(sup)}}}")
    raise ValueError(f"not a box: {box!r}")


def _latex_name(name: str) -> str:
    words = name.replace("\\", r"\textbackslash ").replace("{", r"\{").replace("}", r"\}")
    for character in "$&#%_":
        words = words.replace(character, "\\" + character)
    words = words.replace("^", r"\^{}").replace("~", r"\~{}").replace(" ", r"\ ")
    words = "".join([_GREEK.get(c, c) for c in words])
    for sign, accent in _LATEX_ACCENTS.items():
        words = re.sub(rf"(\\mathrm\{{.\}}|\\[A-Za-z]+ |.){sign}", rf"\\{accent}{{\1}}", words)
    return rf"\mathit{{{words}}}"


def mathml(box: Box) -> str:
    """MathML Core, the inside of a <math> element."""
    match box:
        case "id", name:
            return f"<mi>{escape(name)}</mi>"
        case "fn", name:
            return f'<mi mathvariant="normal">{escape(name)}</mi>'
        case "num", number if number.startswith("−"):
            return f'<mrow><mo form="prefix">−</mo><mn>{escape(number[1:])}</mn></mrow>'
        case "num", number:
            return f"<mn>{escape(number)}</mn>"
        case (("op" | "bin"), sign):
            return f"<mo>{escape(sign)}</mo>"
        case "row", *parts:
            return "<mrow>" + "".join(map(mathml, parts)) + "</mrow>"
        case "fence", body:
            return f"<mrow><mo>(</mo>{mathml(body)}<mo>)</mo></mrow>"
        case "ref", _, mark:
            return str(mark)
        case "template", shown, *_:
            return mathml(shown)
        case "cases", *parts:
            yes, condition, no = (f"<mtd>{mathml(part)}</mtd>" for part in parts)
            other = "<mtd><mtext>else</mtext></mtd>"
            return f"<mrow><mo>{{</mo><mtable><mtr>{yes}{condition}</mtr><mtr>{no}{other}</mtr></mtable></mrow>"
        case "root", body:
            return f"<msqrt>{mathml(body)}</msqrt>"
        case "frac", above, below:
            return f"<mfrac>{mathml(above)}{mathml(below)}</mfrac>"
        case "scripts", base, sub, sup:
            tag = "msubsup" if sub is not None and sup is not None else "msub" if sub is not None else "msup"
            return f"<{tag}>{''.join(mathml(part) for part in (base, sub, sup) if part is not None)}</{tag}>"
    raise ValueError(f"not a box: {box!r}")


def math_element(box: Box, display: bool = False) -> str:
    block = ' display="block"' if display else ""
    return f"<math{block}>{mathml(box)}</math>"
