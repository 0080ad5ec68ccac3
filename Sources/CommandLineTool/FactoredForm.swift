import Checkpoints
import Experts
import Findings

extension SDMoEForm {
  /// The form in one line, such as `SD-MoE factored, exact, common rank 8, joint bases`.
  var text: String {
    let ranks = rangesText(Set(units.map(\.commonRank)).sorted())
    let sides = sides == .both ? "" : ", hidden side alone"
    return
      "SD-MoE factored, \(mode.rawValue), common rank \(ranks), \(bases.rawValue) bases\(sides)"
  }
}

extension RunManifest {
  /// What of the experts was measured, where that is not the whole of all.
  var partText: String? {
    guard options[.part] != nil else { return nil }
    let ranks = Set(units.compactMap(\.commonRank)).sorted()
    let whole = units.filter { $0.subject == .weights && $0.commonRank == nil }.map(
      \.key.folderName)
    let parts = [
      ranks.isEmpty
        ? nil : "unique parts, with the common rank \(rangesText(ranks)) projected out",
      whole.isEmpty ? nil : "measured whole, as they are not factored: \(listed(whole))",
    ]
    return parts.compactMap(\.self).joined(separator: "; ")
  }

  private func listed(_ names: [String]) -> String {
    let most = 6
    let more = names.count > most ? " and \(names.count - most) more" : ""
    return names.prefix(most).joined(separator: ", ") + more
  }
}
