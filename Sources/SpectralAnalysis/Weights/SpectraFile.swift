import Experts
import Findings
import Foundation
import HDF5Files
import Tensors

/// Writes `spectra.h5` into a run folder where all singular values were asked for: for those who
/// work in Python.
///
/// `layers/{L}/{projection}/singular_values` is experts x r in double precision, one row for each
/// routed expert, largest value first; a row of NaN stands for an expert that was left out. A
/// shared expert has `shared_singular_values`. What is of gradients stands in the group `gradients`.
///
/// - Throws: ``FindingsError`` for a damaged table, `HDF5Error` when it cannot be
///   written; the file is whole or absent.
/// - Complexity: O(size of the tables); memory for one unit.
func writeSpectra(in folder: RunFolder) throws {
  let manifest = folder.manifest
  let isAsked = manifest.analyses.contains { $0 == .spectrum || $0 == .gradients }
  guard manifest.options[.fullSpectrum] == true, isAsked else { return }
  let path = "\(folder.path)/spectra.h5"
  // Nobody has changed the file where nobody can.
  let manager = FileManager.default
  if manager.fileExists(atPath: path), !manager.isWritableFile(atPath: folder.path) { return }
  let writer = try HDF5Writer(
    path: path, naming: .nested,
    attributes: [
      "content": "all singular values of the experts' matrices, one row for each expert",
      "version": manifest.version,
    ])
  for unit in manifest.units {
    let isOfGradients = unit.subject == .gradients
    let definition: TableDefinition = isOfGradients ? .spectrum.ofGradients : .spectrum
    guard let projection = unit.projection,
      let table = try folder.table(definition, of: unit)
    else { continue }
    let group =
      (isOfGradients ? "gradients." : "") + "layers.\(unit.layer).\(projection.rawValue)"
    let leftOut = try [TableDefinition.leftOut, .leftOut.ofGradients].flatMap {
      try folder.table($0, of: unit)?[LeftOutParts.expert].compactMap { Int($0) } ?? []
    }
    let last = (leftOut + table[Spectrum.expert].compactMap(\.routedIndex)).max() ?? -1
    try write(
      table, of: (0..<last + 1).map { ExpertName(routed: $0) },
      as: "\(group).singular_values", to: writer)
    try write(table, of: [.shared], as: "\(group).shared_singular_values", to: writer)
  }
  try writer.finish()
}

private func write(
  _ spectrum: Table, of experts: [ExpertName], as name: String, to writer: HDF5Writer
) throws {
  let places = Dictionary(uniqueKeysWithValues: experts.enumerated().map { ($1, $0) })
  let rows = zip(
    spectrum[Spectrum.expert], zip(spectrum[Spectrum.index], spectrum[Spectrum.sigma])
  )
  .compactMap { expert, value in places[expert].map { (place: $0, index: value.0, sigma: value.1) }
  }
  guard let width = rows.map(\.index).max() else { return }
  var values = [Double](repeating: .nan, count: experts.count * width)
  for row in rows { values[row.place * width + row.index - 1] = row.sigma }
  let span = values.span
  // Safe: numbers have no padding.
  try unsafe writer.write(
    TensorDescription(
      name: name, elementType: .f64, shape: [experts.count, width], byteCount: 8 * values.count),
    bytes: span.bytes)
}
