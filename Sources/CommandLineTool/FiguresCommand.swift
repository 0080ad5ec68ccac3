public import ArgumentParser
import Experts
import Findings
import Workers
public import SpectralReports

/// `sdmoe figures` — writes figures of a run for a paper.
struct FiguresCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figures",
    abstract: "Write figures of a run for a paper.",
    usage: "sdmoe figures <run> --output <folder> [<options>]",
    discussion: """
      Writes files of the width of a column, with all type in one size, that a document takes as \
      they are: PDF with its fonts in it, PNG, or SVG. Their names, and with --no-title what their \
      captions should say, go to standard output. Existing files stay unless --force is given.
      """)

  @Argument(help: "A folder that sdmoe analyze wrote.", completion: .directory)
  var run: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where the figures are written.", valueName: "folder"),
    completion: .directory)
  var output: String

  @Option(help: "The form of the files: svg, pdf or png.")
  var format = PrintOptions.Format.pdf

  @Option(
    name: .customLong("kind"),
    help: ArgumentHelp(
      """
      The kinds, such as similarity,bands: any of \
      \(PrintedKind.all.map(\.name).joined(separator: ", ")). (default: all that the run has)
      """, valueName: "list"), completion: WordList.completion(of: WordList<PrintedKind>.known),
    transform: WordList<PrintedKind>.init(words:))
  var kindLists: [WordList<PrintedKind>] = []

  @Option(
    name: .customLong("layers"),
    help: ArgumentHelp(
      "The layers, such as 0-3,7. (default: all of the run)", valueName: "list"),
    transform: LayerSelection.init(words:))
  var layerLists: [LayerSelection] = []

  @Option(
    name: .customLong("projections"),
    help: ArgumentHelp(
      "The projections: any of gate, up and down. (default: all of the run)", valueName: "list"),
    completion: WordList.completion(of: WordList<Projection>.known),
    transform: WordList<Projection>.init(words:))
  var projectionLists: [WordList<Projection>] = []

  @Flag(help: "Put all layers of a projection on one sheet, rather than each in a file of its own.")
  var sheet = false

  @Option(
    help: ArgumentHelp("The width, such as 84mm, 17.4cm, 3.3in or 240pt.", valueName: "length"))
  var width = Length(points: 84 * 72 / 25.4, text: "84mm")

  @Option(help: ArgumentHelp("The size of all type in points.", valueName: "points"))
  var fontSize = 8.0

  @Flag(help: "Leave out the title and the sentences around the picture, for a caption to say.")
  var noTitle = false

  @Option(
    help: ArgumentHelp(
      "From where to where the colours of heatmaps run: 'run', from 0 to a round number that suits all layers; 'data', from the least to the largest value of each file; or two numbers, such as 0-1.",
      valueName: "range"))
  var range = ColourRangeArgument(range: .ofRun)

  @Option(help: ArgumentHelp("How many pixels an inch of a PNG has.", valueName: "count"))
  var dpi = 300.0

  @Flag(help: "Replace files of the same names.")
  var force = false

  @OptionGroup var jobs: JobsOption

  func validate() throws {
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    guard fontSize >= 3, fontSize <= 30 else {
      throw ValidationError("--font-size is \(shortest(fontSize)), but must be 3 to 30 points")
    }
    guard dpi >= 36, dpi <= 2400 else {
      throw ValidationError("--dpi is \(shortest(dpi)), but must be 36 to 2400")
    }
    // Narrower, the words beside a picture leave no room for it; wider than a poster is an error.
    guard width.points >= 25 * fontSize, width.points <= 1200.001 * 72 / 25.4 else {
      throw ValidationError(
        "--width is \(width.text), but must be \(shortest((25 * fontSize * 25.4 / 72).rounded(.up)))mm to 1200mm with type of \(shortest(fontSize)) points"
      )
    }
  }

  func run() async throws {
    var options = PrintOptions(width: width.points)
    options.kinds = WordList(allOf: kindLists)?.elements
    options.layers = LayerSelection(allOf: layerLists)?.numbers
    options.projections = WordList(allOf: projectionLists)?.elements
    options.isSheet = sheet
    options.format = format
    options.fontSize = fontSize
    options.hasTitle = !noTitle
    options.range = range.range
    options.dotsPerInch = dpi
    let folder = try RunFolder(finishedAt: run, forWriting: false)
    let files = try await FigurePrint(of: folder, options: options).write(
      to: output, replacing: force,
      workers: jobs.count)
    let lines = files.flatMap { file in
      ["\(output)/\(file.name)"]
        + (noTitle ? wordWrapped(file.caption, width: 76).map { "    \($0)" } : [])
    }
    try StandardOutput.write(lines.joined(separator: "\n"))
    tellOfTall(files)
  }

  /// Tells of files that are higher than the pages that they are meant for.
  private func tellOfTall(_ files: [FigurePrint.File]) {
    let pageHeight = 297 * 72 / 25.4
    guard let tallest = files.max(by: { $0.height < $1.height }), tallest.height > pageHeight
    else { return }
    let (width, height) = (tallest.width, tallest.height)
    let sizes = [width, height].map { "\(Int(($0 * 25.4 / 72).rounded()))" }
    let size = sizes.joined(separator: " by ")
    let advice = sheet ? "fewer --layers make it lower" : "a smaller --width makes it lower"
    StandardError.write(
      wordWrapped(
        "\(tallest.name) is \(size) mm, higher than a page of A4 (297 mm); \(advice)"
      ).joined(separator: "\n") + "\n")
  }
}

extension PrintOptions.Format: ExpressibleByArgument {}

extension WordList<PrintedKind> {
  /// Their names.
  static let known = PrintedKind.all.map { (word: $0.name, element: $0) }

  /// Kinds of figures by name.
  init(words: String) throws {
    try self.init(words, of: "a kind of figure", known: Self.known)
  }
}
