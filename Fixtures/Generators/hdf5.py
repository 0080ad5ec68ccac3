"""Writes the files of Fixtures/hdf5 with h5py: what other programs write, and what they must not.

    python Fixtures/Generators/hdf5.py Fixtures/hdf5

Element i of a tensor holds i * 0.5 - 3 (floating point) or i (integers), so that tests know it.
"""

import pathlib
import sys

import h5py
import numpy as np

FOLDER = pathlib.Path(sys.argv[1])


def values(shape, dtype):
    count = int(np.prod(shape))
    numbers = np.arange(count, dtype=np.float64)
    if np.dtype(dtype).kind == "f":
        numbers = numbers * 0.5 - 3
    return numbers.astype(dtype).reshape(shape)


def bfloat16(shape):
    return (values(shape, "<f4").view("<u4") >> 16).astype("<u2")


def create(name, **options):
    return h5py.File(FOLDER / name, "w", **options)


def plain_properties():
    """The low-level interface keeps time stamps unless told, and the bytes would differ."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    return properties


def low_level(file, name, kind, shape, properties=None):
    space = h5py.h5s.create_simple(shape)
    return h5py.h5d.create(file.id, name, kind, space, dcpl=properties or plain_properties())


def fixed_text(dataset, name, text, padding):
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(8)
    kind.set_strpad(padding)
    space = h5py.h5s.create(h5py.h5s.SCALAR)
    attribute = h5py.h5a.create(dataset.id, name.encode(), kind, space)
    fill = b" " if padding == h5py.h5t.STR_SPACEPAD else b"\0"
    attribute.write(np.array(text.encode().ljust(8, fill), dtype="S8"), mtype=kind)


with create("contiguous.h5") as file:
    file.attrs["model"] = "toy"
    file.attrs["label"] = np.bytes_("fixed")
    file.attrs["hidden_size"] = 128
    file.attrs["big_endian"] = np.array(-7, dtype=">i2")
    file.attrs["largest"] = np.uint64(2**64 - 1)
    file.attrs["one"] = np.array([5], dtype="<u4")
    file.attrs["list"] = [1, 2]
    file.attrs["ratio"] = 0.5
    for dtype in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        file[f"little.{dtype}"] = values((3, 4), "<" + dtype)
        file[f"big.{dtype}"] = values((3, 4), ">" + dtype)
    file["rank3"] = values((4, 3, 2), "<f4")
    file["scalar"] = values((), "<f8")
    file["zero_rows"] = values((0, 4), "<f4")
    file["zero_columns"] = values((4, 0), "<f4")

with create("packed.h5") as file:
    rows = dict(chunks=(3, 5), compression="gzip", shuffle=True)
    file.create_dataset("gzip", data=values((10, 7), "<f4"), **rows)
    file.create_dataset("gzip_big", data=values((10, 7), ">f4"), **rows)
    file.create_dataset("chunked", data=values((10, 7), "<f2"), chunks=(4, 7))
    file.create_dataset("checked", data=values((10, 7), "<f8"), chunks=(4, 4), fletcher32=True)
    file.create_dataset("rank3", data=values((5, 4, 3), "<i4"), chunks=(2, 3, 2))
    bits = file.create_dataset("bf16", data=bfloat16((6, 4)), chunks=(4, 4), compression="gzip")
    bits.attrs["dtype"] = "BF16"
    properties = plain_properties()
    properties.set_layout(h5py.h5d.COMPACT)
    dataset = low_level(file, b"compact", h5py.h5t.IEEE_F32LE, (2, 3), properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values((2, 3), "<f4"))

with create("bf16.h5") as file:
    for name in ["variable", "zero_padded", "space_padded", "null_terminated", "other", "none"]:
        file[name] = bfloat16((2, 3))
    file["variable"].attrs["dtype"] = "BF16"
    fixed_text(file["zero_padded"], "dtype", "BF16", h5py.h5t.STR_NULLPAD)
    fixed_text(file["space_padded"], "dtype", "BF16", h5py.h5t.STR_SPACEPAD)
    fixed_text(file["null_terminated"], "dtype", "BF16", h5py.h5t.STR_NULLTERM)
    file["other"].attrs["dtype"] = "F8"
    file["big"] = bfloat16((2, 3)).astype(">u2")
    file["big"].attrs["dtype"] = "BF16"
    # A file may also hold bfloat16 as a floating-point type of its own.
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    own = low_level(file, b"own_type", kind, (2, 3))
    own.write(h5py.h5s.ALL, h5py.h5s.ALL, bfloat16((2, 3)), mtype=kind)

with create("nested.h5") as file:
    file["model/layers/0/mlp/gate/weight"] = values((2, 3), "<f4")
    file["model/layers.1.mlp.gate.weight"] = values((2, 3), "<f2")
    file.create_group("empty")
    file["alias"] = h5py.SoftLink("/model/layers/0/mlp/gate/weight")
    file["branch"] = h5py.SoftLink("model/layers/0")
    file["twin"] = file["model/layers/0/mlp/gate/weight"]
    file["model/self"] = h5py.SoftLink("/model")
    file["model/up"] = file["/"]
    file["nowhere"] = h5py.SoftLink("/missing")
    file["ring_a"] = h5py.SoftLink("/ring_b")
    file["ring_b"] = h5py.SoftLink("/ring_a")

with create("v110.h5", libver=("v110", "v110"), userblock_size=512) as file:
    file.attrs["model"] = "toy"
    file["plain"] = values((3, 4), "<f4")
    file.create_dataset("chunked", data=values((10, 7), "<f4"), chunks=(3, 5), compression="gzip")
    many = file.create_group("many")
    for index in range(40):
        many[f"{index}"] = values((2,), "<f4")

with create("skipped.h5") as file:
    file["kept"] = values((2,), "<f4")
    file["strings"] = ["one", "two"]
    file["fixed_strings"] = np.array([b"one", b"two"])
    file["records"] = np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")])
    file["booleans"] = np.array([True, False])
    file["complex"] = np.zeros(2, dtype="<c8")
    file["empty"] = h5py.Empty("<f4")
    file.create_dataset("ragged", shape=(2,), dtype=h5py.vlen_dtype(np.dtype("<f4")))
    file["type"] = np.dtype("<f4")
    file.create_dataset("unwritten", shape=(4, 4), dtype="<f4")
    file.create_dataset("unwritten_chunks", shape=(4, 4), dtype="<f4", chunks=(2, 2))
    sparse = file.create_dataset("sparse", shape=(2**40,), dtype="<f4", chunks=(4,))
    sparse[0] = 1
    odd = h5py.h5t.STD_I32LE.copy()
    odd.set_precision(24)
    low_level(file, b"odd", odd, (2,))
    properties = plain_properties()
    properties.set_chunk((2,))
    properties.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (0,))
    unknown = low_level(file, b"filter", h5py.h5t.IEEE_F32LE, (2,), properties)
    unknown.write(h5py.h5s.ALL, h5py.h5s.ALL, values((2,), "<f4"))

# Chunks that were never written read as zeros.
with create("partly-written.h5") as file:
    half = file.create_dataset("half", shape=(4, 4), dtype="<f4", chunks=(2, 4))
    half[:2] = values((2, 4), "<f4")
    edge = file.create_dataset(
        "edge", shape=(5, 7), dtype="<f4", chunks=(2, 3), compression="gzip")
    edge[:, :6] = values((5, 6), "<f4")
    whole = file.create_dataset(
        "whole", shape=(5, 7), dtype="<f4", chunks=(2, 3), compression="gzip")
    whole[:] = values((5, 7), "<f4")

# For Checkpoints: what should be a router's weight is no tensor, under nested and under dotted names.
with create("skipped-weight.h5") as file:
    file["model/layers/1/mlp/gate/weight"] = ["one", "two"]
    file.create_dataset("model.layers.2.mlp.gate.weight", shape=(3, 8), dtype="<f4")

with create("external-link.h5") as file:
    file["alias"] = h5py.SoftLink("/group/outside/plain")
    file["group/outside"] = h5py.ExternalLink("v110.h5", "/")

with create("external-storage.h5") as file:
    file.create_dataset("outside", shape=(2,), dtype="<f4", external="contiguous.h5")

with create("virtual.h5") as file:
    layout = h5py.VirtualLayout(shape=(3, 4), dtype="<f4")
    layout.dcpl.set_obj_track_times(False)
    layout[:] = h5py.VirtualSource("contiguous.h5", "little.f4", shape=(3, 4))
    file.create_virtual_dataset("outside", layout)

with create("collision.h5") as file:
    file["a/b"] = values((2,), "<f4")
    file["a.b"] = values((2,), "<f4")

with create("control-name.h5") as file:
    file["line\nbreak"] = values((2,), "<f4")

with create("overflow.h5") as file:
    file.create_dataset("huge", shape=(2**40, 2**40), dtype="<f4", chunks=(1, 4))

with create("overflow-zero.h5") as file:
    extents = (2**40, 2**40)
    file.create_dataset(
        "huge", shape=(0, *extents), dtype="<f4", chunks=(1, 1, 4), maxshape=(None, *extents)
    )

with create("deep.h5", libver=("v110", "v110")) as file:
    properties = h5py.h5p.create(h5py.h5p.GROUP_CREATE)
    properties.set_obj_track_times(False)
    group = file.id
    for _ in range(70):
        group = h5py.h5g.create(group, b"g", gcpl=properties)

with create("doubling.h5") as file:
    # Thirty groups, each holding the next one twice: a billion paths in a small file.
    inner = file.create_group("level0")
    for level in range(30):
        outer = file.create_group(f"level{level + 1}") if level < 29 else file.create_group("start")
        outer["left"] = inner
        outer["right"] = inner
        del file[f"level{level}"]
        inner = outer

whole = (FOLDER / "contiguous.h5").read_bytes()
(FOLDER / "truncated.h5").write_bytes(whole[: len(whole) * 2 // 3])
(FOLDER / "not-hdf5.h5").write_bytes(b"This is text and not a file of tensors.\n" * 40)
(FOLDER / "empty.h5").write_bytes(b"")
