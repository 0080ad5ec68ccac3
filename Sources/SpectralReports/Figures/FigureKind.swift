internal import Experts
internal import Findings

/// One kind of figure: where it stands on the page and in the index, and how it is drawn.
///
/// A new kind of figure is a file with one of these, and a line in ``all``.
struct FigureKind: Sendable {
  /// How the names of its files begin: the name of the table that is drawn, where it is one.
  let name: String

  /// The section of the page that shows it.
  let section: ReportSection

  /// The paper's figure that it reproduces.
  let paperFigure: String

  /// What it shows, in the words of the index.
  let shows: String

  /// The option of `sdmoe analyze` that measures what it shows.
  let command: String

  /// How it is drawn.
  let drawing: Drawing

  /// From what a figure is drawn.
  enum Drawing: Sendable {
    /// Unit by unit, from the tables of the unit.
    case ofUnits(UnitDrawing)
    /// Once, from the tables of the whole run.
    case ofRun(@Sendable (RunFolder) throws -> [FigureGroup])
  }

  /// Describes a figure of each unit that has a table.
  ///
  /// - Parameters:
  ///   - name: How the names of the figures begin; as the table where it is left out.
  ///   - table: The table that is drawn.
  ///   - section: The section of the page.
  ///   - paperFigure: The paper's figure.
  ///   - shows: What the figure shows.
  ///   - command: The option that measures it, where that of the section does not.
  ///   - scale: The scale that figures of all units share, where they need one to be compared.
  ///   - draw: Draws the unit's figures.
  init(
    _ name: String? = nil, of table: TableDefinition, in section: ReportSection,
    paperFigure: String, shows: String, command: String? = nil, scale: FigureScale? = nil,
    draw: @escaping @Sendable (UnitDrawing.Material) throws -> [Figure]
  ) {
    self.init(
      name: name ?? table.name, section: section, paperFigure: paperFigure, shows: shows,
      command: command ?? section.command,
      drawing: .ofUnits(UnitDrawing(table: table, scale: scale, draw: draw)))
  }

  /// Describes figures of a whole run.
  ///
  /// - Parameters:
  ///   - name: How the names of the figures begin.
  ///   - section: The section of the page; that of the profiles where a figure is of all
  ///     projections.
  ///   - paperFigure: The paper's figure.
  ///   - shows: What the figure shows.
  ///   - draw: Draws the figures, each with its projection where it is of a single one.
  init(
    ofRuns name: String, in section: ReportSection, paperFigure: String, shows: String,
    draw: @escaping @Sendable (RunFolder) throws -> [(projection: Projection?, figure: Figure)]
  ) {
    self.init(
      name: name, section: section, paperFigure: paperFigure, shows: shows,
      command: section.command,
      drawing: .ofRun { run in
        try draw(run).map {
          FigureGroup(section: section, projection: $0.projection, figures: [$0.figure])
        }
      })
  }

  private init(
    name: String, section: ReportSection, paperFigure: String, shows: String, command: String,
    drawing: Drawing
  ) {
    self.name = name
    self.section = section
    self.paperFigure = paperFigure
    self.shows = shows
    self.command = command
    self.drawing = drawing
  }

  /// The same figure of what was measured on gradients.
  ///
  /// - Precondition: It is a figure of units.
  func ofGradients(paperFigure: String, shows: String) -> FigureKind {
    guard case .ofUnits(let drawing) = drawing else {
      preconditionFailure("only units are measured on gradients")
    }
    return FigureKind(
      name: "gradient_\(name)", section: .gradients, paperFigure: paperFigure, shows: shows,
      command: ReportSection.gradients.command, drawing: .ofUnits(drawing.ofGradients))
  }
}

/// Figures that stand together: of one kind, and of one unit or of one projection.
struct FigureGroup: Sendable {
  /// The section of the page.
  let section: ReportSection
  /// The projection of figures of a whole run that are of a single one.
  var projection: Projection?
  /// The figures, in order.
  let figures: [Figure]
}
