import Files
public import Tensors

/// Reads weights, one after the other into the same memory: a matrix of single precision, half a
/// mebibyte of what is stored, and where that is packed, transposed or interleaved, the numbers that
/// it holds: 4 MiB of four bits each, and 2 MiB where they are wanted in BF16.
///
/// Of a tensor that holds more than the weight, only the rows that it lies in are read.
public struct WeightReader: Sendable {
  /// The weight that was read last, row after row.
  public private(set) var matrix = Matrix<Float>(rowCount: 0, columnCount: 0)

  /// The weight that was read last in BF16, row after row.
  package private(set) var bf16Matrix = BF16Matrix(rowCount: 0, columnCount: 0, elements: [])

  private var chunks = ChunkReader()
  private var decoded: [Float] = []
  private var narrowed: [UInt16] = []

  /// Makes a reader without memory.
  public init() {}

  /// Reads a weight and converts it to single precision.
  ///
  /// - Parameter weight: Any weight of a checkpoint.
  /// - Throws: The file's error when the bytes cannot be read; the matrix then holds nothing of
  ///   use.
  /// - Complexity: O(rows * columns); one pass over the bytes.
  public mutating func read(_ weight: Weight) throws {
    try decode(weight) { _ in }
  }

  /// Reads a weight as ``read(_:)`` does, and takes the digest of its bytes on the way.
  ///
  /// - Returns: As ``digest(of:)``.
  /// - Throws: As ``read(_:)``.
  public mutating func readWithDigest(_ weight: Weight) throws -> String {
    var digest = SHA256Digest()
    try decode(weight) { digest.update($0) }
    return digest.finish()
  }

  /// Reads a weight of BF16 numbers into ``bf16Matrix``, and takes the digest of its bytes on the way.
  ///
  /// - Parameter weight: One whose ``Weight/isBF16`` is true.
  /// - Returns: As ``digest(of:)``.
  /// - Throws: As ``read(_:)``.
  /// - Complexity: O(rows * columns); one pass over the bytes.
  package mutating func readBF16WithDigest(_ weight: Weight) throws -> String {
    precondition(weight.isBF16, "\(weight.place) does not hold BF16 numbers")
    if bf16Matrix.rowCount != weight.rowCount || bf16Matrix.columnCount != weight.columnCount {
      // Let go of the old storage first: two large matrices at once are not needed.
      bf16Matrix = BF16Matrix(rowCount: 0, columnCount: 0, elements: [])
      bf16Matrix = BF16Matrix(
        rowCount: weight.rowCount, columnCount: weight.columnCount,
        elements: [UInt16](repeating: 0, count: weight.rowCount * weight.columnCount))
    }
    // Taken out while it is written, so that the closure has it alone.
    var target = BF16Matrix(rowCount: 0, columnCount: 0, elements: [])
    var memory: [Float] = []
    var halves: [UInt16] = []
    swap(&target, &bf16Matrix)
    swap(&memory, &decoded)
    swap(&halves, &narrowed)
    defer {
      swap(&target, &bf16Matrix)
      swap(&memory, &decoded)
      swap(&halves, &narrowed)
    }
    let companions = try weight.companions()
    let arrangement = WeightArrangement(of: weight)
    var coded = CodedRows(
      range: 0..<0, columnCount: arrangement.columnCount, elementType: weight.storedType,
      companions: companions)
    var digest = SHA256Digest()
    try forEachChunk(of: weight) { bytes, rows in
      digest.update(bytes)
      var places = target.elements.mutableSpan
      guard weight.isPacked else {
        // Safe: integers have no padding, and take any value.
        var room = unsafe places.mutableBytes
        return arrangement.place(bytes, rows: rows, into: &room, as: UInt16.self)
      }
      let count = rows.count * arrangement.columnCount
      if memory.count < count { memory = [Float](repeating: 0, count: count) }
      coded.range = rows
      var space = memory.mutableSpan
      var values = space._mutatingExtracting(0..<count)
      weight.numbers.codec.decode(bytes, of: coded, into: &values)
      round(&values, to: .bf16)
      if let start = arrangement.start(ofRows: rows) {
        var row = places._mutatingExtracting(start..<start + count)
        return narrow(memory.span.extracting(0..<count), into: &row)
      }
      if halves.count < count { halves = [UInt16](repeating: 0, count: count) }
      var room16 = halves.mutableSpan
      var row = room16._mutatingExtracting(0..<count)
      narrow(memory.span.extracting(0..<count), into: &row)
      // Safe: integers have no padding, and take any value.
      var room = unsafe places.mutableBytes
      // Safe: integers have no padding.
      arrangement.place(
        unsafe halves.span.bytes.extracting(0..<2 * count), rows: rows, into: &room,
        as: UInt16.self)
    }
    // Safe: bytes have no padding.
    for companion in companions { unsafe digest.update(companion.bytes.span.bytes) }
    return digest.finish()
  }

  /// Computes the SHA-256 digest of the stored bytes that the weight is read from.
  ///
  /// - Returns: 64 hexadecimal digits: of the tensor's bytes where it is the weight alone; otherwise
  ///   of the rows of the values that the weight lies in, and after them of its scales.
  /// - Throws: The file's error when the bytes cannot be read.
  /// - Complexity: O(bytes), in one pass.
  public mutating func digest(of weight: Weight) throws -> String {
    var digest = SHA256Digest()
    try forEachChunk(of: weight) { bytes, _ in digest.update(bytes) }
    for companion in try weight.companions() {
      // Safe: bytes have no padding.
      unsafe digest.update(companion.bytes.span.bytes)
    }
    return digest.finish()
  }

  /// Reads the elements of a weight in their type: as they are stored, row after row, or encoded
  /// where values are packed.
  ///
  /// - Parameter weight: Any weight of a checkpoint, or a tensor of any type whose elements fill
  ///   bytes.
  /// - Returns: The bytes of ``Weight/elementType``.
  /// - Throws: The file's error when the bytes cannot be read.
  /// - Complexity: O(rows * columns); memory for the elements, and of packed values for the matrix.
  public mutating func elements(of weight: Weight) throws -> [UInt8] {
    guard !weight.isPacked else {
      try read(weight)
      return encoded(matrix, as: weight.elementType)
    }
    switch weight.storedType.bitCount {
    case 64: return try elements(of: weight, as: UInt64.self)
    case 32: return try elements(of: weight, as: UInt32.self)
    case 16: return try elements(of: weight, as: UInt16.self)
    default: return try elements(of: weight, as: UInt8.self)
    }
  }

  private mutating func elements<Element: BitwiseCopyable>(
    of weight: Weight, as type: Element.Type
  ) throws -> [UInt8] {
    let arrangement = WeightArrangement(of: weight)
    let width = MemoryLayout<Element>.size
    var elements = [UInt8](repeating: 0, count: weight.rowCount * weight.columnCount * width)
    try forEachChunk(of: weight) { bytes, rows in
      var space = elements.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      arrangement.place(bytes, rows: rows, into: &target, as: type)
    }
    return elements
  }

  private mutating func decode(_ weight: Weight, _ watch: (RawSpan) -> Void) throws {
    resize(rowCount: weight.rowCount, columnCount: weight.columnCount)
    let companions = try weight.companions()
    let arrangement = WeightArrangement(of: weight)
    var coded = CodedRows(
      range: 0..<0, columnCount: arrangement.columnCount, elementType: weight.storedType,
      companions: companions)
    // Taken out while they are written, so that the closure has them alone.
    var target = Matrix<Float>(rowCount: 0, columnCount: 0)
    var memory: [Float] = []
    swap(&target, &matrix)
    swap(&memory, &decoded)
    defer {
      swap(&target, &matrix)
      swap(&memory, &decoded)
    }
    try forEachChunk(of: weight) { bytes, rows in
      watch(bytes)
      coded.range = rows
      let count = rows.count * arrangement.columnCount
      if let start = arrangement.start(ofRows: rows) {
        var space = target.elements.mutableSpan
        var values = space._mutatingExtracting(start..<start + count)
        weight.numbers.codec.decode(bytes, of: coded, into: &values)
        if weight.isPacked { round(&values, to: weight.numberType) }
        return
      }
      if memory.count < count { memory = [Float](repeating: 0, count: count) }
      var space = memory.mutableSpan
      var values = space._mutatingExtracting(0..<count)
      weight.numbers.codec.decode(bytes, of: coded, into: &values)
      if weight.isPacked { round(&values, to: weight.numberType) }
      var places = target.elements.mutableSpan
      // Safe: floats have no padding, and take any value.
      var room = unsafe places.mutableBytes
      // Safe: floats have no padding.
      arrangement.place(
        unsafe memory.span.bytes.extracting(0..<4 * count), rows: rows, into: &room,
        as: Float.self)
    }
    // Safe: bytes have no padding.
    for companion in companions { unsafe watch(companion.bytes.span.bytes) }
  }

  private mutating func resize(rowCount: Int, columnCount: Int) {
    guard matrix.rowCount != rowCount || matrix.columnCount != columnCount else { return }
    // Let go of the old storage first: two large matrices at once are not needed.
    matrix = Matrix(rowCount: 0, columnCount: 0)
    matrix = Matrix(rowCount: rowCount, columnCount: columnCount)
  }

  /// Reads the stored rows that the weight lies in.
  private mutating func forEachChunk(
    of weight: Weight, _ body: (RawSpan, _ rows: Range<Int>) throws -> Void
  ) throws {
    let arrangement = WeightArrangement(of: weight)
    let values = weight.sources[0]
    let leading = weight.expert.map { [$0] } ?? []
    let sliceCount = values.tensor.shape.dropFirst(leading.count).first ?? 1
    let together = weight.numbers.codec.rowsTogether
    let rows = arrangement.rows
    let first = rows.lowerBound / together
    let last = (rows.upperBound + together - 1) / together
    let sliceBits = values.tensor.shape.dropFirst(leading.count + 1)
      .reduce(values.tensor.elementType.bitCount, *)
    let startsAtByte = (first * sliceBits).isMultiple(of: 8) && (last * sliceBits).isMultiple(of: 8)
    // Eight slices fill whole bytes, of whatever size they are.
    let slice = TensorSlice(
      rows: startsAtByte ? first..<last : first / 8 * 8..<min(sliceCount, (last + 7) / 8 * 8),
      leading: leading)
    try chunks.forEachChunk(of: slice, of: values.tensor, in: values.file) { bytes, slices in
      let last = min(arrangement.rowCount, slices.upperBound * together)
      try body(bytes, slices.lowerBound * together..<last)
    }
  }
}

/// Takes the upper halves of floats, which are all of them once they are rounded to BF16.
private func narrow(_ values: Span<Float>, into halves: inout MutableSpan<UInt16>) {
  precondition(values.count == halves.count, "\(values.count) numbers for \(halves.count) places")
  for place in values.indices {
    // Safe: both have the place.
    unsafe halves[unchecked: place] = UInt16(
      truncatingIfNeeded: values[unchecked: place].bitPattern >> 16)
  }
}

extension Weight {
  /// Reads what stands beside the values, as far as it belongs to this expert.
  fileprivate func companions() throws -> [CodedRows.Companion] {
    try sources.dropFirst().map { source in
      let place = source.isShared ? nil : expert
      let shape = Array(source.tensor.shape.dropFirst(place == nil ? 0 : 1))
      let slice =
        if let place, shape.isEmpty {
          // One number for each expert.
          TensorSlice(rows: place..<place + 1)
        } else {
          TensorSlice(rows: 0..<(shape.first ?? 1), leading: place.map { [$0] } ?? [])
        }
      let elementCount = shape.reduce(1, *)
      var bytes = [UInt8](
        repeating: 0, count: elementCount * source.tensor.elementType.bitCount / 8)
      var space = bytes.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      try source.file.read(slice, of: source.tensor, into: &target)
      return CodedRows.Companion(
        elementType: source.tensor.elementType, shape: shape, bytes: bytes)
    }
  }
}

private func encoded(_ matrix: Matrix<Float>, as type: ElementType) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: matrix.elements.count * type.bitCount / 8)
  var space = bytes.mutableSpan
  // Safe: bytes have no padding, and take any value.
  var target = unsafe space.mutableBytes
  encode(matrix.elements.span, as: type, into: &target)
  return bytes
}
