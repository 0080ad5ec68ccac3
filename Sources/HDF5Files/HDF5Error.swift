import Files
public import Tensors

/// What can go wrong with an HDF5 file.
public enum HDF5Error: Error, Equatable, Sendable {
  /// Nothing lies at the path.
  case fileNotFound(path: String)
  /// A folder, a device or a pipe lies at the path.
  case notAFile(path: String)
  /// The system does not let us read or write there.
  case permissionDenied(path: String)
  /// A call of the system failed for another reason.
  case systemFailure(path: String, action: String, reason: String)
  /// The file does not carry the signature of an HDF5 file.
  case notHDF5(path: String, byteCount: Int)
  /// Another program keeps a lock on the file, as one does that writes it.
  case inUse(path: String)
  /// The file system has no locks, or its server refuses them.
  case cannotLock(path: String, reason: String)
  /// libhdf5 refused to read an object, for the reason that its innermost function gave.
  case cannotRead(path: String, object: String, reason: String)
  /// An object keeps its data in another file, as an external link does.
  case outsideFile(path: String, object: String, kind: String)
  /// Two datasets have the same tensor name.
  case nameCollision(path: String, tensor: String, objects: [String])
  /// A name in the file holds control characters, a slash, or bytes that are not UTF-8.
  case unusableName(path: String, object: String)
  /// The shape stands for more bytes than can be counted.
  case sizeOverflow(path: String, tensor: String, shape: [UInt64])
  /// The file ends before the data that it describes.
  case cutShort(path: String, tensor: String, expectedBytes: Int, actualBytes: Int)
  /// The file has more links than any checkpoint needs.
  case tooManyLinks(path: String, limit: Int)
  /// Groups are nested more deeply than any checkpoint needs.
  case tooDeep(path: String, object: String, limit: Int)
  /// libhdf5 refused to write an object, for the reason that its innermost function gave.
  case cannotWrite(path: String, object: String, reason: String)
  /// The elements have no HDF5 type that other programs would read back.
  case unwritableType(path: String, tensor: String, elementType: ElementType)
  /// The tensor's name cannot stand in the file, or clashes with one that was written before.
  case unwritableName(path: String, tensor: String, reason: String)
}

extension HDF5Error {
  /// The error that a refusal of the system stands for.
  init(_ error: SystemError, path: String, action: String) {
    self =
      if error.isMissing {
        .fileNotFound(path: path)
      } else if error.isPermission {
        .permissionDenied(path: path)
      } else if error.isFolder {
        .notAFile(path: path)
      } else {
        .systemFailure(path: path, action: action, reason: error.reason)
      }
  }

  /// The error that a message of libhdf5 stands for, by what the system said where it names that.
  ///
  /// - Parameters:
  ///   - object: What was read.
  ///   - path: The file.
  ///   - reason: What the innermost function said, such as `unable to lock file, errno = 37, error
  ///     message = 'No locks available'`.
  package init(reading object: String, of path: String, said reason: String) {
    let number = reason.firstRange(of: "errno = ").flatMap { found in
      CInt(reason[found.upperBound...].prefix { $0.isNumber || $0 == "-" })
    }
    let refusal = number.map { SystemError(code: $0) }
    self =
      switch refusal {
      case let refusal? where reason.hasPrefix("unable to lock"):
        refusal.isLock
          ? .inUse(path: path) : .cannotLock(path: path, reason: refusal.reason)
      // A place where no file can have bytes is what a damaged file asks for.
      case let refusal? where !refusal.isImpossible:
        .systemFailure(path: path, action: "read '\(object)'", reason: refusal.reason)
      default: .cannotRead(path: path, object: object, reason: reason)
      }
  }
}

extension HDF5Error: CustomStringConvertible {
  /// Where it went wrong, what went wrong, and what to do next.
  public var description: String {
    switch self {
    case .fileNotFound(let path):
      "\(path): no such file; check the path"
    case .notAFile(let path):
      "\(path): is not a regular file; name an HDF5 file"
    case .permissionDenied(let path):
      "\(path): permission denied; ask its owner for access"
    case .systemFailure(let path, let action, let reason):
      "\(path): cannot \(action): \(withAdvice(reason, otherwise: "check the disk and try again"))"
    case .notHDF5(let path, let byteCount):
      "\(path): is not an HDF5 file (no signature in its \(byteCount) bytes); "
        + "check the format or copy it again"
    case .inUse(let path):
      "\(path): another program has it locked, as one that writes it; wait until that is done, "
        + "or where no program has it open set HDF5_USE_FILE_LOCKING=FALSE"
    case .cannotLock(let path, let reason):
      "\(path): its file system cannot lock files: \(reason); set HDF5_USE_FILE_LOCKING=FALSE"
    case .cannotRead(let path, let object, let reason):
      "\(path): libhdf5 cannot read '\(object)': \(reason); "
        + "it is damaged, cut short or still being written: copy it again"
    case .outsideFile(let path, let object, let kind):
      "\(path): '\(object)' is \(kind), which points outside the file; "
        + "copy its data into this file"
    case .nameCollision(let path, let tensor, let objects):
      "\(path): \(objects.map { "'\($0)'" }.joined(separator: " and ")) "
        + "are both tensor '\(tensor)'; rename one"
    case .unusableName(let path, let object):
      "\(path): \(object.debugDescription) is not a usable name; rename it in plain UTF-8"
    case .sizeOverflow(let path, let tensor, let shape):
      "\(path): tensor '\(tensor)' declares \(TensorDescription.text(of: shape)) "
        + "elements, more bytes than can be counted; the file is damaged, copy it again"
    case .cutShort(let path, let tensor, let expected, let actual):
      "\(path): tensor '\(tensor)' needs \(expected) bytes of the file, which holds \(actual); "
        + "it was cut short, copy it again"
    case .tooManyLinks(let path, let limit):
      "\(path): holds more than \(limit) links; split the file"
    case .tooDeep(let path, let object, let limit):
      "\(path): '\(object)' lies more than \(limit) groups deep; use fewer nested groups"
    case .cannotWrite(let path, let object, let reason):
      "\(path): libhdf5 cannot write '\(object)': \(reason); check the free space and try again"
    case .unwritableType(let path, let tensor, let elementType):
      "\(path): tensor '\(tensor)' has elements of type \(elementType.rawValue), which HDF5 lacks; "
        + "write a floating-point or integer type"
    case .unwritableName(let path, let tensor, let reason):
      "\(path): tensor \(tensor.debugDescription) cannot be written: \(reason); rename it"
    }
  }
}
