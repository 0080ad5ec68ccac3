internal import Mustache

/// A page of figures: one file of HTML with its style, its script and its data.
///
/// Words come into the page through the template, which escapes them, and data as JSON without `<`.
struct Page {
  let title: String
  let heading: String
  let lead: String
  let facts: [(name: String, value: String)]
  /// Paragraphs, each with a name before its first colon.
  let verdicts: [String]
  let sections: [(id: String, title: String, lead: String)]
  /// What is not shown, and how to get it.
  let absent: [(title: String, command: String)]
  /// The file that tells how numbers are defined.
  var manifest = "manifest.json"
  /// What the script knows of the whole.
  let data: String
  /// What it knows of single layers and projections.
  let units: [PagePart]
  /// Tables at the end of the page.
  var tables: [(title: String, lead: String, columns: [String], rows: [[String]])] = []

  /// The file.
  var html: String {
    get throws {
      let template = try MustacheTemplate(
        string: String(decoding: PackageResources.page_mustache, as: UTF8.self))
      return template.render(
        [
          "title": title, "heading": heading, "lead": lead,
          "facts": facts.map { ["name": $0.name, "value": $0.value] },
          "verdicts": verdicts.map(Self.verdict), "hasVerdicts": !verdicts.isEmpty,
          "sections": sections.map { ["id": $0.id, "title": $0.title, "lead": $0.lead] },
          "absent": absent.map { ["title": $0.title, "command": $0.command] },
          "manifest": manifest, "hasAbsent": !absent.isEmpty,
          "style": String(decoding: PackageResources.page_css, as: UTF8.self),
          "script": String(decoding: PackageResources.page_js, as: UTF8.self),
          "data": data, "units": units.map(Self.unit),
          "tables": tables.map { table in
            [
              "title": table.title, "lead": table.lead, "columns": table.columns,
              "rows": table.rows.map { ["cells": $0] },
            ] as [String: Any]
          },
        ] as [String: Any])
    }
  }

  private static func unit(_ part: PagePart) -> [String: Any] {
    [
      "layer": part.layer, "projection": part.projection ?? "",
      "hasProjection": part.projection != nil, "json": part.json,
    ]
  }

  private static func verdict(_ paragraph: String) -> [String: String] {
    guard let colon = paragraph.firstIndex(of: ":"),
      paragraph.distance(from: paragraph.startIndex, to: colon) < 40
    else { return ["name": "Note", "text": paragraph] }
    let text = paragraph[colon...].dropFirst().drop { $0 == " " }
    return [
      "name": String(paragraph[..<colon]), "text": text.prefix(1).uppercased() + text.dropFirst(),
    ]
  }
}

/// What a layer, and a projection where it is about one, give to a page.
struct PagePart: Sendable {
  let layer: Int
  let projection: String?
  /// The names of the figures.
  let figures: [String]
  /// The tables that they show.
  let tables: Set<String>
  /// What the script knows.
  let json: String
}
