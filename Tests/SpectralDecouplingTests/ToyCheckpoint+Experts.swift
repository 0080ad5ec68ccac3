import Checkpoints
import Experts
import LinearAlgebra
import TestSupport
import Tensors

extension ToyCheckpoint {
  /// A checkpoint of Qwen2-MoE's form with independent normal weights of scale 1/50, and carried
  /// tensors of several types and shapes.
  static func normal(
    layers: Int = 1, experts: Int, hidden: Int, width: Int, type: ElementType = .bf16,
    scale: Double = 0.02, seed: UInt64 = 1
  ) -> ToyCheckpoint {
    var toy = ToyCheckpoint(config: [
      "model_type": "qwen2_moe", "num_hidden_layers": JSONText(integerLiteral: layers),
      "num_experts": JSONText(integerLiteral: experts),
      "hidden_size": JSONText(integerLiteral: hidden),
      "moe_intermediate_size": JSONText(integerLiteral: width),
    ])
    for layer in 0..<layers {
      toy.addLayer(layer, experts: experts, hidden: hidden, width: width, type: type)
    }
    var generator = SeededGenerator(seed: seed)
    toy.tensors = toy.tensors.map { tensor in
      let shape = tensor.description.shape
      return ToyTensor(
        tensor.name, type, shape,
        values: (0..<shape.reduce(1, *)).map { _ in scale * generator.normal() })
    }
    toy.tensors += [
      ToyTensor("model.embed_tokens.weight", type, [7, hidden], seed: 91),
      ToyTensor(name: "model.steps", type: .i64, shape: [], bytes: [1, 2, 3, 4, 5, 6, 7, 8]),
      ToyTensor(name: "model.scales", type: .f8E4M3, shape: [3, 1], bytes: [9, 8, 7]),
      ToyTensor(name: "model.nothing", type: .f32, shape: [0, 4], bytes: []),
    ]
    return toy
  }

  /// Replaces the weights of a projection by other matrices, one for each expert.
  mutating func plant(_ matrices: [Matrix<Double>], as projection: Projection, layer: Int = 0) {
    for (expert, matrix) in matrices.enumerated() {
      let name = Self.name(projection, ofExpert: expert, layer: layer)
      guard let type = self[name]?.description.elementType else { continue }
      self[name] = ToyTensor(
        name, type, [matrix.rowCount, matrix.columnCount], values: matrix.elements)
    }
  }

  /// Puts what is hard to give back bit for bit into the experts: zeros of both signs, subnormal
  /// and tiny elements, large ones, an expert of zeros, and a unit of zeros.
  mutating func makeHostile() {
    var generator = SeededGenerator(seed: 99)
    for (place, tensor) in tensors.enumerated() where tensor.name.contains(".experts.") {
      let type = tensor.description.elementType
      let subnormal: Double =
        switch type {
        case .f16: 3 * 0x1p-24
        case .f64: 0x1p-1074
        default: 0x1p-130
        }
      let isZero = tensor.name.contains("up_proj") || tensor.name.contains("experts.1.gate_proj")
      let count = tensor.description.shape.reduce(1, *)
      let values = (0..<count).map { element -> Double in
        if isZero { return element % 5 == 0 ? -0.0 : 0 }
        switch element % 23 {
        case 1, 8: return 0
        case 2, 9: return -0.0
        case 3: return subnormal
        case 4: return -subnormal
        case 5: return 1e-30
        case 6: return 3 + generator.normal()
        default: return 0.02 * generator.normal()
        }
      }
      tensors[place] = ToyTensor(tensor.name, type, tensor.description.shape, values: values)
    }
  }

  /// The name of a routed expert's weight.
  static func name(_ projection: Projection, ofExpert expert: Int, layer: Int = 0) -> String {
    "model.layers.\(layer).mlp.experts.\(expert).\(projection.rawValue).weight"
  }
}

extension Matrix where Scalar == Double {
  /// A matrix of independent normal numbers.
  static func normal(_ rows: Int, _ columns: Int, scale: Double = 1, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows * columns).map { _ in scale * generator.normal() })
  }
}
