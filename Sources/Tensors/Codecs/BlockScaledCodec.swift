/// Decodes numbers of four or eight bits that stand row after row, each row from a whole byte on,
/// with scales for blocks of rows and columns.
///
/// A number is (stored number - zero point) * scale, where the difference is exact and the product
/// is rounded once to a `Float`. Infinities and NaN among scales come out as they do of a product.
struct BlockScaledCodec: Codec {
  /// What the stored bits stand for.
  enum Codes: Sendable {
    /// One number in each byte.
    case bytes([Float])
    /// Two numbers in each byte.
    case nibbles([SIMD2<Float>])
  }

  /// What a factor for all scales does to them; the result is rounded to a `Float`.
  enum GlobalScale: Sendable {
    case multiplies, divides
  }

  /// How zero points are stored.
  enum Zeros: Sendable {
    /// As signed bytes, of the shape of the scales.
    case signed
    /// As integers of some bits with half their range added, packed down the columns into I32.
    case packed(bitCount: Int)
  }

  let name: String
  let codes: Codes
  /// How many bytes a row takes.
  let rowByteCount: Int
  let block: ScaleBlock
  /// The type that scales are read as; nil where there are none, and numbers are as stored.
  var scaleType: ElementType?
  var globalScale: GlobalScale?
  var zeros: Zeros?
  /// Whether a tensor tells the block of each column.
  var hasOrder = false
  /// Whether a tensor tells how bytes are arranged, in one number; only 0, row after row, is read.
  var hasFormat = false
  /// What the rounded products are multiplied with in the end.
  var lastFactor: Float?

  var companions: [CompanionRole] {
    let roles: [(CompanionRole, Bool)] = [
      (.scales, scaleType != nil), (.globalScale, globalScale != nil), (.zeros, zeros != nil),
      (.order, hasOrder), (.notes, hasFormat),
    ]
    return roles.filter(\.1).map(\.0)
  }

  var rounding: Rounding? {
    // Without scales it depends on how large the numbers are.
    guard scaleType != nil else { return nil }
    guard let scaleType else { return nil }
    let levels =
      switch codes {
      case .bytes(let numbers): numbers
      case .nibbles(let pairs): pairs.map(\.x)
      }
    return Rounding(
      levels: levels, blockSize: block.rows * block.columns, hasPowersOfTwo: scaleType == .f8E8M0)
  }

  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
    guard !rows.range.isEmpty, rows.columnCount > 0 else { return }
    precondition(bytes.byteCount == rows.range.count * rowByteCount, "rows of another length")
    precondition(values.count == rows.range.count * rows.columnCount, "room for other rows")
    let factors = BlockFactors(of: rows, in: self)
    // Safe: the numbers of bytes and places are checked above.
    unsafe bytes.withUnsafeBytes { source in
      unsafe values.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        switch codes {
        case .bytes(let table):
          unsafe table.withUnsafeBufferPointer { table in
            unsafe decodeRows(source, target, rows, factors, isWhole: true) {
              stored, place, start, end, factor in
              for column in start..<end {
                // Safe: a byte is below 256, and a column inside the row.
                let code = unsafe stored.load(fromByteOffset: column, as: UInt8.self)
                unsafe place[column] = table[Int(code)] * factor
              }
            }
          }
        case .nibbles(let table):
          let isWhole = block.columns.isMultiple(of: 2) || factors.across == 1
          unsafe table.withUnsafeBufferPointer { table in
            unsafe decodeRows(source, target, rows, factors, isWhole: isWhole) {
              stored, place, start, end, factor in
              for column in stride(from: start, to: end - 1, by: 2) {
                // Safe: a byte is below 256, and both columns inside the row.
                let code = unsafe stored.load(fromByteOffset: column / 2, as: UInt8.self)
                let pair = unsafe table[Int(code)] * factor
                unsafe UnsafeMutableRawPointer(place + column).storeBytes(
                  of: pair, as: SIMD2<Float>.self)
              }
              if !(end - start).isMultiple(of: 2) {
                // Safe: the last column of the row, which has the lower half of its last byte.
                let code = unsafe stored.load(fromByteOffset: end / 2, as: UInt8.self)
                unsafe place[end - 1] = table[Int(code)].x * factor
              }
            }
          }
        }
      }
    }
  }

  /// Decodes row after row: `spread` decodes the numbers of one between two columns, times a factor;
  /// `isWhole` says whether every block starts at a byte.
  @inline(__always)
  private func decodeRows(
    _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Float>, _ rows: CodedRows,
    _ factors: BlockFactors, isWhole: Bool,
    spread: (
      UnsafeRawPointer, UnsafeMutablePointer<Float>, _ start: Int, _ end: Int, _ factor: Float
    ) -> Void
  ) {
    let columnCount = rows.columnCount
    let isDirect = factors.areOneFactor && block.columns > 1 && isWhole
    // Safe: each row reads its own bytes and writes its own places.
    var (stored, place) = unsafe (source, target)
    for row in rows.range {
      let first = factors.first(ofRow: row)
      if isDirect {
        var start = 0
        for group in first..<first + factors.across {
          let end = start + min(block.columns, columnCount - start)
          unsafe spread(stored, place, start, end, factors.factors[group])
          start = end
        }
      } else {
        unsafe spread(stored, place, 0, columnCount, 1)
        unsafe factors.scale(place, count: columnCount, first: first)
      }
      if let lastFactor {
        // Safe: as above.
        for column in 0..<columnCount { unsafe place[column] *= lastFactor }
      }
      unsafe stored += rowByteCount
      unsafe place += columnCount
    }
  }
}
