import Checkpoints
import Files
package import SafetensorsFiles
import Tensors

/// The output's main files of weights, written tensor by tensor in any order.
package struct MainFiles: Sendable {
  /// The files, in order.
  package let drafts: [SafetensorsDraft]
  /// Their names.
  package let names: [String]
  private let places: [Expert: Place]

  private struct Expert: Hashable {
    let unit: Int
    let expert: Int
  }

  /// The bytes of an expert: in which file and tensor, and where there.
  private struct Place {
    let draft: Int
    let tensor: Int
    let bytes: Range<Int>
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
    var places: [Expert: Place] = [:]
    self.names = names
    drafts = try zip(shards, names).enumerated().map { number, shard in
      for (tensor, output) in shard.0.enumerated() {
        guard case .experts(let pieces) = output.content else { continue }
        for piece in pieces {
          places[Expert(unit: piece.unit, expert: piece.expert)] = Place(
            draft: number, tensor: tensor, bytes: piece.offset..<piece.offset + piece.byteCount)
        }
      }
      return try SafetensorsDraft(
        path: "\(folder)/\(shard.1)", tensors: shard.0.map(\.tensor), metadata: ["format": "pt"])
    }
    self.places = places
  }

  /// Takes the stored bytes of one unit's experts.
  func output(ofUnit unit: Int) -> ExpertOutput { ExpertOutput(files: self, unit: unit) }

  /// Writes the elements of an expert where they belong.
  ///
  /// - Throws: The file's error.
  /// - Precondition: The expert has a place, which they fill.
  package func write(_ bytes: RawSpan, unit: Int, expert: Int) throws {
    guard let place = places[Expert(unit: unit, expert: expert)],
      place.bytes.count == bytes.byteCount
    else {
      preconditionFailure("expert \(expert) of unit \(unit) has no such place in the output")
    }
    try drafts[place.draft].write(bytes, of: place.tensor, at: place.bytes.lowerBound)
  }

  /// The digest of what lies there for an expert; nil where it has no place.
  ///
  /// - Throws: The file's error.
  package func digest(unit: Int, expert: Int) throws -> String? {
    guard let place = places[Expert(unit: unit, expert: expert)] else { return nil }
    var bytes = [UInt8](repeating: 0, count: place.bytes.count)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    try drafts[place.draft].read(into: &target, of: place.tensor, at: place.bytes.lowerBound)
    return sha256(of: bytes)
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
