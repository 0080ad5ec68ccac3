"""Reference tables of Method.md sections 3 to 5 that need captures, gradients or all directions, in float64.

    python capture_reference.py CHECKPOINT ACTIVATIONS GRADIENTS OUTPUT [--rho RHO]
    python capture_reference.py CHECKPOINT ACTIVATIONS GRADIENTS OUTPUT --options [--layer LAYER] [--floor FLOOR]
    python capture_reference.py --compare REFERENCE OUTPUT

The sibling of reference.py, with the same format of tables: 9 significant digits, lines ended by CR LF. CHECKPOINT
is a folder, ACTIVATIONS an HDF5 file and GRADIENTS a safetensors file with the checkpoint's tensor names. Written
from Method.md alone, to be independent of the tool that it checks. Needs numpy, scipy and h5py.

Without --options: bands, router_data, activation_ratio, shuffle, data_alignment, routing, coactivation,
gradient_energy, gradient_spectrum, gradient_similarity and gradient_bands, which reproduce the tables of the trained
models byte for byte. RHO is Method.md's top fraction, 0.01 unless given. --compare holds them against REFERENCE.

With --options, the same analyses with other options, and what follows from them:

    bands-, gradient_bands-, shuffle-, data_alignment-fraction-0.05    the same columns, rho = 0.05
    data_alignment-sequences-5    5 sequences, floor(i S / 5) of S, numbered as in the capture
    router_data-center            the columns of X have their mean taken away
    activation_ratio-threshold-2, -tokens-100 (rows floor(i T / 100) of T), -routed-only    layer, projection, expert,
                                  direction, ratio, tokens, of LAYER alone (2 unless given); an expert that no token
                                  was routed to has no rows in -routed-only
    tail_similarity, gradient_tail_similarity    layer, projection, expert_a, expert_b, tail_bands, mean_cosine: the
                                  pair's principal similarity, plain mean over all bands but the first, hidden side
    band_summary, gradient_band_summary, both also -fraction-0.05    layer, projection, k, tail_bands,
                                  top_mean_cosine, tail_mean_cosine, top_energy: the first band, and the others' mean
    routing_summary               layer, load_entropy
    groups.json                   average linkage (scipy) of routed experts on 1 - mean_cosine, hidden side: heights of
                                  the merges, what each joins, and for several least excesses the groups that remain if
                                  clusters join while their average similarity >= floor + excess (1 - floor). FLOOR is
                                  the mean_cosine of random subspaces; estimated by Monte Carlo (floors.py) if not given
    isotropic_floor.json          P(|c| > t / sqrt(d)) for the cosine c of a random direction of R^d with a fixed one
"""

import argparse
import json
import os
import sys
from fractions import Fraction
import h5py
import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import beta

sys.dont_write_bytecode = True
from reference import (ANGLES, ENERGY, SIMILARITY, SPECTRUM, SWIGLU, Checkpoint, RankTooLow, Subspaces, Tensors, angles,
                       compare, energy_row, similarity_rows, spectrum_rows, top_count, write)
import floors

BANDS = ["layer", "projection", "band", "k", "mean_cosine", "energy"]
ROUTER_DATA = ["layer", "expert", "direction", "abs_cosine"]
RATIO = ["layer", "projection", "expert", "direction", "ratio"]
SHUFFLE = ["layer", "projection", "expert", "k", "top_relative", "tail_relative", "top_per_direction",
           "tail_per_direction"]
DATA_ALIGNMENT = ["layer", "sequence_a", "sequence_b", "k"] + ANGLES
TAIL_SIMILARITY = ["layer", "projection", "expert_a", "expert_b", "tail_bands", "mean_cosine"]
BAND_SUMMARY = ["layer", "projection", "k", "tail_bands", "top_mean_cosine", "tail_mean_cosine", "top_energy"]

READ_X = ("gate_proj", "up_proj")
PLAIN_TOP_K = ("qwen2_moe", "deepseek_v2")
LEAST_EXCESSES = (0.5, 0.3, 0.2, 0.1)
ISOTROPIC = [(t, d) for d in (2, 3, 16, 64, 128, 2048, 7168) for t in (0.5, 1.0, 1.5, 2.0, 3.0)]


class Capture:
    """The activations of a capture, in float64."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        self.offsets = self.file["sequence_offsets"][:]

    def read(self, name):
        data = self.file[name][:]
        if data.dtype.kind != "f":
            raise SystemExit(f"{name}: {data.dtype} is not for this script")
        if not np.isfinite(data).all():
            raise SystemExit(f"{name} holds NaN or infinity")
        return data.astype(np.float64)

    def inputs(self, layer):
        return self.read(f"layers/{layer}/moe_input")

    def shuffled(self, layer):
        """Inputs of the same tokens in shuffled order; the file holds them back in the order of the tokens."""
        return self.read(f"shuffled/layers/{layer}/moe_input")

    def sequences(self, layer):
        x = self.inputs(layer)
        return [x[a:b] for a, b in zip(self.offsets, self.offsets[1:])]

    def chosen(self, layer, checkpoint):
        """Tokens x experts: who is among the leading logits. For families whose rule is just that."""
        config = checkpoint.config
        if checkpoint.model not in PLAIN_TOP_K or config.get("topk_method", "greedy") != "greedy":
            raise SystemExit(f"{checkpoint.model}: the router's choice is not the top k of its logits")
        logits = self.read(f"layers/{layer}/router_logits")
        top = np.argsort(-logits, axis=1, kind="stable")[:, : config["num_experts_per_tok"]]
        chosen = np.zeros(logits.shape, bool)
        np.put_along_axis(chosen, top, True, axis=1)
        return chosen


class Units:
    """The decomposed matrices of a checkpoint or of its gradients, for each layer and projection, by label."""

    def __init__(self, checkpoint, tensors, rho, may_leave_out):
        self.members, self.left_out = {}, []
        for layer in checkpoint.layers:
            for projection in SWIGLU:
                unit = self.members[layer, projection] = {}
                for label, name in checkpoint.names(layer, projection).items():
                    try:
                        unit[label] = Subspaces(name, tensors[name], rho)
                    except RankTooLow:
                        if not may_leave_out:
                            raise
                        self.left_out.append(name)

    def __iter__(self):
        """(layer, projection), all members by label, the routed ones alone, and their k."""
        for key, unit in self.members.items():
            routed = {label: x for label, x in unit.items() if label != "shared"}
            (k,) = {x.k for x in routed.values()}
            yield key, unit, routed, k

    def read_x(self):
        """Routed experts of the projections that read the input of the block."""
        for (layer, projection), _, routed, _ in self:
            if projection in READ_X:
                for label, x in routed.items():
                    yield layer, projection, label, x

    def band_profiles(self):
        """For each unit its bands' widths, the pairs, their principal similarity (pairs x bands) and the energy."""
        for (layer, projection), _, routed, k in self:
            some = next(iter(routed.values()))
            edges = list(range(0, some.r, k)) + [some.r]
            bases = {e: x.basis(projection, "hidden", x.r) for e, x in routed.items()}
            labels = list(bases)
            pairs = [(a, b) for i, a in enumerate(labels) for b in labels[i + 1:]]
            spans = list(zip(edges, edges[1:]))
            cosines = np.array([[angles(bases[a][:, i:j], bases[b][:, i:j])[0] for i, j in spans] for a, b in pairs])
            energy = np.array([[(x.s[i:j] ** 2).sum() / x.norm2 for i, j in spans] for x in routed.values()])
            yield layer, projection, [j - i for i, j in spans], pairs, cosines, energy.mean(axis=0)


def band_rows(profiles):
    for layer, projection, widths, _, cosines, energy in profiles:
        means = cosines.mean(axis=0)
        for band, width in enumerate(widths):
            yield [layer, projection, band, width, float(means[band]), float(energy[band])]


def tail_rows(profiles):
    for layer, projection, widths, pairs, cosines, _ in profiles:
        for (a, b), row in zip(pairs, cosines):
            yield [layer, projection, a, b, len(widths) - 1, float(row[1:].mean())]


def band_summary_rows(profiles):
    for layer, projection, widths, _, cosines, energy in profiles:
        means = cosines.mean(axis=0)
        yield [layer, projection, widths[0], len(widths) - 1, float(means[0]), float(means[1:].mean()),
               float(energy[0])]


def router_data_rows(checkpoint, capture, center):
    for layer in checkpoint.layers:
        x = capture.inputs(layer)
        if center:
            x = x - x.mean(axis=0)
        z = np.linalg.svd(x, full_matrices=False)[2][:16]
        for e, q in enumerate(checkpoint.directions(layer)):
            for j, c in enumerate(np.abs(z @ q)):
                yield [layer, e, j + 1, float(c)]


class Ratios:
    """Rows of activation_ratio with their numbers of tokens, and how close a token came to the threshold."""

    def __init__(self):
        self.margin, self.left_out = np.inf, []

    def rows(self, units, capture, threshold, rows_of):
        """`rows_of(layer, expert)` gives the tokens to look at, as row numbers."""
        for layer, projection, e, w in units.read_x():
            rows = rows_of(layer, e)
            if len(rows) == 0:
                self.left_out.append(f"layer {layer} {projection} expert {e}")
                continue
            x = capture.inputs(layer)[rows]
            cut = threshold * np.sqrt((x * x).sum(axis=1, keepdims=True)) / np.sqrt(x.shape[1])
            inner = np.abs(x @ w.v)
            self.margin = min(self.margin, float(np.abs(inner / cut - 1).min()))
            for j, ratio in enumerate((inner > cut).mean(axis=0)):
                yield [layer, projection, e, j + 1, float(ratio), len(rows)]


def shuffle_rows(units, capture):
    for layer, projection, e, w in units.read_x():
        x = capture.inputs(layer)
        change = capture.shuffled(layer) - x
        top = w.v[:, : w.k]
        parts = [(lambda y: y @ top @ top.T, w.k), (lambda y: y - y @ top @ top.T, x.shape[1] - w.k)]
        changes = [np.linalg.norm(project(change), axis=1) for project, _ in parts]
        relative = [float(moved.mean() / np.linalg.norm(project(x), axis=1).mean())
                    for (project, _), moved in zip(parts, changes)]
        per_direction = [float(np.sqrt((moved**2).mean() / rank)) for (_, rank), moved in zip(parts, changes)]
        yield [layer, projection, e, w.k] + relative + per_direction


def data_alignment_rows(checkpoint, capture, rho, count=None):
    for layer in checkpoint.layers:
        sequences = capture.sequences(layer)
        numbers = range(len(sequences)) if count is None else [i * len(sequences) // count for i in range(count)]
        bases = [np.linalg.svd(sequences[s], full_matrices=False)[2][: top_count(min(sequences[s].shape), rho)].T
                 for s in numbers]
        for i, a in enumerate(numbers):
            for j in range(i + 1, len(bases)):
                k = min(bases[i].shape[1], bases[j].shape[1])
                yield [layer, a, numbers[j], k] + [float(m) for m in angles(bases[i][:, :k], bases[j][:, :k])]


def routing_tables(checkpoint, capture):
    routing, coactivation, summary = [], [], []
    for layer in checkpoint.layers:
        chosen = capture.chosen(layer, checkpoint)
        tokens = chosen.sum(axis=0)
        load = tokens / chosen.sum()
        # The one column that the trained models' tables hold rounded to float32.
        routing += [[layer, e, float(np.float32(load[e])), int(tokens[e])] for e in range(len(load))]
        for a in range(len(load)):
            for b in range(a + 1, len(load)):
                coactivation.append([layer, a, b, float((chosen[:, a] & chosen[:, b]).mean())])
        used = load[load > 0]
        summary.append([layer, float(-(used * np.log(used)).sum() / np.log(len(load)))])
    return routing, coactivation, summary


def groups_of(z, count, floor, excess):
    """What remains of `count` leaves when the merges of average similarity >= the threshold are made."""
    least = floor + excess * (1 - floor)
    flat = fcluster(z, 1 - least, criterion="distance")
    groups = sorted(sorted(int(e) for e in np.flatnonzero(flat == g)) for g in set(flat))
    return {"least_excess": excess, "least_similarity": float(f"{least:.9g}"), "groups": groups}


def grouping(units, floor, floor_source):
    result = []
    for (layer, projection), _, routed, k in units:
        experts = list(routed.values())
        n = len(experts)
        similarity = np.ones((n, n))
        bases = [x.basis(projection, "hidden", k) for x in experts]
        for a in range(n):
            for b in range(a + 1, n):
                similarity[a, b] = similarity[b, a] = angles(bases[a], bases[b])[0]
        z = linkage(squareform(1 - similarity, checks=False), method="average")
        clusters, merges = [[e] for e in range(n)], []
        for a, b, height, _ in z:
            joined = sorted([clusters[int(a)], clusters[int(b)]])
            clusters.append(sorted(joined[0] + joined[1]))
            merges.append({"height": float(f"{height:.9g}"), "joins": joined})
        result.append({"layer": layer, "projection": projection,
                       "merge_heights": [merge["height"] for merge in merges], "merges": merges,
                       "partitions": [groups_of(z, n, floor, excess) for excess in LEAST_EXCESSES]})
    return {"side": "hidden", "distance": "1 - mean_cosine", "linkage": "average (scipy.cluster.hierarchy)",
            "n": experts[0].basis(projection, "hidden", k).shape[0], "k": k, "floor_mean_cosine": floor,
            "floor_source": floor_source, "units": result}


def monte_carlo_floor(n, k):
    """The expected mean_cosine of two random k-subspaces of R^n."""
    return floors.case(n, k, 100_000)["mean_cosine"]["mean"]


def isotropic_floor():
    """The square of the cosine is Beta(1/2, (d - 1) / 2)."""
    return {"source": "scipy.stats.beta.sf(t^2 / d, 1/2, (d - 1) / 2)",
            "floors": [{"t": t, "d": d, "floor": float(f"{beta.sf(t * t / d, 0.5, (d - 1) / 2):.15g}")}
                       for t, d in ISOTROPIC]}


def write_json(folder, name, value):
    """Indented, with lists of numbers on one line."""
    def text(x, depth):
        pad = " " * (depth + 1)
        if isinstance(x, dict):
            inner = [f"{pad}{json.dumps(key)}: {text(v, depth + 1)}" for key, v in x.items()]
            return "{\n" + ",\n".join(inner) + "\n" + " " * depth + "}"
        if isinstance(x, list) and any(isinstance(v, dict) for v in x):
            return "[\n" + ",\n".join(pad + text(v, depth + 1) for v in x) + "\n" + " " * depth + "]"
        return json.dumps(x)
    with open(os.path.join(folder, name + ".json"), "w", newline="\n") as file:
        file.write(text(value, 0) + "\n")


def write_gradient_bands(output, units, name):
    write(output, name, BANDS, band_rows(units.band_profiles()))
    if units.left_out:
        print(f"  {name}: left out {', '.join(units.left_out)}")


def plain_tables(checkpoint, capture, gradients, output, rho):
    weights = Units(checkpoint, checkpoint.tensors, rho, may_leave_out=False)
    write(output, "bands", BANDS, band_rows(weights.band_profiles()))
    write(output, "router_data", ROUTER_DATA, router_data_rows(checkpoint, capture, center=False))
    ratios = Ratios()
    every_row = np.arange(capture.offsets[-1])
    rows = ratios.rows(weights, capture, 1, lambda *_: every_row)
    write(output, "activation_ratio", RATIO, (row[:-1] for row in rows))
    print(f"  activation_ratio: a token came within {ratios.margin:.2g} of the threshold, relative")
    write(output, "shuffle", SHUFFLE, shuffle_rows(weights, capture))
    write(output, "data_alignment", DATA_ALIGNMENT, data_alignment_rows(checkpoint, capture, rho))
    routing, coactivation, _ = routing_tables(checkpoint, capture)
    write(output, "routing", ["layer", "expert", "load", "tokens"], routing)
    write(output, "coactivation", ["layer", "expert_a", "expert_b", "share"], coactivation)

    units = Units(checkpoint, gradients, rho, may_leave_out=True)
    energy, spectrum, similarity = [], [], []
    for key, everyone, _, k in units:
        for label, x in everyone.items():
            energy.append([*key, label] + energy_row(x))
            spectrum += [[*key, label] + row for row in spectrum_rows(x)]
        similarity += [[*key] + row for row in similarity_rows(key[1], list(everyone), list(everyone.values()), k)]
    write(output, "gradient_energy", ENERGY, energy)
    write(output, "gradient_spectrum", SPECTRUM, spectrum)
    write(output, "gradient_similarity", SIMILARITY, similarity)
    write_gradient_bands(output, units, "gradient_bands")


def option_tables(checkpoint, capture, gradients, output, layer, floor):
    rhos = {"": Fraction("0.01"), "-fraction-0.05": Fraction("0.05")}
    weights = {name: Units(checkpoint, checkpoint.tensors, rho, may_leave_out=False) for name, rho in rhos.items()}
    slopes = {name: Units(checkpoint, gradients, rho, may_leave_out=True) for name, rho in rhos.items()}
    for prefix, units in (("", weights), ("gradient_", slopes)):
        for name in rhos:
            write(output, f"{prefix}band_summary{name}", BAND_SUMMARY, band_summary_rows(units[name].band_profiles()))
        write(output, f"{prefix}tail_similarity", TAIL_SIMILARITY, tail_rows(units[""].band_profiles()))

    wider = "-fraction-0.05"
    write(output, "bands" + wider, BANDS, band_rows(weights[wider].band_profiles()))
    write_gradient_bands(output, slopes[wider], "gradient_bands" + wider)
    write(output, "shuffle" + wider, SHUFFLE, shuffle_rows(weights[wider], capture))
    write(output, "data_alignment" + wider, DATA_ALIGNMENT, data_alignment_rows(checkpoint, capture, rhos[wider]))
    write(output, "data_alignment-sequences-5", DATA_ALIGNMENT, data_alignment_rows(checkpoint, capture, rhos[""], 5))
    write(output, "router_data-center", ROUTER_DATA, router_data_rows(checkpoint, capture, center=True))

    weights[""].members = {key: unit for key, unit in weights[""].members.items() if key[0] == layer}
    if not weights[""].members:
        raise SystemExit(f"layer {layer} has no experts")
    count = int(capture.offsets[-1])
    chosen = capture.chosen(layer, checkpoint)
    every_row = np.arange(count)
    sampled = np.array([i * count // 100 for i in range(100)])
    for name, threshold, rows_of in (
        ("threshold-2", 2, lambda *_: every_row),
        ("tokens-100", 1, lambda *_: sampled),
        ("routed-only", 1, lambda _, e: np.flatnonzero(chosen[:, int(e)])),
    ):
        ratios = Ratios()
        rows = ratios.rows(weights[""], capture, threshold, rows_of)
        write(output, f"activation_ratio-{name}", RATIO + ["tokens"], rows)
        print(f"  activation_ratio-{name}: a token came within {ratios.margin:.2g} of the threshold, relative"
              + (f"; no tokens, left out: {', '.join(ratios.left_out)}" if ratios.left_out else ""))

    write(output, "routing_summary", ["layer", "load_entropy"], routing_tables(checkpoint, capture)[2])
    units = Units(checkpoint, checkpoint.tensors, rhos[""], may_leave_out=False)
    source = "given as an argument"
    if floor is None:
        _, _, routed, k = next(iter(units))
        floor = monte_carlo_floor(checkpoint.config["hidden_size"], k)
        source = "Monte Carlo, Generators/floors.py, 100000 draws"
    write_json(output, "groups", grouping(units, floor, source))
    write_json(output, "isotropic_floor", isotropic_floor())


def main():
    tables = ("bands", "router_data", "activation_ratio", "shuffle", "data_alignment", "routing", "coactivation",
              "gradient_energy", "gradient_spectrum", "gradient_similarity", "gradient_bands")
    if sys.argv[1:2] == ["--compare"]:
        compare(sys.argv[2], sys.argv[3], tables)
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("checkpoint", "activations", "gradients", "output"):
        parser.add_argument(name)
    parser.add_argument("--rho", type=Fraction, default=Fraction("0.01"))
    parser.add_argument("--options", action="store_true")
    parser.add_argument("--layer", type=int, default=2)
    parser.add_argument("--floor", type=float)
    said = parser.parse_args()
    checkpoint, capture, gradients = Checkpoint(said.checkpoint), Capture(said.activations), Tensors(said.gradients)
    os.makedirs(said.output, exist_ok=True)
    if said.options:
        option_tables(checkpoint, capture, gradients, said.output, said.layer, said.floor)
    else:
        plain_tables(checkpoint, capture, gradients, said.output, said.rho)


if __name__ == "__main__":
    main()
