import Experts
import Findings
import SpectralReports
import TestSupport
import Testing

/// Checks the contract of `energyCurves`.
@Suite struct EnergyCurvesTests {
  /// Spectra 4, 3, 2, 1 with the first two as the top: cumulative 16, 25, 29 and 30 of `whole`.
  private func picture(whole: Double, bands: Table = Table(.bands), count: Int = 4) throws
    -> DrawnPicture
  {
    var spectrum = Table(.spectrum)
    var energy = Table(.energy)
    for expert in ["0", "1"] {
      for index in 1...count {
        spectrum.append(
          Spectrum.layer(3), Spectrum.projection(.gate), Spectrum.expert(ExpertName(expert)),
          Spectrum.index(index), Spectrum.sigma(Double(5 - index)))
      }
      energy.append(
        Energy.layer(3), Energy.projection(.gate), Energy.expert(ExpertName(expert)), Energy.k(2),
        Energy.energyTop(25 / whole), Energy.stableRank(2), Energy.effectiveRank(.nan),
        Energy.gap(1.5), Energy.flag(nil))
    }
    let figures = energyCurves(spectrum: spectrum, energy: energy, bands: bands)
    #expect(figures.map(\.name) == ["energy_curve-layer-03-gate_proj"])
    let picture = try DrawnPicture(#require(figures.first).svg)
    try picture.expectReadableTexts()
    return picture
  }

  @Test("are the cumulative shares of the whole energy, with k and the total marked")
  func shares() throws {
    let picture = try picture(whole: 30)
    let axis = try #require(picture.verticalMarks().first)
    let lines = picture.lines()
    for (point, sum) in zip(lines[0].points, [16.0, 25, 29, 30]) {
      #expect(abs(point.y - (try position(of: sum / 30, on: axis))) < 0.02)
    }
    let total = try position(of: 1, on: axis)
    #expect(lines[1].points.count == 2 && lines[1].points.allSatisfy { abs($0.y - total) < 0.02 })
    #expect(picture.texts.contains("total") && picture.texts.contains("k = 2, the top"))
    let upright = picture.elements.first { $0.name == "path" && $0.groupClass == "uprights" }
    let place = try position(of: 2, on: picture.horizontalMarks())
    #expect(upright?.attributes["d"]?.hasPrefix("M\(trimmed(place)) ") == true)
    #expect(!picture.texts.contains { $0.contains("--full-spectrum") })
  }

  private func trimmed(_ number: Double) -> String {
    number == number.rounded() ? "\(Int(number))" : "\(number)"
  }

  @Test("reach by bands as far as these, where not all singular values are known")
  func bands() throws {
    var bands = Table(.bands)
    for (band, energy) in [0.25, 0.5, 0.25].enumerated() {
      bands.append(
        Bands.layer(3), Bands.projection(.gate), Bands.band(band), Bands.k(2),
        Bands.meanCosine(0.5), Bands.energy(energy), Bands.floorMeanCosine(0.1))
    }
    let picture = try picture(whole: 100, bands: bands)
    let axis = try #require(picture.verticalMarks().first)
    let line = picture.lines()[1]
    let across = try picture.horizontalMarks()
    for (point, expected) in zip(line.points, [(2.0, 0.25), (4, 0.75), (6, 1)]) {
      #expect(abs(point.x - (try position(of: expected.0, on: across))) < 0.02)
      #expect(abs(point.y - (try position(of: expected.1, on: axis))) < 0.02)
    }
    #expect(line.points.count == 3)
    #expect(
      picture.texts.contains(
        "Known of each expert are the 4 leading directions; --full-spectrum tells all."))
  }
}
