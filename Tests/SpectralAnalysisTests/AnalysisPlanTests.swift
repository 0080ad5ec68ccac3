import Checkpoints
import Experts
import Findings
import Foundation
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks what is known of a run before it starts.
@Suite struct AnalysisPlanTests {
  @Test("Units, matrices, bytes, k and tables of the trained fixture, counted by hand")
  func counts() throws {
    let checkpoint = try Checkpoint(path: Fixture.url("qwen2-moe-tiny").path)
    let plan = try AnalysisPlan(
      for: AnalysisInputs(checkpoint: checkpoint), options: AnalysisOptions(), version: "1")
    #expect(plan.unitCount == 3 * 3)
    #expect(plan.matrixCount == 9 * 13)
    // BF16: 12 experts of 112 x 128 and one of 224 x 128 in each unit.
    #expect(plan.byteCount == 9 * 2 * (12 * 112 + 224) * 128)
    #expect(plan.leadingCount == 2)
    #expect(
      plan.manifest.tables.map(\.name) == [
        "energy", "spectrum", "similarity", "summary", "groups", "redundant_pairs",
        "router_alignment", "router_score", "router_summary", "floors", "left_out",
      ])
    #expect(plan.manifest.options.layers == [0, 1, 2])
    #expect(plan.manifest.checkpoint.modelType == "qwen2_moe")
    let fingerprint = try checkpoint.fingerprint()
    #expect(plan.manifest.checkpoint.fingerprint == fingerprint)
    #expect(plan.manifest.version == "1")
    #expect(
      plan.manifest.units.map(\.key.folderName).prefix(2) == [
        "layer-000-gate_proj", "layer-000-up_proj",
      ])
  }

  @Test("Chosen layers and projections only")
  func chosen() throws {
    let checkpoint = try Checkpoint(path: Fixture.url("deepseek-v2-tiny").path)
    let plan = try AnalysisPlan(
      for: AnalysisInputs(checkpoint: checkpoint),
      options: AnalysisOptions(
        analyses: [.energy], projections: [.down], fraction: 0.05, layers: [3, 1, 3]),
      version: "1")
    #expect(
      plan.manifest.units.map(\.key.folderName) == ["layer-001-down_proj", "layer-003-down_proj"])
    #expect(plan.leadingCount == 6)
    #expect(plan.manifest.tables.map(\.name) == ["energy", "floors", "left_out"])
  }

  @Test("The predicted memory is positive and grows with the width")
  func memory() throws {
    for name in ["qwen2-moe-tiny", "deepseek-v2-tiny", "families/olmoe/hub"] {
      let checkpoint = try Checkpoint(path: Fixture.url(name).path)
      let plan = try AnalysisPlan(
        for: AnalysisInputs(checkpoint: checkpoint), options: AnalysisOptions(), version: "1")
      let predicted = [1, 2, 3, 8].map { plan.predictedMemory(AnalysisEffort(workers: $0)) }
      #expect(predicted[0] > 0)
      #expect(predicted == predicted.sorted())
      #expect(Set(predicted).count == 4)
      // Every worker costs the same.
      #expect(predicted[2] - predicted[1] == predicted[1] - predicted[0])
    }
  }

  @Test("The predicted memory grows with the matrices, also past the rank where the method changes")
  func memoryOfLargerExperts() throws {
    var last = 0
    for width in [200, 256, 300, 400, 600] {
      let toy = ToyCheckpoint.gaussian(experts: 1, hidden: width, width: width, seed: 1)
      let folder = try toy.written()
      let plan = try AnalysisPlan(
        for: AnalysisInputs(checkpoint: Checkpoint(path: folder.path)), options: AnalysisOptions(),
        version: "1")
      // At least one matrix in single precision.
      #expect(plan.predictedMemory(AnalysisEffort(workers: 1)) > 4 * width * width)
      if width != 300 { #expect(plan.predictedMemory(AnalysisEffort(workers: 1)) > last) }
      last = plan.predictedMemory(AnalysisEffort(workers: 1))
    }
  }

  @Test("A layer that does not exist, and one without experts")
  func noSuchLayer() throws {
    let path = Fixture.url("deepseek-v2-tiny").path
    let checkpoint = try Checkpoint(path: path)
    for (layer, message) in [
      (4, "there is no layer 4; the model has layers 0 to 3"),
      (0, "layer 0 has no experts; those with experts are 1-3"),
    ] {
      let error = #expect(throws: CheckpointError.self) {
        try AnalysisPlan(
          for: AnalysisInputs(checkpoint: checkpoint),
          options: AnalysisOptions(layers: [1, layer]), version: "1")
      }
      #expect(error?.description == "\(path): \(message)")
    }
  }

  @Test("The first tensor that is missing or not readable is thrown")
  func missingTensor() throws {
    var toy = ToyCheckpoint.gaussian(layers: 2, experts: 3, hidden: 24, width: 20, seed: 2)
    let name = ToyCheckpoint.name(.up, ofExpert: 1, layer: 1)
    toy[name] = nil
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    let missing = CheckpointError.missingTensor(path: folder.path, tensor: name)
    #expect(throws: missing) {
      try AnalysisPlan(
        for: AnalysisInputs(checkpoint: checkpoint), options: AnalysisOptions(), version: "1")
    }
    // Not where it is not needed, and not where experts may be left out.
    for options in [AnalysisOptions(layers: [0]), AnalysisOptions(projections: [.gate, .down])] {
      #expect(throws: Never.self) {
        try AnalysisPlan(
          for: AnalysisInputs(checkpoint: checkpoint), options: options, version: "1")
      }
    }
    #expect(throws: Never.self) {
      try AnalysisPlan(
        for: AnalysisInputs(checkpoint: checkpoint), options: AnalysisOptions(), version: "1",
        keepsGoing: true)
    }
  }

  @Test("A missing router is thrown where the router is analysed")
  func missingRouter() throws {
    var toy = ToyCheckpoint.gaussian(experts: 3, hidden: 24, width: 20, seed: 2)
    toy[ToyCheckpoint.routerName()] = nil
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(
      throws: CheckpointError.missingTensor(
        path: folder.path, tensor: ToyCheckpoint.routerName())
    ) {
      try AnalysisPlan(
        for: AnalysisInputs(checkpoint: checkpoint), options: AnalysisOptions(), version: "1")
    }
    #expect(throws: Never.self) {
      try AnalysisPlan(
        for: AnalysisInputs(checkpoint: checkpoint),
        options: AnalysisOptions(analyses: [.similarity]), version: "1")
    }
  }

  @Test("Weights packed as nothing that is known are refused, also when experts may be left out")
  func refused() throws {
    for type in [ElementType.i64, .bool] {
      var toy = ToyCheckpoint.gaussian(experts: 3, hidden: 24, width: 20, seed: 2)
      for tensor in toy.tensors where tensor.name.contains("experts") {
        toy[tensor.name] = ToyTensor(
          tensor.name, type, tensor.description.shape, seed: 0)
      }
      let folder = try toy.written()
      let checkpoint = try Checkpoint(path: folder.path)
      let first = try #require(checkpoint.problems.first)
      let options = AnalysisOptions(analyses: [.similarity], projections: [.gate])
      #expect(throws: first) {
        try AnalysisPlan(
          for: AnalysisInputs(checkpoint: checkpoint), options: options, version: "1")
      }
      #expect(throws: first, "\(type)") {
        try AnalysisPlan(
          for: AnalysisInputs(checkpoint: checkpoint), options: options, version: "1",
          keepsGoing: true)
      }
    }
  }

  @Test("Experts in a layer that the config calls dense are thrown, whatever is chosen")
  func unexpectedExperts() throws {
    var toy = ToyCheckpoint.gaussian(layers: 2, experts: 3, hidden: 24, width: 20, seed: 2)
    toy.config["mlp_only_layers"] = [0]
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(
      throws: CheckpointError.unexpectedExperts(
        path: folder.path, layer: 0, tensor: ToyCheckpoint.name(.gate, ofExpert: 0))
    ) {
      try AnalysisPlan(
        for: AnalysisInputs(checkpoint: checkpoint), options: AnalysisOptions(layers: [1]),
        version: "1", keepsGoing: true)
    }
  }
}
