import Checkpoints
import Files
import LinearAlgebra
import SafetensorsFiles
import Tensors

/// The small tensors of a unit: bases, common part, remainders and corrections.
struct UnitFactors: Sendable {
  /// The tensors, in the order of the file.
  private(set) var tensors: [(description: TensorDescription, bytes: [UInt8])] = []

  /// Adds the bases and the common part of a unit.
  mutating func append(_ common: CommonPart, names: FactoredNames) {
    if let left = common.bases.left { append(left, names.basisLeft) }
    if let right = common.bases.right { append(right, names.basisRight) }
    append(common.left, names.commonLeft)
    append(common.right, names.commonRight)
  }

  /// Adds what an expert has beyond its unique part.
  mutating func append(
    _ remainder: ThinProjection, correction: Correction?, type: ElementType,
    names: FactoredExpertNames
  ) {
    if let along = remainder.along { append(along, names.remainderRight) }
    if let across = remainder.across { append(across, names.remainderLeft) }
    guard let correction else { return }
    let count = correction.indices.count
    append(
      correction.indices.flatMap { index in
        (0..<4).map { UInt8(truncatingIfNeeded: index >> (8 * $0)) }
      },
      as: .i32, shape: [count], names.correctionIndex)
    append(correction.bytes, as: type, shape: [count], names.correctionValue)
  }

  private mutating func append(_ matrix: Matrix<Float>, _ name: String) {
    append(
      StoredElements(matrix, as: .f32).bytes, as: .f32,
      shape: [matrix.rowCount, matrix.columnCount], name)
  }

  private mutating func append(
    _ bytes: [UInt8], as type: ElementType, shape: [Int], _ name: String
  ) {
    tensors.append(
      (
        TensorDescription(name: name, elementType: type, shape: shape, byteCount: bytes.count),
        bytes
      ))
  }

  /// Writes the tensors to a file of their own.
  ///
  /// - Returns: The digest of their bytes.
  func write(to path: String) throws -> String {
    var writer = try SafetensorsWriter(path: path, tensors: tensors.map(\.description))
    var digest = SHA256Digest()
    for tensor in tensors {
      let span = tensor.bytes.span
      // Safe: bytes have no padding.
      try unsafe writer.append(span.bytes)
      // Safe: bytes have no padding.
      unsafe digest.update(span.bytes)
    }
    try writer.finish()
    return digest.finish()
  }
}

/// The tensors of a factored unit that belong to all experts and to each, as they are stored.
struct StoredFactors: Sendable {
  /// Where they lie, for messages.
  let path: String
  let names: FactoredNames
  /// Finds a tensor by its name.
  let find: @Sendable (String) -> (file: any TensorFile, tensor: TensorDescription)?

  /// Reads the bases and the common part of a unit.
  ///
  /// - Throws: ``DecouplingError/badFactors(path:reason:)``, and the files' errors.
  func common() throws -> CommonPart {
    let bases = (left: try matrix(names.basisLeft), right: try matrix(names.basisRight))
    guard bases.left != nil || bases.right != nil, let left = try matrix(names.commonLeft),
      let right = try matrix(names.commonRight), left.columnCount == right.rowCount
    else {
      throw DecouplingError.badFactors(
        path: path, reason: "the factors '\(names.commonLeft)' and its like do not fit")
    }
    return CommonPart(
      bases: CommonBases(left: bases.left, right: bases.right), left: left, right: right)
  }

  /// Reads what an expert has along the bases beyond the common part.
  func remainder(_ names: FactoredExpertNames) throws -> ThinProjection {
    ThinProjection(
      along: try matrix(names.remainderRight), across: try matrix(names.remainderLeft))
  }

  /// Reads the correction of an expert; nil where it has none.
  func correction(_ names: FactoredExpertNames, of elementCount: Int) throws -> Correction? {
    guard let index = find(names.correctionIndex),
      let value = find(names.correctionValue)
    else { return nil }
    var reader = WeightReader()
    let indices = try reader.elements(of: Weight(file: index.file, tensor: index.tensor))
    let values = try reader.elements(of: Weight(file: value.file, tensor: value.tensor))
    let numbers = stride(from: 0, to: indices.count, by: 4).map { start in
      (0..<4).reduce(Int32(0)) { $0 | Int32(bitPattern: UInt32(indices[start + $1]) << (8 * $1)) }
    }
    guard numbers.allSatisfy({ (0..<elementCount).contains(Int($0)) }) else {
      throw DecouplingError.badFactors(
        path: index.file.path,
        reason: "tensor '\(index.tensor.name)' names elements that do not exist")
    }
    return Correction(indices: numbers, bytes: values)
  }

  private func matrix(_ name: String) throws -> Matrix<Float>? {
    guard let place = find(name) else { return nil }
    guard place.tensor.shape.count == 2, place.tensor.elementType == .f32 else {
      throw DecouplingError.badFactors(
        path: place.file.path, reason: "tensor '\(name)' is no matrix of F32")
    }
    var reader = WeightReader()
    try reader.read(Weight(file: place.file, tensor: place.tensor))
    return reader.matrix
  }
}
