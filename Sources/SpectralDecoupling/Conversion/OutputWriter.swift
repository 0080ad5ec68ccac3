import Checkpoints
import Files
import Findings
import Foundation
import SafetensorsFiles
import Tensors

/// Writes everything of an output but its main files.
struct OutputWriter: Sendable {
  /// A tensor of a unit's factors, where it came to lie.
  struct Factor: Sendable {
    let file: String
    let tensor: TensorDescription
    let sha256: String
  }

  let plan: ConversionPlan
  let folder: String

  private var isFactored: Bool { plan.options.form == .factored }

  /// Gathers the factors of all units in files of their own.
  func writeFactors(from units: [String]) throws -> [Factor] {
    let sources = try units.map { try SafetensorsFile(path: $0) }
    var shards: [[(source: Int, tensor: TensorDescription)]] = [[]]
    var byteCount = 0
    for (number, source) in sources.enumerated() {
      for tensor in source.tensors {
        // Bases of a merged checkpoint are few: one file.
        if isFactored, byteCount + tensor.byteCount > plan.options.shardByteCount, byteCount > 0 {
          shards.append([])
          byteCount = 0
        }
        shards[shards.count - 1].append((number, tensor))
        byteCount += tensor.byteCount
      }
    }
    return try shards.enumerated().flatMap { number, shard in
      let name =
        isFactored
        ? "sdmoe-factors-\(fiveDigits(number + 1))-of-\(fiveDigits(shards.count)).safetensors"
        : OwnFiles.current.bases
      try makeFolder(of: name)
      var writer = try SafetensorsWriter(
        path: "\(folder)/\(name)", tensors: shard.map(\.tensor), metadata: ["format": "pt"])
      var factors: [Factor] = []
      var chunks = ChunkReader()
      for (source, tensor) in shard {
        var digest = SHA256Digest()
        try chunks.forEachChunk(of: .whole(tensor), of: tensor, in: sources[source]) { bytes, _ in
          try writer.append(bytes)
          digest.update(bytes)
        }
        factors.append(Factor(file: name, tensor: tensor, sha256: digest.finish()))
      }
      try writer.finish()
      return factors
    }
  }

  /// Writes the index, the config, all other files, the table and the certificate.
  func writeRest(
    main: [(name: String, draft: SafetensorsDraft)], copies: Copies,
    records: [UnitRecord], factors: [Factor], content: String
  ) throws -> Certificate {
    var files: [Certificate.File] = []
    for name in plan.files.names {
      files.append(try name == "config.json" ? writeConfig(records) : carry(name))
    }
    files.append(try writeIndex(main: main.map(\.name), factors: factors))
    try makeFolder(of: OwnFiles.current.certificate)
    let table = try certificateTable(
      names: main.map(\.name), copies: copies, records: records, factors: factors)
    let text = Table.header(of: table.definition) + table.lines
    try WholeFile.write(text, to: "\(folder)/\(OwnFiles.current.table)")
    var weightFiles = main.map {
      Certificate.File(
        name: $0.name, bytes: $0.draft.byteCount, sha256: sha256(of: $0.draft.header))
    }
    for name in Set(factors.map(\.file)).sorted() {
      let file = try SafetensorsFile(path: "\(folder)/\(name)")
      weightFiles.append(
        Certificate.File(
          name: name, bytes: file.byteCount, sha256: sha256(of: try file.headerBytes())))
    }
    let checkpoint = plan.checkpoint
    let certificate = Certificate(
      version: plan.version, conversion: plan.identity,
      source: Certificate.Source(
        fingerprint: plan.fingerprint, content: content, modelType: checkpoint.modelType,
        files: checkpoint.weightFiles.map {
          Certificate.Source.File(
            name: $0.name, bytes: FileStatus(at: "\(checkpoint.path)/\($0.name)")?.byteCount ?? 0)
        }, leftBehind: plan.files.leftBehind),
      options: plan.certifiedOptions, decoded: plan.decoding?.certified(),
      units: records.map { CertifiedUnit($0) },
      files: files.sorted { $0.name < $1.name }, weightFiles: weightFiles,
      bytesBefore: checkpoint.byteCount,
      bytesAfter: weightFiles.reduce(0) { $0 + $1.bytes }, tableSHA256: sha256(of: Array(text.utf8))
    )
    try WholeFile.write(try certificate.sealed(), to: "\(folder)/\(OwnFiles.current.certificate)")
    return certificate
  }

  private func carry(_ name: String) throws -> Certificate.File {
    let source = "\(plan.checkpoint.path)/\(name)"
    guard let data = FileManager.default.contents(atPath: source) else {
      let reason = FileStatus(at: source) == nil ? "it is gone since the start" : "no permission"
      throw DecouplingError.fileSystem(path: source, doing: "read", reason: reason)
    }
    return try write([UInt8](data), to: name)
  }

  /// config.json: of other content in factored form, and where weights were quantised.
  private func writeConfig(_ records: [UnitRecord]) throws -> Certificate.File {
    let config = plan.decoding?.config ?? plan.checkpoint.config
    let bytes = isFactored ? try config.factored(as: plan.form(of: records)) : try config.merged()
    return try write(bytes, to: "config.json")
  }

  private func write(_ bytes: [UInt8], to name: String) throws -> Certificate.File {
    let path = "\(folder)/\(name)"
    try makeFolder(of: name)
    do throws(SystemError) {
      let file = try TemporaryFile(beside: path)
      // Safe: bytes have no padding.
      try unsafe file.file.write(bytes.span.bytes, at: 0)
      try file.finish()
    } catch {
      throw DecouplingError.fileSystem(path: path, doing: "write", reason: error.reason)
    }
    return Certificate.File(name: name, bytes: bytes.count, sha256: sha256(of: bytes))
  }

  /// Makes the folder that a file of the output lies in.
  private func makeFolder(of name: String) throws {
    let path = ("\(folder)/\(name)" as NSString).deletingLastPathComponent
    do throws(SystemError) {
      try Files.makeFolder(at: path)
    } catch {
      throw DecouplingError.fileSystem(
        path: path, doing: "make this folder", reason: error.reason)
    }
  }

  private func writeIndex(main: [String], factors: [Factor]) throws -> Certificate.File {
    var map: [String: String] = [:]
    var total = 0
    for (name, shard) in zip(main, plan.shards) {
      for output in shard {
        map[output.tensor.name] = name
        total += output.tensor.byteCount
      }
    }
    if isFactored {
      for factor in factors {
        map[factor.tensor.name] = factor.file
        total += factor.tensor.byteCount
      }
    }
    let index = ShardIndex(metadata: .init(total_size: total), weight_map: map)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try write(
      Array(try encoder.encode(index)) + [UInt8(ascii: "\n")], to: "model.safetensors.index.json")
  }

  /// The names are those of the file.
  private struct ShardIndex: Encodable {
    struct Metadata: Encodable { let total_size: Int }
    let metadata: Metadata
    let weight_map: [String: String]
  }
}
