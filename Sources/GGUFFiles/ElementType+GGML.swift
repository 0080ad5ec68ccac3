import Tensors

extension ElementType {
  /// The type of a number by which GGUF files name it; nil for one that is not known.
  ///
  /// Source: the PyPI package gguf 0.19.0, `gguf.constants.GGMLQuantizationType`.
  init?(ggmlNumber number: UInt32) {
    guard let type = Self.ggmlTypes[number] else { return nil }
    self = type
  }

  private static let ggmlTypes: [UInt32: ElementType] = [
    0: .f32, 1: .f16, 2: .q4Zero, 3: .q4One, 6: .q5Zero, 7: .q5One, 8: .q8Zero, 9: .q8One,
    10: .q2K, 11: .q3K, 12: .q4K, 13: .q5K, 14: .q6K, 15: .q8K, 16: .iq2XXS, 17: .iq2XS,
    18: .iq3XXS, 19: .iq1S, 20: .iq4NL, 21: .iq3S, 22: .iq2S, 23: .iq4XS, 24: .i8, 25: .i16,
    26: .i32, 27: .i64, 28: .f64, 29: .iq1M, 30: .bf16, 34: .tq1Zero, 35: .tq2Zero, 39: .mxfp4,
    40: .nvfp4, 41: .q1Zero,
  ]
}
