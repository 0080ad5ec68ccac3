"""Writes Fixtures/captures: sound captures, hostile ones, and what h5py reads in them.

    python Fixtures/Generators/captures.py

With h5py and numpy; the same bytes every time. SoundCaptureTests.swift and
HostileCaptureTests.swift know what is in the files.
"""

import hashlib
import json
import pathlib
import struct

import h5py
import numpy as np

FIXTURES = pathlib.Path(__file__).resolve().parent.parent
FOLDER = FIXTURES / "captures"
OFFSETS = [0, 5, 6, 11]
PERMUTATION = [4, 0, 3, 1, 2, 0, 1, 0, 4, 2, 3]
TOKENS, HIDDEN, EXPERTS = OFFSETS[-1], 4, 3


def values(seed, width):
    """Multiples of 1/64 that every type holds exactly."""
    return np.random.default_rng(seed).integers(-127, 128, (TOKENS, width)) / 64


def bfloat16(numbers):
    return (numbers.astype("<f4").view("<u4") >> 16).astype("<u2")


# One layer for each type; 2 comes before 10 by number, not by name.
LAYERS = {0: "F16", 2: "BF16", 3: "F32", 10: "F64"}
STORED = {
    "F16": lambda numbers: numbers.astype("<f2"),
    "BF16": bfloat16,
    "F32": lambda numbers: numbers.astype("<f4"),
    "F64": lambda numbers: numbers.astype("<f8"),
}


def activations():
    """The activations of a sound capture: name with slashes -> (type, numbers)."""
    result = {}
    for layer, kind in LAYERS.items():
        result[f"layers/{layer}/moe_input"] = (kind, values(layer, HIDDEN))
        if layer != 3:
            result[f"layers/{layer}/router_logits"] = (kind, values(100 + layer, EXPERTS))
            result[f"shuffled/layers/{layer}/moe_input"] = (kind, values(200 + layer, HIDDEN))
    return result


def write_h5(name, dotted, options):
    with h5py.File(FOLDER / name, "w") as file:
        file.attrs["hidden_size"] = HIDDEN
        file.attrs["model"] = "toy"

        def add(place, data, **more):
            return file.create_dataset(place.replace("/", ".") if dotted else place, data=data, **more)

        add("sequence_offsets", np.array(OFFSETS, dtype=">i4"))
        add("shuffled/permutation", np.array(PERMUTATION, dtype="u1"))
        add("tokens", np.arange(TOKENS, dtype="<u2"))
        for place, (kind, numbers) in activations().items():
            dataset = add(place, STORED[kind](numbers), **options)
            if kind == "BF16":
                dataset.attrs["dtype"] = "BF16"
        # What else a file holds is no concern of a capture.
        add("layers/0/notes", np.zeros(2))
        add("layers/attention/moe_input", np.zeros(2))
        file["remarks"] = "text"


def write_safetensors(name, dotted, metadata):
    tensors = {
        "sequence_offsets": ("I64", np.array(OFFSETS, dtype="<i8")),
        "shuffled/permutation": ("U32", np.array(PERMUTATION, dtype="<u4")),
        "remarks": ("BOOL", np.array([1], dtype="u1")),
    }
    for place, (kind, numbers) in activations().items():
        tensors[place] = (kind, STORED[kind](numbers))
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for place, (kind, array) in tensors.items():
        begin = len(data)
        data += array.tobytes()
        header[place.replace("/", ".") if dotted else place] = {
            "dtype": kind, "shape": list(array.shape), "data_offsets": [begin, len(data)],
        }
    text = json.dumps(header).encode()
    (FOLDER / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


def sound():
    write_h5("nested.h5", False, {})
    write_h5("dotted-packed.h5", True, dict(chunks=(3, 2), compression="gzip", shuffle=True))
    write_safetensors("slashes.safetensors", False, {"hidden_size": str(HIDDEN), "model": "toy"})
    write_safetensors("dots.safetensors", True, {})
    with h5py.File(FOLDER / "nested.h5") as file:
        golden = {}
        for place, (kind, _) in activations().items():
            array = file[place][:]
            if kind == "BF16":
                array = (array.astype("<u4") << 16).view("<f4")
            golden[place.replace("/", ".")] = array.astype(float).flatten().tolist()
    text = {"source": f"h5py {h5py.__version__} of nested.h5", "values": golden}
    (FOLDER / "sound.json").write_text(json.dumps(text, indent=1) + "\n")


def trained():
    """Digests of the activations of the trained models, as float32."""
    models = {}
    for model in ["qwen2-moe-tiny", "deepseek-v2-tiny"]:
        path = FIXTURES / model / "captures/activations.h5"
        with h5py.File(path) as file:
            digests = {}

            def visit(name, item):
                if name.endswith(("moe_input", "router_logits")):
                    array = item[:].astype("<f4")
                    digests[name.replace("/", ".")] = {
                        "shape": list(array.shape),
                        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
                    }

            file.visititems(visit)
            models[model] = {
                "hiddenSize": int(file.attrs["hidden_size"]),
                "model": str(file.attrs["model"]),
                "sequenceOffsets": file["sequence_offsets"][:].tolist(),
                "tensors": digests,
            }
    text = {"source": f"h5py {h5py.__version__}, float32 little-endian", "models": models}
    (FOLDER / "trained.json").write_text(json.dumps(text, indent=1) + "\n")


def hostile():
    def create(name, *without):
        """A capture of one layer and its shuffled pass, but for some parts."""
        file = h5py.File(FOLDER / name, "w")
        parts = {
            "sequence_offsets": np.array(OFFSETS),
            "layers/0/moe_input": values(1, HIDDEN).astype("<f4"),
            "shuffled/permutation": np.array(PERMUTATION),
            "shuffled/layers/0/moe_input": values(2, HIDDEN).astype("<f4"),
        }
        for place, data in parts.items():
            if place not in without:
                file[place] = data
        return file

    with create("unwritten-input.h5", "layers/0/moe_input") as file:
        file.create_dataset("layers/0/moe_input", shape=(TOKENS, HIDDEN), dtype="<f4")
    with create("text-tokens.h5") as file:
        file["tokens"] = ["a"] * TOKENS
    with create("records-offsets.h5", "sequence_offsets") as file:
        file["sequence_offsets"] = np.zeros(4, dtype=[("begin", "<i8"), ("end", "<i8")])
    with create("complex-logits.h5") as file:
        file["layers/0/router_logits"] = np.zeros((TOKENS, EXPERTS), dtype="<c8")
    with create("dangling-layer.h5") as file:
        file["layers/1"] = h5py.SoftLink("/missing")
    with create("dangling-shuffled.h5", "shuffled/permutation", "shuffled/layers/0/moe_input") as file:
        file["shuffled"] = h5py.SoftLink("/missing")
    with create("missing-filter.h5", "layers/0/moe_input") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_obj_track_times(False)
        properties.set_chunk((TOKENS, HIDDEN))
        properties.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (0,))
        space = h5py.h5s.create_simple((TOKENS, HIDDEN))
        group = file.create_group("layers/0")
        dataset = h5py.h5d.create(group.id, b"moe_input", h5py.h5t.IEEE_F32LE, space, dcpl=properties)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values(1, HIDDEN).astype("<f4"))
    with create("two-spellings.h5") as file:
        file["layers.0.moe_input"] = values(1, HIDDEN).astype("<f4")
    with create("outside.h5") as file:
        file["layers/1"] = h5py.ExternalLink("nested.h5", "layers/0")
    with create("hidden-size.h5") as file:
        file.attrs["hidden_size"] = 5
    with create("inner-mask.h5") as file:
        file["layers/0"].attrs["attention_mask"] = np.ones(TOKENS, dtype="u1")
    with create("inner-lengths.h5") as file:
        # One number, such as the longest length, tells no row from another.
        file["layers"].attrs["length"] = TOKENS
        file["layers/0/moe_input"].attrs["lengths"] = np.array([5, 1, 5])
    with create("unmarked-bf16.h5", "layers/0/moe_input") as file:
        file["layers/0/moe_input"] = bfloat16(values(1, HIDDEN))
    whole = (FOLDER / "nested.h5").read_bytes()
    (FOLDER / "truncated.h5").write_bytes(whole[: len(whole) * 2 // 3])
    whole = (FOLDER / "slashes.safetensors").read_bytes()
    (FOLDER / "truncated.safetensors").write_bytes(whole[:-1])
    (FOLDER / "text.h5").write_text("This is text.\n")


FOLDER.mkdir(exist_ok=True)
sound()
trained()
hostile()
