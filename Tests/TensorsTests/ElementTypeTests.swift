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

  @Test("sizes are those of the safetensors format, for every type")
  func sizes() {
    let stated = ElementType.allCases.map { ($0.rawValue, $0.bitCount) }
    #expect(Dictionary(uniqueKeysWithValues: stated) == Self.bitCounts)
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
