import Foundation
import TestSupport
import Testing

/// Checks that captures and gradients that cannot be used are told in one line that names the file,
/// exit with 1, and leave both the run folder and the input alone.
@Suite struct WrongCaptureTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Runs an analysis that is refused, and returns the message without the file's path.
  private func refusal(
    _ option: String, _ file: String, _ more: [String] = [], checkpoint: String = Samples.tiny
  ) throws -> String {
    let before = FileManager.default.contents(atPath: file)
    let outcome = try Tool.run(
      ["analyze", checkpoint, "-o", folder.path("run"), "--quiet", option, file] + more)
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors.count { $0 == "\n" } == 1, "one line: \(outcome.errors)")
    #expect(outcome.errors.hasPrefix("Error: \(file): "), "\(outcome.errors)")
    #expect(FileManager.default.contents(atPath: file) == before)
    return String(outcome.errors.dropFirst("Error: \(file): ".count).dropLast())
  }

  private func expectNothingWritten() {
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
  }

  /// A way to spoil a sound file, and what is said of it.
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let message: String
    let change: @Sendable (inout CapturedSample) -> Void

    init(
      _ name: String, _ message: String,
      _ change: @escaping @Sendable (inout CapturedSample) -> Void
    ) {
      testDescription = name
      self.message = message
      self.change = change
    }
  }

  static let captureDamages = [
    Damage(
      "another hidden size",
      "was captured from a model of hidden size 16, but the checkpoint's is 32; capture again from this checkpoint"
    ) { capture in
      for layer in 0..<2 {
        capture["layers.\(layer).moe_input"] = .random([40, 16], seed: 1)
        capture["shuffled.layers.\(layer).moe_input"] = .random([40, 16], seed: 2)
      }
    },
    Damage(
      "an attribute that contradicts the width",
      "the attribute 'hidden_size' is 16, but tensor 'layers.0.moe_input' is 32 wide; capture the input of the MoE block, not another activation"
    ) { $0.attributes["hidden_size"] = "16" },
    Damage(
      "a layer that the checkpoint lacks",
      "has activations of layer 5, but the checkpoint's layers with experts are 0-1; capture again from this checkpoint"
    ) { $0["layers.5.moe_input"] = $0["layers.0.moe_input"] },
    Damage(
      "a layer that was not captured",
      "has no activations of layer 1; measure the layers that were captured with --layers 0, or capture the others too"
    ) { capture in
      for name in ["layers.1.moe_input", "layers.1.router_logits", "shuffled.layers.1.moe_input"] {
        capture[name] = nil
      }
    },
    Damage(
      "another number of experts",
      "tensor 'layers.0.router_logits' is of 3 experts, but the checkpoint has 4 in that layer; capture again from this checkpoint"
    ) { capture in
      for layer in 0..<2 { capture["layers.\(layer).router_logits"] = .random([40, 3], seed: 1) }
    },
    Damage(
      "offsets that do not ascend",
      "tensor 'sequence_offsets' has 10 at place 2, after 20, and does not ascend; write the first token of each sequence, then the number of tokens"
    ) { $0["sequence_offsets"] = .integers([0, 20, 10, 40]) },
    Damage(
      "offsets that do not end at the number of tokens",
      "tensor 'sequence_offsets' ends with 39, but there are 40 tokens; write the first token of each sequence, then the number of tokens"
    ) { $0["sequence_offsets"] = .integers([0, 20, 39]) },
    Damage(
      "a permutation that names a place twice",
      "tensor 'shuffled.permutation' has 0 at token 1 for the second time in its sequence; name each place of a sequence once"
    ) { $0["shuffled.permutation"] = .integers([Int](repeating: 0, count: 40)) },
    Damage(
      "a permutation beyond its sequence",
      "tensor 'shuffled.permutation' has 20 at token 20, whose sequence has 20 tokens; count from 0 within each sequence"
    ) { $0["shuffled.permutation"] = .integers(Array(0..<40)) },
    Damage(
      "fewer tokens than directions",
      "has 15 tokens, too few for 16 directions, which need at least as many; capture a longer text"
    ) { capture in
      capture["sequence_offsets"] = .integers([0, 5, 15])
      capture["shuffled.permutation"] = nil
      for layer in 0..<2 {
        capture["layers.\(layer).moe_input"] = .random([15, 32], seed: 1)
        capture["layers.\(layer).router_logits"] = .random([15, 4], seed: 2)
        capture["shuffled.layers.\(layer).moe_input"] = nil
      }
    },
  ]

  @Test(
    "a capture that does not fit is refused before anything is written", arguments: captureDamages)
  func capture(damage: Damage) throws {
    var sample = CapturedSample.capture
    damage.change(&sample)
    #expect(try refusal("--captures", try sample.written(in: folder)) == damage.message)
    expectNothingWritten()
  }

  static let first = CapturedSample.gradient("gate_proj", ofExpert: 0, inLayer: 0)

  static let gradientDamages = [
    Damage(
      "an unknown name",
      "has tensor 'model.layers.9.weight', which the checkpoint does not have; capture the gradients from this checkpoint, under its own names"
    ) { $0["model.layers.9.weight"] = .random([2, 2], seed: 1) },
    Damage(
      "another shape",
      "tensor '\(first)' is 32 x 24, but the checkpoint's is 24 x 32; capture the gradients from this checkpoint"
    ) { $0[first] = .random([32, 24], seed: 1) },
    Damage(
      "a layer without gradients",
      "has no gradient of any expert's gate_proj of layer 1; choose other --layers or --projections, or capture those too"
    ) { gradients in
      for expert in 0..<4 {
        for projection in ["gate_proj", "up_proj", "down_proj"] {
          gradients[CapturedSample.gradient(projection, ofExpert: expert, inLayer: 1)] = nil
        }
      }
    },
  ]

  @Test(
    "gradients that do not fit are refused before anything is written", arguments: gradientDamages)
  func gradients(damage: Damage) throws {
    var sample = CapturedSample.gradients
    damage.change(&sample)
    #expect(try refusal("--gradients", try sample.written(in: folder)) == damage.message)
    expectNothingWritten()
  }

  @Test(
    "what was captured from another checkpoint is refused", arguments: ["captures", "gradients"])
  func otherCheckpoint(option: String) throws {
    let file = option == "captures" ? "activations.h5" : "gradients.safetensors"
    let path = Fixture.url("deepseek-v2-tiny/captures/\(file)").path
    let message = try refusal("--\(option)", path, checkpoint: Samples.qwen)
    #expect(
      message
        == (option == "captures"
          ? "has activations of layer 3, but the checkpoint's layers with experts are 0-2; capture again from this checkpoint"
          : "has tensor 'model.layers.1.mlp.shared_experts.down_proj.weight', which the checkpoint does not have; capture the gradients from this checkpoint, under its own names")
    )
    expectNothingWritten()
  }

  // MARK: No file to read

  @Test("a folder, a missing file and a pickle are refused", arguments: ["captures", "gradients"])
  func noFile(option: String) throws {
    #expect(
      try refusal("--\(option)", folder.path).hasPrefix(
        "is a folder, not a file; name an HDF5 or a .safetensors file"))
    #expect(try refusal("--\(option)", folder.path("none.h5")) == "no such file; check the path")
    let pickle = folder.path("captured.pt")
    try Data([0x80, 2, 0x7d, 0x71, 0, 0x2e]).write(to: URL(filePath: pickle))
    #expect(try refusal("--\(option)", pickle).hasPrefix("is a Python pickle, "))
    let text = try folder.write("no capture", as: "captured.h5")
    #expect(try refusal("--\(option)", text).hasPrefix("is not an HDF5 file "))
    expectNothingWritten()
  }

  @Test("a file that was cut short is refused")
  func cutShort() throws {
    for (option, file) in [("captures", "activations.h5"), ("gradients", "gradients.safetensors")] {
      let whole = try Data(contentsOf: Fixture.url("qwen2-moe-tiny/captures/\(file)"))
      let path = folder.path(file)
      try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
      let message = try refusal("--\(option)", path, checkpoint: Samples.qwen)
      #expect(
        message.hasSuffix(option == "captures" ? "copy it again" : "download it again"),
        "\(message)"
      )
    }
    expectNothingWritten()
  }

  @Test("a file without permission is refused", arguments: ["captures", "gradients"])
  func noPermission(option: String) throws {
    let user = try OtherUser(in: folder)
    let sample = option == "captures" ? CapturedSample.capture : .gradients
    let path = try sample.written(in: folder)
    try setMode(0, of: path)
    let outcome = try user.run(
      ["analyze", user.checkpoint, "-o", user.own("run"), "--\(option)", path])
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors.hasPrefix("Error: \(path): "), "\(outcome.errors)")
    #expect(outcome.errors.contains("ermission"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: user.own("run")))
  }

  // MARK: Values

  @Test(
    "NaN in activations names file, tensor and token; whole units are kept, but no table is made")
  func notANumber() throws {
    var sample = CapturedSample.capture
    sample.set(.nan, at: 7 * 32 + 3, of: "layers.1.moe_input")
    let message = try refusal("--captures", try sample.written(in: folder))
    #expect(
      message
        == "tensor 'layers.1.moe_input', token 7, column 3 (from 0) is not a number; the model itself yielded it: run it in float32 or bfloat16, check its weights, and capture again"
    )
    try expectWholeUnits(upTo: "layer-000-down_proj")
  }

  @Test("NaN in a gradient names file and tensor; whole units are kept, but no table is made")
  func notANumberInGradient() throws {
    let name = CapturedSample.gradient("up_proj", ofExpert: 2, inLayer: 0)
    var sample = CapturedSample.gradients
    sample.set(.nan, at: 32 + 5, of: name)
    let message = try refusal("--gradients", try sample.written(in: folder))
    #expect(
      message
        == "tensor '\(name)' holds NaN, infinity, or a value beyond single precision at row 1, column 5, counted from 0; download or capture the file again and start a new run folder, or leave out what is damaged with --keep-going"
    )
    try expectWholeUnits(upTo: "layer-000-gate_proj-gradients")
  }

  /// Checks that the folder holds the manifest and whole units alone, one of them by name.
  private func expectWholeUnits(upTo unit: String) throws {
    let files = try filesByPath(under: folder.path("run")).keys
    #expect(files.contains("units/\(unit)/contents.txt"))
    #expect(!files.contains { $0.contains(".tmp") })
    let units = Set(files.filter { $0.hasPrefix("units/") }.map { $0.split(separator: "/")[1] })
    for unit in units { #expect(files.contains("units/\(unit)/contents.txt"), "\(unit)") }
    #expect(files.filter { !$0.hasPrefix("units/") } == ["manifest.json"])
  }

  /// A capture whose first sequence is of 10 tokens, each of the same value in layer 0.
  private func capture(ofFirstSequence value: Double) throws -> String {
    var sample = CapturedSample.capture
    sample["shuffled.permutation"] = .integers(Array(0..<10) + Array(0..<15) + Array(0..<15))
    sample["sequence_offsets"] = .integers([0, 10, 25, 40])
    for place in 0..<320 { sample.set(value, at: place, of: "layers.0.moe_input") }
    return try sample.written(in: folder)
  }

  @Test("--keep-going leaves a sequence without rank out, lists it, and exits with 1")
  func sequenceWithoutRank() throws {
    let path = try capture(ofFirstSequence: 0.5)
    // Two directions are asked for.
    let words = ["--fraction", "0.2"]
    let reason = "tensor 'layers.0.moe_input', sequence 0, has a rank below 2: singular value 2 is "
    #expect(try refusal("--captures", path, words).hasPrefix(reason))
    let run = folder.path("kept")
    let outcome = try Tool.run(
      ["analyze", Samples.tiny, "-o", run, "--captures", path, "--keep-going", "--quiet"] + words)
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasPrefix(
        "left out, and listed in tables/left_out.csv:\n- captured.safetensors: \(reason)"))
    #expect(
      outcome.output.replacing("\n ", with: "").contains(
        "10 of 40 captured rows repeat others bit for bit"), "\(outcome.output)")
    let files = try filesByPath(under: run)
    let leftOut = String(decoding: try #require(files["tables/left_out.csv"]), as: UTF8.self)
    #expect(leftOut.hasPrefix("layer,projection,expert,reason\n0,,sequence 0,"))
    // Three pairs of sequences, of which one is left in layer 0.
    #expect(rows(files["tables/data_alignment.csv"]).map { $0[0] } == ["0", "1", "1", "1"])
  }

  @Test("a sequence of zeros is padding: left out of every layer, and told")
  func zeroSequence() throws {
    let run = folder.path("run")
    let outcome = try Tool.analyze(
      Samples.tiny, into: run, "--captures", try capture(ofFirstSequence: 0), "--quiet")
    #expect(outcome.status == 0)
    let remark =
      "10 of 40 captured rows were left out: zeros, of layers that disagree; layers.0.moe_input has most"
    #expect(outcome.output.replacing("\n ", with: "").contains(remark), "\(outcome.output)")
    let files = try filesByPath(under: run)
    #expect(
      rows(files["tables/data_alignment.csv"]).map { $0.prefix(3) } == [
        ["0", "1", "2"], ["1", "1", "2"],
      ])
    #expect(rows(files["tables/routing_summary.csv"]).map { $0[1] } == ["30", "30"])
    let page = String(decoding: try #require(files["index.html"]), as: UTF8.self)
    #expect(page.contains(remark))
  }

  @Test("what captures do not allow is left out with the reason; asked for by name, it is an error")
  func omission() throws {
    var sample = CapturedSample.capture
    sample["layers.1.router_logits"] = nil
    let path = try sample.written(in: folder)
    let run = folder.path("run")
    let outcome = try Tool.analyze(Samples.tiny, into: run, "--captures", path, "--quiet")
    #expect(outcome.status == 0)
    let remark = "routing was left out: the captures have no layers/1/router_logits"
    #expect(outcome.output.contains(remark), "\(outcome.output)")
    let files = try filesByPath(under: run)
    for name in ["index.html", "manifest.json"] {
      let text = String(decoding: try #require(files[name]), as: UTF8.self)
      #expect(text.contains("the captures have no layers/1/router_logits"), "\(name)")
    }
    #expect(
      try refusal("--captures", path, ["--analyses", "routing"]).hasPrefix(
        "has no layers/1/router_logits, which --analyses routing needs"))
  }

  /// Measures gradients of which some are left out, which is no failure, and told at the end.
  private func analyze(gradients: CapturedSample, told: String) throws -> Tool.Outcome {
    let outcome = try Tool.analyze(
      Samples.tiny, into: folder.path("run"), "--gradients", try gradients.written(in: folder))
    #expect(outcome.status == 0)
    #expect(
      outcome.errors.hasSuffix("\n\(told): tables/gradient_left_out.csv\n"), "\(outcome.errors)")
    return outcome
  }

  @Test("an expert without a gradient is listed, and is no failure")
  func noGradient() throws {
    var sample = CapturedSample.gradients
    for place in 0..<24 * 32 { sample.set(0, at: place, of: Self.first) }
    _ = try analyze(
      gradients: sample,
      told: "1 gradient was left out, of experts that saw too few tokens or none")
    let files = try filesByPath(under: folder.path("run"))
    #expect(
      rows(files["tables/gradient_left_out.csv"]).map { $0.prefix(3) } == [["0", "gate_proj", "0"]])
    #expect(rows(files["tables/gradient_energy.csv"]).count == 23)
  }

  @Test("gradients that are all zero are told as that, in the summary and on the page")
  func allZero() throws {
    var sample = CapturedSample.gradients
    for layer in 0..<2 {
      for expert in 0..<CapturedSample.expertCount {
        for projection in ["gate_proj", "up_proj", "down_proj"] {
          let name = CapturedSample.gradient(projection, ofExpert: expert, inLayer: layer)
          sample[name] = .values(
            projection == "down_proj" ? [32, 24] : [24, 32],
            Array(repeating: 0, count: 24 * 32))
        }
      }
    }
    let outcome = try analyze(
      gradients: sample,
      told: "all 24 gradients were left out, as if no backward pass had filled them")
    let text = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("nothing measured, for all gradients are zero"), "\(text)")
    let page = try String(contentsOfFile: folder.path("run/index.html"), encoding: .utf8)
    // Terms are links there.
    #expect(page.contains("Nothing measured, for all "))
    #expect(!page.contains("--gradients &lt;file&gt;"))
  }
}
