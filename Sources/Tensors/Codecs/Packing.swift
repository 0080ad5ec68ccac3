/// A way in which programs store matrices: the names of the tensors, and what decodes them.
///
/// A packing is one file beside this one and its line in ``Packings``. Which one a matrix has is
/// found from its tensors: their names, and then their types and shapes.
public protocol Packing: Sendable {
  /// What messages call it, such as `GPTQ`.
  var name: String { get }

  /// How the name of the values follows from the name that a plain matrix would have.
  var values: [NameEnding] { get }

  /// How the names of what may stand beside them do.
  var companions: [CompanionRole: [NameEnding]] { get }

  /// Whether the inputs stand before the outputs where a plain matrix has the outputs before the
  /// inputs, and the other way round.
  var isTransposed: Bool { get }

  /// Makes what decodes a matrix.
  ///
  /// - Parameter stored: What there is of it.
  /// - Returns: The codec; nil where the matrix is stored in another way.
  /// - Throws: What is wrong, where it is stored in this way beyond doubt.
  func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)?
}

extension Packing {
  /// As they would be of a plain matrix.
  public var values: [NameEnding] { [.same] }

  /// Nothing.
  public var companions: [CompanionRole: [NameEnding]] { [:] }

  /// As in a plain matrix.
  public var isTransposed: Bool { false }
}

/// How the name of a tensor follows from the one that a plain matrix would have.
public struct NameEnding: Sendable, Hashable {
  /// What the plain name ends in.
  public let plain: String
  /// What stands in its place.
  public let packed: String

  /// The same name.
  public static let same = NameEnding(adding: "")

  /// Names that go on after the plain one.
  public init(adding ending: String) {
    plain = ""
    packed = ending
  }

  /// Names that end otherwise.
  public init(_ packed: String, insteadOf plain: String) {
    self.plain = plain
    self.packed = packed
  }

  /// The name; nil where the plain one ends otherwise.
  public func name(of plainName: String) -> String? {
    guard plainName.utf8.count >= plain.utf8.count,
      plainName.utf8.suffix(plain.utf8.count).elementsEqual(plain.utf8)
    else { return nil }
    // There are very many names, and few of them are of characters that take several bytes.
    return String(plainName.utf8.dropLast(plain.utf8.count)).map { $0 + packed }
  }

  /// The name that a plain matrix would have; nil where this one ends otherwise.
  public func plainName(of name: String) -> String? {
    name.hasSuffix(packed) ? name.dropLast(packed.count) + plain : nil
  }
}

/// What there is of a matrix: types and shapes, without the axis of experts where many matrices are
/// stacked.
public struct PackedMatrix: Sendable {
  /// A tensor.
  public struct Part: Sendable, Hashable {
    /// The type of its elements.
    public let elementType: ElementType
    /// The lengths of its axes.
    public let shape: [Int]

    /// Describes a tensor.
    public init(_ elementType: ElementType, _ shape: [Int]) {
      self.elementType = elementType
      self.shape = shape
    }
  }

  /// The number of rows of the matrix as it is stored: of inputs where they stand first.
  public let rowCount: Int
  /// The number of columns as it is stored.
  public let columnCount: Int
  /// The values.
  public let values: Part
  /// What stands beside them.
  public let companions: [CompanionRole: Part]
  /// Whether its rows are the inputs of the matrix, not its outputs.
  public let hasInputsFirst: Bool
  /// What config.json says of the way of storing.
  public let notes: QuantizationNotes

  /// Describes a matrix.
  public init(
    rowCount: Int, columnCount: Int, values: Part, companions: [CompanionRole: Part] = [:],
    hasInputsFirst: Bool = false, notes: QuantizationNotes = QuantizationNotes()
  ) {
    self.hasInputsFirst = hasInputsFirst
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.values = values
    self.companions = companions
    self.notes = notes
  }
}

/// What config.json says of how weights are quantised, as far as tensors do not tell.
public struct QuantizationNotes: Sendable, Hashable {
  /// The program or format, such as `gptq`.
  public var method: String?
  /// The outputs and inputs that share a scale.
  public var block: [Int]?
  /// The number of inputs that share a scale.
  public var groupSize: Int?
  /// The number of bits of a value.
  public var bitCount: Int?
  /// The version of the format, such as `gptq_v2` or `gemm`.
  public var version: String?
  /// Whether inputs were quantised in another order, which a tensor must tell.
  public var hasOrder: Bool?
  /// Whether something is subtracted from the stored numbers, which tensors must tell.
  public var hasZeros: Bool?
  /// What was done to matrices before, such as rotations, by name; what is stored then is not what
  /// the model multiplies with.
  public var transforms: String?

  /// Says nothing.
  public init() {}
}

/// What is wrong with a packed matrix.
public enum PackingProblem: Error, Sendable, Hashable {
  /// A tensor has another shape: that of the values where there is no role.
  case wrongShape(CompanionRole?, expected: [Int])
  /// A tensor has a type that does not go with it: that of the values where there is no role.
  case wrongType(CompanionRole?, expected: [ElementType])
  /// Something that it needs is not there.
  case missing(CompanionRole)
  /// It is stored in a way that is known, but not read; the words go on after "holds". What to do
  /// with it, where it is another thing than to save the model with plain numbers.
  case unsupported(String, advice: String? = nil)
}
