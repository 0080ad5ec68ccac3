import Captures
import Findings
import LinearAlgebra
import Tensors

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
      return SequenceSubspace(
        number: number,
        basis: Matrix(
          rowCount: vectors.rowCount, columnCount: k, elements: vectors.elements.map { Float($0) }))
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
    let smallest =
      Double(max(matrix.rowCount, matrix.columnCount)) * 0x1p-23 * triplets.singularValues[0]
    guard triplets.singularValues[k - 1] > smallest else {
      throw LinearAlgebraError.rankTooLow(
        asked: k, singularValue: triplets.singularValues[k - 1], smallestAllowed: smallest)
    }
    return SequenceSubspace(number: number, basis: triplets.right.leadingColumns(k))
  } catch let error as LinearAlgebraError {
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
  let rows = try await workSideBySide(count: sequences.count, width: width, makeState: {}) { _, a in
    try ((a + 1)..<max(a + 1, sequences.count)).map { b in
      let k = min(sequences[a].basis.columnCount, sequences[b].basis.columnCount)
      return (
        k,
        try SubspaceSimilarity.between(
          sequences[a].basis.leadingColumns(k), sequences[b].basis.leadingColumns(k))
      )
    }
  }
  var table = Table(.dataAlignment)
  for (a, row) in rows.enumerated() {
    for (offset, (k, value)) in row.enumerated() {
      let floor = try floors.floor(dimension: sequences[a].basis.rowCount, rank: k)
      table.append(
        .integer(layer), .integer(sequences[a].number),
        .integer(sequences[a + 1 + offset].number), .integer(k), .number(value.meanCosine),
        .number(value.overlap), .number(value.maxCosine), .number(value.minCosine),
        .number(value.geodesic), .number(floor.meanCosine.mean))
    }
  }
  return table
}
