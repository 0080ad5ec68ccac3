import Experts
import Findings
import Tensors

/// A row of the certificate's table.
struct CertificateRow: Sendable {
  let file: String
  let tensor: String
  let role: CertifiedTensors.Role
  let layer: Int?
  let projection: Projection?
  let expert: Int?
  let type: ElementType
  let byteCount: Int
  let sourceByteCount: Int
  let sha256: String
  let sourceSHA256: String
  let norm: Double
  let commonEnergy: Double
  let uniqueEnergy: Double
  let remainderEnergy: Double
  let dropped: Double
  let error: Double
  let leftResidual: Double
  let rightResidual: Double
  let corrections: Int

  /// The name of the tensor, where this is a share of it.
  var wholeTensor: String {
    guard tensor.last == "]", let start = tensor.lastIndex(of: "[") else { return tensor }
    return String(tensor[..<start])
  }

  private var elementCount: Int { 8 * byteCount / type.bitCount }

  /// Whether this was merged from parts that had been rounded to 16 bits: from a factored
  /// checkpoint, of which alone no error is known.
  private var isOfRoundedParts: Bool {
    role == .merged && error.isNaN && sourceByteCount < 4 * elementCount
  }

  /// How far the unique part that the stored matrix tells may be from the one that the numbers are
  /// of, as a Frobenius norm.
  ///
  /// - Parameters:
  ///   - stored: The norm of the stored matrix.
  ///   - unique: The norm of the unique part that it tells.
  ///   - isExact: Whether the matrix was projected to have it.
  /// - Returns: A bound in the unit of the matrix.
  func rounding(ofNorm stored: Double, unique: Double, isExact: Bool) -> Double {
    // The original itself.
    if role == .merged, isExact, sha256 == sourceSHA256 { return 0 }
    return RoundingBound.norm(of: type, norm: stored, count: elementCount)
      + roundingOfParts(unique: unique, isExact: isExact)
  }

  /// Likewise, for what of it a projection of the stored matrix does not take away again.
  func roundingAlongBases(ofNorm stored: Double, unique: Double, isExact: Bool) -> Double {
    role == .merged && isExact
      ? roundingOfParts(unique: unique, isExact: isExact)
      : rounding(ofNorm: stored, unique: unique, isExact: isExact)
  }

  /// A projection takes away what rounding had left of the stored parts along the bases.
  private func roundingOfParts(unique: Double, isExact: Bool) -> Double {
    guard isOfRoundedParts, isExact else { return 0 }
    // Which type of 16 bits it was is not known.
    return [ElementType.bf16, .f16].reduce(0) {
      $0 + RoundingBound.norm(of: $1, norm: unique, count: elementCount)
    }
  }

  static func rows(of table: Table) -> [CertificateRow] {
    typealias Columns = CertifiedTensors
    let (files, tensors, roles) = (table[Columns.file], table[Columns.tensor], table[Columns.role])
    let (layers, projections) = (table[Columns.layer], table[Columns.projection])
    let (experts, types) = (table[Columns.expert], table[Columns.type])
    let (byteCounts, sourceByteCounts) = (table[Columns.byteCount], table[Columns.sourceByteCount])
    let (digests, sourceDigests) = (table[Columns.sha256], table[Columns.sourceSHA256])
    let (norms, commonEnergies) = (table[Columns.norm], table[Columns.commonEnergy])
    let (uniqueEnergies, remainders) = (table[Columns.uniqueEnergy], table[Columns.remainderEnergy])
    let (dropped, errors) = (table[Columns.dropped], table[Columns.error])
    let (left, right) = (table[Columns.leftResidual], table[Columns.rightResidual])
    let corrections = table[Columns.corrections]
    return (0..<table.rowCount).map { row in
      CertificateRow(
        file: files[row], tensor: tensors[row], role: roles[row], layer: Int(layers[row]),
        projection: projections[row], expert: experts[row]?.routedIndex, type: types[row],
        byteCount: byteCounts[row], sourceByteCount: sourceByteCounts[row], sha256: digests[row],
        sourceSHA256: sourceDigests[row], norm: norms[row], commonEnergy: commonEnergies[row],
        uniqueEnergy: uniqueEnergies[row], remainderEnergy: remainders[row],
        dropped: dropped[row], error: errors[row], leftResidual: left[row],
        rightResidual: right[row], corrections: corrections[row])
    }
  }
}
