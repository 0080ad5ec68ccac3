import ArgumentParser
import Checkpoints

/// `sdmoe families` — lists the model families that are known.
struct FamiliesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "families",
    abstract: "List the model families that sdmoe knows.",
    discussion: """
      'published as' says how the experts of the published checkpoints are stored: one tensor each, \
      stacked in one tensor of all, or packed. All of them open, saved one each or stacked by \
      transformers 5, in BF16, F16, F32 or F64 or quantised: the README lists the formats. 'sdmoe \
      inspect' says what a checkpoint on disk holds; --family of the other commands reads one as \
      another family, or as one that a file describes.
      """)

  func run() throws {
    var table = TextTable(columns: ["family", "published as", "model_type in config.json"])
    for family in KnownFamily.all {
      // In lines that leave room for the other columns.
      let lines = wordWrapped(family.modelTypes.joined(separator: ", "), width: 36, indent: 0)
      for (place, types) in lines.enumerated() {
        table.append(place == 0 ? [family.id, family.published, types] : ["", "", types])
      }
    }
    try StandardOutput.write(table.text)
  }
}
