import Checkpoints
import SafetensorsFiles
import TensorFiles
import Tensors

/// The output's main files of weights, written tensor by tensor in any order.
struct MainFiles: Sendable {
  /// The files, in order, with their names.
  let drafts: [SafetensorsDraft]
  let names: [String]
  private let places: [Place: (draft: Int, tensor: Int)]

  private struct Place: Hashable {
    let unit: Int
    let expert: Int
  }

  /// Makes the files in a folder, or opens those of an interrupted conversion.
  init(of plan: ConversionPlan, in folder: String) throws {
    var places: [Place: (draft: Int, tensor: Int)] = [:]
    names = plan.shardNames
    drafts = try zip(plan.shards, plan.shardNames).enumerated().map { number, shard in
      for (tensor, output) in shard.0.enumerated() {
        if case .expert(let unit, let expert) = output.source {
          places[Place(unit: unit, expert: expert)] = (number, tensor)
        }
      }
      return try SafetensorsDraft(
        path: "\(folder)/\(shard.1)", tensors: shard.0.map(\.tensor), metadata: ["format": "pt"])
    }
    self.places = places
  }

  /// Takes the stored bytes of one unit's experts.
  func output(ofUnit unit: Int) -> ExpertOutput { ExpertOutput(files: self, unit: unit) }

  func write(_ elements: StoredElements, unit: Int, expert: Int) throws {
    guard let place = places[Place(unit: unit, expert: expert)] else {
      preconditionFailure("expert \(expert) of unit \(unit) has no place in the output")
    }
    let span = elements.bytes.span
    // Safe: bytes have no padding.
    try unsafe drafts[place.draft].write(span.bytes, of: place.tensor)
  }

  /// The digest of what lies there for an expert.
  func digest(unit: Int, expert: Int) throws -> String? {
    guard let place = places[Place(unit: unit, expert: expert)] else { return nil }
    let draft = drafts[place.draft]
    var bytes = [UInt8](repeating: 0, count: draft.tensors[place.tensor].byteCount)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    try draft.read(into: &target, of: place.tensor)
    return sha256(of: bytes)
  }
}

/// Takes the stored bytes of one unit's experts.
struct ExpertOutput: Sendable {
  let files: MainFiles
  let unit: Int

  func write(_ elements: StoredElements, expert: Int) throws {
    try files.write(elements, unit: unit, expert: expert)
  }
}

extension ConversionPlan {
  /// The names of the main files.
  var shardNames: [String] {
    // Beside a lone model.safetensors nobody looks at the files of factors.
    if shards.count == 1, options.form == .merged { return ["model.safetensors"] }
    return shards.indices.map {
      "model-\(fiveDigits($0 + 1))-of-\(fiveDigits(shards.count)).safetensors"
    }
  }
}

/// A number with zeros before it, as names of shards have it.
func fiveDigits(_ number: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, 5 - text.count)) + text
}

/// Copies a tensor's bytes in pieces.
///
/// - Returns: The digest of the bytes.
/// - Throws: The errors of the files.
func copy(
  _ tensor: TensorDescription, of file: any TensorFile, to draft: SafetensorsDraft, place: Int
) throws -> String {
  var digest = SHA256Digest()
  try forEachPiece(of: tensor, in: file) { bytes, offset in
    try draft.write(bytes, of: place, at: offset)
    digest.update(bytes)
  }
  return digest.finish()
}

/// Reads a tensor's bytes in pieces of a few megabytes.
func forEachPiece(
  of tensor: TensorDescription, in file: any TensorFile,
  _ body: (RawSpan, _ offset: Int) throws -> Void
) throws {
  let rowByteCount = tensor.rowCount == 0 ? 0 : tensor.byteCount / tensor.rowCount
  // Rows of packed types may end inside a byte: such a tensor is one piece.
  let isWhole = rowByteCount * tensor.rowCount == tensor.byteCount
  let rowsAtOnce =
    isWhole && rowByteCount > 0
    ? max(1, min(tensor.rowCount, (1 << 22) / rowByteCount)) : max(1, tensor.rowCount)
  var buffer: [UInt8] = []
  for first in stride(from: 0, to: tensor.rowCount, by: rowsAtOnce) {
    let last = min(tensor.rowCount, first + rowsAtOnce)
    let count = isWhole ? (last - first) * rowByteCount : tensor.byteCount
    if buffer.count != count { buffer = [UInt8](repeating: 0, count: count) }
    var space = buffer.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    try file.read(rows: first..<last, of: tensor, into: &target)
    let read = buffer.span
    // Safe: bytes have no padding.
    try unsafe body(read.bytes, first * rowByteCount)
  }
}
