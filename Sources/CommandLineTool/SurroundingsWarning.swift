import Files
import LinearAlgebra

/// Warns of what is slow about this machine, and unsafe about the place of the output.
func warnOfSurroundings(ofOutput output: String) {
  if let warning = LinearAlgebraLibrary.slownessWarning {
    StandardError.write("warning: \(warning)\n")
  }
  if !FolderLock.areKnown(in: output) {
    StandardError.write(
      "warning: \(output): its file system has no locks; let no other sdmoe work in it meanwhile\n")
  }
}
