"""Reference tables of Method.md section 3, analyses 1, 2 and 4, in float64 with full SVDs.

    python reference.py CHECKPOINT OUTPUT [RHO]
    python reference.py --compare REFERENCE OUTPUT

Reads a checkpoint folder (config.json and safetensors) and writes energy.csv, spectrum.csv, similarity.csv,
router_alignment.csv and router_score.csv: 9 significant digits, lines ended by CR LF, both as in the tables of the
trained models, which it reproduces byte for byte. RHO is Method.md's top fraction, 0.01 unless given. Needs numpy
only. Written from Method.md alone, to be independent of the tool that it checks. --compare prints the largest
differences between two sets of tables. capture_reference.py imports from here.
"""

import csv
import glob
import json
import math
import os
import struct
import sys
from fractions import Fraction
import numpy as np

SWIGLU = ("gate_proj", "up_proj", "down_proj")
NUMBERED = ("w1", "w3", "w2")  # gate, up, down


ENERGY = ["layer", "projection", "expert", "k", "energy_top", "stable_rank", "effective_rank", "gap"]
SPECTRUM = ["layer", "projection", "expert", "index", "sigma"]
ANGLES = ["mean_cosine", "overlap", "max_cosine", "min_cosine", "geodesic"]
SIMILARITY = ["layer", "projection", "side", "expert_a", "expert_b", "k"] + ANGLES


def by_step(config, layer):
    return (layer not in (config.get("mlp_only_layers") or [])
            and (layer + 1) % config.get("decoder_sparse_step", 1) == 0)


def by_first_dense(config, layer):
    return layer >= config["first_k_dense_replace"] and layer % config.get("moe_layer_freq", 1) == 0


def by_type(config, layer):
    if config.get("mlp_layer_types"):
        return config["mlp_layer_types"][layer] == "sparse"
    return by_first_dense(config, layer)


def every_layer(config, layer):
    return True


# model_type: (key of the expert count, block, routed names, shared module, shared names, which layers are MoE).
FAMILIES = {
    "qwen2_moe": ("num_experts", "mlp", SWIGLU, "shared_expert", SWIGLU, by_step),
    "qwen3_moe": (("num_experts", "num_local_experts"), "mlp", SWIGLU, None, None, by_step),
    "qwen3_next": ("num_experts", "mlp", SWIGLU, "shared_expert", SWIGLU, by_step),
    "olmoe": ("num_experts", "mlp", SWIGLU, None, None, every_layer),
    "mixtral": ("num_local_experts", "block_sparse_moe", NUMBERED, None, None, every_layer),
    "phimoe": ("num_local_experts", "block_sparse_moe", NUMBERED, None, None, every_layer),
    "deepseek": ("n_routed_experts", "mlp", SWIGLU, "shared_experts", SWIGLU, by_first_dense),
    "deepseek_v2": ("n_routed_experts", "mlp", SWIGLU, "shared_experts", SWIGLU, by_first_dense),
    "deepseek_v3": ("n_routed_experts", "mlp", SWIGLU, "shared_experts", SWIGLU, by_first_dense),
    "deepseek_v4": ("n_routed_experts", "ffn", NUMBERED, "shared_experts", NUMBERED, every_layer),
    "kimi_linear": ("num_experts", "block_sparse_moe", NUMBERED, "shared_experts", SWIGLU, by_type),
    "bailing_hybrid": ("num_experts", "mlp", SWIGLU, "shared_experts", SWIGLU, by_type),
}


class RankTooLow(SystemExit):
    """The matrix has rank below k: an error in weights, left out in gradients."""


class Tensors:
    """The tensors of one safetensors file, or of all those of a folder, by name, decoded to float64."""

    def __init__(self, folder):
        self.where = {}
        files = [folder] if os.path.isfile(folder) else sorted(glob.glob(os.path.join(folder, "*.safetensors")))
        for path in files:
            with open(path, "rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                header = json.loads(file.read(length))
            for name, entry in header.items():
                if name == "__metadata__":
                    continue
                if name in self.where:
                    raise SystemExit(f"{name} stands in two files")
                self.where[name] = (path, 8 + length, entry)
        index = os.path.join(folder, "model.safetensors.index.json")
        if os.path.exists(index):
            with open(index) as file:
                said = json.load(file)["weight_map"]
            found = {name: os.path.basename(path) for name, (path, _, _) in self.where.items()}
            if said != found:
                raise SystemExit("the index and the shards disagree")

    def __contains__(self, name):
        return name in self.where

    def __getitem__(self, name):
        path, base, entry = self.where[name]
        start, end = entry["data_offsets"]
        with open(path, "rb") as file:
            file.seek(base + start)
            data = file.read(end - start)
        kind = entry["dtype"]
        if kind == "BF16":
            values = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        else:
            values = np.frombuffer(data, {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[kind])
        return values.reshape(entry["shape"]).astype(np.float64)


class Subspaces:
    """One weight matrix with its full SVD."""

    def __init__(self, name, w, rho):
        if not np.isfinite(w).all():
            raise SystemExit(f"{name} holds NaN or infinity")
        self.name = name
        self.norm2 = float((w * w).sum())
        self.u, self.s, vt = np.linalg.svd(w, full_matrices=False)
        self.v = vt.T
        self.r = min(w.shape)
        self.k = top_count(self.r, rho)
        if self.s[self.k - 1] <= max(w.shape) * 2.0**-23 * self.s[0]:
            raise RankTooLow(f"{name} has rank below k = {self.k}")

    @property
    def gap(self):
        if self.k == self.r or self.s[self.k] == 0:
            return np.inf
        return self.s[self.k - 1] / self.s[self.k]

    def basis(self, projection, side, k):
        hidden_is_left = projection == "down_proj"
        left = hidden_is_left == (side == "hidden")
        return (self.u if left else self.v)[:, :k]


def top_count(r, rho):
    """max(1, ceil(rho r)), in exact fractions."""
    return max(1, math.ceil(rho * r))


def energy_row(x):
    share = (x.s * x.s) / x.norm2
    share = share[share > 0]
    return [x.k, float((x.s[:x.k] ** 2).sum() / x.norm2), float(x.norm2 / x.s[0] ** 2),
            float(np.exp(-(share * np.log(share)).sum())), float(x.gap)]


def spectrum_rows(x):
    return [[j + 1, float(x.s[j])] for j in range(min(x.r, max(16, x.k)))]


def similarity_rows(projection, labels, everyone, k):
    """All pairs on the hidden side, and those of the routed experts on the neuron side."""
    rows = []
    for side in ("hidden", "neuron"):
        pool = [(label, x.basis(projection, side, k)) for label, x in zip(labels, everyone)
                if side == "hidden" or label != "shared"]
        for i, (a, basis) in enumerate(pool):
            for b, other in pool[i + 1:]:
                rows.append([side, a, b, k] + [float(m) for m in angles(basis, other)])
    return rows


def angles(a, b):
    c = np.clip(np.linalg.svd(a.T @ b, compute_uv=False), 0.0, 1.0)
    return c.mean(), (c * c).mean(), c[0], c[-1], np.sqrt((np.arccos(c) ** 2).sum())


def number(x):
    return f"{x:.9g}"


def write(folder, table, columns, rows):
    with open(os.path.join(folder, table + ".csv"), "w", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow(columns)
        for row in rows:
            out.writerow([number(x) if isinstance(x, float) else x for x in row])


class Checkpoint:
    """A checkpoint's configuration and tensors, and the names of its experts."""

    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = config = json.load(file)
        self.model = model = config["model_type"]
        if model not in FAMILIES:
            raise SystemExit(f"model_type {model} is not in the table of this script")
        if "quantization_config" in config:
            raise SystemExit("quantised: not for this script")
        keys, self.block, self.routed, self.shared_module, self.shared_names, is_moe = FAMILIES[model]
        keys = (keys,) if isinstance(keys, str) else keys
        counts = [config[key] for key in keys if key in config]
        if len(set(counts)) != 1:
            raise SystemExit(f"expert count: {dict(zip(keys, counts))}")
        self.count = counts[0]
        self.tensors = Tensors(folder)
        self.prefix = "model." if any(name.startswith("model.layers.") for name in self.tensors.where) else ""
        self.layers = []
        for layer in range(config["num_hidden_layers"]):
            home = self.home(layer)
            if not is_moe(config, layer):
                if any(name.startswith(home + "experts.") for name in self.tensors.where):
                    raise SystemExit(f"layer {layer} should be dense")
                continue
            if any(name.startswith(f"{home}experts.{self.count}.") for name in self.tensors.where):
                raise SystemExit(f"layer {layer} has more than {self.count} experts")
            self.layers.append(layer)

    def home(self, layer):
        return f"{self.prefix}layers.{layer}.{self.block}."

    def names(self, layer, projection):
        """The labels of a layer's experts, the shared one last, and the names of their tensors."""
        p, home = SWIGLU.index(projection), self.home(layer)
        names = {str(e): f"{home}experts.{e}.{self.routed[p]}.weight" for e in range(self.count)}
        if self.shared_module:
            names["shared"] = f"{home}{self.shared_module}.{self.shared_names[p]}.weight"
        return names

    def directions(self, layer):
        """The router's rows, each divided by its norm."""
        router = self.tensors[self.home(layer) + "gate.weight"]
        if router.shape != (self.count, self.config["hidden_size"]):
            raise SystemExit(f"router of layer {layer}: shape {router.shape}")
        if not np.isfinite(router).all() or not router.any(axis=1).all():
            raise SystemExit(f"router of layer {layer}: a row of zeros, NaN or infinity")
        return router / np.sqrt((router * router).sum(1, keepdims=True))


def reference(folder, output, rho):
    checkpoint = Checkpoint(folder)
    model, count, tensors = checkpoint.model, checkpoint.count, checkpoint.tensors
    energy, spectrum, similarity, alignment, score = [], [], [], [], []
    notes = {"gap": (np.inf, ""), "separation": (np.inf, ""), "ill": 0, "k": set(), "matrices": 0}
    for layer in checkpoint.layers:
        directions = checkpoint.directions(layer)
        for projection in SWIGLU:
            names = checkpoint.names(layer, projection)
            labels = list(names)
            everyone = [Subspaces(name, tensors[name], rho) for name in names.values()]
            experts = everyone[:count]
            k, r = experts[0].k, experts[0].r
            if any((x.r, x.k) != (r, k) for x in experts):
                raise SystemExit(f"layer {layer} {projection}: experts of different shapes")

            for label, x in zip(labels, everyone):
                energy.append([layer, projection, label] + energy_row(x))
                spectrum += [[layer, projection, label] + row for row in spectrum_rows(x)]
                notes["matrices"] += 1
                notes["k"].add((label == "shared", x.r, x.k))
                notes["ill"] += x.gap < 1.001
                notes["gap"] = min(notes["gap"], (float(x.gap), x.name))
                if label != "shared" and projection != "down_proj":
                    top = x.s[: min(r, max(16, k)) + 1]
                    notes["separation"] = min(notes["separation"], (float((top[:-1] - top[1:]).min() / x.s[0]), x.name))

            similarity += [[layer, projection] + row for row in similarity_rows(projection, labels, everyone, k)]

            if projection != "down_proj":
                for e, x in enumerate(experts):
                    cosines = np.abs(directions[e] @ x.v[:, : min(r, max(16, k))])
                    alignment += [[layer, projection, e, j + 1, float(c)] for j, c in enumerate(cosines)]
                for row in range(count):
                    for e, x in enumerate(experts):
                        inner = x.v[:, :k].T @ directions[row]
                        score.append([layer, projection, row, e, float((inner * inner).sum())])

    os.makedirs(output, exist_ok=True)
    write(output, "energy", ENERGY, energy)
    write(output, "spectrum", SPECTRUM, spectrum)
    write(output, "similarity", SIMILARITY, similarity)
    write(output, "router_alignment", ["layer", "projection", "expert", "direction", "abs_cosine"], alignment)
    write(output, "router_score", ["layer", "projection", "router_row", "expert", "score"], score)
    print(f"{model}: {notes['matrices']} matrices; (shared, r, k) {sorted(notes['k'])}; "
          f"smallest gap {notes['gap'][0]:.6g} ({notes['gap'][1]}), {notes['ill']} ill-separated; smallest "
          f"(s_j - s_j+1) / s_1 of the aligned directions {notes['separation'][0]:.3g} ({notes['separation'][1]})")


def compare(reference_folder, output, tables=("energy", "spectrum", "similarity", "router_alignment", "router_score")):
    for table in tables:
        with open(os.path.join(reference_folder, table + ".csv"), newline="") as one, \
                open(os.path.join(output, table + ".csv"), newline="") as two:
            ours, theirs = list(csv.reader(two)), list(csv.reader(one))
        if len(ours) != len(theirs) or ours[0] != theirs[0]:
            raise SystemExit(f"{table}: {len(theirs)} and {len(ours)} rows, or other columns")
        absolute = relative = 0.0
        cells = equal = 0
        for a, b in zip(theirs[1:], ours[1:]):
            for x, y in zip(a, b):
                cells += 1
                equal += x == y
                if x == y:
                    continue
                difference = abs(float(x) - float(y))
                absolute = max(absolute, difference)
                relative = max(relative, difference / max(abs(float(x)), abs(float(y))))
        print(f"  {table}: {len(ours) - 1} rows, {cells - equal} of {cells} cells differ in print, "
              f"largest difference {absolute:.2g} absolute, {relative:.2g} relative")


if __name__ == "__main__":
    if sys.argv[1] == "--compare":
        compare(sys.argv[2], sys.argv[3])
    else:
        reference(sys.argv[1], sys.argv[2], Fraction(sys.argv[3] if len(sys.argv) > 3 else "0.01"))
