import Foundation
import Tensors
import TestSupport

/// A small capture and gradients for `Samples.tiny`, to be changed before they are written.
struct CapturedSample {
  static let tokenCount = 40
  static let hiddenSize = 32
  static let expertCount = 4

  /// Sound activations of both layers: two sequences, the router's logits and a shuffled pass.
  static var capture: CapturedSample {
    var sample = CapturedSample()
    sample["sequence_offsets"] = .integers([0, 20, 40])
    sample["shuffled.permutation"] = .integers((0..<2).flatMap { _ in (0..<20).reversed() })
    for layer in 0..<2 {
      let seed = UInt64(layer) << 8
      let shape = [tokenCount, hiddenSize]
      sample["layers.\(layer).moe_input"] = .random(shape, seed: seed)
      sample["layers.\(layer).router_logits"] = .random([tokenCount, expertCount], seed: seed + 1)
      sample["shuffled.layers.\(layer).moe_input"] = .random(shape, seed: seed + 2)
    }
    return sample
  }

  /// Sound gradients of all experts.
  static var gradients: CapturedSample { gradients(seed: 1) }

  /// Sound gradients of all experts, others for each seed.
  static func gradients(seed first: UInt64) -> CapturedSample {
    var sample = CapturedSample()
    var seed = first
    for layer in 0..<2 {
      for expert in 0..<expertCount {
        for projection in ["gate_proj", "up_proj", "down_proj"] {
          seed += 1
          sample[gradient(projection, ofExpert: expert, inLayer: layer)] = .random(
            projection == "down_proj" ? [hiddenSize, 24] : [24, hiddenSize], seed: seed)
        }
      }
    }
    return sample
  }

  static func gradient(_ projection: String, ofExpert expert: Int, inLayer layer: Int) -> String {
    "model.layers.\(layer).mlp.experts.\(expert).\(projection).weight"
  }

  /// What a tensor holds.
  enum Content {
    case integers([Int])
    case values([Int], [Double])

    /// Seeded values of a shape.
    static func random(_ shape: [Int], seed: UInt64) -> Content {
      .values(shape, exactRandomValues(count: shape.reduce(1, *), seed: seed))
    }
  }

  /// What the file says of itself.
  var attributes: [String: String] = [:]
  private var contents: [String: Content] = [:]

  /// What lies under a name; nil where nothing does.
  subscript(name: String) -> Content? {
    get { contents[name] }
    set { contents[name] = newValue }
  }

  /// Sets one value of a tensor.
  mutating func set(_ value: Double, at place: Int, of name: String) {
    guard case .values(let shape, var values) = contents[name] else { return }
    values[place] = value
    contents[name] = .values(shape, values)
  }

  /// Writes the safetensors file into a folder, and returns its path.
  func written(as name: String = "captured.safetensors", in folder: TemporaryFolder) throws
    -> String
  {
    let path = folder.path(name)
    let tensors = contents.sorted { $0.key < $1.key }.map { name, content in
      switch content {
      case .values(let shape, let values): ToyTensor(name, .f32, shape, values: values)
      case .integers(let numbers):
        ToyTensor(
          name: name, type: .i64, shape: [numbers.count],
          bytes: numbers.flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
          })
      }
    }
    try writeSafetensors(tensors, to: path, metadata: attributes)
    return path
  }
}
