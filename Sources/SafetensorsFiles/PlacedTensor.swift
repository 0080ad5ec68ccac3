import Tensors

/// A tensor with its place in the data, checked by itself.
struct PlacedTensor {
  let description: TensorDescription

  /// Where its bytes begin, counted from the start of the data.
  let begin: Int

  /// Where its bytes end.
  var end: Int { begin + description.byteCount }

  /// Checks that an entry of a header is complete and agrees with itself.
  init(_ entry: HeaderEntry, path: String) throws(SafetensorsError) {
    let name = entry.name
    if let text = entry.foreignText {
      throw .entryNotAnObject(path: path, tensor: name, found: text)
    }

    let elementType: ElementType
    switch entry.elementType {
    case .missing: throw .missingKey(path: path, tensor: name, key: "dtype")
    case .unsound(let text):
      throw .unknownElementType(path: path, tensor: name, found: text)
    case .sound(let text):
      guard let known = ElementType(rawValue: text), !known.isBlock else {
        throw .unknownElementType(path: path, tensor: name, found: text)
      }
      elementType = known
    }

    let shape: [Int]
    switch entry.shape {
    case .missing: throw .missingKey(path: path, tensor: name, key: "shape")
    case .unsound(let text): throw .invalidShape(path: path, tensor: name, found: text)
    case .sound(let axes): shape = axes
    }

    let begin: Int
    let end: Int
    switch entry.offsets {
    case .missing: throw .missingKey(path: path, tensor: name, key: "data_offsets")
    case .unsound(let text): throw .invalidOffsets(path: path, tensor: name, found: text)
    case .sound(let offsets):
      guard offsets.count == 2 else {
        throw .invalidOffsets(path: path, tensor: name, found: "with \(offsets.count) numbers")
      }
      (begin, end) = (offsets[0], offsets[1])
    }
    guard begin <= end else {
      throw .reversedOffsets(path: path, tensor: name, begin: begin, end: end)
    }

    let byteCount = try elementType.byteCount(of: shape, path: path, tensor: name)
    guard byteCount == end - begin else {
      throw .sizeMismatch(
        path: path, tensor: name, describedBytes: byteCount, storedBytes: end - begin)
    }
    description = TensorDescription(
      name: name, elementType: elementType, shape: shape, byteCount: byteCount)
    self.begin = begin
  }
  /// The tensors in the order of their data; those without data before the one that begins where
  /// they stand.
  static func sortedByData(_ tensors: [PlacedTensor]) -> [PlacedTensor] {
    let isSorted = zip(tensors, tensors.dropFirst()).allSatisfy {
      ($0.begin, $0.end) <= ($1.begin, $1.end)
    }
    if isSorted { return tensors }
    // The place in the header decides last, so that the order does not hang on the sorting
    // algorithm.
    let order = tensors.indices.sorted {
      (tensors[$0].begin, tensors[$0].end, $0) < (tensors[$1].begin, tensors[$1].end, $1)
    }
    return order.map { tensors[$0] }
  }
}
