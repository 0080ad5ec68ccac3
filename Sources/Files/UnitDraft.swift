import Foundation
import Synchronization

/// A unit that this process makes; it vanishes unless it is finished.
package final class UnitDraft: Sendable {
  /// The unit's name.
  package let unit: String
  /// Where its files are written to.
  package let folder: String

  private let store: UnitStore
  private let lock: WorkLock
  private let isOver = Mutex(false)

  /// Takes a folder that nobody else works in, and clears it of what a killed process left.
  init(store: UnitStore, unit: String, folder: String, lock: WorkLock) {
    self.store = store
    self.unit = unit
    self.folder = folder
    self.lock = lock
    for name in Self.names(in: folder) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  deinit { discard() }

  /// Removes what there is, unless the unit is finished.
  package func discard() {
    isOver.withLock { isOver in
      // Once the unit has its name, another process may have begun it anew here.
      if !isOver {
        for name in Self.names(in: folder) {
          try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        // From here on another process may take the folder.
        try? removeFile(at: "\(folder)/\(WorkLock.name)")
        removeEmptyFolder(at: folder)
      }
      isOver = true
    }
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      .filter { $0 != WorkLock.name }
  }

  /// Gives the files the unit's name, in the place of what lay there; they are on the disk already.
  ///
  /// - Parameters:
  ///   - sources: What they were made from.
  ///   - stamps: How the input files looked before they were read.
  /// - Throws: ``StoreError``; then nothing of the unit is kept.
  /// - Complexity: O(size of the files): their digests are taken.
  package func finish(
    madeFrom sources: UnitSources, stamps: Set<String>
  ) throws(StoreError) {
    let target = store.path(of: unit)
    do throws(SystemError) {
      try write(sources.text, to: UnitStore.sourcesName)
      var files: [UnitContents.File] = []
      for name in Self.names(in: folder) {
        files.append(try UnitContents.File(at: "\(folder)/\(name)", name: name))
      }
      try write(
        UnitContents(plan: store.plan, files: files).text, to: UnitStore.contentsName)
      // What lies there is not what is wanted, or nobody would make it anew. It goes in one step.
      let former = temporaryPath(beside: target)
      let isReplaced = FileStatus(at: target) != nil
      if isReplaced { try replace(former, with: target) }
      try replace(target, with: folder)
      isOver.withLock { $0 = true }
      // What stays is taken for a leftover of a killed process.
      try? removeFile(at: "\(target)/\(WorkLock.name)")
      if isReplaced { try? FileManager.default.removeItem(atPath: former) }
    } catch {
      throw StoreError(path: target, doing: "make this folder", error)
    }
    store.note(stamps, of: unit)
  }

  private func write(_ text: String, to name: String) throws(SystemError) {
    let file = try TemporaryFile(beside: "\(folder)/\(name)")
    let bytes = Array(text.utf8)
    // Safe: bytes have no padding.
    try unsafe file.file.write(bytes.span.bytes, at: 0)
    try file.finish()
  }
}
