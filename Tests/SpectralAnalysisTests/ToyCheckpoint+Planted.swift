import Checkpoints
import Experts
import LinearAlgebra
import TestSupport
import Tensors

extension ToyCheckpoint {
  /// A checkpoint of Qwen2-MoE's form with independent Gaussian weights in F32.
  static func gaussian(
    layers: Int = 1, experts: Int, hidden: Int, width: Int, sharedWidth: Int? = nil, seed: UInt64
  ) -> ToyCheckpoint {
    var config: [String: JSONText] = [
      "model_type": "qwen2_moe", "num_hidden_layers": JSONText(integerLiteral: layers),
      "num_experts": JSONText(integerLiteral: experts),
      "hidden_size": JSONText(integerLiteral: hidden),
      "moe_intermediate_size": JSONText(integerLiteral: width),
    ]
    if let sharedWidth {
      config["shared_expert_intermediate_size"] = JSONText(integerLiteral: sharedWidth)
    }
    var names = ToyLayerNames()
    names.shared = "shared_expert"
    var toy = ToyCheckpoint(config: config)
    for layer in 0..<layers {
      toy.addLayer(
        layer, names: names, experts: experts, hidden: hidden, width: width,
        sharedWidth: sharedWidth, type: .f32)
    }
    var generator = SeededGenerator(seed: seed)
    toy.tensors = toy.tensors.map { tensor in
      let shape = tensor.description.shape
      return ToyTensor(
        tensor.name, .f32, shape,
        values: (0..<shape.reduce(1, *)).map { _ in generator.normal() })
    }
    return toy
  }

  /// Replaces one weight by a matrix.
  mutating func plant(_ matrix: Matrix<Double>, as name: String) {
    self[name] = ToyTensor(
      name, .f32, [matrix.rowCount, matrix.columnCount], values: matrix.elements)
  }

  /// The name of a routed expert's weight, or of the shared one's for nil.
  static func name(
    _ projection: Projection, ofExpert expert: Int?, layer: Int = 0
  ) -> String {
    let block = expert.map { "experts.\($0)" } ?? "shared_expert"
    return "model.layers.\(layer).mlp.\(block).\(projection.rawValue).weight"
  }

  static func routerName(layer: Int = 0) -> String { "model.layers.\(layer).mlp.gate.weight" }
}

extension Matrix where Scalar == Double {
  /// A matrix of independent standard normal numbers.
  static func gaussian(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows * columns).map { _ in generator.normal() })
  }

  /// A random orthonormal basis of `count` directions whose first ones span what `leading` spans.
  static func orthonormal(
    _ rows: Int, _ count: Int, leading: Matrix? = nil, seed: UInt64
  ) throws -> Matrix {
    var start = Matrix.gaussian(rows, count, seed: seed)
    if let leading {
      for row in 0..<rows {
        for column in 0..<leading.columnCount { start[row, column] = leading[row, column] }
      }
    }
    return try orthonormalColumns(of: start)
  }

  /// U diag(s) V^T.
  static func with(spectrum: [Double], left: Matrix, right: Matrix) -> Matrix {
    var scaled = left
    for row in 0..<left.rowCount {
      for column in 0..<left.columnCount { scaled[row, column] *= spectrum[column] }
    }
    return product(scaled, right, rightTransposed: true)
  }
}
