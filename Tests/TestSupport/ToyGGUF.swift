import Tensors

/// A small GGUF file, made in memory, sound unless told otherwise.
public struct ToyGGUF: Sendable {
  /// A value of metadata as bytes, with the number of its kind.
  public struct Value: Sendable {
    let kind: UInt32
    let bytes: [UInt8]

    /// A value of any kind and any bytes.
    public init(kind: UInt32, bytes: [UInt8]) {
      self.kind = kind
      self.bytes = bytes
    }

    /// An integer of 32 bits without sign, as most counts are.
    public static func u32(_ value: Int) -> Value {
      Value(kind: 4, bytes: littleEndian(UInt32(value)))
    }

    /// An integer of 16 bits without sign, as the numbers of parts are.
    public static func u16(_ value: Int) -> Value {
      Value(kind: 2, bytes: littleEndian(UInt16(value)))
    }

    /// An integer of 32 bits.
    public static func i32(_ value: Int) -> Value {
      Value(kind: 5, bytes: littleEndian(Int32(value)))
    }

    /// A number of single precision.
    public static func f32(_ value: Float) -> Value {
      Value(kind: 6, bytes: littleEndian(value.bitPattern))
    }

    /// True or false.
    public static func flag(_ value: Bool) -> Value { Value(kind: 7, bytes: [value ? 1 : 0]) }

    /// A text.
    public static func text(_ value: String) -> Value { Value(kind: 8, bytes: counted(value)) }

    /// A list of values of one kind.
    public static func list(_ values: [Value], kind: UInt32) -> Value {
      Value(
        kind: 9,
        bytes: littleEndian(kind) + littleEndian(UInt64(values.count)) + values.flatMap(\.bytes))
    }
  }

  /// A tensor, with what the header says of it.
  public struct Tensor: Sendable {
    /// Its name.
    public var name: String
    /// The lengths of its axes in numbers, innermost first.
    public var lengths: [UInt64]
    /// The number of its element type.
    public var type: UInt32
    /// Its data.
    public var bytes: [UInt8]
    /// Where the header says that the data begin; nil for where they do.
    public var offset: UInt64?

    /// Describes a tensor; `shape` counts numbers, outermost first.
    public init(_ name: String, _ shape: [Int], type: UInt32, bytes: [UInt8]) {
      self.name = name
      self.lengths = shape.reversed().map { UInt64($0) }
      self.type = type
      self.bytes = bytes
    }

    /// A tensor of plain numbers: F64, F32, F16 or BF16.
    public init(_ tensor: ToyTensor) {
      let numbers: [ElementType: UInt32] = [.f32: 0, .f16: 1, .f64: 28, .bf16: 30]
      self.init(
        tensor.name, tensor.description.shape, type: numbers[tensor.description.elementType] ?? 0,
        bytes: tensor.bytes)
    }
  }

  /// The version that the file says it has.
  public var version: UInt32 = 3
  /// The metadata, in order.
  public var keys: [(name: String, value: Value)]
  /// The tensors, in order.
  public var tensors: [Tensor]
  /// What the file fills up to; it is not told of it.
  public var alignment = 32
  /// How many keys and tensors the file says it has, where it is not how many it has.
  public var claimedCounts: (tensors: UInt64?, keys: UInt64?) = (nil, nil)

  /// Describes a file.
  public init(_ keys: [(name: String, value: Value)] = [], _ tensors: [Tensor] = []) {
    self.keys = keys
    self.tensors = tensors
  }

  /// The bytes of the file.
  public var bytes: [UInt8] {
    var bytes = Array("GGUF".utf8) + littleEndian(version)
    bytes += littleEndian(claimedCounts.tensors ?? UInt64(tensors.count))
    bytes += littleEndian(claimedCounts.keys ?? UInt64(keys.count))
    for (name, value) in keys { bytes += counted(name) + littleEndian(value.kind) + value.bytes }
    var data: [UInt8] = []
    for tensor in tensors {
      fill(&data)
      bytes += counted(tensor.name) + littleEndian(UInt32(tensor.lengths.count))
      bytes += tensor.lengths.flatMap { littleEndian($0) } + littleEndian(tensor.type)
      bytes += littleEndian(tensor.offset ?? UInt64(data.count))
      data += tensor.bytes
    }
    if !tensors.isEmpty { fill(&bytes) }
    return bytes + data
  }

  private func fill(_ bytes: inout [UInt8]) {
    bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
  }
}

/// The bytes of a text behind their number.
public func counted(_ text: String) -> [UInt8] {
  littleEndian(UInt64(text.utf8.count)) + Array(text.utf8)
}
