/// A value of a GGUF file's metadata.
public enum GGUFValue: Sendable, Hashable {
  /// The most elements of a list that is kept; vocabularies are longer, and of no use here.
  public static let listLimit = 4096

  /// An integer of any width.
  case integer(Int)
  /// A number of single or double precision; also an integer beyond 2^63.
  case number(Double)
  /// True or false.
  case flag(Bool)
  /// A text; bytes that are not UTF-8 are replaced.
  case text(String)
  /// Some values of one kind.
  case list([GGUFValue])
  /// More than is kept: a list of so many elements, or a text of so many bytes.
  case omitted(count: Int)

  /// The integer, when this is one.
  public var integer: Int? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  /// The text, when this is one.
  public var text: String? {
    guard case .text(let value) = self else { return nil }
    return value
  }

  /// The elements, when this is a list that is kept.
  public var list: [GGUFValue]? {
    guard case .list(let values) = self else { return nil }
    return values
  }
}

/// The kinds of values, by the numbers that the format gives them.
enum GGUFValueKind: UInt32 {
  case u8 = 0
  case i8, u16, i16, u32, i32, f32, flag, text, list, u64, i64, f64

  /// The size of a value in bytes; nil where values differ.
  var byteCount: Int? {
    switch self {
    case .u8, .i8, .flag: 1
    case .u16, .i16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64: 8
    case .text, .list: nil
    }
  }
}

extension GGUFCursor {
  /// The most bytes of a text that is kept.
  private static var textLimit: Int { 1 << 20 }

  /// Reads a value whose kind is read before it.
  mutating func nextValue(ofKey key: String, path: String) throws(GGUFError) -> GGUFValue {
    let kind = try nextKind(ofKey: key, path: path)
    guard kind == .list else { return try nextValue(of: kind) }
    let elementKind = try nextKind(ofKey: key, path: path)
    // llama.cpp has no lists of lists either.
    guard elementKind != .list else { throw .nestedList(path: path, key: key) }
    let count = try next(UInt64.self)
    guard count <= GGUFValue.listLimit else {
      try skip(count, of: elementKind)
      return .omitted(count: Int(clamping: count))
    }
    var values: [GGUFValue] = []
    for _ in 0..<count { values.append(try nextValue(of: elementKind)) }
    return .list(values)
  }

  private mutating func nextKind(ofKey key: String, path: String) throws(GGUFError) -> GGUFValueKind
  {
    let number = try next(UInt32.self)
    guard let kind = GGUFValueKind(rawValue: number) else {
      throw .unknownValueKind(path: path, key: key, number: Int(number))
    }
    return kind
  }

  private mutating func nextValue(of kind: GGUFValueKind) throws(GGUFError) -> GGUFValue {
    switch kind {
    case .u8: return .integer(Int(try next(UInt8.self)))
    case .i8: return .integer(Int(try next(Int8.self)))
    case .u16: return .integer(Int(try next(UInt16.self)))
    case .i16: return .integer(Int(try next(Int16.self)))
    case .u32: return .integer(Int(try next(UInt32.self)))
    case .i32: return .integer(Int(try next(Int32.self)))
    case .i64: return .integer(Int(try next(Int64.self)))
    case .u64:
      let value = try next(UInt64.self)
      return Int(exactly: value).map { .integer($0) } ?? .number(Double(value))
    case .f32: return .number(Double(Float(bitPattern: try next(UInt32.self))))
    case .f64: return .number(Double(bitPattern: try next(UInt64.self)))
    case .flag: return .flag(try next(UInt8.self) != 0)
    case .text:
      let start = position
      guard let text = try nextText(upTo: Self.textLimit) else {
        return .omitted(count: position - start - 8)
      }
      return .text(String(decoding: text, as: UTF8.self))
    case .list: preconditionFailure("lists are read by their elements")
    }
  }

  /// Passes over the elements of a list.
  private mutating func skip(_ count: UInt64, of kind: GGUFValueKind) throws(GGUFError) {
    if let width = kind.byteCount {
      let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(width))
      try skip(overflow ? .max : bytes)
    } else {
      // Each takes eight bytes at least, so the file's end ends this, too.
      for _ in 0..<count { try skip(try next(UInt64.self)) }
    }
  }
}
