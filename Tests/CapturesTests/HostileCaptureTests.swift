import Captures
import Foundation
import HDF5Files
import SafetensorsFiles
import Tensors
import TestSupport
import Testing

/// Checks the files of Fixtures/captures that no writer of ours makes, and files that are none.
@Suite struct HostileCaptureTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  static let captures: [(String, @Sendable (String) -> CaptureError)] = [
    (
      "unwritten-input.h5",
      {
        .notATensor(
          path: $0, object: "layers/0/moe_input", reason: "it was declared but never written")
      }
    ),
    (
      "text-tokens.h5",
      { .notATensor(path: $0, object: "tokens", reason: "its elements are strings") }
    ),
    (
      "records-offsets.h5",
      { .notATensor(path: $0, object: "sequence_offsets", reason: "its elements are compound") }
    ),
    (
      "complex-logits.h5",
      {
        .notATensor(
          path: $0, object: "layers/0/router_logits", reason: "its elements are compound")
      }
    ),
    (
      "missing-filter.h5",
      {
        .notATensor(
          path: $0, object: "layers/0/moe_input",
          reason: "it is packed with filter 32001, which this libhdf5 lacks")
      }
    ),
    (
      "dangling-layer.h5",
      {
        .notATensor(
          path: $0, object: "layers/1", reason: "it is a soft link that leads nowhere")
      }
    ),
    (
      "dangling-shuffled.h5",
      {
        .notATensor(
          path: $0, object: "shuffled", reason: "it is a soft link that leads nowhere")
      }
    ),
    (
      "hidden-size.h5",
      { .wrongHiddenSize(path: $0, hiddenSize: 5, tensor: "layers.0.moe_input", width: 4) }
    ),
    (
      "inner-mask.h5",
      { .unreadMask(path: $0, name: "/layers/0@attention_mask", isAttribute: true) }
    ),
    (
      "inner-lengths.h5",
      { .unreadMask(path: $0, name: "/layers/0/moe_input@lengths", isAttribute: true) }
    ),
    (
      "unmarked-bf16.h5",
      { .notFloating(path: $0, tensor: "layers.0.moe_input", elementType: .u16) }
    ),
  ]

  @Test("say what the format skipped and why, where a capture needs it", arguments: captures)
  func refused(name: String, error: @Sendable (String) -> CaptureError) {
    let path = Fixture.url("captures/\(name)").path
    #expect(throws: error(path)) { try Capture(path: path) }
  }

  static let files: [(String, @Sendable (String) -> String)] = [
    ("missing.h5", { "\($0): no such file; check the path" }),
    ("missing", { "\($0): there is no such file; check the name" }),
    ("", { "\($0): is a folder, not a file; name an HDF5 or a .safetensors file" }),
    (
      "text.h5",
      {
        "\($0): is not an HDF5 file (no signature in its 14 bytes); check the format or copy it again"
      }
    ),
    (
      "sound.json",
      {
        "\($0): claims a header of 8247620832883378811 bytes, more than the 100000000 that the "
          + "format allows; check that it is a safetensors file"
      }
    ),
    (
      "truncated.safetensors",
      { "\($0): holds 2905 bytes but its header describes 2906; download it again" }
    ),
    (
      "two-spellings.h5",
      {
        "\($0): '/layers.0.moe_input' and '/layers/0/moe_input' are both tensor "
          + "'layers.0.moe_input'; rename one"
      }
    ),
    (
      "outside.h5",
      {
        "\($0): '/layers/1' is an external link, which points outside the file; copy its data "
          + "into this file"
      }
    ),
  ]

  @Test("come with the message of their format's room", arguments: files)
  func messages(name: String, message: @Sendable (String) -> String) throws {
    let path = Fixture.url("captures").path + (name.isEmpty ? "" : "/\(name)")
    for open in [
      { @Sendable in _ = try Capture(path: path) }, { _ = try GradientFile(path: path) },
    ] {
      let error = try #require(throws: (any Error).self) { try open() }
      #expect("\(error)" == message(path))
    }
  }

  @Test("call a truncated HDF5 file damaged or cut short")
  func truncated() throws {
    let path = Fixture.url("captures/truncated.h5").path
    let error = try #require(throws: HDF5Error.self) { try Capture(path: path) }
    #expect("\(error)".hasPrefix("\(path): libhdf5 cannot read '/': truncated file"))
  }

  @Test("say that permission is denied", .enabled(if: getuid() != 0, "root may read all files"))
  func permission() throws {
    for form in [ToyCapture.Form.safetensors, .hdf5Nested] {
      let path = try ToyCapture().written(as: form, in: folder)
      try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
      let error = try #require(throws: (any Error).self) { try Capture(path: path) }
      #expect("\(error)".hasPrefix("\(path): "))
      #expect("\(error)".contains("permission"))
    }
  }

  @Test("are an error when they are cut while they are read", arguments: ToyCapture.Form.allCases)
  func cutWhileOpen(form: ToyCapture.Form) throws {
    let path = try ToyCapture().written(as: form, in: folder)
    let capture = try Capture(path: path)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 1)
    try handle.close()
    var reader = ActivationReader()
    let input = try #require(capture.layers.last?.input)
    let error = try #require(throws: (any Error).self) { try reader.read(0..<11, of: input) }
    #expect("\(error)".hasPrefix("\(path): "))
    #expect("\(error)".contains("'\(input.tensor.name)'"))
  }
}
