import Foundation
import Synchronization

/// A unit that this process makes; it vanishes unless it is finished.
package final class UnitDraft: Sendable {
  /// The unit's name.
  package let unit: String
  /// Where its files are written to; no other process writes there, whoever makes the same unit.
  package let folder: String

  private let store: UnitStore
  private let lock: WorkLock
  private let isOver = Mutex(false)

  /// Makes a folder for the files, and removes what a killed process left of the unit.
  ///
  /// - Throws: ``SystemError``
  init(store: UnitStore, unit: String, lock: WorkLock) throws(SystemError) {
    self.store = store
    self.unit = unit
    self.lock = lock
    folder = temporaryPath(beside: "\(lock.folder)/\(unit)")
    // Where the file system knows no locks, another process may be at work there.
    if lock.isHeld {
      for name in Self.names(in: lock.folder) where name != WorkLock.name {
        // In one step: whoever works there unseen loses all, and does not keep a part for the whole.
        let former = temporaryPath(beside: folder)
        try? replace(former, with: "\(lock.folder)/\(name)")
        try? FileManager.default.removeItem(atPath: former)
      }
    }
    try makeFolder(at: folder)
  }

  deinit { discard() }

  /// Removes what there is; nothing of a unit that is finished.
  package func discard() {
    isOver.withLock { isOver in
      // Another process may have begun the unit anew since.
      if !isOver {
        try? FileManager.default.removeItem(atPath: folder)
        lock.leave()
      }
      isOver = true
    }
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
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
      do {
        try replace(former, with: target)
      } catch  where error.isMissing {}
      defer { try? FileManager.default.removeItem(atPath: former) }
      do {
        try replace(target, with: folder)
      } catch {
        // Where there are no locks, another process may have finished it between the two steps.
        guard store.holds(unit, comparesDigests: false) else { throw error }
      }
    } catch {
      throw StoreError(path: target, doing: "make this folder", error)
    }
    discard()
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
