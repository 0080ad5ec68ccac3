import Files
import Foundation
public import GGUFFiles
import HDF5Files
import SafetensorsFiles
public import Tensors

/// A file of tensors in any format that is read, opened and checked, with what it says of itself.
public struct StoredTensors: Sendable {
  /// The file as a source of tensors.
  public let file: any TensorFile
  /// The size of the file, in bytes.
  public let byteCount: Int
  /// What an HDF5 file holds that is no tensor, each as its path in the file and the reason.
  public let skipped: [String]
  private let format: Format

  private enum Format: Sendable {
    case safetensors(SafetensorsFile)
    case hdf5(HDF5File)
    case gguf(GGUFFile)
  }

  /// Where the file lies, as the user would write it.
  public var path: String { file.path }

  /// The file as one of GGUF, whose metadata have types; nil where it is of another format.
  public var gguf: GGUFFile? {
    guard case .gguf(let file) = format else { return nil }
    return file
  }

  /// Opens a file as what its first bytes say that it is.
  ///
  /// - Parameter path: A safetensors, an HDF5 or a GGUF file, whatever its name ends in.
  /// - Throws: ``TensorFileError/notAFile(path:kind:)``, and the errors of the three rooms; those of
  ///   `SafetensorsFiles` for a file that is none, unless its name ends in `.h5`, `.hdf5` or `.gguf`.
  /// - Complexity: O(size of the header)
  public init(path: String) throws {
    if let kind = FileStatus(at: path)?.irregularKind {
      throw TensorFileError.notAFile(path: path, kind: kind)
    }
    // By its name too, so that a damaged file is told to be no HDF5 file.
    if path.hasSuffix(".h5") || path.hasSuffix(".hdf5") || HDF5File.hasSignature(at: path) {
      try self.init(hdf5: path)
    } else if path.hasSuffix(".gguf") || GGUFFile.hasSignature(at: path) {
      try self.init(gguf: path)
    } else {
      try self.init(safetensors: path)
    }
  }

  /// Opens a safetensors file.
  ///
  /// - Throws: `SafetensorsError`
  public init(safetensors path: String) throws {
    let file = try SafetensorsFile(path: path)
    self.file = file
    byteCount = file.byteCount
    skipped = []
    format = .safetensors(file)
  }

  /// Opens an HDF5 file.
  ///
  /// - Throws: `HDF5Error`
  public init(hdf5 path: String) throws {
    let file = try HDF5File(path: path)
    self.file = file
    byteCount = file.byteCount
    skipped = file.skipped
    format = .hdf5(file)
  }

  /// Opens a GGUF file.
  ///
  /// - Throws: `GGUFError`
  public init(gguf path: String) throws {
    let file = try GGUFFile(path: path)
    self.file = file
    byteCount = file.byteCount
    skipped = []
    format = .gguf(file)
  }

  /// The text that the file says of itself under a name: a safetensors or GGUF file in its metadata,
  /// an HDF5 file in an attribute of its root or another object; nil where there is none.
  public func text(of attribute: String, at object: String = "/") -> String? {
    switch format {
    case .safetensors(let file): file.metadata[attribute]
    case .gguf(let file): file.metadata[attribute]?.text
    case .hdf5(let file):
      file.stringAttribute(attribute, of: object)
        ?? file.integerAttribute(attribute, of: object).map(String.init)
    }
  }

  /// Whether the file says something under a name, be it text or not; an HDF5 file of its root or
  /// another object.
  public func hasAttribute(_ name: String, at object: String = "/") -> Bool {
    switch format {
    case .safetensors(let file): file.metadata[name] != nil
    case .gguf(let file): file.metadata[name] != nil
    case .hdf5(let file): file.hasAttribute(name, of: object)
    }
  }

  /// What may say something of some tensors: the file itself, `/`, and in an HDF5 file the groups
  /// that hold them and their datasets, as paths in the file.
  ///
  /// - Parameter tensors: The names of tensors.
  /// - Returns: The paths, the file's own first.
  public func objects(of tensors: [String]) -> [String] {
    guard case .hdf5(let file) = format else { return ["/"] }
    return file.objects(of: tensors)
  }

  /// What the file says of its content, in one line: its size and the digest of its header.
  ///
  /// - Throws: The file's error when it cannot be read.
  public func structure() throws -> String {
    let header: [UInt8]
    switch format {
    case .safetensors(let file): header = try file.headerBytes()
    case .gguf(let file): header = try file.headerBytes()
    case .hdf5(let file): header = file.headerBytes()
    }
    return "\(byteCount) \(sha256(of: header))"
  }

  /// What tells the file's content from another's, in one line: its structure, and the digest of
  /// eight samples of 4 KiB spread over it.
  ///
  /// - Throws: ``TensorFileError/cannotSample(path:reason:)`` and the file's error when it cannot be read.
  public func identity() throws -> String {
    "\(try structure()) \(sha256(of: try samples()))"
  }

  /// Eight blocks of 4 KiB, evenly spread from the start of the file to its end.
  private func samples() throws -> [UInt8] {
    let block = 4096
    let count = 8
    var samples: [UInt8] = []
    do throws(SystemError) {
      let file = try FileDescriptor(reading: path)
      for place in 0..<count {
        var sample = [UInt8](repeating: 0, count: block)
        var space = sample.mutableSpan
        // Safe: bytes have no padding, and take any value.
        var target = unsafe space.mutableBytes
        let length = try file.read(
          into: &target, at: max(0, byteCount - block) / (count - 1) * place)
        samples += sample.prefix(length)
      }
    } catch {
      throw TensorFileError.cannotSample(path: path, reason: error.reason)
    }
    return samples
  }
}
