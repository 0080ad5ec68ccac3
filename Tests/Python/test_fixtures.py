"""Does the script write anew what Fixtures/ holds of the two trained models?"""

from support import (FIXTURES, CaptureTests, attributes, checkpoint, datasets, load_file, metadata,
                     np, torch, units_in_last_place)

# The largest relative error of one rounding in single precision.
ROUNDING = 2.0**-24


class FixtureTests:
    """The tests of one trained model."""

    def capture_anew(self, *words):
        captures = FIXTURES / self.name / "captures"
        self.capture(
            FIXTURES / self.name, "--tokens", captures / "tokens.npy",
            "-o", self.folder / "acts.h5", "--gradients", self.folder / "grads.safetensors",
            "--shuffle", "--permutation-from", captures / "activations.h5", *words)
        stored = datasets(captures / "activations.h5")
        # The fixtures are older than the lengths, which their offsets tell too.
        stored["sequence_lengths"] = np.diff(stored["sequence_offsets"])
        return captures, stored, datasets(self.folder / "acts.h5")

    def assert_activations(self, stored, written):
        self.assertEqual(set(written), set(stored))
        routers = checkpoint(FIXTURES / self.name)
        for name, expected in stored.items():
            actual = written[name]
            self.assertEqual((actual.shape, actual.dtype), (expected.shape, expected.dtype), name)
            if expected.dtype == np.int64:
                self.assertTrue(np.array_equal(actual, expected), name)
                continue
            width = self.width
            actual, expected = actual.astype(np.float64), expected.astype(np.float64)
            if name.endswith("moe_input"):
                # Two units of F16. A value near zero is a difference of larger ones and keeps
                # their error: that of a sum of `width` products, at the size of its row.
                rows = np.sqrt((expected**2).mean(axis=1, keepdims=True))
                allowed = (2 * units_in_last_place(expected, 10, -14) + width * ROUNDING * rows)
            else:
                # A sum of `width` products errs by at most width * ROUNDING * ||x|| ||w||, and so
                # do two of them together by twice that; x's own error is of the same size.
                layer = name.split("/")[1]
                matrix = routers[f"model.layers.{layer}.mlp.gate.weight"].double().numpy()
                inputs = stored[f"layers/{layer}/moe_input"].astype(np.float64)
                allowed = 3 * width * ROUNDING * np.outer(
                    np.linalg.norm(inputs, axis=1), np.linalg.norm(matrix, axis=1))
            # Written so that NaN fails.
            self.assertTrue((np.abs(actual - expected) <= allowed).all(), name)

    def test_with_the_batch_of_the_fixture(self):
        captures, stored, written = self.capture_anew("--batch", "16")
        self.assert_activations(stored, written)
        kept = attributes(self.folder / "acts.h5")
        self.assertEqual((kept["model"], kept["hidden_size"]), (self.name, self.width))

        stored = load_file(captures / "gradients.safetensors")
        written = load_file(self.folder / "grads.safetensors")
        self.assertEqual(set(written), set(stored))
        for name, expected in stored.items():
            self.assertEqual(written[name].dtype, torch.bfloat16, name)
            expected = expected.double().numpy()
            # Two units of BF16, or 1e-5 of the largest; an expert without tokens stays at zero.
            allowed = np.maximum(
                2 * units_in_last_place(expected, 7, -126), 1e-5 * np.abs(expected).max())
            if not expected.any():
                allowed = np.zeros_like(expected)
            error = np.abs(written[name].double().numpy() - expected)
            self.assertTrue((error <= allowed).all(), name)
        kept = metadata(self.folder / "grads.safetensors")
        # PyTorch's kernels differ by CPU: the loss is told to seven digits, of which the last may.
        self.assertAlmostEqual(
            float(kept["loss"]), float(metadata(captures / "gradients.safetensors")["loss"]),
            delta=2e-6)
        self.assertEqual((kept["model"], kept["tokens"]), (self.name, "1024"))

    def test_the_batch_does_not_matter(self):
        _, stored, written = self.capture_anew("--batch", "3", "--layers", "1-2")
        layers = ("layers/0/", "layers/3/")
        stored = {name: rows for name, rows in stored.items() if not any(l in name for l in layers)}
        self.assert_activations(stored, written)


class Qwen2MoETests(FixtureTests, CaptureTests):
    name = "qwen2-moe-tiny"
    width = 128


class DeepseekV2Tests(FixtureTests, CaptureTests):
    name = "deepseek-v2-tiny"
    width = 128
