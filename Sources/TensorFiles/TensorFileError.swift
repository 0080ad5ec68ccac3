import Files

/// What can go wrong with a file of tensors, besides the errors of its format.
public enum TensorFileError: Error, Equatable, Sendable {
  /// The name leads to a folder, a pipe or a device.
  case notAFile(path: String, kind: String)
  /// The samples of its content could not be read, for the reason that the system gave.
  case cannotSample(path: String, reason: String)
}

extension TensorFileError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  public var description: String {
    switch self {
    case .notAFile(let path, let kind):
      "\(path): is \(kind), not a file; name an HDF5 or a .safetensors file"
    case .cannotSample(let path, let reason):
      "\(path): cannot be read: \(withAdvice(reason, otherwise: "check its permissions"))"
    }
  }
}
