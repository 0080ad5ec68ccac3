/// The records of a CSV file (RFC 4180), one after the other, without copying what is not asked for.
@safe struct CSVRecords {
  /// A field of a record.
  struct Field {
    /// Where it stands in the file, quotes included.
    fileprivate let start, end: Int
    /// Whether it stands in quotes.
    fileprivate let isQuoted: Bool
  }

  /// Where the bytes come from.
  let path: String
  /// The fields of the record read last.
  private(set) var fields: [Field] = []
  /// The line in which the record read last begins, counted from 1.
  private(set) var line = 0

  private let bytes: UnsafeRawBufferPointer
  private var place = 0
  private var nextLine = 1

  /// Begins before the first record of bytes that outlive the records.
  init(bytes: UnsafeRawBufferPointer, path: String) {
    unsafe self.bytes = bytes
    self.path = path
  }

  private subscript(place: Int) -> UInt8 {
    // Safe: every caller compares with the count first.
    unsafe bytes[place]
  }

  /// Reads the next record.
  ///
  /// - Returns: Whether there was one.
  /// - Throws: ``FindingsError/badLine(path:line:reason:)``
  mutating func next() throws -> Bool {
    let count = unsafe bytes.count
    guard place < count else { return false }
    line = nextLine
    fields.removeAll(keepingCapacity: true)
    var start = place
    while place < count {
      switch self[place] {
      case UInt8(ascii: ","):
        fields.append(Field(start: start, end: place, isQuoted: false))
        place += 1
        start = place
      case UInt8(ascii: "\n"):
        let hasReturn = place > start && self[place - 1] == UInt8(ascii: "\r")
        fields.append(Field(start: start, end: hasReturn ? place - 1 : place, isQuoted: false))
        place += 1
        nextLine += 1
        return true
      case UInt8(ascii: "\""):
        guard place == start else { throw bad("has a stray quote") }
        fields.append(try quotedField())
        guard place < count else { throw bad("is cut short") }
        if self[place] == UInt8(ascii: "\r"), place + 1 < count,
          self[place + 1] == UInt8(ascii: "\n")
        {
          place += 1
        }
        let byte = self[place]
        guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") else {
          throw bad("has a stray quote")
        }
        place += 1
        start = place
        if byte == UInt8(ascii: "\n") {
          nextLine += 1
          return true
        }
      default: place += 1
      }
    }
    throw bad("is cut short")
  }

  /// Reads a field in quotes, and stops behind it.
  private mutating func quotedField() throws -> Field {
    let count = unsafe bytes.count
    let start = place
    place += 1
    while place < count {
      let byte = self[place]
      place += 1
      if byte == UInt8(ascii: "\n") { nextLine += 1 }
      guard byte == UInt8(ascii: "\"") else { continue }
      guard place < count, self[place] == byte else {
        return Field(start: start, end: place, isQuoted: true)
      }
      place += 1
    }
    throw bad("opens a quote that never ends")
  }

  private func bad(_ reason: String) -> FindingsError {
    .badLine(path: path, line: line, reason: reason)
  }

  // MARK: Values

  /// Whether two fields are written alike.
  func areEqual(_ first: Field, _ second: Field) -> Bool {
    let count = first.end - first.start
    guard second.end - second.start == count else { return false }
    for offset in 0..<count where self[first.start + offset] != self[second.start + offset] {
      return false
    }
    return true
  }

  /// The text of a field.
  func text(_ field: Field) -> String {
    // Safe: fields lie within the bytes.
    let plain = unsafe String(decoding: bytes[field.start..<field.end], as: UTF8.self)
    guard field.isQuoted else { return plain }
    return String(plain.dropFirst().dropLast()).replacing("\"\"", with: "\"")
  }

  /// The whole number in a field.
  func integer(_ field: Field) -> Int? {
    var value = 0
    guard !field.isQuoted, field.start < field.end, field.end - field.start <= 18 else {
      return Int(text(field))
    }
    for place in field.start..<field.end {
      let digit = self[place] &- UInt8(ascii: "0")
      guard digit < 10 else { return Int(text(field)) }
      value = value &* 10 &+ Int(digit)
    }
    return value
  }

  /// The number in a field; NaN for an empty one.
  func number(_ field: Field) -> Double? {
    guard field.start < field.end else { return .nan }
    if let value = shortDecimal(field) { return value }
    let text = text(field)
    guard !text.isEmpty else { return .nan }
    guard let value = Double(text), !value.isNaN else { return nil }
    return value
  }

  /// The value of up to 15 digits with up to 22 behind the point: then the digits and the power of
  /// ten are exact, and one division rounds rightly.
  ///
  /// Source: W. D. Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990.
  private func shortDecimal(_ field: Field) -> Double? {
    guard field.end - field.start <= 24 else { return nil }
    var digits = 0
    var digitCount = 0
    var places = -1
    for place in field.start..<field.end {
      let byte = self[place]
      if byte == UInt8(ascii: "."), places < 0, place > field.start {
        places = 0
        continue
      }
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      if digitCount > 0 || digit > 0 { digitCount += 1 }
      guard digitCount <= 15 else { return nil }
      digits = digits &* 10 &+ Int(digit)
      if places >= 0 { places += 1 }
    }
    guard places != 0, places <= 22 else { return nil }
    return Double(digits) / Self.powersOfTen[max(0, places)]
  }

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
