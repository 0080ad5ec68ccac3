import Captures
import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// Checks what a sound capture yields, against what h5py reads in the same files.
@Suite struct CaptureTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  struct Golden: Decodable {
    let source: String
    let values: [String: [Float]]
  }

  static let files = [
    "nested.h5", "dotted-packed.h5", "slashes.safetensors", "dots.safetensors",
  ]

  @Test("holds what h5py reads, in either format and spelling", arguments: files)
  func values(name: String) throws {
    let golden: Golden = try Fixture.decode(from: "captures/sound.json")
    let path = Fixture.url("captures/\(name)").path
    let capture = try Capture(path: path)
    #expect(capture.path == path)
    #expect(capture.hiddenSize == 4)
    #expect(capture.model == (name == "dots.safetensors" ? nil : "toy"))
    #expect(capture.tokenCount == 11)
    #expect(capture.sequences == [0..<5, 5..<6, 6..<11])
    #expect(capture.layers.map(\.index) == [0, 2, 3, 10])
    #expect(capture.layer(10)?.index == 10)
    #expect(capture.layer(1) == nil)

    var reader = ActivationReader()
    var read: [String: [Float]] = [:]
    for layer in capture.layers {
      for rows in [layer.input, layer.routerLogits, layer.shuffledInput].compactMap({ $0 }) {
        let matrix = try reader.read(0..<rows.rowCount, of: rows)
        #expect(matrix.rowCount == 11 && matrix.columnCount == rows.width)
        #expect(rows.place == "\(path): tensor '\(rows.tensor.name)'")
        read[rows.tensor.name.replacing("/", with: ".")] = matrix.elements
      }
    }
    #expect(read == golden.values, "\(golden.source)")
    #expect(capture.layer(3)?.routerLogits == nil && capture.layer(3)?.shuffledInput == nil)
  }

  @Test("each layer may have a number of experts of its own")
  func unequalLayers() throws {
    var toy = ToyCapture()
    let name = "layers.2.router_logits"
    toy[name] = ToyTensor(name, .f32, [ToyCapture.tokenCount, 2], seed: 9)
    let capture = try Capture(path: toy.written(in: folder))
    #expect(capture.layers.map { $0.routerLogits?.width } == [3, 2])
  }

  struct Trained: Decodable {
    struct Matrix: Decodable {
      let shape: [Int]
      let sha256: String
    }
    struct Model: Decodable {
      let hiddenSize: Int
      let model: String
      let sequenceOffsets: [Int]
      let tensors: [String: Matrix]
    }
    let source: String
    let models: [String: Model]
  }

  @Test(
    "holds the activations of a trained model as h5py reads them",
    arguments: ["qwen2-moe-tiny", "deepseek-v2-tiny"])
  func trained(name: String) throws {
    let golden: Trained = try Fixture.decode(from: "captures/trained.json")
    let model = try #require(golden.models[name])
    let capture = try Capture(path: Fixture.url("\(name)/captures/activations.h5").path)
    #expect(capture.hiddenSize == model.hiddenSize)
    #expect(capture.model == model.model)
    #expect([0] + capture.sequences.map(\.upperBound) == model.sequenceOffsets)
    #expect(capture.tokenCount == model.sequenceOffsets.last)

    var reader = ActivationReader()
    var count = 0
    for layer in capture.layers {
      for rows in [layer.input, layer.routerLogits, layer.shuffledInput].compactMap({ $0 }) {
        let expected = try #require(model.tensors[rows.tensor.name])
        #expect([rows.rowCount, rows.width] == expected.shape)
        let values = try reader.read(0..<rows.rowCount, of: rows).elements
        let bytes = values.flatMap { value in
          (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
        }
        #expect(sha256(of: bytes) == expected.sha256, "\(rows.place), \(golden.source)")
        count += 1
      }
    }
    #expect(count == model.tensors.count)
  }

  @Test("is read in every form that is written here", arguments: ToyCapture.Form.allCases)
  func forms(form: ToyCapture.Form) throws {
    let toy = ToyCapture(type: .bf16)
    let path = try toy.written(as: form, in: folder)
    let capture = try Capture(path: path)
    #expect(capture.sequences == [0..<5, 5..<6, 6..<11])
    #expect(capture.layers.map(\.index) == [0, 2])
    var reader = ActivationReader()
    let logits = try #require(capture.layer(2)?.routerLogits)
    let values = try reader.read(0..<11, of: logits).elements
    #expect(values == exactRandomValues(count: 33, seed: 2 << 8 + 1).map(Float.init))
  }

  static let allIntegers: [ElementType] = [.i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8]

  @Test(
    "takes integers of any type", arguments: allIntegers,
    [ToyCapture.Form.safetensors, .hdf5Nested])
  func integerTypes(type: ElementType, form: ToyCapture.Form) throws {
    var toy = ToyCapture()
    toy["sequence_offsets"] = integers("sequence_offsets", ToyCapture.offsets, type)
    toy["shuffled.permutation"] = integers("shuffled.permutation", ToyCapture.permutation, type)
    toy["tokens"] = integers("tokens", Array(0..<11), type)
    let path = try toy.written(as: form, in: folder)
    #expect(try Capture(path: path).sequences == [0..<5, 5..<6, 6..<11])
  }

  @Test("needs no attribute, no logits, no tokens and no shuffled pass")
  func least() throws {
    var toy = ToyCapture()
    toy.attributes = [:]
    for name in toy.tensors.map(\.name) where name.first == "s" || name.first == "t" {
      if name != "sequence_offsets" { toy[name] = nil }
    }
    toy["layers.0.router_logits"] = nil
    toy["layers.2.router_logits"] = nil
    let path = try toy.written(in: folder)
    let capture = try Capture(path: path)
    #expect(capture.hiddenSize == 4)
    #expect(capture.model == nil)
    #expect(capture.layers.count == 2)
    #expect(capture.layers.allSatisfy { $0.routerLogits == nil && $0.shuffledInput == nil })
  }

  @Test("checks a permutation over more tokens than one block of numbers")
  func longPermutation() throws {
    // Two blocks of 65,536 numbers and a bit, and sequences whose ends are not on a block or word.
    let lengths = [70_001, 1, 64, 65, 70_000]
    let count = lengths.reduce(0, +)
    var toy = ToyCapture()
    toy.attributes = [:]
    toy.tensors = [
      integers("sequence_offsets", lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }),
      integers("shuffled.permutation", lengths.flatMap { (0..<$0).reversed() }, .i32),
      ToyTensor("layers.0.moe_input", .f16, [count, 4], seed: 1),
      ToyTensor("shuffled.layers.0.moe_input", .f16, [count, 4], seed: 2),
    ]
    let sound = try toy.written(in: folder)
    #expect(try Capture(path: sound).sequences.map(\.count) == lengths)

    // The last place of the last sequence, in the third block, named twice.
    var permutation = lengths.flatMap { Array((0..<$0).reversed()) }
    permutation[count - 1] = 69_999
    toy["shuffled.permutation"] = integers("shuffled.permutation", permutation, .i32)
    let broken = try toy.written(in: folder)
    #expect(
      throws: CaptureError.permutationRepeats(
        path: broken, tensor: "shuffled.permutation", place: count - 1, value: 69_999)
    ) { try Capture(path: broken) }
  }

  @Test("identity is the same for a copy, and tells other content apart")
  func identity() throws {
    let first = try ToyCapture().written(in: folder)
    let copy = try ToyCapture().written(named: "copy", in: folder)
    var changed = ToyCapture()
    changed["layers.2.router_logits"] = ToyTensor("layers.2.router_logits", .f32, [11, 3], seed: 9)
    let other = try changed.written(named: "other", in: folder)
    let identity = try Capture(path: first).identity()
    #expect(try Capture(path: copy).identity() == identity)
    #expect(try Capture(path: other).identity() != identity)
  }
}
