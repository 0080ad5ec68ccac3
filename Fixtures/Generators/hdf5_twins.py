"""Writes a safetensors checkpoint as HDF5: the same tensors under the same names, in one file model.h5.

    python hdf5_twins.py dotted|nested CHECKPOINT OUTPUT

dotted: every dataset stands in the root group under its full name, "model.layers.0.mlp.gate.weight".
nested: every dot begins a new group, /model/layers/0/mlp/gate/weight.
A BF16 tensor is a u16 dataset with the attribute dtype="BF16" (a variable-length UTF-8 string, h5py's default);
F64, F32, F16 and the integers are HDF5's own little-endian types; an FP8 tensor is u8 with its name as `dtype`.
Contiguous datasets, no time stamps: the same input gives the same bytes with the same h5py. config.json is copied.
Needs numpy and h5py.
"""

import glob
import json
import os
import shutil
import struct
import sys
import h5py
import numpy as np

NATIVE = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1"}
AS_BITS = {"BF16": "<u2", "F8_E4M3": "<u1", "F8_E5M2": "<u1"}


def tensors(folder):
    """Name, dtype and values of all tensors, sorted by name."""
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.safetensors"))):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
        for name, entry in header.items():
            if name != "__metadata__":
                found[name] = (path, 8 + length, entry)
    for name in sorted(found):
        path, base, entry = found[name]
        start, end = entry["data_offsets"]
        with open(path, "rb") as file:
            file.seek(base + start)
            data = file.read(end - start)
        kind = entry["dtype"]
        yield name, kind, np.frombuffer(data, {**NATIVE, **AS_BITS}[kind]).reshape(entry["shape"])


def main(form, checkpoint, output):
    os.makedirs(output, exist_ok=True)
    with h5py.File(os.path.join(output, "model.h5"), "w", libver="earliest") as file:
        for name, kind, values in tensors(checkpoint):
            path = name if form == "dotted" else name.replace(".", "/")
            dataset = file.create_dataset(path, data=values, track_times=False)
            if kind in AS_BITS:
                dataset.attrs["dtype"] = kind
    shutil.copyfile(os.path.join(checkpoint, "config.json"), os.path.join(output, "config.json"))


if len(sys.argv) != 4 or sys.argv[1] not in ("dotted", "nested"):
    raise SystemExit(__doc__)
main(*sys.argv[1:])
