import Foundation
import LinearAlgebra
import Tensors

/// Measures the analyses that need every direction of a layer's experts.
extension Bench {
  /// The band profile of a full-size layer, and its activation ratios with a capture of 8,192
  /// tokens; one run each, because they take a minute or two.
  static func allDirections(_ program: String, _ folder: String, _ run: String) throws {
    let common = ["analyze", folder, "-o", run, "--quiet"]
    for (what, arguments) in [
      ("bands of a full layer", ["--analyses", "bands"]),
      ("bands of a full layer; spooled", ["--analyses", "bands", "--memory", "300M"]),
      (
        "activation ratio of a full layer",
        ["--analyses", "activation-ratio", "--captures", "\(folder)/capture.h5"]
      ),
    ] {
      try? FileManager.default.removeItem(atPath: run)
      let cost = try bench.run(program, common + arguments)
      guard cost.status == 0 else {
        print("\(what) failed with status \(cost.status)")
        exit(1)
      }
      report(
        what, [cost.seconds], rate: { String(format: "%.0f s", $0) },
        remark: "peak \(cost.peakMemory / 1_000_000) MB")
    }
  }

  /// Counting in how many of 8,192 tokens each of 1,408 directions of 60 experts is active, on all
  /// cores, beside the bare products.
  static func exceedance() throws {
    var generator = SeededGenerator(seed: 2)
    let rows = random(8192, 2048, &generator)
    let thresholds = [Float](repeating: 45, count: rows.rowCount)
    // More bases than fit in a cache, used in turn.
    let bases = (0..<4).map { _ in random(1408, 2048, &generator) }
    let experts = 60
    let operations = 2e-9 * Double(rows.rowCount * rows.columnCount * 1408 * experts)
    let rate = { (seconds: Double) in String(format: "%.1f GFLOP/s", operations / seconds) }
    let counting = measure(runs: 1) {
      DispatchQueue.concurrentPerform(iterations: experts) { expert in
        var counts = [Int](repeating: 0, count: 1408)
        addExceedanceCounts(
          of: rows, thresholds: thresholds, along: bases[expert % bases.count], to: &counts)
      }
    }
    report("activation counts 60 x 1408 directions", counting, rate: rate)
    let products = measure(runs: 1) {
      DispatchQueue.concurrentPerform(iterations: experts) { expert in
        _ = product(rows, bases[expert % bases.count], rightTransposed: true)
      }
    }
    report(
      "sgemm alone (peer)", products, rate: rate,
      remark: String(format: "counts reach %.0f %% of it", 100 * products[0] / counting[0]))
  }
}
