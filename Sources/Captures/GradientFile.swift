import Files
import TensorFiles
public import Tensors

/// Gradients of a loss with respect to weights, under the checkpoint's own tensor names.
public struct GradientFile: Sendable {
  /// Where the file lies, as the user would write it.
  public let path: String
  /// The file as a source of tensors.
  public let file: any TensorFile

  private let stored: StoredTensors
  private let places: [String: Int]

  /// Every gradient, in the order of the file.
  public var tensors: [TensorDescription] { file.tensors }

  /// Opens a file of gradients.
  ///
  /// - Parameter path: An HDF5 or safetensors file.
  /// - Throws: ``CaptureError/noGradients(path:)`` when it holds no tensor; the errors of its
  ///   format's room when it cannot be opened.
  /// - Complexity: O(size of the header)
  public init(path: String) throws {
    stored = try StoredTensors(path: path)
    file = stored.file
    self.path = path
    guard !file.tensors.isEmpty else { throw CaptureError.noGradients(path: path) }
    let names = file.tensors.enumerated().map { ($1.name, $0) }
    places = Dictionary(names) { first, _ in first }
  }

  /// The gradient of the weight of that name; nil where the file has none.
  public func tensor(named name: String) -> TensorDescription? {
    places[name].map { file.tensors[$0] }
  }

  /// Why what lies in the file under that name is no tensor; nil where nothing does.
  public func reasonForSkipping(_ name: String) -> String? {
    skippedObjects(of: stored).first { $0.steps.joined(separator: ".") == name }?.reason
  }

  /// What tells this file from another: a digest of its size, header and samples of the content.
  ///
  /// - Returns: 64 hexadecimal digits.
  /// - Throws: The file's error when it cannot be read.
  public func identity() throws -> String {
    sha256(of: Array(try stored.identity().utf8))
  }
}
