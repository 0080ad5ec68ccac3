"""Writes the models of Fixtures/gguf: twins of checkpoints of Fixtures/families, and a quantised one.

Names are those of gguf.tensor_mapping, keys those of GGUFWriter, both of the PyPI package gguf
(pip install gguf==0.19.0 safetensors==0.8.0 numpy==2.4.6); what llama.cpp's convert_hf_to_gguf.py
does to tensors beyond their names is written here: experts are stacked, gate and up taken apart,
queries and keys of `llama` permuted. The same bytes every time.

- qwen2_moe.gguf: all in F32, as --outtype f32 gives.
- mixtral-0000N-of-00003.gguf: BF16, a tensor for each expert, as llama.cpp wrote before April 2024, in three parts
  as gguf-split makes them.
- gpt_oss, deepseek_v3, llama4_text: BF16, experts stacked; vectors and routers in F32.
- quantised.gguf: experts in Q4_K, Q6_K and Q8_0, the router in Q4_0; quantised/: what gguf.quants.dequantize
  makes of them, in F32, as the Qwen3-MoE that it is.
"""

import json
import pathlib
import re
import struct

import numpy as np
from gguf import GGUFWriter
from gguf.constants import (
    GGML_QUANT_SIZES, MODEL_ARCH_NAMES, ExpertGatingFuncType, GGMLQuantizationType as Kind,
)
from gguf.quants import dequantize, quantize
from gguf.tensor_mapping import get_tensor_name_map
from safetensors.numpy import save_file

FIXTURES = pathlib.Path(__file__).resolve().parent.parent
FOLDER = FIXTURES / "gguf"
ARCHITECTURES = {name: arch for arch, name in MODEL_ARCH_NAMES.items()}


def checkpoint(family):
    """The config, and every tensor in F32."""
    folder = FIXTURES / "families" / family / "hub"
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        data = path.read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + length])
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = (8 + length + place for place in entry["data_offsets"])
            assert entry["dtype"] == "BF16", name
            upper = np.frombuffer(data[begin:end], dtype="<u2").astype("<u4") << 16
            tensors[name] = upper.view("<f4").reshape(entry["shape"])
    return json.loads((folder / "config.json").read_text()), tensors


def permuted(weights, heads):
    """The rows of queries or keys in the order of llama.cpp's rotation."""
    rows, columns = weights.shape
    return weights.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def prepared(config, tensors, stacks):
    """The tensors as they go into a GGUF file, by the names that tensor_mapping knows."""
    kind = config["model_type"]
    result = {}
    experts = {}
    for name, values in tensors.items():
        match = re.match(r"(.*\.experts)\.(\d+)\.(\w+)\.weight", name)
        if match and stacks:
            experts.setdefault((match[1], match[3]), {})[int(match[2])] = values
        elif name.endswith("experts.gate_up_proj") or name.endswith("experts.gate_up_proj_bias"):
            # [E, H, 2I], or [E, 2I] of biases: halves, or by turns.
            isTurns = kind == "gpt_oss"
            width = values.shape[-1] // 2
            gate = values[..., 0::2] if isTurns else values[..., :width]
            up = values[..., 1::2] if isTurns else values[..., width:]
            ending = ".bias" if name.endswith("_bias") else ".weight"
            stem = name.split(".gate_up_proj")[0]
            for part, half in [("gate_proj", gate), ("up_proj", up)]:
                result[f"{stem}.{part}{ending}"] = half if half.ndim == 2 else half.swapaxes(1, 2)
        elif name.endswith("experts.down_proj"):
            result[f"{name}.weight"] = values.swapaxes(1, 2)
        elif name.endswith("experts.down_proj_bias"):
            result[name.replace("_bias", ".bias")] = values
        elif kind == "mixtral" and re.search(r"\.[qk]_proj\.weight$", name):
            key = "num_attention_heads" if ".q_proj" in name else "num_key_value_heads"
            result[name] = permuted(values, config[key])
        else:
            result[name] = values
    for (stem, part), matrices in experts.items():
        result[f"{stem}.{part}.weight"] = np.stack([matrices[e] for e in sorted(matrices)])
    return result


def stored_name(names, name):
    """What a GGUF file calls a tensor."""
    stem, ending = re.match(r"(.*?)(\.weight|\.bias)?$", name).groups()
    ending = ending or ".weight"
    match = re.match(r"(.*\.experts)\.(\d+)\.(\w+)$", stem)
    if match:
        stacked = names.get_name(f"{match[1]}.{match[3]}")
        return f"{stacked.removesuffix('_exps')}.{match[2]}{ending}"
    if stem.endswith("e_score_correction_bias"):
        return f"{names.get_name(stem.removesuffix('_bias'))}.bias"
    found = names.get_name(stem)
    # The mapping knows the names of the families that it is used for.
    found = found or names.get_name(re.sub(r"block_sparse_moe|feed_forward", "mlp", stem))
    assert found, name
    return found + ending


def keys(writer, config, **more):
    """The metadata that all models have, and others."""
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config.get("intermediate_size_mlp", config["intermediate_size"]))
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_vocab_size(config["vocab_size"])
    for name, value in more.items():
        getattr(writer, f"add_{name}")(value)


def write(name, architecture, config, tensors, more, bf16=True, stacks=True, parts=None):
    writer = GGUFWriter(
        FOLDER / f"{name}.gguf", architecture,
        split_max_tensors=0 if parts is None else (len(tensors) + parts - 1) // parts)
    keys(writer, config, **more)
    names = get_tensor_name_map(ARCHITECTURES[architecture], config["num_hidden_layers"])
    for source, values in prepared(config, tensors, stacks).items():
        stored = stored_name(names, source)
        values = np.ascontiguousarray(values, dtype="<f4")
        if bf16 and values.ndim > 1 and "ffn_gate_inp" not in stored:
            writer.add_tensor(stored, quantize(values, Kind.BF16), raw_dtype=Kind.BF16)
        else:
            writer.add_tensor(stored, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def twins():
    config, tensors = checkpoint("qwen2_moe")
    write("qwen2_moe", "qwen2moe", config, tensors, {
        "expert_count": config["num_experts"], "expert_used_count": config["num_experts_per_tok"],
        "expert_feed_forward_length": config["moe_intermediate_size"],
        "expert_shared_feed_forward_length": config["shared_expert_intermediate_size"],
    }, bf16=False)
    config, tensors = checkpoint("mixtral")
    write("mixtral", "llama", config, tensors, {
        "expert_count": config["num_local_experts"],
        "expert_used_count": config["num_experts_per_tok"],
    }, stacks=False, parts=3)
    config, tensors = checkpoint("gpt_oss")
    write("gpt_oss", "gpt-oss", config, tensors, {
        "expert_count": config["num_local_experts"],
        "expert_used_count": config["num_experts_per_tok"],
        "expert_feed_forward_length": config["intermediate_size"],
    })
    config, tensors = checkpoint("deepseek_v3")
    write("deepseek_v3", "deepseek2", config, tensors, {
        "leading_dense_block_count": config["first_k_dense_replace"],
        "expert_count": config["n_routed_experts"],
        "expert_used_count": config["num_experts_per_tok"],
        "expert_shared_count": config["n_shared_experts"],
        "expert_feed_forward_length": config["moe_intermediate_size"],
        "expert_weights_scale": config["routed_scaling_factor"],
        "expert_weights_norm": config["norm_topk_prob"],
        "expert_gating_func": ExpertGatingFuncType.SIGMOID,
        "expert_group_count": config["n_group"], "expert_group_used_count": config["topk_group"],
    })
    config, tensors = checkpoint("llama4_text")
    write("llama4_text", "llama4", config, tensors, {
        "expert_count": config["num_local_experts"],
        "expert_used_count": config["num_experts_per_tok"],
        "expert_feed_forward_length": config["intermediate_size"],
        "interleave_moe_layer_step": config["interleave_moe_layer_step"],
    })


def random_blocks(kind, shape, random):
    """Blocks of a type that gguf cannot quantise to: random codes with scales of an ordinary size."""
    numbers, size = GGML_QUANT_SIZES[kind]
    stored = random.integers(0, 256, (*shape[:-1], shape[-1] // numbers, size), dtype=np.uint8)
    for place in {Kind.Q4_K: [0, 2], Kind.Q6_K: [208]}[kind]:
        scales = random.uniform(1e-4, 1e-3, stored.shape[:-1]).astype("<f2")
        stored[..., place:place + 2] = scales[..., None].view(np.uint8)
    return stored.reshape(*shape[:-1], -1)


def quantised():
    random = np.random.default_rng(7)
    hidden, width, experts = 256, 32, 3
    config = {
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "dtype": "float32",
        "hidden_size": hidden, "moe_intermediate_size": width, "intermediate_size": 64,
        "num_hidden_layers": 1, "num_experts": experts, "num_experts_per_tok": 2,
        "norm_topk_prob": True, "num_attention_heads": 4, "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6, "rope_parameters": {"rope_theta": 10000.0},
        "max_position_embeddings": 256, "vocab_size": 128,
    }
    writer = GGUFWriter(FOLDER / "quantised.gguf", "qwen3moe")
    keys(writer, config, expert_count=experts, expert_used_count=2, expert_feed_forward_length=width)
    twin = {}
    for part, kind, shape in [
        ("gate", Kind.Q4_K, (experts, width, hidden)),
        ("up", Kind.Q6_K, (experts, width, hidden)),
        ("down", Kind.Q8_0, (experts, hidden, width)),
    ]:
        if kind == Kind.Q8_0:
            stored = quantize(random.standard_normal(shape, dtype=np.float32), kind)
        else:
            stored = random_blocks(kind, shape, random)
        writer.add_tensor(f"blk.0.ffn_{part}_exps.weight", stored, raw_dtype=kind)
        for expert, matrix in enumerate(dequantize(stored, kind)):
            twin[f"model.layers.0.mlp.experts.{expert}.{part}_proj.weight"] = matrix
    router = random.standard_normal((experts, hidden), dtype=np.float32)
    stored = quantize(router, Kind.Q4_0)
    writer.add_tensor("blk.0.ffn_gate_inp.weight", stored, raw_dtype=Kind.Q4_0)
    twin["model.layers.0.mlp.gate.weight"] = dequantize(stored, Kind.Q4_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    folder = FOLDER / "quantised"
    folder.mkdir(exist_ok=True)
    save_file(twin, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


twins()
quantised()
