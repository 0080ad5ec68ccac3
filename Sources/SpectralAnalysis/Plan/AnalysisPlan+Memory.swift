import Captures
import Checkpoints
import Findings
import LinearAlgebra

extension AnalysisPlan {
  /// How much memory the analysis should need at its peak, in bytes.
  ///
  /// It counts what each worker holds of one matrix, the directions that are kept of all experts of
  /// the units under way, and blocks of captured tokens. A matrix that has to be decomposed whole,
  /// though only its leading directions are wanted, needs more.
  public func predictedMemory(_ effort: AnalysisEffort) -> Int {
    let bases = basisByteCount * unitsAtOnce(effort)
    return max(
      memoryWithoutBases(effort) + (bases <= basisBudget(effort) * unitsAtOnce(effort) ? bases : 0),
      fixedMemory
        + unitsAtOnce(effort)
        * tokenMemory(workers: effort.workers) { !($0.kind is any MatrixAnalysis) })
  }

  /// The same effort with as many workers as memory and addresses suffice for; at least one.
  ///
  /// - Parameters:
  ///   - effort: What is wanted.
  ///   - addressSpace: How many more bytes of addresses the process may take; nil for any number.
  /// - Returns: The most workers whose prediction stays within the memory, which is lowered to what
  ///   the libraries leave of the addresses.
  public func fitting(_ effort: AnalysisEffort, addressSpace: Int?) -> AnalysisEffort {
    func limited(workers: Int) -> AnalysisEffort {
      var limited = effort
      limited.workers = workers
      if let addressSpace {
        let left = addressSpace - LinearAlgebraLibrary.addressSpace(threads: workers)
        limited.memory = max(0, min(effort.memory, left))
      }
      return limited
    }
    let wanted = max(1, effort.workers)
    return (1...wanted).reversed().lazy.map(limited).first { predictedMemory($0) <= $0.memory }
      ?? limited(workers: 1)
  }

  /// How many units are under way at once, so that no worker waits for the matrices of the next.
  func unitsAtOnce(_ effort: AnalysisEffort) -> Int {
    // Units without matrices, which look at tokens alone, use many workers each.
    guard let fewest = units.map(\.members.count).filter({ $0 > 0 }).min() else { return 1 }
    return min(max(1, units.count), 1 + (max(1, effort.workers) - 1) / fewest)
  }

  /// How much memory the bases of one unit may take.
  func basisBudget(_ effort: AnalysisEffort) -> Int {
    max(0, effort.memory - memoryWithoutBases(effort)) / unitsAtOnce(effort)
  }

  /// The size of the bases of a unit, 0 where no analysis needs them.
  private var basisByteCount: Int {
    needsAllDirections
      ? BasisStore.byteCount(
        expertCount: sizes.expertCount, rank: min(sizes.hiddenSize, sizes.expertWidth),
        dimension: sizes.hiddenSize) : 0
  }

  private var needsAllDirections: Bool { units.contains(where: \.needsAllDirections) }

  private func memoryWithoutBases(_ effort: AnalysisEffort) -> Int {
    // There are never more workers than matrices in the units under way.
    let units = unitsAtOnce(effort)
    let workers = min(effort.workers, units * (sizes.expertCount + 1))
    let widest = max(sizes.expertWidth, sizes.sharedWidth ?? 0)
    let d = sizes.hiddenSize
    let rank = min(d, widest)
    let told = SubspaceRequest.toldCount(
      leading: LinearAlgebra.leadingCount(fraction: options.fraction, rank: rank), rank: rank)
    let perWorker: Int
    if rank <= LeadingTriplets.directRank {
      // The matrix twice and its vectors in double precision, and LAPACK's work space.
      perWorker = 8 * (2 * d * widest + 2 * (d + widest) * rank + 6 * rank * rank)
    } else if needsAllDirections {
      // The same in single precision; the directions are transposed once, and of LAPACK's work space
      // a third is touched.
      perWorker = 4 * (2 * d * widest + 2 * (d + widest) * rank + 2 * rank * rank)
    } else {
      // All values without vectors need no more: the block is gone before they are computed.
      perWorker = 4 * (d * widest + 3 * max(d, widest) * max(160, 4 * told))
    }
    let kept = 4 * (sizes.expertCount + 1) * (d * told + widest * leadingCount)
    // The directions exist once whole and once cut to k. Pairs are held as rows of tables, which grow
    // by doubling; measured at 384 experts.
    let isOfPairs = options.analyses.contains(.similarity)
    let pairs = sizes.expertCount * sizes.expertCount * (isOfPairs ? 400 : 190)
    let tokens = tokenMemory(workers: workers) { $0.kind is any MatrixAnalysis }
    return fixedMemory + workers * (perWorker + (1 << 20)) + units * (2 * kept + pairs + tokens)
  }

  /// The program itself, and the headers of the checkpoint.
  private var fixedMemory: Int { 44_000_000 + 600 * inputs.checkpoint.tensorCount }

  /// The most that an analysis of some kind holds of captured tokens.
  private func tokenMemory(workers: Int, of isCounted: (Analysis) -> Bool) -> Int {
    guard let capture = inputs.capture else { return 0 }
    let plan = MemoryPlan(
      sizes: sizes, options: options, capture: capture, leadingCount: leadingCount,
      workers: workers)
    return options.analyses.filter(isCounted).map { $0.kind.tokenMemory(plan) }.max() ?? 0
  }
}
