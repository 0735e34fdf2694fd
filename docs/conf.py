"""Sphinx configuration. `make docs` builds with warnings as errors."""

import os
import sys
from pathlib import Path

import udl_fast

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER / "_extensions"))
from public_names import own_methods  # noqa: E402  found by the line above

project = "udl_fast"
author = "The udl_fast developers"
copyright = author
version = release = udl_fast.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "public_names",
]
exclude_patterns = ["_build", "gallery"]
suppress_warnings = ["config.cache"]  # sphinx-gallery's settings hold functions

# API pages: one for each public name, made by docs/_extensions/public_names.py.
autodoc_typehints = "none"
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False
templates_path = ["_templates"]
autosummary_context = {"own_methods": own_methods}

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"plot_",
    "abort_on_example_error": True,
    "run_stale_examples": True,  # the short form leaves pictures that look current
    "min_reported_time": 1e9,  # run times are no figures of ours
    "show_memory": False,
    "remove_config_comments": True,
    "download_all_examples": False,
    "write_computation_times": False,
}
if os.environ.get("UDL_FAST_DOCS_QUICK"):
    os.environ["UDL_FAST_GALLERY_QUICK"] = "1"

html_theme = "pydata_sphinx_theme"
html_title = "udl_fast"
html_show_sourcelink = False
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
