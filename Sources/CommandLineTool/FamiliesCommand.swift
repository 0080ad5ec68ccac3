import ArgumentParser
import Checkpoints

/// `sdmoe families` — lists the model families that are known.
struct FamiliesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "families",
    abstract: "List the model families that sdmoe knows.",
    discussion: """
      Families whose published checkpoints stack all experts of a layer in one tensor are known, but \
      not read yet; 'sdmoe inspect' says what a checkpoint on disk holds.
      """)

  func run() throws {
    var table = TextTable(columns: ["family", "model_type in config.json", "one tensor per expert"])
    for family in KnownFamily.all {
      table.append([
        family.id, family.modelTypes.joined(separator: ", "), family.isReadable ? "yes" : "no",
      ])
    }
    try StandardOutput.write(table.text)
  }
}
