"""Singular values of the 6 x 6 Hilbert matrix in 50-digit arithmetic (mpmath), printed to 30 digits.

    python3 hilbert.py ../linear-algebra/hilbert-6x6.json

The entries are the exact fractions 1/(i+j-1): a reader that forms them in Float64 perturbs each by up to 2^-54 or so,
which moves the smallest value by about 1e-10 of itself, and in Float32 by several per cent or more.
"""

import sys
from mpmath import mp, mpf, matrix, svd_r, eigsy, nstr, fabs

mp.dps = 50
N = 6
h = matrix(N, N)
for i in range(N):
    for j in range(N):
        h[i, j] = mpf(1) / (i + j + 1)
s = sorted(svd_r(h, compute_uv=False), reverse=True)
# Symmetric and positive definite: its eigenvalues are its singular values.
e = sorted(eigsy(h, eigvals_only=True), reverse=True)
assert all(fabs(a - b) < mpf(10) ** -45 for a, b in zip(s, e))

with open(sys.argv[1], "w") as file:
    file.write('{\n "source": "mpmath svd_r in 50-digit arithmetic of H[i][j] = 1/(i+j-1), i, j = 1...6, '
               'checked against eigsy; Generators/hilbert.py",\n')
    file.write(' "rows": 6,\n "columns": 6,\n "singularValues": [\n  ')
    file.write(",\n  ".join(nstr(x, 30, min_fixed=-1, max_fixed=1) for x in s))
    file.write("\n ]\n}\n")
