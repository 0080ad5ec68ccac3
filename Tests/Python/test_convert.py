"""The factored layout read by PyTorch, and the merged one by transformers."""

import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy
import torch
from safetensors.torch import load_file
from transformers import (
    AutoConfig, AutoModel, AutoModelForCausalLM, CompressedTensorsConfig, FineGrainedFP8Config,
    Mxfp4Config)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SDMOE = ROOT / ".build" / "release" / "sdmoe"
PAGE = ROOT / "Sources/SpectralDecoupling/SpectralDecoupling.docc/factored-layout.md"
FIXTURES = ["qwen2-moe-tiny", "deepseek-v2-tiny"]
FAMILIES = ROOT / "Fixtures" / "families"
# One stacked [E, 2I, H], one under names of its own, one transposed, one with gate and up in turn.
STACKED = ["qwen2_moe/fused", "granitemoe/hub", "llama4_text/hub", "gpt_oss/hub"]
# How transformers itself decodes a quantised checkpoint, to the type of the model.
QUANTISED = {
    "deepseek_v3_fp8/hub": FineGrainedFP8Config(dequantize=True),
    "gpt_oss_mxfp4/hub": Mxfp4Config(dequantize=True),
    "deepseek_v3_ct_int4/hub": CompressedTensorsConfig(dequantize=True),
}


def convert(source, target, *options):
    command = [SDMOE, "convert", source, "-o", target, "--quiet", "--certificate", "basic"]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)


def tensors(folder):
    index, files = folder / "model.safetensors.index.json", ["model.safetensors"]
    if index.exists():
        files = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    return {name: tensor for file in files for name, tensor in load_file(folder / file).items()}


def logits(folder, tokens, **options):
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.bfloat16, output_loading_info=True, **options)
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
            others = 0
            for stem in stems:
                start, proj = re.fullmatch(r"(.*\.)experts\.\d+\.(\w+)", stem).groups()
                stored = original[f"{stem}.weight"]
                weight = stored.float()
                error = (scope["rebuild"](target, start, proj, stem) - weight).abs().max()
                self.assertLessEqual(error, 1e-6 * weight.abs().max(), stem)
                exact = scope["rebuild"](target, start, proj, stem, stored.dtype)
                self.assertEqual(exact.dtype, stored.dtype)
                others += (exact.view(torch.int16) != stored.view(torch.int16)).sum().item()
                index = parts.get(f"{stem}.correction.index")
                if index is not None:
                    places = index.long()
                    self.assertTrue(torch.equal(exact.view(-1)[places], stored.view(-1)[places]))
            weights = sum(original[f"{stem}.weight"].numel() for stem in stems)
            self.assertLessEqual(others, weights / 20_000, name)

    def test_target_similarity(self):
        """The ranks are those of an exhaustive search in float64, Fixtures/Generators/target_similarity.py."""
        source, target = ROOT / "Fixtures" / "qwen2-moe-tiny", self.path / "target"
        convert(source, target, "--target-similarity", "0.2")
        form = json.loads((target / "config.json").read_text())["sd_moe"]
        curves = {}
        with open(source / "reference-convert" / "target_similarity.csv", newline="") as file:
            for row in csv.DictReader(file):
                curve = curves.setdefault((int(row["layer"]), row["projection"]), [])
                curve.append(float(row["mean_cosine"]))
        self.assertEqual(len(form["units"]), len(curves))
        for unit in form["units"]:
            curve = curves[unit["layer"], unit["projection"]]
            smallest = next(place for place, mean in enumerate(curve, 1) if mean <= 0.2)
            self.assertEqual(unit["common_rank"], smallest, unit)
        outcome = subprocess.run(
            [SDMOE, "convert", source, "-o", self.path / "none", "--quiet", "--target-similarity",
             "0.1"], capture_output=True, text=True)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("no common rank from 1 to 110", outcome.stderr)
        self.assertFalse((self.path / "none").exists())

    def test_factored_is_no_model(self):
        """transformers refuses parts, also with the model's own code, and so does the script."""
        source, target = self.path / "source", self.path / "target"
        shutil.copytree(ROOT / "Fixtures" / "qwen2-moe-tiny", source,
                        ignore=shutil.ignore_patterns("captures", "reference*"))
        config = json.loads((source / "config.json").read_text())
        config["auto_map"] = {"AutoConfig": "configuration_x.XConfig"}
        (source / "config.json").write_text(json.dumps(config))
        (source / "configuration_x.py").write_text(
            "from transformers import Qwen2MoeConfig as XConfig\n")
        convert(source, target)
        for kind in (AutoConfig, AutoModel, AutoModelForCausalLM):
            for trust in (False, True):
                with self.assertRaisesRegex(ValueError, "sd_moe_factored"):
                    kind.from_pretrained(target, trust_remote_code=trust)
        outcome = subprocess.run(
            [sys.executable, ROOT / "Scripts" / "capture.py", target, "--tokens",
             ROOT / "Fixtures" / "qwen2-moe-tiny" / "captures" / "tokens.npy", "-o",
             self.path / "acts.h5"], capture_output=True, text=True)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn(f"sdmoe convert {target} --form merged", outcome.stderr)
        self.assertFalse((self.path / "acts.h5").exists())

    def test_merged(self):
        """Merged back the model is the same; strict it is another, and runs."""
        for name in FIXTURES:
            source = ROOT / "Fixtures" / name
            tokens = torch.tensor(
                numpy.load(source / "captures" / "tokens.npy").astype("int64")).reshape(-1)[None, :64]
            convert(source, self.path / f"{name}-factored")
            convert(self.path / f"{name}-factored", self.path / f"{name}-merged", "--form", "merged")
            convert(source, self.path / f"{name}-strict", "--form", "merged", "--mode", "strict")
            cut = "--mode", "strict", "--common-rank-exact"
            convert(source, self.path / f"{name}-cut", "--form", "merged", *cut)
            convert(source, self.path / f"{name}-cut-factored", *cut)
            convert(self.path / f"{name}-cut-factored", self.path / f"{name}-cut-merged", "--form", "merged")
            expected = logits(source, tokens)
            self.assertTrue(torch.equal(logits(self.path / f"{name}-merged", tokens), expected))
            strict, cut = (logits(self.path / f"{name}-{kind}", tokens) for kind in ("strict", "cut"))
            for found in (strict, cut):
                self.assertTrue(found.isfinite().all())
                self.assertFalse(torch.equal(found, expected))
            self.assertFalse(torch.equal(strict, cut))
            once, twice = (tensors(self.path / f"{name}-cut{end}") for end in ("", "-merged"))
            self.assertEqual(once.keys(), twice.keys())
            self.assertTrue(all(torch.equal(once[key], twice[key]) for key in once))
            # W_c has the common rank, not twice that.
            parts = tensors(self.path / f"{name}-cut-factored")
            for key, left in parts.items():
                if key.endswith(".common.left"):
                    self.assertEqual(left.shape[1], 8, key)

    def test_stacked(self):
        """Stacked experts keep their layout: merged back every tensor and the logits are the same."""
        tokens = torch.arange(48)[None]
        for name in STACKED:
            source, path = FAMILIES / name, self.path / name.replace("/", "-")
            convert(source, path / "parts")
            convert(path / "parts", path / "merged", "--form", "merged")
            convert(source, path / "direct", "--form", "merged")
            convert(source, path / "strict", "--form", "merged", "--mode", "strict")
            expected, original = logits(source, tokens), tensors(source)
            for kind in ("merged", "direct"):
                found = tensors(path / kind)
                self.assertEqual(found.keys(), original.keys())
                self.assertTrue(all(torch.equal(found[key], original[key]) for key in original))
                self.assertTrue(torch.equal(logits(path / kind, tokens), expected), name)
            strict = logits(path / "strict", tokens)
            self.assertTrue(strict.isfinite().all())
            self.assertFalse(torch.equal(strict, expected), name)

    def test_rebuild_stacked(self):
        """The code of the documentation rebuilds experts whose gate and up take turns."""
        scope = {}
        exec(re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S).group(1), scope)
        source, target = FAMILIES / "gpt_oss/hub", self.path / "parts"
        convert(source, target)
        original, parts = tensors(source), tensors(target)
        start = "model.layers.1.mlp."
        for place, proj in enumerate(["gate_proj", "up_proj"]):
            for expert in range(4):
                def share(stack):
                    return stack[expert, :, place::2].T.contiguous()
                stored = share(original[f"{start}experts.gate_up_proj"])
                found = scope["rebuild"](
                    target, start, proj, f"{start}experts.{expert}.{proj}", stored.dtype,
                    unique=share(parts[f"{start}experts.gate_up_proj.unique"]))
                # PyTorch adds in another order.
                self.assertLessEqual((found != stored).sum().item(), 1)

    def test_quantised(self):
        """Decoded, a model is the one that transformers decodes, and loads without its program."""
        tokens = torch.arange(48)[None]
        for name, how in QUANTISED.items():
            source, path = FAMILIES / name, self.path / name.replace("/", "-")
            convert(source, path / "parts")
            convert(path / "parts", path / "merged", "--form", "merged")
            convert(source, path / "direct", "--form", "merged", "--layers", "1")
            expected = logits(source, tokens, quantization_config=how)
            for kind in ("merged", "direct"):
                config = json.loads((path / kind / "config.json").read_text())
                self.assertNotIn("quantization_config", config)
                found = tensors(path / kind)
                self.assertEqual({tensor.dtype for tensor in found.values()}, {torch.bfloat16})
                self.assertTrue(torch.equal(logits(path / kind, tokens), expected), name)


if __name__ == "__main__":
    unittest.main()
