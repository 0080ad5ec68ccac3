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


def smallest_rank(weights, projection, target=0.2, k=2):
    """The smallest common rank whose unique parts have a mean principal similarity <= target."""
    left = numpy.linalg.eigh(sum(w @ w.T for w in weights))[1][:, ::-1]
    right = numpy.linalg.eigh(sum(w.T @ w for w in weights))[1][:, ::-1]
    for rank in range(1, min(weights[0].shape) - k + 1):
        u, v = left[:, :rank], right[:, :rank]
        spaces = []
        for weight in weights:
            unique = weight - u @ (u.T @ weight)
            unique = unique - (unique @ v) @ v.T
            a, _, b = numpy.linalg.svd(unique, full_matrices=False)
            spaces.append(a[:, :k] if projection == "down_proj" else b[:k].T)
        cosines = [
            numpy.linalg.svd(a.T @ b, compute_uv=False).clip(0, 1).mean()
            for place, a in enumerate(spaces) for b in spaces[place + 1:]]
        if numpy.mean(cosines) <= target:
            return rank
    return None


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

    def test_target_similarity(self):
        """The ranks are those of an exhaustive search in float64; chance is out of reach."""
        source, target = ROOT / "Fixtures" / "qwen2-moe-tiny", self.path / "target"
        convert(source, target, "--target-similarity", "0.2")
        form = json.loads((target / "config.json").read_text())["sd_moe"]
        original = tensors(source)
        for unit in form["units"]:
            layer, projection = unit["layer"], unit["projection"]
            start = f"model.layers.{layer}.mlp.experts."
            weights = [
                original[f"{start}{expert}.{projection}.weight"].double().numpy()
                for expert in range(12)]
            self.assertEqual(unit["common_rank"], smallest_rank(weights, projection), unit)
        outcome = subprocess.run(
            [SDMOE, "convert", source, "-o", self.path / "none", "--quiet", "--target-similarity",
             "0.1"], capture_output=True, text=True)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("no common rank from 1 to 110", outcome.stderr)
        self.assertFalse((self.path / "none").exists())

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
