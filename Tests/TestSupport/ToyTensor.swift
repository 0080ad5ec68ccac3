public import Tensors

/// A tensor made in a test: what a file's header says of it, and its bytes.
public struct ToyTensor: Sendable {
  /// Name, type, shape and size.
  public let description: TensorDescription
  /// The elements as they are stored.
  public let bytes: [UInt8]

  /// The name.
  public var name: String { description.name }

  /// Makes a tensor from bytes, of any element type.
  public init(name: String, type: ElementType, shape: [Int], bytes: [UInt8]) {
    description = TensorDescription(
      name: name, elementType: type, shape: shape, byteCount: bytes.count)
    self.bytes = bytes
  }

  /// Makes a tensor from values; a type that cannot be decoded gets zero bytes.
  ///
  /// - Precondition: There are as many values as the shape says.
  public init(_ name: String, _ type: ElementType, _ shape: [Int], values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for \(shape)")
    let bytes = values.flatMap { value -> [UInt8] in
      switch type {
      case .f64: littleEndian(value.bitPattern)
      case .f32: littleEndian(Float(value).bitPattern)
      case .f16: littleEndian(Float16(value).bitPattern)
      case .bf16: littleEndian(UInt16(truncatingIfNeeded: Float(value).bitPattern >> 16))
      default: [UInt8](repeating: 0, count: type.bitCount / 8)
      }
    }
    self.init(name: name, type: type, shape: shape, bytes: bytes)
  }

  /// Makes a tensor of seeded values -128/128...127/128, which every decodable type holds exactly.
  public init(_ name: String, _ type: ElementType, _ shape: [Int], seed: UInt64) {
    self.init(
      name, type, shape, values: exactRandomValues(count: shape.reduce(1, *), seed: seed))
  }

  /// The same tensor under another name.
  public func named(_ name: String) -> ToyTensor {
    ToyTensor(
      name: name, type: description.elementType, shape: description.shape, bytes: bytes)
  }
}

/// Seeded multiples of 1/128 from -1 up to, but not, 1.
public func exactRandomValues(count: Int, seed: UInt64) -> [Double] {
  var state = seed
  return (0..<count).map { _ in
    // SplitMix64, as LinearAlgebra has it; this target stands apart from that room.
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return (Double((mixed ^ (mixed &>> 31)) &>> 56) - 128) / 128
  }
}
