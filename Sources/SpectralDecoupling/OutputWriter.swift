import Checkpoints
import Files
import Findings
import Foundation
import SafetensorsFiles
import TensorFiles
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
        : "sdmoe-bases.safetensors"
      var writer = try SafetensorsWriter(
        path: "\(folder)/\(name)", tensors: shard.map(\.tensor), metadata: ["format": "pt"])
      var factors: [Factor] = []
      for (source, tensor) in shard {
        var digest = SHA256Digest()
        try forEachPiece(of: tensor, in: sources[source]) { bytes, _ in
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
    main: [(name: String, draft: SafetensorsDraft)], carried: [String: String],
    records: [UnitRecord], factors: [Factor]
  ) throws -> Certificate {
    var files: [Certificate.File] = []
    for name in plan.files.names {
      files.append(try name == "config.json" ? writeConfig(records) : carry(name))
    }
    if isFactored || main.count > 1 {
      files.append(try writeIndex(main: main.map(\.name), factors: factors))
    }
    let table = try certificateTable(
      names: main.map(\.name), carried: carried, records: records, factors: factors)
    let text = Table.header(of: table.definition) + table.lines
    try WholeFile.write(text, to: "\(folder)/\(Certificate.tableName)")
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
        fingerprint: plan.fingerprint, modelType: checkpoint.modelType,
        files: checkpoint.weightFiles.map {
          Certificate.Source.File(
            name: $0.name, bytes: FileStatus(at: "\(checkpoint.path)/\($0.name)")?.byteCount ?? 0)
        }, leftBehind: plan.files.leftBehind),
      options: plan.certifiedOptions, units: records.map { Certificate.Unit($0) },
      files: files.sorted { $0.name < $1.name }, weightFiles: weightFiles,
      bytesBefore: checkpoint.byteCount,
      bytesAfter: weightFiles.reduce(0) { $0 + $1.bytes }, tableSHA256: sha256(of: Array(text.utf8))
    )
    try WholeFile.write(try certificate.sealed(), to: "\(folder)/\(Certificate.name)")
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

  /// config.json: with an `sd_moe` section more in factored form, without it when merged, and
  /// otherwise the same bytes.
  private func writeConfig(_ records: [UnitRecord]) throws -> Certificate.File {
    let bytes = plan.checkpoint.configBytes
    guard isFactored else {
      return try write(
        plan.checkpoint.form == nil ? bytes : withoutMember(bytes), to: "config.json")
    }
    return try write(withMember(bytes, form: plan.form(of: records)), to: "config.json")
  }

  private func write(_ bytes: [UInt8], to name: String) throws -> Certificate.File {
    let path = "\(folder)/\(name)"
    do throws(SystemError) {
      if name.contains("/") { try makeFolder(at: (path as NSString).deletingLastPathComponent) }
      let file = try TemporaryFile(beside: path)
      // Safe: bytes have no padding.
      try unsafe file.file.write(bytes.span.bytes, at: 0)
      try file.finish()
    } catch {
      throw DecouplingError.fileSystem(path: path, doing: "write", reason: error.reason)
    }
    return Certificate.File(name: name, bytes: bytes.count, sha256: sha256(of: bytes))
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

  // MARK: config.json

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x0a, 0x0d, 0x09].contains(byte) }

  private static let memberStart = Array(",\n  \"sd_moe\": ".utf8)

  private func withMember(_ bytes: [UInt8], form: SDMoEForm) -> [UInt8] {
    guard let brace = bytes.lastIndex(of: UInt8(ascii: "}")),
      let last = bytes[..<brace].lastIndex(where: { !Self.isSpace($0) })
    else { preconditionFailure("config.json was read as an object with members") }
    return Array(bytes[...last]) + Self.memberStart + Array(form.json.utf8) + bytes[(last + 1)...]
  }

  private func withoutMember(_ bytes: [UInt8]) -> [UInt8] {
    let member = Self.memberStart + Array((plan.checkpoint.form?.json ?? "").utf8)
    if let range = bytes.lastRange(of: member) {
      return Array(bytes[..<range.lowerBound]) + bytes[range.upperBound...]
    }
    // Somebody has written the config anew.
    guard
      var object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
    else { return bytes }
    object["sd_moe"] = nil
    let data = try? JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return data.map { Array($0) + [UInt8(ascii: "\n")] } ?? bytes
  }
}

extension Array where Element == UInt8 {
  /// Where some bytes stand last.
  fileprivate func lastRange(of bytes: [UInt8]) -> Range<Int>? {
    guard count >= bytes.count else { return nil }
    for start in (0...count - bytes.count).reversed()
    where self[start] == bytes[0] && self[start..<start + bytes.count].elementsEqual(bytes) {
      return start..<start + bytes.count
    }
    return nil
  }
}
