import Foundation
import LinearAlgebra
import SafetensorsFiles
import Tensors

/// Writes a checkpoint whose experts have a slowly decaying spectrum and a planted common subspace.
///
/// Every matrix is one random matrix with singular values (j+4)^-0.35, its rows and columns
/// shuffled and their signs flipped anew for each expert, so that the experts' directions are
/// independent, plus a common part of rank 8. The same seed gives the same bytes.
public func writeSpectralLayer(_ shape: LayerShape, seed: UInt64, to folder: String) throws {
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  try Data(shape.config.utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
  var generator = SeededGenerator(seed: seed)
  let m = shape.expertWidth
  let d = shape.hiddenSize
  let rank = min(m, d)
  var left = try randomBasis(m, rank, &generator)
  let right = try randomBasis(d, rank, &generator)
  for row in 0..<m {
    for column in 0..<rank { left[row, column] *= Float(pow(Double(column) + 5, -0.35)) }
  }
  let base = product(left, right, rightTransposed: true)
  let commonRank = min(8, rank)
  var commonLeft = try randomBasis(m, commonRank, &generator)
  for place in commonLeft.elements.indices { commonLeft.elements[place] *= 0.5 }
  let common = product(
    commonLeft, try randomBasis(d, commonRank, &generator), rightTransposed: true)

  let tensors = shape.tensors
  var writer = try SafetensorsWriter(path: "\(folder)/model.safetensors", tensors: tensors)
  for tensor in tensors {
    let bits: [UInt16]
    if tensor.name.hasSuffix(".gate.weight") {
      bits = (0..<tensor.byteCount / 2).map { _ in roundedToBF16(Float(generator.normal()))
      }
    } else {
      let isTransposed = tensor.name.hasSuffix("down_proj.weight")
      bits = shuffled(base, plus: common, transposed: isTransposed, &generator)
    }
    try append(bits, to: &writer)
  }
  try writer.finish()
}

/// Appends 16-bit elements to a file.
func append(_ bits: [UInt16], to writer: inout SafetensorsWriter) throws {
  let span = bits.span
  try writer.append(span.bytes)
}

private func randomBasis(
  _ rows: Int, _ columns: Int, _ generator: inout SeededGenerator
) throws -> Matrix<Float> {
  try orthonormalColumns(
    of: Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows * columns).map { _ in Float(generator.normal()) }))
}

private func shuffled(
  _ base: Matrix<Float>, plus common: Matrix<Float>, transposed: Bool,
  _ generator: inout SeededGenerator
) -> [UInt16] {
  let m = base.rowCount
  let d = base.columnCount
  let rows = Array(0..<m).shuffled(using: &generator)
  let columns = Array(0..<d).shuffled(using: &generator)
  let rowSigns = (0..<m).map { _ in generator.next() & 1 == 0 ? Float(1) : -1 }
  let columnSigns = (0..<d).map { _ in generator.next() & 1 == 0 ? Float(1) : -1 }
  var bits = [UInt16](repeating: 0, count: m * d)
  for row in 0..<m {
    for column in 0..<d {
      let own = base.elements[rows[row] * d + columns[column]] * rowSigns[row] * columnSigns[column]
      let value = own + common.elements[row * d + column]
      bits[transposed ? column * m + row : row * d + column] = roundedToBF16(value)
    }
  }
  return bits
}

/// The nearest BF16 value, ties to even.
private func roundedToBF16(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
}
