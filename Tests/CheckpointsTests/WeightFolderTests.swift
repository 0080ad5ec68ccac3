import Checkpoints
import Experts
import Foundation
import HDF5Files
import TestSupport
import Tensors
import Testing

/// Checks which files of a folder count, and that what does not is named.
@Suite struct WeightFolderTests {
  static let index = "model.safetensors.index.json"
  static let sample = "model.layers.0.block_sparse_moe.experts.1.w1.weight"

  /// The same model with other weights.
  static var other: [ToyTensor] {
    ToyCheckpoint.mixtral().tensors.enumerated().map { place, tensor in
      ToyTensor(
        tensor.name, tensor.description.elementType, tensor.description.shape,
        seed: 900 + UInt64(place))
    }
  }

  /// Where a checkpoint has the sample tensor.
  private func file(ofSampleIn checkpoint: Checkpoint) throws -> String {
    let found = try #require(checkpoint.stored(Self.sample))
    return (found.file.path as NSString).lastPathComponent
  }

  // MARK: With an index

  @Test("an index goes before a model.safetensors that it does not name")
  func indexDecides() throws {
    let folder = try ToyCheckpoint.mixtral().written(as: .shards(2))
    let alone = try Checkpoint(path: folder.path)
    #expect(alone.remarks == [])
    try writeSafetensors(Self.other, to: folder.path("model.safetensors"))
    try writeSafetensors(Self.other, to: folder.path("adapter_model.safetensors"))
    try folder.write("{}", as: "consolidated.safetensors.index.json")
    try folder.write("", as: "original/consolidated.safetensors")
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(try file(ofSampleIn: checkpoint).hasPrefix("model-"))
    #expect(checkpoint.problems == [])
    #expect(try checkpoint.fingerprint() == alone.fingerprint())
    #expect(
      checkpoint.remarks.map(\.description) == [
        "consolidated.safetensors.index.json, adapter_model.safetensors, model.safetensors are not "
          + "read: \(Self.index) decides, and does not name such files "
          + "(transformers reads model.safetensors before the index)",
        "1 safetensors or HDF5 file below, in original/, is not read",
      ])
    #expect(checkpoint.remarks.map(\.isOfFolderAlone) == [false, true])
  }

  @Test("an index that names model.safetensors alone is as good as none")
  func indexOfOne() throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try toy.written()
    let map = toy.tensors.map { ($0.name, JSONText("model.safetensors")) }
    try folder.write(
      "\u{FEFF}" + JSONText(["weight_map": JSONText(Dictionary(map) { $1 })]).text, as: Self.index)
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.remarks == [.byteOrderMark(file: Self.index)])
  }

  @Test("the index of another name counts where it is the only one, and two are refused")
  func otherIndex() throws {
    let folder = try ToyCheckpoint.mixtral().written(as: .shards(2))
    try FileManager.default.moveItem(
      atPath: folder.path(Self.index), toPath: folder.path("consolidated.safetensors.index.json"))
    try writeSafetensors(Self.other, to: folder.path("model.safetensors"))
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(try file(ofSampleIn: checkpoint).hasPrefix("model-"))
    let names = ["a.safetensors.index.json", "consolidated.safetensors.index.json"]
    try folder.write("{}", as: names[0])
    expectRefusal(of: folder.path, .severalIndexes(path: folder.path, names: names))
  }

  @Test("of a tensor in two shards the one counts that the index names, whatever the other holds")
  func tensorInTwoShards() throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try toy.written(as: .shards(2))
    let alone = try Checkpoint(path: folder.path)
    let place = try #require(toy.tensors.firstIndex { $0.name == Self.sample })
    let wrong = 1 - place % 2
    let part = toy.tensors.enumerated().filter { $0.offset % 2 == wrong }.map(\.element)
    let name = "model-\(wrong + 1)-of-2.safetensors"
    try writeSafetensors(
      part + [Self.other[place], ToyTensor("stray", .f32, [1], values: [1])],
      to: folder.path(name))
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(try file(ofSampleIn: checkpoint) == "model-\(place % 2 + 1)-of-2.safetensors")
    #expect(checkpoint.tensorCount == toy.tensors.count)
    #expect(checkpoint.tensor(named: "stray") == nil)
    #expect(checkpoint.weightFiles.flatMap(\.tensors).count == toy.tensors.count)
    #expect(
      checkpoint.remarks.map(\.description) == [
        "2 tensors that \(Self.index) does not place there are not read: first '\(Self.sample)' in \(name)"
      ])
    #expect(try checkpoint.structure() != alone.structure())

    // The other way round: the same files, but for the index.
    let before = try checkpoint.structure()
    let index = try String(contentsOfFile: folder.path(Self.index), encoding: .utf8)
    try folder.write(
      index.replacing(
        "\"\(Self.sample)\": \"model-\(place % 2 + 1)-of-2.safetensors\"",
        with: "\"\(Self.sample)\": \"\(name)\""), as: Self.index)
    let swapped = try Checkpoint(path: folder.path)
    #expect(try file(ofSampleIn: swapped) == name)
    #expect(try swapped.structure() != before)
    #expect(try swapped.fingerprint() != checkpoint.fingerprint())
  }

  @Test("a tensor that is needed and stands in a shard that the index does not give it")
  func unlisted() throws {
    let folder = try ToyCheckpoint.mixtral().written(as: .shards(1))
    let index = try String(contentsOfFile: folder.path(Self.index), encoding: .utf8)
    try folder.write(
      index.replacing("\"\(Self.sample)\"", with: "\"lm_head.weight\""), as: Self.index)
    let shard = folder.path("model-1-of-1.safetensors")
    expectRefusal(
      of: folder.path,
      .tensorNotInShard(path: shard, tensor: "lm_head.weight", index: Self.index))
    try folder.write(
      index.replacing("\"\(Self.sample)\": \"model-1-of-1.safetensors\", ", with: ""),
      as: Self.index)
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .unlistedTensor(path: shard, tensor: Self.sample, index: Self.index)
      ])
  }

  // MARK: Without an index

  @Test(
    "parts are read together where all are there, and a missing one is named",
    arguments: [
      ["model-1-of-2", "model-2-of-2"], ["x-00000-of-00002", "x-00001-of-00002"],
      ["model.fp16-00001-of-00002", "model.fp16-00002-of-00002"], ["layers_0", "layers_1"],
    ], ["safetensors", "h5"])
  func parts(names: [String], ending: String) throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try TemporaryFolder()
    for (number, name) in names.enumerated() {
      var part = toy
      part.tensors = toy.tensors.enumerated().filter { $0.offset % 2 == number }.map(\.element)
      try part.write(to: folder, as: ending == "h5" ? .hdf5(.dotted) : .single)
      try FileManager.default.moveItem(
        atPath: folder.path(ending == "h5" ? "model.h5" : "model.safetensors"),
        toPath: folder.path("\(name).\(ending)"))
    }
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.fileCount == 2)
    #expect(checkpoint.remarks == [])
    try FileManager.default.removeItem(atPath: folder.path("\(names[1]).\(ending)"))
    if names[1].contains("-of-") {
      expectRefusal(
        of: folder.path,
        .incompleteSet(
          path: folder.path, file: "\(names[1]).\(ending)", sample: "\(names[0]).\(ending)",
          count: 1))
    } else {
      #expect(try !Checkpoint(path: folder.path).problems.isEmpty)
    }
  }

  @Test("model.safetensors goes before others, which are named")
  func mainFile() throws {
    let folder = try ToyCheckpoint.mixtral().written()
    try writeSafetensors(
      [ToyTensor("base_model.model.x.lora_A.weight", .f32, [1], values: [1])],
      to: folder.path("adapter_model.safetensors"))
    try folder.write("no safetensors", as: "sdmoe-bases.safetensors")
    try folder.write("no HDF5", as: "captures.h5")
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.fileCount == 1)
    #expect(
      checkpoint.remarks == [
        .unreadFiles(
          ["adapter_model.safetensors", "sdmoe-bases.safetensors", "captures.h5"],
          reason: "model.safetensors goes before other files")
      ])
  }

  @Test(
    "two versions of a tensor are refused by name, and the same twice is told",
    arguments: ["consolidated.safetensors", "model-00001-of-00002.safetensors", "ema.safetensors"])
  func twoVersions(name: String) throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try toy.written()
    try writeSafetensors(Array(toy.tensors.prefix(3)), to: folder.path(name))
    #expect(
      try Checkpoint(path: folder.path).remarks == [
        .unreadFiles([name], reason: "model.safetensors goes before other files")
      ])
    var changed = Array(toy.tensors.prefix(3))
    changed[2] = Self.other[2]
    try writeSafetensors(changed, to: folder.path(name))
    let tensor = changed[2].name
    expectRefusal(
      of: folder.path,
      .twoVersions(
        tensor: tensor, first: folder.path("model.safetensors"), otherTensor: tensor,
        second: folder.path(name)))
    // The same bytes in another shape are another tensor.
    let same = toy.tensors[2]
    changed[2] = ToyTensor(
      name: same.name, type: same.description.elementType,
      shape: same.description.shape.reversed(), bytes: same.bytes)
    try writeSafetensors(changed, to: folder.path(name))
    #expect(throws: CheckpointError.self) { try Checkpoint(path: folder.path) }
  }

  @Test("an HDF5 file beside model.safetensors is held to the same rule")
  func twoVersionsInHDF5() throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try toy.written()
    try toy.write(to: folder, as: .hdf5(.nested))
    #expect(
      try Checkpoint(path: folder.path).remarks == [
        .unreadFiles(["model.h5"], reason: "model.safetensors goes before other files")
      ])
    var changed = toy
    changed.tensors[2] = Self.other[2]
    try FileManager.default.removeItem(atPath: folder.path("model.h5"))
    try changed.write(to: folder, as: .hdf5(.nested))
    let tensor = toy.tensors[2].name
    expectRefusal(
      of: folder.path,
      .twoVersions(
        tensor: tensor, first: folder.path("model.safetensors"), otherTensor: tensor,
        second: folder.path("model.h5")))
  }

  @Test("files that are read together may repeat a tensor, but not with another content")
  func repeated() throws {
    let toy = ToyCheckpoint.mixtral()
    let folder = try toy.written(as: .hdf5(.nested))
    var more = toy
    more.tensors = [toy.tensors[4], ToyTensor("more", .f32, [1], values: [1])]
    let second = try more.written(as: .hdf5(.nested))
    let path = folder.path("more.h5")
    try FileManager.default.moveItem(atPath: second.path("model.h5"), toPath: path)
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.tensorCount == toy.tensors.count + 1)
    #expect(
      checkpoint.remarks == [
        .repeatedTensors(count: 1, first: toy.tensors[4].name, files: ["model.h5", "more.h5"])
      ])
    more.tensors[0] = Self.other[4]
    try more.write(to: second, as: .hdf5(.nested))
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: second.path("model.h5"), toPath: path)
    let tensor = toy.tensors[4].name
    expectRefusal(
      of: folder.path,
      .twoVersions(
        tensor: tensor, first: folder.path("model.h5"), otherTensor: tensor, second: path))
  }
}
