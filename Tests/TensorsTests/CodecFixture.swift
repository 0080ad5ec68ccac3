import Foundation
import Tensors
import TestSupport

/// A packed matrix with what another program makes of it, from `Fixtures/codecs/`.
struct CodecFixture: Sendable {
  /// A stored tensor.
  struct Part: Sendable {
    var type: ElementType
    var shape: [Int]
    var bytes: Data
  }

  /// The program that made the reference.
  let source: String
  /// The packing that the matrix is stored in.
  let packing: any Packing
  var rowCount: Int
  var columnCount: Int
  var notes = QuantizationNotes()
  var values: Part
  var companions: [CompanionRole: Part]
  /// The numbers that the program makes in single precision.
  let expected: [Float]
  /// Those that it makes in the type that it usually would; nil where that is not known.
  let rounded: (type: ElementType, numbers: [Float])?

  /// The names of all fixtures.
  static let names =
    ((try? FileManager.default.contentsOfDirectory(
      atPath: Fixture.url("codecs").path)) ?? [])
    .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()

  init(named name: String) throws {
    let file = try Fixture.decode(File.self, from: "codecs/\(name).json")
    source = file.source
    packing = try found(Packings.all.first { $0.name == file.packing }, file.packing)
    (rowCount, columnCount) = (file.rows, file.columns)
    notes.method = file.notes.method
    notes.block = file.notes.block
    notes.groupSize = file.notes.groupSize
    notes.bitCount = file.notes.bitCount
    notes.version = file.notes.version
    values = try file.values.part()
    companions = [:]
    for (role, part) in file.companions {
      companions[try found(CompanionRole(rawValue: role), role)] = try part.part()
    }
    expected = file.float32.floats(of: .f32)
    rounded = try file.rounded.map { rounded in
      let type = try found(ElementType(rawValue: rounded.type), rounded.type)
      return (type, rounded.bytes.floats(of: type))
    }
  }

  /// What there is of the matrix.
  var stored: PackedMatrix {
    PackedMatrix(
      rowCount: rowCount, columnCount: columnCount, values: .init(values.type, values.shape),
      companions: companions.mapValues { .init($0.type, $0.shape) }, notes: notes)
  }

  /// Decodes some rows, as a reader does: with the places along the first axis that they lie in.
  func decoded(_ range: Range<Int>, with codec: any Codec) -> [Float] {
    let placeCount = (codec.valuesAs?.shape ?? values.shape)[0]
    let width = values.bytes.count / max(1, placeCount)
    let together = codec.rowsTogether
    let places = range.lowerBound / together..<(range.upperBound + together - 1) / together
    let bytes = [UInt8](values.bytes[places.lowerBound * width..<places.upperBound * width])
    let coded = CodedRows(
      range: range, columnCount: columnCount,
      elementType: codec.valuesAs?.elementType ?? values.type,
      companions: codec.companions.compactMap { role in
        companions[role].map {
          .init(elementType: $0.type, shape: $0.shape, bytes: [UInt8]($0.bytes))
        }
      })
    // A number that was never written would show as this one.
    var found = [Float](repeating: 12345, count: range.count * columnCount)
    var space = found.mutableSpan
    // Safe: bytes have no padding.
    codec.decode(unsafe bytes.span.bytes, of: coded, into: &space)
    return found
  }

  /// Decodes all of it; nil where its packing does not read it.
  func decoded() throws -> [Float]? {
    try packing.codec(of: stored).map { decoded(0..<rowCount, with: $0) }
  }

  /// The numbers that the program makes of some rows.
  func expected(ofRows range: Range<Int>) -> [Float] {
    Array(expected[range.lowerBound * columnCount..<range.upperBound * columnCount])
  }
}

/// What a file says.
private struct File: Decodable {
  struct Part: Decodable {
    let type: String
    let shape: [Int]
    let bytes: Data

    func part() throws -> CodecFixture.Part {
      CodecFixture.Part(
        type: try found(ElementType(rawValue: type), type), shape: shape, bytes: bytes)
    }
  }

  struct Notes: Decodable {
    let method: String?
    let block: [Int]?
    let groupSize: Int?
    let bitCount: Int?
    let version: String?
  }

  struct Rounded: Decodable {
    let type: String
    let bytes: Data
  }

  let source: String
  let packing: String
  let rows: Int
  let columns: Int
  let notes: Notes
  let values: Part
  let companions: [String: Part]
  let float32: Data
  let rounded: Rounded?
}

/// What a fixture calls something that is not there.
private struct Unknown: Error {
  let name: String
}

private func found<Value>(_ value: Value?, _ name: String) throws -> Value {
  guard let value else { throw Unknown(name: name) }
  return value
}

extension Data {
  /// Its plain numbers.
  func floats(of type: ElementType) -> [Float] {
    var numbers = [Float](repeating: 0, count: count * 8 / type.bitCount)
    var space = numbers.mutableSpan
    // Safe: bytes have no padding.
    decode(unsafe [UInt8](self).span.bytes, of: type, into: &space)
    return numbers
  }
}

extension [Float] {
  /// The first place where the bits differ, any NaN counting as one, in words.
  func firstDifference(from expected: [Float]) -> String? {
    guard count == expected.count else { return "\(count) numbers, not \(expected.count)" }
    let place = indices.first { index in
      let (one, other) = (self[index], expected[index])
      return one.bitPattern != other.bitPattern && !(one.isNaN && other.isNaN)
    }
    return place.map { "at \($0): \(self[$0]), not \(expected[$0])" }
  }
}
