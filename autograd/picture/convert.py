"""An SVG as PNG or PDF, by libraries that bring all they need: resvg, and typst, which draws pages.

The idea: both set text as browsers do, sub- and superscripts within a centred line too.
"""

SCALE = 2  # pixels of a PNG per pixel of the SVG


def from_svg(picture: str, kind: str) -> bytes | None:
    """The picture as "png" or "pdf"; None where the extra of that name is not installed."""
    try:
        return _png(picture) if kind == "png" else _pdf(picture)
    except ImportError:
        return None


def _png(picture: str) -> bytes:
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=picture, zoom=SCALE))


def _pdf(picture: str) -> bytes:
    import typst

    page = b'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.picture), format: "svg")\n'
    return bytes(typst.compile(page, format="pdf", sys_inputs={"picture": picture}))
