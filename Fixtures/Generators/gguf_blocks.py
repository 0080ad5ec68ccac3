"""Writes Fixtures/gguf/blocks.gguf and blocks.safetensors: every block type that is read, and what it holds.

Random bytes with sound scales, written by the GGUFWriter and decoded by gguf.quants.dequantize of
the PyPI package gguf (pip install gguf==0.19.0 safetensors==0.8.0 numpy==2.4.6). The second file
holds the blocks again, as U8 under NAME.blocks, and their numbers, as F32 under NAME.numbers. The
same bytes every time.
"""

import pathlib

import numpy as np
from gguf import GGUFWriter
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "gguf"

# Where a block holds numbers in F16.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82],
    "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
    "MXFP4": [],
}
ROWS, COLUMNS = 3, 256


def blocks(name, random):
    """Random blocks as bytes, row after row."""
    numbers, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    stored = random.integers(0, 256, (ROWS, COLUMNS // numbers, size), dtype=np.uint8)
    for place in HALVES[name]:
        # Any finite number: small and large, of both signs, subnormal ones and zeros.
        half = random.integers(0, 1 << 16, stored.shape[:2], dtype=np.uint16)
        half = np.where(half & 0x7C00 == 0x7C00, half & 0x83FF, half)
        half[0, 0] = 0x8000
        stored[:, :, place:place + 2] = half.astype("<u2")[..., None].view(np.uint8)
    return stored.reshape(ROWS, -1)


def main():
    FOLDER.mkdir(exist_ok=True)
    random = np.random.default_rng(13)
    writer = GGUFWriter(FOLDER / "blocks.gguf", "blocks")
    writer.add_string("general.name", "every block type that is read")
    writer.add_array("blocks.scales_per_block", [1, 2])
    writer.add_array("tokenizer.ggml.tokens", [f"<{token}>" for token in range(5000)])
    tensors = {}
    for name in HALVES:
        kind = GGMLQuantizationType[name]
        stored = blocks(name, random)
        writer.add_tensor(name, stored, raw_dtype=kind)
        tensors[f"{name}.blocks"] = stored
        with np.errstate(over="ignore"):
            tensors[f"{name}.numbers"] = dequantize(stored, kind)
    plain = random.standard_normal((3, 5, 7), dtype=np.float32)
    writer.add_tensor("plain", plain)
    tensors["plain"] = plain
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(tensors, FOLDER / "blocks.safetensors")


main()
