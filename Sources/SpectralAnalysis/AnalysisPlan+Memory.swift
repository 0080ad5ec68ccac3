import Captures
import Checkpoints
import Findings
import LinearAlgebra

extension AnalysisPlan {
  /// How much memory the analysis should need at its peak, in bytes.
  ///
  /// It counts what each worker holds of one matrix, the directions that are kept of all experts of
  /// a unit, and blocks of captured tokens. A matrix that has to be decomposed whole, though only its
  /// leading directions are wanted, needs more.
  public func predictedMemory(_ effort: AnalysisEffort) -> Int {
    let bases = basisByteCount
    return max(
      memoryWithoutBases(effort) + (bases <= basisBudget(effort) ? bases : 0),
      fixedMemory + memoryOfActivationUnits(width: effort.width))
  }

  /// How much of the memory the bases of a unit may take.
  func basisBudget(_ effort: AnalysisEffort) -> Int {
    max(0, effort.memory - memoryWithoutBases(effort))
  }

  /// The size of the bases of a unit, 0 where no analysis needs them.
  private var basisByteCount: Int {
    needsAllDirections
      ? BasisStore.byteCount(
        expertCount: sizes.expertCount, rank: min(sizes.hiddenSize, sizes.expertWidth),
        dimension: sizes.hiddenSize) : 0
  }

  private var needsAllDirections: Bool {
    options.analyses.contains { $0 == .bands || $0 == .activationRatio || $0 == .gradients }
  }

  private func memoryWithoutBases(_ effort: AnalysisEffort) -> Int {
    // There are never more workers than matrices in a unit.
    let width = min(effort.width, sizes.expertCount + 1)
    let widest = max(sizes.expertWidth, sizes.sharedWidth ?? 0)
    let d = sizes.hiddenSize
    let rank = min(d, widest)
    let told = SubspaceRequest.toldCount(
      leading: LinearAlgebra.leadingCount(fraction: options.fraction, rank: rank), rank: rank)
    let perWorker: Int
    if rank <= LeadingTriplets.directRank {
      // The matrix twice and its vectors in double precision, and LAPACK's work space.
      perWorker = 8 * (2 * d * widest + 2 * (d + widest) * rank + 6 * rank * rank)
    } else if needsAllDirections || options.fullSpectrum {
      // The same in single precision; the directions are transposed once.
      perWorker = 4 * (2 * d * widest + 2 * (d + widest) * rank + 6 * rank * rank)
    } else {
      perWorker = 4 * (d * widest + 3 * max(d, widest) * max(160, 4 * told))
    }
    let kept = 4 * (sizes.expertCount + 1) * (d * told + widest * leadingCount)
    // The directions exist once whole and once cut to k; pairs are held as rows of two tables.
    let pairs = sizes.expertCount * sizes.expertCount * 120
    return fixedMemory + width * (perWorker + (1 << 20)) + 2 * kept + pairs
      + memoryOfTokens(width: width)
  }

  /// The program itself, and the headers of the checkpoint.
  private var fixedMemory: Int { 32_000_000 + 600 * inputs.checkpoint.tensorCount }

  /// Blocks of captured tokens and products with them, in units of weights.
  private func memoryOfTokens(width: Int) -> Int {
    let d = sizes.hiddenSize
    let tokens = inputs.capture?.tokenCount ?? 0
    var most = 0
    if options.analyses.contains(.activationRatio) {
      let block = max(64 << 20, 1024 * d)
      let perWorker = (8 << 20) + (options.routedOnly ? block : 0)
      most = block + width * perWorker + 8 * options.tokens.number(of: tokens)
    }
    if options.analyses.contains(.shuffle) {
      let directions = sizes.expertCount * leadingCount
      most = max(most, 4 * directions * d + width * 4 * 1024 * (2 * d + 2 * directions))
    }
    return most
  }

  /// X^T X, sequences and their pairs, in units of activations.
  private func memoryOfActivationUnits(width: Int) -> Int {
    guard let capture = inputs.capture else { return 0 }
    let d = sizes.hiddenSize
    var most = 0
    if options.analyses.contains(.routerData) { most = 24 * d * d + 24_576 * d }
    if options.analyses.contains(.dataAlignment) {
      // The sequence, the iteration's basis and its images; longer ones are summed up in X^T X.
      let longest = capture.sequences.map { $0.count * d }.filter { $0 <= longestHeldSequence }
        .max()
      let count = options.sequences.number(of: capture.sequences.count)
      most = max(most, width * 12 * (longest ?? 0) + 24 * d * d + 110 * count * count)
    }
    return most
  }
}
