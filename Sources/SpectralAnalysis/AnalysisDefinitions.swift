/// What the manifest of a checkpoint in the factored SD-MoE form carries besides.
let uniquePartDefinitions = [
  "part":
    "unique: of units with a common_rank, the W_u of each routed expert; k is that of the whole weights",
  "unique directions":
    "min(rows, columns) after common_rank was taken from each projected side; the rest of W_u is zero and counts nowhere",
  "floor of unique parts":
    "n is less by common_rank on a projected side; not in pairs with a shared expert, which is whole",
]

/// The definitions behind the numbers, which every manifest carries.
let analysisDefinitions = [
  "source":
    "SD-MoE, arXiv 2602.12556; where the paper's own definition is not known, the one here is sdmoe's",
  "k": "max(1, ceil(fraction * min(rows, columns))), exactly",
  "similarity":
    "mean cosine of the principal angles between the top-k singular subspaces of two experts (sdmoe's choice)",
  "overlap": "mean squared cosine of the principal angles (arXiv 2106.09685, sec. 7.2)",
  "hidden side": "right singular vectors of gate_proj and up_proj, left ones of down_proj",
  "energy_top": "sum of the k largest squared singular values over the squared Frobenius norm",
  "router_score":
    "squared norm of a unit router row projected on an expert's top-k right singular vectors",
  "floor": "mean over independent random k-subspaces of R^n, Monte Carlo with a fixed seed",
  "excess": "(similarity - floor) / (1 - floor)",
  "ill-separated": "sigma_k / sigma_(k+1) under 1.001",
  "quartiles": "linear interpolation",
  "bands":
    "consecutive groups of k directions on the hidden side; the tail is the plain mean over all but the first",
  "effective_rank": "exp(-sum p ln p), p = sigma^2 / squared Frobenius norm",
  "groups":
    "average linkage of hidden-side similarity, joined while the mean excess between two groups is at least group_excess (sdmoe's choice)",
  "router_data":
    "|cosine| of a router row and the leading right singular vectors of the MoE input",
  "activation_ratio":
    "share of tokens with |<x, v>| > threshold * ||x|| / sqrt(hidden size) (sdmoe's threshold: the paper's is not known)",
  "shuffle relative": "mean norm of the projected change over the mean norm of the projected input",
  "shuffle per_direction":
    "root of the mean squared norm of the projected change over the rank of the projection",
  "data_alignment":
    "principal similarity of the top-k right singular subspaces of two sequences, k = max(1, ceil(fraction * min(tokens, hidden size))), the smaller of the two",
  "load": "share of token-expert assignments by the router's own choice from its logits",
  "load_entropy": "-sum load ln load / ln N",
]
