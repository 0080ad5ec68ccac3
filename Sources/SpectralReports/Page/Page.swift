internal import Experts
internal import Mustache

/// A page of figures: one file of HTML with its style, its script and its data.
///
/// Words come into the page through the template, which escapes them, and data as JSON without `<`.
struct Page {
  let title: String
  let heading: String
  /// What stands small beside the heading: the family of a checkpoint.
  var kind: String?
  let lead: String
  let facts: [(name: String, value: String)]
  let findings: [Finding]
  let sections: [ReportSection]
  /// What is not shown, and how to get it.
  let absent: [ReportSection]
  /// The file that tells how numbers are defined.
  var manifest = "manifest.json"
  /// What the script knows of the whole.
  let data: String
  /// What it knows of single layers and projections.
  let units: [PagePart]
  /// Tables at the end of the page.
  var tables: [(title: String, lead: String, columns: [String], rows: [[String]])] = []
  /// What made the page, for its end.
  var origin: [(name: String, value: String)] = []

  /// The file.
  var html: String {
    get throws {
      let page = try MustacheTemplate(
        string: String(decoding: PackageResources.page_mustache, as: UTF8.self))
      let words = MustacheLibrary(templates: ["words": try MustacheTemplate(string: Self.words)])
      var glossary = Glossary()
      let content: [String: Any] = [
        "title": title, "heading": heading, "kind": kind ?? "", "hasKind": kind != nil,
        "lead": glossary.words(lead),
        "facts": facts.map { ["name": $0.name, "value": $0.value] },
        "origin": origin.map { ["name": $0.name, "value": $0.value] },
        "findings": findings.map { finding in
          [
            "topic": finding.topic, "conclusion": glossary.words(capitalised(finding.conclusion)),
            "numbers": finding.numbers.map {
              ["name": glossary.words($0.name), "value": $0.value] as [String: Any]
            },
            "hasNumbers": !finding.numbers.isEmpty, "remark": glossary.words(finding.remark),
          ] as [String: Any]
        },
        "hasFindings": !findings.isEmpty,
        "sections": sections.map {
          ["id": $0.id, "title": $0.title, "lead": glossary.words($0.lead)] as [String: Any]
        },
        "absent": absent.map { ["title": $0.title, "command": $0.command] },
        "manifest": manifest, "hasAbsent": !absent.isEmpty,
        "style": String(decoding: PackageResources.page_css, as: UTF8.self),
        "script": PageScript.text,
        "data": data, "units": units.map(Self.unit),
        "tables": tables.enumerated().map { place, table in
          [
            "id": "table-\(place + 1)", "title": table.title, "lead": glossary.words(table.lead),
            "columns": table.columns, "rows": table.rows.map { ["cells": $0] },
          ] as [String: Any]
        },
      ]
      let terms: [String: Any] = ["terms": glossary.terms, "hasTerms": !glossary.terms.isEmpty]
      return page.render(content.merging(terms) { first, _ in first }, library: words)
    }
  }

  /// A piece of a text, with a link where it is a term.
  private static let words =
    ##"{{#term}}<a class="term" href="#term-{{term}}">{{text}}</a>{{/term}}{{^term}}{{text}}{{/term}}"##

  private static func unit(_ part: PagePart) -> [String: Any] {
    [
      "layer": part.layer, "projection": part.projection?.rawValue ?? "",
      "hasProjection": part.projection != nil, "json": part.json,
    ]
  }
}

/// The text with its first letter in upper case.
private func capitalised(_ text: String) -> String {
  text.prefix(1).uppercased() + text.dropFirst()
}

/// The terms that a page uses.
private struct Glossary {
  private var used: Set<String> = []

  /// A text in pieces for the template, whose terms are noted.
  mutating func words(_ text: String) -> [[String: Any]] {
    TermText(text).pieces.map { piece in
      guard let term = piece.term else { return ["text": piece.text] }
      used.insert(term)
      return ["text": piece.text, "term": term]
    }
  }

  /// The terms that were noted, by their titles.
  var terms: [[String: String]] {
    Term.all.filter { used.contains($0.id) }.sorted { $0.title < $1.title }
      .map { ["id": $0.id, "title": $0.title, "meaning": $0.meaning] }
  }
}

/// What a layer, and a projection where it is about one, give to a page.
struct PagePart: Sendable {
  let layer: Int
  let projection: Projection?
  /// The names of the figures.
  let figures: [String]
  /// The sections that they stand in.
  let sections: Set<ReportSection>
  /// What the script knows.
  let json: String

  /// Takes what the script knows of a unit.
  init(_ unit: PageUnit, figures: [FigureGroup]) throws {
    layer = unit.layer
    projection = unit.projection
    self.figures = figures.flatMap { $0.figures.map(\.name) }
    sections = Set(figures.map(\.section))
    json = try unit.json
  }
}
