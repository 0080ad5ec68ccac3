"""Writes Fixtures/gguf/names.json: what GGUF files call the tensors of families/names.json.

By the tensor_mapping of the PyPI package gguf (pip install gguf==0.19.0), for every architecture of
llama.cpp that has one of the families: names in GGUF, and those in the family, of layer 1 and expert 0.
Only what the mapping knows; stacked experts are named as one. families/names.json has no Nemotron-H:
its names are those of nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16 on the hub.
"""

import json
import pathlib
import re

from gguf.constants import MODEL_ARCH_NAMES
from gguf.tensor_mapping import get_tensor_name_map

FIXTURES = pathlib.Path(__file__).resolve().parent.parent
FAMILIES = {
    "llama": "mixtral", "qwen2moe": "qwen2_moe", "qwen3moe": "qwen3_moe",
    "qwen3next": "qwen3_next", "qwen35moe": "qwen3_5_moe", "qwen3vlmoe": "qwen3_vl_moe",
    "deepseek": "deepseek", "deepseek2": "deepseek_v2", "glm-dsa": "deepseek_v32",
    "olmoe": "olmoe", "phimoe": "phimoe", "gpt-oss": "gpt_oss", "llama4": "llama4",
    "glm4moe": "glm4_moe", "granitemoe": "granitemoe", "granitehybrid": "granitemoe",
    "jamba": "jamba", "minimax-m2": "minimax_m2", "ernie4_5-moe": "ernie4_5_moe",
    "hunyuan-moe": "hunyuan_v1_moe", "dots1": "dots1", "bailingmoe": "bailing_moe",
    "bailingmoe2": "bailing_moe", "lfm2moe": "lfm2_moe", "kimi-linear": "kimi_linear",
    "nemotron_h_moe": "nemotron_h",
}
BLOCK = "backbone.layers.{L}.mixer"
NEMOTRON_H = [
    "backbone.embeddings.weight", "backbone.norm_f.weight", "lm_head.weight",
    "backbone.layers.{L}.norm.weight", f"{BLOCK}.gate.weight",
    f"{BLOCK}.shared_experts.up_proj.weight", f"{BLOCK}.shared_experts.down_proj.weight",
    f"{BLOCK}.q_proj.weight", f"{BLOCK}.k_proj.weight", f"{BLOCK}.v_proj.weight",
    f"{BLOCK}.o_proj.weight", f"{BLOCK}.in_proj.weight", f"{BLOCK}.conv1d.weight",
    f"{BLOCK}.norm.weight", f"{BLOCK}.out_proj.weight",
]
ARCHITECTURES = {name: arch for arch, name in MODEL_ARCH_NAMES.items()}


def main():
    families = json.loads((FIXTURES / "families" / "names.json").read_text())
    families["nemotron_h"] = [f"model: {name}" for name in NEMOTRON_H]
    result = {}
    for architecture, family in FAMILIES.items():
        names = get_tensor_name_map(ARCHITECTURES[architecture], 2)
        found = {}
        for entry in families[family]:
            plain = entry.split(": ")[1].replace("{L}", "1").replace("{E}", "0")
            stem, ending = re.match(r"(.*?)(\.weight|\.bias)?$", plain).groups()
            # Wrappers of images and text are taken off before names are looked up.
            stem = stem.replace("language_model.", "")
            stored = names.get_name(stem) or names.get_name(stem.replace(".experts.0.", ".experts."))
            if stored:
                found.setdefault(stored + (ending or ".weight"), plain)
        result[architecture] = dict(sorted(found.items()))
    text = json.dumps(result, indent=0, sort_keys=True)
    (FIXTURES / "gguf" / "names.json").write_text(text + "\n")


main()
