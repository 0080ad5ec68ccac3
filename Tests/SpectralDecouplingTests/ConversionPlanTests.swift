import Checkpoints
import Experts
import Foundation
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks what a plan refuses before anything is written.
@Suite struct ConversionPlanTests {
  let bench: RefusalBench

  init() throws { bench = try RefusalBench() }

  @Test("A common rank that leaves nothing names the largest that does")
  func rank() async throws {
    await bench.expect(
      .rankTooLarge(
        path: bench.input.path, unit: UnitKey(layer: 0, projection: .gate), rank: 20, largest: 19),
      .basic(rank: 20))
    try await convertCheckpoint(
      at: bench.input.path, to: bench.folder.path("out"), .basic(rank: 19))
  }

  @Test("Experts of several types are refused")
  func mixedTypes() async throws {
    var toy = RefusalBench.toy
    let name = ToyCheckpoint.name(.down, ofExpert: 1)
    toy[name] = ToyTensor(name, .bf16, [24, 20], seed: 2)
    let mixed = try toy.written()
    await bench.expect(
      .mixedTypes(
        path: mixed.path, unit: UnitKey(layer: 0, projection: .down), types: ["BF16", "F32"]),
      at: mixed.path)
  }

  @Test("A GGUF model is read only, whatever the form")
  func gguf() async throws {
    let path = Fixture.url("gguf/quantised.gguf").path
    await bench.expect(.readOnlyFormat(path: path), at: path)
    #expect(
      "\(DecouplingError.readOnlyFormat(path: "m.gguf"))"
        == "m.gguf: is a GGUF model, which is read and never written; convert the safetensors checkpoint that it was made from, and make a GGUF file of the result"
    )
  }

  @Test("A factored checkpoint is not factored again")
  func factoredTwice() async throws {
    let out = bench.folder.path("out")
    try await convertCheckpoint(at: bench.input.path, to: out, .basic(rank: 4))
    await bench.expect(.alreadyFactored(path: out), at: out, to: bench.folder.path("twice"))
  }

  @Test("A missing expert is told before anything is written")
  func missingExpert() async throws {
    var toy = RefusalBench.toy
    toy[ToyCheckpoint.name(.up, ofExpert: 1)] = nil
    let short = try toy.written()
    await #expect(throws: CheckpointError.self) {
      try await convertCheckpoint(at: short.path, to: bench.folder.path("out"), .basic(rank: 4))
    }
    #expect(try filesByPath(under: bench.folder.path).isEmpty)
  }

  @Test("Loads that are missing, of another count or all zero are refused")
  func loads() async {
    for loads: [Int: [Double]] in [[:], [0: [1, 2]], [0: [0, 0, 0]], [1: [1, 1, 1]]] {
      await bench.expect(
        .noLoad(path: "captures", layer: 0),
        .basic(rank: 4) { $0.weights = .usage(loads: loads, source: "captures") })
    }
  }

  @Test("Checking a plan changes nothing")
  func check() async throws {
    let plan = try ConversionPlan(
      for: Checkpoint(path: bench.input.path), options: .basic(rank: 4), version: "test")
    try await plan.check(output: bench.folder.path("out"), replaces: false)
    await #expect(
      throws: DecouplingError.outputInsideInput(output: bench.input.path, input: bench.input.path)
    ) {
      try await plan.check(output: bench.input.path, replaces: true)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.folder.path).isEmpty)
    #expect(plan.unitCount == 3)
    #expect(plan.matrixCount == 9)
  }
}
