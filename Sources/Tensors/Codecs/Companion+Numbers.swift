extension CodedRows.Companion {
  /// The number of elements that there are bytes for.
  var count: Int { bytes.count * 8 / elementType.bitCount }

  /// Some of its elements as numbers, exactly.
  ///
  /// - Parameters:
  ///   - range: Which elements.
  ///   - type: The type that they are read as, where it is not the stored one; of as many bits.
  /// - Returns: As many numbers.
  /// - Precondition: There are as many elements, of a plain type or one of eight bits.
  func numbers(_ range: Range<Int>, as type: ElementType? = nil) -> [Float] {
    let type = type ?? elementType
    let width = type.bitCount / 8
    switch type {
    case .f8E4M3: return bytes[range].map { ByteCodes.e4m3[Int($0)] }
    case .f8E5M2: return bytes[range].map { ByteCodes.e5m2[Int($0)] }
    case .f8E8M0: return bytes[range].map { ByteCodes.e8m0[Int($0)] }
    default:
      var numbers = [Float](repeating: 0, count: range.count)
      var space = numbers.mutableSpan
      // Safe: bytes have no padding.
      let stored = unsafe bytes.span.bytes
      decode(
        stored.extracting(range.lowerBound * width..<range.upperBound * width), of: type,
        into: &space)
      return numbers
    }
  }

  /// Some of its elements as integers.
  ///
  /// - Precondition: It holds I32 or I64, and as many.
  func integers(_ range: Range<Int>) -> [Int] {
    // Safe: bytes have no padding.
    let stored = unsafe bytes.span.bytes
    let isWide = elementType == .i64
    return range.map { index in
      // Safe: any bits are an integer, and reading past the end traps.
      unsafe isWide
        ? Int(
          truncatingIfNeeded: Int64(
            littleEndian: stored.unsafeLoadUnaligned(fromByteOffset: 8 * index, as: Int64.self)))
        : Int(
          Int32(
            littleEndian: stored.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: Int32.self)))
    }
  }

  /// Some of its elements as words of 32 bits.
  ///
  /// - Precondition: It has as many.
  func words(_ range: Range<Int>) -> [UInt32] {
    // Safe: bytes have no padding.
    let stored = unsafe bytes.span.bytes
    return range.map { index in
      // Safe: any bits are a word, and reading past the end traps.
      unsafe UInt32(
        littleEndian: stored.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
    }
  }
}
