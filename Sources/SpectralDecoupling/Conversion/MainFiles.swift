import Checkpoints
import Files
package import SafetensorsFiles
import Synchronization
import Tensors

/// The output's main files of weights, written tensor by tensor in any order.
package struct MainFiles: Sendable {
  /// The files, in order.
  package let drafts: [SafetensorsDraft]
  /// Their names.
  package let names: [String]
  private let experts: [Expert: Place]
  /// Whose turn it is to write among what others have in the same rows, by tensor.
  private let turns: [Turn]

  private struct Expert: Hashable {
    let unit: Int
    let expert: Int
  }

  /// Where a matrix lies: in which file and tensor, and where there.
  private struct Place {
    let draft: Int
    let tensor: Int
    let matrix: MatrixPlace
    let turn: Turn
  }

  /// One writer at a time.
  private final class Turn: Sendable {
    let mutex = Mutex(())
  }

  /// Makes the files of a plan in a folder, or opens those of an interrupted conversion.
  init(of plan: ConversionPlan, in folder: String) throws {
    try self.init(plan.shards, names: plan.shardNames, in: folder)
  }

  /// Makes files of such tensors in a folder, or opens those that are there.
  ///
  /// - Parameters:
  ///   - shards: The tensors of each file.
  ///   - names: The names of the files.
  ///   - folder: Where they lie.
  /// - Throws: The errors of the files.
  package init(_ shards: [[OutputTensor]], names: [String], in folder: String) throws {
    var experts: [Expert: Place] = [:]
    let turns = shards.map { _ in Turn() }
    self.names = names
    self.turns = turns
    drafts = try zip(shards, names).enumerated().map { number, shard in
      for (tensor, output) in shard.0.enumerated() {
        guard case .experts(let pieces) = output.content else { continue }
        let turn = Turn()
        for piece in pieces {
          experts[Expert(unit: piece.unit, expert: piece.expert)] = Place(
            draft: number, tensor: tensor, matrix: piece.place, turn: turn)
        }
      }
      return try SafetensorsDraft(
        path: "\(folder)/\(shard.1)", tensors: shard.0.map(\.tensor), metadata: ["format": "pt"])
    }
    self.experts = experts
  }

  /// Takes the stored bytes of one unit's experts.
  func output(ofUnit unit: Int) -> ExpertOutput { ExpertOutput(files: self, unit: unit) }

  /// Writes the elements of an expert where they belong.
  ///
  /// - Throws: The file's error.
  /// - Precondition: The expert has a place, which they fill.
  package func write(_ bytes: RawSpan, unit: Int, expert: Int) throws {
    guard let place = experts[Expert(unit: unit, expert: expert)] else {
      preconditionFailure("expert \(expert) of unit \(unit) has no place in the output")
    }
    try write(bytes, to: place)
  }

  /// Writes the elements of a matrix that is only decoded.
  ///
  /// - Parameters:
  ///   - bytes: The elements, row after row.
  ///   - draft: The place of the file.
  ///   - tensor: The place of the tensor there.
  ///   - matrix: Where they lie in the tensor.
  /// - Throws: The file's error.
  func write(_ bytes: RawSpan, draft: Int, tensor: Int, at matrix: MatrixPlace) throws {
    try write(
      bytes, to: Place(draft: draft, tensor: tensor, matrix: matrix, turn: turns[draft]))
  }

  /// The digest of what lies there for an expert; nil where it has no place.
  ///
  /// - Throws: The file's error.
  package func digest(unit: Int, expert: Int) throws -> String? {
    guard let place = experts[Expert(unit: unit, expert: expert)] else { return nil }
    return sha256(of: try elements(at: place))
  }

  /// Rows that are written or read at once: half a mebibyte or one row.
  private func chunks(of place: Place) -> [Range<Int>] {
    let arrangement = WeightArrangement(of: place.matrix)
    let rows = arrangement.rows
    let rowByteCount = arrangement.columnCount * width(of: place)
    let count =
      arrangement.start(ofRows: rows) == nil
      ? max(1, (1 << 19) / max(1, rowByteCount)) : max(1, rows.count)
    return stride(from: rows.lowerBound, to: rows.upperBound, by: count).map {
      $0..<min(rows.upperBound, $0 + count)
    }
  }

  private func width(of place: Place) -> Int {
    drafts[place.draft].tensors[place.tensor].elementType.bitCount / 8
  }

  /// Writes what lies in rows of its own as it is; among what others have in the same rows its
  /// elements are put in their places.
  ///
  /// An interruption leaves the elements of others as they were: the same bytes are written there
  /// again.
  private func write(_ bytes: RawSpan, to place: Place) throws {
    let (draft, width) = (drafts[place.draft], width(of: place))
    let arrangement = WeightArrangement(of: place.matrix)
    precondition(
      bytes.byteCount == place.matrix.elementCount * width,
      "\(place.matrix.name) has no such place in the output")
    for rows in chunks(of: place) {
      let offset = place.matrix.firstElement(ofRow: rows.lowerBound) * width
      if arrangement.start(ofRows: rows) != nil {
        try draft.write(bytes, of: place.tensor, at: offset)
        continue
      }
      var memory = [UInt8](repeating: 0, count: rows.count * arrangement.columnCount * width)
      try place.turn.mutex.withLock { _ in
        var space = memory.mutableSpan
        // Safe: bytes have no padding, and take any value.
        var target = unsafe space.mutableBytes
        try draft.read(into: &target, of: place.tensor, at: offset)
        switch width {
        case 8: arrangement.store(bytes, rows: rows, into: &target, as: UInt64.self)
        case 4: arrangement.store(bytes, rows: rows, into: &target, as: UInt32.self)
        case 2: arrangement.store(bytes, rows: rows, into: &target, as: UInt16.self)
        default: arrangement.store(bytes, rows: rows, into: &target, as: UInt8.self)
        }
        try draft.write(target.bytes, of: place.tensor, at: offset)
      }
    }
  }

  /// The elements that lie there for a matrix, row after row.
  private func elements(at place: Place) throws -> [UInt8] {
    let (draft, width) = (drafts[place.draft], width(of: place))
    let arrangement = WeightArrangement(of: place.matrix)
    var elements = [UInt8](repeating: 0, count: place.matrix.elementCount * width)
    for rows in chunks(of: place) {
      let offset = place.matrix.firstElement(ofRow: rows.lowerBound) * width
      var space = elements.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      if arrangement.start(ofRows: rows) != nil {
        try draft.read(into: &target, of: place.tensor, at: offset)
        continue
      }
      var memory = [UInt8](repeating: 0, count: rows.count * arrangement.columnCount * width)
      var room = memory.mutableSpan
      // Safe: as above.
      var stored = unsafe room.mutableBytes
      try draft.read(into: &stored, of: place.tensor, at: offset)
      let bytes = stored.bytes
      switch width {
      case 8: arrangement.place(bytes, rows: rows, into: &target, as: UInt64.self)
      case 4: arrangement.place(bytes, rows: rows, into: &target, as: UInt32.self)
      case 2: arrangement.place(bytes, rows: rows, into: &target, as: UInt16.self)
      default: arrangement.place(bytes, rows: rows, into: &target, as: UInt8.self)
      }
    }
    return elements
  }
}

/// Takes the stored bytes of one unit's experts.
struct ExpertOutput: Sendable {
  let files: MainFiles
  let unit: Int

  func write(_ elements: StoredElements, expert: Int) throws {
    let span = elements.bytes.span
    // Safe: bytes have no padding.
    try unsafe files.write(span.bytes, unit: unit, expert: expert)
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
  // Larger than the cache: chunks of an HDF5 dataset are not unpacked again and again.
  var chunks = ChunkReader(byteLimit: 1 << 22)
  var offset = 0
  try chunks.forEachChunk(of: .whole(tensor), of: tensor, in: file) { bytes, _ in
    try draft.write(bytes, of: place, at: offset)
    digest.update(bytes)
    offset += bytes.byteCount
  }
  return digest.finish()
}
