"""How alike unique parts are for every common rank: Method.md section 6, in float64 with full decompositions.

    python target_similarity.py CHECKPOINT OUTPUT

Reads a checkpoint folder as reference.py does and writes target_similarity.csv: for each layer, projection and common
rank k_c, from 1 up to the last that leaves k directions, the mean hidden-side principal similarity of all pairs of
unique parts, with joint bases of both sides and uniform weights, and the k of the whole matrices. The smallest rank
that reaches a target, or that none does, can be read from it. 9 significant digits, lines ended by CR LF. Needs numpy
only. Written from Method.md alone, to be independent of the tool that it checks.
"""

import os
import sys
from fractions import Fraction
import numpy as np
from reference import SWIGLU, Checkpoint, Subspaces, angles, write

COLUMNS = ["layer", "projection", "common_rank", "mean_cosine"]
RHO = Fraction(1, 100)


def curve(projection, experts):
    """The mean similarity for k_c = 1, 2, ..."""
    left = np.linalg.eigh(sum(w @ w.T for w in experts))[1][:, ::-1]
    right = np.linalg.eigh(sum(w.T @ w for w in experts))[1][:, ::-1]
    r = min(experts[0].shape)
    k = Subspaces("whole", experts[0], RHO).k
    for rank in range(1, r - k + 1):
        u, v = left[:, :rank], right[:, :rank]
        bases = []
        for w in experts:
            unique = w - u @ (u.T @ w)
            unique = Subspaces("unique", unique - (unique @ v) @ v.T, RHO)
            bases.append(unique.basis(projection, "hidden", k))
        yield rank, float(np.mean([angles(a, b)[0] for i, a in enumerate(bases) for b in bases[i + 1:]]))


def main(folder, output):
    checkpoint = Checkpoint(folder)
    rows = []
    for layer in checkpoint.layers:
        for projection in SWIGLU:
            names = checkpoint.names(layer, projection)
            experts = [checkpoint.tensors[name] for label, name in names.items() if label != "shared"]
            rows += [[layer, projection, rank, mean] for rank, mean in curve(projection, experts)]
    os.makedirs(output, exist_ok=True)
    write(output, "target_similarity", COLUMNS, rows)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
