/// Reads a header from front to back, through a window of the file.
///
/// Whatever lengths the file claims, no more is read than it has and than a header may have, and no
/// more is kept than was read.
struct GGUFCursor {
  private let source: GGUFSource
  private var window: [UInt8] = []
  private var place = 0
  /// Where the window begins in the file.
  private var start = 0

  /// What is being read, in words for messages, such as `key 'general.name'`.
  var part = "its counts"

  init(_ source: GGUFSource) { self.source = source }

  /// Where the next byte stands in the file.
  var position: Int { start + place }

  /// Reads an integer, little-endian.
  mutating func next<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type = Value.self
  ) throws(GGUFError) -> Value {
    let count = MemoryLayout<Value>.size
    try need(count)
    // Safe: the window holds so many bytes from the place on, and any bits are an integer.
    let value = unsafe window.span.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: Value.self)
    place += count
    return Value(littleEndian: value)
  }

  /// Reads a byte.
  mutating func next() throws(GGUFError) -> UInt8 {
    try need(1)
    defer { place += 1 }
    return window[place]
  }

  /// Reads bytes whose number is read before them.
  ///
  /// - Returns: The bytes; nil where there are more than `limit`, which are then passed over.
  mutating func nextText(upTo limit: Int) throws(GGUFError) -> [UInt8]? {
    let count = try next(UInt64.self)
    guard count <= UInt64(limit) else {
      try skip(count)
      return nil
    }
    try need(Int(count))
    defer { place += Int(count) }
    return Array(window[place..<place + Int(count)])
  }

  /// Passes over bytes.
  mutating func skip(_ count: UInt64) throws(GGUFError) {
    guard let count = Int(exactly: count), count <= source.byteCount - position else {
      throw .endsInHeader(path: source.path, part: part, actualBytes: source.byteCount)
    }
    try requireRoom(for: count)
    if count <= window.count - place {
      place += count
    } else {
      start = position + count
      place = 0
      window = []
    }
  }

  /// Makes sure that the window holds so many bytes from the place on.
  private mutating func need(_ count: Int) throws(GGUFError) {
    if window.count - place >= count { return }
    let remaining = source.byteCount - position
    guard count <= remaining else {
      throw .endsInHeader(path: source.path, part: part, actualBytes: source.byteCount)
    }
    try requireRoom(for: count)
    start = position
    place = 0
    window = try source.bytes(min(remaining, max(count, 1 << 18)), at: start, part: nil)
  }

  private func requireRoom(for count: Int) throws(GGUFError) {
    guard count <= GGUFFile.headerByteLimit - position else {
      throw .headerTooLarge(path: source.path, part: part)
    }
  }
}
