/// The paths that a file being written holds so far.
struct HDF5WrittenLayout: Sendable {
  private var datasets: Set<String> = []
  private var groups: Set<String> = []

  /// The steps from the root to a tensor's dataset; the last is the dataset's own name.
  static func steps(
    of tensor: String, naming: HDF5Writer.Naming, path: String
  ) throws(HDF5Error) -> [String] {
    let steps: [String] =
      switch naming {
      case .dotted: [tensor]
      case .nested: tensor.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      }
    guard steps.allSatisfy(HDF5LinkList.isUsable) else {
      throw .unwritableName(
        path: path, tensor: tensor, reason: "an empty name, a slash or a control character")
    }
    guard steps.count <= HDF5Survey.depthLimit else {
      throw .unwritableName(
        path: path, tensor: tensor, reason: "more than \(HDF5Survey.depthLimit) nested groups")
    }
    return steps
  }

  /// Adds a dataset, and returns the paths of the groups it needs that are not there yet.
  mutating func add(
    _ tensor: String, steps: [String], path: String
  ) throws(HDF5Error) -> [String] {
    var needed: [String] = []
    var object = ""
    for step in steps.dropLast() {
      object += "/" + step
      guard !datasets.contains(object) else {
        throw .unwritableName(
          path: path, tensor: tensor, reason: "'\(object)' is a dataset, not a group")
      }
      if !groups.contains(object) { needed.append(object) }
    }
    let dataset = "/" + steps.joined(separator: "/")
    guard !groups.contains(dataset), !datasets.contains(dataset) else {
      throw .unwritableName(path: path, tensor: tensor, reason: "'\(dataset)' is there already")
    }
    datasets.insert(dataset)
    groups.formUnion(needed)
    return needed
  }
}
