import Pictures
import Testing
import TestSupport

/// Checks that whatever a caller writes stays words.
@Suite struct SVGElementTests {
  @Test("escape words and values")
  func escaping() {
    var markup = ""
    SVGElement("text", ["x": 1.5, "class": "a\"b<'&>"], words: "<script>\"&'</script>")
      .write(to: &markup)
    #expect(
      markup
        == "<text x=\"1.5\" class=\"a&quot;b&lt;&#39;&amp;&gt;\">"
        + "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;</text>\n")
  }

  @Test("leave out what XML cannot hold and keep the rest")
  func controlCharacters() throws {
    let words = "a\u{0}b\u{8}c\u{1B}d\u{7F}e\u{85}f\u{FFFE}g\u{FFFF}h\ti\nj · k — 表 😀"
    var markup = ""
    SVGElement("text", ["label": "\(words)"], words: words).write(to: &markup)
    let text = try #require(try DrawnPicture(markup).elements.first)
    #expect(text.words == "abcdefgh\ti\nj · k — 表 😀")
    #expect(text.attributes["label"] == "abcdefgh\ti\nj · k — 表 😀")
  }

  @Test("nest in the order given")
  func nesting() {
    var markup = ""
    SVGElement("g", children: [SVGElement("a"), SVGElement("b", ["d": "M0 0"])])
      .write(to: &markup)
    #expect(markup == "<g>\n<a/>\n<b d=\"M0 0\"/>\n</g>\n")
  }
}
