/// Names of tensors by role that families have in common, by where they stand.
struct TensorNameSet: Decodable, Sendable {
  typealias Names = [TensorRole: [String]]

  /// Whole names.
  let whole: Names?
  /// Names behind the prefix of the model.
  let model: Names?
  /// Names inside a layer.
  let layer: Names?
  /// Names inside the MoE block of a layer.
  let block: Names?
}

/// How the name of a tensor that belongs to another follows from that one's.
struct PartEnding: Decodable, Sendable {
  /// What the name ends with.
  let ending: String
  /// What the name of the values has in its stead.
  let of: String
  /// Which part such a tensor is.
  let part: TensorUse.Part

  /// The name of the values; nil for a name of another kind.
  func values(of name: String) -> String? {
    name.hasSuffix(ending) ? String(name.dropLast(ending.count)) + of : nil
  }

  /// The name of this part; nil where the values have a name of another kind.
  func name(ofValues values: String) -> String? {
    values.hasSuffix(of) ? String(values.dropLast(of.count)) + ending : nil
  }
}
