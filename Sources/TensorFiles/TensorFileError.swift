/// What can go wrong with a file of tensors, besides the errors of its format.
public enum TensorFileError: Error, Equatable, Sendable {
  /// The samples of its content could not be read.
  case cannotSample(path: String)
}

extension TensorFileError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  public var description: String {
    switch self {
    case .cannotSample(let path):
      "\(path): cannot be read: the system refused; check its permissions"
    }
  }
}
