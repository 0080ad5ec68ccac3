import Files

/// The files of an output that only sdmoe reads, by their paths in its folder.
struct OwnFiles: Sendable {
  /// What the conversion did.
  let certificate: String
  /// The certificate's table.
  let table: String
  /// The bases and common parts of a merged checkpoint, whose model has no such tensors.
  let bases: String

  /// Where they are written: in a folder of their own, because many programs take every
  /// safetensors file beside config.json for weights of the model.
  static let current = OwnFiles(
    certificate: "sdmoe/certificate.json", table: "sdmoe/certificate.csv",
    bases: "sdmoe/bases.safetensors")

  /// Where they lie in outputs of earlier versions: beside the weights.
  static let former = OwnFiles(
    certificate: "sdmoe-certificate.json", table: "sdmoe-certificate.csv",
    bases: "sdmoe-bases.safetensors")

  /// All names that such a file has or had.
  static let allNames = Set([current, former].flatMap { [$0.certificate, $0.table, $0.bases] })

  private init(certificate: String, table: String, bases: String) {
    self.certificate = certificate
    self.table = table
    self.bases = bases
  }

  /// Those of an output; nil for a folder without a certificate.
  init?(of folder: String) {
    let known = [Self.current, Self.former]
    guard let own = known.first(where: { FileStatus(at: "\(folder)/\($0.certificate)") != nil })
    else { return nil }
    self = own
  }
}
