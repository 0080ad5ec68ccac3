import Checkpoints
import Experts
import TestSupport
import Tensors

extension ToyCheckpoint {
  /// What a factored toy checkpoint says of itself: gate and down of its first layer with experts.
  static func form(
    layer: Int, mode: SDMoEForm.Mode = .exact, sides: SDMoEForm.Sides = .both,
    dtype: ElementType = .f32, commonRank: Int = 2
  ) -> SDMoEForm {
    SDMoEForm(
      mode: mode, bases: .joint, weights: .uniform, sides: sides, commonRankExact: false,
      dtype: dtype,
      units: [.gate, .down].map {
        FactoredUnit(
          layer: layer, projection: $0, commonRank: commonRank, originalType: .bf16)
      })
  }

  /// Puts tensors of the right names and shapes in the place of the weights that a form names,
  /// and the form in the config.
  ///
  /// - Parameters:
  ///   - form: The form.
  ///   - block: What names start with after `layers.{L}.`.
  ///   - names: What the family calls the projections.
  mutating func factor(_ form: SDMoEForm, block: String, names: ToyLayerNames = ToyLayerNames()) {
    config["sd_moe"] = JSONText(verbatim: form.json)
    for unit in form.units {
      let own =
        switch unit.projection {
        case .gate: names.gate
        case .up: names.up
        case .down: names.down
        }
      let start = "model.layers.\(unit.layer).\(block)."
      let k = unit.commonRank
      let shape = unit.projection == .down ? [Self.hidden, Self.width] : [Self.width, Self.hidden]
      let hasLeft = form.sides == .both || unit.projection == .down
      let hasRight = form.sides == .both || unit.projection != .down
      let stem = "\(start)sd.\(unit.projection.rawValue)"
      if hasLeft { add("\(stem).basis.left", [shape[0], k]) }
      if hasRight { add("\(stem).basis.right", [shape[1], k]) }
      let rank = hasLeft && hasRight ? 2 * k : k
      add("\(stem).common.left", [shape[0], rank])
      add("\(stem).common.right", [rank, shape[1]])
      for expert in 0..<Self.experts {
        let stem = "\(start)experts.\(expert).\(own)"
        self["\(stem).weight"] = nil
        add("\(stem).unique", shape, form.dtype)
        guard form.mode == .exact else { continue }
        if hasRight { add("\(stem).remainder.left", [shape[0], k]) }
        if hasLeft { add("\(stem).remainder.right", [k, shape[1]]) }
        guard form.dtype == .f32 else { continue }
        add("\(stem).correction.index", [3], .i32)
        add("\(stem).correction.value", [3], unit.originalType)
      }
    }
  }

  private mutating func add(_ name: String, _ shape: [Int], _ type: ElementType = .f32) {
    tensors.append(ToyTensor(name, type, shape, seed: UInt64(tensors.count)))
  }

  /// Layers 1 and 2 of DeepSeek-V2, gate and down of layer 1 factored.
  static func factoredDeepseek(
    mode: SDMoEForm.Mode = .exact, sides: SDMoEForm.Sides = .both, dtype: ElementType = .f32
  ) -> ToyCheckpoint {
    var toy = deepseek()
    toy.factor(form(layer: 1, mode: mode, sides: sides, dtype: dtype), block: "mlp")
    return toy
  }
}
