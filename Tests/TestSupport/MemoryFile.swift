import Synchronization
public import Tensors

/// A file of tensors in memory, which notes the parts that are read of it.
public final class MemoryFile: TensorFile {
  /// A name for messages.
  public let path = "memory"
  /// The same always.
  public let stamp = "memory"
  /// The tensors, in the order in which they were given.
  public let tensors: [TensorDescription]

  private let bytes: [String: [UInt8]]
  private let seen = Mutex<[TensorSlice]>([])

  /// The parts that were read, in order.
  public var reads: [TensorSlice] { seen.withLock { $0 } }

  /// Makes a file of tensors.
  public init(_ tensors: [ToyTensor]) {
    self.tensors = tensors.map(\.description)
    bytes = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.bytes) })
  }

  /// Reads a part of a tensor; traps where it begins or ends inside a byte.
  public func read(
    _ slice: TensorSlice, of tensor: TensorDescription, into target: inout MutableRawSpan
  ) throws {
    guard let stored = bytes[tensor.name] else { preconditionFailure("no '\(tensor.name)'") }
    seen.withLock { $0.append(slice) }
    let elements = slice.elements(of: tensor.shape)
    let begin = elements.lowerBound * tensor.elementType.bitCount
    let end = elements.upperBound * tensor.elementType.bitCount
    precondition(begin.isMultiple(of: 8) && end.isMultiple(of: 8), "\(slice) splits a byte")
    precondition(target.byteCount == (end - begin) / 8, "\(target.byteCount) bytes for \(slice)")
    for (place, byte) in stored[begin / 8..<end / 8].enumerated() {
      target.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
    }
  }
}
