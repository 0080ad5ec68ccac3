import Foundation
import LinearAlgebra
import SyntheticCheckpoints
import Tensors

/// Measures what users wait for, each beside a peer in the same run.
///
/// It prints CSV, and asserts nothing about time.
///
/// `bench generate DATA` makes the synthetic checkpoints once; `bench measure SDMOE DATA` measures
/// the program on them, all or one of ``Bench/parts(_:_:)``. They are two calls because Linux counts the memory of the parent into a
/// child's peak.
@main
enum Bench {
  static func main() throws {
    LinearAlgebraLibrary.useOneThread()
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.count) {
    case ("generate", 2): try generate(arguments[1])
    case ("measure", 3...4):
      try measureAll(
        program: arguments[1], data: arguments[2], only: arguments.dropFirst(3).first)
    default:
      print("usage: bench generate DATA | bench measure SDMOE DATA [PART]")
      exit(64)
    }
  }

  static func generate(_ data: String) throws {
    let manager = FileManager.default
    if !manager.fileExists(atPath: "\(data)/many-tensors/model.safetensors.index.json") {
      let shape = LayerShape(hiddenSize: 4, expertWidth: 2, expertCount: 555, layerCount: 60)
      try writeManyTensors(shape, shardCount: 8, to: "\(data)/many-tensors")
    }
    if !manager.fileExists(atPath: "\(data)/full-layer/model.safetensors") {
      try writeSpectralLayer(.fullSize, seed: 60, to: "\(data)/full-layer")
    }
    if !manager.fileExists(atPath: "\(data)/two-layers/model.safetensors") {
      var shape = LayerShape.fullSize
      shape.layerCount = 2
      try writeSpectralLayer(shape, seed: 62, to: "\(data)/two-layers")
    }
    let capture = "\(data)/full-layer/capture.h5"
    if !manager.fileExists(atPath: capture) {
      try writeIsotropicCapture(tokenCount: 8192, of: .fullSize, seed: 61, to: capture)
    }
  }

  /// The parts of a measurement, by the names under which each can be measured alone.
  static func parts(
    _ program: String, _ data: String
  ) -> [(name: String, measure: () throws -> Void)] {
    [
      (
        "inspect",
        {
          try process(
            "inspect 99960 tensors", program, ["inspect", "\(data)/many-tensors", "--json"],
            runs: 7
          ) { String(format: "%.2f s", $0) }
        }
      ),
      ("layer", { try layer(program, "\(data)/full-layer", "\(data)/run") }),
      ("decoding", { try decoding() }), ("triplets", { try triplets() }),
      ("exceedance", { try exceedance() }),
      ("convert", { try conversion(program, "\(data)/two-layers", "\(data)/converted") }),
      (
        "directions",
        { try allDirections(program, "\(data)/full-layer", "\(data)/run-directions") }
      ),
    ]
  }

  static func measureAll(program: String, data: String, only part: String?) throws {
    FileHandle.standardError.write(Data("\(LinearAlgebraLibrary.description)\n".utf8))
    print("what,median_s,fastest_s,rate,remark")
    for (name, measure) in parts(program, data) where part == nil || part == name {
      try measure()
    }
  }

  /// Decoding to Float32, one core, beside a plain copy of as many bytes as are read and written.
  static func decoding() throws {
    let count = 1 << 22
    var values = [Float](repeating: 0, count: count)
    for type in [ElementType.bf16, .f16, .f32, .f64] {
      let bytes = [UInt8](repeating: 0x3c, count: count * type.bitCount / 8)
      let times = measure {
        let stored = bytes.span
        var decoded = values.mutableSpan
        decode(stored.bytes, of: type, into: &decoded)
      }
      report("decode \(type.rawValue)", times) { gigabytes(bytes.count, $0) }
    }
    let source = [UInt8](repeating: 1, count: 4 * count)
    let times = measure {
      values.withUnsafeMutableBytes { $0.copyMemory(from: source.withUnsafeBytes { $0 }) }
    }
    report("copy (peer)", times) { gigabytes(source.count, $0) }
  }

  /// The leading triplets of one matrix of the full-size layer, beside LAPACK's full decomposition.
  static func triplets() throws {
    var generator = SeededGenerator(seed: 1)
    for (rows, columns) in [(1408, 2048), (2048, 1408)] {
      let rank = min(rows, columns)
      var left = try orthonormalColumns(of: random(rows, rank, &generator))
      let right = try orthonormalColumns(of: random(columns, rank, &generator))
      for row in 0..<rows {
        for column in 0..<rank { left[row, column] *= Float(pow(Double(column) + 5, -0.35)) }
      }
      let matrix = product(left, right, rightTransposed: true)
      var method = LeadingTriplets.Method.fullDecomposition
      let times = try measure {
        method = try LeadingTriplets.compute(of: matrix, count: 16, subspaceRank: 15).method
      }
      report(
        "leading triplets \(rows)x\(columns)", times,
        rate: { String(format: "%.1f ms", $0 * 1000) },
        remark: "\(method)".replacingOccurrences(of: ",", with: ";"))
      let peer = try measure(runs: 1) { _ = try SingularValueDecomposition(of: matrix) }
      report("LAPACK sgesdd (peer)", peer) { String(format: "%.1f ms", $0 * 1000) }
      let products = measure { _ = product(matrix, matrix, rightTransposed: true) }
      report("sgemm (peer)", products) {
        String(format: "%.1f GFLOP/s", 2e-9 * Double(rows * rows * columns) / $0)
      }
    }
  }

  /// `analyze` on a layer of 60 experts of 1408 x 2048 in BF16, and the same bytes with one worker
  /// and two.
  static func layer(_ program: String, _ folder: String, _ run: String) throws {
    let bytes = 180 * 1408 * 2048 * 2
    for jobs in [1, 2] {
      try process(
        "analyze full layer --jobs \(jobs)", program,
        ["analyze", folder, "-o", "\(run)-\(jobs)", "--quiet", "--jobs", "\(jobs)"], runs: 5,
        before: { try? FileManager.default.removeItem(atPath: "\(run)-\(jobs)") },
        rate: { gigabytes(bytes, $0) })
    }
    let difference = try bench.run("/usr/bin/diff", ["-r", "\(run)-1", "\(run)-2"])
    FileHandle.standardError.write(
      Data(
        "--jobs 1 and --jobs 2 \(difference.status == 0 ? "gave the same bytes" : "DIFFER")\n".utf8)
    )
    let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(folder)/model.safetensors"))
    let reading = try measure(runs: 3) {
      try source.seek(toOffset: 0)
      while let part = try source.read(upToCount: 1 << 20), !part.isEmpty {}
    }
    report("read the file once (peer)", reading) { gigabytes(bytes, $0) }
    if difference.status != 0 { exit(1) }
  }

  static func process(
    _ what: String, _ program: String, _ arguments: [String], runs: Int,
    before: () -> Void = {}, rate: (Double) -> String
  ) throws {
    var memory = 0
    var seconds: [Double] = []
    for _ in 0...runs {
      before()
      let cost = try run(program, arguments)
      guard cost.status == 0 else {
        print("\(what) failed with status \(cost.status)")
        exit(1)
      }
      seconds.append(cost.seconds)
      memory = max(memory, cost.peakMemory)
    }
    // The first run only warms the file cache.
    report(what, seconds.dropFirst().sorted(), rate: rate, remark: "peak \(memory / 1_000_000) MB")
  }

  static func random(
    _ rows: Int, _ columns: Int, _ generator: inout SeededGenerator
  ) -> Matrix<Float> {
    Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows * columns).map { _ in Float(generator.normal()) })
  }

  static func gigabytes(_ bytes: Int, _ seconds: Double) -> String {
    String(format: "%.2f GB/s", Double(bytes) / seconds * 1e-9)
  }
}
