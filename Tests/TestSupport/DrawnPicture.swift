internal import Foundation
internal import Testing

#if canImport(FoundationXML)
  internal import FoundationXML
#endif

/// An SVG picture, read back by an XML parser that knows nothing of how it was written.
package struct DrawnPicture {
  /// An element with its own attributes and those that it has from the groups around it.
  package struct Element {
    /// The name of the element.
    package let name: String
    /// The attributes by their names.
    package let attributes: [String: String]
    /// The class of the group that it stands in.
    package let groupClass: String?
    /// What is written in it.
    package fileprivate(set) var words = ""

    /// An attribute that is a number.
    ///
    /// - Throws: What a failed requirement does, where it is none.
    package func number(_ attribute: String) throws -> Double {
      try #require(attributes[attribute].flatMap(Double.init), "\(name) without \(attribute)")
    }
  }

  /// All elements, in the order of drawing.
  package let elements: [Element]

  /// Reads a picture.
  ///
  /// - Throws: What a failed requirement does, for text that is not XML.
  package init(_ svg: String) throws {
    let reader = ElementReader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    let isWellFormed = parser.parse()
    try #require(isWellFormed, "not XML: \(String(describing: parser.parserError))")
    elements = reader.elements
  }

  /// All elements of a name.
  package func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

  /// Everything that is written in the picture, in the order of drawing.
  package var texts: [String] { all("text").map(\.words) }
}

/// Collects the elements of a document, each with the attributes of the groups around it.
private final class ElementReader: NSObject, XMLParserDelegate {
  var elements: [DrawnPicture.Element] = []
  private var inherited: [[String: String]] = [[:]]
  private var open: [Int] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String] = [:]
  ) {
    let outer = inherited.last ?? [:]
    let all = outer.merging(attributes) { _, own in own }
    open.append(elements.count)
    elements.append(DrawnPicture.Element(name: name, attributes: all, groupClass: outer["class"]))
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
