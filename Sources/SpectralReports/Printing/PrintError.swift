/// Why figures of a run are not printed.
public enum PrintError: Error, Equatable {
  /// Files lie where figures shall lie.
  case outputExists(path: String, name: String)
  /// A folder lies where a figure shall lie.
  case folderExists(path: String, name: String)
  /// The figures would lie in the run.
  case insideRun(path: String, run: String)
  /// Another process prints into the folder.
  case inUse(path: String)
  /// The run has no figure of a kind.
  case noKind(run: String, kind: String, command: String, present: [String])
  /// The run has no figures of what was chosen.
  case nothing(run: String, kinds: [String], isOfSelection: Bool)
  /// The run has no such layer.
  case noLayer(run: String, layer: Int, layers: String)
  /// The run has no such projection.
  case noProjection(run: String, projection: String, projections: [String])
  /// A picture cannot be put into the form that is wanted.
  case notRendered(name: String, reason: String)
}

extension PrintError: CustomStringConvertible {
  /// What went wrong, and what to do.
  public var description: String {
    switch self {
    case .outputExists(let path, let name):
      "\(path)/\(name): is there already; give --force to replace files of these names, or choose another folder"
    case .folderExists(let path, let name):
      "\(path)/\(name): is a folder, which no figure replaces; move it elsewhere, or choose another folder"
    case .insideRun(let path, let run):
      "\(path): lies in the run \(run), which is not changed; choose a folder elsewhere"
    case .inUse(let path):
      "\(path): another sdmoe works in this folder; run the same command again when it is done"
    case .noKind(let run, let kind, let command, let present):
      "\(run): has no figures of the kind \(kind), which 'sdmoe analyze' measures with \(command); it has \(present.joined(separator: ", "))"
    case .nothing(let run, let kinds, let isOfSelection):
      isOfSelection
        ? "\(run): has no figures of \(kinds.joined(separator: ", ")) for these layers and projections; leave out --layers or --projections"
        : "\(run): has nothing to draw; run sdmoe analyze with an analysis that is drawn, such as similarity"
    case .noLayer(let run, let layer, let layers):
      "\(run): layer \(layer) was not measured; the run has the layers \(layers)"
    case .noProjection(let run, let projection, let projections):
      "\(run): \(projection) was not measured; the run has \(projections.joined(separator: ", "))"
    case .notRendered(let name, let reason):
      "\(name): \(reason)"
    }
  }
}
