import Tensors

extension ElementType {
  /// How many bytes a tensor of this type and shape takes.
  ///
  /// Axes of length zero do not excuse the others from fitting, so that whoever multiplies some
  /// axes of a checked shape cannot overflow.
  ///
  /// - Throws: ``SafetensorsError/sizeOverflow(path:tensor:shape:)`` when the size in bits does not
  ///   fit an `Int`; ``SafetensorsError/brokenByte(path:tensor:elementType:shape:)`` when packed
  ///   elements end inside a byte.
  func byteCount(
    of shape: [Int], path: String, tensor: String
  ) throws(SafetensorsError) -> Int {
    var bits = bitCount
    for length in shape where length != 0 {
      let (product, overflow) = bits.multipliedReportingOverflow(by: length)
      if overflow { throw .sizeOverflow(path: path, tensor: tensor, shape: shape) }
      bits = product
    }
    if shape.contains(0) { return 0 }
    guard bits.isMultiple(of: 8) else {
      throw .brokenByte(path: path, tensor: tensor, elementType: self, shape: shape)
    }
    return bits / 8
  }
}
