import Foundation
import JSON
import SafetensorsFiles
import Tensors
import Testing

/// Checks that each file of `Fixtures/hostile` raises its error, and that damage never does worse.
@Suite struct HostileCorpusTests {
  /// The error that each file must raise, given its path.
  static let errors: [String: @Sendable (String) -> SafetensorsError] = [
    "empty": { .tooShort(path: $0, actualBytes: 0) },
    "seven-bytes": { .tooShort(path: $0, actualBytes: 7) },
    "header-past-the-end": { .truncated(path: $0, expectedBytes: 1008, actualBytes: 61) },
    "header-length-2-63": { .headerTooLarge(path: $0, headerBytes: 1 << 63) },
    "header-length-zero": { .headerNotAnObject(path: $0, firstByte: nil) },
    "truncated-data": { .truncated(path: $0, expectedBytes: 65, actualBytes: 64) },
    "trailing-bytes": { .unownedBytes(path: $0, count: 1) },

    "gguf": { .foreignFormat(path: $0, format: .gguf) },
    "zip": { .foreignFormat(path: $0, format: .zip) },
    "pickle": { .foreignFormat(path: $0, format: .pickle) },
    "hdf5": { .foreignFormat(path: $0, format: .hdf5) },
    "git-lfs-pointer": { .foreignFormat(path: $0, format: .gitLFSPointer) },

    "not-json": { .headerNotAnObject(path: $0, firstByte: 0x74) },
    "broken-json": {
      invalid($0, nil, 53, .unexpectedByte(0x7D, expected: "a key in double quotes"))
    },
    "text-after-json": { invalid($0, nil, 54, .trailingContent) },
    "array": { .headerNotAnObject(path: $0, firstByte: 0x5B) },
    "invalid-utf8": { invalid($0, nil, 2, .invalidUTF8) },
    "lone-surrogate": { invalid($0, nil, 2, .loneSurrogate) },
    "nested-arrays": { .headerNotAnObject(path: $0, firstByte: 0x5B) },
    "nested-arrays-as-entry": { invalid($0, "x", 5 + 127, .tooDeep(limit: 128)) },
    "nested-arrays-in-entry": { invalid($0, "x", 60 + 126, .tooDeep(limit: 128)) },
    "duplicate-tensor": { .duplicateName(path: $0, name: "x") },
    "duplicate-tensor-escaped": { .duplicateName(path: $0, name: "x") },
    "duplicate-key": { invalid($0, "x", 52, .duplicateKey("shape")) },
    "duplicate-unknown-key": { invalid($0, "x", 62, .duplicateKey("extra")) },
    "duplicate-nested-key": { invalid($0, "x", 67, .duplicateKey("a")) },

    "entry-not-an-object": { .entryNotAnObject(path: $0, tensor: "x", found: "\"U8\"") },
    "missing-dtype": { .missingKey(path: $0, tensor: "x", key: "dtype") },
    "missing-shape": { .missingKey(path: $0, tensor: "x", key: "shape") },
    "missing-offsets": { .missingKey(path: $0, tensor: "x", key: "data_offsets") },
    "unknown-dtype": { .unknownElementType(path: $0, tensor: "x", found: "Q8_0") },
    "dtype-not-a-string": { .unknownElementType(path: $0, tensor: "x", found: "8") },
    "null-shape": { .invalidShape(path: $0, tensor: "x", found: "null") },
    "negative-shape": { .invalidShape(path: $0, tensor: "x", found: "[2,-2]") },
    "fractional-shape": { .invalidShape(path: $0, tensor: "x", found: "[4.0]") },
    "exponent-shape": { .invalidShape(path: $0, tensor: "x", found: "[1e3]") },
    "shape-beyond-int64": {
      .invalidShape(path: $0, tensor: "x", found: "[9223372036854775808]")
    },
    "shape-overflow": { .sizeOverflow(path: $0, tensor: "x", shape: [1 << 32, 1 << 32]) },
    "shape-overflow-bits": { .sizeOverflow(path: $0, tensor: "x", shape: [1 << 60]) },
    "shape-overflow-behind-zero": {
      .sizeOverflow(path: $0, tensor: "x", shape: [0, 1 << 32, 1 << 32])
    },
    "size-mismatch": {
      .sizeMismatch(path: $0, tensor: "x", describedBytes: 5, storedBytes: 4)
    },
    "size-below-place": {
      .sizeMismatch(path: $0, tensor: "x", describedBytes: 3, storedBytes: 4)
    },
    "three-offsets": { .invalidOffsets(path: $0, tensor: "x", found: "with 3 numbers") },
    "negative-offset": { .invalidOffsets(path: $0, tensor: "x", found: "[-4,0]") },
    "fractional-offset": { .invalidOffsets(path: $0, tensor: "x", found: "[0,4.0]") },
    "reversed-offsets": { .reversedOffsets(path: $0, tensor: "x", begin: 4, end: 0) },
    "half-byte": { .brokenByte(path: $0, tensor: "x", elementType: .f4, shape: [7]) },

    "overlap": { .brokenLayout(path: $0, tensor: "y", expectedOffset: 2, actualOffset: 1) },
    "shared-bytes": { .brokenLayout(path: $0, tensor: "y", expectedOffset: 2, actualOffset: 0) },
    "hole": { .brokenLayout(path: $0, tensor: "y", expectedOffset: 2, actualOffset: 3) },
    "first-not-at-zero": {
      .brokenLayout(path: $0, tensor: "x", expectedOffset: 0, actualOffset: 1)
    },
    "offsets-past-the-end": { .truncated(path: $0, expectedBytes: 465, actualBytes: 69) },
    "offsets-near-int64": {
      .brokenLayout(path: $0, tensor: "y", expectedOffset: 2, actualOffset: .max - 2)
    },
    "zero-size-past-the-end": {
      .brokenLayout(path: $0, tensor: "y", expectedOffset: 4, actualOffset: 9)
    },

    "metadata-not-an-object": { .invalidMetadata(path: $0, found: "it is null") },
    "metadata-not-strings": { .invalidMetadata(path: $0, found: "'step' is 5") },
    "metadata-twice": { .duplicateName(path: $0, name: "__metadata__") },
    "metadata-duplicate-key": { invalid($0, "__metadata__", 25, .duplicateKey("a")) },
  ]

  /// The error for a header that breaks at a byte of its JSON text.
  static func invalid(
    _ path: String, _ name: String?, _ byteOffset: Int, _ problem: JSONError.Problem
  ) -> SafetensorsError {
    .invalidHeader(path: path, name: name, JSONError(byteOffset: byteOffset, problem: problem))
  }

  @Test("raises the error of each attack", arguments: errors.keys.sorted())
  func attack(name: String) throws {
    let path = HostileCorpus.path(of: name)
    let expected = try #require(Self.errors[name])
    #expect(throws: expected(path)) { try SafetensorsFile(path: path) }
  }

  @Test("has an error for each file and a file for each error")
  func isComplete() throws {
    #expect(
      try Set(HostileCorpus.names) == Set(Self.errors.keys).union([HostileCorpus.soundName]))
  }

  @Test("refuses a header beyond the limit before reading it")
  func headerBeyondLimit() throws {
    let folder = try ScratchFolder()
    for (length, isTooLarge) in [(100_000_000, false), (100_000_001, true)] {
      let path = try folder.write((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
      // A sparse file, which takes no room on the disk.
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.truncate(atOffset: UInt64(8 + length))
      try handle.close()
      let expected: SafetensorsError =
        isTooLarge
        ? .headerTooLarge(path: path, headerBytes: UInt64(length))
        : .headerNotAnObject(path: path, firstByte: 0)
      #expect(throws: expected) { try SafetensorsFile(path: path) }
    }
  }

  @Test(
    "refuses 100,000 nested objects and mixtures in every place",
    arguments: ["{\"x\":N}", "{\"x\":{\"shape\":N}}", "{\"x\":{\"k\":N}}", "{\"__metadata__\":N}"],
    [("{\"\":", "}"), ("[{\"\":", "}]")])
  func nestedObjects(place: String, brackets: (open: String, close: String)) throws {
    let folder = try ScratchFolder()
    let nested =
      String(repeating: brackets.open, count: 100_000) + "1"
      + String(repeating: brackets.close, count: 100_000)
    let text = place.replacingOccurrences(of: "N", with: nested)
    let path = try folder.write(framed(text))
    do {
      _ = try SafetensorsFile(path: path)
      Issue.record("a header 100,000 deep was read")
    } catch .invalidHeader(_, _, let error) {
      #expect(error.problem == .tooDeep(limit: 128))
    }
  }

  // MARK: Fuzz

  @Test("reads or refuses 2,000 damaged files, and never crashes", arguments: 0..<UInt64(4))
  func fuzz(seed: UInt64) throws {
    let sound = try contents(of: HostileCorpus.path(of: HostileCorpus.soundName))
    let folder = try ScratchFolder()
    var random = SplitMix(state: seed)
    var refusedCount = 0
    for round in 0..<500 {
      var bytes = sound
      let index = Int.random(in: 0..<bytes.count, using: &random)
      // Three of four are mutations; most places are in the header.
      if round % 4 == 0 {
        bytes.removeSubrange(index...)
      } else {
        bytes[index] ^= UInt8.random(in: 1...255, using: &random)
      }
      let path = try folder.write(bytes)
      do throws(SafetensorsError) {
        let file = try SafetensorsFile(path: path)
        #expect(bytes.count == sound.count, "a file cut to \(bytes.count) bytes was read")
        #expect(file.tensors.map(\.byteCount).reduce(0, +) == 79)
        for tensor in file.tensors {
          #expect(throws: Never.self) { try file.bytes(of: tensor) }
        }
      } catch {
        refusedCount += 1
        #expect(error.description.hasPrefix(path + ": "))
      }
    }
    // Every truncation is refused, and some mutations are; those of data and of names are not.
    #expect((125..<500).contains(refusedCount))
  }
}

/// A small generator with a seed.
///
/// Source: G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
