import Files
import JSON
public import Tensors

/// A GGUF file that is open for reading, its whole header checked.
///
/// Shapes are outermost first, the other way round than in the file. An element of a block type is a
/// whole block, so a tensor of 4 x 64 numbers in Q8_0 is described as 4 x 2 of `q8Zero`.
///
/// ```swift
/// let file = try GGUFFile(path: "model.gguf")
/// print(file.metadata["general.architecture"]?.text ?? "none")
/// for tensor in file.tensors { print(tensor.name, tensor.shapeText) }
/// ```
///
/// Several tasks may read from one file at once. Versions 2 and 3 are read, little-endian.
///
/// Source: the GGUF specification, https://github.com/ggml-org/ggml, `docs/gguf.md`.
public final class GGUFFile: TensorFile {
  /// The most bytes that a header may have; vocabularies of the largest models take a quarter.
  public static let headerByteLimit = 100_000_000

  /// Where the file lies, as the user would write it.
  public var path: String { source.path }

  /// The size of the file in bytes when it was opened.
  public var byteCount: Int { source.byteCount }

  /// What the file says of itself, by keys such as `general.architecture`.
  public var metadata: [String: GGUFValue] { header.metadata }

  /// Every tensor of the file, in the order of the data.
  public var tensors: [TensorDescription] { header.tensors }

  /// How the open file looks now.
  public var stamp: String { (try? source.file.status().stamp) ?? "" }

  private let source: GGUFSource
  private let header: GGUFHeader

  /// Opens a file and checks its header; reads no tensor.
  ///
  /// - Parameter path: The name of a regular file or of a link to one.
  /// - Throws: ``GGUFError``: when the file cannot be opened or read; when it is of another format,
  ///   version or byte order, or damaged; when a key or a tensor is not sound; and when tensors
  ///   overlap, leave bytes to nobody, or end after the file.
  /// - Complexity: O(h) time and memory for a header of h bytes.
  public init(path: String) throws(GGUFError) {
    source = try GGUFSource(path: path)
    header = try GGUFHeader(of: source)
  }

  /// Whether the first bytes of a file are those of GGUF.
  public static func hasSignature(at path: String) -> Bool {
    guard let source = try? GGUFSource(path: path),
      let bytes = try? source.bytes(4, at: 0, part: nil)
    else { return false }
    return bytes == GGUFHeader.signature
  }

  /// Reads the bytes that come before the data.
  ///
  /// - Returns: The bytes as they are in the file now; two files with the same bytes here describe
  ///   the same tensors.
  /// - Throws: ``GGUFError/becameShorter(path:tensor:expectedBytes:actualBytes:)`` and
  ///   ``GGUFError/cannotRead(path:tensor:code:)``
  public func headerBytes() throws(GGUFError) -> [UInt8] {
    try source.bytes(header.byteCount, at: 0, part: nil)
  }

  /// Reads the stored bytes of a part of a tensor.
  ///
  /// - Parameters:
  ///   - slice: The part; within the tensor.
  ///   - tensor: One of ``tensors``.
  ///   - bytes: Exactly as many bytes as the part holds.
  /// - Throws: ``GGUFError/becameShorter(path:tensor:expectedBytes:actualBytes:)`` when the file was
  ///   cut since it was opened; ``GGUFError/cannotRead(path:tensor:code:)`` when the system says no.
  /// - Precondition: The tensor is of this file, and the part and the size of `bytes` fit it.
  public func read(
    _ slice: TensorSlice, of tensor: TensorDescription, into bytes: inout MutableRawSpan
  ) throws(GGUFError) {
    guard let place = header.places[tensor.name], tensors[place] == tensor else {
      preconditionFailure("\(path): \(quoted(tensor.name)) is not a tensor of this file")
    }
    // Every element fills whole bytes, and all bytes of a tensor fit an Int.
    let elements = slice.elements(of: tensor.shape)
    let width = tensor.elementType.bitCount / 8
    precondition(
      bytes.byteCount == elements.count * width,
      "\(path): \(bytes.byteCount) bytes for \(elements.count * width) of \(quoted(tensor.name))")
    try source.fill(
      &bytes, at: header.begins[place] + elements.lowerBound * width, part: tensor.name)
  }
}
