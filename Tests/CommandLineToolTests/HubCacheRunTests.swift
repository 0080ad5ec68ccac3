import Foundation
import TestSupport
import Testing

/// Checks that commands find models in the local Hugging Face cache, without a network.
@Suite struct HubCacheRunTests {
  static let commit = "0123456789abcdef0123456789abcdef01234567"
  static let download =
    "hf download Owner/Toy --include 'config.json' --include '*.safetensors' --include '*.safetensors.index.json' --include 'tokenizer*'"

  private let home: TemporaryFolder
  private var variables: [String: String] {
    ["HF_HOME": home.path, "HF_HUB_CACHE": "", "HUGGINGFACE_HUB_CACHE": ""]
  }

  init() throws {
    home = try TemporaryFolder()
    let folder = home.path("hub/models--Owner--Toy/snapshots/\(Self.commit)")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, content) in try filesByPath(under: Fixture.url("families/mixtral/hub").path) {
      let blob = "hub/models--Owner--Toy/blobs/\(name)"
      try home.write("", as: blob)
      try content.write(to: URL(filePath: home.path(blob)))
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/\(name)", withDestinationPath: "../../blobs/\(name)")
    }
    try home.write(Self.commit, as: "hub/models--Owner--Toy/refs/main")
  }

  @Test("inspect, analyze and convert take a model by its name")
  func byName() throws {
    let work = try TemporaryFolder()
    let inspected = try Tool.shell(
      "$SDMOE inspect Owner/Toy --revision 0123", in: work.path, environment: variables)
    #expect(inspected.status == 0, "\(inspected.errors)")
    #expect(inspected.output.contains("verdict         PASS"))
    let analyzed = try Tool.shell(
      "$SDMOE analyze Owner/Toy -o run --analyses energy", in: work.path, environment: variables)
    #expect(analyzed.status == 0, "\(analyzed.errors)")
    let manifest = try Data(contentsOf: URL(filePath: work.path("run/manifest.json")))
    let object = try #require(try JSONSerialization.jsonObject(with: manifest) as? [String: Any])
    let checkpoint = try #require(object["checkpoint"] as? [String: Any])
    #expect(checkpoint["name"] as? String == "Owner/Toy")
    let converted = try Tool.shell(
      "$SDMOE convert Owner/Toy -o out --revision main", in: work.path, environment: variables)
    #expect(converted.status == 0, "\(converted.errors)")
  }

  @Test("a folder of that name goes first, and that is told")
  func folderFirst() throws {
    let work = try TemporaryFolder()
    for (name, content) in try filesByPath(under: Fixture.url("families/deepseek_v2/hub").path) {
      try work.write("", as: "Owner/Toy/\(name)")
      try content.write(to: URL(filePath: work.path("Owner/Toy/\(name)")))
    }
    let outcome = try Tool.shell(
      "$SDMOE inspect Owner/Toy", in: work.path, environment: variables)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("deepseek"))
    let words = outcome.output.split { $0.isWhitespace }.joined(separator: " ")
    #expect(
      words.contains(
        "the folder here is read, not the model Owner/Toy in the Hugging Face cache (\(home.path)/hub)"
      ))
  }

  @Test("what is not there comes with the command that downloads it, and exit code 1")
  func absent() throws {
    try FileManager.default.removeItem(atPath: home.path("hub/models--Owner--Toy"))
    let outcome = try Tool.shell(
      "$SDMOE analyze Owner/Toy -o run", in: home.path, environment: variables)
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: Owner/Toy: there is no such folder, and the Hugging Face cache (\(home.path)/hub) does not hold the model; download it with: \(Self.download)\n"
    )
  }

  @Test("a revision of a folder is refused with exit code 1")
  func revisionOfFolder() throws {
    let folder = Fixture.url("families/mixtral/hub")
    let outcome = try Tool.shell(
      "$SDMOE inspect --revision main '\(folder.path)'", in: home.path, environment: variables)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("there is no revision 'main'"))
  }
}
