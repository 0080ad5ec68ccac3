"""Does the script find the experts of families that build them in other ways?"""

from support import (CaptureTests, attributes, checkpoint, datasets, load_file, metadata, np,
                     torch)
from transformers import (AutoModelForCausalLM, DeepseekV3Config, MixtralConfig, OlmoeConfig,
                          Qwen3MoeConfig)

COMMON = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "vocab_size": 64, "max_position_embeddings": 64, "num_experts_per_tok": 2,
    "pad_token_id": None, "bos_token_id": None, "eos_token_id": None,
    # Large enough for losses and gradients to depend on every expert.
    "initializer_range": 0.2,
}


class FamilyTests:
    """The tests of one family, on a model of random weights in single precision."""

    experts = 4
    layers = [0, 1]
    top_k = 2

    def setUp(self):
        super().setUp()
        torch.manual_seed(1)
        self.model = AutoModelForCausalLM.from_config(self.config(), dtype=torch.float32).eval()
        self.adjust()
        self.checkpoint = self.folder / "model"
        self.model.save_pretrained(self.checkpoint)
        self.tokens = np.random.default_rng(1).integers(0, 64, (5, 12))
        self.tokens_path = self.save_tokens(self.tokens)

    def adjust(self):
        pass

    def capture_here(self, *words):
        self.capture(self.checkpoint, "--tokens", self.tokens_path, *words)

    def watched(self, tokens):
        """What the model's own modules give: outputs of the norms, and experts that were chosen."""
        norms, chosen, hooks = {}, {}, []
        for layer in self.layers:
            block = self.model.model.layers[layer]
            hooks.append(block.post_attention_layernorm.register_forward_hook(
                lambda _, __, output, layer=layer: norms.update({layer: output.flatten(0, 1)})))
            hooks.append(block.mlp.gate.register_forward_hook(
                lambda _, __, output, layer=layer: chosen.update({layer: output[2]})))
        with torch.no_grad():
            self.model(input_ids=torch.from_numpy(tokens))
        for hook in hooks:
            hook.remove()
        return norms, chosen

    def scores(self, logits, layer):
        """What the family chooses experts by."""
        return logits

    def test_activations(self):
        path = self.folder / "acts.h5"
        self.capture_here("-o", path, "--capture-dtype", "f32", "--batch", "2", "--shuffle",
                          "--seed", "7")
        written = datasets(path)
        names = {"tokens", "sequence_offsets", "sequence_lengths", "shuffled/permutation"}
        for layer in self.layers:
            names |= {f"layers/{layer}/moe_input", f"layers/{layer}/router_logits",
                      f"shuffled/layers/{layer}/moe_input"}
        self.assertEqual(set(written), names)
        self.assertTrue(np.array_equal(written["tokens"], self.tokens.flatten()))
        self.assertTrue(np.array_equal(written["sequence_offsets"], np.arange(0, 61, 12)))

        norms, chosen = self.watched(self.tokens)
        tensors = checkpoint(self.checkpoint)
        for layer in self.layers:
            inputs = written[f"layers/{layer}/moe_input"]
            self.assertEqual((inputs.shape, inputs.dtype), ((60, 32), np.float32))
            # All tokens at once or two sequences at a time: rounding alone tells them apart.
            np.testing.assert_allclose(inputs, norms[layer].numpy(), rtol=1e-4, atol=1e-4)
            logits = written[f"layers/{layer}/router_logits"]
            self.assertEqual((logits.shape, logits.dtype), ((60, self.experts), np.float32))
            router = tensors[self.router_name.format(layer)].numpy()
            np.testing.assert_allclose(logits, inputs @ router.T, rtol=1e-4, atol=1e-4)
            best = np.argsort(self.scores(logits, layer), axis=1)[:, -self.top_k:]
            self.assertTrue(
                np.array_equal(np.sort(best), np.sort(chosen[layer].numpy())), f"layer {layer}")

        order = written["shuffled/permutation"].reshape(5, 12)
        self.assertTrue((np.sort(order) == np.arange(12)).all())
        self.assertFalse((order == np.arange(12)).all(axis=1).any())
        norms, _ = self.watched(np.take_along_axis(self.tokens, order, axis=1))
        for layer in self.layers:
            shuffled = written[f"shuffled/layers/{layer}/moe_input"].reshape(5, 12, 32)
            expected = norms[layer].numpy().reshape(5, 12, 32)
            for sequence in range(5):
                for place in range(12):
                    np.testing.assert_allclose(
                        shuffled[sequence, order[sequence, place]], expected[sequence, place],
                        rtol=1e-4, atol=1e-4)

    def test_gradients(self):
        path = self.folder / "grads.safetensors"
        self.capture_here("--gradients", path, "--gradient-dtype", "f32")
        gradients, tensors = load_file(path), checkpoint(self.checkpoint)
        # The names of save_pretrained, less the shared expert's gate, which is no expert.
        names = {name for name in tensors if ".experts." in name or "shared_experts." in name}
        self.assertEqual(set(gradients), names)
        self.assertEqual({name: g.shape for name, g in gradients.items()},
                         {name: tensors[name].shape for name in names})

        # The loss, in double precision, of a checkpoint in which one tensor is moved along its
        # gradient has to rise by the gradient's norm for each unit of the way. Routing in single
        # precision, as some families have it, brings errors of 1e-7 / step, far under 1 %.
        step = 1e-3
        for name in sorted(names):
            norm = gradients[name].double().norm()
            if ".1." not in name and "shared" not in name or norm < 1e-4:
                continue
            direction = gradients[name].double() / norm
            rise = (self.loss(name, step * direction) - self.loss(name, -step * direction))
            self.assertAlmostEqual(float(rise / (2 * step) / norm), 1, delta=0.01, msg=name)
        self.assertAlmostEqual(float(metadata(path)["loss"]), self.loss(None, 0), delta=1e-5)

    def loss(self, name, change):
        tensors = {key: tensor.double() for key, tensor in checkpoint(self.checkpoint).items()}
        if name:
            tensors[name] = tensors[name] + change
        model = type(self.model).from_pretrained(
            None, config=self.config(), state_dict=tensors, dtype=torch.float64,
            experts_implementation="eager")
        tokens = torch.from_numpy(self.tokens)
        with torch.no_grad():
            logits = model.eval()(input_ids=tokens).logits[:, :-1]
        return float(torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), tokens[:, 1:].flatten()))


class MixtralTests(FamilyTests, CaptureTests):
    router_name = "model.layers.{}.block_sparse_moe.gate.weight"

    def config(self):
        return MixtralConfig(**COMMON, intermediate_size=24, num_local_experts=4)

    def test_elements_of_bf16(self):
        path = self.folder / "acts.h5"
        self.capture_here("-o", path, "--capture-dtype", "bf16")
        exact = self.folder / "exact.h5"
        self.capture_here("-o", exact, "--capture-dtype", "f32")
        name = "layers/1/moe_input"
        self.assertEqual(attributes(path, name)["dtype"], "BF16")
        stored, exact = datasets(path)[name], datasets(exact)[name]
        self.assertEqual(stored.dtype, np.uint16)
        values = (stored.astype(np.uint32) << 16).view(np.float32)
        # BF16 keeps 8 bits, so rounding moves a value by at most 2^-9 of its power of two.
        self.assertTrue((np.abs(values - exact) <= 2.0**-8 * np.abs(exact)).all())
        self.assertFalse(np.array_equal(values, exact))

    def test_the_same_command_gives_the_same_bytes(self):
        written = []
        for name in ("first", "second"):
            activations, gradients = self.folder / f"{name}.h5", self.folder / f"{name}.safetensors"
            self.capture_here("-o", activations, "--gradients", gradients, "--shuffle")
            written.append((activations.read_bytes(), gradients.read_bytes()))
        self.assertEqual(written[0], written[1])
        self.capture_here("-o", activations, "--shuffle", "--seed", "1")
        self.assertNotEqual(activations.read_bytes(), written[0][0])

    def test_stacked_experts_keep_their_names(self):
        self.checkpoint = self.folder / "stacked"
        self.model.save_pretrained(self.checkpoint, save_original_format=False)
        path = self.folder / "grads.safetensors"
        self.capture_here("--gradients", path, "--layers", "1")
        names = {f"model.layers.1.mlp.experts.{kind}" for kind in ("gate_up_proj", "down_proj")}
        self.assertEqual(set(load_file(path)), names)

    def test_a_value_too_large_for_f16(self):
        with torch.no_grad():
            self.model.model.layers[1].post_attention_layernorm.weight.fill_(1e5)
        self.model.save_pretrained(self.checkpoint)
        path = self.folder / "acts.h5"
        words = (self.checkpoint, "--tokens", self.tokens_path, "-o", path)
        self.assert_fails("does not fit in F16, whose largest is 65504; use --capture-dtype bf16 "
                          "or f32", *words)
        self.capture(*words, "--capture-dtype", "bf16")


class Qwen3MoETests(FamilyTests, CaptureTests):
    router_name = "model.layers.{}.mlp.gate.weight"

    def config(self):
        return Qwen3MoeConfig(**COMMON, head_dim=8, intermediate_size=48, moe_intermediate_size=24,
                              num_experts=4, decoder_sparse_step=1, mlp_only_layers=[])


class OlmoeTests(FamilyTests, CaptureTests):
    router_name = "model.layers.{}.mlp.gate.weight"

    def config(self):
        return OlmoeConfig(**COMMON, intermediate_size=24, num_experts=4)


class DeepseekV3Tests(FamilyTests, CaptureTests):
    """Layer 0 is dense, and experts are chosen by a sigmoid with a correction."""

    router_name = "model.layers.{}.mlp.gate.weight"
    layers = [1]
    experts = 8

    def config(self):
        common = {**COMMON, "num_key_value_heads": 4}
        return DeepseekV3Config(
            **common, intermediate_size=48, moe_intermediate_size=24, n_routed_experts=8,
            n_shared_experts=2, first_k_dense_replace=1, n_group=1, topk_group=1, q_lora_rank=None,
            kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=8)

    def adjust(self):
        # A correction that changes which experts are chosen, and must not be in the logits.
        bias = self.model.model.layers[1].mlp.gate.e_score_correction_bias
        bias.copy_(torch.linspace(-0.3, 0.3, 8))

    def scores(self, logits, layer):
        bias = checkpoint(self.checkpoint)[f"model.layers.{layer}.mlp.gate.e_score_correction_bias"]
        return 1 / (1 + np.exp(-logits)) + bias.numpy()
