/// Encodes `Float` values as stored elements, the other way round than ``decode(_:of:into:)``.
///
/// F32 and F64 keep every value. BF16 and F16 round to the nearest value, ties to the even one:
/// what is too large becomes infinite, so a caller that wants finite elements checks the result;
/// NaN stays NaN, infinities stay.
///
/// - Parameters:
///   - values: The numbers.
///   - type: How the elements are to be stored.
///   - bytes: As many bytes as the elements take; their address need not be aligned.
/// - Precondition: ``ElementType/isDecodable`` holds for the type, and the two sizes agree.
/// - Complexity: O(count); one pass, vectorised.
public func encode(
  _ values: Span<Float>, as type: ElementType, into bytes: inout MutableRawSpan
) {
  precondition(type.isDecodable, "\(type.rawValue) cannot be encoded")
  precondition(
    bytes.byteCount == values.count * type.bitCount / 8,
    "\(bytes.byteCount) bytes do not hold \(values.count) elements of \(type.rawValue)")
  // Safe: the precondition holds the two counts together, and each loop below stays under `count`.
  unsafe bytes.withUnsafeMutableBytes { target in
    unsafe values.withUnsafeBufferPointer { source in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      let count = values.count
      switch type {
      case .bf16: unsafe encodeBF16(source, target, count)
      case .f16: unsafe encodeF16(source, target, count)
      case .f32: unsafe target.copyMemory(from: source, byteCount: 4 * count)
      case .f64: unsafe encodeF64(source, target, count)
      default: preconditionFailure("\(type.rawValue) cannot be encoded")
      }
    }
  }
}

private func encodeBF16(
  _ source: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer, _ count: Int
) {
  for index in 0..<count {
    // Safe: index < count, the number of elements on both sides.
    let stored = unsafe UInt16(truncatingIfNeeded: bf16(source[index]))
    unsafe target.storeBytes(of: stored.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
  }
}

private func encodeF16(
  _ source: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer, _ count: Int
) {
  for index in 0..<count {
    // Safe: index < count, the number of elements on both sides.
    let stored = unsafe UInt16(truncatingIfNeeded: f16(source[index]))
    unsafe target.storeBytes(of: stored.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
  }
}

/// The bits of the nearest BF16, in the lower half.
@inline(__always)
private func bf16(_ value: Float) -> UInt32 {
  let bits = value.bitPattern
  let rounded = (bits &+ 0x7fff &+ (bits &>> 16 & 1)) &>> 16
  // Rounding could carry a NaN's payload away: keep its upper half, and make it quiet.
  let isNaN = bits & 0x7fff_ffff > 0x7f80_0000
  return isNaN ? bits &>> 16 | 0x40 : rounded
}

/// The bits of the nearest F16, in the lower half.
///
/// By integer arithmetic: without a hardware conversion in the baseline instruction set, the
/// compiler's own would call a function for each element.
@inline(__always)
private func f16(_ value: Float) -> UInt32 {
  let bits = value.bitPattern
  let sign = bits &>> 16 & 0x8000
  let magnitude = bits & 0x7fff_ffff
  // Normal values: re-bias the exponent by 127 - 15 = 112, and round 13 bits away.
  let normal =
    (magnitude &- 112 &<< 23 &+ 0x0fff &+ (magnitude &>> 13 & 1)) &>> 13
  // Below 2^-14, adding 0.5 makes the processor round to multiples of 2^-24.
  let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern
  // From 65520 on, what rounds up is infinite.
  let huge: UInt32 = magnitude > 0x7f80_0000 ? 0x7e00 : 0x7c00
  return sign | (magnitude >= 0x477f_f000 ? huge : magnitude < 113 &<< 23 ? subnormal : normal)
}

private func encodeF64(
  _ source: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer, _ count: Int
) {
  for index in 0..<count {
    // Safe: index < count, the number of elements on both sides.
    let stored = unsafe Double(source[index]).bitPattern.littleEndian
    unsafe target.storeBytes(of: stored, toByteOffset: 8 * index, as: UInt64.self)
  }
}

/// Rounds numbers to those that a type has, to the nearest, ties to the even one.
///
/// - Parameters:
///   - values: The numbers.
///   - type: How they could be stored.
/// - Precondition: ``ElementType/isDecodable`` holds for the type.
/// - Complexity: O(count); one pass, vectorised.
public func round(_ values: inout MutableSpan<Float>, to type: ElementType) {
  precondition(type.isDecodable, "there are no numbers of type \(type.rawValue)")
  // Safe: each loop stays under the number of values.
  unsafe values.withUnsafeMutableBufferPointer { values in
    switch type {
    case .bf16:
      for place in 0..<values.count {
        unsafe values[place] = Float(bitPattern: bf16(values[place]) &<< 16)
      }
    case .f16:
      for place in 0..<values.count { unsafe values[place] = float(ofF16: f16(values[place])) }
    default: break
    }
  }
}
