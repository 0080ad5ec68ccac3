"""The factored layout read by PyTorch, and the merged one by transformers."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

ROOT = pathlib.Path(__file__).resolve().parents[2]
SDMOE = ROOT / ".build" / "release" / "sdmoe"
PAGE = ROOT / "Sources/SpectralDecoupling/SpectralDecoupling.docc/FactoredLayout.md"
FIXTURES = ["qwen2-moe-tiny", "deepseek-v2-tiny"]


def convert(source, target, *options):
    command = [SDMOE, "convert", source, "-o", target, "--quiet", "--certificate", "basic"]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)


def tensors(folder):
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    files = sorted(set(index["weight_map"].values()))
    return {name: tensor for file in files for name, tensor in load_file(folder / file).items()}


def logits(folder, tokens):
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.bfloat16, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    with torch.no_grad():
        return model.eval()(tokens).logits


class ConvertTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def test_rebuild(self):
        """The code of the documentation rebuilds every expert."""
        code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S).group(1)
        scope = {}
        exec(code, scope)
        for name in FIXTURES:
            source, target = ROOT / "Fixtures" / name, self.path / name
            convert(source, target)
            original, parts = tensors(source), tensors(target)
            stems = [key.removesuffix(".unique") for key in parts if key.endswith(".unique")]
            self.assertGreater(len(stems), 100)
            for stem in stems:
                start, proj = re.fullmatch(r"(.*\.)experts\.\d+\.(\w+)", stem).groups()
                weight = original[f"{stem}.weight"].float()
                error = (scope["rebuild"](parts, start, proj, stem) - weight).abs().max()
                self.assertLessEqual(error, 1e-6 * weight.abs().max(), stem)

    def test_merged(self):
        """Merged back the model is the same; strict it is another, and runs."""
        for name in FIXTURES:
            source = ROOT / "Fixtures" / name
            tokens = torch.tensor(
                numpy.load(source / "captures" / "tokens.npy").astype("int64")).reshape(-1)[None, :64]
            convert(source, self.path / f"{name}-factored")
            convert(self.path / f"{name}-factored", self.path / f"{name}-merged", "--form", "merged")
            convert(source, self.path / f"{name}-strict", "--form", "merged", "--mode", "strict")
            expected = logits(source, tokens)
            self.assertTrue(torch.equal(logits(self.path / f"{name}-merged", tokens), expected))
            strict = logits(self.path / f"{name}-strict", tokens)
            self.assertTrue(strict.isfinite().all())
            self.assertFalse(torch.equal(strict, expected))


if __name__ == "__main__":
    unittest.main()
