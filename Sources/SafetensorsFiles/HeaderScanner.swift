import JSON

/// One member of a header, as it stands there; whoever asked for it checks what it says.
enum HeaderMember {
  case tensor(HeaderEntry)
  case metadata([String: String])
  /// Metadata that does not map strings to strings, and what it does instead.
  case invalidMetadata(String)
}

/// What a header says of one tensor.
struct HeaderEntry {
  let name: String
  var elementType: HeaderField<String> = .missing
  var shape: HeaderField<[Int]> = .missing
  var offsets: HeaderField<[Int]> = .missing
  /// The JSON text of an entry that is not an object.
  var foreignText: String?
}

/// A value in a header: of the kind it should be, or the JSON text of something else.
enum HeaderField<Value> {
  case missing
  case sound(Value)
  case unsound(String)
}

/// Reads a header member by member, straight from its bytes.
struct HeaderScanner {
  private var json: JSONScanner
  private var isInside = false

  /// The name of the member that is being read.
  private(set) var currentName: String?

  init(_ bytes: [UInt8]) { json = JSONScanner(bytes) }

  /// Reads the next member; returns `nil` when the header has been read to its end.
  mutating func next() throws(JSONError) -> HeaderMember? {
    currentName = nil
    if !isInside {
      try json.beginObject()
      isInside = true
    }
    guard let name = try json.nextKey() else {
      try json.finish()
      return nil
    }
    currentName = name
    if name == metadataKey { return try readMetadata() }
    return .tensor(try readEntry(name))
  }

  private mutating func readEntry(_ name: String) throws(JSONError) -> HeaderEntry {
    var entry = HeaderEntry(name: name)
    guard try json.nextByte() == UInt8(ascii: "{") else {
      entry.foreignText = try skipAndQuoteValue()
      return entry
    }
    try json.beginObject()
    var otherKeys: Set<String> = []
    while let key = try json.nextKey() {
      let keyOffset = json.keyOffset
      let isNew: Bool
      switch key {
      case "dtype":
        isNew = entry.elementType.isMissing
        entry.elementType = try readText()
      case "shape":
        isNew = entry.shape.isMissing
        entry.shape = try readCounts()
      case "data_offsets":
        isNew = entry.offsets.isMissing
        entry.offsets = try readCounts()
      default:
        isNew = otherKeys.insert(key).inserted
        try json.skipValue()
      }
      guard isNew else { throw JSONError(byteOffset: keyOffset, problem: .duplicateKey(key)) }
    }
    return entry
  }

  private mutating func readMetadata() throws(JSONError) -> HeaderMember {
    guard try json.nextByte() == UInt8(ascii: "{") else {
      return .invalidMetadata("it is \(try skipAndQuoteValue())")
    }
    try json.beginObject()
    var metadata: [String: String] = [:]
    var fault: String?
    while let key = try json.nextKey() {
      let keyOffset = json.keyOffset
      var value = ""
      switch try readText() {
      case .sound(let text): value = text
      case .unsound(let text): fault = fault ?? "\(quoted(key)) is \(text)"
      case .missing: break
      }
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw JSONError(byteOffset: keyOffset, problem: .duplicateKey(key))
      }
    }
    return fault.map(HeaderMember.invalidMetadata) ?? .metadata(metadata)
  }

  // MARK: Values

  private mutating func readText() throws(JSONError) -> HeaderField<String> {
    guard try json.nextByte() == UInt8(ascii: "\"") else {
      return .unsound(try skipAndQuoteValue())
    }
    return .sound(try json.readString())
  }

  /// Reads a list of integers from 0 up.
  private mutating func readCounts() throws(JSONError) -> HeaderField<[Int]> {
    guard try json.nextByte() == UInt8(ascii: "[") else { return .unsound(try skipAndQuoteValue()) }
    let start = json.offset
    try json.beginArray()
    var counts: [Int] = []
    var isSound = true
    while try json.nextElement() {
      if let count = try json.readIfInteger(), count >= 0 {
        counts.append(count)
      } else {
        isSound = false
      }
    }
    return isSound ? .sound(counts) : .unsound(quotation(from: start))
  }

  private mutating func skipAndQuoteValue() throws(JSONError) -> String {
    let start = json.offset
    try json.skipValue()
    return quotation(from: start)
  }

  /// The text from `start` to here, cut to a length that fits a message.
  private func quotation(from start: Int) -> String {
    let limit = 60
    let text = String(decoding: json.bytes[start..<min(start + limit, json.offset)], as: UTF8.self)
    return printable(text) + (json.offset - start > limit ? "…" : "")
  }
}

extension HeaderField {
  fileprivate var isMissing: Bool {
    if case .missing = self { true } else { false }
  }
}

/// The member of a header that describes the file and not a tensor.
let metadataKey = "__metadata__"
