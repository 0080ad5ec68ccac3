import Captures
import Tensors
import TestSupport
import Testing

/// Checks the contract of ``ActivationReader``: the right rows, few reads, small memory.
@Suite struct ActivationReaderTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Rows of 2 KiB: 256 of them fill a chunk of half a mebibyte, 8 of them a gap of 16 KiB.
  static let width = 512
  static let rowCount = 4000

  static func rows(of file: WatchedFile) -> ActivationRows {
    ActivationRows(file: file, tensor: file.tensor)
  }

  static func expect(_ matrix: Matrix<Float>, holds places: [Int], of file: WatchedFile) {
    #expect(matrix.rowCount == places.count)
    #expect(matrix.columnCount == width)
    let expected = places.flatMap { place in (0..<width).map { file.value(place, $0) } }
    #expect(matrix.elements == expected)
  }

  @Test(
    "reads blocks of rows, also longer than a chunk",
    arguments: [0..<0, 0..<1, 17..<18, 3999..<4000, 5..<261, 100..<1000, 0..<4000])
  func block(range: Range<Int>) throws {
    let file = WatchedFile(rowCount: Self.rowCount, width: Self.width)
    var reader = ActivationReader()
    let matrix = try reader.read(range, of: Self.rows(of: file))
    Self.expect(matrix, holds: Array(range), of: file)
    // Half a mebibyte at a time, whatever is asked for.
    #expect(file.reads.allSatisfy { $0.count <= 256 })
  }

  @Test("reads into a matrix that is used again, and into one of another size")
  func reuse() throws {
    let file = WatchedFile(rowCount: Self.rowCount, width: Self.width)
    var reader = ActivationReader()
    var matrix = Matrix<Float>(rowCount: 100, columnCount: Self.width)
    let before = address(of: matrix)
    try reader.read(200..<300, of: Self.rows(of: file), into: &matrix)
    let after = address(of: matrix)
    #expect(before == after)
    Self.expect(matrix, holds: Array(200..<300), of: file)
    try reader.read(7..<10, of: Self.rows(of: file), into: &matrix)
    Self.expect(matrix, holds: [7, 8, 9], of: file)
  }

  @Test("uses the memory of a block again that nobody holds, and leaves alone what is held")
  func blocks() throws {
    let file = WatchedFile(rowCount: Self.rowCount, width: Self.width)
    let rows = Self.rows(of: file)
    var reader = ActivationReader()
    // What is freed in between is taken at once by an array of the same size.
    var others: [[Float]] = []
    let addresses = try (0..<3).map { number in
      let address = address(of: try reader.read(number * 100..<number * 100 + 100, of: rows))
      others.append([Float](repeating: 1, count: 100 * Self.width))
      return address
    }
    #expect(others.count == 3)
    #expect(Set(addresses).count == 1)

    let held = try reader.read(0..<100, of: rows)
    let next = try reader.read(100..<200, of: rows)
    Self.expect(held, holds: Array(0..<100), of: file)
    Self.expect(next, holds: Array(100..<200), of: file)
  }

  /// Where the elements lie, to see whether they were moved.
  private func address(of matrix: Matrix<Float>) -> Int {
    // Safe: the address is compared only, never followed.
    unsafe matrix.elements.withUnsafeBufferPointer {
      Int(bitPattern: $0.baseAddress)
    }
  }

  /// Places, and the reads that they should take.
  static let choices: [(places: [Int], reads: [Range<Int>])] = [
    ([], []),
    ([3999], [3999..<4000]),
    // Neighbours are one read.
    ([4, 5, 6], [4..<7]),
    // A gap of 8 rows is 16 KiB and read through; one of 9 is not.
    ([10, 19, 28], [10..<29]),
    ([10, 20, 30], [10..<11, 20..<21, 30..<31]),
    ([0, 1, 5, 100, 101], [0..<6, 100..<102]),
    // A run longer than a piece goes to its place by itself; what is close after it does not join.
    (Array(0..<300) + [302, 304], [0..<256, 256..<300, 302..<305]),
  ]

  @Test("reads chosen rows: close ones together, far ones apart", arguments: choices)
  func chosen(places: [Int], reads: [Range<Int>]) throws {
    let file = WatchedFile(rowCount: Self.rowCount, width: Self.width)
    var reader = ActivationReader()
    let matrix = try reader.read(rowsAt: places, of: Self.rows(of: file))
    Self.expect(matrix, holds: places, of: file)
    #expect(file.reads == reads)
  }

  @Test(
    "reads evenly sampled rows in pieces that fit the memory",
    arguments: [1, 7, 399, 445, 1000, 2001, 3999, 4000])
  func sampled(count: Int) throws {
    let file = WatchedFile(rowCount: Self.rowCount, width: Self.width)
    let places = evenlySampled(count, of: Self.rowCount)
    var reader = ActivationReader()
    let matrix = try reader.read(rowsAt: places, of: Self.rows(of: file))
    Self.expect(matrix, holds: places, of: file)
    #expect(file.reads.allSatisfy { $0.count <= 256 })
    // Every 10th row is a gap of 9; every 9th is near enough.
    if count >= 445 { #expect(file.reads.count <= 4000 / 256 + 1 + 4000 / 256) }
    if count <= 399 { #expect(file.reads.count == count) }
  }

  @Test("reads rows that are longer than a piece")
  func longRows() throws {
    let file = WatchedFile(rowCount: 5, width: 200_000)
    var reader = ActivationReader()
    let matrix = try reader.read(rowsAt: [1, 3, 4], of: Self.rows(of: file))
    for (row, place) in [1, 3, 4].enumerated() {
      #expect(matrix[row, 0] == file.value(place, 0))
      #expect(matrix[row, 199_999] == file.value(place, 199_999))
    }
    #expect(file.reads.allSatisfy { $0.count == 1 } && file.reads.count == 3)
  }

  @Test("reads chosen rows of files in every form", arguments: ToyCapture.Form.allCases)
  func forms(form: ToyCapture.Form) throws {
    let path = try ToyCapture().written(as: form, in: folder)
    let input = try #require(try Capture(path: path).layer(2)?.input)
    var reader = ActivationReader()
    let all = try reader.read(0..<11, of: input)
    let some = try reader.read(rowsAt: [0, 3, 4, 10], of: input)
    #expect(some.elements == [0, 3, 4, 10].flatMap { row in (0..<4).map { all[row, $0] } })
  }

  // MARK: Values that are not finite

  /// Types, values, and whether they are NaN in single precision.
  static let badValues: [(ElementType, Double, Bool)] = [
    (.f16, .infinity, false), (.f16, .nan, true), (.bf16, -.infinity, false), (.bf16, .nan, true),
    (.f32, .infinity, false), (.f32, .nan, true), (.f64, -.infinity, false), (.f64, .nan, true),
    // Finite in the file, but not in single precision.
    (.f64, 3.5e38, false),
  ]

  @Test("names the token and column of a value that is not finite", arguments: badValues)
  func notFinite(type: ElementType, value: Double, isNaN: Bool) throws {
    var toy = ToyCapture(type: type)
    // The last of several is not the one that is named.
    var values = exactRandomValues(count: 44, seed: 1)
    values[7 * 4 + 2] = value
    values[9 * 4] = .nan
    toy["layers.2.moe_input"] = ToyTensor("layers.2.moe_input", type, [11, 4], values: values)
    let path = try toy.written(in: folder)
    let input = try #require(try Capture(path: path).layer(2)?.input)
    var reader = ActivationReader()
    let error = CaptureError.notFinite(
      path: path, tensor: "layers.2.moe_input", token: 7, column: 2, isNaN: isNaN,
      elementType: type)
    #expect(throws: error) { try reader.read(0..<11, of: input) }
    #expect(throws: error) { try reader.read(5..<9, of: input) }
    #expect(throws: error) { try reader.read(rowsAt: [1, 6, 7, 9], of: input) }
    // Rows that nobody asked for are not looked at.
    #expect(try reader.read(0..<7, of: input).rowCount == 7)
    #expect(try reader.read(rowsAt: [6, 8, 10], of: input).rowCount == 3)
  }

  @Test("takes the largest values of each type", arguments: [ElementType.f16, .bf16, .f32, .f64])
  func largest(type: ElementType) throws {
    // The last finite value: (2 - 2^-p) * 2^e for p bits after the point.
    let largest: Double =
      switch type {
      case .f16: 65504
      case .bf16: (2 - 0x1p-7) * 0x1p127
      default: Double(Float.greatestFiniteMagnitude)
      }
    var toy = ToyCapture(type: type)
    let values = (0..<44).map { $0.isMultiple(of: 2) ? largest : -largest }
    toy["layers.2.moe_input"] = ToyTensor("layers.2.moe_input", type, [11, 4], values: values)
    let path = try toy.written(in: folder)
    let input = try #require(try Capture(path: path).layer(2)?.input)
    var reader = ActivationReader()
    #expect(try reader.read(0..<11, of: input).elements == values.map(Float.init))
  }

  // MARK: Traps

  @Test("traps for rows that are not there")
  func outside() async {
    await #expect(processExitsWith: .failure) {
      let file = WatchedFile(rowCount: 4, width: 2)
      var reader = ActivationReader()
      _ = try reader.read(3..<5, of: ActivationReaderTests.rows(of: file))
    }
    await #expect(processExitsWith: .failure) {
      let file = WatchedFile(rowCount: 4, width: 2)
      var reader = ActivationReader()
      _ = try reader.read(rowsAt: [1, 4], of: ActivationReaderTests.rows(of: file))
    }
  }

  @Test("traps for rows that do not ascend")
  func order() async {
    await #expect(processExitsWith: .failure) {
      let file = WatchedFile(rowCount: 4, width: 2)
      var reader = ActivationReader()
      _ = try reader.read(rowsAt: [2, 2], of: ActivationReaderTests.rows(of: file))
    }
  }
}
