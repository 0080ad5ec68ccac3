import Checkpoints
import Findings
import Tensors

extension OutputWriter {
  /// The table with a row for each tensor of the output, in the order of its files.
  func certificateTable(
    names: [String], carried: [String: String], records: [UnitRecord], factors: [Factor]
  ) throws -> Table {
    var table = Table(.certificate)
    for (name, shard) in zip(names, plan.shards) {
      for output in shard {
        switch output.source {
        case .carried(_, let tensor):
          let digest = carried[tensor.name] ?? ""
          table.append(
            contentsOf: Self.cells(
              file: name, tensor, role: "carried", digest: digest, sourceDigest: digest,
              sourceBytes: tensor.byteCount))
        case .expert(let unit, let expert):
          table.append(
            contentsOf: expertCells(
              file: name, output.tensor, unit: plan.units[unit], expert: expert,
              record: records[unit]))
        }
      }
    }
    for factor in factors {
      table.append(
        contentsOf: Self.cells(
          file: factor.file, factor.tensor, role: "factor", digest: factor.sha256,
          sourceDigest: "", sourceBytes: 0))
    }
    return table
  }

  private static func cells(
    file: String, _ tensor: TensorDescription, role: String, digest: String, sourceDigest: String,
    sourceBytes: Int
  ) -> [Table.Cell] {
    [
      .text(file), .text(tensor.name), .text(role), .text(""), .text(""), .text(""),
      .text(tensor.elementType.rawValue), .integer(tensor.byteCount), .integer(sourceBytes),
      .text(digest), .text(sourceDigest),
    ] + [Table.Cell](repeating: .number(.nan), count: 8) + [.integer(0)]
  }

  private func expertCells(
    file: String, _ tensor: TensorDescription, unit: ConversionPlan.Unit, expert: Int,
    record: UnitRecord
  ) -> [Table.Cell] {
    let known = record.experts[expert]
    let isDropped = plan.options.mode == .strict && !plan.isMerging
    func share(_ norm: Double) -> Double {
      known.norm > 0 ? norm * norm / (known.norm * known.norm) : .nan
    }
    let dropped = known.norm > 0 ? known.remainderNorm / known.norm : .nan
    return [
      .text(file), .text(tensor.name),
      .text(plan.options.form == .factored ? "unique" : "merged"), .text(String(unit.layer)),
      .text(unit.projection.rawValue), .text(String(expert)),
      .text(tensor.elementType.rawValue), .integer(tensor.byteCount),
      .integer(unit.weights[expert].tensor.byteCount), .text(known.sha256),
      .text(known.sourceSHA256), .number(known.norm), .number(share(record.commonNorm)),
      .number(share(known.uniqueNorm)), .number(share(known.remainderNorm)),
      .number(isDropped ? dropped : 0), .number(known.reconstructionError ?? .nan),
      .number(known.leftResidual), .number(known.rightResidual), .integer(known.corrections),
    ]
  }
}

extension ConversionPlan {
  /// The options as the certificate names them; those of the factored input where it is merged.
  var certifiedOptions: Certificate.Options {
    var target: Double?
    if case .target(let similarity, _) = options.rank { target = similarity }
    let form = checkpoint.form
    let mode = form?.mode ?? options.mode
    let weights: SDMoEForm.ExpertWeights =
      form?.weights ?? (options.weights == .uniform ? .uniform : .usage)
    return Certificate.Options(
      form: options.form.rawValue, mode: mode.rawValue,
      bases: (form?.bases ?? options.bases).rawValue,
      sides: (form?.sides ?? options.sides).rawValue, weights: weights.rawValue,
      commonRankExact: form?.commonRankExact ?? options.cutsCommonRank, targetSimilarity: target,
      dtype: options.type.rawValue,
      certificate: (form == nil ? options.detail : .basic).rawValue)
  }

  /// What config.json of the factored output says of it.
  func form(of records: [UnitRecord]) -> SDMoEForm {
    SDMoEForm(
      mode: options.mode, bases: options.bases,
      weights: options.weights == .uniform ? .uniform : .usage, sides: options.sides,
      commonRankExact: options.cutsCommonRank,
      dtype: options.type.elementType(of: units.first?.originalType ?? .f32),
      units: zip(units, records).map { unit, record in
        SDMoEForm.Unit(
          layer: unit.layer, projection: unit.projection, commonRank: record.commonRank,
          originalType: unit.originalType)
      })
  }
}
