import Tensors

/// One tensor of a file, its bytes read as elements of another type and shape: for values that are
/// stored as one long column, as bitsandbytes does.
struct ReshapedTensor: TensorFile {
  private let source: Weight.Source
  private let reshaped: TensorDescription

  /// Reads a tensor as one of another type and shape; nil where that has not as many bytes.
  init?(_ source: Weight.Source, as part: PackedMatrix.Part) {
    let bits = part.shape.reduce(part.elementType.bitCount, *)
    guard bits == source.tensor.byteCount * 8 else { return nil }
    self.source = source
    reshaped = TensorDescription(
      name: source.tensor.name, elementType: part.elementType, shape: part.shape,
      byteCount: source.tensor.byteCount)
  }

  /// The tensor in its new form.
  var tensor: TensorDescription { reshaped }

  var path: String { source.file.path }
  var stamp: String { source.file.stamp }
  var tensors: [TensorDescription] { [reshaped] }

  func read(
    _ slice: TensorSlice, of tensor: TensorDescription, into bytes: inout MutableRawSpan
  ) throws {
    let elements = slice.elements(of: reshaped.shape)
    let start = elements.lowerBound * reshaped.elementType.bitCount / 8
    // Whole rows of the stored tensor, which may begin before and end after the slice.
    let stored = source.tensor
    let width = max(1, stored.byteCount / max(1, stored.rowCount))
    let rows = start / width..<(start + bytes.byteCount + width - 1) / width
    guard rows.lowerBound * width != start || rows.count * width != bytes.byteCount else {
      return try source.file.read(rows: rows, of: stored, into: &bytes)
    }
    var memory = [UInt8](repeating: 0, count: rows.count * width)
    var space = memory.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var whole = unsafe space.mutableBytes
    try source.file.read(rows: rows, of: stored, into: &whole)
    for place in 0..<bytes.byteCount {
      bytes.storeBytes(
        of: memory[start - rows.lowerBound * width + place], toByteOffset: place, as: UInt8.self)
    }
  }
}

extension Weight.Source {
  /// The same tensor with an axis of experts before the two that it has; itself where there are no
  /// whole matrices of so many experts.
  func stacked(_ count: Int?) -> Weight.Source {
    let shape = tensor.shape
    guard let count, count > 0, shape.count == 2, shape[0].isMultiple(of: count) else {
      return self
    }
    let form = PackedMatrix.Part(tensor.elementType, [count, shape[0] / count, shape[1]])
    return ReshapedTensor(self, as: form).map { Weight.Source(file: $0, tensor: $0.tensor) } ?? self
  }

  /// The values as their codec wants to read them; nil where they have another number of bytes.
  func reshaped(for codec: any Codec) -> Weight.Source? {
    guard let form = codec.valuesAs else { return self }
    return ReshapedTensor(self, as: form).map { Weight.Source(file: $0, tensor: $0.tensor) }
  }
}
