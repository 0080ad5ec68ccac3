"""Writes Fixtures/transformers-families: a small model of each MoE type that transformers has.

    python Fixtures/Generators/transformers_families.py [TYPE ...]

Made with transformers 5.24.0 and torch 2.13.0 on a CPU. Each model is built from the defaults of its
config, made small, with random BF16 weights, and saved twice: `hub.safetensors` under the names of
published checkpoints where transformers reverses its conversion, `fused.safetensors` with
save_original_format=False. Only routers, experts and what belongs to them are kept of the tensors,
and of config.json what speaks of the language model. Names and shapes are transformers' own.
`models.json` says what the models in memory hold: layers with experts, and the width of shared ones.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
from safetensors.torch import load_file, save_file
from transformers import CONFIG_MAPPING
from transformers.models.auto import modeling_auto as auto

FOLDER = Path(__file__).parent.parent / "transformers-families"
MODELS = FOLDER / "models.json"
LAYERS, HIDDEN, WIDTH, EXPERTS = 3, 16, 8, 4

# Where a config has one of these keys, it is this.
SMALL = dict(
    hidden_size=HIDDEN, intermediate_size=WIDTH, moe_intermediate_size=WIDTH,
    expert_ffn_hidden_size=WIDTH, ffn_hidden_size=24, dense_intermediate_size=24,
    mlp_intermediate_size=24, intermediate_size_mlp=24, num_hidden_layers=LAYERS, num_layers=LAYERS,
    num_attention_heads=2, num_key_value_heads=2, head_dim=8, vocab_size=32, num_experts=EXPERTS,
    num_local_experts=EXPERTS, n_routed_experts=EXPERTS, moe_num_experts=EXPERTS,
    num_experts_per_tok=2, num_experts_per_token=2, moe_topk=2, moe_k=2, top_k_experts=2, n_group=1,
    topk_group=1, num_expert_group=1, kv_lora_rank=8, q_lora_rank=8, qk_nope_head_dim=8,
    qk_rope_head_dim=8, v_head_dim=8, qk_head_dim=16, shared_expert_intermediate_size=24,
    moe_shared_expert_intermediate_size=24, shared_intermediate_size=24, share_expert_dim=24,
    shared_experts_intermediate_size=24, linear_num_key_heads=2, linear_num_value_heads=2,
    linear_key_head_dim=8, linear_value_head_dim=8, mamba_n_heads=2, mamba_d_head=16,
    mamba_d_state=8, mamba_num_heads=2, mamba_head_dim=16, ssm_state_size=8, n_groups=1,
    mamba_n_groups=1, mamba_expand=2, chunk_size=16, index_n_heads=2, index_head_dim=16,
    index_topk=16, max_position_embeddings=128, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    sliding_window=8, first_k_dense_replace=1, num_nextn_predict_layers=0, num_dense_layers=1,
    unpadded_vocab_size=32,
)
# The same for towers beside the language model.
TOWER = dict(
    hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, depth=1,
    num_heads=2, out_hidden_size=16, embed_dim=16, projection_dim=16, num_layers=1, encoder_layers=1,
    encoder_ffn_dim=16, encoder_attention_heads=2, d_model=16, output_dim=16, mlp_dim=16,
)
# What depends on the number of layers or would go stale.
DROPPED = {
    "layer_types", "mlp_layer_types", "layers_block_type", "hybrid_override_pattern", "moe_layers",
    "no_rope_layers", "transformers_version", "architectures", "dtype", "id2label", "label2id",
}
# What a type needs besides; null drops a key.
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
TYPES = {
    "afmoe": {}, "aria": {}, "axk1": {}, "axk2": {}, "bailing_hybrid": {}, "beam": {"num_hidden_layers": 4},
    "cohere2_moe": {"num_shared_experts": 2}, "dbrx": {}, "deepseek_v2": {"num_experts_per_tok": 2},
    "deepseek_v3": {}, "deepseek_v32": {}, "deepseek_v4": {},
    "diffusion_gemma": {"per_layer_config": {}, "num_experts": EXPERTS, "moe_intermediate_size": WIDTH, "top_k_experts": 2},
    "dots1": {"n_routed_experts": EXPERTS, "num_local_experts": EXPERTS, "n_shared_experts": 1, "first_k_dense_replace": 1, "num_experts_per_tok": 2},
    "dots3_note_text": {"per_layer_config": {}, "layer_types": ["full_attention"] * LAYERS},
    "ernie4_5_moe": {},
    "ernie4_5_vl_moe": {"rope_parameters": {**ROPE, "mrope_section": [2, 1, 1]}, "moe_intermediate_size": [WIDTH, 12]},
    "exaone_moe": {}, "flex_olmo": {}, "flint": {},
    "gemma4": {"per_layer_config": {}, "enable_moe_block": True, "num_experts": EXPERTS, "moe_intermediate_size": WIDTH, "top_k_experts": 2, "hidden_size_per_layer_input": 0, "vocab_size_per_layer_input": 32},
    "glm4_moe": {}, "glm4_moe_lite": {}, "glm4v_moe": {},
    "glm5_next": {"num_hidden_layers": 4, "qk_rope_head_dim": 0}, "glm_moe_dsa": {}, "gpt_oss": {},
    "granitemoe": {}, "granitemoe_swa": {}, "granitemoehybrid": {}, "granitemoeshared": {},
    "hunyuan_v1_moe": {}, "hy_v3": {}, "hy_v4": {},
    "hy_v4_vl": {"rope_parameters": {**ROPE, "mrope_section": [2, 1, 1]}},
    "inkling_text": {}, "inkling2_text": {}, "inkling2_loop_text": {}, "jamba": {}, "jetmoe": {},
    "kimi_k25": {}, "kimi_linear": {}, "kolibri1": {},
    "laguna": {"num_attention_heads_per_layer": None}, "lara_mini": {},
    "lfm2_moe": {"layer_types": ["conv", "full_attention", "conv"]}, "llama4": {},
    "longcat_flash": {"zero_expert_num": 2}, "mellum": {}, "mimo_v2_flash": {}, "minimax": {},
    "minimax_m2": {}, "minimax_m3_vl": {}, "mistral4": {}, "mistral_large4": {"kv_source_layers": None},
    "mixtral": {}, "nemotron_h": {"num_hidden_layers": None}, "olmoe": {}, "openai_privacy_filter": {},
    "phimoe": {}, "qwen2_moe": {}, "qwen3_5_moe": {}, "qwen3_moe": {}, "qwen3_next": {},
    "qwen3_omni_moe_thinker": {}, "qwen3_vl_moe": {},
    "qwen4_exp": {"indexer_n_heads": 2, "indexer_kv_heads": 1, "indexer_head_dim": 8, "indexer_budget": 16, "indexer_compress_ratio": 4, "ngram_vocab_size_base": 64, "split_ngram_parts": 2, "hc_lowrank": 8},
    "sarvam_mla": {}, "sarvam_moe": {}, "solar_open": {}, "step3p7": {"moe_layers_enum": "1,2"},
    "unlimited_ocr": {},
}
KEPT = re.compile(
    r"experts?\b|\bmoe\b|router|\bgate\b|moe_statics|expert_bias|score_correction|shared_mlp|share_expert|\bmlps\b"
    r"|block_sparse_moe\.(in|out)put_linear|mlp\.(in|out)put_linear")
TOWERS = re.compile(r"vision(?!_moe)|visual|audio|\bvit\b|sam_model|self_attn|attention")


def tower(values):
    small = {}
    for key, value in values.items():
        if key in DROPPED:
            continue
        if isinstance(value, dict) and key.endswith("_config"):
            small[key] = tower(value)
        else:
            small[key] = TOWER[key] if key in TOWER and isinstance(value, int) else value
    return small


def made_small(values):
    small = {}
    for key, value in values.items():
        if key in DROPPED:
            continue
        if isinstance(value, dict) and key.endswith("_config"):
            is_language = key in ("text_config", "language_config")
            small[key] = made_small(value) if is_language else tower(value)
        elif key in SMALL and (value is None and key == "head_dim" or type(value) in (int, float)):
            small[key] = SMALL[key]
        elif key not in SMALL or value is not None:
            small[key] = value
    return small


def config_of(model_type, changes):
    config = CONFIG_MAPPING[model_type]
    if model_type == "dbrx":
        made = config(
            d_model=HIDDEN, n_heads=2, n_layers=LAYERS, vocab_size=32, max_seq_len=128, pad_token_id=0,
            attn_config={"kv_n_heads": 2, "rope_theta": 10000.0},
            ffn_config={"hidden_size": HIDDEN, "ffn_hidden_size": WIDTH, "moe_num_experts": EXPERTS, "moe_top_k": 2})
        made.attn_config.rope_theta = 10000.0
        return made
    values = made_small(config().to_dict())
    inner = values.get("text_config", values)
    for key, value in changes.items():
        if value is None:
            inner.pop(key, None)
        else:
            inner[key] = value
    return config.from_dict(values)


def class_of(config):
    names = ["MODEL_FOR_CAUSAL_LM_MAPPING", "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING", "MODEL_MAPPING"]
    both = ["MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING", "MODEL_FOR_MULTIMODAL_LM_MAPPING"]
    for name in both + names if hasattr(config, "text_config") else names + both:
        mapping = getattr(auto, name, {})
        if type(config) in mapping:
            return mapping[type(config)]
    raise SystemExit(f"no model class for {type(config).__name__}")


def held(model):
    """What a model in memory has, by the names and shapes of its parameters."""
    layers, shared, matrices = set(), None, 3
    names = dict(model.named_parameters())
    for name, value in names.items():
        place = re.search(r"(?:layers|blocks)\.(\d+)\.(.*)", name)
        if not place or TOWERS.search(name):
            continue
        if re.search(r"shared?_(experts?|mlp)\.(down_proj|output_linear)\.weight", place[2]):
            shared = value.shape[1]
        elif re.search(r"experts\.|mlp\.input_linear", place[2]) and "shared" not in place[2]:
            layers.add(int(place[1]))
            if re.search(r"experts\.up_proj$", name):
                matrices = 2
    return {"layers": sorted(layers), "projections": matrices, "shared": shared}


def write(model_type):
    model = class_of(config := config_of(model_type, TYPES[model_type]))._from_config(config, dtype=torch.bfloat16)
    source = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for values in [*model.parameters(), *model.buffers()]:
            if values.is_floating_point():
                values.copy_(torch.randn(values.shape, generator=source) * 0.05)
    folder = FOLDER / model_type
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for form, options in (("hub", {}), ("fused", {"save_original_format": False})):
        with tempfile.TemporaryDirectory() as scratch:
            model.save_pretrained(scratch, **options)
            tensors = {}
            for file in Path(scratch).glob("*.safetensors"):
                tensors.update(load_file(file))
            kept = {name: value.contiguous() for name, value in tensors.items()
                    if KEPT.search(name) and not TOWERS.search(name)}
            save_file(kept, folder / f"{form}.safetensors", metadata={"format": "pt"})
            config = json.loads((Path(scratch) / "config.json").read_text())
    kept = {key: value for key, value in config.items()
            if not key.endswith("_config") or key in ("text_config", "language_config", "ffn_config", "per_layer_config")}
    (folder / "config.json").write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    models = {**json.loads(MODELS.read_text()), model_type: held(model)}
    lines = [f'"{name}": {json.dumps(models[name])}' for name in sorted(models)]
    MODELS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(model_type, sum(file.stat().st_size for file in folder.iterdir()), "bytes")


FOLDER.mkdir(exist_ok=True)
if not MODELS.exists():
    MODELS.write_text("{}")
for model_type in sys.argv[1:] or TYPES:
    write(model_type)
