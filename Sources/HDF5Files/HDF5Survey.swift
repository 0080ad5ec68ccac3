import CHDF5
import Tensors

/// Every dataset of a file, found by following all links from the root.
///
/// A soft link counts like the name it stands for. A link to a group that encloses it is a cycle
/// and left out; an external link is refused.
struct HDF5Survey: Sendable {
  /// The deepest nesting that is followed.
  static let depthLimit = 64

  /// The datasets that hold tensors, by tensor name.
  private(set) var datasets: [String: HDF5Dataset] = [:]

  /// What was left out, each with the reason.
  private(set) var skipped: [String] = []

  private let path: String
  private let fileByteCount: Int
  private var linkCount = 0

  /// Visits everything below a file's root group.
  init(
    of root: borrowing HDF5Handle, path: String, fileByteCount: Int,
    with library: borrowing HDF5Library
  ) throws(HDF5Error) {
    self.path = path
    self.fileByteCount = fileByteCount
    let address = try library.address(of: root, at: HDF5Place(path: path))
    try visit(root, steps: [], enclosing: [address], with: library)
  }

  private mutating func visit(
    _ group: borrowing HDF5Handle, steps: [String], enclosing: [haddr_t],
    with library: borrowing HDF5Library
  ) throws(HDF5Error) {
    for link in try links(of: group, steps: steps, with: library) {
      let steps = steps + [link.name]
      let place = HDF5Place(path: path, object: "/" + steps.joined(separator: "/"))
      guard link.isUsable else { throw .unusableName(path: path, object: place.object) }
      switch link.kind {
      case CInt(chdf5_external_link):
        throw .outsideFile(path: path, object: place.object, kind: "an external link")
      case CInt(chdf5_other_link):
        skip(place.object, "it is a link of an unknown kind")
      default:
        // Safe: libhdf5 reads the name up to its zero byte and keeps nothing of it.
        let identifier = unsafe H5Oopen(group.identifier, link.name, chdf5_default())
        if identifier < 0, link.kind == CInt(chdf5_soft_link) {
          skip(place.object, "it is a soft link that leads nowhere")
          continue
        }
        let object = try library.own(identifier, at: place)
        try visit(object: object, at: place, steps: steps, enclosing: enclosing, with: library)
      }
    }
  }

  private mutating func visit(
    object: borrowing HDF5Handle, at place: HDF5Place, steps: [String], enclosing: [haddr_t],
    with library: borrowing HDF5Library
  ) throws(HDF5Error) {
    switch H5Iget_type(object.identifier) {
    case H5I_GROUP:
      let address = try library.address(of: object, at: place)
      guard !enclosing.contains(address) else {
        skip(place.object, "it leads back to a group that encloses it")
        return
      }
      guard steps.count < Self.depthLimit else {
        throw .tooDeep(path: path, object: place.object, limit: Self.depthLimit)
      }
      try visit(object, steps: steps, enclosing: enclosing + [address], with: library)
    case H5I_DATASET:
      let name = steps.joined(separator: ".")
      let verdict = try library.verdict(
        on: object, named: name, at: place, fileByteCount: fileByteCount)
      switch verdict {
      case .skipped(let reason):
        skip(place.object, reason)
      case .tensor(let dataset):
        if let earlier = datasets.updateValue(dataset, forKey: name) {
          throw .nameCollision(
            path: path, tensor: name, objects: [earlier.object, dataset.object].sorted())
        }
      }
    default:
      skip(place.object, "it is neither a group nor a dataset")
    }
  }

  /// The links of a group, sorted by name, so that the survey does not depend on their order.
  private mutating func links(
    of group: borrowing HDF5Handle, steps: [String], with library: borrowing HDF5Library
  ) throws(HDF5Error) -> [HDF5LinkList.Entry] {
    var list = HDF5LinkList()
    let status = unsafe withUnsafeMutablePointer(to: &list) { list in
      // Safe: the list outlives the call, and only the visitor made for it touches it.
      unsafe chdf5_visit_links(group.identifier, HDF5LinkList.visitor, list)
    }
    try library.require(
      status, at: HDF5Place(path: path, object: "/" + steps.joined(separator: "/")))
    // Hard links can make a small file stand for endlessly many paths.
    linkCount += list.entries.count
    guard linkCount <= HDF5LinkList.limit else {
      throw .tooManyLinks(path: path, limit: HDF5LinkList.limit)
    }
    return list.entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private mutating func skip(_ object: String, _ reason: String) {
    skipped.append("\(object): \(reason)")
  }
}

extension HDF5Library {
  /// Where an object's header stands in the file, which tells it from others.
  func address(
    of object: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> haddr_t {
    var address: haddr_t = 0
    // Safe: libhdf5 writes one address into one address.
    let status = unsafe chdf5_object_address(object.identifier, &address)
    try require(status, at: place)
    return address
  }
}
