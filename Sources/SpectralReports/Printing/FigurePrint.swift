internal import Experts
internal import Files
public import Findings
internal import Foundation
internal import Pictures
internal import Workers

/// The figures of a run for a paper: as wide as a column, with type of one size, in files that a
/// document takes as they are.
public struct FigurePrint: Sendable {
  /// A file that was written.
  public struct File: Sendable, Equatable {
    /// The file's name.
    public let name: String
    /// What its caption should say: title, what is shown, and what must be known to read it.
    public let caption: String
    /// The size of the picture in points, 1/72 inch.
    public let width, height: Double
  }

  private let run: RunFolder
  private let options: PrintOptions

  /// Takes a finished run, and what shall be printed of it.
  public init(of run: RunFolder, options: PrintOptions) {
    self.run = run
    self.options = options
  }

  /// Writes the figures, all of them or none.
  ///
  /// The same run and options give the same bytes with the same libraries and fonts. Figures over all
  /// layers of a run, such as its profiles, show all of them, whatever layers were chosen. They are
  /// made in a folder in the target, `.sdmoe-figures-…`, which a process that is killed leaves behind,
  /// and the next one for this target removes.
  ///
  /// - Parameters:
  ///   - target: The folder, which is made if need be.
  ///   - replacing: Whether files of the same names may give way.
  ///   - workers: How many units to read at once.
  /// - Returns: The files, in the order of the kinds.
  /// - Throws: ``PrintError``; `FindingsError` for tables that are damaged, and where a file cannot be
  ///   written.
  /// - Complexity: O(size of the tables) time; memory for the figures of one file.
  public func write(to target: String, replacing: Bool, workers: Int) async throws -> [File] {
    if lies(target, in: run.path) { throw PrintError.insideRun(path: target, run: run.path) }
    let place = resolvedPath(target)
    let kinds = try chosenKinds()
    let figures = UnitFigures(run: run, scales: try await scales(workers: workers))
    let isNew = FileStatus(at: place) == nil
    let folder = "\(place)/\(Self.workName)\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    defer {
      try? FileManager.default.removeItem(atPath: folder)
      // It goes only if nothing was put there. Safe: the string outlives the call.
      if isNew { _ = unsafe rmdir(place) }
    }
    do throws(SystemError) {
      try makeFolder(at: folder)
    } catch {
      throw FindingsError.fileSystem(path: target, doing: "make this folder", reason: error.reason)
    }
    let lock = FolderLock(in: folder)
    // Two processes would put their files among one another's.
    guard let targetLock = FolderLock(in: place) else { throw PrintError.inUse(path: target) }
    defer { withExtendedLifetime((lock, targetLock)) {} }
    Self.removeLeftovers(in: place)
    var files: [File] = []
    try forEachSheet(of: kinds, from: figures) { stem, sheet in
      let name = "\(stem).\(options.format.rawValue)"
      try checkPlace(of: name, in: target, replacing: replacing)
      let sheet = options.range.applied(to: sheet)
      let picture = sheet.printed(options.style)
      try WholeFile.write(bytes(of: picture, as: name), to: "\(folder)/\(name)")
      files.append(
        File(name: name, caption: sheet.caption, width: picture.width, height: picture.height))
    }
    guard !files.isEmpty else {
      throw PrintError.nothing(
        run: run.path, kinds: kinds.map(\.name),
        isOfSelection: options.layers != nil || options.projections != nil)
    }
    // Somebody may have put something there meanwhile.
    for file in files { try checkPlace(of: file.name, in: target, replacing: replacing) }
    do throws(SystemError) {
      for file in files { try replace("\(place)/\(file.name)", with: "\(folder)/\(file.name)") }
    } catch {
      throw FindingsError.fileSystem(
        path: target, doing: "put figures here", reason: error.reason)
    }
    return files
  }

  private func bytes(of picture: PrintedPicture, as name: String) throws -> [UInt8] {
    do throws(RenderingError) {
      return switch options.format {
      case .svg: Array(picture.svg.utf8)
      case .pdf: try picture.pdf()
      case .png: try picture.png(dotsPerInch: options.dotsPerInch)
      }
    } catch {
      throw PrintError.notRendered(name: name, reason: error.description)
    }
  }

  /// The scales that suit all layers of the run, whichever are printed.
  private func scales(workers: Int) async throws -> FigureScales {
    let run = run
    let units = run.manifest.units
    guard options.range == .ofRun else { return FigureScales(holding: []) }
    return FigureScales(
      holding: try await WorkerPool(count: workers).map(count: units.count) {
        try FigureScales(of: units[$0], in: run)
      })
  }

  // MARK: What is printed

  private var chosenUnits: [RunUnit] {
    run.manifest.units.filter { unit in
      options.layers?.contains(unit.layer) != false && isChosen(unit.projection)
    }
  }

  /// Whether figures of a projection, or of none, are printed.
  private func isChosen(_ projection: Projection?) -> Bool {
    guard let projection, let projections = options.projections else { return true }
    return projections.contains(projection)
  }

  /// The kinds that were asked for, or all that the run has.
  private func chosenKinds() throws -> [PrintedKind] {
    let measured = run.manifest.options
    if let layer = options.layers?.first(where: { !measured.layers.contains($0) }) {
      throw PrintError.noLayer(run: run.path, layer: layer, layers: measured.layerRanges)
    }
    if let none = options.projections?.first(where: { !measured.projections.contains($0) }) {
      throw PrintError.noProjection(
        run: run.path, projection: none.rawValue,
        projections: measured.projections.map(\.rawValue))
    }
    let present = try PrintedKind.all.filter { kind in
      try kind.parts.allSatisfy { try has($0.kind) }
    }
    guard let asked = options.kinds else { return present }
    if let none = asked.first(where: { !present.contains($0) }) {
      guard !present.isEmpty else {
        throw PrintError.nothing(run: run.path, kinds: [], isOfSelection: false)
      }
      throw PrintError.noKind(
        run: run.path, kind: none.name, command: none.command, present: present.map(\.name))
    }
    return PrintedKind.all.filter(asked.contains)
  }

  private func has(_ kind: FigureKind) throws -> Bool {
    switch kind.drawing {
    case .ofUnits(let drawing):
      run.manifest.units.contains { unit in
        FileManager.default.fileExists(atPath: run.path(of: drawing.table, of: unit))
      }
    case .ofRun(let draw): try !draw(run).isEmpty
    }
  }

  /// Pictures that stand side by side.
  private struct Row {
    let unit: UnitKey
    let figures: [Figure]
  }

  private func forEachSheet(
    of kinds: [PrintedKind], from figures: UnitFigures,
    _ body: (_ stem: String, PictureSheet) throws -> Void
  ) throws {
    for kind in kinds {
      if case .ofRun(let draw) = kind.parts[0].kind.drawing {
        for group in try draw(run) where isChosen(group.projection) {
          for figure in group.figures { try body(figure.name, PictureSheet(figure.picture)) }
        }
        continue
      }
      var sheets: [Projection?: [Row]] = [:]
      for unit in chosenUnits {
        let parts = try kind.parts.map { try figures.figures(of: unit, kind: $0.kind) }
        for place in 0..<(parts.map(\.count).min() ?? 0) {
          let row = Row(unit: unit.key, figures: parts.map { $0[place] })
          if options.isSheet {
            sheets[unit.projection, default: []].append(row)
          } else {
            try body(stem(of: row, kind), sheet(of: row, kind))
          }
        }
      }
      let order: [Projection?] = [nil] + Projection.allCases.map(Optional.some)
      for rows in order.compactMap({ sheets[$0] }) {
        try body(stem(of: rows[0], kind), sheet(of: rows, kind))
      }
    }
  }

  /// The name of a file without its ending.
  private func stem(of row: Row, _ kind: PrintedKind) -> String {
    let name = row.figures[0].name
    let unit = String(name.dropFirst(kind.parts[0].kind.name.count))
    return kind.name
      + (options.isSheet ? unit.replacing(/^-layer-[0-9]+/, with: "-layers") : unit)
  }

  private func sheet(of row: Row, _ kind: PrintedKind) -> PictureSheet {
    guard kind.parts.count > 1 else { return PictureSheet(row.figures[0].picture) }
    return PictureSheet(
      title: "\(row.unit.title) · \(kind.parts.map(\.caption).joined(separator: " and "))",
      subtitle: kind.shows,
      panels: zip(row.figures, kind.parts).map { figure, part in
        PictureSheet.Panel(caption: part.caption, picture: figure.picture)
      }, columnCount: kind.parts.count)
  }

  /// All layers on one sheet, in their order.
  private func sheet(of rows: [Row], _ kind: PrintedKind) -> PictureSheet {
    let sheets = rows.map { (unit: $0.unit, sheet: sheet(of: $0, kind)) }
    let titles = sheets.map { unit, sheet in
      let layer = "Layer \(unit.layer) · "
      return sheet.title.hasPrefix(layer) ? String(sheet.title.dropFirst(layer.count)) : sheet.title
    }
    // What differs between layers, such as floors, is left out of what is said of all.
    let isOfOne = Set(titles).count == 1
    let subtitles = sheets.map { $0.sheet.subtitle }
    let first = subtitles[0].prefix { $0 != ";" }
    return PictureSheet(
      title: isOfOne ? titles[0] : kind.shows,
      subtitle: Set(subtitles).count == 1 ? subtitles[0] : String(first),
      panels: sheets.flatMap { unit, sheet in
        sheet.panels.map { panel in
          let caption = "Layer \(unit.layer)" + (panel.caption.isEmpty ? "" : " · \(panel.caption)")
          return PictureSheet.Panel(caption: caption, picture: panel.picture)
        }
      }, columnCount: kind.parts.count > 1 ? kind.parts.count : nil)
  }

  // MARK: Folders

  /// What the names of folders begin with in which figures are made.
  private static let workName = ".sdmoe-figures-"

  /// Removes the folders of processes that were killed: those that nobody has locked.
  private static func removeLeftovers(in target: String) {
    let manager = FileManager.default
    for name in (try? manager.contentsOfDirectory(atPath: target)) ?? []
    where name.hasPrefix(workName) {
      guard let lock = FolderLock(in: "\(target)/\(name)"), lock.isHeld else { continue }
      try? manager.removeItem(atPath: "\(target)/\(name)")
      withExtendedLifetime(lock) {}
    }
  }

  /// Makes sure that a file can be put into a folder.
  private func checkPlace(of name: String, in target: String, replacing: Bool) throws {
    // Links are not followed: what lies there is the link.
    let attributes = try? FileManager.default.attributesOfItem(atPath: "\(target)/\(name)")
    guard let attributes else { return }
    guard replacing else { throw PrintError.outputExists(path: target, name: name) }
    guard attributes[.type] as? FileAttributeType != .typeDirectory else {
      throw PrintError.folderExists(path: target, name: name)
    }
  }
}

extension PictureSheet {
  /// What a caption should say.
  fileprivate var caption: String {
    "\(title): \(subtitle)." + notes.map { " \($0)" }.joined()
  }
}
