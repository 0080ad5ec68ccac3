import Checkpoints
import Experts
import SpectralAnalysis
import Testing

/// Checks the normal form of options.
@Suite struct AnalysisOptionsTests {
  @Test("Analyses and projections are put in their own order, each once")
  func normalForm() {
    let options = AnalysisOptions(
      analyses: [.router, .energy, .router], projections: [.down, .gate, .down])
    #expect(options.analyses == [.energy, .router])
    #expect(options.projections == [.gate, .down])
    #expect(options == AnalysisOptions(analyses: [.energy, .router], projections: [.gate, .down]))
    #expect(AnalysisOptions().fraction == 0.01)
    #expect(AnalysisOptions().layers == nil)
  }
}
