import Captures
import Foundation
import HDF5Files
import Tensors
import TestSupport
import Testing

/// Checks ``GradientFile``: the names of a checkpoint, in either format.
@Suite struct GradientFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  static let trained = "qwen2-moe-tiny/captures/gradients.safetensors"

  @Test("finds the gradients of a trained model by the names of its weights")
  func trained() throws {
    let path = Fixture.url(Self.trained).path
    let gradients = try GradientFile(path: path)
    #expect(gradients.path == path)
    #expect(gradients.tensors.count == 117)
    let name = "model.layers.0.mlp.experts.0.down_proj.weight"
    let tensor = try #require(gradients.tensor(named: name))
    #expect(tensor.name == name)
    #expect(tensor.shape == [128, 112])
    #expect(tensor.elementType == .bf16)
    #expect(gradients.tensor(named: "model.layers.0.mlp.experts.99.down_proj.weight") == nil)
    #expect(gradients.reasonForSkipping(name) == nil)
  }

  @Test("finds each tensor, and no other, in every form")
  func names() throws {
    var toy = ToyCapture()
    toy.tensors = (0..<5).map { ToyTensor("a.\($0).weight", .f32, [$0 + 1, 2], seed: UInt64($0)) }
    for form in [ToyCapture.Form.safetensors, .hdf5Nested, .hdf5Dotted] {
      let path = try toy.written(as: form, in: folder)
      let gradients = try GradientFile(path: path)
      for index in 0..<5 {
        #expect(gradients.tensor(named: "a.\(index).weight")?.shape == [index + 1, 2])
      }
      #expect(gradients.tensor(named: "a.5.weight") == nil)
    }
  }

  @Test("says why what lies under a name is no gradient")
  func skipped() throws {
    let gradients = try GradientFile(
      path: Fixture.url("captures/unwritten-input.h5").path)
    #expect(gradients.tensor(named: "layers.0.moe_input") == nil)
    #expect(
      gradients.reasonForSkipping("layers.0.moe_input") == "it was declared but never written")
    #expect(gradients.reasonForSkipping("layers.1.moe_input") == nil)
  }

  @Test("refuses a file without tensors")
  func empty() throws {
    var toy = ToyCapture()
    toy.tensors = []
    for form in [ToyCapture.Form.safetensors, .hdf5Nested] {
      let path = try toy.written(as: form, in: folder)
      #expect(throws: CaptureError.noGradients(path: path)) { try GradientFile(path: path) }
    }
  }

  @Test("identity tells other content apart")
  func identity() throws {
    let path = Fixture.url(Self.trained).path
    let identity = try GradientFile(path: path).identity()
    #expect(try GradientFile(path: path).identity() == identity)
    let other = Fixture.url("deepseek-v2-tiny/captures/gradients.safetensors").path
    #expect(try GradientFile(path: other).identity() != identity)
  }
}
