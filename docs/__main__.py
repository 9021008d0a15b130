"""`python -m docs`: the site, in the folder `site`, for any file server: `python -m http.server -d site`.

    python -m docs            pages, API reference, notebooks as they were run, live pages, the playground
    python -m docs --lab      and a JupyterLite beside them

Pages that run Python need the npm package pyodide: `npm install pyodide` here, or CHAINRULE_PYODIDE says where it is.
Nothing is fetched from elsewhere once the site is served.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ["CHAINRULE_PURE"] = "1"  # its methods have docstrings

from docs import browser, live, reference

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PICTURE = re.compile(r"!\[([^]]*)\]\((?:(?:\.\./)?notebooks/pictures/cost-of-one-|pictures/)(\w+)\.svg\)")
EDIT, END = '<a href="../lab/lab/index.html?path=', '">Edit and run it here</a>, in your browser.'


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m docs", description="Build the site.")
    options.add_argument("--output", type=Path, default=ROOT / "site", help="the folder, made anew (site)")
    options.add_argument("--lab", action="store_true", help="with JupyterLite, to edit the notebooks")
    chosen = options.parse_args()
    return build(chosen.output.resolve(), chosen.lab)


def build(output: Path, lab: bool = False) -> int:
    """Write the site; the exit status of Sphinx, for which a warning is an error."""
    from sphinx.cmd.build import build_main

    ours = output / ".nojekyll"  # which also has GitHub's server leave folders that begin with _ alone
    if output.exists() and not ours.exists() and any(output.iterdir()):
        print(f"python -m docs: {output} is not empty and no site of ours; give another --output", file=sys.stderr)
        return 2
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    ours.touch()
    editable = []
    if lab:
        from docs import lab as jupyter

        editable = jupyter.write(output / "lab")
        print(f"JupyterLite has {', '.join(editable)}")
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "source")
        gather(source, editable)
        status = build_main(["-q", "-W", "--keep-going", "-j", "auto", "-c", str(DOCS), "-d", scratch + "/doctrees",
                             str(source), scratch + "/site"])  # fmt: skip
        if status:
            return int(status)
        shutil.copytree(scratch + "/site", output, dirs_exist_ok=True)  # not what notebooks leave beside it
    live.write(output / "live")
    if not browser.write(output / "python"):
        print("without the npm package pyodide the playground has its examples alone: npm install pyodide")
    print(f"the site is in {output}")
    return 0


def gather(source: Path, editable: Sequence[str]) -> None:
    """Everything that becomes a page, in one folder: links between files stay as they are but for `../` and `docs/`."""
    for folder in ("notebooks", "benchmarks"):
        (source / folder).mkdir(parents=True)
    for page in [*DOCS.glob("*.md"), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]:
        (source / page.name.lower()).write_text(_of_the_site(page), "utf-8")
    index = source / "index.md"
    others = [page.stem for page in DOCS.glob("*.md") if page.name != "index.md" and page.stem not in index.read_text()]
    index.write_text(index.read_text().replace("\nmigration\n", "\n".join(["", "migration", *sorted(others), ""])))
    (source / "README.txt").write_text(_of_the_site(ROOT / "README.md"), "utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        if path.name in editable:
            notebook["cells"].insert(
                1, {"cell_type": "markdown", "id": "edit", "metadata": {}, "source": EDIT + path.name + END}
            )
        (source / "notebooks" / path.name).write_text(json.dumps(notebook), "utf-8")
    shutil.copy(ROOT / "benchmarks" / "RESULTS.md", source / "benchmarks")
    shutil.copytree(ROOT / "benchmarks" / "charts", source / "benchmarks" / "charts")
    live.pictures(source / "pictures")
    reference.write(source / "reference")


def _of_the_site(page: Path) -> str:
    """A page with its pictures in both themes, and its links to where things are on the site."""
    text = PICTURE.sub(_of_both_themes, page.read_text("utf-8"))
    text = text.replace("](../autograd/core/primitives.py)", "](reference/rows.md)")
    text = re.sub(r"\]\((\.\./)?(docs/)?", "](", text)
    return re.sub(r"\]\((CHANGELOG|CONTRIBUTING)\.md", lambda link: link[0].lower(), text)


def _of_both_themes(picture: re.Match[str]) -> str:
    """In the repository a picture is one file; here there is one for each theme."""
    words, name = picture.groups()
    return "\n".join([f"![{words}](pictures/{name}-{theme}.svg){{.only-{theme}}}" for theme in ("light", "dark")])


if __name__ == "__main__":
    sys.exit(main())
