import Tensors

/// The size of a synthetic Mixture-of-Experts layer.
public struct LayerShape: Sendable {
  /// The width of the residual stream.
  public var hiddenSize: Int
  /// The width of an expert.
  public var expertWidth: Int
  /// The number of routed experts.
  public var expertCount: Int
  /// The number of layers.
  public var layerCount: Int

  /// One layer of Qwen1.5-MoE-A2.7B: 60 experts of 1408 x 2048, 1.04 GB in BF16.
  public static let fullSize = LayerShape(
    hiddenSize: 2048, expertWidth: 1408, expertCount: 60, layerCount: 1)

  /// Collects the sizes.
  public init(hiddenSize: Int, expertWidth: Int, expertCount: Int, layerCount: Int) {
    self.hiddenSize = hiddenSize
    self.expertWidth = expertWidth
    self.expertCount = expertCount
    self.layerCount = layerCount
  }

  /// A config.json of the family qwen3_moe with these sizes.
  var config: String {
    """
    {"model_type": "qwen3_moe", "hidden_size": \(hiddenSize), "moe_intermediate_size": \(expertWidth),
     "num_experts": \(expertCount), "num_experts_per_tok": 4, "num_hidden_layers": \(layerCount)}
    """
  }

  /// All tensors in BF16, in the order of layers and experts.
  var tensors: [TensorDescription] {
    (0..<layerCount).flatMap { layer in
      let start = "model.layers.\(layer).mlp."
      let experts = (0..<expertCount).flatMap { expert in
        [
          matrix("\(start)experts.\(expert).gate_proj.weight", expertWidth, hiddenSize),
          matrix("\(start)experts.\(expert).up_proj.weight", expertWidth, hiddenSize),
          matrix("\(start)experts.\(expert).down_proj.weight", hiddenSize, expertWidth),
        ]
      }
      return [matrix("\(start)gate.weight", expertCount, hiddenSize)] + experts
    }
  }

  private func matrix(_ name: String, _ rows: Int, _ columns: Int) -> TensorDescription {
    TensorDescription(
      name: name, elementType: .bf16, shape: [rows, columns], byteCount: 2 * rows * columns)
  }
}
