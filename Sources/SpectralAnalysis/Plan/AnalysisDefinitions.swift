/// What the manifest of a checkpoint in the factored SD-MoE form carries besides.
private let uniquePartDefinitions = [
  "part":
    "unique: of units with a common_rank, the W_u of each routed expert; k is that of the whole weights",
  "unique directions":
    "min(rows, columns) after common_rank was taken from each projected side; the rest of W_u is zero and counts nowhere",
  "floor of unique parts":
    "n is less by common_rank on a projected side; not in pairs with a shared expert, which is whole",
]

/// What several analyses share.
private let commonDefinitions = [
  "source":
    "SD-MoE, arXiv 2602.12556; where the paper's own definition is not known, the one here is sdmoe's",
  "k": "max(1, ceil(fraction * min(rows, columns))), exactly",
  "hidden side": "right singular vectors of gate_proj and up_proj, left ones of down_proj",
  "floor": "mean over independent random k-subspaces of R^n, Monte Carlo with a fixed seed",
]

/// The definitions behind the numbers, which every manifest carries.
func analysisDefinitions(isFactored: Bool) -> [String: String] {
  Analysis.allCases.map(\.kind.definitions).reduce(
    isFactored ? commonDefinitions.merging(uniquePartDefinitions) { $1 } : commonDefinitions
  ) { $0.merging($1) { $1 } }
}
