import Checkpoints
import Foundation
import SafetensorsFiles
import TestSupport
import Testing

/// Checks the files of a folder against each other and against the index.
@Suite struct WeightFilesTests {
  static let index = "model.safetensors.index.json"

  @Test("a shard that the index names is missing")
  func missingShard() throws {
    let folder = try ToyCheckpoint.mixtral().written(as: .shards(3))
    try FileManager.default.removeItem(atPath: folder.path("model-2-of-3.safetensors"))
    expectRefusal(
      of: folder.path,
      .missingShards(
        path: folder.path, files: ["model-2-of-3.safetensors"], index: Self.index))
    // A whole model beside it does not make the index say something else.
    try writeSafetensors(
      ToyCheckpoint.mixtral().tensors, to: folder.path("model.safetensors"))
    try FileManager.default.removeItem(atPath: folder.path("model-3-of-3.safetensors"))
    expectRefusal(
      of: folder.path,
      .missingShards(
        path: folder.path, files: ["model-2-of-3.safetensors", "model-3-of-3.safetensors"],
        index: Self.index))
  }

  @Test("a tensor that the index names is not in its shard")
  func tensorNotInShard() throws {
    var toy = ToyCheckpoint.mixtral()
    let folder = try toy.written(as: .shards(2))
    let lost = toy.tensors[2].name
    toy.tensors.remove(at: 2)
    try writeSafetensors(
      [0, 3, 5, 7, 9, 11, 13, 15, 17].map { toy.tensors[$0] },
      to: folder.path("model-1-of-2.safetensors"))
    expectRefusal(
      of: folder.path,
      .tensorNotInShard(
        path: folder.path("model-1-of-2.safetensors"), tensor: lost, index: Self.index))
  }

  @Test("a tensor lies in another shard than the index says")
  func tensorInOtherShard() throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try toy.written(as: .shards(2))
    let name = toy.tensors[1].name
    let path = folder.path(Self.index)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try folder.write(
      text.replacing(
        "\"\(name)\": \"model-2-of-2.safetensors\"",
        with: "\"\(name)\": \"model-1-of-2.safetensors\""),
      as: Self.index)
    expectRefusal(
      of: folder.path,
      .tensorNotInShard(
        path: folder.path("model-1-of-2.safetensors"), tensor: name, index: Self.index))
  }

  @Test(
    "an index cannot lead out of the folder",
    arguments: ["../x.safetensors", "/etc/x", "a//b", "a/../../x", "..", "", "a/", "a\\u0000b"])
  func leavingFolder(file: String) throws {
    // What lies there would be a sound shard: it must not even be opened.
    let folder = try TemporaryFolder()
    let toy = ToyCheckpoint.mixtral()
    try writeSafetensors(toy.tensors, to: folder.path("x.safetensors"))
    try folder.write(JSONText(toy.config).text, as: "inner/config.json")
    try folder.write(
      JSONText(["weight_map": ["a": JSONText(stringLiteral: file)]]).text,
      as: "inner/\(Self.index)")
    expectRefusal(
      of: folder.path("inner"),
      .indexLeavesFolder(
        path: folder.path("inner/\(Self.index)"), file: file.replacing("\\u0000", with: "\0")))
  }

  @Test("an index may name shards in a folder below")
  func subfolder() throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try TemporaryFolder()
    try folder.write(JSONText(toy.config).text, as: "config.json")
    try folder.write("", as: "parts/note.txt")
    try writeSafetensors(toy.tensors, to: folder.path("parts/one.safetensors"))
    let map = toy.tensors.map { ($0.name, JSONText("parts/one.safetensors")) }
    try folder.write(
      JSONText(["weight_map": JSONText(Dictionary(map) { $1 })]).text, as: Self.index)
    #expect(try Checkpoint(path: folder.path).problems == [])
  }

  @Test(
    "an index that is not one",
    arguments: [
      ("{", "is not JSON: byte 1: the JSON text ends inside a value"),
      ("{}", "has no 'weight_map' that names tensors"),
      ("[]", "has no 'weight_map' that names tensors"),
      (#"{"weight_map": []}"#, "has no 'weight_map' that names tensors"),
      (#"{"weight_map": {}}"#, "has no 'weight_map' that names tensors"),
      (#"{"weight_map": {"a": 1}}"#, "gives no file name for tensor 'a'"),
      (
        #"{"weight_map": {"a": "x", "a": "y"}}"#,
        "has the key 'a' twice in one object, as 'x' and as 'y'"
      ),
      ("", "is empty"),
    ])
  func badIndex(text: String, reason: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(JSONText(ToyCheckpoint.mixtral().config).text, as: "config.json")
    let path = try folder.write(text, as: Self.index)
    expectRefusal(of: folder.path, .badIndex(path: path, reason: reason))
  }

  @Test("the slices of a distributed save, with and without an index", arguments: [false, true])
  func distributedSave(hasIndex: Bool) throws {
    let folder = try ToyCheckpoint.mixtral().written(as: .shards(2))
    let first = folder.path("model-1-of-2.safetensors")
    let toy = ToyCheckpoint.mixtral()
    try writeSafetensors(
      toy.tensors.enumerated().filter { $0.offset % 2 == 0 }.map(\.element), to: first,
      metadata: ["DCP_SHARDING_INFO": "{}"])
    if !hasIndex { try FileManager.default.removeItem(atPath: folder.path(Self.index)) }
    expectRefusal(of: folder.path, .distributedSave(path: first))
  }

  @Test("a damaged shard is told in its own room's words")
  func damagedShard() throws {
    let folder = try ToyCheckpoint.mixtral().written(as: .shards(2))
    let path = folder.path("model-2-of-2.safetensors")
    let size = try Data(contentsOf: URL(filePath: path)).count
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(size - 10))
    #expect(
      throws: SafetensorsError.truncated(path: path, expectedBytes: size, actualBytes: size - 10)
    ) {
      try Checkpoint(path: folder.path)
    }
  }
}
