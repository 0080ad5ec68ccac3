public import JSON
public import Tensors

/// Why a safetensors file cannot be read or written.
///
/// Offsets of tensors count from the start of the data, as `data_offsets` in the header do.
public enum SafetensorsError: Error, Equatable, Sendable {
  // MARK: The file

  /// The system does not open the file; `code` is its error number.
  case cannotOpen(path: String, code: Int32)
  /// The name leads to a folder, a pipe or a device.
  case notARegularFile(path: String, kind: String)
  /// The system does not read the file; `tensor` is `nil` when it was about the header.
  case cannotRead(path: String, tensor: String?, code: Int32)
  /// The file was cut while it was open; it has no bytes after `actualBytes`.
  case becameShorter(path: String, tensor: String?, expectedBytes: Int, actualBytes: Int)
  /// The file is of a format that is often taken for safetensors.
  case foreignFormat(path: String, format: ForeignFormat)
  /// The file is too short to hold the length of a header.
  case tooShort(path: String, actualBytes: Int)
  /// The file is shorter than its own header declares.
  case truncated(path: String, expectedBytes: Int, actualBytes: Int)

  // MARK: The header

  /// The header's length is beyond what the format allows.
  case headerTooLarge(path: String, headerBytes: UInt64)
  /// The header does not start with `{`.
  case headerNotAnObject(path: String, firstByte: UInt8?)
  /// The header is not strict JSON; `name` is the member where it breaks, and the error counts from
  /// the header's start.
  case invalidHeader(path: String, name: String?, JSONError)
  /// Two members of the header have the same name.
  case duplicateName(path: String, name: String)
  /// `__metadata__` does not map strings to strings.
  case invalidMetadata(path: String, found: String)

  // MARK: A tensor

  /// What the header says of a tensor is not an object.
  case entryNotAnObject(path: String, tensor: String, found: String)
  /// The header does not say the type, the shape or the place of a tensor.
  case missingKey(path: String, tensor: String, key: String)
  /// The element type is none of `ElementType`.
  case unknownElementType(path: String, tensor: String, found: String)
  /// The shape is not a list of integers from 0 up.
  case invalidShape(path: String, tensor: String, found: String)
  /// The size that the shape asks for does not fit 64 bits.
  case sizeOverflow(path: String, tensor: String, shape: [Int])
  /// The elements of a packed type end inside a byte.
  case brokenByte(path: String, tensor: String, elementType: ElementType, shape: [Int])
  /// The place of a tensor is not two integers from 0 up.
  case invalidOffsets(path: String, tensor: String, found: String)
  /// A tensor ends before it begins.
  case reversedOffsets(path: String, tensor: String, begin: Int, end: Int)
  /// A tensor's shape and type ask for another size than its place has.
  case sizeMismatch(path: String, tensor: String, describedBytes: Int, storedBytes: Int)
  /// Two tensors claim the same bytes, or bytes before a tensor belong to none.
  case brokenLayout(path: String, tensor: String, expectedOffset: Int, actualOffset: Int)
  /// Bytes at the end of the file belong to no tensor.
  case unownedBytes(path: String, count: Int)
  /// Rows of a packed type that begin or end inside a byte cannot be read alone.
  case splitByte(path: String, tensor: String, elementType: ElementType)

  // MARK: Writing

  /// The system does not write the file; `code` is its error number.
  case cannotWrite(path: String, code: Int32)
  /// A tensor to be written has the name that the format keeps for metadata.
  case reservedName(path: String, name: String)
  /// The tensors to be written need a header beyond what the format allows.
  case tooManyTensors(path: String, tensorCount: Int, headerBytes: Int)
  /// More or fewer bytes were given to the writer than its tensors have.
  case wrongByteCount(path: String, declaredBytes: Int, givenBytes: Int)
}
