import Files
import Synchronization
import Tensors

/// Every direction of a unit's routed experts on the hidden side, one direction in each row, kept
/// in memory or in a scratch file.
///
/// The scratch file has no name, so nothing of it is left behind, however the process ends.
final class BasisStore: Sendable {
  /// r, the number of directions of an expert.
  let rank: Int
  /// d, the length of a direction.
  let dimension: Int

  private let storage: Storage

  private enum Storage: Sendable {
    case memory([Slot])
    case file(ScratchFile)
  }

  /// The bases of one expert in memory.
  private final class Slot: Sendable {
    let rows = Mutex<Matrix<Float>?>(nil)
  }

  /// The open file, shared by all workers.
  private final class ScratchFile: Sendable {
    let descriptor: FileDescriptor
    let folder: String
    let byteCount: Int

    init(folder: String, byteCount: Int) throws {
      self.folder = folder
      self.byteCount = byteCount
      do {
        descriptor = try FileDescriptor.scratch(in: folder, byteCount: byteCount)
      } catch {
        throw AnalysisError.scratch(
          folder: folder, byteCount: byteCount, doing: "make", reason: error.reason)
      }
    }

    func failure(_ error: SystemError, doing action: String) -> AnalysisError {
      .scratch(folder: folder, byteCount: byteCount, doing: action, reason: error.reason)
    }
  }

  /// Makes room for the bases of a unit.
  ///
  /// - Parameters:
  ///   - expertCount: The number of routed experts.
  ///   - rank: r, the number of directions of each.
  ///   - dimension: d, the length of a direction.
  ///   - budget: The most memory that the bases may take, in bytes; if they need more, they go to
  ///     a scratch file.
  ///   - folder: Where the scratch file takes its space.
  /// - Throws: ``AnalysisError/scratch(folder:byteCount:doing:reason:)``
  init(expertCount: Int, rank: Int, dimension: Int, budget: Int, folder: String) throws {
    self.rank = rank
    self.dimension = dimension
    let byteCount = Self.byteCount(expertCount: expertCount, rank: rank, dimension: dimension)
    storage =
      byteCount <= budget
      ? .memory((0..<expertCount).map { _ in Slot() })
      : .file(try ScratchFile(folder: folder, byteCount: byteCount))
  }

  /// The size of all bases, in bytes.
  static func byteCount(expertCount: Int, rank: Int, dimension: Int) -> Int {
    4 * expertCount * rank * dimension
  }

  /// Keeps the directions of an expert.
  ///
  /// - Precondition: There are r rows of d elements.
  func keep(_ rows: Matrix<Float>, ofExpert expert: Int) throws {
    precondition(rows.rowCount == rank && rows.columnCount == dimension, "a basis of another size")
    switch storage {
    case .memory(let slots): slots[expert].rows.withLock { $0 = rows }
    case .file(let file):
      let elements = rows.elements.span
      do {
        // Safe: numbers have no padding.
        try unsafe file.descriptor.write(elements.bytes, at: offset(of: 0, expert: expert))
      } catch {
        throw file.failure(error, doing: "write")
      }
    }
  }

  /// The directions of an expert, r x d.
  func directions(ofExpert expert: Int) throws -> Matrix<Float> {
    if case .memory(let slots) = storage, let rows = slots[expert].rows.withLock({ $0 }) {
      return rows
    }
    var result = Matrix<Float>(rowCount: rank, columnCount: dimension)
    try copy(0..<rank, ofExpert: expert, into: &result.elements, at: 0)
    return result
  }

  /// The same rows of several experts, one expert below the other.
  func stack(_ rows: Range<Int>, ofExperts experts: ArraySlice<Int>) throws -> Matrix<Float> {
    let size = rows.count * dimension
    var result = Matrix<Float>(rowCount: experts.count * rows.count, columnCount: dimension)
    for (place, expert) in experts.enumerated() {
      try copy(rows, ofExpert: expert, into: &result.elements, at: place * size)
    }
    return result
  }

  private func copy(
    _ rows: Range<Int>, ofExpert expert: Int, into elements: inout [Float], at start: Int
  ) throws {
    let count = rows.count * dimension
    switch storage {
    case .memory(let slots):
      slots[expert].rows.withLock { kept in
        guard let kept else { preconditionFailure("expert \(expert) has no basis") }
        let source = rows.lowerBound * dimension
        elements.replaceSubrange(
          start..<start + count, with: kept.elements[source..<source + count])
      }
    case .file(let file):
      var space = elements.mutableSpan
      var part = space._mutatingExtracting(start..<start + count)
      // Safe: any bytes are sound numbers.
      var bytes = unsafe part.mutableBytes
      let read: Int
      do {
        read = try file.descriptor.read(
          into: &bytes, at: offset(of: rows.lowerBound, expert: expert))
      } catch {
        throw file.failure(error, doing: "read")
      }
      guard read == 4 * count else {
        throw AnalysisError.scratch(
          folder: file.folder, byteCount: file.byteCount, doing: "read",
          reason: "it became shorter")
      }
    }
  }

  private func offset(of row: Int, expert: Int) -> Int {
    4 * (expert * rank + row) * dimension
  }
}
