"""Makes a tiny checkpoint in the layout of DeepSeek v1 (model_type "deepseek", DeepseekForCausalLM, remote code).

    python deepseek_v1.py ../families/deepseek_v1/hub

Random weights, not trained. Into every projection of an MoE layer a component of rank 2 is planted, of which one part
is common to all experts of the layer (on both sides) and one part is each expert's own, so that similarities lie
between the random floor and 1; router rows lean on the planted directions. Three layers, the first dense; BF16; two
shards with an index, cut inside layer 1 so that the projections of one expert fall in both. Names, order and config
keys are those that the remote code's save_pretrained leaves. Deterministic: elementwise arithmetic only, no BLAS.
Needs numpy only.
"""

import json
import os
import struct
import sys
import numpy as np

HIDDEN, DENSE, WIDTH, SHARED, EXPERTS, LAYERS, VOCABULARY = 48, 80, 32, 2, 6, 3, 64

CONFIG = {
    "architectures": ["DeepseekForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "auto_map": {
        "AutoConfig": "configuration_deepseek.DeepseekConfig",
        "AutoModel": "modeling_deepseek.DeepseekModel",
        "AutoModelForCausalLM": "modeling_deepseek.DeepseekForCausalLM",
    },
    "aux_loss_alpha": 0.001,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "first_k_dense_replace": 1,
    "hidden_act": "silu",
    "hidden_size": HIDDEN,
    "initializer_range": 0.02,
    "intermediate_size": DENSE,
    "max_position_embeddings": 256,
    "model_type": "deepseek",
    "moe_intermediate_size": WIDTH,
    "moe_layer_freq": 1,
    "n_routed_experts": EXPERTS,
    "n_shared_experts": SHARED,
    "norm_topk_prob": False,
    "num_attention_heads": 4,
    "num_experts_per_tok": 2,
    "num_hidden_layers": LAYERS,
    "num_key_value_heads": 4,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "scoring_func": "softmax",
    "seq_aux": True,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.36.0",
    "use_cache": True,
    "vocab_size": VOCABULARY,
}

rng = np.random.default_rng(20240111)


def unit(n):
    x = rng.standard_normal(n)
    return x / np.sqrt((x * x).sum())


def noise(rows, columns, scale=0.02):
    return scale * rng.standard_normal((rows, columns))


def mixed(common, own, share):
    """A unit vector that leans on `common` by about `share`."""
    x = share * common + np.sqrt(1 - share * share) * own
    return x / np.sqrt((x * x).sum())


def planted(neurons, hidden, share, hidden_common, neuron_common):
    """neurons x hidden: noise, and two planted directions well above it (the noise's norm is about 0.25)."""
    w = noise(neurons, hidden)
    for j, strength in enumerate((0.6 + 0.2 * rng.random(), 0.35 + 0.1 * rng.random())):
        left = mixed(neuron_common[j][:neurons], unit(neurons), share)
        right = mixed(hidden_common[j], unit(hidden), share)
        w += strength * left[:, None] * right[None, :]
    return w


def mlp(width, share, hidden_common, neuron_common):
    gate, up, down = (planted(width, HIDDEN, share, hidden_common[p], neuron_common[p]) for p in range(3))
    return {"gate_proj.weight": gate, "up_proj.weight": up, "down_proj.weight": down.T}


def model():
    yield "model.embed_tokens.weight", noise(VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        home = f"model.layers.{layer}."
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            yield f"{home}self_attn.{name}.weight", noise(HIDDEN, HIDDEN)
        if layer < CONFIG["first_k_dense_replace"]:
            for name, shape in (("gate", (DENSE, HIDDEN)), ("up", (DENSE, HIDDEN)), ("down", (HIDDEN, DENSE))):
                yield f"{home}mlp.{name}_proj.weight", noise(*shape)
        else:
            hidden_common = [[unit(HIDDEN) for _ in range(2)] for _ in range(3)]
            neuron_common = [[unit(WIDTH) for _ in range(2)] for _ in range(3)]
            for expert in range(EXPERTS):
                share = 0.5 + 0.4 * rng.random()
                for name, w in mlp(WIDTH, share, hidden_common, neuron_common).items():
                    yield f"{home}mlp.experts.{expert}.{name}", w
            rows = [0.05 * mixed(hidden_common[0][0], unit(HIDDEN), 0.3 + 0.3 * rng.random()) for _ in range(EXPERTS)]
            yield f"{home}mlp.gate.weight", np.stack(rows)
            wide = [[unit(SHARED * WIDTH) for _ in range(2)] for _ in range(3)]
            for name, w in mlp(SHARED * WIDTH, 0.8, hidden_common, wide).items():
                yield f"{home}mlp.shared_experts.{name}", w
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"{home}{name}.weight", 1 + 0.1 * rng.standard_normal(HIDDEN)
    yield "model.norm.weight", 1 + 0.1 * rng.standard_normal(HIDDEN)
    yield "lm_head.weight", noise(VOCABULARY, HIDDEN)


def bf16(values):
    """Nearest, ties to even."""
    bits = np.ascontiguousarray(values, "<f4").view("<u4").astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def write(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, data in tensors.items():
        header[name] = {"dtype": "BF16", "shape": list(data.shape), "data_offsets": [offset, offset + data.nbytes]}
        offset += data.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for data in tensors.values():
            file.write(data.tobytes())


def main(folder):
    os.makedirs(folder, exist_ok=True)
    tensors = {name: bf16(values) for name, values in model()}
    # The first shard ends between gate_proj and up_proj of one expert of layer 1.
    names = list(tensors)
    cut = names.index("model.layers.1.mlp.experts.3.up_proj.weight")
    weight_map = {}
    for number, part in enumerate((names[:cut], names[cut:]), start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        write(os.path.join(folder, file), {name: tensors[name] for name in part})
        weight_map |= {name: file for name in part}
    total = sum(data.nbytes for data in tensors.values())
    for file, value in (("config.json", CONFIG),
                        ("model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": weight_map})):
        with open(os.path.join(folder, file), "w") as out:
            json.dump(value, out, indent=2)
            out.write("\n")


main(sys.argv[1])
