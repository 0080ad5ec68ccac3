import Experts
import Files
import Findings
import Foundation
import SpectralReports
import TestSupport
import Testing

/// Checks figures that are printed for papers.
@Suite struct FigurePrintTests {
  private let folder: TemporaryFolder
  private let run: TestRun

  init() throws {
    folder = try TemporaryFolder()
    run = try TestRun(projections: [.gate, .up])
  }

  private func print(
    replacing: Bool = false, to name: String = "out",
    _ change: (inout PrintOptions) -> Void = { _ in }
  ) async throws -> [FigurePrint.File] {
    var options = PrintOptions(width: 238)
    options.format = .svg
    change(&options)
    return try await FigurePrint(of: run.opened(), options: options).write(
      to: folder.path(name), replacing: replacing, workers: 2)
  }

  private func refusal(
    to name: String = "out", _ change: (inout PrintOptions) -> Void = { _ in }
  ) async throws -> String {
    let error = await #expect(throws: PrintError.self) { try await print(to: name, change) }
    return error?.description ?? ""
  }

  private func kinds(_ names: String...) -> [PrintedKind] {
    PrintedKind.all.filter { names.contains($0.name) }
  }

  @Test("writes a file for each layer and projection, and nothing else beside them")
  func single() async throws {
    let files = try await print { $0.kinds = kinds("similarity") }
    let names = [0, 1].flatMap { layer in
      ["gate_proj", "up_proj"].map { "similarity-layer-0\(layer)-\($0)-hidden.svg" }
    }
    #expect(files.map(\.name).sorted() == names.sorted())
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
    #expect(Set(try filesByPath(under: folder.path("out")).keys) == Set(names))
    let first = try #require(files.first)
    #expect(first.caption.hasPrefix("Layer 0 · gate_proj · hidden side · top k = 15"))
    #expect(first.caption.contains("Grey: an expert with itself."))
  }

  @Test("what a killed process left is removed, what another works in stays")
  func leftovers() async throws {
    try folder.write("half", as: "out/.sdmoe-figures-1/a.svg")
    try folder.write("half", as: "out/.sdmoe-figures-2/a.svg")
    try folder.write("mine", as: "out/mine.svg")
    let lock = try #require(FolderLock(in: folder.path("out/.sdmoe-figures-2")))
    let files = try await print { $0.kinds = kinds("similarity") }
    withExtendedLifetime(lock) {}
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: folder.path("out")))
        == Set(files.map(\.name) + [".sdmoe-figures-2", "mine.svg"]))
  }

  @Test("a folder that another process prints into is left to it")
  func twoAtOnce() async throws {
    let out = folder.path("out")
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    do {
      let lock = try #require(FolderLock(in: out))
      await #expect(throws: PrintError.inUse(path: out)) {
        try await print { $0.kinds = kinds("similarity") }
      }
      withExtendedLifetime(lock) {}
      #expect(
        PrintError.inUse(path: out).description
          == "\(out): another sdmoe works in this folder; run the same command again when it is done"
      )
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: out) == [])
    #expect(try await print { $0.kinds = kinds("similarity") }.count == 4)
  }

  @Test("a folder in the way, or a link that leads nowhere, stops all before anything is put there")
  func obstacles() async throws {
    let names = try await print(to: "first") { $0.kinds = kinds("similarity") }.map(\.name)
    let last = try #require(names.last)
    try folder.write("mine", as: "out/\(last)/mine")
    await #expect(throws: PrintError.folderExists(path: folder.path("out"), name: last)) {
      try await print(replacing: true) { $0.kinds = kinds("similarity") }
    }
    #expect(Array(try filesByPath(under: folder.path("out")).keys) == ["\(last)/mine"])
    try FileManager.default.removeItem(atPath: folder.path("out/\(last)"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("out/\(last)"), withDestinationPath: "nowhere")
    await #expect(throws: PrintError.outputExists(path: folder.path("out"), name: last)) {
      try await print { $0.kinds = kinds("similarity") }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("out")) == [last])
  }

  @Test("a path that a link leads into the run is refused")
  func linkedIntoRun() async throws {
    let opened = try run.opened().path
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: opened)
    await #expect(
      throws: PrintError.insideRun(path: folder.path("link/new"), run: opened)
    ) { try await print(to: "link/new") }
  }

  @Test("a sheet holds all layers of a projection, on one scale")
  func sheet() async throws {
    let files = try await print {
      $0.kinds = kinds("similarity")
      $0.isSheet = true
      $0.projections = [.gate]
    }
    #expect(files.map(\.name) == ["similarity-layers-gate_proj-hidden.svg"])
    let picture = try DrawnPicture(
      String(contentsOfFile: folder.path("out/\(files[0].name)"), encoding: .utf8))
    try picture.expectReadableTexts()
    #expect(picture.texts.contains("Layer 0") && picture.texts.contains("Layer 1"))
    #expect(picture.texts[0].hasPrefix("gate_proj · hidden side"))
    #expect(picture.all("linearGradient").count == 1)
  }

  @Test("colours run from the least to the largest value of the data, or as asked")
  func range() async throws {
    let ranges: [(PrintOptions.ColourRange, String)] = [
      (.ofRun, "from dark violet at 0 to yellow at 0.6"),
      (.fixed(0.2, 0.5), "at 0.2 to yellow at 0.5"),
      (.ofData, "at 0.106436 to yellow at 0.548198"),
    ]
    for (place, (range, words)) in ranges.enumerated() {
      let files = try await print(to: "\(place)") {
        $0.kinds = kinds("similarity")
        $0.range = range
      }
      let svg = try String(
        contentsOfFile: folder.path("\(place)/\(files[0].name)"), encoding: .utf8)
      #expect(svg.contains(words), "\(words)")
    }
  }

  @Test("existing files stay, unless they may be replaced; nothing is half written")
  func existing() async throws {
    let file = "out/similarity-layer-01-up_proj-hidden.svg"
    try folder.write("mine", as: file)
    #expect(try await refusal { $0.kinds = kinds("similarity") }.contains("--force"))
    #expect(try filesByPath(under: folder.path("out")).count == 1)
    #expect(try String(contentsOfFile: folder.path(file), encoding: .utf8) == "mine")
    try folder.write("note", as: "out/notes.md")
    #expect(try await print(replacing: true) { $0.kinds = kinds("similarity") }.count == 4)
    #expect(try String(contentsOfFile: folder.path(file), encoding: .utf8) != "mine")
    #expect(try String(contentsOfFile: folder.path("out/notes.md"), encoding: .utf8) == "note")
  }

  @Test("what the run has not is told, with what there is")
  func refusals() async throws {
    let kind = try await refusal { $0.kinds = kinds("bands") }
    #expect(kind.contains("no figures of the kind bands") && kind.contains("it has similarity"))
    #expect(kind.contains("--analyses bands"))
    #expect(
      try await refusal { $0.kinds = kinds("routing") }.contains(
        "measures with --captures <file> and --analyses routing; it has"))
    #expect(try await refusal { $0.layers = [7] }.contains("the run has the layers 0-1"))
    #expect(
      try await refusal { $0.projections = [.down] }.contains("the run has gate_proj, up_proj"))
    let error = await #expect(throws: PrintError.self) {
      try await FigurePrint(of: run.opened(), options: PrintOptions(width: 238)).write(
        to: "\(run.path)/figures", replacing: true, workers: 1)
    }
    #expect(error?.description.contains("lies in the run") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
