import Captures
import Checkpoints
import Findings
import LinearAlgebra
import Tensors

extension Analysis {
  /// Similarity of the directions of sequences (analysis 8).
  public static let dataAlignment = Analysis(DataAlignmentAnalysis())
}

/// Analysis 8: the similarity of the leading directions of every pair of sequences, with the
/// smaller k of the two.
struct DataAlignmentAnalysis: LayerAnalysis {
  let name = "data-alignment"
  let input = Analysis.Input.captures
  let tables: [TableDefinition] = [.dataAlignment]
  let definitions = [
    "data_alignment":
      "principal similarity of the top-k right singular subspaces of two sequences, k = max(1, ceil(fraction * min(tokens, hidden size))), the smaller of the two"
  ]

  func isUsual(with inputs: AnalysisInputs) -> Bool { inputs.capture != nil }

  func record(_ options: AnalysisOptions, in recorded: inout RunOptions) {
    recorded[RunOption<String>("sequences")] = options.sequences.description
  }

  func check(
    _ capture: Capture, of checkpoint: Checkpoint, layers: [CapturedLayer],
    options: AnalysisOptions
  ) throws {
    guard capture.sequences.count(where: { !$0.isEmpty }) < 2 else { return }
    throw AnalysisError.notCaptured(
      path: capture.path, what: "more than one sequence", neededBy: "--analyses data-alignment")
  }

  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows] {
    [layer.input]
  }

  func tokenMemory(_ plan: MemoryPlan) -> Int {
    guard let capture = plan.capture else { return 0 }
    let d = plan.sizes.hiddenSize
    // The sequence, the iteration's basis and its images; longer ones are summed up in X^T X.
    let longest = capture.sequences.map { $0.count * d }.filter { $0 <= longestHeldSequence }.max()
    let count = plan.options.sequences.number(of: capture.sequences.count)
    return plan.workers * 12 * (longest ?? 0) + 24 * d * d + 110 * count * count
  }

  func findings(of layer: CapturedLayer, in work: UnitWork) async throws -> LayerFindings {
    guard let capture = work.capture else { return LayerFindings() }
    // One of padding alone has no directions.
    let numbers = capture.sequences.indices.filter { !capture.sequences[$0].isEmpty }
    let count = work.options.sequences.number(of: numbers.count)
    let chosen = evenlySampled(count, of: numbers.count).map { numbers[$0] }
    let results = try await sequenceSubspaces(
      chosen, of: capture, input: layer.input, fraction: work.options.fraction, in: work)
    var findings = LayerFindings()
    var sequences: [SequenceSubspace] = []
    for (number, result) in zip(chosen, results) {
      switch result {
      case .success(let sequence): sequences.append(sequence)
      case .failure(let error):
        findings.leftOut.append(try work.leaveOut("sequence \(number)", for: error))
      }
    }
    let shapes = Set(sequences.map(\.basis.columnCount)).sorted()
      .map { FloorShape(dimension: work.sizes.hiddenSize, rank: $0) }
    findings.tables = [
      try await dataAlignmentTable(layer: layer.index, sequences: sequences, in: work),
      try floorsTable(shapes, from: work.floors),
    ]
    return findings
  }
}

/// The leading right singular directions of one sequence of tokens.
struct SequenceSubspace: Sendable {
  /// The number of the sequence in the capture.
  let number: Int
  /// hidden size x k, k by the number of tokens.
  let basis: Matrix<Float>
}

/// A sequence of up to so many numbers is held in memory; of a longer one, X^T X is summed up.
let longestHeldSequence = 1 << 26

/// Computes the leading directions of chosen sequences (analysis 8).
///
/// - Parameters:
///   - sequences: The numbers of the sequences.
///   - capture: The capture.
///   - input: The captured input of a layer.
///   - fraction: The share of directions that counts as the top.
///   - work: Whose workers are used, a sequence at a time.
/// - Returns: For each sequence its directions, or why it has none.
/// - Throws: The errors of the file for a sequence too long to be held.
/// - Complexity: As `LeadingTriplets` for a sequence of up to 2^26 numbers, O(T d^2
///   + d^3) for longer ones.
func sequenceSubspaces(
  _ sequences: [Int], of capture: Capture, input: ActivationRows, fraction: Double,
  in work: UnitWork
) async throws -> [Result<SequenceSubspace, any Error>] {
  let isShort = { (number: Int) in
    capture.sequences[number].count * input.width <= longestHeldSequence
  }
  let short = sequences.filter(isShort)
  let found = try await work.map(
    count: short.count, makeMemory: { ActivationReader() }
  ) { reader, place in
    let number = short[place]
    return Result {
      try subspace(
        ofSequence: number, rows: capture.sequences[number], of: input, fraction: fraction,
        reader: &reader)
    }
  }
  var bySequence = Dictionary(uniqueKeysWithValues: zip(short, found))
  for number in sequences where !isShort(number) {
    // A sequence that long is summed up block by block.
    let rows = capture.sequences[number]
    let gram = try await gramMatrix(of: input, rows: rows, in: work)
    bySequence[number] = Result {
      let k = leadingCount(fraction: fraction, rank: min(rows.count, input.width))
      let vectors = try leadingDirections(
        of: gram, count: k, place: input.place,
        tokens: "sequence \(number),"
      ).vectors
      return SequenceSubspace(number: number, basis: vectors.narrowed())
    }
  }
  return sequences.map { number in
    guard let result = bySequence[number] else { preconditionFailure("sequence \(number) is lost") }
    return result
  }
}

private func subspace(
  ofSequence number: Int, rows: Range<Int>, of input: ActivationRows, fraction: Double,
  reader: inout ActivationReader
) throws -> SequenceSubspace {
  let matrix = try reader.read(rows, of: input)
  let rank = min(matrix.rowCount, matrix.columnCount)
  let k = leadingCount(fraction: fraction, rank: rank)
  do {
    _ = try analysableSquaredNorm(of: matrix)
    let triplets = try LeadingTriplets.compute(
      of: matrix, count: min(rank, k + 1), subspaceRank: k)
    let noise = largestNoise(
      rowCount: matrix.rowCount, columnCount: matrix.columnCount,
      largest: triplets.singularValues[0])
    try requireRank(k, of: triplets.singularValues, above: noise)
    return SequenceSubspace(number: number, basis: triplets.right.leadingColumns(k))
  } catch {
    throw AnalysisError.unusableActivations(
      place: input.place, tokens: "sequence \(number),", reason: error)
  }
}

/// Compares every pair of sequences.
///
/// - Returns: The table `data_alignment`.
/// - Complexity: O(S^2 d k^2) for S sequences.
func dataAlignmentTable(
  layer: Int, sequences: [SequenceSubspace], in work: UnitWork
) async throws -> Table {
  let bases = sequences.map(\.basis)
  var table = Table(.dataAlignment)
  for (a, row) in try await pairSimilarities(of: bases, in: work).enumerated() {
    for (offset, value) in row.enumerated() {
      let b = a + 1 + offset
      let k = min(bases[a].columnCount, bases[b].columnCount)
      let floor = try work.floors.floor(dimension: bases[a].rowCount, rank: k)
      table.append(
        contentsOf: [
          DataAlignment.layer(layer), DataAlignment.sequenceA(sequences[a].number),
          DataAlignment.sequenceB(sequences[b].number), DataAlignment.k(k),
        ] + value.cells(under: DataAlignment.self, floor: floor))
    }
  }
  return table
}
