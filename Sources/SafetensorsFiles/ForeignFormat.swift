/// A format that is often taken for safetensors.
public enum ForeignFormat: String, Sendable, CaseIterable {
  /// A llama.cpp model.
  case gguf = "a GGUF file"
  /// A PyTorch checkpoint as `torch.save` has written it since 1.6, or another zip archive.
  case zip = "a zip archive, as PyTorch's .bin and .pt files are"
  /// A PyTorch checkpoint of the older kind.
  case pickle = "a Python pickle, as old PyTorch .bin files are"
  /// An HDF5 file.
  case hdf5 = "an HDF5 file"
  /// The stand-in that Git LFS leaves when it has not fetched a file.
  case gitLFSPointer = "a Git LFS pointer"

  /// Recognises a format by the first bytes of a file.
  ///
  /// A sound safetensors file can start with the two bytes of a pickle, so ask only when the file
  /// is not sound.
  init?(firstBytes: [UInt8]) {
    let found = Self.allCases.first { format in
      format.signatures.contains { firstBytes.starts(with: $0) }
    }
    guard let found else { return nil }
    self = found
  }

  private var signatures: [[UInt8]] {
    switch self {
    case .gguf: [Array("GGUF".utf8)]
    case .zip: [[0x50, 0x4B, 0x03, 0x04]]
    case .pickle: (2...5).map { [0x80, $0] }
    case .hdf5: [[0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]]
    case .gitLFSPointer: [Array("version https://git-lfs".utf8)]
    }
  }

  /// What to do with such a file.
  var advice: String {
    switch self {
    case .gguf: "give it the suffix .gguf to have it read as GGUF"
    case .zip, .pickle: "convert it to safetensors first"
    case .hdf5: "give it the suffix .h5 to have it read as HDF5"
    case .gitLFSPointer: "fetch the file itself with 'git lfs pull'"
    }
  }
}
