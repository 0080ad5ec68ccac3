import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// gate_proj and up_proj are width x hidden, down_proj is hidden x width.
struct ToyShape: Sendable, CustomTestStringConvertible {
  let experts: Int
  let hidden: Int
  let width: Int
  let rank: Int
  var testDescription: String { "\(experts) experts, \(width) x \(hidden), rank \(rank)" }
}

/// A way to split.
struct ToySplit: Sendable, CustomTestStringConvertible {
  let bases: SDMoEForm.Bases
  let sides: SDMoEForm.Sides
  let isCut: Bool
  let isWeighted: Bool
  var testDescription: String {
    "\(bases) \(sides)\(isCut ? ", cut" : "")\(isWeighted ? ", usage" : "")"
  }
  func enter(into options: inout ConversionOptions) {
    options.bases = bases
    options.sides = sides
    options.cutsCommonRank = isCut
    if isWeighted {
      options.weights = .usage(loads: [0: [5, 0, 1], 1: [1, 1, 2]], source: "captures")
    }
  }
}

/// Checks that exact mode loses nothing: the parts, merged again, are the original bit for bit.
@Suite struct RoundTripTests {
  static let shapes = [
    ToyShape(experts: 3, hidden: 24, width: 20, rank: 4),
    ToyShape(experts: 2, hidden: 17, width: 33, rank: 1),
    ToyShape(experts: 1, hidden: 13, width: 13, rank: 5),
    // Nearly everything is common: one direction is left.
    ToyShape(experts: 4, hidden: 20, width: 27, rank: 19),
  ]

  /// Spaces, a last line without an end, and an order that no encoder would choose.
  static func config(of toy: ToyCheckpoint) -> String {
    JSONText(toy.config).text
      .replacingOccurrences(of: "{", with: "\n{\t")
      .replacingOccurrences(of: "}", with: ", \"text\": \"} \\u00e9 sd_moe\"   }\n\n")
  }

  /// Converts, checks the output, merges, and expects the original.
  private func roundTrip(_ toy: ToyCheckpoint, _ options: ConversionOptions) async throws {
    let input = try toy.written()
    let config = Self.config(of: toy)
    try input.write(config, as: "config.json")
    let folder = try TemporaryFolder()
    let factored = folder.path("factored")
    try await convertCheckpoint(at: input.path, to: factored, options)
    let read = try Checkpoint(path: factored)
    #expect(read.problems.isEmpty)
    #expect(read.form?.mode == .exact)
    let split = try await verify(factored, against: Checkpoint(path: input.path), workers: 2)
    #expect(split.failures == [])

    var merging = ConversionOptions()
    merging.form = .merged
    let merged = folder.path("merged")
    try await convertCheckpoint(at: factored, to: merged, merging)
    expectSameTensors(try storedTensors(in: merged), toy.stored)
    let bytes = try Data(contentsOf: URL(filePath: "\(merged)/config.json"))
    #expect(String(decoding: bytes, as: UTF8.self) == config)
    let whole = try await verify(merged, against: Checkpoint(path: factored), workers: 2)
    #expect(whole.failures == [])
  }

  @Test(
    "All shapes and types, with zeros of both signs, subnormal, tiny and large elements",
    arguments: shapes, [ElementType.bf16, .f16, .f32, .f64])
  func shapesAndTypes(shape: ToyShape, type: ElementType) async throws {
    var toy = ToyCheckpoint.normal(
      experts: shape.experts, hidden: shape.hidden, width: shape.width, type: type)
    toy.makeHostile()
    try await roundTrip(toy, .basic(rank: shape.rank))
  }

  static let splits = SDMoEForm.Bases.allCases.flatMap { bases in
    SDMoEForm.Sides.allCases.flatMap { sides in
      [(false, false), (true, false), (false, true), (true, true)].map {
        ToySplit(bases: bases, sides: sides, isCut: $0.0, isWeighted: $0.1)
      }
    }
  }

  @Test("All ways to split, with the similarities", arguments: splits, [false, true])
  func allWays(split: ToySplit, isHostile: Bool) async throws {
    var toy = ToyCheckpoint.normal(layers: 2, experts: 3, hidden: 26, width: 21, type: .f32)
    if isHostile { toy.makeHostile() }
    var options = ConversionOptions.basic(rank: 5, split.enter)
    options.detail = .full
    try await roundTrip(toy, options)
  }

  @Test(
    "Names behind words of wrappers stay as they are, and come back",
    arguments: ["module.", "base_model.model.", "_orig_mod.module."])
  func wrappedNames(front: String) async throws {
    var toy = ToyCheckpoint.normal(layers: 2, experts: 3, hidden: 24, width: 20, type: .bf16)
    toy.tensors = toy.tensors.map { tensor in
      let inner = tensor.name.replacing("layers.1.", with: "layers.1._fsdp_wrapped_module.")
      return tensor.named(front + inner.replacing("experts.2.", with: "experts.2._orig_mod."))
    }
    try await roundTrip(toy, .basic(rank: 4))
    let conversion = try await ToyConversion(of: toy, .basic(rank: 4))
    let names = try storedTensors(in: conversion.output).keys
    #expect(names.allSatisfy { $0.hasPrefix(front) })
    #expect(names.contains("\(front)model.layers.1.mlp.sd.gate_proj.common.left"))
    #expect(
      names.contains(
        "\(front)model.layers.1._fsdp_wrapped_module.mlp.experts.2._orig_mod.up_proj.unique"))
  }

  @Test("A tensor that the index does not place where it lies is not carried over")
  func unlistedTensor() async throws {
    let toy = ToyCheckpoint.normal(layers: 1, experts: 3, hidden: 24, width: 20, type: .bf16)
    let input = try toy.written(as: .shards(2))
    let stray = toy.tensors[0]
    let part = toy.tensors.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    try writeSafetensors(
      part + [
        ToyTensor(stray.name, .bf16, stray.description.shape, seed: 99),
        ToyTensor("stray", .f32, [1], values: [1]),
      ], to: input.path("model-2-of-2.safetensors"))
    let folder = try TemporaryFolder()
    var options = ConversionOptions.basic(rank: 4)
    options.form = .merged
    try await convertCheckpoint(at: input.path, to: folder.path("out"), options)
    expectSameTensors(
      try storedTensors(in: folder.path("out")).filter { !$0.key.contains(".sd.") }, toy.stored)
  }

  @Test("A cut common part of a rank beyond half the matrix", arguments: SDMoEForm.Bases.allCases)
  func cutOfLargeRank(bases: SDMoEForm.Bases) async throws {
    let toy = ToyCheckpoint.normal(experts: 3, hidden: 26, width: 20, type: .f32)
    try await roundTrip(
      toy,
      .basic(rank: 15) {
        $0.cutsCommonRank = true
        $0.bases = bases
      })
  }

  @Test("Sides above 512, whose bases are iterated", arguments: [ElementType.bf16, .f32])
  func largeSides(type: ElementType) async throws {
    let toy = ToyCheckpoint.normal(experts: 3, hidden: 520, width: 640, type: type)
    var options = ConversionOptions.basic(rank: 8)
    options.detail = type == .bf16 ? .full : .basic
    try await roundTrip(toy, options)
  }

  @Test("Sides above 512 with a unit of zeros, and one of tiny elements")
  func largeHostileSides() async throws {
    var toy = ToyCheckpoint.normal(experts: 2, hidden: 520, width: 530, type: .f32)
    toy.makeHostile()
    toy.plant(
      [.normal(520, 530, scale: 1e-30, seed: 4), .normal(520, 530, scale: 1e-30, seed: 5)],
      as: .down)
    try await roundTrip(toy, .basic(rank: 3))
  }

  @Test("A layer that is not chosen keeps its weights")
  func someLayers() async throws {
    let toy = ToyCheckpoint.normal(layers: 3, experts: 2, hidden: 16, width: 12)
    let options = ConversionOptions.basic(rank: 2) { $0.layers = [1] }
    try await roundTrip(toy, options)
    let made = try await ToyConversion(of: toy, options)
    let tensors = try storedTensors(in: made.output)
    let expected = toy.stored
    for layer in [0, 2] {
      let name = ToyCheckpoint.name(.gate, ofExpert: 1, layer: layer)
      #expect(tensors[name] == expected[name])
    }
    #expect(tensors[ToyCheckpoint.name(.gate, ofExpert: 1, layer: 1)] == nil)
    #expect(made.summary.units.map(\.layer) == [1, 1, 1])
  }

  @Test("Names of another family")
  func mixtral() async throws {
    var toy = ToyCheckpoint(config: [
      "model_type": "mixtral", "num_hidden_layers": 1, "num_local_experts": 3, "hidden_size": 18,
      "intermediate_size": 22,
    ])
    toy.addLayer(0, names: .mixtral, experts: 3, hidden: 18, width: 22)
    try await roundTrip(toy, .basic(rank: 4))
    let made = try await ToyConversion(of: toy, .basic(rank: 4))
    let names = try storedTensors(in: made.output).keys
    #expect(names.contains("model.layers.0.block_sparse_moe.experts.2.w1.unique"))
    #expect(names.contains("model.layers.0.block_sparse_moe.sd.gate_proj.basis.left"))
  }

  @Test("A merged output in exact mode is the original too", arguments: [ElementType.bf16, .f64])
  func mergedAtOnce(type: ElementType) async throws {
    var toy = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20, type: type)
    toy.makeHostile()
    let made = try await ToyConversion(of: toy, .basic(rank: 4) { $0.form = .merged })
    expectSameTensors(try storedTensors(in: made.output), toy.stored)
    try await made.expectSound()
    #expect(try Checkpoint(path: made.output).form == nil)
  }
}
