package import Files
public import Tensors

/// How to get a weight matrix, out x in, or its gradient: tensors in files, the share of them that
/// is this matrix, and how its numbers are stored.
///
/// ``WeightReader`` alone carries it out: everybody else asks a weight for its name and its size.
///
/// ```swift
/// let weight = Weight(file: file, tensor: tensor)  // one plain tensor
/// ```
public struct Weight: Sendable {
  /// A tensor, and the file that holds it.
  package struct Source: Sendable {
    /// The file.
    package let file: any TensorFile
    /// One of its tensors.
    package let tensor: TensorDescription
    /// Whether all experts have it in common, though their values are stacked.
    package var isShared = false

    /// Names a tensor in a file.
    package init(file: any TensorFile, tensor: TensorDescription) {
      self.file = file
      self.tensor = tensor
    }
  }

  /// The number of rows.
  public let rowCount: Int
  /// The number of columns.
  public let columnCount: Int

  /// The values, and after them what their codec needs beside them.
  let sources: [Source]
  /// The place along the first axis of each source, where experts are stacked there.
  let expert: Int?
  /// The share of the outputs, where two projections are stored as one.
  let part: WeightPart?
  /// Whether the sources have the inputs before the outputs.
  let isTransposed: Bool
  /// Whether the tensor has them so where its numbers are plain, as gradients are.
  let plainIsTransposed: Bool
  /// How the numbers of the sources are stored.
  let numbers: StoredNumbers
  /// The name of the tensor where its numbers are plain.
  package let plainName: String
  /// The type of the model's numbers, to which packed ones are rounded.
  let numberType: ElementType

  /// Describes a weight; the caller has checked types and shapes of the sources.
  ///
  /// - Parameters:
  ///   - rowCount: The number of rows of the weight itself.
  ///   - columnCount: The number of its columns.
  ///   - sources: The values, and after them what their codec needs beside them.
  ///   - expert: The place along the first axis of each source, where experts are stacked there.
  ///   - part: The share of the outputs, where two projections are stored as one.
  ///   - isTransposed: Whether the sources have the inputs before the outputs.
  ///   - plainIsTransposed: Whether the tensor has them so where its numbers are plain; nil for the
  ///     same.
  ///   - numbers: How the numbers of the sources are stored; nil for plain ones.
  ///   - plainName: The name of the tensor where its numbers are plain; nil for that of the values.
  ///   - numberType: The type of the model's numbers, to which packed ones are rounded.
  package init(
    rowCount: Int, columnCount: Int, sources: [Source], expert: Int? = nil,
    part: WeightPart? = nil, isTransposed: Bool = false, plainIsTransposed: Bool? = nil,
    numbers: StoredNumbers? = nil, plainName: String? = nil, numberType: ElementType = .bf16
  ) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.sources = sources
    self.expert = expert
    self.part = part
    self.isTransposed = isTransposed
    self.plainIsTransposed = plainIsTransposed ?? isTransposed
    self.numbers =
      numbers ?? StoredNumbers(PlainCodec(), valuesOf: sources[0].tensor.elementType)
    self.plainName = plainName ?? sources[0].tensor.name
    self.numberType = numberType
  }

  /// Names a whole tensor in a file, of plain numbers; its first axis counts rows.
  public init(file: any TensorFile, tensor: TensorDescription) {
    self.init(
      rowCount: tensor.rowCount, columnCount: tensor.shape.dropFirst().reduce(1, *),
      sources: [Source(file: file, tensor: tensor)])
  }

  /// The rows and columns.
  public var shape: [Int] { [rowCount, columnCount] }

  /// The name of the tensor that holds the values, of this matrix alone or of more.
  public var tensorName: String { sources[0].tensor.name }

  /// What tells the weight from all others of a checkpoint: the name of its tensor, and the share of
  /// it in brackets, such as `model.layers.0.mlp.experts.gate_up_proj[3, first half of out]`.
  public var name: String { Self.name(tensor: tensorName, expert: expert, part: part) }

  /// The name of a share of a tensor.
  static func name(tensor: String, expert: Int?, part: WeightPart?) -> String {
    let share = [expert.map { "\($0)" }, part?.rawValue].compactMap(\.self)
    return share.isEmpty ? tensor : "\(tensor)[\(share.joined(separator: ", "))]"
  }

  /// The file of the values.
  public var path: String { sources[0].file.path }

  /// The file and the weight, for messages.
  public var place: String { "\(path): tensor '\(name)'" }

  /// The type of the values as they are stored.
  public var storedType: ElementType { sources[0].tensor.elementType }

  /// Whether its numbers are packed.
  public var isPacked: Bool { numbers.arePacked }

  /// Whether its numbers are BF16: those that are stored, or what packed ones are rounded to.
  package var isBF16: Bool { elementType == .bf16 }

  /// How its numbers are stored, in words: the type of plain ones, or the name of the codec.
  public var storage: String { numbers.name }

  /// How its format rounds numbers, where that is known.
  public var rounding: Rounding? { numbers.codec.rounding }

  /// The type of the numbers: the stored one, or that of the model where values are packed.
  ///
  /// Packed numbers are rounded to it once they are decoded, as transformers does when it
  /// dequantises a checkpoint.
  public var elementType: ElementType { isPacked ? numberType : storedType }

  /// The size of what is stored of it, in bytes.
  public var byteCount: Int {
    sources.reduce(0) { total, source in
      let isAlone = expert == nil || source.isShared
      let matrix =
        isAlone ? source.tensor.byteCount : source.tensor.byteCount / source.tensor.rowCount
      return total + (part == nil ? matrix : matrix / 2)
    }
  }

  /// Whether it is a plain tensor, and all of it: then the digest of its elements is that of what is
  /// stored.
  public var isWholeTensor: Bool {
    expert == nil && part == nil && !isTransposed && !isPacked
  }

  /// The same share of another tensor of plain numbers, as the gradient of a weight is stored.
  ///
  /// - Precondition: The tensor has the shape of this weight's.
  public func share(of tensor: TensorDescription, in file: any TensorFile) -> Weight {
    Weight(
      rowCount: rowCount, columnCount: columnCount, sources: [Source(file: file, tensor: tensor)],
      expert: expert, part: part, isTransposed: plainIsTransposed)
  }
}

extension Weight {
  /// The weight as a piece of the input that results depend on.
  package var inputPiece: InputPiece {
    InputPiece(
      label: name, path: path, stamps: { sources.map(\.file.stamp) },
      digest: {
        var reader = WeightReader()
        return try reader.digest(of: self)
      })
  }
}
