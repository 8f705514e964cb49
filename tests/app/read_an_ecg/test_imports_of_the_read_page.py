import subprocess
import sys

import pytest

SLOW = ("torch", "sklearn", "umap", "matplotlib", "captum", "fhir")


@pytest.mark.parametrize("module", ["app.read_an_ecg.sections", "app.inputs.ecg", "app.navigation"])
def test_the_first_paper_does_not_wait_for_what_only_later_sections_need(module):
    said = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not set(SLOW) & set(said)
