import Checkpoints
import Foundation
import TestSupport
import Testing

/// Checks how models are found in the cache of the Hugging Face hub.
@Suite struct HubCacheTests {
  static let name = "Owner/Toy-1.5_moe"
  static let first = "0123456789abcdef0123456789abcdef01234567"
  static let second = "01fedcba9876543201fedcba9876543201fedcba"
  static let command =
    "hf download Owner/Toy-1.5_moe --include 'config.json' --include '*.safetensors' --include '*.safetensors.index.json' --include 'tokenizer*'"

  /// A cache with a model in it, whose snapshots are links to its blobs.
  private struct Cache {
    let folder: TemporaryFolder
    var model: String { folder.path("models--Owner--Toy-1.5_moe") }
    var cache: HubCache { HubCache(environment: ["HF_HUB_CACHE": folder.path]) }

    init(snapshots: [String], references: [String: String] = [:]) throws {
      folder = try TemporaryFolder()
      let manager = FileManager.default
      for snapshot in snapshots {
        let source = try ToyCheckpoint.deepseek().written(as: .shards(2))
        for name in try manager.contentsOfDirectory(atPath: source.path) {
          for part in ["blobs", "snapshots/\(snapshot)"] {
            try manager.createDirectory(
              atPath: "\(model)/\(part)", withIntermediateDirectories: true)
          }
          try manager.moveItem(
            atPath: source.path(name), toPath: "\(model)/blobs/\(snapshot)-\(name)")
          try manager.createSymbolicLink(
            atPath: "\(model)/snapshots/\(snapshot)/\(name)",
            withDestinationPath: "../../blobs/\(snapshot)-\(name)")
        }
      }
      for (name, commit) in references {
        try folder.write(commit, as: "models--Owner--Toy-1.5_moe/refs/\(name)")
      }
    }

    func open(_ name: String = HubCacheTests.name, revision: String? = nil) throws -> Checkpoint {
      try Checkpoint(path: name, revision: revision, cache: cache)
    }

    func snapshot(_ commit: String) -> String { "\(model)/snapshots/\(commit)" }
  }

  // MARK: The place of the cache

  static let places: [(environment: [String: String], path: String)] = [
    (["HOME": "/home/me"], "/home/me/.cache/huggingface/hub"),
    (["HOME": "/home/me", "XDG_CACHE_HOME": "/xdg"], "/xdg/huggingface/hub"),
    (["HOME": "/home/me", "XDG_CACHE_HOME": "/xdg", "HF_HOME": "/hf"], "/hf/hub"),
    (["HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old"], "/old"),
    (["HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "/new"], "/new"),
    (["HOME": "/home/me", "HF_HOME": "~/hf"], "/home/me/hf/hub"),
    (["HOME": "/home/me", "HF_HOME": ""], "/home/me/.cache/huggingface/hub"),
  ]

  @Test("The variables of huggingface_hub say where the cache is", arguments: places)
  func place(environment: [String: String], path: String) {
    #expect(HubCache(environment: environment).path == path)
  }

  @Test(
    "Names of models are told from paths",
    arguments: [
      ("Qwen/Qwen1.5-MoE-A2.7B", true), ("a/b", true), ("qwen", false), ("a/b/c", false),
      ("./a", false), ("../a", false), ("/a", false), ("~/a", false), ("a/", false), ("", false),
      ("a--b/c", false), ("a/b..c", false), ("a b/c", false), ("a/-b", false), ("ä/b", false),
    ])
  func names(text: String, isName: Bool) {
    #expect((HubName(text) != nil) == isName)
    if isName { #expect(HubName(text)?.description == text) }
  }

  // MARK: Revisions

  @Test("A model is found by its name: main, a branch, a tag, a commit or the start of one")
  func revisions() throws {
    let cache = try Cache(
      snapshots: [Self.first, Self.second],
      references: ["main": Self.first + "\n", "v2": Self.second, "refs/pr/1": Self.second])
    let main = try cache.open()
    #expect(main.path == cache.snapshot(Self.first))
    #expect(main.name == Self.name)
    #expect(main.problems == [])
    #expect(main.remarks == [])
    for (revision, commit) in [
      ("main", Self.first), ("v2", Self.second), ("refs/pr/1", Self.second),
      (Self.second, Self.second), ("012", Self.first), ("01f", Self.second),
    ] {
      #expect(try cache.open(revision: revision).path == cache.snapshot(commit))
    }
    // The model's folder does as well as its name.
    #expect(try cache.open(cache.model, revision: "v2").path == cache.snapshot(Self.second))
    #expect(try cache.open(cache.snapshot(Self.second)).path == cache.snapshot(Self.second))
    #expect(
      throws: CheckpointError.severalSnapshots(
        path: cache.model, revision: "01", held: [Self.first, Self.second])
    ) { try cache.open(revision: "01") }
    for revision in ["v3", "../snapshots/\(Self.first)", "/"] {
      #expect(
        throws: CheckpointError.notInCache(
          name: Self.name, revision: revision, cache: cache.folder.path,
          held: ["main", "refs/pr/1", "v2", Self.first, Self.second],
          command: Self.command.replacing("moe --", with: "moe --revision \(revision) --"))
      ) { try cache.open(revision: revision) }
    }
  }

  @Test("Without main the only snapshot is read, and of several none")
  func withoutMain() throws {
    let one = try Cache(snapshots: [Self.first])
    let checkpoint = try one.open()
    #expect(checkpoint.path == one.snapshot(Self.first))
    #expect(
      checkpoint.remarks.map(\.description) == [
        "the cache does not say which snapshot is main; the only one, \(Self.first), is read"
      ])
    let two = try Cache(snapshots: [Self.first, Self.second])
    let error = CheckpointError.severalSnapshots(
      path: two.model, revision: nil, held: [Self.first, Self.second])
    #expect(throws: error) { try two.open() }
    #expect(
      error.description
        == "\(two.model): holds 2 snapshots, \(Self.first), \(Self.second), and none is called main; choose with --revision"
    )
  }

  @Test("A folder goes before a model of the same name, and that is told")
  func folderFirst() throws {
    let cache = try Cache(snapshots: [Self.first])
    // Relative names are of the folder of the process: no test changes that.
    let folder = try ToyCheckpoint.mixtral().written()
    #expect(try cache.open(folder.path).remarks == [])
    let remark = CheckpointRemark.folderBeforeCache(Self.name, cache: "/hf/hub")
    #expect(
      remark.description
        == "the folder here is read, not the model \(Self.name) in the Hugging Face cache (/hf/hub); name the other one by its folder there"
    )
    for path in [folder.path, cache.snapshot(Self.first), Fixture.url("gguf/qwen2_moe.gguf").path] {
      let error = CheckpointError.revisionOfPath(path: path, revision: "main")
      #expect(throws: error) { try cache.open(path, revision: "main") }
      #expect(
        error.description
          == "\(path): lies here as it is, so there is no revision 'main' of it; leave --revision out, or name a model in the Hugging Face cache"
      )
    }
  }

  // MARK: What is not there

  @Test("A model that is not in the cache comes with the command that downloads it")
  func absent() throws {
    let cache = try Cache(snapshots: [])
    let error = CheckpointError.notInCache(
      name: Self.name, revision: nil, cache: cache.folder.path, held: [], command: Self.command)
    #expect(throws: error) { try cache.open() }
    #expect(
      error.description
        == "\(Self.name): there is no such folder, and the Hugging Face cache (\(cache.folder.path)) does not hold the model; download it with: \(Self.command)"
    )
    for path in ["nowhere", "nowhere.gguf", "nowhere/model.gguf"] {
      #expect(throws: CheckpointError.missing(path: path)) { try cache.open(path) }
      #expect(throws: CheckpointError.missing(path: path)) {
        try cache.open(path, revision: "main")
      }
    }
  }

  @Test("A reference to a snapshot that is not there asks for the download")
  func danglingReference() throws {
    let cache = try Cache(snapshots: [Self.second], references: ["main": Self.first])
    let error = CheckpointError.notInCache(
      name: Self.name, revision: nil, cache: cache.folder.path, held: ["main", Self.second],
      command: Self.command)
    #expect(throws: error) { try cache.open() }
    #expect(
      error.description
        == "\(Self.name): the Hugging Face cache (\(cache.folder.path)) does not hold what its 'main' is, only main, \(Self.second); download it with: \(Self.command)"
    )
  }

  @Test(
    "A snapshot that lacks files asks for the rest of the download",
    arguments: [
      ("config.json", "config.json is missing"),
      ("model-2-of-2.safetensors", "the file 'model-2-of-2.safetensors' is missing"),
      (
        "model-1-of-2.safetensors model-2-of-2.safetensors",
        "the file 'model-1-of-2.safetensors' and 1 more are missing"
      ),
      (
        "model.safetensors.index.json model-2-of-2.safetensors",
        "the file 'model-2-of-2.safetensors' is missing"
      ),
      (
        "model.safetensors.index.json model-2-of-2.safetensors model-1-of-2.safetensors",
        "there are no weight files"
      ),
    ])
  func incomplete(files: String, reason: String) throws {
    let cache = try Cache(snapshots: [Self.first], references: ["main": Self.first])
    for file in files.split(separator: " ") {
      try FileManager.default.removeItem(atPath: "\(cache.snapshot(Self.first))/\(file)")
    }
    #expect(
      throws: CheckpointError.incompleteSnapshot(
        path: cache.snapshot(Self.first), reason: reason, command: Self.command)
    ) { try cache.open() }
    try cache.folder.write("x", as: "models--Owner--Toy-1.5_moe/blobs/abc.incomplete")
    let error = CheckpointError.incompleteSnapshot(
      path: cache.snapshot(Self.first), reason: "\(reason), and a file is half downloaded",
      command: Self.command)
    #expect(throws: error) { try cache.open() }
    #expect(
      error.description
        == "\(cache.snapshot(Self.first)): \(reason), and a file is half downloaded, so the download is not complete; finish it with: \(Self.command)"
    )
  }

  @Test("A link to a blob that is gone is told as an unfinished download")
  func lostBlob() throws {
    let cache = try Cache(snapshots: [Self.first], references: ["main": Self.first])
    let file = "model-1-of-2.safetensors"
    try FileManager.default.removeItem(atPath: "\(cache.model)/blobs/\(Self.first)-\(file)")
    #expect(
      throws: CheckpointError.incompleteSnapshot(
        path: cache.snapshot(Self.first), reason: "the file '\(file)' is a link to nothing",
        command: Self.command)
    ) { try cache.open() }
  }

  // MARK: Links

  @Test(
    "A link that leads out of the model's folder is not followed",
    arguments: [
      "config.json", "model-1-of-2.safetensors", "model.safetensors.index.json", "tokenizer.json",
      "model.gguf", "w", "below/tokenizer.json", ".hidden",
    ])
  func linkOutside(file: String) throws {
    let cache = try Cache(snapshots: [Self.first], references: ["main": Self.first])
    let place = "\(cache.snapshot(Self.first))/\(file)"
    var outside = resolved(
      try cache.folder.write("{}", as: "models--Owner--Other/blobs/secret"))
    if file == "w" { outside = (outside as NSString).deletingLastPathComponent }
    try? FileManager.default.removeItem(atPath: place)
    try FileManager.default.createDirectory(
      atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: outside)
    let error = CheckpointError.linkLeavesCache(path: place, target: outside)
    #expect(throws: error) { try cache.open() }
    #expect(throws: error) { try cache.open(cache.snapshot(Self.first)) }
    #expect(
      error.description
        == "\(place): is a link to '\(outside)', outside of the model's folder in the cache, and is not followed; download the model again"
    )
  }

  @Test("A snapshot that is a link out of the model's folder is not followed")
  func snapshotOutside() throws {
    let cache = try Cache(snapshots: [], references: ["main": Self.first])
    let folder = try ToyCheckpoint.mixtral().written()
    try FileManager.default.createDirectory(
      atPath: "\(cache.model)/snapshots", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: cache.snapshot(Self.first), withDestinationPath: folder.path)
    #expect(
      throws: CheckpointError.linkLeavesCache(
        path: cache.snapshot(Self.first), target: resolved(folder.path))
    ) { try cache.open() }
  }

  @Test("A GGUF file alone is opened only if no link of its snapshot leads out")
  func ggufOutside() throws {
    let cache = try Cache(snapshots: [Self.first], references: ["main": Self.first])
    let manager = FileManager.default
    let outside = resolved(cache.folder.path("secret"))
    try manager.copyItem(atPath: Fixture.url("gguf/qwen2_moe.gguf").path, toPath: outside)
    try manager.copyItem(atPath: outside, toPath: "\(cache.model)/blobs/gguf")
    let folder = "\(cache.snapshot(Self.first))/q8"
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let place = "\(folder)/model.gguf"
    try manager.createSymbolicLink(atPath: place, withDestinationPath: "../../../blobs/gguf")
    for path in [place, folder] { #expect(try cache.open(path).family == "qwen2_moe") }
    try manager.removeItem(atPath: place)
    try manager.createSymbolicLink(atPath: place, withDestinationPath: outside)
    let absolute = "\(resolved(cache.model))/snapshots/\(Self.first)/q8/model.gguf"
    for path in [place, folder] {
      #expect(throws: CheckpointError.linkLeavesCache(path: absolute, target: outside)) {
        try cache.open(path)
      }
    }
  }

  @Test("Of a GGUF model that is not whole the parts alone are to be downloaded")
  func ggufPart() throws {
    let cache = try Cache(snapshots: [Self.first], references: ["main": Self.first])
    let folder = cache.snapshot(Self.first)
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    let part = "mixtral-00002-of-00003.gguf"
    try FileManager.default.copyItem(
      atPath: Fixture.url("gguf/\(part)").path, toPath: "\(folder)/\(part)")
    let error = #expect(throws: CheckpointError.self) { try cache.open() }
    let command = "hf download \(Self.name) --include '*mixtral-*-of-00003.gguf'"
    #expect(error?.description.contains(command) == true, "\(error?.description ?? "none")")
  }

  @Test("Links inside of the model's folder are followed, also those that lead back")
  func linkInside() throws {
    let cache = try Cache(snapshots: [Self.first], references: ["main": Self.first])
    for (name, target) in [("self", "."), ("up", "../.."), ("lost", "../../blobs/lost")] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(cache.snapshot(Self.first))/\(name)", withDestinationPath: target)
    }
    #expect(try cache.open().problems == [])
  }

  private func resolved(_ path: String) -> String {
    URL(filePath: path).resolvingSymlinksInPath().path
  }
}
