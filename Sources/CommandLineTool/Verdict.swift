/// How an examination ended, as summaries name it.
enum Verdict: String, Encodable {
  case pass = "PASS"
  case fail = "FAIL"
}
