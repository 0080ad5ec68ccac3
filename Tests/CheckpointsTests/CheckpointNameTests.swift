import Checkpoints
import TestSupport
import Testing

/// Checks what a checkpoint is called.
@Suite struct CheckpointNameTests {
  @Test(
    "is that of the folder, or of the model on the hub",
    arguments: [
      ("/data/qwen2-moe-tiny", "qwen2-moe-tiny"),
      ("/cache/models--Qwen--Qwen1.5-MoE-A2.7B/snapshots/0123abcd", "Qwen/Qwen1.5-MoE-A2.7B"),
      ("/cache/models--gpt2/snapshots/0123abcd", "gpt2"),
      ("/cache/models--a--b--c/snapshots/0123abcd", "a/b--c"),
      ("/cache/snapshots/0123abcd", "0123abcd"),
      ("/", "/"),
    ])
  func name(path: String, name: String) {
    #expect(Checkpoint.name(ofFolder: path) == name)
  }

  @Test("does not depend on how the path is written")
  func spelling() throws {
    let folder = try ToyCheckpoint.mixtral().written()
    let name = try Checkpoint(path: folder.path).name
    #expect(folder.path.hasSuffix("/\(name)"))
    for spelling in ["\(folder.path)/", "\(folder.path)/.", "\(folder.path)/../\(name)"] {
      #expect(try Checkpoint(path: spelling).name == name)
    }
  }
}
