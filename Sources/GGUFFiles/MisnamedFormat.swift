/// A format that is read, but not as GGUF.
public enum MisnamedFormat: Sendable {
  /// A header of JSON after its length.
  case safetensors
  /// An HDF5 file.
  case hdf5

  /// Recognises a format by the first nine bytes of a file and its size; nil where it is neither.
  init?(firstBytes: [UInt8], byteCount: Int) {
    if firstBytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .hdf5
      return
    }
    let length = firstBytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard firstBytes.count == 9, firstBytes[8] == UInt8(ascii: "{"), length <= UInt64(byteCount)
    else { return nil }
    self = .safetensors
  }
}
