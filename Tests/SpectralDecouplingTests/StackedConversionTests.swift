import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing
import Workers

/// Checks conversions of checkpoints whose experts are stacked: layout and names stay, and exact
/// mode gives back every bit, whichever way it goes.
@Suite struct StackedConversionTests {
  /// A layout, and the tensors of one layer that hold its experts.
  struct Layout: CustomTestStringConvertible, Sendable {
    let folder: String
    let layer: Int
    let fused: String
    let down: String
    /// What certificates call an expert's up projection.
    let share: String
    var testDescription: String { folder }
  }

  static let layouts = [
    Layout(
      folder: "qwen2_moe/fused", layer: 1, fused: "model.layers.1.mlp.experts.gate_up_proj",
      down: "model.layers.1.mlp.experts.down_proj", share: "second half of out"),
    Layout(
      folder: "granitemoe/hub", layer: 0,
      fused: "model.layers.0.block_sparse_moe.input_linear.weight",
      down: "model.layers.0.block_sparse_moe.output_linear.weight", share: "second half of out"),
    Layout(
      folder: "llama4_text/hub", layer: 1,
      fused: "model.layers.1.feed_forward.experts.gate_up_proj",
      down: "model.layers.1.feed_forward.experts.down_proj", share: "second half of out"),
    Layout(
      folder: "gpt_oss/hub", layer: 1, fused: "model.layers.1.mlp.experts.gate_up_proj",
      down: "model.layers.1.mlp.experts.down_proj", share: "odd of out"),
  ]

  @Test("shares of experts without weights are not dropped in silence")
  func furtherShares() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("model")
    try Fixture.copyTransformersModel("longcat_flash", "fused", to: path)
    let checkpoint = try Checkpoint(path: path)
    let tensor = "model.layers.0.mlp.experts.gate_up_proj"
    #expect(
      throws: DecouplingError.furtherShares(
        path: "\(path)/model.safetensors", tensor: tensor, count: 6, expertCount: 4)
    ) { try ConversionPlan(for: checkpoint, options: .basic(rank: 2), version: "test") }
  }

  @Test("merged and exact, the output is the checkpoint again", arguments: layouts)
  func merged(layout: Layout) async throws {
    let made = try FamilyConversion(of: layout.folder)
    let out = try await made.convert(to: "out", FamilyConversion.options(.merged))
    expectSameTensors(try storedTensors(in: out), try storedTensors(in: made.source))
    #expect(try made.config(of: out) == made.config(of: made.source))
    #expect(try await made.failures(of: "out") == [])
  }

  @Test(
    "factored, unique parts are stacked as the weights were, and merging gives every bit back",
    arguments: layouts, [SDMoEForm.Mode.exact, .strict])
  func factored(layout: Layout, mode: SDMoEForm.Mode) async throws {
    let made = try FamilyConversion(of: layout.folder)
    let parts = try await made.convert(to: "parts", FamilyConversion.options(.factored, mode))
    let source = try storedTensors(in: made.source)
    let stored = try storedTensors(in: parts)
    for name in [layout.fused, layout.down] {
      let stem = name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
      #expect(stored[name] == nil)
      #expect(stored["\(stem).unique"]?.shape == source[name]?.shape)
    }
    let form = try #require(try Checkpoint(path: parts).form)
    #expect(form.isStacked)
    #expect(try Checkpoint(path: parts).problems.isEmpty)
    #expect(try await made.failures(of: "parts") == [])

    let merged = try await made.convert("parts", to: "merged", FamilyConversion.options(.merged))
    #expect(try made.config(of: merged) == made.config(of: made.source))
    #expect(try await made.failures(of: "merged", madeOf: "parts") == [])
    let whole = try storedTensors(in: merged)
    if mode == .exact {
      expectSameTensors(whole, source)
    } else {
      // The same strict model as without the detour.
      let direct = try await made.convert(
        to: "direct", FamilyConversion.options(.merged, .strict))
      expectSameTensors(whole, try storedTensors(in: direct))
      #expect(whole[layout.fused] != source[layout.fused])
      #expect(try await made.failures(of: "direct") == [])
    }
  }

  @Test("some layers alone leave the others as they are", arguments: layouts)
  func someLayers(layout: Layout) async throws {
    let made = try FamilyConversion(of: layout.folder)
    try await made.convert(
      to: "parts",
      FamilyConversion.options(.factored) { $0.layers = [layout.layer] })
    #expect(try await made.failures(of: "parts") == [])
    try await made.convert("parts", to: "merged", FamilyConversion.options(.merged))
    expectSameTensors(
      try storedTensors(in: made.folder.path("merged")), try storedTensors(in: made.source))
  }

  @Test("rows of the certificate name each expert's share", arguments: layouts)
  func rows(layout: Layout) async throws {
    let made = try FamilyConversion(of: layout.folder)
    let out = try await made.convert(to: "out", FamilyConversion.options(.merged))
    let table = try CertificateFile(folder: out).table()
    for expert in 0..<4 {
      let name = "\(layout.fused)[\(expert), \(layout.share)]"
      #expect(table.contains(",\"\(name)\",merged,\(layout.layer),up_proj,\(expert),"))
    }
    #expect(table.contains(",\(layout.down)[3],merged,\(layout.layer),down_proj,3,"))
  }

  @Test("a changed byte is found, and the expert's share named", arguments: layouts)
  func damage(layout: Layout) async throws {
    let made = try FamilyConversion(of: layout.folder)
    let out = try await made.convert(to: "out", FamilyConversion.options(.merged))
    let file = try WeightFileBytes(folder: out, name: "model.safetensors")
    let place = try #require(file.places[layout.fused])
    let url = URL(filePath: "\(out)/model.safetensors")
    let sound = try Data(contentsOf: url)
    var data = sound
    // The last element of the last expert is of its up projection in every layout.
    data[place.upperBound - 1] ^= 1
    try data.write(to: url)
    #expect(
      try await verify(out, workers: 2).failures == [
        "model.safetensors: tensor '\(layout.fused)[3, \(layout.share)]' is not what was written"
      ])
  }

  @Test(
    "cancelled anywhere it resumes to the same bytes, though gate and up lie in one tensor",
    arguments: layouts, [ConversionOptions.Form.merged, .factored])
  func cancellation(layout: Layout, form: ConversionOptions.Form) async throws {
    let made = try FamilyConversion(of: layout.folder)
    let options = FamilyConversion.options(form, .strict)
    let expected = try filesByPath(under: try await made.convert(to: "whole", options))
    for count in [2, 5, 7] {
      let out = made.folder.path("out-\(count)")
      await cancelConversion(at: made.source, to: out, options, width: 2) {
        $0.finishedMatrices == count
      }
      #expect(!FileManager.default.fileExists(atPath: out))
      // Once more, further on.
      await cancelConversion(at: made.source, to: out, options, width: 1) {
        $0.finishedMatrices == 2
      }
      try await convertCheckpoint(at: made.source, to: out, options)
      #expect(try filesByPath(under: out) == expected, "cancelled after \(count) matrices")
    }
  }

  @Test("an output of a chosen family is known again when it would be replaced")
  func chosenFamily() async throws {
    let made = try FamilyConversion(of: "granitemoe/hub")
    let input = made.folder.path("input")
    try FileManager.default.copyItem(atPath: made.source, toPath: input)
    let config = String(decoding: try made.config(of: input), as: UTF8.self)
    try config.replacingOccurrences(of: "\"granitemoe\"", with: "\"mystery\"")
      .write(toFile: "\(input)/config.json", atomically: true, encoding: .utf8)
    let family = try ChosenFamily("granitemoe")
    let plan = try ConversionPlan(
      for: Checkpoint(path: input, family: family), options: FamilyConversion.options(.merged),
      version: "test")
    for wasThere in [false, true] {
      let summary = try await convert(
        plan, to: made.folder.path("out"), workers: 2, replaces: true)
      #expect(summary.wasThere == wasThere)
    }
    let report = try await verify(made.folder.path("out"), family: family, workers: 2)
    #expect(report.failures == [])
  }
}
