"""Runs Scripts/capture.py inside the tests, and reads what it writes."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path

# No test downloads anything.
os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "Scripts" / "capture.py"
FIXTURES = ROOT / "Fixtures"
sys.path.insert(0, str(SCRIPT.parent))
sys.dont_write_bytecode = True

import capture  # noqa: E402
import h5py  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from safetensors import safe_open  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

# The models are so small that on a busy machine threads would mostly wait for each other.
torch.set_num_threads(1)


class CaptureTests(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_capture(self, *words):
        """Runs the script; returns its exit code and what it said."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            try:
                code = capture.main(capture.parse_arguments([str(word) for word in words]))
            except SystemExit as end:
                code = end.code
        return code, said.getvalue()

    def capture(self, *words):
        """Runs the script, which has to succeed."""
        code, said = self.run_capture(*words)
        self.assertEqual(code, 0, said)
        return said

    def assert_fails(self, text, *words):
        """Runs the script, which has to exit with 1, say `text` in one line, and leave no file."""
        before = set(self.folder.iterdir())
        code, said = self.run_capture(*words)
        self.assertEqual(code, 1, said)
        self.assertIn(text, said)
        self.assertRegex(said, r"\Acapture: [^\n]+\n\Z")
        self.assertEqual(set(self.folder.iterdir()), before)

    def save_tokens(self, tokens):
        path = self.folder / "tokens.npy"
        np.save(path, tokens)
        return path


def datasets(path):
    """All datasets of an HDF5 file by name."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[:]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def attributes(path, name="/"):
    with h5py.File(path) as file:
        return dict(file[name].attrs)


def metadata(path):
    with safe_open(path, "pt") as file:
        return file.metadata()


def checkpoint(folder):
    """All tensors of a checkpoint by name."""
    tensors = {}
    for path in sorted(Path(folder).glob("*.safetensors")):
        tensors.update(load_file(path))
    return tensors


def units_in_last_place(values, fraction_bits, smallest_exponent):
    """The distance between neighbouring numbers of a floating-point type, at each value."""
    exponents = np.frexp(np.abs(values))[1] - 1
    return np.exp2(np.maximum(exponents, smallest_exponent) - fraction_bits)


__all__ = ["CaptureTests", "FIXTURES", "ROOT", "SCRIPT", "attributes", "capture", "checkpoint",
           "datasets", "load_file", "metadata", "np", "torch", "units_in_last_place"]
