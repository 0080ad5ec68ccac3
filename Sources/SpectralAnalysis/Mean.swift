/// The plain mean; NaN of nothing.
func mean(_ values: some Collection<Double>) -> Double {
  values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}
