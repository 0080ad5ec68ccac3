"""Weighs the experts of random tokens as the routers of many families do.

    python Fixtures/Generators/routing_weights.py Fixtures/routing/weights.json

Every rule is written down in numpy and float64 from the routing column of the table of families (score, normalisation
over the chosen, epsilon, scaling factor); nothing is shared with the Swift code. The same logits are given to the
router modules of transformers 5.23 with torch 2.13 (CPU), configured by `AutoConfig` from the same keys, so that their
defaults count; their weights are written beside as "transformers", in float32, and must agree. DeepSeek v1 has remote
code only, and so no such column. Deterministic. Needs numpy, torch and transformers.
"""

import importlib
import json
import sys

import numpy as np
import torch
from transformers import AutoConfig

N = 16
rng = np.random.default_rng(11)
LOGITS = 2 * rng.standard_normal((6, N))
# Near ties, all negative ones, and ones where scores vanish beside others.
LOGITS = np.concatenate([LOGITS, 3 - 0.007 * rng.permutation(N)[None], -2 - rng.random((1, N)),
                         30 * rng.standard_normal((1, N))])
# Exact in float32, and so are their differences: what is left of an error is the router's own.
LOGITS = np.round(1024 * LOGITS) / 1024
BIAS = np.round(10 * rng.standard_normal(N)) / 64


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sqrtsoftplus(x):
    return np.sqrt(np.logaddexp(0, x))


def gather(x, chosen):
    return np.take_along_axis(x, chosen, axis=1)


def weigh(score, normalised=False, epsilon=0.0, least=0.0, scale=1.0):
    """The chosen experts' scores, divided by their sum if normalised, times the scale."""
    def rule(logits, chosen):
        weights = gather(score(logits), chosen)
        if normalised:
            weights = weights / np.maximum(weights.sum(1, keepdims=True) + epsilon, least)
        return weights * scale
    return rule


def softmax_of_chosen(logits, chosen):
    return softmax(gather(logits, chosen))


def mixer(jitter):
    """Two passes: drop the logits too far below the largest, softmax over the rest; mask the first, and again."""
    def rule(logits, chosen):
        result = np.zeros(chosen.shape)
        for row, experts, out in zip(logits, chosen, result):
            left = np.ones(N, bool)
            for expert in sorted(experts, key=lambda e: -row[e]):
                top = row[left].max()
                near = left & ~((top - row) / np.maximum(np.abs(row), top) > 2 * jitter)
                out[list(experts).index(expert)] = np.exp(row[expert] - top) / np.exp(row[near] - top).sum()
                left[expert] = False
        return result
    return rule


def of_transformers(router, module, keys, bias, chosen):
    """The weights of the router's own choice, which must be the experts that were asked for."""
    others = {k: v for k, v in keys.items() if k != "model_type"}
    config = AutoConfig.for_model(keys["model_type"], num_attention_heads=2, num_key_value_heads=2, **others)
    gate = getattr(importlib.import_module(f"transformers.models.{module}.modeling_{module}"), router)(config)
    (gate.wg if hasattr(gate, "wg") else gate).weight.data = torch.eye(N)
    if hasattr(gate, "bias") and gate.bias is not None:
        gate.bias.data.zero_()
    arguments = [torch.tensor(LOGITS, dtype=torch.float32)]
    if bias:
        values = torch.tensor(BIAS, dtype=torch.float32)
        holder = getattr(gate, "moe_statics", gate)
        if hasattr(holder, "e_score_correction_bias"):
            holder.e_score_correction_bias.data = values.reshape(holder.e_score_correction_bias.shape)
        else:
            arguments.append(values)
    with torch.no_grad():
        found = gate.eval()(*arguments)
    if router == "Llama4Router":
        assert ((found[0] > 0).sum(1) == chosen.shape[1]).all()
        return gather(found[0].numpy(), chosen)
    weights, experts = found[1].numpy(), found[2].numpy()
    assert (np.sort(experts, 1) == chosen).all(), (router, experts, chosen)
    return gather(weights, np.argsort(experts, 1))


def case(name, choose, rule, keys, router=None, module=None, bias=None, k=4):
    """`choose` makes of the logits what experts are chosen by; `bias` is the name of its tensor."""
    values = choose(LOGITS) + (BIAS if bias else 0)
    chosen = np.sort(np.argsort(-values, axis=1, kind="stable")[:, :k], axis=1)
    weights = rule(LOGITS, chosen)
    keys = {"model_type": name.split(",")[0], "hidden_size": N, "num_hidden_layers": 1, "intermediate_size": 6,
            "moe_intermediate_size": 6} | keys
    result = {"name": name, "config": {}, "chosen": chosen.tolist(), "weights": weights.tolist()}
    if router:
        theirs = of_transformers(router, module or keys["model_type"], keys, bias, chosen)
        assert np.allclose(theirs, weights, rtol=1e-5, atol=1e-12), (name, np.abs(theirs / weights - 1).max())
        result["transformers"] = [[float(str(value)) for value in row] for row in theirs]
    if bias:
        result["bias"] = {"tensor": bias, "shape": [1, N] if keys["model_type"] == "ernie4_5_moe" else [N],
                          "values": BIAS.tolist()}
    # Of no meaning for routers, but asked for when a checkpoint is opened.
    keys = {"first_k_dense_replace": 0, "num_dense_layers": 0, "interleave_moe_layer_step": 1,
            "expert_layer_period": 1, "expert_layer_offset": 0} | keys
    result["config"] = {key: json.dumps(value) for key, value in keys.items()}
    return result


def deepseek(k=4, **keys):
    return {"n_routed_experts": N, "num_experts_per_tok": k} | keys


def local(k=4, **keys):
    return {"num_local_experts": N, "num_experts_per_tok": k} | keys


def numbered(k=4, **keys):
    return {"num_experts": N, "num_experts_per_tok": k} | keys


E_SCORE = "model.layers.0.mlp.gate.e_score_correction_bias"
ONE = {"n_group": 1, "topk_group": 1}
V3 = dict(normalised=True, epsilon=1e-20)
CASES = [
    case("qwen2_moe, no key", softmax, weigh(softmax), numbered(), "Qwen2MoeTopKRouter"),
    case("qwen2_moe, normalised", softmax, weigh(softmax, True), numbered(norm_topk_prob=True), "Qwen2MoeTopKRouter"),
    case("qwen3_moe, no key", softmax, weigh(softmax), numbered(), "Qwen3MoeTopKRouter"),
    case("qwen3_moe, normalised", softmax, weigh(softmax, True), numbered(norm_topk_prob=True), "Qwen3MoeTopKRouter"),
    case("qwen3_next, no key", softmax, weigh(softmax, True), numbered(), "Qwen3NextTopKRouter"),
    case("qwen3_next, not normalised", softmax, weigh(softmax), numbered(norm_topk_prob=False), "Qwen3NextTopKRouter"),
    case("qwen3_5_moe_text", softmax, weigh(softmax, True), numbered(), "Qwen3_5MoeTopKRouter", "qwen3_5_moe"),
    case("qwen3_vl_moe_text", softmax, weigh(softmax, True), numbered(), "Qwen3VLMoeTextTopKRouter", "qwen3_vl_moe"),
    case("deepseek, no key", softmax, weigh(softmax), deepseek()),
    case("deepseek, normalised", softmax, weigh(softmax, **V3), deepseek(norm_topk_prob=True)),
    case("deepseek_v2, no keys", softmax, weigh(softmax), deepseek(topk_method="greedy"), "DeepseekV2TopkRouter"),
    case("deepseek_v2, scaled", softmax, weigh(softmax, scale=16.0),
         deepseek(topk_method="greedy", routed_scaling_factor=16.0, norm_topk_prob=False), "DeepseekV2TopkRouter"),
    case("deepseek_v3, no keys", sigmoid, weigh(sigmoid, **V3, scale=2.5), deepseek(**ONE), "DeepseekV3TopkRouter",
         bias=E_SCORE),
    case("deepseek_v3, neither", sigmoid, weigh(sigmoid),
         deepseek(**ONE, norm_topk_prob=False, routed_scaling_factor=1.0), "DeepseekV3TopkRouter", bias=E_SCORE),
    case("deepseek_v3, null is no", sigmoid, weigh(sigmoid, scale=2.5), deepseek(**ONE, norm_topk_prob=None),
         "DeepseekV3TopkRouter", bias=E_SCORE),
    case("deepseek_v32, no keys", sigmoid, weigh(sigmoid, **V3, scale=2.5), deepseek(**ONE), "DeepseekV32TopkRouter",
         bias=E_SCORE),
    case("deepseek_v4", sqrtsoftplus, weigh(sqrtsoftplus, **V3, scale=1.5), deepseek(), "DeepseekV4TopKRouter",
         bias="layers.0.ffn.gate.bias"),
    case("kimi_linear, no keys", sigmoid, weigh(sigmoid, **V3, scale=2.446),
         {"num_experts": N, "num_experts_per_token": 4}, "KimiLinearTopkRouter",
         bias="model.layers.0.block_sparse_moe.gate.e_score_correction_bias"),
    case("kimi_linear, not normalised", sigmoid, weigh(sigmoid, scale=3.0),
         {"num_experts": N, "num_experts_per_token": 4, "moe_renormalize": False, "routed_scaling_factor": 3.0},
         "KimiLinearTopkRouter", bias="model.layers.0.block_sparse_moe.gate.e_score_correction_bias"),
    case("mixtral", softmax, weigh(softmax, True), local(), "MixtralTopKRouter"),
    case("olmoe, no key", softmax, weigh(softmax), numbered(), "OlmoeTopKRouter"),
    case("flex_olmo, normalised", softmax, weigh(softmax, True), numbered(norm_topk_prob=True), "FlexOlmoTopKRouter"),
    case("phimoe, no key", np.array, mixer(0.01), local(2), "PhimoeTopKRouter", k=2),
    case("phimoe, wide", np.array, mixer(0.2), local(2, router_jitter_noise=0.2), "PhimoeTopKRouter", k=2),
    case("gpt_oss", np.array, softmax_of_chosen, local(), "GptOssTopKRouter"),
    case("llama4_text", np.array, weigh(sigmoid), local(2), "Llama4Router", "llama4", k=2),
    case("glm4_moe, no keys", sigmoid, weigh(sigmoid, **V3), deepseek(**ONE), "Glm4MoeTopkRouter", bias=E_SCORE),
    case("glm4_moe_lite, no keys", sigmoid, weigh(sigmoid, **V3, scale=1.8), deepseek(**ONE), "Glm4MoeLiteTopkRouter",
         bias=E_SCORE),
    case("granitemoe", np.array, softmax_of_chosen, local(), "GraniteMoeTopKRouter"),
    case("jamba", softmax, weigh(softmax), numbered(), "JambaTopKRouter"),
    case("minimax", softmax, weigh(softmax, True), local(), "MiniMaxTopKRouter"),
    case("minimax_m2", sigmoid, weigh(sigmoid, True), local(), "MiniMaxM2TopKRouter",
         bias="model.layers.0.block_sparse_moe.e_score_correction_bias"),
    case("ernie4_5_moe, no key", softmax, weigh(softmax, True, least=1e-12), {"moe_num_experts": N, "moe_k": 4},
         "Ernie4_5_MoeTopKRouter", bias="model.layers.0.mlp.moe_statics.e_score_correction_bias"),
    case("ernie4_5_moe, never less than 0.9", softmax, weigh(softmax, True, least=0.9),
         {"moe_num_experts": N, "moe_k": 4, "moe_norm_min": 0.9}, "Ernie4_5_MoeTopKRouter",
         bias="model.layers.0.mlp.moe_statics.e_score_correction_bias"),
    case("hunyuan_v1_moe", softmax, weigh(softmax, True), {"num_experts": N, "moe_topk": 4}, "HunYuanMoEV1Gate"),
    case("dots1, no keys", sigmoid, weigh(sigmoid), deepseek(**ONE), "Dots1TopkRouter", bias=E_SCORE),
    case("dots1, both", sigmoid, weigh(sigmoid, **V3, scale=2.0),
         deepseek(**ONE, norm_topk_prob=True, routed_scaling_factor=2.0), "Dots1TopkRouter", bias=E_SCORE),
    case("bailing_hybrid, one group", sigmoid, weigh(sigmoid, **V3, scale=2.5),
         {"num_experts": N, "num_experts_per_token": 4, "num_expert_group": 1, "topk_group": 1},
         "BailingHybridTopkRouter", bias="model.layers.0.mlp.gate.expert_bias"),
    case("lfm2_moe, no keys", sigmoid, weigh(sigmoid, True, epsilon=1e-6), numbered(), "Lfm2MoeTopKRouter",
         bias="model.layers.0.feed_forward.expert_bias"),
    case("lfm2_moe, neither", sigmoid, weigh(sigmoid, scale=0.5),
         numbered(norm_topk_prob=False, routed_scaling_factor=0.5), "Lfm2MoeTopKRouter",
         bias="model.layers.0.feed_forward.expert_bias"),
]


def compact(value):
    return json.dumps(value, separators=(",", ":"))


with open(sys.argv[1], "w") as out:
    out.write('{"source":"numpy and transformers 5.23: Generators/routing_weights.py",\n"logits":[\n')
    out.write(",\n".join(map(compact, LOGITS.tolist())))
    out.write('\n],\n"cases":[\n' + ",\n".join(map(compact, CASES)) + "\n]}\n")
