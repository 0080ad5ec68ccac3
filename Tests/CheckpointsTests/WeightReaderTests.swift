import Checkpoints
import Experts
import Foundation
import HDF5Files
import TestSupport
import Tensors
import Testing

/// Checks the reading of weights against values that the tests encode themselves.
@Suite struct WeightReaderTests {
  static let types = [ElementType.f64, .f32, .f16, .bf16]
  static let forms = ["single", "dotted", "nested"]

  @Test("reads every element, whatever the type and the file", arguments: types, forms)
  func values(type: ElementType, form: String) throws {
    // 1001 x 300: several chunks in each type, the last one not full.
    let shape = [1001, 300]
    let expected = exactRandomValues(count: 1001 * 300, seed: 5)
    var toy = ToyCheckpoint.olmoe(hidden: 300, width: 1001)
    toy.tensors[1] = ToyTensor(toy.tensors[1].name, type, shape, values: expected)
    let folder = try toy.written(
      as: form == "single" ? .single : .hdf5(form == "dotted" ? .dotted : .nested))
    let weight = try gate(of: Checkpoint(path: folder.path))
    var reader = WeightReader()
    try reader.read(weight)
    #expect(reader.matrix.rowCount == 1001)
    #expect(reader.matrix.columnCount == 300)
    #expect(reader.matrix.elements == expected.map { Float($0) })
  }

  @Test("reads rows longer than the piece that is read at a time")
  func longRows() throws {
    let expected = exactRandomValues(count: 3 * 150_000, seed: 6)
    var toy = ToyCheckpoint.olmoe(hidden: 150_000, width: 3)
    toy.tensors[1] = ToyTensor(toy.tensors[1].name, .f32, [3, 150_000], values: expected)
    let folder = try toy.written()
    var reader = WeightReader()
    try reader.read(try gate(of: Checkpoint(path: folder.path)))
    #expect(reader.matrix.elements == expected.map { Float($0) })
  }

  @Test("F64 is rounded to the nearest single-precision value")
  func rounding() throws {
    let expected = (0..<48).map { 1.1 + Double($0) / 3 }
    var toy = ToyCheckpoint.olmoe(hidden: 8, width: 6)
    toy.tensors[1] = ToyTensor(toy.tensors[1].name, .f64, [6, 8], values: expected)
    let folder = try toy.written()
    var reader = WeightReader()
    try reader.read(try gate(of: Checkpoint(path: folder.path)))
    #expect(reader.matrix.elements == expected.map { Float($0) })
  }

  @Test("is used again for other shapes and types, larger and smaller")
  func reuse() throws {
    var toy = ToyCheckpoint.deepseek()
    let name = "model.layers.2.mlp.experts.0.gate_proj.weight"
    toy[name] = ToyTensor(name, .f64, [6, 8], seed: 77)
    let folder = try toy.written()
    let weights = try Checkpoint(path: folder.path).layers.flatMap(\.weights)
    let shapes = Set(weights.map(\.shape))
    #expect(shapes == [[3, 8], [6, 8], [8, 6], [12, 8], [8, 12]])
    var shared = WeightReader()
    for weight in weights + weights.reversed() {
      var fresh = WeightReader()
      try fresh.read(weight)
      try shared.read(weight)
      #expect(shared.matrix == fresh.matrix, "\(weight.name)")
    }
  }

  @Test("a file cut short while it is open is an error that names file and tensor")
  func truncated() throws {
    let toy = ToyCheckpoint.olmoe(hidden: 300, width: 1001)
    for form in [ToyCheckpoint.Form.single, .hdf5(.dotted)] {
      let folder = try toy.written(as: form)
      let weight = try gate(of: Checkpoint(path: folder.path))
      var reader = WeightReader()
      try reader.read(weight)
      let handle = try #require(FileHandle(forWritingAtPath: weight.path))
      try handle.truncate(atOffset: 20_000)
      try handle.close()
      let error = #expect(throws: (any Error).self) { try reader.read(weight) }
      let message = error.map { "\($0)" } ?? ""
      #expect(message.hasPrefix(weight.path + ": "))
      #expect(message.contains("'\(weight.name)'"))
    }
  }

  private func gate(of checkpoint: Checkpoint) throws -> Weight {
    try #require(checkpoint.layers[0].experts[.gate]?[0]).get()
  }
}

extension ToyCheckpoint {
  /// One layer of OLMoE with one expert, gate_proj being tensor 1.
  fileprivate static func olmoe(hidden: Int, width: Int) -> ToyCheckpoint {
    var toy = of("olmoe", layerCount: 1)
    toy.config["hidden_size"] = JSONText(integerLiteral: hidden)
    toy.config["intermediate_size"] = JSONText(integerLiteral: width)
    toy.config["num_experts"] = 1
    toy.addLayer(0, experts: 1, hidden: hidden, width: width)
    return toy
  }
}
