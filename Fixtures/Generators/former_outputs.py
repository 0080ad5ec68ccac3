#!/usr/bin/env python3
"""Writes the checkpoint of Fixtures/former-outputs, whose outputs an earlier sdmoe converted.

    python3 Fixtures/Generators/former_outputs.py checkpoint

The outputs beside it are those of sdmoe 0.1.0 at commit 327503a, the last to keep certificate and
bases beside the weights and the model's own type in a factored config.json:

    sdmoe convert checkpoint -o factored --common-rank 2
    sdmoe convert checkpoint -o merged --common-rank 2 --form merged --mode strict
"""

import json
import pathlib
import random
import struct
import sys

EXPERTS, HIDDEN, WIDTH = 2, 8, 6


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    config = {
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "hidden_size": HIDDEN,
        "moe_intermediate_size": WIDTH, "num_experts": EXPERTS, "num_experts_per_tok": 1,
        "num_hidden_layers": 1,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    start = "model.layers.0"
    tensors = [("model.norm.weight", [HIDDEN]), (f"{start}.mlp.gate.weight", [EXPERTS, HIDDEN])]
    for expert in range(EXPERTS):
        for name in ("gate_proj", "up_proj", "down_proj"):
            shape = [HIDDEN, WIDTH] if name == "down_proj" else [WIDTH, HIDDEN]
            tensors.append((f"{start}.mlp.experts.{expert}.{name}.weight", shape))
    source, header, data = random.Random(1), {}, b""
    for name, shape in tensors:
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        # BF16 is the upper half of F32.
        values = b"".join(struct.pack("<f", source.gauss(0, 1))[2:] for _ in range(count))
        header[name] = {
            "dtype": "BF16", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    main(*sys.argv[1:])
