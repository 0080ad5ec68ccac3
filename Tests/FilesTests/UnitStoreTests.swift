import Files
import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks the contract of `UnitStore` and of its drafts.
@Suite struct UnitStoreTests {
  let folder: ScratchFolder
  let store: UnitStore
  let sources = UnitSources([
    .init(label: "a.weight", sha256: sha256(of: [1])),
    .init(label: "b.weight[3, first half of out]", sha256: sha256(of: [2])),
  ])

  init() throws {
    folder = try ScratchFolder()
    store = UnitStore(in: folder.path, plan: "p")
  }

  /// Begins a unit that nobody else makes.
  func begin(_ unit: String = "u", of store: UnitStore? = nil) throws -> UnitDraft {
    guard case .mine(let draft) = try (store ?? self.store).begin(unit, unless: { false }) else {
      throw StoreError(path: unit, doing: "begin", SystemError(code: EBUSY))
    }
    return draft
  }

  /// Makes a unit of one file.
  func make(_ unit: String = "u", _ text: String = "one\n") throws {
    let draft = try begin(unit)
    try Data(text.utf8).write(to: URL(filePath: "\(draft.folder)/x.csv"))
    try draft.finish(madeFrom: sources, stamps: ["1 2 3"])
  }

  func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(path)").sorted()
  }

  @Test("A finished unit holds its files, their digests, and what it was made from")
  func finished() throws {
    try make()
    #expect(try names("units") == ["u"])
    #expect(try names("units/u") == ["contents.txt", "sources.txt", "x.csv"])
    #expect(store.holds("u", comparesDigests: true))
    #expect(store.sources(of: "u") == sources)
    let contents = String(
      decoding: try contents(of: "\(folder.path)/units/u/contents.txt"), as: UTF8.self)
    #expect(
      contents.hasPrefix("plan p\nsources.txt ")
        && contents.hasSuffix("x.csv 4 \(sha256(of: Array("one\n".utf8)))\n"), "\(contents)")
  }

  @Test("Nothing is there before a unit is finished, and nothing is left of one that is given up")
  func givenUp() throws {
    do {
      let draft = try begin()
      try Data("half".utf8).write(to: URL(filePath: "\(draft.folder)/x.csv"))
      #expect(!store.holds("u", comparesDigests: false))
      #expect(try names("units") == ["u.work"])
      #expect(store.isBeingMade("u"))
    }
    #expect(try names("units") == [])
    #expect(!store.isBeingMade("u"))
  }

  @Test("A unit of another plan, with a file lost, cut short or changed, is not there")
  func damaged() throws {
    try make()
    #expect(!UnitStore(in: folder.path, plan: "q").holds("u", comparesDigests: false))
    let path = "\(folder.path)/units/u/x.csv"
    try Data("two\n".utf8).write(to: URL(filePath: path))
    #expect(store.holds("u", comparesDigests: false))
    #expect(!store.holds("u", comparesDigests: true))
    try Data("on".utf8).write(to: URL(filePath: path))
    #expect(!store.holds("u", comparesDigests: false))
    try FileManager.default.removeItem(atPath: path)
    #expect(!store.holds("u", comparesDigests: false))
    try Data("plan p\n".utf8).write(to: URL(filePath: "\(folder.path)/units/u/contents.txt"))
    #expect(!store.holds("u", comparesDigests: false))
  }

  @Test("How a unit lies there: whole, absent, of another plan, or with a file that is not its own")
  func conditions() throws {
    #expect(store.condition(of: "u", comparesDigests: true) == .absent)
    try make()
    let unit = "\(folder.path)/units/u"
    #expect(store.condition(of: "u", comparesDigests: true) == .whole)
    #expect(
      UnitStore(in: folder.path, plan: "q").condition(of: "u", comparesDigests: true)
        == .ofAnotherPlan)
    try Data().write(to: URL(filePath: "\(unit)/.nfs0001"))
    #expect(store.condition(of: "u", comparesDigests: true) == .whole)
    try Data().write(to: URL(filePath: "\(unit)/y.csv"))
    #expect(store.condition(of: "u", comparesDigests: true) == .altered(file: "y.csv"))
    try Data("two\n".utf8).write(to: URL(filePath: "\(unit)/x.csv"))
    #expect(store.condition(of: "u", comparesDigests: false) == .whole)
    #expect(store.condition(of: "u", comparesDigests: true) == .altered(file: "x.csv"))
    try FileManager.default.removeItem(atPath: "\(unit)/x.csv")
    #expect(store.condition(of: "u", comparesDigests: true) == .absent)
    try Data("plan".utf8).write(to: URL(filePath: "\(unit)/contents.txt"))
    #expect(store.condition(of: "u", comparesDigests: true) == .altered(file: "contents.txt"))
  }

  @Test("A unit that is being made is left to its maker; others are free")
  func others() throws {
    let draft = try begin()
    guard case .others = try store.begin("u", unless: { false }) else {
      Issue.record("two make one unit")
      return
    }
    let second = try begin("v")
    #expect(try names("units") == ["u.work", "v.work"])
    withExtendedLifetime((draft, second)) {}
  }

  @Test("Two that make one unit where locks are not known do not touch each other's files")
  func unlocked() throws {
    let first = try begin()
    try Data("one\n".utf8).write(to: URL(filePath: "\(first.folder)/x.csv"))
    // As if the lock of the first had kept nobody out.
    let (work, aside) = ("\(folder.path)/units/u.work", "\(folder.path)/aside")
    try FileManager.default.moveItem(atPath: work, toPath: aside)
    let second = try begin()
    #expect(second.folder != first.folder)
    try FileManager.default.moveItem(
      atPath: first.folder.replacing(work, with: aside), toPath: first.folder)
    try first.finish(madeFrom: sources, stamps: [])
    #expect(store.holds("u", comparesDigests: true))
    try Data("one\n".utf8).write(to: URL(filePath: "\(second.folder)/x.csv"))
    try second.finish(madeFrom: sources, stamps: [])
    #expect(store.holds("u", comparesDigests: true))
    #expect(try names("units") == ["u"])
  }

  @Test("A unit that another has finished meanwhile is there")
  func meanwhile() throws {
    try make()
    guard
      case .finished = try store.begin(
        "u", unless: { store.holds("u", comparesDigests: false) })
    else {
      Issue.record("it is made again")
      return
    }
    #expect(try names("units") == ["u"])
  }

  @Test("A new unit takes the place of one that is not wanted, and of what a killed process left")
  func replaced() throws {
    try make()
    try make("u", "another\n")
    #expect(try contents(of: "\(folder.path)/units/u/x.csv") == Array("another\n".utf8))
    let left = "\(folder.path)/units/u.work/u.abc.tmp"
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(filePath: "\(left)/y.csv"))
    try make("u", "third\n")
    #expect(try names("units") == ["u"])
    #expect(try names("units/u") == ["contents.txt", "sources.txt", "x.csv"])
  }

  @Test("A unit of a process that was killed can be taken over")
  func killed() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
      let store = UnitStore(in: path, plan: "p")
      let beginning = try store.begin("u", unless: { false })
      kill(getpid(), SIGKILL)
      withExtendedLifetime(beginning) {}
    }
    #expect(try names("units") == ["u.work"])
    #expect(!store.isBeingMade("u"))
    try make()
    #expect(store.holds("u", comparesDigests: true))
  }

  @Test("What killed processes left is removed")
  func leftovers() throws {
    try make()
    for name in ["v.work/lock", "v.work/v.abc.tmp/x.csv", "w.abc.tmp/x.csv"] {
      let url = URL(filePath: "\(folder.path)/units/\(name)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: url)
    }
    store.removeLeftovers()
    #expect(try names("units") == ["u"])
    #expect(store.holds("u", comparesDigests: true))
    #expect(try names("units/u") == ["contents.txt", "sources.txt", "x.csv"])
  }

  @Test("A unit that is being made is no leftover, whoever locks the folder")
  func heldLeftover() throws {
    let draft = try begin()
    try Data("half".utf8).write(to: URL(filePath: "\(draft.folder)/x.csv"))
    store.removeLeftovers()
    #expect(FileManager.default.fileExists(atPath: "\(draft.folder)/x.csv"))
    try draft.finish(madeFrom: sources, stamps: [])
    #expect(store.holds("u", comparesDigests: true))
  }

  // MARK: Input

  /// Pieces of one file with those digests, and how often they were read.
  func pieces(_ digests: [String], path: String) -> [InputPiece] {
    zip(sources.pieces, digests).map { piece, digest in
      InputPiece(
        label: piece.label, path: path, stamps: { [FileStatus(at: path)?.stamp ?? ""] },
        digest: { digest })
    }
  }

  @Test("Input is read where a file looks changed or is asked for, and compared piece by piece")
  func compared() throws {
    let path = try folder.write([1, 2, 3], as: "w")
    let known = sources.pieces.map(\.sha256)
    let draft = try begin()
    try Data("one\n".utf8).write(to: URL(filePath: "\(draft.folder)/x.csv"))
    try draft.finish(madeFrom: sources, stamps: pieces(known, path: path).stamps)

    // The wrong digest of an untouched file is not even looked at.
    let wrong = pieces([known[0], "0"], path: path)
    #expect(try store.compare("u", with: wrong, rechecks: false).isTrusted)
    let rechecked = try store.compare("u", with: wrong, rechecks: true)
    #expect(!rechecked.isTrusted)
    #expect((rechecked.sameCount, rechecked.otherCount) == (1, 1))

    // The same size and the same time of its last change.
    let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
    try Data([1, 2, 4]).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.modificationDate: time as Any], ofItemAtPath: path)
    #expect(!store.isUntouched("u", stamps: wrong.stamps))
    #expect(try store.compare("u", with: wrong, rechecks: false).otherCount == 1)
    // It holds what it held: from now on it need not be read.
    let right = pieces(known, path: path)
    #expect(try store.compare("u", with: right, rechecks: false).sameCount == 2)
    #expect(try store.compare("u", with: right, rechecks: false).isTrusted)
  }

  @Test("A piece that was not read then counts as another, and so does one that is gone")
  func otherPieces() throws {
    try make()
    let path = try folder.write([1], as: "w")
    let known = sources.pieces.map(\.sha256)
    let fewer = Array(pieces(known, path: path).prefix(1))
    #expect(try store.compare("u", with: fewer, rechecks: true).otherCount == 1)
    let more =
      pieces(known, path: path)
      + [InputPiece(label: "c", path: path, stamps: { [] }, digest: { "1" })]
    let change = try store.compare("u", with: more, rechecks: true)
    #expect((change.sameCount, change.otherCount) == (2, 1))
  }
}
