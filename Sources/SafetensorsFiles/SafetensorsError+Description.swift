#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Files
import JSON
import Tensors

extension SafetensorsError: CustomStringConvertible {
  /// Where it went wrong, what went wrong, and what to try next.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let code):
      "\(path): \(openingProblem(code))"
    case .notARegularFile(let path, let kind):
      "\(path): is \(kind), not a file; name a .safetensors file"
    case .cannotRead(let path, let tensor, let code):
      "\(path): \(part(tensor)) cannot be read: \(withAdvice(SystemError(code: code).reason, otherwise: "check the disk"))"
    case .becameShorter(let path, let tensor, let expected, let actual):
      """
      \(path): became shorter while it was read, \(actual) bytes instead of \(expected), and \
      \(part(tensor)) is lost; wait until nothing writes to it and run again
      """
    case .foreignFormat(let path, let format):
      "\(path): is \(format.rawValue), not safetensors; \(format.advice)"
    case .tooShort(let path, let actual):
      """
      \(path): holds \(actual) bytes, fewer than the 8 that every safetensors file starts with; \
      download it again
      """
    case .truncated(let path, let expected, let actual):
      "\(path): holds \(actual) bytes but its header describes \(expected); download it again"

    case .headerTooLarge(let path, let count):
      """
      \(path): claims a header of \(count) bytes, more than the \(SafetensorsHeader.byteLimit) \
      that the format allows; check that it is a safetensors file
      """
    case .headerNotAnObject(let path, let byte):
      """
      \(path): the header \(byte.map { "starts with byte \($0)" } ?? "is empty") where '{' should \
      stand; check that it is a safetensors file
      """
    case .invalidHeader(let path, let name, let error):
      """
      \(path): the header breaks at byte \(8 + error.byteOffset)\
      \(name.map { ", in the entry \(quoted($0))" } ?? ""): \(error.problem); \(getAnotherCopy)
      """
    case .duplicateName(let path, let name):
      "\(path): the name \(quoted(name)) stands twice in the header; \(blameWriter)"
    case .invalidMetadata(let path, let found):
      "\(path): '__metadata__' should map strings to strings, but \(found); \(blameWriter)"

    case .entryNotAnObject(let path, let tensor, let found):
      "\(path): \(part(tensor)) is described by \(found), not by an object; \(blameWriter)"
    case .missingKey(let path, let tensor, let key):
      "\(path): \(part(tensor)) has no '\(key)'; \(blameWriter)"
    case .unknownElementType(let path, let tensor, let found):
      """
      \(path): \(part(tensor)) has the element type \(quoted(found)), which this version does not \
      know; convert it to one of \
      \(ElementType.allCases.filter { !$0.isBlock }.map(\.rawValue).joined(separator: " "))
      """
    case .invalidShape(let path, let tensor, let found):
      """
      \(path): \(part(tensor)) has the shape \(found), which is not a list of whole numbers from \
      0 up; \(blameWriter)
      """
    case .sizeOverflow(let path, let tensor, let shape):
      """
      \(path): \(part(tensor)) has the shape \(text(of: shape)), too large for 64 bits; \
      \(blameWriter)
      """
    case .brokenByte(let path, let tensor, let elementType, let shape):
      """
      \(path): \(part(tensor)) has the shape \(text(of: shape)), which does not fill whole bytes \
      with \(elementType.bitCount) bits each; \(blameWriter)
      """
    case .invalidOffsets(let path, let tensor, let found):
      """
      \(path): \(part(tensor)) has the data_offsets \(found), which are not two whole numbers from \
      0 up; \(blameWriter)
      """
    case .reversedOffsets(let path, let tensor, let begin, let end):
      "\(path): \(part(tensor)) begins at \(begin) but ends at \(end); \(blameWriter)"
    case .sizeMismatch(let path, let tensor, let described, let stored):
      """
      \(path): \(part(tensor)) needs \(described) bytes by its shape and type but has \(stored); \
      \(blameWriter)
      """
    case .brokenLayout(let path, let tensor, let expected, let actual):
      """
      \(path): \(part(tensor)) starts at data byte \(actual), expected \(expected); the writer \
      left \(actual < expected ? "an overlap" : "a gap"), so write it again
      """
    case .unownedBytes(let path, let count):
      "\(path): \(count) bytes at the end belong to no tensor; \(getAnotherCopy)"
    case .splitByte(let path, let tensor, let elementType):
      """
      \(path): \(part(tensor)) packs its \(elementType.rawValue) elements across rows, and the \
      rows asked for end inside a byte; read all rows at once
      """

    case .cannotWrite(let path, let code):
      "\(path): \(writingProblem(code))"
    case .reservedName(let path, let name):
      "\(path): no tensor may be called '\(name)', which the format keeps for metadata; rename it"
    case .tooManyTensors(let path, let tensorCount, let headerBytes):
      """
      \(path): \(tensorCount) tensors and the metadata need a header of \(headerBytes) bytes, more \
      than the \(SafetensorsHeader.byteLimit) that the format allows; spread them over several files
      """
    case .wrongByteCount(let path, let declared, let given):
      """
      \(path): its tensors have \(declared) bytes but \(given) were given, so it was not written; \
      give every tensor whole and once
      """
    }
  }
}

private let blameWriter = "the writer broke the format, so write it again"

private let getAnotherCopy = "it is damaged, so download or write it again"

private func part(_ tensor: String?) -> String {
  tensor.map { "tensor \(quoted($0))" } ?? "the header"
}

private func text(of shape: [Int]) -> String {
  "[\(shape.prefix(8).map(String.init).joined(separator: ", "))\(shape.count > 8 ? ", …" : "")]"
}

private func openingProblem(_ code: CInt) -> String {
  switch code {
  case ENOENT, ENOTDIR: "there is no such file; check the name"
  case EACCES, EPERM: "you may not read it; ask its owner for permission"
  case ENXIO, EOPNOTSUPP: "is a device or socket, not a file; name a .safetensors file"
  case EMFILE, ENFILE: "too many files are open; raise the limit with 'ulimit -n'"
  default: "cannot be opened (\(SystemError(code: code).reason)); check the disk"
  }
}

private func writingProblem(_ code: CInt) -> String {
  switch code {
  case ENOENT, ENOTDIR: "there is no such folder; make it first"
  case EACCES, EPERM: "you may not write here; ask for permission or choose another folder"
  case EROFS: "the disk is read-only; choose another folder"
  case ENOSPC, EDQUOT: "the disk is full and nothing was kept; free some space and run again"
  case EFBIG: "the file is too large for this disk or your limits; check 'ulimit -f'"
  default: "cannot be written (\(SystemError(code: code).reason)); check the disk"
  }
}
