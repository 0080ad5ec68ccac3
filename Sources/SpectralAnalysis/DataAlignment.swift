import Captures
import Findings
import LinearAlgebra
import Tensors
import Workers

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
///   - width: How many sequences to work on at once.
/// - Returns: For each sequence its directions, or why it has none.
/// - Throws: The errors of the file for a sequence too long to be held.
/// - Complexity: As ``LinearAlgebra/LeadingTriplets`` for a sequence of up to 2^26 numbers, O(T d^2
///   + d^3) for longer ones.
func sequenceSubspaces(
  _ sequences: [Int], of capture: Capture, input: ActivationRows, fraction: Double, width: Int
) async throws -> [Result<SequenceSubspace, any Error>] {
  let isShort = { (number: Int) in
    capture.sequences[number].count * input.width <= longestHeldSequence
  }
  let short = sequences.filter(isShort)
  let found = try await workSideBySide(
    count: short.count, width: width, makeState: { ActivationReader() }
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
    let gram = try await gramMatrix(of: input, rows: rows, width: width)
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

/// Analysis 8: the similarity of the leading directions of every pair of sequences, with the
/// smaller k of the two.
///
/// - Returns: The table `data_alignment`.
/// - Complexity: O(S^2 d k^2) for S sequences.
func dataAlignmentTable(
  layer: Int, sequences: [SequenceSubspace], floors: FloorCache, width: Int
) async throws -> Table {
  let bases = sequences.map(\.basis)
  var table = Table(.dataAlignment)
  for (a, row) in try await pairSimilarities(of: bases, width: width).enumerated() {
    for (offset, value) in row.enumerated() {
      let b = a + 1 + offset
      let k = min(bases[a].columnCount, bases[b].columnCount)
      let floor = try floors.floor(dimension: bases[a].rowCount, rank: k)
      table.append(
        contentsOf: [
          .integer(layer), .integer(sequences[a].number), .integer(sequences[b].number),
          .integer(k),
        ] + value.cells(floor: floor))
    }
  }
  return table
}
