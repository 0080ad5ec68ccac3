"""Estimates the random floors of Method.md section 2 by plain Monte Carlo.

    python floors.py ../linear-algebra/floors.json

Two independent, uniformly distributed k-subspaces of R^n. The one subspace may be fixed (the measures are
invariant under rotation): A = the first k unit vectors. The other is the orthonormal factor B of a QR
decomposition of an n x k Gaussian matrix, so A^T B is B's first k rows, and its singular values are the cosines.
No shortcut through the Beta or Wishart distribution is taken, so that code that uses one is checked against
something else. The standard errors are those of 20 equal batches of the draws.

Deterministic for one numpy and one BLAS. Needs numpy only.
"""

import json
import sys
import numpy as np

SEED = 20260212
BATCHES = 20
# (n, k, draws)
CASES = [
    (10, 7, 400_000),
    (64, 1, 400_000),
    (112, 2, 400_000),
    (128, 2, 400_000),
    (256, 2, 400_000),
    (512, 6, 100_000),
    (1408, 15, 20_000),
    (2048, 15, 20_000),
    (7168, 21, 20_000),
]
MEASURES = ["mean_cosine", "overlap", "max_cosine", "min_cosine", "geodesic"]


def draw(rng, n, k, count):
    """Cosines of the principal angles of `count` random pairs, count x k, descending."""
    b, _ = np.linalg.qr(rng.standard_normal((count, n, k)))
    cosines = np.linalg.svd(b[:, :k, :], compute_uv=False)
    return np.clip(cosines, 0.0, 1.0)


def measures(c):
    return np.stack([c.mean(1), (c**2).mean(1), c[:, 0], c[:, -1], np.sqrt((np.arccos(c) ** 2).sum(1))])


def summary(values):
    batches = values.reshape(BATCHES, -1)
    def with_error(name, statistic):
        per_batch = np.array([statistic(b) for b in batches])
        return {name: float(f"{statistic(values):.9g}"),
                name + "_standard_error": float(f"{per_batch.std(ddof=1) / np.sqrt(BATCHES):.3g}")}
    result = {}
    result |= with_error("mean", np.mean)
    result |= with_error("sd", lambda x: np.std(x, ddof=1))
    result |= with_error("p95", lambda x: np.percentile(x, 95))
    return result


def case(n, k, draws):
    rng = np.random.default_rng([SEED, n, k])
    step = max(1, min(draws, 4_000_000 // (n * k)))
    parts, left = [], draws
    while left:
        count = min(step, left)
        parts.append(measures(draw(rng, n, k, count)))
        left -= count
    values = np.concatenate(parts, axis=1)
    row = {"n": n, "k": k, "draws": draws, "exact_mean_overlap": k / n}
    for name, v in zip(MEASURES, values):
        row[name] = summary(v)
    return row


def main():
    result = {
        "source": "plain Monte Carlo (numpy QR of Gaussian matrices, SVD of the top k x k block), Generators/floors.py",
        "percentile": "95th, linear interpolation",
        "standard_error": f"from {BATCHES} equal batches of the draws",
        "floors": [],
    }
    for n, k, draws in CASES:
        row = case(n, k, draws)
        print(n, k, row["mean_cosine"], row["overlap"]["mean"], k / n, flush=True)
        result["floors"].append(row)
    with open(sys.argv[1], "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
