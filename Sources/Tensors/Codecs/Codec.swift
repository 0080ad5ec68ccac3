/// What decodes the numbers of a matrix: one that was made for it by a ``Packing``, and knows its
/// block sizes, its number of bits and what else differs from checkpoint to checkpoint.
public protocol Codec: Sendable {
  /// How the numbers are stored, in words, such as `FP8 E4M3, a scale for 128 x 128`.
  var name: String { get }

  /// What it needs beside the values, in the order in which it is handed to it.
  var companions: [CompanionRole] { get }

  /// How many rows of the matrix stand in one place along the first axis of its values; the last
  /// place may hold fewer.
  ///
  /// One unless a codec says otherwise; eight where 4-bit integers are packed down the columns of
  /// I32.
  var rowsTogether: Int { get }

  /// As elements of which type and shape the bytes of the values are to be read, where the first axis
  /// of their tensor is not one of rows; nil unless a codec says otherwise.
  var valuesAs: PackedMatrix.Part? { get }

  /// How programs that store numbers so round them, where that is known; nil unless a codec says
  /// otherwise.
  var rounding: Rounding? { get }

  /// Decodes some rows: the products of values and scales as the tool that wrote them computes them
  /// in single precision, to the bit.
  ///
  /// As a rule all is exact until one rounding. Where a tool rounds in between (a scale times a factor
  /// for all scales, scales that are quantised themselves, a second factor), so is it done here; the
  /// packing says which.
  ///
  /// - Parameters:
  ///   - bytes: The stored values of the rows, densely packed from the first bit on.
  ///   - rows: Which rows of which matrix they are, and what stands beside the values.
  ///   - values: As many places as the rows have elements, row after row.
  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>)
}

extension Codec {
  /// Nothing.
  public var companions: [CompanionRole] { [] }

  /// One: every row has a place of its own.
  public var rowsTogether: Int { 1 }

  /// Unknown.
  public var rounding: Rounding? { nil }

  /// As their tensor says.
  public var valuesAs: PackedMatrix.Part? { nil }
}

/// What a tensor that stands beside values is for.
public enum CompanionRole: String, Sendable, Hashable, CaseIterable {
  /// A factor for each block of values.
  case scales
  /// A factor for all values, or for all scales.
  case globalScale = "global scale"
  /// What is subtracted from the stored integers of a block.
  case zeros
  /// The block that each input belongs to, where inputs were quantised in another order.
  case order
  /// The shape of the matrix.
  case shape
  /// The numbers that stored integers stand for.
  case codebook
  /// The factors of scales that are quantised themselves.
  case scalesOfScales = "scales of scales"
  /// The numbers that the integers of such scales stand for.
  case codebookOfScales = "codebook of scales"
  /// What a program noted of its way of storing.
  case notes
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

  /// The rows, within the matrix as it is stored; the first is one that starts a place along the
  /// first axis.
  public var range: Range<Int>
  /// The number of columns.
  public let columnCount: Int
  /// The type of the stored values.
  public let elementType: ElementType
  /// What stands beside the values, in the order of ``Codec/companions``.
  public let companions: [Companion]

  /// Describes rows.
  public init(
    range: Range<Int>, columnCount: Int, elementType: ElementType,
    companions: [Companion] = []
  ) {
    self.range = range
    self.columnCount = columnCount
    self.elementType = elementType
    self.companions = companions
  }
}
