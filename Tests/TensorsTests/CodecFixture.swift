import Foundation
import Tensors
import TestSupport

/// A packed matrix with what another program makes of it, from `Fixtures/codecs/`.
struct CodecFixture: Decodable, Sendable {
  /// A stored tensor.
  struct Part: Decodable {
    var type: String
    var shape: [Int]
    var bytes: Data

    var elementType: ElementType { ElementType(rawValue: type)! }
  }

  /// What config.json says.
  struct Notes: Decodable {
    var method: String?
    var block: [Int]?
    var groupSize: Int?
    var bitCount: Int?
    var version: String?
  }

  /// Numbers in fewer bits.
  struct Rounded: Decodable {
    var type: String
    var bytes: Data
  }

  var source: String
  var packing: String
  var rows: Int
  var columns: Int
  var notes: Notes
  var values: Part
  var companions: [String: Part]
  var float32: Data
  var rounded: Rounded?

  /// The names of all fixtures.
  static let names = try! FileManager.default
    .contentsOfDirectory(atPath: Fixture.url("codecs").path)
    .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()

  init(named name: String) throws {
    self = try Fixture.decode(from: "codecs/\(name).json")
  }

  /// What there is of the matrix.
  var stored: PackedMatrix {
    var notes = QuantizationNotes()
    notes.method = self.notes.method
    notes.block = self.notes.block
    notes.groupSize = self.notes.groupSize
    notes.bitCount = self.notes.bitCount
    notes.version = self.notes.version
    var parts: [CompanionRole: PackedMatrix.Part] = [:]
    for (role, part) in companions {
      parts[CompanionRole(rawValue: role)!] = .init(part.elementType, part.shape)
    }
    return PackedMatrix(
      rowCount: rows, columnCount: columns, values: .init(values.elementType, values.shape),
      companions: parts, notes: notes)
  }

  /// The packing that it is stored in.
  var itsPacking: any Packing { Packings.all.first { $0.name == packing }! }

  /// The numbers that the other program makes.
  var expected: [Float] { float32.floats(of: .f32) }

  /// Decodes some rows, as a reader does: with the places along the first axis that they lie in.
  func decoded(_ range: Range<Int>, with codec: any Codec) -> [Float] {
    let placeCount = (codec.valuesAs?.shape ?? values.shape)[0]
    let width = placeCount == 0 ? 0 : values.bytes.count / placeCount
    let together = codec.rowsTogether
    let places = range.lowerBound / together..<(range.upperBound + together - 1) / together
    let bytes = [UInt8](values.bytes)[places.lowerBound * width..<places.upperBound * width]
    let coded = CodedRows(
      range: range, rowCount: rows, columnCount: columns,
      elementType: codec.valuesAs?.elementType ?? values.elementType,
      companions: codec.companions.map { role in
        let part = companions[role.rawValue]!
        return .init(elementType: part.elementType, shape: part.shape, bytes: [UInt8](part.bytes))
      })
    // A number that was never written would show as this one.
    var found = [Float](repeating: 12345, count: range.count * columns)
    var space = found.mutableSpan
    // Safe: bytes have no padding.
    codec.decode(unsafe Array(bytes).span.bytes, of: coded, into: &space)
    return found
  }

  /// Decodes all of it.
  func decoded() throws -> [Float]? {
    try itsPacking.codec(of: stored).map { decoded(0..<rows, with: $0) }
  }
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
