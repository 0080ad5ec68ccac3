#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Files
import JSON
public import Tensors

/// Why a GGUF file cannot be read.
///
/// Offsets of tensors count from the start of the data, as in the header.
public enum GGUFError: Error, Equatable, Sendable {
  // MARK: The file

  /// The system does not open the file; `code` is its error number.
  case cannotOpen(path: String, code: Int32)
  /// The name leads to a folder, a pipe or a device.
  case notARegularFile(path: String, kind: String)
  /// The system does not read the file; `tensor` is `nil` when it was about the header.
  case cannotRead(path: String, tensor: String?, code: Int32)
  /// The file was cut while it was open; it has no bytes after `actualBytes`.
  case becameShorter(path: String, tensor: String?, expectedBytes: Int, actualBytes: Int)
  /// The file does not start with `GGUF`.
  case notGGUF(path: String)
  /// The file is one of another format that is read, under a name of GGUF.
  case misnamed(path: String, format: MisnamedFormat)
  /// The numbers of the file are big-endian.
  case bigEndian(path: String)
  /// The version of the format is none that is read.
  case unknownVersion(path: String, version: Int)

  // MARK: The header

  /// The file ends inside its header; `part` is what was being read.
  case endsInHeader(path: String, part: String, actualBytes: Int)
  /// The header is larger than any real one.
  case headerTooLarge(path: String, part: String)
  /// A key or the name of a tensor is empty, too long or no text.
  case invalidName(path: String, part: String, reason: String)
  /// Two values have the same key.
  case duplicateKey(path: String, key: String)
  /// The kind of a value is none that the format has.
  case unknownValueKind(path: String, key: String, number: Int)
  /// A list holds lists.
  case nestedList(path: String, key: String)
  /// The alignment of the data is not a power of two.
  case invalidAlignment(path: String, found: String)

  // MARK: A tensor

  /// Two tensors have the same name.
  case duplicateName(path: String, name: String)
  /// A tensor has more than four axes.
  case tooManyAxes(path: String, tensor: String, count: Int)
  /// The element type has a number that is not known.
  case unknownElementType(path: String, tensor: String, number: Int)
  /// The rows of a tensor do not fill whole blocks.
  case brokenBlock(path: String, tensor: String, elementType: ElementType, rowLength: Int)
  /// The size that the shape asks for does not fit 64 bits; the lengths are innermost first.
  case sizeOverflow(path: String, tensor: String, lengths: [UInt64])
  /// Two tensors claim the same bytes, or bytes before a tensor belong to none.
  case brokenLayout(path: String, tensor: String, expectedOffset: Int, actualOffset: UInt64)
  /// A tensor ends after the file.
  case truncated(path: String, tensor: String, missingBytes: Int, actualBytes: Int)
}

extension GGUFError: CustomStringConvertible {
  /// Where it went wrong, what went wrong, and what to try next.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let code):
      "\(path): \(openingProblem(code))"
    case .notARegularFile(let path, let kind):
      "\(path): is \(kind), not a file; name a .gguf file"
    case .cannotRead(let path, let tensor, let code):
      "\(path): \(place(tensor)) cannot be read: \(withAdvice(SystemError(code: code).reason, otherwise: "check the disk"))"
    case .becameShorter(let path, let tensor, let expected, let actual):
      """
      \(path): became shorter while it was read, \(actual) bytes instead of \(expected), and \
      \(place(tensor)) is lost; wait until nothing writes to it and run again
      """
    case .notGGUF(let path):
      "\(path): does not start with 'GGUF', so it is no GGUF file; check the name"
    case .misnamed(let path, .safetensors):
      """
      \(path): is a safetensors file, not GGUF; give it the suffix .safetensors and put the \
      config.json of its model beside it
      """
    case .misnamed(let path, .hdf5):
      """
      \(path): is an HDF5 file, not GGUF; give it the suffix .h5 and put the config.json of its \
      model beside it
      """
    case .bigEndian(let path):
      """
      \(path): is a big-endian GGUF file, and only little-endian ones are read; turn it with \
      'gguf-convert-endian' of the Python package gguf
      """
    case .unknownVersion(let path, let version):
      """
      \(path): has version \(version) of GGUF, and versions 2 and 3 are read; convert the model \
      again with a llama.cpp of today
      """
    case .endsInHeader(let path, let part, let actual):
      "\(path): holds \(actual) bytes and ends inside its header, in \(part); \(getAnotherCopy)"
    case .headerTooLarge(let path, let part):
      """
      \(path): its header has more than \(GGUFFile.headerByteLimit) bytes, the last of them for \
      \(part); \(getAnotherCopy)
      """
    case .invalidName(let path, let part, let reason):
      "\(path): the name of \(part) \(reason); \(blameWriter)"
    case .duplicateKey(let path, let key):
      "\(path): the key \(quoted(key)) stands twice in the header; \(blameWriter)"
    case .unknownValueKind(let path, let key, let number):
      "\(path): the key \(quoted(key)) has a value of kind \(number), which GGUF has not; \(blameWriter)"
    case .nestedList(let path, let key):
      "\(path): the key \(quoted(key)) has a list of lists, which is not read; \(blameWriter)"
    case .invalidAlignment(let path, let found):
      "\(path): 'general.alignment' is \(found), not a power of two; \(blameWriter)"
    case .duplicateName(let path, let name):
      "\(path): the name \(quoted(name)) stands twice in the header; \(blameWriter)"
    case .tooManyAxes(let path, let tensor, let count):
      "\(path): \(place(tensor)) has \(count) axes, and GGUF has four at most; \(blameWriter)"
    case .unknownElementType(let path, let tensor, let number):
      """
      \(path): \(place(tensor)) has the element type number \(number), which this version does not \
      know; quantise it as one that llama.cpp has had for long, such as Q8_0
      """
    case .brokenBlock(let path, let tensor, let elementType, let rowLength):
      """
      \(path): \(place(tensor)) has rows of \(rowLength) numbers, which do not fill blocks of \
      \(elementType.numberCount) in \(elementType.rawValue); \(blameWriter)
      """
    case .sizeOverflow(let path, let tensor, let lengths):
      """
      \(path): \(place(tensor)) has the shape \(TensorDescription.text(of: lengths.reversed())), \
      too large for 64 bits; \(blameWriter)
      """
    case .brokenLayout(let path, let tensor, let expected, let actual):
      """
      \(path): \(place(tensor)) starts at data byte \(actual), expected \(expected); the writer \
      left \(actual < UInt64(clamping: expected) ? "an overlap" : "a gap"), so write it again
      """
    case .truncated(let path, let tensor, let missing, let actual):
      """
      \(path): holds \(actual) bytes, and \(missing) bytes of \(place(tensor)) are missing; \
      download it again
      """
    }
  }
}

extension GGUFValue {
  /// The value in words, as far as messages need them.
  var words: String {
    switch self {
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .flag(let value): "\(value)"
    case .text(let value): quoted(value)
    case .list, .omitted: "a list"
    }
  }
}

private let blameWriter = "the writer broke the format, so write it again"

private let getAnotherCopy = "it is damaged, so download or write it again"

private func place(_ tensor: String?) -> String {
  tensor.map { "tensor \(quoted($0))" } ?? "the header"
}

private func openingProblem(_ code: CInt) -> String {
  switch code {
  case ENOENT, ENOTDIR: "there is no such file; check the name"
  case EACCES, EPERM: "you may not read it; ask its owner for permission"
  case ENXIO, EOPNOTSUPP: "is a device or socket, not a file; name a .gguf file"
  case EMFILE, ENFILE: "too many files are open; raise the limit with 'ulimit -n'"
  default: "cannot be opened (\(SystemError(code: code).reason)); check the disk"
  }
}
