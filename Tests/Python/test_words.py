"""What the script makes of its arguments and of bad data."""

import json
import os
import re
import subprocess
import sys

from support import FIXTURES, ROOT, SCRIPT, CaptureTests, capture, datasets, np
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

MODEL = FIXTURES / "qwen2-moe-tiny"
TEXT = "The kernel keeps a list of all processes; each has a parent, and some have children.\n"


class TextTests(CaptureTests):
    def test_sequences_are_cut_from_the_text(self):
        text = self.folder / "text.txt"
        text.write_text(TEXT * 20, encoding="utf-8")
        path = self.folder / "acts.h5"
        said = self.capture(MODEL, "--text", text, "-o", path, "--sequences", 3, "--length", 10,
                            "--layers", "0,2")
        written = datasets(path)
        ids = AutoTokenizer.from_pretrained(MODEL)(TEXT * 20)["input_ids"]
        self.assertEqual(written["tokens"].tolist(), ids[:30])
        self.assertEqual(written["sequence_offsets"].tolist(), [0, 10, 20, 30])
        self.assertEqual(set(written), {
            "tokens", "sequence_offsets", "sequence_lengths", "layers/0/moe_input",
            "layers/0/router_logits", "layers/2/moe_input", "layers/2/router_logits"})
        self.assertIn("30 tokens, 2 layers", said)

    def test_a_text_too_short(self):
        text = self.folder / "text.txt"
        text.write_text(TEXT, encoding="utf-8")
        count = len(AutoTokenizer.from_pretrained(MODEL)(TEXT)["input_ids"])
        self.assert_fails(
            f"text.txt: gives {count} tokens, 16 sequences of 64 need 1024; take a longer text",
            MODEL, "--text", text, "-o", self.folder / "acts.h5")

    def test_a_model_without_a_tokenizer(self):
        text = self.folder / "text.txt"
        text.write_text(TEXT * 20, encoding="utf-8")
        for left in [["tokenizer.json"], ["tokenizer.json", "tokenizer_config.json"]]:
            model = self.folder / f"without-{len(left)}"
            model.mkdir()
            for file in MODEL.iterdir():
                if file.is_file() and file.name not in left:
                    (model / file.name).symlink_to(file)
            self.assert_fails(f"{model}: has no tokenizer that can be loaded (", model, "--text",
                              text, "-o", self.folder / "acts.h5")

    def test_what_is_no_text(self):
        text = self.folder / "text.txt"
        output = ("-o", self.folder / "acts.h5")
        self.assert_fails("text.txt: No such file", MODEL, "--text", text, *output)
        text.write_bytes(b"\xff\xfe\x00")
        self.assert_fails("text.txt: is not a text in UTF-8", MODEL, "--text", text, *output)


class DataTests(CaptureTests):
    def setUp(self):
        super().setUp()
        self.tokens = self.save_tokens(np.arange(20).reshape(2, 10))
        self.path = self.folder / "acts.h5"

    def test_tokens_that_do_not_fit(self):
        for tokens, text in [
            (np.array([[1, 2, 4096]]), "holds token 4096, the model knows 0 to 4095"),
            (np.array([[1, -2, 3]]), "holds token -2,"),
            (np.arange(5), "holds int64 of shape [5]; integers [sequences, length]"),
            (np.ones((2, 3)), "holds float64 of shape [2, 3]"),
            (np.ones((3, 1), np.int32), "a length of 2 or more"),
        ]:
            with self.subTest(text):
                path = self.save_tokens(tokens)
                self.assert_fails(text, MODEL, "--tokens", path, "-o", self.path)
        path.write_text("no array")
        self.assert_fails("cannot be read as .npy", MODEL, "--tokens", path, "-o", self.path)

    def test_padding_is_cut_off_and_changes_nothing(self):
        tokens = np.random.default_rng(3).integers(1, 4096, (3, 9))
        bare = [self.folder / f"{number}.h5" for number in range(3)]
        for number, length in enumerate((9, 5, 7)):
            path = self.save_tokens(tokens[number:number + 1, :length])
            self.capture(MODEL, "--tokens", path, "-o", bare[number], "--layers", "1")
        tokens[1] = [*[4095] * 4, *tokens[1, :5]]
        tokens[2, 7:] = 4095
        self.capture(MODEL, "--tokens", self.save_tokens(tokens), "-o", self.path,
                     "--pad-token", "4095", "--layers", "1", "--batch", "3", "--shuffle")
        written = datasets(self.path)
        self.assertEqual(written["sequence_lengths"].tolist(), [9, 5, 7])
        self.assertEqual(written["sequence_offsets"].tolist(), [0, 9, 14, 21])
        self.assertNotIn(4095, written["tokens"])
        for name in ("tokens", "layers/1/moe_input", "layers/1/router_logits"):
            expected = np.concatenate([datasets(path)[name] for path in bare])
            np.testing.assert_allclose(written[name], expected, rtol=1e-3, atol=1e-3)
        order = np.split(written["shuffled/permutation"], [9, 14])
        self.assertEqual([sorted(part) for part in order], [[*range(n)] for n in (9, 5, 7)])
        path = self.save_tokens(np.full((1, 4), 4095))
        self.assert_fails("sequence 0 holds nothing but the padding token 4095", MODEL, "--tokens",
                          path, "-o", self.path, "--pad-token", "4095")

    def test_models_that_do_not_fit(self):
        words = ("--tokens", self.tokens, "-o", self.path)
        self.assert_fails("nowhere: cannot be loaded", self.folder / "nowhere", *words)
        self.assert_fails("layer 7 has no experts; those that have: 0, 1, 2", MODEL, *words,
                          "--layers", "1,7")
        dense = self.folder / "dense"
        LlamaForCausalLM(LlamaConfig(
            hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            vocab_size=32)).save_pretrained(dense)
        self.assert_fails("llama: no module with experts and a router", dense, *words)

    def test_names_that_the_checkpoint_has_not(self):
        index = json.loads((MODEL / "model.safetensors.index.json").read_text(encoding="utf-8"))
        known = set(index["weight_map"])
        model = capture.open_model(capture.parse_arguments(
            [str(MODEL), "--tokens", "x", "-o", "y"]))
        weights = capture.find_blocks(model, None)[0].expert_parameters()
        named = capture.as_checkpoint(model, weights, known)
        self.assertEqual(len(named), 12 * 3 + 3)
        with self.assertRaisesRegex(capture.CaptureError, "has no tensor '.*experts.3.up_proj"):
            capture.as_checkpoint(
                model, weights, known - {"model.layers.0.mlp.experts.3.up_proj.weight"})

    def test_permutations_that_do_not_fit(self):
        words = (MODEL, "--tokens", self.tokens, "-o", self.path, "--shuffle", "--permutation-from")
        self.assert_fails("does not order 2 sequences of 10 tokens", *words,
                          MODEL / "captures" / "activations.h5")
        self.assert_fails("no dataset shuffled/permutation", *words, self.tokens)

    def test_outputs_that_cannot_be_written(self):
        words = (MODEL, "--tokens", self.tokens)
        self.assert_fails("there is no folder", *words, "-o", self.folder / "none" / "acts.h5")
        (self.folder / "taken").mkdir()
        self.assert_fails("taken: cannot be written", *words, "-o", self.folder / "taken")


class WordsTests(CaptureTests):
    def assert_refused(self, text, *words):
        code, said = self.run_capture(*words)
        self.assertEqual(code, 2)
        self.assertIn(text, said)

    def test_wrong_words(self):
        output, tokens = ("-o", "a.h5"), ("--tokens", "t.npy")
        self.assert_refused("--text --tokens is required", MODEL, *output)
        self.assert_refused("nothing to write", MODEL, *tokens)
        self.assert_refused("belong to --text", MODEL, *tokens, *output, "--length", "8")
        self.assert_refused("belongs to --tokens", MODEL, "--text", "t", *output, "--pad-token", "0")
        self.assert_refused("no next token", MODEL, "--text", "t", *output, "--length", "1")
        self.assert_refused("give 1 or more", MODEL, *tokens, *output, "--batch", "0")
        self.assert_refused("give 0 or more", MODEL, *tokens, *output, "--shuffle", "--seed", "-1")
        self.assert_refused("give --shuffle too", MODEL, *tokens, *output, "--seed", "1")
        self.assert_refused("give -o FILE", MODEL, *tokens, "--gradients", "g", "--shuffle")
        self.assert_refused("the same file", MODEL, *tokens, *output, "--gradients", "a.h5")
        self.assert_refused("is not a list of layers", MODEL, *tokens, *output, "--layers", "1-")

    def test_as_a_program(self):
        def run(*words):
            return subprocess.run([sys.executable, SCRIPT, *map(str, words)], text=True,
                                  capture_output=True, env={**os.environ, "COLUMNS": "1000"})

        version = run("--version")
        self.assertEqual(version.returncode, 0)
        for name, number in capture.TRIED.items():
            self.assertIn(f"{name} {number}", version.stdout.split("here are")[0])
        self.assertEqual(run(MODEL).returncode, 2)
        failed = run(self.folder, "--tokens", "none.npy", "-o", self.folder / "a.h5")
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        self.assertNotIn("Traceback", failed.stderr)

    def test_the_versions_tried_are_those_required(self):
        text = (ROOT / "Tests" / "Python" / "requirements.txt").read_text(encoding="utf-8")
        pinned = dict(re.findall(r"^(\S+)==(\S+)$", text.split("\n\n")[0], re.MULTILINE))
        self.assertEqual(pinned, capture.TRIED)
