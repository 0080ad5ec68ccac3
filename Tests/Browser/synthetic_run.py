"""Writes a run folder as `sdmoe analyze` would leave it for a large model, with planted numbers.

    synthetic_run.py LAYERS EXPERTS OUT

Three projections, and the usual analyses without captures: energy, spectrum, similarity, router.
Numbers are of the size that real models show, and noisy, so that pictures do not deflate better
than theirs.
"""

import hashlib
import json
import pathlib
import sys

import numpy

PROJECTIONS = ["gate_proj", "up_proj", "down_proj"]
K = 15
FLOOR = 0.0717
SCORE_FLOOR = K / 2048


def write_unit(folder, layer, projection, experts, rng, plan):
    """Writes the tables of one layer and projection, and the list of their sizes."""
    folder.mkdir(parents=True)
    names = [str(each) for each in range(experts)]
    place = f"{layer},{projection}"
    files = {}

    rows = []
    base = 0.2 + 0.1 * rng.random()
    first, second = numpy.triu_indices(experts, 1)
    hidden = None
    for side in ["hidden", "neuron"]:
        means = numpy.clip(base + 0.06 * rng.standard_normal(len(first)), 0.01, 0.99)
        if side == "hidden":
            hidden = means
        for a, b, mean in zip(first, second, means):
            rows.append(f"{place},{side},{a},{b},{K},{mean!r},{mean * mean!r},{min(1.0, mean * 2)!r},"
                        f"{mean / 3!r},{3.9 - mean!r},{FLOOR}")
    files["similarity"] = ("layer,projection,side,expert_a,expert_b,k,mean_cosine,overlap,max_cosine,"
                           "min_cosine,geodesic,floor_mean_cosine", rows)
    files["summary"] = ("layer,projection,side,pairs,mean,min,q1,median,q3,max,floor,excess", [
        f"{place},{side},{len(first)},{hidden.mean()!r},{hidden.min()!r},"
        f"{numpy.quantile(hidden, 0.25)!r},{numpy.median(hidden)!r},{numpy.quantile(hidden, 0.75)!r},"
        f"{hidden.max()!r},{FLOOR},{(hidden.mean() - FLOOR) / (1 - FLOOR)!r}" for side in ["hidden", "neuron"]])
    files["floors"] = ("n,k,measure,mean,sd,p95", [f"2048,{K},mean_cosine,{FLOOR},0.002,0.075"])
    files["energy"] = ("layer,projection,expert,k,energy_top,stable_rank,effective_rank,gap,flag", [
        f"{place},{name},{K},{0.05 + 0.05 * rng.random()!r},{40 + rng.random()!r},,1.02," for name in names])
    sigma = (numpy.arange(1, 17) + 4.0) ** -0.35
    files["spectrum"] = ("layer,projection,expert,index,sigma", [
        f"{place},{name},{index + 1},{value!r}" for name in names
        for index, value in enumerate(sigma * (1 + 0.1 * rng.random()))])
    order = rng.permutation(experts)
    files["groups"] = ("layer,projection,group,expert,order,size,group_mean_cosine,nearest,"
                       "nearest_mean_cosine,nearest_excess", [
                           f"{place},{at},{expert},{at},1,,{(expert + 1) % experts},0.4,0.35"
                           for at, expert in enumerate(order)])
    best = numpy.argsort(-hidden)[:20]
    files["redundant_pairs"] = ("layer,projection,rank,expert_a,expert_b,mean_cosine,floor_mean_cosine,excess", [
        f"{place},{rank + 1},{first[at]},{second[at]},{hidden[at]!r},{FLOOR},"
        f"{(hidden[at] - FLOOR) / (1 - FLOOR)!r}" for rank, at in enumerate(best)])
    if projection != "down_proj":
        scores = numpy.clip(0.02 + 0.008 * rng.standard_normal((experts, experts)) + 0.05 * numpy.eye(experts), 0, 1)
        files["router_score"] = ("layer,projection,router_row,expert,score,floor_score", [
            f"{place},{row},{expert},{scores[row, expert]!r},{SCORE_FLOOR!r}"
            for row in range(experts) for expert in range(experts)])
        matched = numpy.diag(scores).mean()
        others = (scores.sum() - numpy.trace(scores)) / (experts * (experts - 1))
        files["router_summary"] = ("layer,projection,k,matched,mismatched,specificity,floor,floor_sd", [
            f"{place},{K},{matched!r},{others!r},{matched / others!r},{SCORE_FLOOR!r},0.0002"])
        files["router_alignment"] = ("layer,projection,expert,direction,abs_cosine,floor_abs_cosine", [
            f"{place},{name},{direction},{abs(rng.standard_normal()) * 0.03!r},0.0176"
            for name in names for direction in range(1, 17)])
    contents = [f"plan {plan}"]
    for name, (header, lines) in files.items():
        text = "\n".join([header, *lines]) + "\n"
        (folder / f"{name}.csv").write_text(text)
        contents.append(f"{name}.csv {len(text)} {hashlib.sha256(text.encode()).hexdigest()}")
    (folder / "contents.txt").write_text("\n".join(contents) + "\n")
    return files


def manifest_text(layers, fingerprint, state):
    """The text of a manifest, spaced as sdmoe's own: a digest of it tells the plan of the run."""
    manifest = {
        "checkpoint": {"fingerprint": fingerprint, "model_type": "synthetic_moe", "structure": "0" * 64},
        "definitions": {"similarity": "mean cosine"}, "k": K,
        "options": {"analyses": ["energy", "spectrum", "similarity", "router"], "fraction": 0.01,
                    "group_excess": 0.5, "layers": list(range(layers)), "projections": PROJECTIONS},
        "units": [{"layer": layer, "projection": projection, "state": state, "subject": "weights"}
                  for layer in range(layers) for projection in PROJECTIONS],
        "version": "0.1.0",
    }
    return json.dumps(manifest, indent=2, sort_keys=True, separators=(",", " : ")) + "\n"


def write_run(layers, experts, out):
    """Writes all units, the small tables of the run, and the manifest."""
    numpy.set_printoptions(legacy="1.25")
    rng = numpy.random.default_rng(layers * 1000 + experts)
    out = pathlib.Path(out)
    plan = hashlib.sha256(manifest_text(layers, "", "open").encode()).hexdigest()
    gathered = {}
    for layer in range(layers):
        for projection in PROJECTIONS:
            name = f"layer-{layer:03}-{projection}"
            files = write_unit(out / "units" / name, layer, projection, experts, rng, plan)
            for table in ["summary", "energy", "redundant_pairs", "groups", "router_summary", "floors"]:
                if table in files and not (table == "floors" and table in gathered):
                    header, lines = files[table]
                    gathered.setdefault(table, [header]).extend(lines)
    (out / "tables").mkdir()
    for table, lines in gathered.items():
        (out / "tables" / f"{table}.csv").write_text("\n".join(lines) + "\n")
    (out / "manifest.json").write_text(manifest_text(layers, "0" * 64, "finished"))


if __name__ == "__main__":
    write_run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
