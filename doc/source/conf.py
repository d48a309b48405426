"""How Sphinx builds the documentation: sphinx-build -W -b html doc/source doc/build/html"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))  # benchmarks.mutations

from contract_tests import __version__

project = "contract-tests"
copyright = "the contract-tests authors, Apache-2.0"
release = version = __version__
extensions = ["contract_reference", "reno.sphinxext"]
exclude_patterns = ["_ext"]
html_theme = "alabaster"
html_show_sphinx = False
html_theme_options = {
    "description": "Contracts of versioned HTTP APIs",
    "page_width": "1080px",
    "fixed_sidebar": True,
}
highlight_language = "none"
