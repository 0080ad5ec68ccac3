/// A file of named tensors, whatever its format.
///
/// A conforming type has checked the whole header before it exists: every description is sound, and
/// its bytes lie inside the file. Reading can still fail, because a file may be cut short while it
/// is read.
public protocol TensorFile: Sendable {
  /// Where the file lies, as the user would write it.
  var path: String { get }

  /// How the file looks now: its size, place and times, which change with its content.
  ///
  /// It tells of the file that is open, whatever has its name meanwhile; empty where it cannot be
  /// told.
  var stamp: String { get }

  /// Every tensor of the file, in the order of the header.
  var tensors: [TensorDescription] { get }

  /// Reads the stored bytes of a part of a tensor, little-endian and densely packed.
  ///
  /// - Parameters:
  ///   - slice: The part; within the tensor.
  ///   - tensor: One of ``tensors``.
  ///   - bytes: Exactly as many bytes as the part holds.
  /// - Throws: An error that names the file and the tensor when the bytes cannot be read.
  func read(
    _ slice: TensorSlice, of tensor: TensorDescription, into bytes: inout MutableRawSpan) throws
}

extension TensorFile {
  /// Reads the stored bytes of consecutive slices along a tensor's first axis.
  ///
  /// - Parameters:
  ///   - rows: The slices to read; within `0..<rowCount` of the tensor.
  ///   - tensor: One of ``tensors``.
  ///   - bytes: Exactly as many bytes as the slices hold.
  /// - Throws: An error that names the file and the tensor when the bytes cannot be read.
  public func read(
    rows: Range<Int>, of tensor: TensorDescription, into bytes: inout MutableRawSpan
  ) throws {
    try read(TensorSlice(rows: rows), of: tensor, into: &bytes)
  }
}
