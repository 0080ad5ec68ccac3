/// Decodes stored elements to `Float`.
///
/// F32, F16 and BF16 values are kept exactly, infinities and NaN included. F64 values are rounded
/// to the nearest `Float`: what is too large becomes infinite, so a caller that wants finite
/// numbers checks the result.
///
/// - Parameters:
///   - bytes: The stored elements, little-endian and densely packed; their address need not be
///     aligned.
///   - type: How the elements are stored.
///   - values: As many places as there are elements.
/// - Precondition: ``ElementType/isDecodable`` holds for the type, and the two sizes agree.
/// - Complexity: O(count); one pass, vectorised, bound by memory.
public func decode(
  _ bytes: RawSpan, of type: ElementType, into values: inout MutableSpan<Float>
) {
  precondition(type.isDecodable, "\(type.rawValue) cannot be decoded")
  precondition(
    bytes.byteCount == values.count * type.bitCount / 8,
    "\(bytes.byteCount) bytes do not hold \(values.count) elements of \(type.rawValue)")
  // Safe: the precondition holds the two counts together, and each loop below stays under `count`.
  unsafe bytes.withUnsafeBytes { source in
    unsafe values.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      let count = bytes.byteCount * 8 / type.bitCount
      switch type {
      case .bf16: unsafe decodeBF16(source, target, count)
      case .f16: unsafe decodeF16(source, target, count)
      case .f32:
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 4 * count)
      case .f64: unsafe decodeF64(source, target, count)
      default: preconditionFailure("\(type.rawValue) cannot be decoded")
      }
    }
  }
}

/// BF16 is the upper half of a `Float`.
private func decodeBF16(
  _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int
) {
  for index in 0..<count {
    // Safe: index < count, the number of elements on both sides.
    let stored = unsafe source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
    unsafe target[index] = Float(bitPattern: UInt32(UInt16(littleEndian: stored)) &<< 16)
  }
}

private func decodeF16(
  _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int
) {
  for index in 0..<count {
    // Safe: index < count, the number of elements on both sides.
    let stored = unsafe source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
    unsafe target[index] = float(ofF16: UInt32(UInt16(littleEndian: stored)))
  }
}

/// The number that the bits of an F16 stand for.
///
/// By integer arithmetic: without a hardware conversion in the baseline instruction set, the
/// compiler's own would call a function for each element.
@inline(__always)
func float(ofF16 bits: UInt32) -> Float {
  let sign = (bits & 0x8000) &<< 16
  let magnitude = bits & 0x7fff
  // Exponent 31 (infinity, NaN) becomes 255, every other normal one is re-biased by 127 - 15 =
  // 112.
  let bias: UInt32 = magnitude >= 0x7c00 ? 224 &<< 23 : 112 &<< 23
  let normal = (magnitude &<< 13) &+ bias
  // Subnormal values are magnitude * 2^-24, exactly.
  let subnormal = (Float(Int32(bitPattern: magnitude)) * 0x1p-24).bitPattern
  return Float(bitPattern: sign | (magnitude < 0x0400 ? subnormal : normal))
}

private func decodeF64(
  _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ count: Int
) {
  for index in 0..<count {
    // Safe: index < count, the number of elements on both sides.
    let stored = unsafe source.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
    unsafe target[index] = Float(Double(bitPattern: UInt64(littleEndian: stored)))
  }
}
