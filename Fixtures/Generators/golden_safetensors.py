"""Writes Fixtures/hostile/sound.safetensors, the one file there that has to read right.

Written by the reference library (pip install safetensors==0.8.0 numpy); SafetensorsFileTests.swift
knows what is in it. Only one key of metadata, because the library writes several in random order.
"""

import pathlib

import numpy as np
from safetensors import TensorSpec, serialize_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "hostile"


def stored(dtype, array):
    """Describes the memory of an array, which the caller has to keep alive."""
    return TensorSpec(
        dtype=dtype, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes
    )


def main():
    # BF16 is the upper half of F32; these values lose nothing.
    bf16 = (np.array([1.0, -2.0, 0.5], dtype="<f4").view("<u4") >> 16).astype("<u2")
    tensors = {
        "f64": ("float64", np.array([[0.1, -1e300]], dtype="<f8")),
        "f32": ("float32", np.arange(6, dtype="<f4").reshape(2, 3)),
        "f16": ("float16", np.array([[1.5], [-2.0]], dtype="<f2")),
        "bf16": ("bfloat16", bf16),
        "i64": ("int64", np.array([-1, 2**62], dtype="<i8")),
        "u8": ("uint8", np.array([[1, 2], [3, 4], [5, 6]], dtype="u1")),
        "bool": ("bool", np.array([True, False])),
        "scalar": ("float32", np.array(7.25, dtype="<f4")),
        "none": ("float32", np.zeros((3, 0, 2), dtype="<f4")),
        'größe "🧪"\n': ("int8", np.array([-7], dtype="i1")),
    }
    described = {name: stored(dtype, array) for name, (dtype, array) in tensors.items()}
    metadata = {"made with": 'safetensors 0.8.0, "quoted" ü'}
    serialize_file(described, FOLDER / "sound.safetensors", metadata)


main()
