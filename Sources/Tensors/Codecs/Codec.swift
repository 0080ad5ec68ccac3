/// How the numbers of a matrix are stored: plainly, or packed with scales beside them.
///
/// A codec is one file beside this one and its name in ``Codecs``; the layouts of `families.json`
/// ask for it by that name. A value of a conforming type may hold what differs from checkpoint to
/// checkpoint, such as the size of blocks.
public protocol Codec: Sendable {
  /// The name by which layouts ask for it.
  var name: String { get }

  /// Whether it reads values of that stored type.
  func decodes(_ type: ElementType) -> Bool

  /// How many rows of the matrix stand in one place along the first axis of its values; the last
  /// place may hold fewer.
  ///
  /// One unless a codec says otherwise; eight where 4-bit integers are packed down the columns of
  /// I32.
  var rowsTogether: Int { get }

  /// The shapes of the tensors that hold a matrix: its values first, then its scales, zero points
  /// and what else it needs, in the order in which a layout names them.
  func shapes(ofRows rowCount: Int, columns columnCount: Int) -> [[Int]]

  /// Decodes some rows.
  ///
  /// - Parameters:
  ///   - bytes: The stored values of the rows, densely packed from the first bit on.
  ///   - rows: Which rows of which matrix they are, and what stands beside the values.
  ///   - values: As many places as the rows have elements, row after row.
  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>)
}

extension Codec {
  /// One: every row has a place of its own.
  public var rowsTogether: Int { 1 }
}

/// Some rows of a stored matrix, as a codec is told of them.
public struct CodedRows: Sendable {
  /// A tensor beside the values, whole as far as it belongs to the matrix.
  public struct Companion: Sendable {
    /// The type of its elements.
    public let elementType: ElementType
    /// The lengths of its axes.
    public let shape: [Int]
    /// Its elements as they are stored.
    public let bytes: [UInt8]

    /// Describes a tensor beside the values.
    public init(elementType: ElementType, shape: [Int], bytes: [UInt8]) {
      self.elementType = elementType
      self.shape = shape
      self.bytes = bytes
    }
  }

  /// The rows, within the matrix as it is stored.
  public var range: Range<Int>
  /// The number of rows of the whole matrix.
  public let rowCount: Int
  /// The number of columns.
  public let columnCount: Int
  /// The type of the stored values.
  public let elementType: ElementType
  /// Scales, zero points and what else stands beside the values.
  public let companions: [Companion]

  /// Describes rows.
  public init(
    range: Range<Int>, rowCount: Int, columnCount: Int, elementType: ElementType,
    companions: [Companion] = []
  ) {
    self.range = range
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.elementType = elementType
    self.companions = companions
  }
}
