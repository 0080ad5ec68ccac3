public import Checkpoints
public import Findings
import Tensors

/// What an analysis of a checkpoint will do: its units in order, each one layer and projection.
public struct AnalysisPlan: Sendable {
  /// One layer and projection: the piece that is scheduled and resumed.
  struct Unit: Sendable {
    let layer: MoELayer
    let projection: Projection
    let record: RunManifest.Unit

    /// All weights that the unit reads, those with problems too: routed experts by index, then the
    /// shared one.
    var members: [(name: String, isShared: Bool, weight: MoELayer.FoundWeight)] {
      let routed = (layer.experts[projection] ?? []).enumerated().map {
        (name: String($0.offset), isShared: false, weight: $0.element)
      }
      guard let shared = layer.shared[projection] else { return routed }
      return routed + [(name: "shared", isShared: true, weight: shared)]
    }
  }

  /// What is to be measured.
  public let options: AnalysisOptions
  /// What the run folder will say of the run.
  public let manifest: RunManifest
  let units: [Unit]
  let sizes: Checkpoint.Sizes
  /// The checkpoint's folder.
  let path: String
  private let tensorCount: Int

  /// Plans an analysis, and checks that everything it needs is there.
  ///
  /// - Parameters:
  ///   - checkpoint: What to analyse.
  ///   - options: What to measure.
  ///   - version: The version of sdmoe, which the manifest names.
  ///   - keepsGoing: Whether experts with problems are left out instead of thrown.
  /// - Throws: ``CheckpointError`` for a layer that does not exist and for the first tensor that is
  ///   missing or not readable; with `keepsGoing` only where a layer would be left without any
  ///   routed expert.
  public init(
    for checkpoint: Checkpoint, options: AnalysisOptions, version: String, keepsGoing: Bool = false
  ) throws {
    self.options = options
    sizes = checkpoint.sizes
    path = checkpoint.path
    tensorCount = checkpoint.tensorCount
    let layers = try checkpoint.layers(numbered: options.layers)
    for problem in checkpoint.problems {
      // A config that contradicts the weights is no matter of single experts.
      if case .unexpectedExperts = problem { throw problem }
    }
    units = layers.flatMap { layer in
      options.projections.map { projection in
        Unit(
          layer: layer, projection: projection,
          record: RunManifest.Unit(
            layer: layer.index, projection: projection.rawValue, state: .open))
      }
    }
    for unit in units {
      let members = unit.members
      let isHopeless = !members.contains { !$0.isShared && (try? $0.weight.get()) != nil }
      if !keepsGoing || isHopeless { for member in members { _ = try member.weight.get() } }
    }
    if options.analyses.contains(.router), !keepsGoing {
      for layer in layers { _ = try layer.router.get() }
    }
    manifest = RunManifest(
      version: version,
      checkpoint: RunManifest.Checkpoint(
        fingerprint: try checkpoint.fingerprint(), modelType: checkpoint.modelType),
      options: RunManifest.Options(
        analyses: options.analyses.map(\.rawValue), fraction: options.fraction,
        layers: layers.map(\.index), projections: options.projections.map(\.rawValue)),
      definitions: analysisDefinitions, units: units.map(\.record))
  }

  /// The number of units.
  public var unitCount: Int { units.count }

  /// The number of matrices to read.
  public var matrixCount: Int { units.reduce(0) { $0 + $1.members.count } }

  /// The number of bytes to read.
  public var byteCount: Int {
    units.reduce(0) { sum, unit in
      unit.members.reduce(sum) { $0 + ((try? $1.weight.get())?.tensor.byteCount ?? 0) }
    }
  }

  /// k of the routed experts.
  public var leadingCount: Int {
    SpectralAnalysis.leadingCount(fraction: options.fraction, rank: routedRank)
  }

  /// The tables that the run will hold.
  public var tables: [TableDefinition] {
    options.analyses.flatMap(\.tables) + [.leftOut]
  }

  /// How much memory the analysis should need at its peak, in bytes, with so many workers.
  ///
  /// It counts one matrix in single precision, the iteration's basis and its images for each
  /// worker, and the leading directions of all experts of a unit. A matrix that has to be
  /// decomposed whole needs more.
  public func predictedMemory(width jobs: Int) -> Int {
    // There are never more workers than matrices in a unit.
    let width = min(jobs, sizes.expertCount + 1)
    let widest = max(sizes.expertWidth, sizes.sharedWidth ?? 0)
    let d = sizes.hiddenSize
    let rank = min(d, widest)
    let request = SubspaceRequest(
      projection: .gate, fraction: options.fraction, routedLeading: leadingCount)
    let told = request.toldCount(rank: rank)
    let perWorker: Int
    if rank <= 256 {
      // The matrix twice and its vectors in double precision, and LAPACK's work space.
      perWorker = 8 * (2 * d * widest + 2 * (d + widest) * rank + 6 * rank * rank)
    } else {
      perWorker = 4 * (d * widest + 3 * max(d, widest) * max(160, 4 * told))
    }
    let kept = 4 * (sizes.expertCount + 1) * (d * told + widest * leadingCount)
    // The directions exist once whole and once cut to k; pairs are held as rows of two tables.
    let pairs = sizes.expertCount * sizes.expertCount * 120
    return 32_000_000 + 600 * tensorCount + width * (perWorker + (1 << 20)) + 2 * kept + pairs
  }

  private var routedRank: Int { min(sizes.hiddenSize, sizes.expertWidth) }
}

extension Analysis {
  /// The tables that an analysis fills.
  var tables: [TableDefinition] {
    switch self {
    case .energy: [.energy]
    case .spectrum: [.spectrum]
    case .similarity: [.similarity, .summary, .floors]
    case .router: [.routerAlignment, .routerScore, .routerSummary]
    }
  }
}

/// The definitions behind the numbers, which every manifest carries.
private let analysisDefinitions = [
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
]
