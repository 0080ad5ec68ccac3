import Tensors
import Testing

/// Checks the contract of `ElementType`.
@Suite struct ElementTypeTests {
  /// Every type with its size, as the safetensors format names and sizes it.
  static let bitCounts: [String: Int] = [
    "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16,
    "BF16": 16, "I16": 16, "U16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I8": 8, "U8": 8,
    "BOOL": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
  ]

  /// Numbers and bytes of every block, as `GGML_QUANT_SIZES` of the PyPI package gguf 0.19.0 has
  /// them.
  static let blocks: [String: [Int]] = [
    "Q4_0": [32, 18], "Q4_1": [32, 20], "Q5_0": [32, 22], "Q5_1": [32, 24], "Q8_0": [32, 34],
    "Q8_1": [32, 40], "Q2_K": [256, 84], "Q3_K": [256, 110], "Q4_K": [256, 144],
    "Q5_K": [256, 176], "Q6_K": [256, 210], "Q8_K": [256, 292], "IQ2_XXS": [256, 66],
    "IQ2_XS": [256, 74], "IQ3_XXS": [256, 98], "IQ1_S": [256, 50], "IQ4_NL": [32, 18],
    "IQ3_S": [256, 110], "IQ2_S": [256, 82], "IQ4_XS": [256, 136], "IQ1_M": [256, 56],
    "TQ1_0": [256, 54], "TQ2_0": [256, 66], "MXFP4": [32, 17], "NVFP4": [64, 36],
    "Q1_0": [128, 18],
  ]

  @Test("sizes are those of the safetensors format, for every type that is no block")
  func sizes() {
    let types = ElementType.allCases.filter { !$0.isBlock }
    let stated = types.map { ($0.rawValue, $0.bitCount) }
    #expect(Dictionary(uniqueKeysWithValues: stated) == Self.bitCounts)
    #expect(types.allSatisfy { $0.numberCount == 1 })
  }

  @Test("blocks have the numbers and bytes that GGUF says")
  func blockSizes() {
    let stated = ElementType.allCases.filter(\.isBlock).map {
      ($0.rawValue, [$0.numberCount, $0.bitCount / 8])
    }
    #expect(Dictionary(uniqueKeysWithValues: stated) == Self.blocks)
  }

  @Test("raw values are found again, and an unknown name is nil")
  func names() {
    for type in ElementType.allCases { #expect(ElementType(rawValue: type.rawValue) == type) }
    #expect(ElementType(rawValue: "bf16") == nil)
    #expect(ElementType(rawValue: "F128") == nil)
  }

  @Test("only F64, F32, F16 and BF16 are decodable")
  func decodable() {
    let decodable = ElementType.allCases.filter(\.isDecodable).map(\.rawValue)
    #expect(Set(decodable) == ["F64", "F32", "F16", "BF16"])
  }
}
