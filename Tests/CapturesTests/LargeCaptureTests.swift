import Captures
import Foundation
import Tensors
import TestSupport
import Testing

/// Checks that memory hardly grows with the capture.
@Suite struct LargeCaptureTests {
  static let tokenCount = 10_000_000
  static let width = 16

  /// Writes 320 MB of activations, all of them a hole in the file.
  static func write(to path: String) throws {
    let inputBytes = tokenCount * width * 2
    let header = """
      {"sequence_offsets":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},\
      "layers.0.moe_input":{"dtype":"F16","shape":[\(tokenCount),\(width)],\
      "data_offsets":[16,\(16 + inputBytes)]}}
      """
    func bytes(_ number: Int) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    let start = bytes(header.utf8.count) + header.utf8 + bytes(0) + bytes(tokenCount)
    try Data(start).write(to: URL(filePath: path))
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(start.count + inputBytes))
    try handle.close()
  }

  /// The largest memory of this process so far, in bytes.
  static func peakMemory() throws -> Int {
    #if os(Linux)
      // getrusage would count the memory of the process that started this one.
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
      let number = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      return try #require(number) * 1024
    #else
      var usage = rusage()
      // Safe: the system writes one structure into one structure.
      _ = unsafe getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }

  @Test("reads ten million tokens in blocks, in the memory of a block")
  func blocks() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = folder.path("large.safetensors")
      try LargeCaptureTests.write(to: path)
      let before = try LargeCaptureTests.peakMemory()

      let capture = try Capture(path: path)
      let input = try #require(capture.layers.first?.input)
      var reader = ActivationReader()
      var count = 0
      let blockCount = 8192
      for first in stride(from: 0, to: capture.tokenCount, by: blockCount) {
        let last = min(first + blockCount, capture.tokenCount)
        count += try reader.read(first..<last, of: input).elements.count
      }
      let sampled = try reader.read(
        rowsAt: evenlySampled(4096, of: capture.tokenCount), of: input)
      // Zeros throughout tell no tokens from padding.
      #expect(count == LargeCaptureTests.tokenCount * LargeCaptureTests.width)
      #expect(sampled.rowCount == 4096)

      // A block is half a mebibyte; two of them, the sample of a quarter and the reader's mebibyte
      // make less than 3; marks are a byte for each row, and hashes of a layer's rows eight. A row
      // of a model is a hundred times as long as these.
      #expect(
        try LargeCaptureTests.peakMemory() - before < 9 * LargeCaptureTests.tokenCount + 20 << 20)
    }
  }
}
