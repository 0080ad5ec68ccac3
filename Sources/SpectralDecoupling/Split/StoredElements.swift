package import Checkpoints
import Files
package import Tensors

/// A matrix as it is stored: its type and bytes.
package struct StoredElements: Sendable {
  /// The type of the elements.
  package let type: ElementType
  /// The elements, row after row.
  package private(set) var bytes: [UInt8]

  /// Rounds a matrix to a type.
  package init(_ matrix: Matrix<Float>, as type: ElementType) {
    self.type = type
    bytes = [UInt8](repeating: 0, count: matrix.elements.count * type.bitCount / 8)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    encode(matrix.elements.span, as: type, into: &target)
  }

  /// Reads a weight as it is stored, or in the type that stands for packed values.
  ///
  /// - Throws: The file's error.
  package init(_ weight: Weight, readBy reader: inout WeightReader) throws {
    type = weight.elementType
    bytes = try reader.elements(of: weight)
  }

  /// Reads a single weight likewise.
  ///
  /// - Throws: The file's error.
  package init(_ weight: Weight) throws {
    var reader = WeightReader()
    try self.init(weight, readBy: &reader)
  }

  /// The SHA-256 digest of the bytes.
  package var digest: String {
    let span = bytes.span
    // Safe: bytes have no padding.
    return unsafe sha256(of: span.bytes)
  }

  /// The values, in single precision.
  package func matrix(rowCount: Int, columnCount: Int) -> Matrix<Float> {
    var matrix = Matrix<Float>(rowCount: rowCount, columnCount: columnCount)
    let span = bytes.span
    var values = matrix.elements.mutableSpan
    // Safe: bytes have no padding.
    unsafe decode(span.bytes, of: type, into: &values)
    return matrix
  }

  /// The elements whose bits are others than here: where they stand, and their bytes.
  package func differences(to original: StoredElements) -> Correction {
    let width = type.bitCount / 8
    var found = Correction(indices: [], bytes: [])
    if bytes == original.bytes { return found }
    for element in 0..<bytes.count / width {
      let place = element * width..<(element + 1) * width
      if bytes[place] != original.bytes[place] {
        found.indices.append(Int32(element))
        found.bytes += original.bytes[place]
      }
    }
    return found
  }

  /// Puts single elements in their places.
  ///
  /// - Precondition: Every index is one of an element.
  package mutating func apply(_ correction: Correction) {
    let width = type.bitCount / 8
    for (number, index) in correction.indices.enumerated() {
      let place = Int(index) * width
      bytes.replaceSubrange(
        place..<place + width, with: correction.bytes[number * width..<(number + 1) * width])
    }
  }
}

/// Single elements that rounding the sum of the parts does not give, with their stored bytes.
package struct Correction: Sendable {
  /// Where they stand, row after row.
  package var indices: [Int32]
  /// Their bytes, one after the other.
  package var bytes: [UInt8]
}
