extension JSONScanner {
  /// Where the text of a string stands, between its quotes.
  package struct StringToken {
    let range: Range<Int>
    let hasEscapes: Bool
  }

  /// Reads a string that starts at ``offset``.
  package mutating func readString() throws(JSONError) -> String {
    let token = try scanString()
    guard token.hasEscapes else { return String(decoding: bytes[token.range], as: UTF8.self) }
    return unescapedText(of: token)
  }

  /// Checks the string that starts at ``offset`` and steps over it.
  package mutating func scanString() throws(JSONError) -> StringToken {
    let start = offset + 1
    var hasEscapes = false
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "\""):
        offset = index + 1
        return StringToken(range: start..<index, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        index = try endOfEscape(at: index)
      case ..<0x20: throw JSONError(byteOffset: index, problem: .controlCharacter(byte))
      case ..<0x80: index += 1
      default: index = try endOfCharacter(at: index)
      }
    }
    throw JSONError(byteOffset: bytes.count, problem: .unexpectedEnd)
  }

  /// The characters of a string with escapes that ``scanString()`` has checked.
  private func unescapedText(of token: StringToken) -> String {
    var result = String.UnicodeScalarView()
    var index = token.range.lowerBound
    while index < token.range.upperBound {
      guard bytes[index] == UInt8(ascii: "\\") else {
        let end = bytes[index..<token.range.upperBound].firstIndex(of: UInt8(ascii: "\\"))
        let plain = index..<(end ?? token.range.upperBound)
        result.append(contentsOf: String(decoding: bytes[plain], as: UTF8.self).unicodeScalars)
        index = plain.upperBound
        continue
      }
      let (scalar, length) = escapedScalar(at: index)
      result.append(scalar)
      index += length
    }
    return String(result)
  }

  // MARK: Escapes

  /// Checks the escape whose backslash stands at `index`; returns the index after it.
  private func endOfEscape(at index: Int) throws(JSONError) -> Int {
    guard index + 1 < bytes.count else {
      throw JSONError(byteOffset: bytes.count, problem: .unexpectedEnd)
    }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return index + 2
    case UInt8(ascii: "u"):
      guard let unit = codeUnit(at: index) else {
        throw JSONError(byteOffset: index, problem: .invalidEscape)
      }
      guard UTF16.isSurrogate(unit) else { return index + 6 }
      guard UTF16.isLeadSurrogate(unit), let next = codeUnit(at: index + 6),
        UTF16.isTrailSurrogate(next)
      else { throw JSONError(byteOffset: index, problem: .loneSurrogate) }
      return index + 12
    default: throw JSONError(byteOffset: index, problem: .invalidEscape)
    }
  }

  /// The code unit of the `\uXXXX` at `index`; `nil` when there is none.
  private func codeUnit(at index: Int) -> UInt16? {
    guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    var unit: UInt16 = 0
    for byte in bytes[(index + 2)..<(index + 6)] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// The scalar that a checked escape stands for, and the length of the escape in bytes.
  private func escapedScalar(at index: Int) -> (scalar: Unicode.Scalar, length: Int) {
    switch bytes[index + 1] {
    case UInt8(ascii: "b"): return ("\u{8}", 2)
    case UInt8(ascii: "f"): return ("\u{C}", 2)
    case UInt8(ascii: "n"): return ("\n", 2)
    case UInt8(ascii: "r"): return ("\r", 2)
    case UInt8(ascii: "t"): return ("\t", 2)
    case UInt8(ascii: "u"):
      let unit = codeUnit(at: index) ?? 0
      if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
      let next = codeUnit(at: index + 6) ?? 0
      let value = 0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(next) & 0x3FF
      return (Unicode.Scalar(value) ?? "\u{FFFD}", 12)
    default: return (Unicode.Scalar(bytes[index + 1]), 2)
    }
  }

  // MARK: UTF-8

  /// Checks the character of two bytes or more at `index`; returns the index after it.
  ///
  /// Source: The Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
  private func endOfCharacter(at index: Int) throws(JSONError) -> Int {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch bytes[index] {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw JSONError(byteOffset: index, problem: .invalidUTF8)
    }
    let end = index + length
    guard end <= bytes.count, second.contains(bytes[index + 1]),
      bytes[(index + 2)..<end].allSatisfy({ (0x80...0xBF).contains($0) })
    else { throw JSONError(byteOffset: index, problem: .invalidUTF8) }
    return end
  }
}
