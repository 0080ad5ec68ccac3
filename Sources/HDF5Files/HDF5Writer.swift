import CHDF5
import Files
import Synchronization
public import Tensors

/// Writes an HDF5 file of tensors, whole or not at all.
///
/// The file grows beside its place under a name of its own and moves there when it is finished; a
/// writer that goes without ``finish()`` takes it away. The same calls give the same bytes: no time
/// stamps are kept.
///
/// ```swift
/// let writer = try HDF5Writer(path: "spectra.h5", attributes: ["model": "toy"])
/// try writer.write(description, bytes: values.span.bytes)
/// try writer.finish()
/// ```
public final class HDF5Writer: Sendable {
  /// How tensor names become paths in the file.
  public enum Naming: Sendable {
    /// The name as it is, at the root.
    case dotted
    /// A group for each part before a dot; ``HDF5File`` yields the same names.
    case nested
  }

  /// Where the finished file will lie.
  public let path: String

  private let naming: Naming
  private let output: Mutex<Output?>

  /// The file while it is written.
  private struct Output: ~Copyable {
    let file: HDF5FileHandle
    let temporary: TemporaryFile
    var layout = HDF5WrittenLayout()
    /// What went wrong inside libhdf5, after which the file must not come to its place.
    var failure: HDF5Error?
  }

  /// Starts a file.
  ///
  /// - Parameters:
  ///   - path: Where the finished file will lie; ``finish()`` replaces what lies there.
  ///   - naming: How tensor names become paths.
  ///   - attributes: Attributes of the root, kept as UTF-8 of variable length.
  /// - Throws: ``HDF5Error``: `fileNotFound` when the folder is missing, `permissionDenied` or
  ///   `systemFailure` from the system; `unwritableName` for an attribute; `cannotWrite`.
  public init(
    path: String, naming: Naming = .dotted, attributes: [String: String] = [:]
  ) throws(HDF5Error) {
    for (name, text) in attributes where !HDF5LinkList.isUsable(name) || text.utf8.contains(0) {
      throw .unwritableName(
        path: path, tensor: name, reason: "an attribute's name or text has control characters")
    }
    self.path = path
    self.naming = naming
    let temporary: TemporaryFile
    do {
      temporary = try TemporaryFile(beside: path)
    } catch {
      throw HDF5Error(error, path: path, action: "create it")
    }
    let temporaryPath = temporary.path
    let identifier = try HDF5Library.withLock { library throws(HDF5Error) in
      try library.createFile(temporaryPath, for: path)
    }
    output = Mutex(Output(file: HDF5FileHandle(identifier), temporary: temporary))
    try HDF5Library.withLock { library throws(HDF5Error) in
      try library.writeRootAttributes(attributes, in: identifier, path: path)
    }
  }

  /// Writes one tensor, as a contiguous dataset.
  ///
  /// - Parameters:
  ///   - tensor: A name that was not written before, a type that HDF5 has, and a shape.
  ///   - bytes: All elements, little-endian and densely packed.
  /// - Throws: ``HDF5Error/unwritableType(path:tensor:elementType:)``,
  ///   ``HDF5Error/unwritableName(path:tensor:reason:)`` or
  ///   ``HDF5Error/cannotWrite(path:object:reason:)``; after the last, ``finish()`` throws it too.
  /// - Precondition: There are exactly `byteCount` bytes, as shape and type say, and the writer is
  ///   not finished.
  /// - Complexity: O(bytes) time; no element is kept in memory.
  public func write(_ tensor: TensorDescription, bytes: RawSpan) throws(HDF5Error) {
    let elementBits = tensor.elementType.bitCount
    precondition(
      tensor.shape.reduce(elementBits, *) == tensor.byteCount * 8
        && bytes.byteCount == tensor.byteCount,
      "\(bytes.byteCount) bytes for '\(tensor.name)', \(tensor.shapeText) of \(elementBits) bits")
    guard HDF5StoredType.elementTypes.contains(tensor.elementType) else {
      throw .unwritableType(path: path, tensor: tensor.name, elementType: tensor.elementType)
    }
    let steps = try HDF5WrittenLayout.steps(of: tensor.name, naming: naming, path: path)

    // Safe: the bytes are lent for the writing only.
    try unsafe bytes.withUnsafeBytes { buffer throws(HDF5Error) in
      try output.withLock { output throws(HDF5Error) in
        guard let file = output?.file.identifier else {
          preconditionFailure("\(path) is finished")
        }
        let groups = try output?.layout.add(tensor.name, steps: steps, path: path) ?? []
        do throws(HDF5Error) {
          try HDF5Library.withLock { library throws(HDF5Error) in
            for group in groups { try library.createGroup(group, in: file, path: path) }
            let object = "/" + steps.joined(separator: "/")
            try unsafe library.createDataset(object, tensor, buffer, in: file, path: path)
          }
        } catch {
          output?.failure = error
          throw error
        }
      }
    }
  }

  /// Completes the file and moves it to its place.
  ///
  /// - Throws: ``HDF5Error/cannotWrite(path:object:reason:)`` or an error of the system; then
  ///   nothing has changed at the path, and what was written is gone.
  /// - Precondition: The writer is not finished yet.
  public func finish() throws(HDF5Error) {
    guard let finished = output.withLock({ $0.take() }) else {
      preconditionFailure("\(path) is finished")
    }
    if let failure = finished.failure { throw failure }
    try finished.file.close(at: HDF5Place(path: path, isWriting: true))
    do {
      try finished.temporary.finish()
    } catch {
      throw HDF5Error(error, path: path, action: "move it there")
    }
  }
}
