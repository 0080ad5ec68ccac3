extension JSONScanner {
  /// Reads a literal or a number.
  package mutating func readScalar() throws(JSONError) -> JSONValue {
    let byte = try nextByte()
    switch byte {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
    case UInt8(ascii: "t"): return try readLiteral("true", .bool(true))
    case UInt8(ascii: "f"): return try readLiteral("false", .bool(false))
    case UInt8(ascii: "n"): return try readLiteral("null", .null)
    case UInt8(ascii: "N") where allowsNonFiniteNumbers:
      return try readLiteral("NaN", .number(.nan))
    case UInt8(ascii: "I") where allowsNonFiniteNumbers:
      return try readLiteral("Infinity", .number(.infinity))
    default: throw unexpected(byte, "a value")
    }
  }

  /// Reads the next value and returns it when it is a plain integer; skips it and returns `nil`
  /// otherwise.
  package mutating func readIfInteger() throws(JSONError) -> Int? {
    switch try nextByte() {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return try readNumber().integerValue
    default:
      try skipValue()
      return nil
    }
  }

  private mutating func readLiteral(_ word: String, _ value: JSONValue) throws(JSONError)
    -> JSONValue
  {
    for expected in word.utf8 {
      guard offset < bytes.count else {
        throw JSONError(byteOffset: offset, problem: .unexpectedEnd)
      }
      guard bytes[offset] == expected else { throw unexpected(bytes[offset], "'\(word)'") }
      offset += 1
    }
    return value
  }

  /// Reads a number that starts at ``offset`` with a digit or a minus sign.
  private mutating func readNumber() throws(JSONError) -> JSONValue {
    let start = offset
    let isNegative = bytes[offset] == UInt8(ascii: "-")
    if isNegative {
      offset += 1
      if allowsNonFiniteNumbers, offset < bytes.count, bytes[offset] == UInt8(ascii: "I") {
        return try readLiteral("Infinity", .number(-.infinity))
      }
    }

    // Counted downwards, because the smallest integer has no positive twin.
    var negated: Int? = 0
    let first = offset
    let digitCount = skipDigits { digit in
      guard let value = negated else { return }
      let (tens, tensOverflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.subtractingReportingOverflow(digit)
      negated = tensOverflow || sumOverflow ? nil : sum
    }
    guard digitCount == 1 || (digitCount > 1 && bytes[first] != UInt8(ascii: "0")) else {
      throw JSONError(byteOffset: start, problem: .invalidNumber)
    }

    let hasFraction = offset < bytes.count && bytes[offset] == UInt8(ascii: ".")
    if hasFraction {
      offset += 1
      try requireDigits(ofNumberAt: start)
    }
    let hasExponent = offset < bytes.count && bytes[offset] | 0x20 == UInt8(ascii: "e")
    if hasExponent {
      offset += 1
      if offset < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[offset]) {
        offset += 1
      }
      try requireDigits(ofNumberAt: start)
    }

    if !hasFraction, !hasExponent, let negated {
      if isNegative { return .integer(negated) }
      // Only 2^63 has no positive twin; it becomes a Double below.
      if negated != .min { return .integer(-negated) }
    }
    guard let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)) else {
      throw JSONError(byteOffset: start, problem: .invalidNumber)
    }
    guard value.isFinite else { throw JSONError(byteOffset: start, problem: .numberOutOfRange) }
    return .number(value)
  }

  private mutating func requireDigits(ofNumberAt start: Int) throws(JSONError) {
    guard skipDigits({ _ in }) > 0 else {
      throw JSONError(byteOffset: start, problem: .invalidNumber)
    }
  }

  /// Steps over digits, shows each, and returns how many there were.
  private mutating func skipDigits(_ body: (Int) -> Void) -> Int {
    let start = offset
    while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) {
      body(Int(bytes[offset] - UInt8(ascii: "0")))
      offset += 1
    }
    return offset - start
  }
}
