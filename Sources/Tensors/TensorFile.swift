/// A file of named tensors, whatever its format.
///
/// A conforming type has checked the whole header before it exists: every description is sound, and
/// its bytes lie inside the file. Reading can still fail, because a file may be cut short while it
/// is read.
public protocol TensorFile: Sendable {
  /// Where the file lies, as the user would write it.
  var path: String { get }

  /// Every tensor of the file, in the order of the header.
  var tensors: [TensorDescription] { get }

  /// Reads the stored bytes of consecutive slices along a tensor's first axis, little-endian and
  /// densely packed.
  ///
  /// - Parameters:
  ///   - rows: The slices to read; within `0..<rowCount` of the tensor.
  ///   - tensor: One of ``tensors``.
  ///   - bytes: Exactly as many bytes as the slices hold.
  /// - Throws: An error that names the file and the tensor when the bytes cannot be read.
  func read(
    rows: Range<Int>, of tensor: TensorDescription, into bytes: inout MutableRawSpan) throws
}
