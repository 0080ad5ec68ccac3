internal import CPNG
internal import Foundation
internal import Testing

/// A PNG picture, read back by libpng: four bytes for each pixel.
package struct DecodedPNG {
  /// The number of pixels in a row.
  package let width: Int
  /// The number of rows.
  package let height: Int
  private var pixels: [UInt8] = []

  /// Reads a picture.
  ///
  /// - Throws: What a failed requirement does, for text that is no picture.
  package init(base64: String) throws {
    let file = try #require(Data(base64Encoded: base64), "not base 64")
    // Safe: zeros are an empty picture; libpng reads the file's bytes and writes the pixels, which
    // have room for all.
    var image = unsafe png_image()
    unsafe image.version = UInt32(PNG_IMAGE_VERSION)
    let isOpen = unsafe file.withUnsafeBytes {
      unsafe png_image_begin_read_from_memory(&image, $0.baseAddress, $0.count)
    }
    try #require(isOpen != 0, "not a PNG picture")
    unsafe image.format = UInt32(PNG_FORMAT_FLAG_COLOR) | UInt32(PNG_FORMAT_FLAG_ALPHA)
    width = unsafe Int(image.width)
    height = unsafe Int(image.height)
    var pixels = [UInt8](repeating: 0, count: 4 * width * height)
    let isRead = unsafe file.withUnsafeBytes { _ in
      unsafe pixels.withUnsafeMutableBytes {
        unsafe png_image_finish_read(&image, nil, $0.baseAddress, 0, nil)
      }
    }
    try #require(isRead != 0, "the picture is damaged")
    self.pixels = pixels
  }

  /// The red, green and blue of a pixel.
  package subscript(row: Int, column: Int) -> [Int] {
    (0..<3).map { Int(pixels[4 * (row * width + column) + $0]) }
  }
}
