/// Where the parts of a line chart stand, in pixels.
struct LineChartLayout {
  static let margin = 24.0
  static let plotWidth = 540.0
  static let legendLineHeight = 20.0

  let yTicks: [Tick]
  let yTitle: String
  let titleLines: [String]
  let subtitleLines: [String]

  let plotLeft: Double
  let plotTop: Double
  let plotHeight: Double
  let legendLeft: Double
  let width: Double

  private let xRange: ClosedRange<Double>
  private let yRange: ClosedRange<Double>

  var plotBottom: Double { plotTop + plotHeight }
  var xTitleY: Double { plotBottom + 9 + TypeSize.label + 10 + TypeSize.axis }
  var height: Double { xTitleY + Self.margin - 4 }
  var titleY: Double { Self.margin + TypeSize.title * 0.8 }
  var subtitleY: Double { titleY + Double(titleLines.count) * 24 - 2 }

  init(_ chart: LineChart) {
    yTicks = chart.yTicks
    xRange = chart.xRange
    let bottom = yTicks.first?.value ?? 0
    yRange = bottom...max(yTicks.last?.value ?? 1, bottom.nextUp)
    // An axis that does not start at 0 exaggerates differences: it says so itself.
    yTitle = bottom == 0 ? chart.yTitle : "\(chart.yTitle); the axis does not start at 0"

    let tickRoom = yTicks.map { textWidth($0.label, size: TypeSize.label) }.max() ?? 0
    plotLeft = (Self.margin + TypeSize.axis + 10 + tickRoom + 8).rounded(.up)
    legendLeft = plotLeft + Self.plotWidth + 24
    let legendRoom = chart.groups.map { group in
      32 + textWidth(shortened(group.label, to: 32), size: TypeSize.axis)
    }
    width = (legendLeft + (legendRoom.max() ?? 0) + Self.margin).rounded(.up)

    let room = width - 2 * Self.margin
    titleLines = wrapped(chart.title, width: room, size: TypeSize.title, isBold: true)
    subtitleLines = wrapped(chart.subtitle, width: room, size: TypeSize.subtitle)
    plotTop = (Self.margin + Double(titleLines.count) * 24 + Double(subtitleLines.count) * 18 + 16)
      .rounded()
    plotHeight = max(340, Double(chart.groups.count) * Self.legendLineHeight + 10)
  }

  func x(_ value: Double) -> Double {
    plotLeft + (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound)
      * Self.plotWidth
  }

  func y(_ value: Double) -> Double {
    plotBottom - (value - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound) * plotHeight
  }
}
