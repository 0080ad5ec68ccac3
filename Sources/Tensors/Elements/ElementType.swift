/// The type of a tensor's elements as a checkpoint stores them.
///
/// The raw values are the names that the safetensors format uses, and for blocks those of GGUF. Only
/// `f64`, `f32`, `f16` and `bf16` are plain numbers (see ``decode(_:of:into:)``); others are read
/// where a ``Packing`` knows them, and named when they are refused.
///
/// An element of a block type is a whole block: a tensor of 4 x 64 numbers in `q8Zero` has 4 x 2
/// elements of 32 numbers each.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case f8E4M3 = "F8_E4M3"
  case f8E5M2 = "F8_E5M2"
  case f8E8M0 = "F8_E8M0"
  case f6E2M3 = "F6_E2M3"
  case f6E3M2 = "F6_E3M2"
  case f4 = "F4"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case c64 = "C64"
  case bool = "BOOL"

  // Blocks of GGUF.
  case q1Zero = "Q1_0"
  case q4Zero = "Q4_0"
  case q4One = "Q4_1"
  case q5Zero = "Q5_0"
  case q5One = "Q5_1"
  case q8Zero = "Q8_0"
  case q8One = "Q8_1"
  case q2K = "Q2_K"
  case q3K = "Q3_K"
  case q4K = "Q4_K"
  case q5K = "Q5_K"
  case q6K = "Q6_K"
  case q8K = "Q8_K"
  case iq1S = "IQ1_S"
  case iq1M = "IQ1_M"
  case iq2XXS = "IQ2_XXS"
  case iq2XS = "IQ2_XS"
  case iq2S = "IQ2_S"
  case iq3XXS = "IQ3_XXS"
  case iq3S = "IQ3_S"
  case iq4NL = "IQ4_NL"
  case iq4XS = "IQ4_XS"
  case tq1Zero = "TQ1_0"
  case tq2Zero = "TQ2_0"
  case mxfp4 = "MXFP4"
  case nvfp4 = "NVFP4"

  /// The size of one element in bits; below eight for the packed types, and that of all its numbers
  /// for a block.
  public var bitCount: Int {
    if let block { return 8 * block.byteCount }
    return switch self {
    case .f64, .i64, .u64, .c64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .f8E4M3, .f8E5M2, .f8E8M0, .i8, .u8, .bool: 8
    case .f6E2M3, .f6E3M2: 6
    case .f4: 4
    default: preconditionFailure("\(rawValue) has no size")
    }
  }

  /// How many numbers an element holds: more than one in a block.
  public var numberCount: Int { block?.numberCount ?? 1 }

  /// Whether an element is a block of numbers, as only GGUF files have them.
  public var isBlock: Bool { block != nil }

  /// The numbers of a block and its size; nil for an element that is one number.
  ///
  /// Source: the PyPI package gguf 0.19.0, `gguf.constants.GGML_QUANT_SIZES`, which has them of
  /// ggml's `ggml-common.h`.
  private var block: (numberCount: Int, byteCount: Int)? {
    switch self {
    case .q1Zero: (128, 18)
    case .q4Zero, .iq4NL: (32, 18)
    case .q4One: (32, 20)
    case .q5Zero: (32, 22)
    case .q5One: (32, 24)
    case .q8Zero: (32, 34)
    case .q8One: (32, 40)
    case .q2K: (256, 84)
    case .q3K, .iq3S: (256, 110)
    case .q4K: (256, 144)
    case .q5K: (256, 176)
    case .q6K: (256, 210)
    case .q8K: (256, 292)
    case .iq1S: (256, 50)
    case .iq1M: (256, 56)
    case .iq2XXS: (256, 66)
    case .iq2XS: (256, 74)
    case .iq2S: (256, 82)
    case .iq3XXS: (256, 98)
    case .iq4XS: (256, 136)
    case .tq1Zero: (256, 54)
    case .tq2Zero: (256, 66)
    case .mxfp4: (32, 17)
    case .nvfp4: (64, 36)
    default: nil
    }
  }

  /// Whether ``decode(_:of:into:)`` turns elements of this type into `Float` values.
  public var isDecodable: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16: true
    default: false
    }
  }
}
