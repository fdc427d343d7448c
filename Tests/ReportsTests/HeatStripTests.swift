import Reports
import TestSupport
import Testing

@Suite struct HeatStripTests {
  private let sample: Sample

  init() throws { sample = try Sample() }

  /// One number for each layer, so that its distance from 0 is the number.
  private func layers(_ values: [Double], kind: String = "a.w") -> [StoredTensor] {
    values.enumerated().map { layer, value in
      StoredTensor("h.\(layer).\(kind)", [1], [value], dtype: .float64)
    }
  }

  private func lines(
    _ others: [(label: String, tensors: [StoredTensor])], width: Int = 80
  ) throws -> [String] {
    let base = others[0].tensors.map { tensor in
      StoredTensor(tensor.name, [1], [0], dtype: .float64)
    }
    return HeatStrip(try sample.report(base, others), scale: .rms).lines(width: width)
  }

  @Test("Two comparisons are beside each other, on one logarithmic scale")
  func oneScale() throws {
    let found = try lines([
      ("near", layers([0, 0x1p-10, 1])), ("far", layers([1, 0x1p10, .nan])),
    ])
    #expect(
      found == [
        "rms by kind (down) and layer (across): ▁ 0.0009766 to █ 1024, logarithmic, · is 0",
        "     base→near  base→far", "a.w  ·▁▅        ▅█?",
      ])
  }

  @Test("Where the width is too small, comparisons go below each other")
  func narrow() throws {
    let found = try lines([("near", layers([1])), ("far", layers([2]))], width: 20)
    #expect(found.dropFirst() == ["     base→near", "a.w  ▁", "     base→far", "a.w  █"])
  }

  @Test("Kinds go down, layers across, and a layer without a kind stays blank")
  func kinds() throws {
    let tensors = layers([1, 1]) + [StoredTensor("h.1.b.w", [1], [2], dtype: .float64)]
    #expect(try lines([("x", tensors)]).dropFirst() == ["     base→x", "a.w  ▁▁", "b.w   █"])
  }

  @Test("A single distance is the greatest")
  func single() throws {
    #expect(try lines([("x", layers([3, 3]))]).last == "a.w  ██")
  }

  @Test("Without layers, or with nothing but zeros, there is no strip")
  func nothing() throws {
    #expect(try lines([("x", [StoredTensor("wte.weight", [1], [1], dtype: .float64)])]).isEmpty)
    #expect(try lines([("x", layers([0, 0]))]).isEmpty)
    #expect(try lines([("x", layers(Array(repeating: 1, count: 161)))]).isEmpty)
  }

  @Test("Distances whose ratio overflows have shades too")
  func overflowingRatio() throws {
    let found = try lines([("x", layers([0x1p-537, 1, 0x1p511]))])
    #expect(found.last == "a.w  ▁▅█")  // position 8 · 537 / 1048, which is 4.1
  }
}
