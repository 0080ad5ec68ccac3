import Checkpoints
import Experts
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks conversions of checkpoints whose layers or experts differ from each other.
@Suite struct UnequalLayersTests {
  private func toy() -> ToyCheckpoint {
    .normal(layers: 2, experts: 4, hidden: 24, width: 20)
  }

  private func expectRoundTrip(
    of toy: ToyCheckpoint, layers: [Int]? = nil, unitCount: Int
  ) async throws {
    let conversion = try await ToyConversion(of: toy, .basic(rank: 3) { $0.layers = layers })
    #expect(conversion.summary.units.count == unitCount)
    try await conversion.expectSound()
    try expectSameTensors(
      storedTensors(in: try await conversion.merged()), storedTensors(in: conversion.input.path))
  }

  @Test("layers with different numbers of experts, exact and back")
  func pruned() async throws {
    var toy = toy()
    toy.tensors.removeAll { $0.name.hasPrefix("model.layers.1.mlp.experts.3.") }
    let router = "model.layers.1.mlp.gate.weight"
    toy[router] = ToyTensor(router, .bf16, [3, 24], seed: 5)
    try await expectRoundTrip(of: toy, unitCount: 6)
  }

  @Test("experts without a gate, exact and back")
  func ungated() async throws {
    var toy = toy()
    toy.tensors.removeAll { $0.name.contains("gate_proj") }
    try await expectRoundTrip(of: toy, unitCount: 4)
  }

  @Test("a layer past the model's own is converted where it is asked for, and carried otherwise")
  func furtherLayers() async throws {
    var toy = toy()
    toy.config["num_hidden_layers"] = 1
    try await expectRoundTrip(of: toy, unitCount: 3)
    try await expectRoundTrip(of: toy, layers: [0, 1], unitCount: 6)
  }

  @Test("of two widths the first experts are converted, the others carried")
  func twoWidths() async throws {
    var toy = toy()
    for expert in 2...3 { toy.narrow(expert) }
    try await expectRoundTrip(of: toy, unitCount: 6)
  }

  @Test("experts of two widths in turn are refused by name")
  func inTurn() async throws {
    var toy = toy()
    for expert in [0, 2] { toy.narrow(expert) }
    let folder = try toy.written()
    #expect(
      throws: DecouplingError.scatteredExperts(
        path: folder.path, layer: 0, width: 20, experts: [1, 3])
    ) {
      try ConversionPlan(
        for: Checkpoint(path: folder.path), options: .basic(rank: 3), version: "test")
    }
  }
}

extension ToyCheckpoint {
  /// Makes an expert of layer 0 narrower than the others.
  fileprivate mutating func narrow(_ expert: Int) {
    for projection in Projection.allCases {
      let name = "model.layers.0.mlp.experts.\(expert).\(projection.rawValue).weight"
      self[name] = ToyTensor(
        name, .bf16, projection == .down ? [24, 12] : [12, 24], seed: UInt64(expert))
    }
  }
}
