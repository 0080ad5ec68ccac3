import Files
import Foundation
import GGUFFiles
import HDF5Files
import SafetensorsFiles
import TensorFiles
import Tensors
import TestSupport
import Testing

/// Checks ``StoredTensors``: the format by the first bytes, attributes, what was skipped, identity.
@Suite struct StoredTensorsTests {
  static let tensor = ToyTensor("a.weight", .f32, [2, 3], seed: 1)

  enum Form: Sendable, CaseIterable { case safetensors, hdf5, gguf }

  /// Writes one tensor, and what the file says of itself.
  static func write(
    _ form: Form, to path: String, tensor: ToyTensor = tensor,
    attributes: [String: String] = ["model": "toy"]
  ) throws {
    switch form {
    case .safetensors: try writeSafetensors([tensor], to: path, metadata: attributes)
    case .hdf5:
      let writer = try HDF5Writer(path: path, attributes: attributes)
      // Safe: bytes have no padding.
      try unsafe writer.write(tensor.description, bytes: tensor.bytes.span.bytes)
      try writer.finish()
    case .gguf:
      let keys = attributes.sorted { $0.key < $1.key }.map {
        ($0.key, ToyGGUF.Value.text($0.value))
      }
      try Data(ToyGGUF(keys, [ToyGGUF.Tensor(tensor)]).bytes).write(to: URL(filePath: path))
    }
  }

  @Test("are opened as what the first bytes say, whatever the name", arguments: Form.allCases)
  func format(form: Form) throws {
    let folder = try TemporaryFolder()
    for name in ["plain", "gradients.bin"] {
      let path = folder.path(name)
      try Self.write(form, to: path)
      let stored = try StoredTensors(path: path)
      #expect(stored.path == path)
      #expect(stored.file.tensors == [Self.tensor.description])
      #expect(stored.skipped == [])
      #expect(stored.text(of: "model") == "toy")
      #expect(stored.text(of: "hidden_size") == nil)
      #expect(stored.hasAttribute("model") && !stored.hasAttribute("hidden_size"))
      #expect(stored.gguf?.metadata["model"] == (form == .gguf ? .text("toy") : nil))
      #expect(try stored.byteCount == Data(contentsOf: URL(filePath: path)).count)
    }
  }

  @Test(
    "an ending of HDF5 or GGUF counts where the first bytes do not", arguments: ["x.h5", "x.hdf5"])
  func ending(name: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("text", as: name)
    #expect(throws: HDF5Error.notHDF5(path: path, byteCount: 4)) { try StoredTensors(path: path) }
    let gguf = try folder.write("text", as: "x.gguf")
    #expect(throws: GGUFError.notGGUF(path: gguf)) { try StoredTensors(path: gguf) }
    let other = try folder.write("text", as: "x.tensors")
    #expect(throws: SafetensorsError.self) { try StoredTensors(path: other) }
  }

  @Test("files of another format under a name of GGUF or safetensors are told as what they are")
  func misnamed() throws {
    let folder = try TemporaryFolder()
    for (form, format) in [(Form.safetensors, MisnamedFormat.safetensors), (.hdf5, .hdf5)] {
      let path = folder.path("\(form).gguf")
      try Self.write(form, to: folder.path("plain"))
      try FileManager.default.moveItem(atPath: folder.path("plain"), toPath: path)
      #expect(throws: GGUFError.misnamed(path: path, format: format)) {
        try StoredTensors(gguf: path)
      }
    }
    let gguf = folder.path("x.safetensors")
    try Self.write(.gguf, to: gguf)
    #expect(throws: SafetensorsError.foreignFormat(path: gguf, format: .gguf)) {
      try StoredTensors(safetensors: gguf)
    }
  }

  @Test("a named pipe is refused at once, not waited for", arguments: ["pipe", "pipe.h5"])
  func pipe(name: String) throws {
    let folder = try TemporaryFolder()
    // Safe: the string outlives the call, which keeps nothing of it.
    #expect(unsafe mkfifo(folder.path(name), 0o600) == 0)
    #expect(throws: (any Error).self) { try StoredTensors(path: folder.path(name)) }
  }

  @Test("give attributes that are text or a whole number, and say what they skipped")
  func attributes() throws {
    let contiguous = try StoredTensors(path: Fixture.url("hdf5/contiguous.h5").path)
    #expect(contiguous.text(of: "model") == "toy")
    #expect(contiguous.text(of: "hidden_size") == "128")
    #expect(contiguous.text(of: "ratio") == nil)
    #expect(contiguous.hasAttribute("ratio") && !contiguous.hasAttribute("absent"))
    #expect(contiguous.skipped == [])
    let skipped = try StoredTensors(path: Fixture.url("hdf5/skipped.h5").path)
    #expect(skipped.skipped.contains("/strings: its elements are strings"))
    #expect(skipped.file.tensors.map(\.name) == ["booleans", "kept"])
  }

  // MARK: Identity

  @Test("have the identity of their content, not of their path", arguments: Form.allCases)
  func identity(form: Form) throws {
    let folder = try TemporaryFolder()
    try Self.write(form, to: folder.path("a"))
    try Self.write(form, to: folder.path("b"))
    let identity = try StoredTensors(path: folder.path("a")).identity()
    #expect(try StoredTensors(path: folder.path("b")).identity() == identity)
    let size = try Data(contentsOf: URL(filePath: folder.path("a"))).count
    let parts = identity.split(separator: " ")
    #expect(parts.count == 3 && parts[0] == "\(size)")
    #expect(parts[1].count == 64 && parts[2].count == 64)

    // Another name changes the header, another value the content alone.
    try Self.write(form, to: folder.path("c"), tensor: Self.tensor.named("b.weight"))
    #expect(try StoredTensors(path: folder.path("c")).identity() != identity)
    try Self.write(
      form, to: folder.path("d"), tensor: ToyTensor("a.weight", .f32, [2, 3], seed: 2))
    let other = try StoredTensors(path: folder.path("d")).identity().split(separator: " ")
    #expect(other[0] == parts[0] && other[1] == parts[1] && other[2] != parts[2])
  }

  @Test("sample eight blocks of 4 KiB from the start of the file to its end")
  func samples() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("large.safetensors")
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    let tensor = ToyTensor(name: "x", type: .u8, shape: [bytes.count], bytes: bytes)
    try writeSafetensors([tensor], to: path)
    let stored = try StoredTensors(path: path)
    let identity = try stored.identity()
    // Blocks begin at multiples of a seventh of what the last one leaves.
    let step = (stored.byteCount - 4096) / 7
    for place in 1..<8 {
      for (offset, isSampled) in [
        (step * place, true), (step * place + 4095, true),
        (step * place - 1, false),
      ] {
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: [8])
        let changed = try stored.identity() != identity
        #expect(changed == isSampled, "byte \(offset) of \(stored.byteCount)")
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: [7])
        try handle.close()
      }
    }
    #expect(try stored.identity() == identity)
  }

  @Test("say so when the samples cannot be read", arguments: Form.allCases)
  func cannotSample(form: Form) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("gone")
    try Self.write(form, to: path)
    let stored = try StoredTensors(path: path)
    try FileManager.default.removeItem(atPath: path)
    let error = TensorFileError.cannotSample(
      path: path, reason: "No such file or directory")
    #expect(throws: error) { try stored.identity() }
    #expect(
      error.description
        == "\(path): cannot be read: No such file or directory; check its permissions")
  }

  @Test("digests are those of FIPS 180-4")
  func digest() {
    #expect(
      sha256(of: []) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      sha256(of: Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
