import ArgumentParser
import Checkpoints

/// The family that a checkpoint is read as.
struct FamilyOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The family to read it as: a name that 'sdmoe families' lists, or a JSON file that describes one. (default: what model_type in config.json means)",
      valueName: "name or file"), completion: .file(extensions: ["json"]))
  var family: String?

  /// The family, where one was given.
  ///
  /// - Throws: `ValidationError` for a word that is neither a family nor a file; `CheckpointError`
  ///   for what is wrong with a file.
  var chosen: ChosenFamily? {
    get throws {
      do throws(CheckpointError) {
        guard let family else { return nil }
        return try ChosenFamily(family)
      } catch {
        guard case .unknownFamily = error else { throw error }
        throw ValidationError("--family: \(error)")
      }
    }
  }
}

extension Checkpoint {
  /// Tells what is read otherwise than it stands, or not at all.
  func tellRemarks() {
    for remark in remarks where !remark.isOfFolderAlone {
      StandardError.write("note: \(path): \(remark)\n")
    }
  }
}
