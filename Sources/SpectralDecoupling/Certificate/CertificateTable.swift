import Checkpoints
import Experts
import Findings
import Tensors

extension OutputWriter {
  /// The table with a row for each tensor of the output, in the order of its files.
  func certificateTable(
    names: [String], copies: Copies, records: [UnitRecord], factors: [Factor]
  ) throws -> Table {
    var table = Table(CertifiedTensors.table)
    for (name, shard) in zip(names, plan.shards) {
      for output in shard {
        switch output.content {
        case .carried(_, let tensor):
          let digest = copies.carried[tensor.name] ?? ""
          table.append(
            contentsOf: Self.cells(
              file: name, tensor.name, tensor, role: .carried, digest: digest,
              sourceDigest: digest, sourceBytes: tensor.byteCount))
        case .decoded(let matrices):
          for matrix in matrices {
            let digests = copies.decoded[matrix.place.name]
            table.append(
              contentsOf: Self.cells(
                file: name, matrix.place.name, output.tensor, role: .decoded,
                byteCount: matrix.place.elementCount * output.tensor.elementType.bitCount / 8,
                digest: digests?.sha256 ?? "", sourceDigest: digests?.source ?? "",
                sourceBytes: matrix.weight.byteCount))
          }
        case .experts(let pieces):
          for piece in pieces {
            table.append(
              contentsOf: expertCells(
                file: name, output.tensor, piece: piece, unit: plan.units[piece.unit],
                record: records[piece.unit]))
          }
        }
      }
    }
    for factor in factors {
      table.append(
        contentsOf: Self.cells(
          file: factor.file, factor.tensor.name, factor.tensor, role: .factor,
          digest: factor.sha256, sourceDigest: "", sourceBytes: 0))
    }
    return table
  }

  private typealias Columns = CertifiedTensors

  private static func cells(
    file: String, _ name: String, _ tensor: TensorDescription, role: Columns.Role,
    byteCount: Int? = nil, digest: String, sourceDigest: String, sourceBytes: Int
  ) -> [Table.NamedCell] {
    [
      Columns.file(file), Columns.tensor(name), Columns.role(role), Columns.layer(""),
      Columns.projection(nil), Columns.expert(nil), Columns.type(tensor.elementType),
      Columns.byteCount(byteCount ?? tensor.byteCount), Columns.sourceByteCount(sourceBytes),
      Columns.sha256(digest), Columns.sourceSHA256(sourceDigest), Columns.norm(.nan),
      Columns.commonEnergy(.nan), Columns.uniqueEnergy(.nan), Columns.remainderEnergy(.nan),
      Columns.dropped(.nan), Columns.error(.nan), Columns.leftResidual(.nan),
      Columns.rightResidual(.nan), Columns.corrections(0),
    ]
  }

  private func expertCells(
    file: String, _ tensor: TensorDescription, piece: OutputTensor.Piece, unit: ConvertedUnit,
    record: UnitRecord
  ) -> [Table.NamedCell] {
    let expert = piece.expert
    let known = record.experts[expert]
    let isDropped = plan.options.mode == .strict && !plan.isMerging
    func share(_ norm: Double) -> Double {
      known.norm > 0 ? norm * norm / (known.norm * known.norm) : .nan
    }
    let dropped = known.norm > 0 ? known.remainderNorm / known.norm : .nan
    return [
      Columns.file(file), Columns.tensor(piece.place.name),
      Columns.role(plan.options.form == .factored ? .unique : .merged),
      Columns.layer(String(unit.layer)), Columns.projection(unit.projection),
      Columns.expert(ExpertName(routed: expert)), Columns.type(tensor.elementType),
      Columns.byteCount(piece.place.elementCount * tensor.elementType.bitCount / 8),
      Columns.sourceByteCount(unit.weights[expert].byteCount),
      Columns.sha256(known.sha256), Columns.sourceSHA256(known.sourceSHA256),
      Columns.norm(known.norm), Columns.commonEnergy(share(record.commonNorm)),
      Columns.uniqueEnergy(share(known.uniqueNorm)),
      Columns.remainderEnergy(share(known.remainderNorm)),
      Columns.dropped(isDropped ? dropped : 0),
      Columns.error(known.reconstructionError ?? .nan),
      Columns.leftResidual(known.leftResidual), Columns.rightResidual(known.rightResidual),
      Columns.corrections(known.corrections),
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
      form: options.form, mode: mode,
      bases: form?.bases ?? options.bases,
      sides: form?.sides ?? options.sides, weights: weights,
      commonRankExact: form?.commonRankExact ?? options.cutsCommonRank, targetSimilarity: target,
      dtype: options.type,
      certificate: form == nil ? options.detail : .basic)
  }

  /// What config.json of the factored output says of it.
  func form(of records: [UnitRecord]) -> SDMoEForm {
    SDMoEForm(
      mode: options.mode, bases: options.bases,
      weights: options.weights == .uniform ? .uniform : .usage, sides: options.sides,
      commonRankExact: options.cutsCommonRank,
      dtype: options.type.elementType(of: units.first?.originalType ?? .f32),
      isStacked: units.contains { $0.places.contains { $0.expert != nil } },
      units: zip(units, records).map { unit, record in
        FactoredUnit(
          layer: unit.layer, projection: unit.projection, commonRank: record.commonRank,
          originalType: unit.originalType)
      })
  }
}
