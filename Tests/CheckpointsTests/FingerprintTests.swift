import Checkpoints
import Foundation
import HDF5Files
import TestSupport
import Tensors
import Testing

/// Checks what a checkpoint's identity depends on, and what not.
@Suite struct FingerprintTests {
  @Test("is 64 hexadecimal digits, the same in another folder")
  func sameElsewhere() throws {
    for form in [ToyCheckpoint.Form.single, .shards(3), .hdf5(.nested)] {
      let one = try fingerprint(of: .deepseek(), as: form)
      #expect(one.wholeMatch(of: #/[0-9a-f]{64}/#) != nil)
      #expect(try fingerprint(of: .deepseek(), as: form) == one)
    }
  }

  @Test("is what the documentation says, computed by another program")
  func golden() throws {
    // config.json and one file: name, size, header, and eight samples that are each the whole of so
    // small a file. Computed with Python's hashlib.
    let config =
      #"{"hidden_size": 2, "intermediate_size": 2, "model_type": "olmoe", "num_experts": 1, "num_hidden_layers": 1}"#
    let folder = try TemporaryFolder()
    try folder.write(config, as: "config.json")
    let header = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
    var bytes = Data([UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0])
    bytes += Data(header.utf8) + [1, 2]
    try bytes.write(to: URL(filePath: folder.path("model.safetensors")))
    #expect(
      try Checkpoint(path: folder.path).fingerprint()
        == "9d508d0705c6388a6031f344679e01b21fc353fce3f97d308eba69e0f5eaa848")
  }

  @Test("changes when a tensor's bytes do, though no size and no header does")
  func weights() throws {
    var toy = ToyCheckpoint.deepseek()
    let before = try fingerprint(of: toy, as: .shards(2))
    let tensor = toy.tensors[3]
    toy.tensors[3] = ToyTensor(
      tensor.name, tensor.description.elementType, tensor.description.shape, seed: 99)
    #expect(toy.tensors[3].bytes != tensor.bytes)
    #expect(try fingerprint(of: toy, as: .shards(2)) != before)
  }

  @Test("changes with config.json, a header, a name and a size of file")
  func changes() throws {
    let toy = ToyCheckpoint.deepseek()
    var found = [try fingerprint(of: toy, as: .single)]
    // The same tensors in other files.
    found.append(try fingerprint(of: toy, as: .shards(2)))
    found.append(try fingerprint(of: toy, as: .hdf5(.dotted)))
    var other = toy
    other.config["rms_norm_eps"] = 1.5
    found.append(try fingerprint(of: other, as: .single))
    // The same size, two tensors in another order.
    other = toy
    other.tensors.swapAt(1, 2)
    found.append(try fingerprint(of: other, as: .single))
    other = toy
    other.tensors.append(ToyTensor("extra", .bf16, [1], seed: 1))
    found.append(try fingerprint(of: other, as: .single))
    let renamed = try toy.written()
    try FileManager.default.moveItem(
      atPath: renamed.path("model.safetensors"), toPath: renamed.path("other.safetensors"))
    found.append(try Checkpoint(path: renamed.path).fingerprint())
    #expect(Set(found).count == found.count)
  }

  private func fingerprint(
    of toy: ToyCheckpoint, as form: ToyCheckpoint.Form
  ) throws -> String {
    let folder = try toy.written(as: form)
    return try Checkpoint(path: folder.path).fingerprint()
  }
}
