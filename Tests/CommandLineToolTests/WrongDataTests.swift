import Foundation
import TestSupport
import Testing

/// Checks that data that cannot be analysed is told in words that name the file, and exits with 1.
@Suite struct WrongDataTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func refusal(of checkpoint: String, _ options: [String] = []) throws -> String {
    let outcome = try Tool.run(
      ["analyze", checkpoint, "-o", folder.path("run"), "--quiet"] + options)
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors.hasPrefix("Error: "))
    #expect(outcome.errors.count { $0 == "\n" } == 1, "one line: \(outcome.errors)")
    return String(outcome.errors.dropFirst("Error: ".count).dropLast())
  }

  @Test("no such folder")
  func missing() throws {
    let path = folder.path("none")
    #expect(
      try refusal(of: path)
        == "\(path): there is no such folder or file; give the folder that holds config.json and the weight files, or a GGUF file"
    )
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
  }

  @Test("a dense model")
  func dense() throws {
    try folder.write("{\"model_type\": \"llama\", \"num_hidden_layers\": 2}", as: "m/config.json")
    #expect(
      try refusal(of: folder.path("m"))
        == "\(folder.path("m")): a dense model (model_type 'llama'), without experts; sdmoe compares the experts of Mixture-of-Experts models"
    )
  }

  @Test("pickled weights alone")
  func pickle() throws {
    let config = try String(contentsOfFile: "\(Samples.tiny)/config.json", encoding: .utf8)
    try folder.write(config, as: "m/config.json")
    let file = try folder.write("PK", as: "m/pytorch_model.bin")
    let message = try refusal(of: folder.path("m"))
    #expect(
      message.hasPrefix(
        "\(file): holds weights as PyTorch pickles (.bin), which sdmoe does not read; "))
  }

  @Test("a GGUF file that is cut")
  func gguf() throws {
    let file = try folder.write("GGUF", as: "m.gguf")
    #expect(
      try refusal(of: file)
        == "\(file): holds 4 bytes and ends inside its header, in its counts; it is damaged, so download or write it again"
    )
  }

  @Test("a layer that is not there, and one without experts")
  func layers() throws {
    #expect(
      try refusal(of: Samples.tiny, ["--layers", "0-2"])
        == "\(Samples.tiny): there is no layer 2; the model has layers 0 to 1")
    let deepseek = Fixture.url("deepseek-v2-tiny").path
    #expect(
      try refusal(of: deepseek, ["--layers", "0"])
        == "\(deepseek): layer 0 has no experts; those with experts are 1-3")
  }

  @Test("a shard that was cut short")
  func truncated() throws {
    let path = folder.path("m")
    try Samples.copy(of: Samples.tiny, to: path)
    let shard = try #require(
      try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        .first { $0.hasSuffix(".safetensors") })
    let file = URL(filePath: "\(path)/\(shard)")
    try Data(contentsOf: file).dropLast(100).write(to: file)
    let message = try refusal(of: path)
    #expect(message.hasPrefix("\(path)/\(shard): "))
    #expect(message.contains("download"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
  }

  @Test("a shard that is missing")
  func missingShard() throws {
    let path = folder.path("m")
    try Samples.copy(of: Samples.tiny, to: path)
    try FileManager.default.removeItem(atPath: "\(path)/model-00002-of-00007.safetensors")
    #expect(
      try refusal(of: path)
        == "\(path): the file 'model-00002-of-00007.safetensors' is missing, though model.safetensors.index.json names it; finish the download, or take the index away if it is of other files"
    )
  }

  // MARK: A bad expert

  private static let expert = "model.layers.1.mlp.experts.2.up_proj.weight"

  @Test("NaN in an expert names file and tensor; what is finished is kept, but no table is made")
  func notANumber() throws {
    let path = folder.path("m")
    try Samples.copy(of: Samples.tiny, to: path)
    let shard = try Samples.poison(Self.expert, inCheckpointAt: path)
    let message = try refusal(of: path)
    #expect(
      message
        == "\(path)/\(shard): tensor '\(Self.expert)' holds NaN, infinity, or a value beyond single precision at row 0, column 0, counted from 0; download or capture the file again and start a new run folder, or leave out what is damaged with --keep-going"
    )
    let files = try filesByPath(under: folder.path("run"))
    #expect(files.keys.contains("units/layer-001-gate_proj/energy.csv"))
    #expect(
      !files.keys.contains {
        $0.hasPrefix("units/layer-001-up_proj") || $0.hasPrefix("tables/")
          || $0.hasPrefix("figures/")
      })
  }

  @Test(
    "--keep-going leaves the expert out, lists it, writes the rest, and exits with 1; a mended file is measured"
  )
  func keepGoing() throws {
    let path = folder.path("m")
    let run = folder.path("run")
    try Samples.copy(of: Samples.tiny, to: path)
    let shard = try Samples.poison(Self.expert, inCheckpointAt: path)
    let outcome = try Tool.analyze(path, into: run, "--keep-going", "--quiet")
    #expect(outcome.status == 1)
    #expect(outcome.output.hasPrefix("qwen3_moe, layers 0-1"))
    let reason =
      "\(shard): tensor '\(Self.expert)' holds NaN, infinity, or a value beyond single precision at row 0, column 0, counted from 0"
    #expect(outcome.errors.hasPrefix("left out, and listed in tables/left_out.csv:\n- \(reason)"))

    let files = try filesByPath(under: run)
    let leftOut = String(decoding: try #require(files["tables/left_out.csv"]), as: UTF8.self)
    #expect(leftOut.hasPrefix("layer,projection,expert,reason\n1,up_proj,2,"))
    #expect(leftOut.contains("holds NaN"))
    #expect(!leftOut.contains(path))
    let energy = rows(files["tables/energy.csv"])
    #expect(energy.count == 4 * 3 * 2 - 1)
    #expect(!energy.contains { $0.prefix(3) == ["1", "up_proj", "2"] })
    let pairs = rows(files["tables/similarity.csv"])
    #expect(pairs.contains { $0[0] == "1" && $0[1] == "up_proj" })
    #expect(
      !pairs.contains { $0[0] == "1" && $0[1] == "up_proj" && ($0[3] == "2" || $0[4] == "2") })
    let manifest = String(decoding: try #require(files["manifest.json"]), as: UTF8.self)
    #expect(manifest.split(separator: "\"open\"").count == 2)

    try Samples.copy(of: Samples.tiny, to: path)
    #expect(try Tool.analyze(path, into: run, "--quiet").status == 0)
    let whole = folder.path("whole")
    #expect(try Tool.analyze(path, into: whole, "--quiet").status == 0)
    #expect(differences(try filesByPath(under: run), try filesByPath(under: whole)) == [])
  }
}
