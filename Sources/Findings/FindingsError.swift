import Files

/// What can go wrong with a run folder and its tables.
public enum FindingsError: Error, Equatable, Sendable {
  /// A file or folder could not be made, written, read or renamed.
  case fileSystem(path: String, doing: String, reason: String)
  /// A file was given where a folder is expected.
  case notAFolder(path: String)
  /// The folder has files, but no manifest: it is not a run.
  case notARun(path: String)
  /// There is no run to read at that place.
  case noRun(path: String, reason: String)
  /// Some units of the run have no results.
  case unfinished(path: String, units: [String], command: String)
  /// The results of units were made for another manifest than the one that lies there.
  case otherManifest(path: String)
  /// The manifest is not as it was written, though the units are of it.
  case editedManifest(path: String, command: String)
  /// A folder of the run is a link to elsewhere.
  case linkedFolder(path: String, target: String)
  /// Files of the run's units are not as they were written.
  case altered(path: String, files: [String], command: String)
  /// Another process works in the folder.
  case inUse(path: String)
  /// The folder holds the run of another checkpoint, other options or another version.
  case anotherRun(path: String, difference: String)
  /// A table's first line is not the one expected.
  case wrongColumns(path: String, expected: String, actual: String)
  /// The rows of a table do not go together.
  case inconsistent(path: String, reason: String)
  /// A line of a table cannot be read.
  case badLine(path: String, line: Int, reason: String)
}

extension FindingsError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  public var description: String {
    switch self {
    case .fileSystem(let path, let doing, let reason):
      "\(path): cannot \(doing): \(withAdvice(reason, otherwise: "check the permissions and the free space, and run the same command again"))"
    case .notAFolder(let path):
      "\(path): is a file, not a folder for a run; choose an empty or a new folder"
    case .notARun(let path):
      "\(path): holds files but no manifest.json of sdmoe, so nothing is written there; choose an empty or a new folder"
    case .noRun(let path, let reason):
      "\(path): \(reason); give a folder that sdmoe analyze wrote"
    case .unfinished(let path, let units, let command):
      "\(path): \(units.count) of the run's units \(units.count == 1 ? "has" : "have") no results yet: \(units.prefix(6).joined(separator: ", "))\(units.count > 6 ? ", ..." : ""); finish the run with: \(command)"
    case .otherManifest(let path):
      "\(path): its units were not measured for the manifest.json that lies there, which was edited or is another run's; put the manifest.json back that sdmoe wrote, or run sdmoe analyze into a new folder"
    case .editedManifest(let path, let command):
      "\(path): its manifest.json is not as sdmoe wrote it; put that one back, or have it written anew by: \(command)"
    case .linkedFolder(let path, let target):
      "\(path): is a link to \(target), where nothing is written; put the folder itself in its place, or link the whole run"
    case .altered(let path, let files, let command):
      "\(path): \(files.count == 1 ? "a file of the run's units is" : "\(files.count) files of the run's units are") not as sdmoe wrote \(files.count == 1 ? "it" : "them"): \(files.prefix(6).joined(separator: ", "))\(files.count > 6 ? ", ..." : ""); edited or damaged units are measured again by: \(command)"
    case .inUse(let path):
      "\(path): another sdmoe works in this folder; wait until it is done, or choose another folder"
    case .anotherRun(let path, let difference):
      "\(path): holds another run (\(difference)); choose another folder, or remove this one first"
    case .wrongColumns(let path, let expected, let actual):
      "\(path): the first line is '\(actual)', expected '\(expected)'; the table was edited, damaged or made by another version: remove the folder that it lies in, and run sdmoe analyze again as before"
    case .inconsistent(let path, let reason):
      "\(path): \(reason); the table was edited or damaged: remove the folder that it lies in, and run sdmoe analyze again as before"
    case .badLine(let path, let line, let reason):
      "\(path): line \(line) \(reason); the table was edited, damaged or made by another version: remove the folder that it lies in, and run sdmoe analyze again as before"
    }
  }
}
