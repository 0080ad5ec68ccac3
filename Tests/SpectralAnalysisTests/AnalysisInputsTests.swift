import Captures
import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks that captures and gradients of another model, or without what is needed, are refused
/// before anything is written.
@Suite struct AnalysisInputsTests {
  /// Two layers of four experts, hidden size 24, r = 20.
  static let toy: ToyCheckpoint = {
    var toy = ToyCheckpoint.gaussian(layers: 2, experts: 4, hidden: 24, width: 20, seed: 161)
    toy.config["num_experts_per_tok"] = 2
    return toy
  }()

  /// Both layers with all that can be captured, 30 tokens in two sequences.
  static func capture(tokens: Int = 30, hidden: Int = 24, experts: Int = 4) -> ToyCapture {
    var capture = ToyCapture(.gaussian(tokens, hidden, seed: 162))
    for layer in 0..<2 {
      let seed = UInt64(163 + 10 * layer)
      capture.layers[layer] = ToyCapture.Layer(
        input: .gaussian(tokens, hidden, seed: seed),
        logits: .gaussian(tokens, experts, seed: seed + 1),
        shuffled: .gaussian(tokens, hidden, seed: seed + 2))
    }
    capture.offsets = [0, tokens / 2, tokens]
    return capture
  }

  /// The gradients of both layers.
  static func gradients() -> [ToyTensor] {
    toy.tensors.filter { $0.name.contains("experts") }
  }

  /// What refuses these inputs; nothing is written.
  func refusal(
    of capture: ToyCapture? = nil, gradients: [ToyTensor]? = nil, _ analyses: [Analysis],
    fraction: Double = 0.01, layers: [Int]? = nil, routedOnly: Bool = false
  ) async throws -> String? {
    let checkpoint = try Self.toy.written()
    let inputs = try TemporaryFolder()
    let out = try TemporaryFolder()
    var gradientPath: String?
    if let gradients {
      let path = inputs.path("gradients.safetensors")
      try writeSafetensors(gradients, to: path)
      gradientPath = path
    }
    var options = AnalysisOptions(analyses: analyses, fraction: fraction, layers: layers)
    options.routedOnly = routedOnly
    do {
      try await analyse(
        checkpoint.path, in: out.path("run"), options: options,
        captures: try capture?.written(in: inputs), gradients: gradientPath)
    } catch let error as AnalysisError {
      #expect(!FileManager.default.fileExists(atPath: out.path("run")))
      return error.description.replacing("\(inputs.path)/", with: "")
    }
    return nil
  }

  // MARK: Captures

  @Test("What fits is taken, and what is not needed may be missing")
  func sound() async throws {
    let captured: [Analysis] = [
      .routerData, .activationRatio, .shuffle, .dataAlignment, .routing,
    ]
    #expect(try await refusal(of: Self.capture(), captured) == nil)
    var bare = Self.capture()
    for layer in 0..<2 {
      bare.layers[layer]?.logits = nil
      bare.layers[layer]?.shuffled = nil
    }
    bare.offsets = [0, 30]
    #expect(try await refusal(of: bare, [.routerData, .activationRatio]) == nil)
    bare.layers[1] = nil
    #expect(try await refusal(of: bare, [.routerData], layers: [0]) == nil)
    // Where nothing is asked of captures, few tokens will do.
    #expect(try await refusal(of: Self.capture(tokens: 4), [.energy]) == nil)
  }

  @Test("Captures of another hidden size, and of layers or experts that are not there")
  func otherModel() async throws {
    let again = "capture again from this checkpoint"
    #expect(
      try await refusal(of: Self.capture(hidden: 32), [.routerData])
        == "activations.h5: was captured from a model of hidden size 32, but the checkpoint's is 24; \(again)"
    )
    var stranger = Self.capture()
    stranger.layers[7] = stranger.layers[1]
    #expect(
      try await refusal(of: stranger, [.routerData])
        == "activations.h5: has activations of layer 7, but the checkpoint's layers with experts are 0-1; \(again)"
    )
    #expect(
      try await refusal(of: Self.capture(experts: 5), [.routerData])
        == "activations.h5: tensor 'layers.0.router_logits' is of 5 experts, but the checkpoint has 4 in that layer; \(again)"
    )
    // It is of another model whatever is asked of it.
    #expect(try await refusal(of: Self.capture(hidden: 32), [.energy]) != nil)
    #expect(try await refusal(of: Self.capture(experts: 5), [.energy]) != nil)
  }

  @Test("A layer that was not captured")
  func missingLayer() async throws {
    var capture = Self.capture()
    capture.layers[1] = nil
    #expect(
      try await refusal(of: capture, [.dataAlignment])
        == "activations.h5: has no activations of layer 1; measure the layers that were captured with --layers 0, or capture the others too"
    )
    #expect(try await refusal(of: capture, [.dataAlignment], layers: [0]) == nil)
  }

  @Test("Captures without logits, the shuffled pass or a second sequence")
  func missingParts() async throws {
    let advice = "capture it too (Scripts/capture.py), or leave that out"
    var capture = Self.capture()
    capture.layers[1]?.logits = nil
    #expect(
      try await refusal(of: capture, [.routing])
        == "activations.h5: has no layers/1/router_logits, which --analyses routing needs; \(advice)"
    )
    #expect(
      try await refusal(of: capture, [.activationRatio], routedOnly: true)
        == "activations.h5: has no layers/1/router_logits, which --routed-only needs; \(advice)")
    #expect(try await refusal(of: capture, [.activationRatio]) == nil)
    #expect(try await refusal(of: capture, [.routing], layers: [0]) == nil)
    capture = Self.capture()
    capture.layers[0]?.shuffled = nil
    #expect(
      try await refusal(of: capture, [.shuffle])
        == "activations.h5: has no shuffled/layers/0/moe_input, which --analyses shuffle needs; \(advice)"
    )
    capture = Self.capture()
    capture.offsets = [0, 30]
    #expect(
      try await refusal(of: capture, [.dataAlignment])
        == "activations.h5: has no more than one sequence, which --analyses data-alignment needs; \(advice)"
    )
  }

  @Test("Fewer tokens than directions")
  func fewTokens() async throws {
    let advice = "which need at least as many; capture a longer text"
    #expect(
      try await refusal(of: Self.capture(tokens: 15), [.routerData])
        == "activations.h5: has 15 tokens, too few for 16 directions, \(advice)")
    #expect(try await refusal(of: Self.capture(tokens: 16), [.routerData]) == nil)
    // k = 18 of r = 20.
    #expect(
      try await refusal(of: Self.capture(tokens: 17), [.activationRatio], fraction: 0.9)
        == "activations.h5: has 17 tokens, too few for 18 directions, \(advice)")
  }

  // MARK: Gradients

  @Test("Gradients of other tensors, of other shapes, and of none of a layer's experts")
  func gradients() async throws {
    let name = ToyCheckpoint.name(.up, ofExpert: 2)
    var gradients = Self.gradients()
    #expect(try await refusal(gradients: gradients, [.gradients]) == nil)
    gradients.append(ToyTensor("model.layers.9.mlp.gate.weight", .f32, [4, 24], seed: 1))
    #expect(
      try await refusal(gradients: gradients, [.gradients])
        == "gradients.safetensors: has tensor 'model.layers.9.mlp.gate.weight', which the checkpoint does not have; capture the gradients from this checkpoint, under its own names"
    )
    gradients = Self.gradients().map {
      $0.name == name ? ToyTensor(name, .f32, [24, 20], seed: 2) : $0
    }
    #expect(
      try await refusal(gradients: gradients, [.gradients])
        == "gradients.safetensors: tensor '\(name)' is 24 x 20, but the checkpoint's is 20 x 24; capture the gradients from this checkpoint"
    )
    // They are not looked at where nothing is asked of them.
    #expect(try await refusal(gradients: gradients, [.energy]) == nil)
    gradients = Self.gradients().filter { !$0.name.contains("layers.1.") }
    #expect(
      try await refusal(gradients: gradients, [.gradients])
        == "gradients.safetensors: has no gradient of any expert's gate_proj of layer 1; choose other --layers or --projections, or capture those too"
    )
    #expect(try await refusal(gradients: gradients, [.gradients], layers: [0]) == nil)
    // Gradients of what is no expert's are no matter, where there are some of experts.
    gradients = Self.toy.tensors
    #expect(try await refusal(gradients: gradients, [.gradients]) == nil)
  }

  @Test("A gradient of whole numbers is an error, or left out with --keep-going")
  func gradientType() async throws {
    let name = ToyCheckpoint.name(.up, ofExpert: 2)
    let bytes = [UInt8](repeating: 1, count: 4 * 20 * 24)
    let gradients = Self.gradients().map {
      $0.name == name ? ToyTensor(name: name, type: .i32, shape: [20, 24], bytes: bytes) : $0
    }
    let message =
      "gradients.safetensors: tensor '\(name)' is of type I32, which is not read; store gradients as F32 or BF16"
    let error = await #expect(throws: AnalysisError.self) {
      try await ToyRun(
        of: Self.toy, options: AnalysisOptions(analyses: [.gradients]), gradients: gradients)
    }
    #expect(error?.description.hasSuffix("/\(message)") == true)
    let run = try await ToyRun(
      of: Self.toy, options: AnalysisOptions(analyses: [.gradients]), gradients: gradients,
      keepsGoing: true)
    let leftOut = try run.table(.leftOut)
    #expect(leftOut.texts("expert") == ["2"])
    #expect(leftOut.texts("reason") == [message])
  }

  // MARK: What is measured unless asked otherwise

  /// What is made of these inputs, and what is left out.
  private func usual(
    _ capture: ToyCapture?, gradients: Bool = false, of toy: ToyCheckpoint = toy,
    layers: [Int]? = nil, projections: [Projection] = Projection.allCases
  ) throws -> UsualAnalyses {
    let folder = try toy.written()
    let inputs = try TemporaryFolder()
    let path = inputs.path("gradients.safetensors")
    try writeSafetensors(Self.gradients(), to: path)
    return try UsualAnalyses(
      of: AnalysisInputs(
        checkpoint: try Checkpoint(path: folder.path),
        capture: try capture.map { try Capture(path: $0.written(in: inputs)) },
        gradients: gradients ? try GradientFile(path: path) : nil),
      options: AnalysisOptions(projections: projections, layers: layers))
  }

  @Test("The usual analyses are all that the inputs allow")
  func usualAnalyses() throws {
    let four: [Analysis] = [.energy, .spectrum, .similarity, .router]
    #expect(try usual(nil).analyses == four)
    #expect(try usual(nil, gradients: true).analyses == four + [.bands, .gradients])
    let all = try usual(Self.capture(), gradients: true)
    #expect(all.analyses == Analysis.allCases && all.omissions == [])
    var capture = Self.capture()
    capture.layers[1]?.logits = nil
    capture.layers[0]?.shuffled = nil
    capture.offsets = [0, 30]
    let some = try usual(capture)
    #expect(some.analyses == four + [.bands, .routerData, .activationRatio])
    #expect(
      some.omissions == [
        .init(analysis: "shuffle", reason: "the captures have no shuffled/layers/0/moe_input"),
        .init(analysis: "data-alignment", reason: "the captures have no more than one sequence"),
        .init(analysis: "routing", reason: "the captures have no layers/1/router_logits"),
      ])
    // Layers that are not measured need nothing.
    #expect(
      try usual(capture, layers: [0]).omissions.map(\.analysis) == ["shuffle", "data-alignment"])
    let blind = try usual(Self.capture(), projections: [.down])
    #expect(
      blind.analyses == [
        .energy, .spectrum, .similarity, .bands, .routerData, .dataAlignment, .routing,
      ])
    #expect(blind.omissions.map(\.analysis) == ["router", "activation-ratio", "shuffle"])
    #expect(
      blind.omissions.allSatisfy {
        $0.reason == "it measures gate and up only, and neither is measured"
      })
  }

  @Test(
    "Routing that config.json cannot mean is left out with its reason; asked for, it is an error")
  func senselessRouting() async throws {
    var toy = Self.toy
    toy.config["num_experts_per_tok"] = 99
    let found = try usual(Self.capture(), of: toy)
    #expect(!found.analyses.contains(.routing))
    #expect(found.omissions.map(\.analysis) == ["routing"])
    let reason = found.omissions.first?.reason ?? ""
    #expect(reason.contains("num_experts_per_tok") && reason.contains("99"), "\(reason)")
    #expect(!reason.contains("/"), "no path: \(reason)")
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(analyses: found.analyses), capture: Self.capture())
    #expect(run.folder.manifest.omissions == found.omissions)
    #expect(run.folder.manifest.remarks == ["routing was left out: \(reason)"])
    // Whoever asks for less is not told of more.
    let less = try await ToyRun(
      of: toy, options: AnalysisOptions(analyses: [.energy]), capture: Self.capture())
    #expect(less.folder.manifest.omissions == nil)
    await #expect(throws: CheckpointError.self) {
      try await ToyRun(
        of: toy, options: AnalysisOptions(analyses: [.routing]), capture: Self.capture())
    }
  }
}
