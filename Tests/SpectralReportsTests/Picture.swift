import Foundation
import SpectralReports
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An SVG picture, read back by an XML parser that knows nothing of how it was written.
struct Picture {
  /// An element with its own attributes and those that it has from the groups around it.
  struct Element {
    let name: String
    let attributes: [String: String]
    let groupClass: String?
    var words = ""

    func number(_ attribute: String) throws -> Double {
      try #require(attributes[attribute].flatMap(Double.init), "\(name) without \(attribute)")
    }
  }

  let elements: [Element]

  init(_ svg: String) throws {
    let reader = ElementReader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    let isWellFormed = parser.parse()
    try #require(isWellFormed, "not XML: \(String(describing: parser.parserError))")
    elements = reader.elements
  }

  func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

  /// Everything that is written in the picture, in the order of drawing.
  var texts: [String] { all("text").map(\.words) }
}

/// Collects the elements of a document, each with the attributes of the groups around it.
private final class ElementReader: NSObject, XMLParserDelegate {
  var elements: [Picture.Element] = []
  private var inherited: [[String: String]] = [[:]]
  private var open: [Int] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String] = [:]
  ) {
    let outer = inherited.last ?? [:]
    let all = outer.merging(attributes) { _, own in own }
    open.append(elements.count)
    elements.append(Picture.Element(name: name, attributes: all, groupClass: outer["class"]))
    inherited.append(name == "g" ? all : outer)
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    guard let place = open.last else { return }
    elements[place].words += string
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
    inherited.removeLast()
  }
}
