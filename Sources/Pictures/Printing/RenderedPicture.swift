internal import CRSVG

/// Why a picture cannot become PDF or PNG.
package enum RenderingError: Error, Equatable, Sendable {
  /// A library is not there, or lacks a function.
  case noLibrary(reason: String)
  /// No font is installed.
  case noFont
  /// The library refuses the picture.
  case refused(reason: String)
}

extension RenderingError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  package var description: String {
    switch self {
    case .noLibrary(let reason):
      "PDF and PNG need librsvg, version 2.46 or later: \(reason); install it (librsvg2-2 and fonts-dejavu-core on Debian), or give --format svg"
    case .noFont:
      "PDF and PNG need a font, and none is installed; install one (fonts-dejavu-core on Debian), or give --format svg"
    case .refused(let reason):
      "librsvg cannot render the picture: \(reason); give --format svg, and report this"
    }
  }
}

/// A picture that is laid out for a page.
package struct PrintedPicture: Sendable {
  /// The picture, a whole SVG document.
  package let svg: String

  /// The title of the document.
  package let title: String

  /// The size in points, 1/72 inch.
  package let width, height: Double

  /// The picture as a PDF file of one page, with the glyphs of its fonts in it.
  ///
  /// The same picture gives the same bytes with the same libraries and fonts.
  ///
  /// - Throws: ``RenderingError``
  package func pdf() throws(RenderingError) -> [UInt8] {
    try rendered(svg, title: title, width: width, height: height)
  }

  /// The picture as a PNG file that says how large its pixels are.
  ///
  /// - Parameter dotsPerInch: How many pixels an inch has.
  /// - Returns: The bytes of the file.
  /// - Throws: ``RenderingError``
  package func png(dotsPerInch: Double) throws(RenderingError) -> [UInt8] {
    func pixels(_ points: Double) -> Double { max(1, (points * dotsPerInch / 72).rounded()) }
    return try rendered(svg, title: nil, width: pixels(width), height: pixels(height))
      .withPixelsPerMetre(UInt32((dotsPerInch / 0.0254).rounded()))
  }
}

private func rendered(
  _ svg: String, title: String?, width: Double, height: Double
) throws(RenderingError) -> [UInt8] {
  var file: [UInt8] = []
  var message = [CChar](repeating: 0, count: 512)
  let size = message.count
  let source = Array(svg.utf8)
  func render(_ title: UnsafePointer<CChar>?) -> Int32 {
    // Safe: the picture, the message's room and the file are lent for the call alone, each with its
    // own length, and the file's address comes back to the function as it was given.
    unsafe withUnsafeMutablePointer(to: &file) { file in
      unsafe message.withUnsafeMutableBufferPointer { message in
        unsafe crsvg_render(
          source, source.count, crsvg_page(width: width, height: height, title: title),
          { target, bytes, count in
            unsafe target?.assumingMemoryBound(to: [UInt8].self).pointee
              .append(contentsOf: UnsafeBufferPointer(start: bytes, count: Int(count)))
            return 0
          }, file, message.baseAddress, size)
      }
    }
  }
  let status =
    if let title { unsafe title.withCString { unsafe render($0) } } else { render(nil) }
  guard status != Int32(crsvg_done) else { return file }
  let words = String(
    decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  throw switch status {
  case Int32(crsvg_no_library): .noLibrary(reason: words)
  case Int32(crsvg_no_font): .noFont
  default: .refused(reason: words)
  }
}

extension [UInt8] {
  /// The PNG file with a chunk that says how large its pixels are.
  ///
  /// Source: PNG Specification, Third Edition, 11.3.4.3 "pHYs" and annex D, "CRC".
  fileprivate func withPixelsPerMetre(_ count: UInt32) -> [UInt8] {
    // The signature takes 8 bytes, and the header chunk, which comes first, 25.
    let place = 33
    guard self.count > place else { return self }
    let content = Array("pHYs".utf8) + bytes(of: count) + bytes(of: count) + [1]
    let check = content.reduce(UInt32.max) { check, byte in
      (0..<8).reduce(check ^ UInt32(byte)) { rest, _ in
        rest >> 1 ^ (rest & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
    return self[..<place] + bytes(of: 9) + content + bytes(of: ~check) + self[place...]
  }
}

private func bytes(of number: UInt32) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}
