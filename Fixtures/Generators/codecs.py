"""Writes small packed matrices with what other people's tools make of them.

    python Fixtures/Generators/codecs.py Fixtures/codecs AUTOAWQ

AUTOAWQ is `awq/utils/packing_utils.py` of the source package of autoawq 0.2.9 on PyPI, which no longer builds as a
whole. Needs torch 2.13 (CPU), transformers 5.24, compressed-tensors 0.20, nvidia-modelopt 0.47, auto-round 0.16 and
bitsandbytes 0.50.

The stored bits are random, so that every code, NaN and zero among them, occurs; scales are random too. Each file holds
the stored tensors, the matrix that the tool makes of them in float32 (scales widened first, where the tool computes in
their type), and what it makes in the 16-bit type that it usually would, so that a reader can show that rounding the
first gives the second. Bytes are base64, little-endian, row after row as the matrix is stored. `source` names the tool;
where it says numpy, no tool that installs here does it, and the lines below were written from the source that is named.
"""

import base64
import importlib.util
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

rng = np.random.default_rng(13)
TYPES = {
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2", torch.float8_e8m0fnu: "F8_E8M0",
    torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.int32: "I32", torch.int64: "I64",
    torch.int8: "I8", torch.uint8: "U8",
}


def base(tensor):
    flat = tensor.detach().contiguous().flatten()
    return base64.b64encode(flat.view(torch.uint8).numpy().tobytes()).decode()


def part(tensor):
    return {"type": TYPES[tensor.dtype], "shape": list(tensor.shape), "bytes": base(tensor)}


def write(name, packing, tool, values, companions, float32, rounded=None, **notes):
    """Writes a file; the matrix has the axes of `float32`."""
    assert float32.dtype == torch.float32
    if rounded is not None:
        narrow = float32.to(rounded.dtype)
        same = (narrow == rounded) | (narrow.isnan() & rounded.isnan())
        print(f"{name}: {tuple(float32.shape)}, {(~same).sum().item()} differ after rounding")
    words = tool.split(",")[0]
    text = {
        "source": tool.replace(words, f"{words} {version(words)}", 1) if words not in ("numpy", "autoawq") else tool,
        "packing": packing, "rows": float32.shape[0], "columns": float32.shape[1], "notes": notes,
        "values": part(values), "companions": {role: part(tensor) for role, tensor in companions.items()},
        "float32": base(float32),
    }
    if rounded is not None:
        text["rounded"] = {"type": TYPES[rounded.dtype], "bytes": base(rounded)}
    Path(sys.argv[1], f"{name}.json").write_text(json.dumps(text, indent=1) + "\n")


def random_bytes(*shape):
    return torch.from_numpy(rng.integers(0, 256, shape, dtype=np.uint8))


def scales(*shape, dtype=torch.float32):
    return torch.tensor(np.exp(rng.standard_normal(shape) - 4), dtype=torch.float32).to(dtype)


def powers(*shape, low=100, high=140):
    return torch.from_numpy(rng.integers(low, high, shape, dtype=np.uint8))


# FP8.

def transformers_fp8():
    from transformers.integrations.finegrained_fp8 import Fp8Dequantize
    tool = Fp8Dequantize.__new__(Fp8Dequantize)
    says = "transformers, Fp8Dequantize"

    def both(values, scale, rounded=torch.bfloat16):
        return (tool._dequantize_one(values, scale, torch.float32), tool._dequantize_one(values, scale, rounded))

    e4m3 = random_bytes(64, 96).view(torch.float8_e4m3fn)
    scale = scales(2, 3)
    write("fp8-blocks", "FP8", says, e4m3, {"scales": scale}, *both(e4m3, scale), method="fp8", block=[32, 32])
    e5m2 = random_bytes(24, 40).view(torch.float8_e5m2)
    scale = scales(dtype=torch.bfloat16)
    write("fp8-e5m2-whole", "FP8", says, e5m2, {"scales": scale}, *both(e5m2, scale))
    e4m3 = random_bytes(24, 40).view(torch.float8_e4m3fn)
    scale = scales(1, 40, dtype=torch.float16)
    write("fp8-columns", "FP8", says, e4m3, {"scales": scale}, *both(e4m3, scale, torch.float16))
    e4m3 = random_bytes(24, 96).view(torch.float8_e4m3fn)
    scale = powers(24, 3).view(torch.float8_e8m0fnu)
    write("mxfp8", "FP8", says, e4m3, {"scales": scale}, *both(e4m3, scale))
    # Every power, those included that make products subnormal or infinite.
    e4m3 = random_bytes(16, 512).view(torch.float8_e4m3fn)
    scale = torch.arange(256, dtype=torch.uint8).reshape(16, 16).view(torch.float8_e8m0fnu)
    write("mxfp8-every-power", "FP8", says, e4m3, {"scales": scale}, *both(e4m3, scale))
    fp4 = random_bytes(24, 48).view(torch.int8)
    scale = powers(24, 3).view(torch.float8_e8m0fnu)
    write("mxfp4-deepseek-v4", "MXFP4", says, fp4, {"scales": scale}, *both(fp4, scale))


def plain_fp8():
    for name, dtype in (("e4m3", torch.float8_e4m3fn), ("e5m2", torch.float8_e5m2)):
        values = torch.arange(256, dtype=torch.uint8).reshape(8, 32).view(dtype)
        write(f"fp8-{name}-cast", "FP8", "torch, Tensor.to", values, {}, values.float(), values.bfloat16())


def ragged_fp8():
    from compressed_tensors.quantization import QuantizationArgs
    from compressed_tensors.quantization.lifecycle.forward import dequantize
    values, scale = random_bytes(132, 136).view(torch.float8_e4m3fn), scales(2, 2)
    args = QuantizationArgs(num_bits=8, type="float", strategy="block", block_structure=[128, 128])
    float32 = dequantize(values, scale, None, args)
    write("fp8-ragged", "FP8", "compressed-tensors, dequantize", values, {"scales": scale}, float32, float32.bfloat16(),
          method="fp8")


# compressed-tensors.

def compressed_tensors():
    from compressed_tensors.compressors.mx_utils import decompress_mx_scale
    from compressed_tensors.compressors.nvfp4.helpers import unpack_fp4_from_uint8
    from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32, unpack_from_int32
    from compressed_tensors.quantization import QuantizationArgs
    from compressed_tensors.quantization.lifecycle.forward import dequantize
    says = "compressed-tensors, dequantize"

    def both(values, scale, zero=None, global_scale=None, dtype=torch.bfloat16, **args):
        args = QuantizationArgs(**args)
        return [
            dequantize(values, scale, zero, args, dtype=dtype, global_scale=global_scale)
            for scale, dtype in ((scale.float(), torch.float32), (scale, dtype))
        ]

    values = random_bytes(24, 40).view(torch.float8_e4m3fn)
    scale = scales(24, 1, dtype=torch.bfloat16)
    write("fp8-rows", "FP8", says, values, {"scales": scale},
          *both(values, scale, num_bits=8, type="float", strategy="channel"), method="compressed-tensors")
    scale = scales(1)
    write("fp8-whole", "FP8", says, values, {"scales": scale},
          both(values, scale, num_bits=8, type="float", strategy="tensor")[0], method="compressed-tensors")
    scale = powers(24, 2)
    values = random_bytes(24, 64).view(torch.float8_e4m3fn)
    float32, rounded = both(values, decompress_mx_scale(scale), num_bits=8, type="float", strategy="group",
                            group_size=32)
    write("mxfp8-u8", "FP8", says, values, {"scales": scale}, float32, rounded, method="compressed-tensors")

    packed = random_bytes(24, 48)
    scale = powers(24, 3)
    float32, rounded = both(unpack_fp4_from_uint8(packed, 24, 96), decompress_mx_scale(scale), num_bits=4, type="float",
                            strategy="group", group_size=32)
    write("mxfp4-compressed-tensors", "MXFP4", says, packed, {"scales": scale}, float32, rounded)
    scale = torch.where((s := random_bytes(24, 6)) & 127 == 127, 1, s & 127).view(torch.float8_e4m3fn)
    factor = torch.tensor([1234.567], dtype=torch.float32)
    float32, rounded = both(unpack_fp4_from_uint8(packed, 24, 96), scale.bfloat16(), global_scale=factor, num_bits=4,
                            type="float", strategy="tensor_group", group_size=16)
    write("nvfp4-compressed-tensors", "compressed-tensors NVFP4", says, packed,
          {"scales": scale, "global scale": factor}, float32, rounded)

    def integers(name, bits, shape, scale, zero=None, dtype=torch.bfloat16, notes={}, **args):
        half = 1 << bits - 1
        stored = torch.from_numpy(rng.integers(-half, half, shape, dtype=np.int8))
        packed = pack_to_int32(stored, bits)
        assert torch.equal(unpack_from_int32(packed, bits, shape), stored)
        beside = {"scales": scale, "shape": torch.tensor(shape)}
        if zero is not None:
            beside["zeros"] = pack_to_int32(zero, bits, packed_dim=0) if args["strategy"] != "tensor" else zero
        write(name, "compressed-tensors integers", says, packed, beside,
              *both(stored, scale, zero, dtype=dtype, num_bits=bits, type="int", symmetric=zero is None, **args),
              **notes)

    def zeros(bits, *shape):
        return torch.from_numpy(rng.integers(-(1 << bits - 1), 1 << bits - 1, shape, dtype=np.int8))

    integers("int4-groups", 4, (24, 96), scales(24, 3, dtype=torch.bfloat16), strategy="group", group_size=32)
    integers("int4-zeros", 4, (27, 96), scales(27, 3, dtype=torch.bfloat16), zeros(4, 27, 3), strategy="group",
             group_size=32)
    integers("int4-rows-ragged", 4, (27, 45), scales(27, 1, dtype=torch.float16), zeros(4, 27, 1), torch.float16,
             strategy="channel")
    integers("int4-whole", 4, (11, 45), scales(1, dtype=torch.bfloat16), strategy="tensor")
    integers("int8-groups", 8, (24, 96), scales(24, 3, dtype=torch.bfloat16), strategy="group", group_size=32)
    integers("int8-rows-ragged", 8, (27, 45), scales(27, 1, dtype=torch.bfloat16), zeros(8, 27, 1), torch.bfloat16,
             notes={"bitCount": 8}, strategy="channel")

    for name, zero in (("int8-plain", None), ("int8-plain-zeros", zeros(8, 24, 1))):
        stored = random_bytes(24, 45).view(torch.int8)
        scale = scales(24, 1, dtype=torch.bfloat16)
        write(name, "int8", says, stored, {"scales": scale} | ({} if zero is None else {"zeros": zero}),
              *both(stored, scale, zero, num_bits=8, type="int", symmetric=zero is None, strategy="channel"))

    # The order of inputs, which the tool no longer has: each column takes the scale of its group. dequantize of
    # compressed-tensors 0.9.4 made the same of it, bit for bit.
    stored = torch.from_numpy(rng.integers(-8, 8, (24, 96), dtype=np.int8))
    scale, zero = scales(24, 3, dtype=torch.bfloat16), zeros(4, 24, 3)
    order = torch.from_numpy(rng.permutation(np.repeat(np.arange(3, dtype=np.int32), 32)))
    spread = scale.float().numpy()[:, order]
    product = torch.from_numpy((stored.numpy().astype(np.float32) - zero.numpy()[:, order]) * spread)
    write("int4-order", "compressed-tensors integers",
          "numpy, after quantization/lifecycle/forward.py (dequantize with g_idx) of compressed-tensors 0.9",
          pack_to_int32(stored, 4), {"scales": scale, "zeros": pack_to_int32(zero, 4, packed_dim=0), "order": order,
                                     "shape": torch.tensor(stored.shape)}, product)


# Four bits.

def gpt_oss():
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors
    blocks, scale = random_bytes(1, 24, 3, 16), powers(1, 24, 3)
    made = [convert_moe_packed_tensors(blocks, scale, dtype=dtype)[0].T for dtype in (torch.float32, torch.bfloat16)]
    write("mxfp4-gpt-oss", "MXFP4", "transformers, convert_moe_packed_tensors", blocks[0], {"scales": scale[0]}, *made)


def modelopt():
    from modelopt.torch.quantization.qtensor import MXFP4QTensor, NVFP4QTensor
    packed = random_bytes(24, 48)
    scale = torch.where((s := random_bytes(24, 6)) & 127 == 127, 1, s & 127).view(torch.float8_e4m3fn)
    factor = torch.tensor(0.0012345678, dtype=torch.float32)
    made = [
        NVFP4QTensor(torch.Size((24, 96)), dtype, packed).dequantize(
            dtype, scale=scale, double_scale=factor, block_sizes={-1: 16})
        for dtype in (torch.float32, torch.bfloat16)
    ]
    write("nvfp4-modelopt", "ModelOpt NVFP4", "nvidia-modelopt, NVFP4QTensor.dequantize", packed,
          {"scales": scale, "global scale": factor}, *made)
    scale = powers(24, 3)
    made = [
        MXFP4QTensor(torch.Size((24, 96)), dtype, packed).dequantize(dtype, scale=scale, block_sizes={-1: 32})
        for dtype in (torch.float32, torch.bfloat16)
    ]
    write("mxfp4-modelopt", "MXFP4", "nvidia-modelopt, MXFP4QTensor.dequantize", packed, {"scales": scale}, *made)


# GPTQ and AWQ.

def words(*shape):
    return torch.from_numpy(rng.integers(-2**31, 2**31, shape, dtype=np.int64).astype(np.int32))


def gptq():
    from auto_round_extension.torch.qlinear_torch import QuantLinear as Second
    from auto_round_extension.torch.qlinear_torch_zp import QuantLinear as First

    def one(name, kind, bits, inputs, outputs, group, shuffled=False, **notes):
        # The tool has no more outputs than inputs.
        tool = kind(bits, group, inputs, outputs, False)
        groups = inputs // group
        tool.qweight = words(inputs * bits // 32, outputs)
        # The first version cannot hold the largest number: it is read as zero less one.
        zeros = rng.integers(0, (1 << bits) - (kind is First), (groups, outputs))
        tool.qzeros = torch.from_numpy(np.stack([
            sum(zeros[:, c * (32 // bits) + k].astype(np.int64) << bits * k for k in range(32 // bits))
            for c in range(outputs * bits // 32)], 1).astype(np.uint32).view(np.int32))
        tool.scales = scales(groups, outputs, dtype=torch.float16)
        order = np.arange(inputs, dtype=np.int32) // group
        tool.g_idx = torch.from_numpy(rng.permutation(order) if shuffled else order)
        stored = {"scales": tool.scales, "zeros": tool.qzeros, "order": tool.g_idx}
        made = [None, tool(torch.eye(inputs, dtype=torch.float32)).half()]
        tool.scales = tool.scales.float()
        tool.dequant_dtype = torch.int32
        made[0] = tool(torch.eye(inputs, dtype=torch.float32))
        write(name, "GPTQ", f"auto-round, {kind.__module__}", tool.qweight, stored, *made, **notes)

    one("gptq-4-bits", First, 4, 64, 40, 16, method="gptq", bitCount=4, groupSize=16)
    one("gptq-8-bits", First, 8, 64, 40, 16, method="gptq", bitCount=8, groupSize=16)
    one("gptq-2-bits", First, 2, 64, 48, 16, method="gptq", bitCount=2, groupSize=16)
    one("gptq-order", First, 4, 64, 40, 16, shuffled=True, method="gptq", bitCount=4, groupSize=16)
    one("gptq-v2-order", Second, 4, 64, 40, 16, shuffled=True, method="gptq", version="gptq_v2", bitCount=4,
        groupSize=16)
    one("gptq-v2-8-bits", Second, 8, 64, 40, 64, method="gptq", version="gptq_v2", bitCount=8, groupSize=64)


def awq():
    spec = importlib.util.spec_from_file_location("packing_utils", sys.argv[2])
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    weight, zeros, scale = words(64, 5), words(4, 5), scales(4, 40, dtype=torch.float16)
    write("awq", "AWQ", "autoawq, 0.2.9, dequantize_gemm", weight, {"scales": scale, "zeros": zeros},
          *(tool.dequantize_gemm(weight, zeros, s, 4, 16).to(s.dtype) for s in (scale.float(), scale)),
          method="awq", version="gemm", bitCount=4, groupSize=16)


# bitsandbytes.

def bitsandbytes():
    import bitsandbytes.functional as tool
    says = "bitsandbytes, dequantize_4bit"
    # Rows are of whole blocks, or odd: of other matrices the tool's own CPU code takes scales of wrong blocks.
    shapes = {"nf4": (24, 128), "fp4": (24, 128), "nf4-odd": (26, 45), "nf4-nested": (160, 129),
              "fp4-nested": (24, 128)}
    for name, shape in shapes.items():
        weight = torch.from_numpy(rng.standard_normal(shape).astype(np.float32) / 50).bfloat16()
        packed, state = tool.quantize_4bit(weight, quant_type=name[:3], compress_statistics="nested" in name)
        rounded = tool.dequantize_4bit(packed, state)
        beside = {key.split(".")[-1]: tensor for key, tensor in state.as_dict(packed=True).items()}
        roles = {"absmax": "scales", "quant_map": "codebook", "nested_absmax": "scales of scales",
                 "nested_quant_map": "codebook of scales", f"bitsandbytes__{name[:3]}": "notes"}
        state.dtype = torch.float32
        write(f"bitsandbytes-{name}", "bitsandbytes", says, packed,
              {roles[key]: tensor for key, tensor in beside.items()}, tool.dequantize_4bit(packed, state), rounded,
              method="bitsandbytes")
    stored, scale = random_bytes(24, 45).view(torch.int8), scales(24)
    float32 = tool.int8_vectorwise_dequant(stored, scale)
    write("bitsandbytes-int8", "LLM.int8", "bitsandbytes, int8_vectorwise_dequant", stored,
          {"scales": scale, "notes": torch.tensor(0, dtype=torch.uint8)}, float32, float32.bfloat16())


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(exist_ok=True)
    for make in (transformers_fp8, plain_fp8, ragged_fp8, compressed_tensors, gpt_oss, modelopt, gptq, awq,
                 bitsandbytes):
        make()
