import Checkpoints
import Files
import Tensors

/// What the output of a conversion depends on.
extension ConversionPlan {
  /// What a unit is made from: its matrices, and where parts are put together all of them.
  func inputPieces(of unit: ConvertedUnit) -> [InputPiece] {
    var weights = unit.weights
    if case .merge = unit.work {
      let names =
        unit.names.all
        + unit.weightNames.flatMap { FactoredExpertNames(weight: $0).all.dropFirst() }
      weights += names.compactMap { name in
        checkpoint.stored(name).map { Weight(file: $0.file, tensor: $0.tensor) }
      }
    }
    return weights.map(\.inputPiece)
  }

  /// What a unit was made from, as it was read.
  ///
  /// - Parameters:
  ///   - unit: The unit.
  ///   - record: What is known of it, which holds the digests of its matrices.
  /// - Returns: The digest of each stored piece.
  /// - Throws: The files' errors.
  /// - Complexity: O(bytes) of what the record does not tell.
  func sources(of unit: ConvertedUnit, record: UnitRecord) throws -> UnitSources {
    let passed = Dictionary(
      zip(unit.weights, record.experts).filter(\.0.isWholeTensor)
        .map { ($0.name, $1.sourceSHA256) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    return UnitSources(
      try inputPieces(of: unit).filter { seen.insert($0.label).inserted }.map { piece in
        UnitSources.Piece(label: piece.label, sha256: try passed[piece.label] ?? piece.digest())
      })
  }
}

/// The digest of all that an output was made from.
///
/// - Parameters:
///   - carried: The digests of the tensors that are copied, by name.
///   - units: What the units were made from.
/// - Returns: SHA-256 over their lines in order, hexadecimal.
func contentDigest(carried: [String: String], units: [UnitSources]) -> String {
  let lines =
    carried.map { "\($1)  \($0)\n" }
    + units.flatMap { $0.pieces.map { "\($0.sha256)  \($0.label)\n" } }
  return sha256(of: Array(lines.sorted().joined().utf8))
}
