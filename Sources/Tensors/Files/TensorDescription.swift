/// What a file's header says of one tensor: its name, element type, shape and size.
public struct TensorDescription: Sendable, Hashable {
  /// The tensor's name, as the checkpoint spells it.
  public let name: String

  /// The type of the stored elements.
  public let elementType: ElementType

  /// The lengths of the axes, outermost first; empty for a scalar.
  public let shape: [Int]

  /// The size of the stored elements, in bytes.
  public let byteCount: Int

  /// Describes a tensor; the caller has checked that the shape and the byte count agree.
  public init(name: String, elementType: ElementType, shape: [Int], byteCount: Int) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.byteCount = byteCount
  }

  /// The number of slices along the first axis, by which a ``TensorFile`` is read; one for a
  /// scalar.
  public var rowCount: Int { shape.first ?? 1 }

  /// The shape in words, such as `1408 x 2048`; `scalar` when there is no axis.
  public var shapeText: String { Self.text(of: shape) }

  /// A shape in words, such as `1408 x 2048`; `scalar` when there is no axis.
  public static func text(of shape: [some FixedWidthInteger]) -> String {
    shape.isEmpty ? "scalar" : shape.map { "\($0)" }.joined(separator: " x ")
  }
}
