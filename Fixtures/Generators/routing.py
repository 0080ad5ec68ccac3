"""Chooses experts as the routers of transformers 5.23 do, for random logits.

    python Fixtures/Generators/routing.py Fixtures/routing/choices.json

Each router is written down as its modeling file has it (softmax, sigmoid or another score, bias, mask, top-k), in
numpy instead of torch; nothing is shared with the Swift code. Every choice is made in float32, as transformers does,
and in float64: the seed is one for which both agree, and for which no tie decides. Biases are multiples of 1/64, which
BF16 holds exactly. Deterministic. Needs numpy only.
"""

import json
import sys

import numpy as np

SEED = 3
rng = np.random.default_rng(SEED)
LOGITS = {n: np.round(2 * rng.standard_normal((tokens, n)), 3) for n, tokens in ((16, 48), (64, 24))}
BIAS = {n: np.round(10 * rng.standard_normal(n)) / 64 for n in (16, 64)}


# Scores.

def raw(x):
    return x


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sqrtsoftplus(x):
    return np.sqrt(np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20)))))


def topk(x, k):
    """torch.topk's indices. No tie decides what they are."""
    order = np.argsort(-x, axis=-1, kind="stable")
    if k < x.shape[1]:
        values = np.take_along_axis(x, order, axis=1)
        assert (values[:, k - 1] > values[:, k]).all(), "another seed, please"
    return order[:, :k]


def mask_of(groups, count, n):
    mask = np.zeros((len(groups), count), bool)
    np.put_along_axis(mask, groups, True, axis=1)
    return np.repeat(mask, n // count, axis=1)


# Routers.

def plain(score):
    """Qwen2MoeTopKRouter, MixtralTopKRouter, GptOssTopKRouter, GraniteMoeTopKGating, Llama4Router ..."""
    return lambda x, k, b: topk(score(x), k)


def biased(score):
    """DeepseekV4TopKRouter, MiniMaxM2TopKRouter, Ernie4_5_MoeTopKRouter, Lfm2MoeSparseMoeBlock."""
    return lambda x, k, b: topk(score(x) + b, k)


def phimoe(x, k, b):
    """sparsemixer, not training."""
    first = x.argmax(-1)[:, None]
    masked = x.copy()
    np.put_along_axis(masked, first, -np.inf, axis=1)
    return np.concatenate([first, masked.argmax(-1)[:, None]], axis=1)


def deepseek_v2(count, kept):
    """DeepseekV2Moe.route_tokens_to_experts with topk_method group_limited_greedy."""
    def choose(x, k, b):
        scores = softmax(x)
        group_scores = scores.reshape(len(x), count, -1).max(-1)
        mask = mask_of(topk(group_scores, kept), count, x.shape[1])
        scores = np.where(mask, scores, 0.0)
        # Zeros tie, but are never needed: the groups that are kept hold k experts and more.
        assert (mask.sum(1) >= k).all()
        return np.argsort(-scores, axis=-1, kind="stable")[:, :k]
    return choose


def deepseek_v3(count, kept):
    """DeepseekV3MoE.route_tokens_to_experts, and those made from it."""
    def choose(x, k, b):
        scores = sigmoid(x) + b
        group_scores = np.sort(scores.reshape(len(x), count, -1), axis=-1)[:, :, -2:].sum(-1)
        mask = mask_of(topk(group_scores, kept), count, x.shape[1])
        return topk(np.where(mask, scores, -np.inf), k)
    return choose


def case(name, n, k, choose, config, bias=None, type="F32", shape=None, scale=1.0, shift=0.0):
    """`bias` is the name of the tensor; its values are those of the size, scaled and shifted."""
    values = BIAS[n] * scale + shift if bias else None
    exact = choose(LOGITS[n].astype(np.float32).astype(np.float64), k, values)
    single = choose(LOGITS[n].astype(np.float32), k, None if values is None else values.astype(np.float32))
    exact, single = np.sort(exact, axis=1), np.sort(single, axis=1)
    assert (exact == single).all(), name
    different = (exact != np.sort(topk(LOGITS[n], k), axis=1)).any(1).sum()
    print(f"{name}: {different} of {len(exact)} tokens choose other experts than the largest logits")
    config = {"hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 6, "moe_intermediate_size": 6,
              "first_k_dense_replace": 0, "num_dense_layers": 0, "interleave_moe_layer_step": 1} | config
    result = {"name": name, "experts": n, "perToken": k, "differentFromLogits": int(different),
              "config": {key: json.dumps(value) for key, value in config.items()}}
    if bias:
        result["bias"] = {"tensor": bias, "type": type, "shape": shape or [n], "values": values.tolist()}
    return result | {"chosen": exact.tolist()}


def deepseek(type, n, k, **keys):
    return {"model_type": type, "n_routed_experts": n, "num_experts_per_tok": k} | keys


def local(type, n, k, **keys):
    return {"model_type": type, "num_local_experts": n, "num_experts_per_tok": k} | keys


def numbered(type, n, k, **keys):
    return {"model_type": type, "num_experts": n, "num_experts_per_tok": k} | keys


E_SCORE = "model.layers.0.mlp.gate.e_score_correction_bias"
LIMITED = {"topk_method": "group_limited_greedy"}
CASES = [
    case("qwen2_moe", 16, 2, plain(softmax), numbered("qwen2_moe", 16, 2)),
    case("mixtral", 64, 8, plain(softmax), local("mixtral", 64, 8)),
    case("gpt_oss", 64, 4, plain(raw), local("gpt_oss", 64, 4)),
    case("granitemoe", 16, 7, plain(raw), local("granitemoe", 16, 7)),
    case("llama4_text", 16, 1, plain(raw), local("llama4_text", 16, 1)),
    case("phimoe", 16, 2, phimoe, local("phimoe", 16, 2)),
    case("hunyuan, a list of layers", 64, 3, plain(softmax),
         {"model_type": "hunyuan_v1_moe", "num_experts": 64, "moe_topk": [3, 4]}),
    case("deepseek_v2, greedy", 64, 6, plain(softmax),
         deepseek("deepseek_v2", 64, 6, n_group=8, topk_group=3, topk_method="greedy")),
    case("deepseek_v2, 3 of 8 groups", 64, 6, deepseek_v2(8, 3),
         deepseek("deepseek_v2", 64, 6, n_group=8, topk_group=3, **LIMITED)),
    case("deepseek_v2, 1 of 4 groups, the whole of it", 16, 4, deepseek_v2(4, 1),
         deepseek("deepseek_v2", 16, 4, n_group=4, topk_group=1, **LIMITED)),
    case("deepseek_v3, 4 of 8 groups", 64, 8, deepseek_v3(8, 4),
         deepseek("deepseek_v3", 64, 8, n_group=8, topk_group=4, scoring_func="sigmoid", topk_method="noaux_tc"),
         bias=E_SCORE),
    case("deepseek_v3, 2 of 4 groups, BF16", 16, 4, deepseek_v3(4, 2),
         deepseek("deepseek_v3", 16, 4, n_group=4, topk_group=2), bias=E_SCORE, type="BF16"),
    # Here a mask of 0, as older versions have it, would let the masked experts win.
    case("deepseek_v3, all scores negative", 16, 5, deepseek_v3(4, 2),
         deepseek("deepseek_v3", 16, 5, n_group=4, topk_group=2), bias=E_SCORE, shift=-3.0),
    case("glm4_moe, one group", 64, 8, deepseek_v3(1, 1), deepseek("glm4_moe", 64, 8, n_group=1, topk_group=1),
         bias=E_SCORE),
    case("kimi_linear, 2 of 4 groups", 64, 8, deepseek_v3(4, 2),
         {"model_type": "kimi_linear", "num_experts": 64, "num_experts_per_token": 8, "num_expert_group": 4,
          "topk_group": 2, "moe_router_activation_func": "sigmoid"},
         bias="model.layers.0.block_sparse_moe.gate.e_score_correction_bias"),
    case("bailing_moe v2, 4 of 8 groups", 64, 8, deepseek_v3(8, 4),
         numbered("bailing_moe", 64, 8, n_group=8, topk_group=4, moe_router_enable_expert_bias=True),
         bias="model.layers.0.mlp.gate.expert_bias"),
    case("deepseek_v4", 64, 6, biased(sqrtsoftplus), deepseek("deepseek_v4", 64, 6, scoring_func="sqrtsoftplus"),
         bias="layers.0.ffn.gate.bias"),
    case("minimax_m2", 64, 8, biased(sigmoid), local("minimax_m2", 64, 8),
         bias="model.layers.0.block_sparse_moe.e_score_correction_bias"),
    case("ernie4_5_moe, 1 x N", 64, 6, biased(softmax),
         {"model_type": "ernie4_5_moe", "moe_num_experts": 64, "moe_k": 6},
         bias="model.layers.0.mlp.moe_statics.e_score_correction_bias", shape=[1, 64], scale=1 / 16),
    case("lfm2_moe", 16, 4, biased(sigmoid), numbered("lfm2_moe", 16, 4),
         bias="model.layers.0.feed_forward.expert_bias"),
    case("lfm2_moe, without a bias", 16, 4, plain(sigmoid), numbered("lfm2_moe", 16, 4, use_expert_bias=False)),
]


def compact(value):
    return json.dumps(value, separators=(",", ":"))


with open(sys.argv[1], "w") as out:
    logits = ",\n".join(f'"{n}":' + compact(x.tolist()).replace("],[", "],\n[") for n, x in LOGITS.items())
    out.write('{"source":"numpy, by the modeling files of transformers 5.23: Generators/routing.py",\n"logits":{\n')
    out.write(logits + '\n},\n"cases":[\n' + ",\n".join(map(compact, CASES)) + "\n]}\n")
