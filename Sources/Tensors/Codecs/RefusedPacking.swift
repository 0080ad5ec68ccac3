/// A packing that is known by the names of its values, and not read.
public struct RefusedPacking: Packing {
  /// What messages call it.
  public let name: String
  /// The values.
  public let values: [NameEnding]
  /// What stands beside them, as far as its names are those of no packing that is read.
  public let companions: [CompanionRole: [NameEnding]]
  /// The types that tell it from others of the same names; nil where names are enough.
  private let types: [ElementType]?

  /// The packings of programs whose checkpoints are met with.
  ///
  /// Source: the names are those in transformers 5.24, `integrations/` (HQQ, SpQR, FP-Quant, torchao,
  /// MLX as `metal_quantization.py`), vLLM (AQLM, EXL2), exllamav3 (EXL3), and, recalled without a
  /// look at their source, those of Marlin, QuIP# and quanto.
  public static let all = [
    RefusedPacking("HQQ", ".W_q"),
    RefusedPacking("AQLM", ".codes"),
    RefusedPacking("EXL2", ".q_weight"),
    RefusedPacking("EXL3", ".trellis"),
    RefusedPacking("SpQR", ".dense_weights"),
    RefusedPacking("FP-Quant", ".qweight", types: [.u8]),
    RefusedPacking("torchao", "._weight_qdata"),
    RefusedPacking(
      "MLX", ".weight", types: [.u32],
      companions: [.zeros: [NameEnding(".biases", insteadOf: ".weight")]]),
    RefusedPacking("Marlin", ".B", types: [.i32]),
    RefusedPacking("QuIP#", ".Qidxs"),
    RefusedPacking("quanto", ".weight._data"),
  ]

  private init(
    _ name: String, _ ending: String, types: [ElementType]? = nil,
    companions: [CompanionRole: [NameEnding]] = [:]
  ) {
    self.name = name
    self.companions = companions
    values = ending == ".weight" ? [.same] : [NameEnding(ending, insteadOf: ".weight")]
    self.types = types
  }

  /// Refuses what is there.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    if let types, !types.contains(stored.values.elementType) { return nil }
    throw .unsupported("values packed by \(name)")
  }
}
